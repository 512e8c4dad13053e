"""The facts of one lead in order, derived from its mirror rows under one agreement. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from connectors.records import Activity, ActivityKind, ActivityStatus, Direction, FieldChange, Record, RecordKey
from sync.agreement.criteria import Criterion
from sync.agreement.criteria_types import FieldType, read_value
from sync.agreement.model import Agreement, Handoff, Stage
from sync.agreement.model import Exit as WayOut
from sync.agreement.model import ScoreCrossed as OnScore
from sync.authority import speaking
from sync.confusion import SEVERAL, Confusion, find_confusions
from sync.each_once import each_once
from sync.facts import (
    Exit,
    Fact,
    FellBack,
    HandRaised,
    Left,
    OwnerSet,
    Replied,
    ScoreCrossed,
    StageEntered,
    StageLeft,
    StageReached,
)
from sync.history import History, Track, change_at, fact_name, moments, shared_name
from sync.rows import LeadRows
from sync.shown import Presence, Shown, owners_shown, presence_of, stages_shown
from sync.terms import CrmTerms, Terms
from sync.turns import turns
from sync.values import Values, surely

SAME_SUBMISSION = timedelta(seconds=5)  # a form's date and its name are written by two writes
REPLIES = frozenset({ActivityKind.EMAIL, ActivityKind.MESSAGE, ActivityKind.CALL})
NEVER_CAME = frozenset({ActivityStatus.BOUNCED, ActivityStatus.FAILED, ActivityStatus.PLANNED, ActivityStatus.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Excuse:
    """A span in which a reason of the agreement stops the clocks."""

    since: datetime
    until: datetime | None  # exclusive; None: still
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All facts of one lead under one agreement, by (at, name), with the activities to be weighed."""

    lead: str
    crm: str  # the CRM whose owners own the lead: owner ids are its own
    records: tuple[RecordKey, ...]
    created_at: datetime  # of the first record
    facts: tuple[Fact, ...]
    excuses: tuple[Excuse, ...]
    activities: tuple[Activity, ...]
    bulk: frozenset[RecordKey]  # activities that were logged in bulk
    values: Values
    excluded: str | None  # why the lead is out of the agreement's scope
    presence: tuple[Presence, ...] = ()
    stages_shown: Shown = field(default_factory=dict)  # where two CRMs have the lead
    owners_shown: Shown = field(default_factory=dict)
    is_doubled: bool = False  # one CRM has the person more than once
    confusions: tuple[Confusion, ...] = ()


class Deriving(Protocol):
    """Derives the facts of one lead up to `now`, as `build_timeline` does."""

    def __call__(self, rows: LeadRows, agreement: Agreement, terms: Terms, *, now: datetime) -> Timeline:
        """Return them."""
        ...


def build_timeline(rows: LeadRows, agreement: Agreement, terms: Terms, *, now: datetime) -> Timeline:
    """Derive the facts of one lead up to `now`; the order of `rows` does not matter."""
    history = History(rows)
    values = Values(rows, agreement, history, terms.authority.fields)
    owned = speaking(rows.people, terms.authority.owner)
    if terms.authority.is_shared:
        rows = replace(rows, activities=each_once(rows.activities, terms, crm=owned[0].key.crm))
    confusions = tuple(find_confusions(rows, terms))
    is_in_both = len({person.key.crm for person in rows.people}) > 1
    facts: list[Fact] = [*_closed_deals(rows, history, terms), *_deletions(rows), *_replies(rows)]
    for handoff in agreement.handoffs:
        facts += _score_crossings(handoff, values, now)
    for stage in agreement.stages:
        facts += _stage_facts(rows, stage, agreement, history, terms)
    for how, way in ((Exit.RECYCLED, agreement.recycle), (Exit.REJECTED, agreement.reject), (Exit.DISQUALIFIED, agreement.disqualify)):
        facts += _exits(rows, how, way, agreement, history, terms)
    for person in owned:
        facts += _owners(person, history, terms.crms[person.key.crm], terms)
    for person in rows.people:
        facts += _hand_raises(person, history, terms.crms[person.key.crm], agreement.zone)
    return Timeline(
        lead=rows.lead,
        crm=owned[0].key.crm,
        records=tuple(person.key for person in rows.people),
        created_at=min(person.created_at for person in rows.people),
        facts=tuple(sorted((fact for fact in facts if fact.at <= now), key=lambda fact: (fact.at, fact.order, fact.name))),
        excuses=tuple(_excuses(agreement, values, now)),
        activities=tuple(sorted(rows.activities, key=lambda activity: (activity.happened_at, activity.key))),
        bulk=frozenset(key for key, count in rows.alike.items() if count >= agreement.touches.bulk_alike),
        values=values,
        excluded=_exclusion(agreement, values, now),
        presence=presence_of(rows),
        stages_shown=stages_shown(rows, agreement, history) if is_in_both else {},
        owners_shown=owners_shown(rows, history, terms) if is_in_both else {},
        is_doubled=any(one.sort == SEVERAL for one in confusions),
        confusions=confusions,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """The change that turned a criterion; the record's creation where no field changed."""

    name: str
    source: str
    ours: bool = False
    by_hand: bool = False


def _origin(record: Record, tracks: Mapping[str, Track], crm: CrmTerms, at: datetime) -> _Origin:
    change = change_at(tracks, at)
    if change is None:
        return _Origin(name=f"{record.key}@created", source=str(record.key))
    return _Origin(name=fact_name(change), source=f"{record.key}#{change.field}", ours=crm.wrote(change), by_hand=_by_hand(change, crm))


def _by_hand(change: FieldChange, crm: CrmTerms) -> bool:
    return change.source in crm.vocabulary.by_hand and not crm.wrote(change)


def _recognising(people: Sequence[Record], recognised: Mapping[tuple[str, str], Criterion], crm: str) -> Iterator[tuple[Record, Criterion]]:
    """Yield the records that show something, with how they show it: those whose CRM has the last word on it."""
    able = [person for person in people if (person.key.crm, person.key.kind) in recognised]
    for person in speaking(able, crm):
        yield person, recognised[person.key.crm, person.key.kind]


def _stage_facts(rows: LeadRows, stage: Stage, agreement: Agreement, history: History, terms: Terms) -> Iterator[Fact]:
    for record, criterion in _recognising(rows.people, stage.recognised, terms.authority.of_stage(stage)):
        crm = terms.crms[record.key.crm]
        tracks = history.tracks(record, criterion.fields)
        place = _place(criterion, crm)
        for at, holds in turns(record, criterion, tracks, agreement.zone):
            origin = _origin(record, tracks, crm, at)
            kind = StageEntered if holds else StageLeft
            yield kind(at=at, name=origin.name, source=origin.source, ours=origin.ours, by_hand=origin.by_hand, stage=stage.name)
            if holds and place is None:
                yield StageReached(at=at, name=origin.name, source=origin.source, ours=origin.ours, stage=stage.name)
        if place is not None:
            yield from _climb(record, stage.name, place, history, crm)


def _place(criterion: Criterion, crm: CrmTerms) -> int | None:
    """Return how far up the CRM's ladder a stage stands; None if it is not a value of the ladder."""
    if criterion.picklist is None or criterion.picklist[0] != crm.vocabulary.ladder:
        return None
    places = [crm.ladder[value.casefold()] for value in criterion.picklist[1] if value.casefold() in crm.ladder]
    return min(places) if places else None


def _climb(record: Record, stage: str, place: int, history: History, crm: CrmTerms) -> Iterator[Fact]:
    """Tell when the record reached `place` on the ladder or went beyond, and when it fell below.

    A value that the CRM does not list (any more) is no step up or down.
    """
    reached = False
    source = f"{record.key}#{crm.vocabulary.ladder}"
    for order, change in enumerate(history.changes(record, crm.vocabulary.ladder or "")):
        value = (change.value or "").casefold()
        if value and value not in crm.ladder:
            continue
        stands = crm.ladder.get(value, -1) >= place
        if stands != reached:
            reached = stands
            at, name, ours = change.at, fact_name(change), crm.wrote(change)
            if stands:
                yield StageReached(at=at, name=name, order=order, source=source, ours=ours, stage=stage, on_ladder=True)
            else:
                yield FellBack(at=at, name=name, order=order, source=source, ours=ours, stage=stage)


def _exits(rows: LeadRows, how: Exit, way: WayOut, agreement: Agreement, history: History, terms: Terms) -> Iterator[Fact]:
    for record, criterion in _recognising(rows.people, way.recognised, terms.authority.sales):
        tracks = history.tracks(record, criterion.fields)
        for at, holds in turns(record, criterion, tracks, agreement.zone):
            if holds:
                origin = _origin(record, tracks, terms.crms[record.key.crm], at)
                yield Left(at=at, name=origin.name, source=origin.source, ours=origin.ours, how=how)


def _owners(record: Record, history: History, crm: CrmTerms, terms: Terms) -> Iterator[Fact]:
    for order, change in enumerate(history.changes(record, crm.vocabulary.owner)):
        owner = None if terms.is_unassigned(record.key.crm, change.value) else change.value
        source = f"{record.key}#{change.field}"
        yield OwnerSet(
            at=change.at,
            name=fact_name(change),
            order=order,
            source=source,
            actor=change.actor,
            ours=crm.wrote(change),
            by_hand=_by_hand(change, crm),
            owner=owner,
        )


def _hand_raises(record: Record, history: History, crm: CrmTerms, zone: ZoneInfo) -> Iterator[Fact]:
    words = crm.vocabulary
    if words.hand_raise_at is None or words.hand_raise_form is None:
        return
    forms = history.track(record, words.hand_raise_form)
    for change in history.changes(record, words.hand_raise_at):
        submitted = read_value(change.value, FieldType.TIME, zone)
        form = forms.value(change.at + SAME_SUBMISSION)
        if isinstance(submitted, datetime) and form:
            at = min(submitted, change.at)
            yield HandRaised(at=at, name=fact_name(change), source=f"{record.key}#{change.field}", form=form)


def _closed_deals(rows: LeadRows, history: History, terms: Terms) -> Iterator[Fact]:
    for deal in speaking(rows.deals, terms.authority.sales):
        crm = terms.crms[deal.key.crm]
        closing, stage = crm.vocabulary.deal_closed, crm.vocabulary.deal_stage
        tracks = history.tracks(deal, (closing, stage))
        was_closed = False
        for at in sorted(moments(tracks.values())):
            closed = (tracks[closing].value(at) or "").casefold() == "true" or tracks[stage].value(at) in crm.closed_stages
            if closed and not was_closed:
                origin = _origin(deal, tracks, crm, at)
                yield Left(at=at, name=origin.name, source=origin.source, how=Exit.DEAL_CLOSED)
            was_closed = closed


def _deletions(rows: LeadRows) -> Iterator[Fact]:
    """Yield that the lead was deleted, which it is once all its records are."""
    if all(person.key in rows.gone_at for person in rows.people):
        last = max(rows.people, key=lambda person: rows.gone_at[person.key])
        yield Left(at=rows.gone_at[last.key], name=f"{last.key}@deleted", source=str(last.key), how=Exit.DELETED)


def _replies(rows: LeadRows) -> Iterator[Fact]:
    persons = [person.key for person in rows.people]
    for activity in rows.activities:
        machine = activity.auto_reply or activity.marketing
        if activity.kind not in REPLIES or activity.direction is not Direction.IN or machine or activity.archived_at is not None:
            continue
        if not activity.statuses or activity.statuses[-1].status not in NEVER_CAME:
            name = shared_name(persons, activity.key.crm, str(activity.key))
            yield Replied(at=activity.happened_at, name=name, source=str(activity.key))


def pending_reply(timeline: Timeline, now: datetime) -> datetime | None:
    """Return when what is dated ahead comes in next: it may be a reply that starts or ends something."""
    ahead = (a.happened_at for a in timeline.activities if a.kind in REPLIES and a.direction is Direction.IN and a.happened_at > now)
    return min(ahead, default=None)


def _score_crossings(handoff: Handoff, values: Values, now: datetime) -> Iterator[Fact]:
    for trigger in handoff.opens_on:
        if isinstance(trigger, OnScore) and values.can_hold(trigger.criterion):
            fields = trigger.criterion.fields
            for at, true in values.turns(surely(trigger.criterion), fields, now):
                if true:
                    name, source = values.origin(fields, at)
                    yield ScoreCrossed(at=at, name=f"score|{name}", source=source, handoff=handoff.name)


def _exclusion(agreement: Agreement, values: Values, now: datetime) -> str | None:
    for exclude in agreement.excludes:
        if exclude.criterion.truth(values.at(exclude.criterion.fields, now)) is True:
            return exclude.why
    return None


def _excuses(agreement: Agreement, values: Values, now: datetime) -> Iterator[Excuse]:
    for excuse in agreement.excuses:
        if not values.can_hold(excuse.criterion):
            continue
        since: datetime | None = None
        for at, true in values.turns(surely(excuse.criterion), excuse.criterion.fields, now):
            if true:
                since = at
            elif since is not None:
                yield Excuse(since=since, until=at, why=excuse.why)
                since = None
        if since is not None:
            yield Excuse(since=since, until=None, why=excuse.why)
