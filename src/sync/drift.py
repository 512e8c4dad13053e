"""What a store and a CRM disagree about, and why, in words that hold no person's data. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from connectors.records import Activity, Record, RecordKey
from sync.reversals import Histories, Signs, who
from sync.same_value import same_value

SHOWN = 5  # records that are named of each sort
LATE = "shown late: it was last changed before the stream was read up to then"
SILENT = "changed without a new time of change"
UNTOLD = "no pull was told"


class What(StrEnum):
    """In which way a store and a CRM differed."""

    MISSED = "missed"  # there, and not held
    DELETED = "deleted"  # held as live
    MERGED = "merged"
    ERASED = "erased"
    VALUE = "value"  # of a field
    LINK = "link"  # an association that was not held
    WRITE = "write"  # what leadpact wrote does not stand any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One difference."""

    what: What
    key: RecordKey
    field: str = ""  # of a value or a write
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """Differences of one sort: how many, and some of the records."""

    what: What
    field: str
    why: str
    count: int
    keys: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return it as it is kept and told."""
        return {"what": self.what.value, "field": self.field, "why": self.why, "count": self.count, "keys": list(self.keys)}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Sort:
        """Read what `as_json` wrote."""
        keys = tuple(told["keys"])
        return cls(what=What(told["what"]), field=told["field"], why=told["why"], count=told["count"], keys=keys)


def sorted_out(before: Sequence[Sort], drifts: Iterable[Drift]) -> tuple[Sort, ...]:
    """Add differences to those that were counted before; by kind, field and reason."""
    found: dict[tuple[What, str, str], tuple[int, tuple[str, ...]]] = {
        (one.what, one.field, one.why): (one.count, one.keys) for one in before
    }
    for drift in drifts:
        sort = (drift.what, drift.field, drift.why)
        count, keys = found.get(sort, (0, ()))
        found[sort] = (count + 1, keys if len(keys) >= SHOWN else (*keys, str(drift.key)))
    return tuple(
        Sort(what=what, field=field, why=why, count=count, keys=keys) for (what, field, why), (count, keys) in sorted(found.items())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A record or activity as the store holds it."""

    changed_at: datetime
    is_live: bool
    values: Mapping[str, str | None]  # of a record


def missed(row: Record | Activity, held: Held | None, *, upto: datetime) -> Drift | None:
    """Say why a row that the CRM lists is not live here; None where its stream was not read up to its last change yet."""
    if (held is not None and held.is_live) or row.changed_at >= upto:
        return None
    return Drift(what=What.MISSED, key=row.key, why=LATE if held is None else "held as gone, and there again")


def changed_fields(record: Record, held: Held | None, *, upto: datetime) -> tuple[str, ...]:
    """Name the fields whose values differ, but for those of a change that the next pull brings anyway."""
    if held is None or not held.is_live or record.changed_at < held.changed_at:
        return ()
    if record.changed_at > held.changed_at and record.changed_at >= upto:
        return ()
    return tuple(sorted(name for name, value in record.values.items() if not same_value(value, held.values.get(name))))


def value_drifts(record: Record, held: Held, fields: Iterable[str], history: Histories, signs: Signs) -> tuple[Drift, ...]:
    """Say of fields that differ why, and who changed them where the history tells."""
    why = SILENT if record.changed_at == held.changed_at else LATE
    return tuple(
        Drift(what=What.VALUE, key=record.key, field=name, why=why + _by(record.values.get(name), history, name, signs)) for name in fields
    )


def _by(value: str | None, history: Histories, field: str, signs: Signs) -> str:
    """Name who gave a field its present value."""
    last = next(reversed(history.get(field, ())), None)
    return f", by {who(last, signs)}" if last is not None and same_value(last.value, value) and (last.source or last.actor) else ""
