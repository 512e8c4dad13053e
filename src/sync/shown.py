"""What each of two CRMs shows of a lead, over time: its stage and its owner. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.records import Record, RecordKey
from sync.agreement.criteria import Criterion
from sync.agreement.model import Agreement, CrmKind
from sync.facts import Exit
from sync.history import History, change_at, fact_name
from sync.rows import LeadRows
from sync.terms import Terms
from sync.turns import turns

Recognised = Mapping[CrmKind, Criterion]


@dataclass(frozen=True, slots=True)
class Presence:
    """When one person record was there."""

    record: RecordKey
    since: datetime
    until: datetime | None  # when it was deleted

    def holds(self, at: datetime) -> bool:
        """Whether the record was there at `at`."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Showing:
    """What a CRM shows from a moment on."""

    at: datetime
    what: str | None  # a stage, a way out, an owner's id; None: nothing
    name: str  # natural key of the change
    source: str


Shown = Mapping[str, Sequence[Showing]]  # CRM -> by time


def presence_of(rows: LeadRows) -> tuple[Presence, ...]:
    """Return when the person records of a lead were there."""
    return tuple(Presence(person.key, person.created_at, rows.gone_at.get(person.key)) for person in rows.people)


def stages_shown(rows: LeadRows, agreement: Agreement, history: History) -> Shown:
    """Return per CRM which way out, else which last stage its records show; of those that a record of the lead in each CRM can show."""
    ways = ((Exit.RECYCLED, agreement.recycle), (Exit.REJECTED, agreement.reject), (Exit.DISQUALIFIED, agreement.disqualify))
    words: list[tuple[str, Recognised]] = [(how.value, way.recognised) for how, way in ways]
    words += [(stage.name, stage.recognised) for stage in reversed(agreement.stages)]
    kinds = {(person.key.crm, person.key.kind) for person in rows.people}
    crms = sorted({crm for crm, _ in kinds})
    both = [(word, recognised) for word, recognised in words if set(crms) == {crm for crm, _ in kinds & recognised.keys()}]
    return {crm: _stages(_of(rows, crm), both, agreement, history) for crm in crms}


def owners_shown(rows: LeadRows, history: History, terms: Terms) -> Shown:
    """Return per CRM whom its records name as owner, as the CRM that has the last word calls them; None for nobody and queues."""
    crms = sorted({person.key.crm for person in rows.people})
    return {crm: _owners(_of(rows, crm), terms, history) for crm in crms}


def _of(rows: LeadRows, crm: str) -> list[Record]:
    return [person for person in rows.people if person.key.crm == crm]


def _stages(
    records: Sequence[Record], words: Sequence[tuple[str, Recognised]], agreement: Agreement, history: History
) -> tuple[Showing, ...]:
    events: list[tuple[datetime, str, bool, str, str]] = []
    for record in records:
        for word, recognised in words:
            criterion = recognised.get((record.key.crm, record.key.kind))
            if criterion is not None:
                events += _turned(record, word, criterion, agreement, history)
    order = [word for word, _ in words]
    held: dict[str, int] = dict.fromkeys(order, 0)

    def now_shown() -> str | None:
        return next((word for word in order if held[word] > 0), None)

    return tuple(_steps(sorted(events), held, now_shown))


def _turned(
    record: Record, word: str, criterion: Criterion, agreement: Agreement, history: History
) -> Iterator[tuple[datetime, str, bool, str, str]]:
    tracks = history.tracks(record, criterion.fields)
    for at, holds in turns(record, criterion, tracks, agreement.zone):
        change = change_at(tracks, at)
        name = fact_name(change) if change is not None else f"{record.key}@created"
        yield at, word, holds, name, f"{record.key}#{change.field}" if change is not None else str(record.key)


def _steps(
    events: Sequence[tuple[datetime, str, bool, str, str]], held: dict[str, int], now_shown: Callable[[], str | None]
) -> Iterator[Showing]:
    """Yield what is shown after all that happened at each moment, where it differs from before."""
    shown: str | None = None
    for place, (at, word, holds, name, source) in enumerate(events):
        held[word] += 1 if holds else -1
        is_last = place + 1 == len(events) or events[place + 1][0] > at
        if is_last and (what := now_shown()) != shown:
            shown = what
            yield Showing(at, what, name, source)


def _owners(records: Sequence[Record], terms: Terms, history: History) -> tuple[Showing, ...]:
    found: list[Showing] = []
    for record in records:
        crm = record.key.crm
        for change in history.changes(record, terms.crms[crm].vocabulary.owner):
            owner = change.value
            nobody = owner is None or terms.is_unassigned(crm, owner)
            who = None if nobody or owner is None else terms.owner_in(terms.authority.owner, owner, of=crm)
            found.append(Showing(change.at, who, fact_name(change), f"{record.key}#{change.field}"))
    return tuple(sorted(found, key=lambda one: (one.at, one.name)))
