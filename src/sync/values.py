"""The values that the agreement's fields had at any moment, and when its criteria turned. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime

from connectors.records import Record
from sync.agreement.criteria import Criterion
from sync.agreement.criteria_types import Row, Value
from sync.agreement.model import Agreement
from sync.history import History, RowAt, Track, change_at, fact_name, moments, shared_name
from sync.rows import LeadRows

Home = tuple[Record, str]  # a record and its CRM field


class Values:
    """Answers what the agreement's fields held for one lead at a moment."""

    def __init__(self, rows: LeadRows, agreement: Agreement, history: History, preferred: Mapping[str, str] | None = None) -> None:
        """Answer by the marketing CRM's records before the sales CRM's, but for the fields that `preferred` gives to one of them."""
        self._records = sorted(
            (*rows.people, *((rows.company,) if rows.company else ())), key=lambda one: one.key.crm != rows.people[0].key.crm
        )
        self._persons = [person.key for person in rows.people]
        first = min(rows.people, key=lambda person: person.created_at)
        self._born, self._first = first.created_at, first.key
        self._agreement = agreement
        self._preferred = preferred or {}
        self._history = history
        self._homes: dict[str, Home | None] = {}
        self._tracks: dict[str, Track | None] = {}
        self._types = {name: field.type for name, field in agreement.fields.items()}

    def at(self, fields: Collection[str], at: datetime) -> dict[str, Value]:
        """Return the values of `fields` at `at` (inclusive), typed; blank where no record holds one."""
        return {field: self.value(field, at) for field in fields}

    def value(self, field: str, at: datetime) -> Value:
        """Return the value of one field at `at`, typed."""
        track = self._track(field)
        return None if track is None else track.typed(at, self._types[field], self._agreement.zone)

    def raw(self, field: str, at: datetime) -> str | None:
        """Return what the CRM held in `field` at `at`."""
        track = self._track(field)
        return None if track is None else track.value(at)

    def _track(self, field: str) -> Track | None:
        if field not in self._tracks:
            home = self.home(field)
            self._tracks[field] = self._history.track(*home) if home else None
        return self._tracks[field]

    def home(self, field: str) -> Home | None:
        """Return the record and its CRM field that hold `field`; in each CRM the person's before the company's."""
        if field not in self._homes:
            self._homes[field] = self._find_home(field)
        return self._homes[field]

    def _find_home(self, field: str) -> Home | None:
        sources = self._agreement.fields[field].sources
        crm = self._preferred.get(field)
        for record in sorted(self._records, key=lambda one: one.key.crm != crm) if crm else self._records:
            if (name := sources.get((record.key.crm, record.key.kind))) is not None:
                return record, name
        return None

    def is_known(self, field: str, at: datetime) -> bool:
        """Whether the CRM tells what `field` held at `at`: by its history, or because nothing changed since."""
        home = self.home(field)
        if home is None or self._history.changes(*home):
            return True
        record, name = home
        return record.values.get(name) in (None, "") or record.changed_at <= at

    def moments(self, fields: Collection[str], upto: datetime) -> list[datetime]:
        """Return when any of `fields` changed, in order, each once, from the creation of the first record on.

        A company is often older than the lead: what it held before counts from the lead's creation on.
        """
        changed = moments(track for field in fields if (track := self._track(field)) is not None)
        return sorted(at for at in {max(at, self._born) for at in changed} | {self._born} if at <= upto)

    def can_hold(self, criterion: Criterion) -> bool:
        """Whether `criterion` may ever have been true of the lead; never a wrong no."""
        return criterion.can_hold(self._ever)

    def _ever(self, field: str) -> Iterable[Value]:
        track = self._track(field)
        return (None,) if track is None else track.ever(self._types[field], self._agreement.zone)

    def turns(self, test: Callable[[Row], bool], fields: Collection[str], upto: datetime) -> Iterator[tuple[datetime, bool]]:
        """Yield the moments at which `test` over `fields` turned true and false, beginning with the first true."""
        held = False
        tracks = {field: self._track(field) for field in fields}
        for at in self.moments(fields, upto):
            if (holds := test(RowAt(tracks, self._types, self._agreement.zone, at))) != held:
                held = holds
                yield at, holds

    def origin(self, fields: Collection[str], at: datetime) -> tuple[str, str]:
        """Return the natural key of what made `fields` what they are since `at`, and where to look it up.

        What happened to a company is a fact of each of its persons.
        """
        for record, name in filter(None, (self.home(field) for field in sorted(fields))):
            if (change := change_at({name: self._history.track(record, name)}, at)) is not None:
                fact = fact_name(change)
                is_own = record.key in self._persons
                return fact if is_own else shared_name(self._persons, record.key.crm, fact), f"{record.key}#{name}"
        return f"{self._first}@created", str(self._first)


def surely(criterion: Criterion) -> Callable[[Row], bool]:
    """Return the test whether `criterion` is certainly true."""
    return lambda row: criterion.truth(row) is True


def is_blank(value: Value) -> bool:
    """Whether a field holds nothing."""
    return value is None or value == ""
