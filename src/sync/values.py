"""The values that the agreement's fields had at any moment, and when its criteria turned. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime

from connectors.records import Record
from sync.agreement.criteria import Criterion
from sync.agreement.criteria_types import Value, read_value
from sync.agreement.model import Agreement
from sync.history import History, fact_name
from sync.rows import LeadRows

Row = Mapping[str, Value]
Home = tuple[Record, str]  # a record and its CRM field


class Values:
    """Answers what the agreement's fields held for one lead at a moment."""

    def __init__(self, rows: LeadRows, agreement: Agreement, history: History) -> None:
        self._records = (*rows.people, *((rows.company,) if rows.company else ()))
        self._born = rows.people[0].created_at
        self._agreement = agreement
        self._history = history
        self._homes: dict[str, Home | None] = {}

    def at(self, fields: Collection[str], at: datetime) -> dict[str, Value]:
        """Return the values of `fields` at `at` (inclusive), typed; blank where no record holds one."""
        return {field: self.value(field, at) for field in fields}

    def value(self, field: str, at: datetime) -> Value:
        """Return the value of one field at `at`, typed."""
        raw = self.raw(field, at)
        return None if raw is None else read_value(raw, self._agreement.fields[field].type, self._agreement.zone)

    def raw(self, field: str, at: datetime) -> str | None:
        """Return what the CRM held in `field` at `at`."""
        home = self.home(field)
        return self._history.value(*home, at) if home else None

    def home(self, field: str) -> Home | None:
        """Return the record and its CRM field that hold `field`; the person's before the company's."""
        if field not in self._homes:
            self._homes[field] = self._find_home(field)
        return self._homes[field]

    def _find_home(self, field: str) -> Home | None:
        sources = self._agreement.fields[field].sources
        for record in self._records:
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
        """Return when any of `fields` changed, in order, each once, from the creation of the first record on."""
        changed = {at for field in fields if (home := self.home(field)) for at in self._history.moments(home[0], (home[1],))}
        return sorted({at for at in changed | {self._born} if at <= upto})

    def turns(self, test: Callable[[Row], bool], fields: Collection[str], upto: datetime) -> Iterator[tuple[datetime, bool]]:
        """Yield the moments at which `test` over `fields` turned true and false, beginning with the first true."""
        held = False
        for at in self.moments(fields, upto):
            if (holds := test(self.at(fields, at))) != held:
                held = holds
                yield at, holds

    def origin(self, fields: Collection[str], at: datetime) -> tuple[str, str]:
        """Return the natural key of what made `fields` what they are since `at`, and where to look it up."""
        for record, name in filter(None, (self.home(field) for field in sorted(fields))):
            if (change := self._history.change_at(record, (name,), at)) is not None:
                return fact_name(change), f"{record.key}#{name}"
        return f"{self._records[0].key}@created", str(self._records[0].key)


def surely(criterion: Criterion) -> Callable[[Row], bool]:
    """Return the test whether `criterion` is certainly true."""
    return lambda row: criterion.truth(row) is True


def is_blank(value: Value) -> bool:
    """Whether a field holds nothing."""
    return value is None or value == ""
