"""The facts of one lead in order, derived from its mirror rows under one agreement. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from connectors.records import Activity, Record, RecordKey
from sync.agreement.criteria import Criterion
from sync.agreement.criteria_types import FieldType, Value, read_value
from sync.agreement.model import Agreement
from sync.history import History, fact_name
from sync.rows import LeadRows
from sync.terms import CrmTerms, Terms

SAME_SUBMISSION = timedelta(seconds=5)  # a form's date and its name are written by two writes


class Exit(StrEnum):
    """How a lead leaves a handoff."""

    RECYCLED = "recycled"
    REJECTED = "rejected"
    DISQUALIFIED = "disqualified"
    RETURNED = "returned"
    DEAL_CLOSED = "deal closed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened to the lead."""

    at: datetime
    name: str  # natural key: survives merges, re-links and restarts
    order: int = 0  # among the changes of one field at one moment
    source: str  # where to look it up: `hubspot/contact/1#lifecyclestage`
    actor: str | None = None
    ours: bool = False  # written by leadpact itself: never an accept


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEntered(Fact):
    """The stage's criterion turned true."""

    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLeft(Fact):
    """The stage's criterion turned false."""

    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReached(Fact):
    """The lead entered the stage or passed it on the CRM's ladder."""

    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FellBack(Fact):
    """The lead fell below the stage on the CRM's ladder, or its place there was cleared."""

    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandRaised(Fact):
    """The person submitted a form."""

    form: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerSet(Fact):
    """The owner field took a value; `owner` is None where that stands for nobody."""

    owner: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(Fact):
    """The lead was recycled, rejected, disqualified, its deal closed, or it was deleted."""

    how: Exit


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
    crm: str  # the CRM of the record that is judged
    records: tuple[RecordKey, ...]
    facts: tuple[Fact, ...]
    excuses: tuple[Excuse, ...]
    activities: tuple[Activity, ...]
    bulk: frozenset[RecordKey]  # activities that were logged in bulk
    excluded: str | None  # why the lead is out of the agreement's scope


def build_timeline(rows: LeadRows, agreement: Agreement, terms: Terms, *, now: datetime) -> Timeline:
    """Derive the facts of one lead up to `now`; the order of `rows` does not matter."""
    history = History(rows)
    facts: list[Fact] = [*_closed_deals(rows, history, terms), *_deletions(rows)]
    for person in rows.people:
        crm = terms.crms[person.key.crm]
        facts += _stage_facts(person, agreement, history, crm)
        facts += _exits(person, agreement, history, crm)
        facts += _owners(person, history, crm, terms)
        facts += _hand_raises(person, history, crm, agreement.zone)
    return Timeline(
        lead=rows.lead,
        crm=rows.people[0].key.crm,
        records=tuple(person.key for person in rows.people),
        facts=tuple(sorted((fact for fact in facts if fact.at <= now), key=lambda fact: (fact.at, fact.order, fact.name))),
        excuses=tuple(_excuses(rows, agreement, history, now)),
        activities=tuple(sorted(rows.activities, key=lambda activity: (activity.happened_at, activity.key))),
        bulk=frozenset(key for key, count in rows.alike.items() if count >= agreement.touches.bulk_alike),
        excluded=_exclusion(rows, agreement, history, now),
    )


def _turns(record: Record, criterion: Criterion, history: History, zone: ZoneInfo) -> Iterator[tuple[datetime, bool]]:
    """Yield the moments at which a criterion over a record's own fields turned, from the record's creation on."""
    truth = False
    for at in sorted({record.created_at, *history.moments(record, criterion.fields)}):
        holds = criterion.truth(history.typed(record, criterion, at=at, zone=zone)) is True
        if holds != truth:
            truth = holds
            yield at, holds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """The change that turned a criterion; the record's creation where no field changed."""

    name: str
    source: str
    ours: bool


def _origin(record: Record, fields: Collection[str], history: History, crm: CrmTerms, at: datetime) -> _Origin:
    change = history.change_at(record, fields, at)
    if change is None:
        return _Origin(name=f"{record.key}@created", source=str(record.key), ours=False)
    return _Origin(name=fact_name(change), source=f"{record.key}#{change.field}", ours=crm.wrote(change))


def _stage_facts(record: Record, agreement: Agreement, history: History, crm: CrmTerms) -> Iterator[Fact]:
    for stage in agreement.stages:
        criterion = stage.recognised.get((record.key.crm, record.key.kind))
        if criterion is None:
            continue
        turns = list(_turns(record, criterion, history, agreement.zone))
        place = _place(criterion, crm)
        for at, holds in turns:
            origin = _origin(record, criterion.fields, history, crm, at)
            kind = StageEntered if holds else StageLeft
            yield kind(at=at, name=origin.name, source=origin.source, ours=origin.ours, stage=stage.name)
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
    for order, change in enumerate(history.changes(record, crm.vocabulary.ladder or "")):
        value = (change.value or "").casefold()
        if value and value not in crm.ladder:
            continue
        stands = crm.ladder.get(value, -1) >= place
        if stands != reached:
            reached = stands
            kind = StageReached if stands else FellBack
            source, ours = f"{record.key}#{change.field}", crm.wrote(change)
            yield kind(at=change.at, name=fact_name(change), order=order, source=source, ours=ours, stage=stage)


def _exits(record: Record, agreement: Agreement, history: History, crm: CrmTerms) -> Iterator[Fact]:
    ways = ((Exit.RECYCLED, agreement.recycle), (Exit.REJECTED, agreement.reject), (Exit.DISQUALIFIED, agreement.disqualify))
    for how, way in ways:
        criterion = way.recognised.get((record.key.crm, record.key.kind))
        if criterion is None:
            continue
        for at, holds in _turns(record, criterion, history, agreement.zone):
            if holds:
                origin = _origin(record, criterion.fields, history, crm, at)
                yield Left(at=at, name=origin.name, source=origin.source, ours=origin.ours, how=how)


def _owners(record: Record, history: History, crm: CrmTerms, terms: Terms) -> Iterator[Fact]:
    for order, change in enumerate(history.changes(record, crm.vocabulary.owner)):
        owner = None if terms.is_unassigned(record.key.crm, change.value) else change.value
        source = f"{record.key}#{change.field}"
        yield OwnerSet(
            at=change.at, name=fact_name(change), order=order, source=source, actor=change.actor, ours=crm.wrote(change), owner=owner
        )


def _hand_raises(record: Record, history: History, crm: CrmTerms, zone: ZoneInfo) -> Iterator[Fact]:
    words = crm.vocabulary
    for change in history.changes(record, words.hand_raise_at):
        submitted = read_value(change.value, FieldType.TIME, zone)
        form = history.value(record, words.hand_raise_form, change.at + SAME_SUBMISSION)
        if isinstance(submitted, datetime) and form:
            at = min(submitted, change.at)
            yield HandRaised(at=at, name=fact_name(change), source=f"{record.key}#{change.field}", form=form)


def _closed_deals(rows: LeadRows, history: History, terms: Terms) -> Iterator[Fact]:
    for deal in rows.deals:
        crm = terms.crms[deal.key.crm]
        fields = (crm.vocabulary.deal_closed, crm.vocabulary.deal_stage)
        was_closed = False
        for at in history.moments(deal, fields):
            closed = (history.value(deal, fields[0], at) or "").casefold() == "true" or history.value(
                deal, fields[1], at
            ) in crm.closed_stages
            if closed and not was_closed:
                origin = _origin(deal, fields, history, crm, at)
                yield Left(at=at, name=origin.name, source=origin.source, how=Exit.DEAL_CLOSED)
            was_closed = closed


def _deletions(rows: LeadRows) -> Iterator[Fact]:
    for person in rows.people:
        if (at := rows.gone_at.get(person.key)) is not None:
            yield Left(at=at, name=f"{person.key}@deleted", source=str(person.key), how=Exit.DELETED)


def _home(rows: LeadRows, agreement: Agreement, field: str) -> tuple[Record, str] | None:
    """Return the record and its CRM field that hold the agreement's `field`; the person's before the company's."""
    for record in (*rows.people, *((rows.company,) if rows.company else ())):
        name = agreement.fields[field].sources.get((record.key.crm, record.key.kind))
        if name is not None:
            return record, name
    return None


def values_at(rows: LeadRows, agreement: Agreement, history: History, *, fields: Collection[str], at: datetime) -> dict[str, Value]:
    """Return the values of the agreement's `fields` at `at`, typed; blank where no record holds one."""
    values: dict[str, Value] = {}
    for field in fields:
        home = _home(rows, agreement, field)
        raw = history.value(*home, at) if home else None
        values[field] = read_value(raw, agreement.fields[field].type, agreement.zone)
    return values


def _exclusion(rows: LeadRows, agreement: Agreement, history: History, now: datetime) -> str | None:
    for exclude in agreement.excludes:
        if exclude.criterion.truth(values_at(rows, agreement, history, fields=exclude.criterion.fields, at=now)) is True:
            return exclude.why
    return None


def _excuses(rows: LeadRows, agreement: Agreement, history: History, now: datetime) -> Iterator[Excuse]:
    for excuse in agreement.excuses:
        fields = excuse.criterion.fields
        homes = [home for field in sorted(fields) if (home := _home(rows, agreement, field))]
        changes = {at for record, field in homes for at in history.moments(record, (field,)) if at <= now}
        moments = sorted({rows.people[0].created_at, *changes})
        since: datetime | None = None
        for at in moments:
            holds = excuse.criterion.truth(values_at(rows, agreement, history, fields=fields, at=at)) is True
            if holds and since is None:
                since = at
            elif not holds and since is not None:
                yield Excuse(since=since, until=at, why=excuse.why)
                since = None
        if since is not None:
            yield Excuse(since=since, until=None, why=excuse.why)
