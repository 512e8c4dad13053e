"""The values that a lead's records had at any moment. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from itertools import product
from math import prod
from zoneinfo import ZoneInfo

from connectors.records import FieldChange, Record, RecordKey
from sync.agreement.criteria import Criterion
from sync.agreement.criteria_types import Value, read_value
from sync.rows import LeadRows

MOST_READINGS = 64  # so many ways of placing changes without known time are tried in every combination


class History:
    """Answers which value a field of a record had at a moment, from the changes the CRM told us."""

    def __init__(self, rows: LeadRows) -> None:
        self._changes: dict[tuple[RecordKey, str], list[FieldChange]] = {}
        for change in rows.changes:
            self._changes.setdefault((change.record, change.field), []).append(change)
        for changes in self._changes.values():
            changes.sort(key=lambda change: (change.at, change.value is not None, change.value or ""))  # cleared, then set
        self._times = {key: [change.at for change in changes] for key, changes in self._changes.items()}

    def changes(self, record: Record, field: str) -> list[FieldChange]:
        """Return the changes of one field, oldest first; empty if its history is not kept."""
        return self._changes.get((record.key, field), [])

    def value(self, record: Record, field: str, at: datetime) -> str | None:
        """Return the raw value of `field` at `at` (inclusive); where nothing is kept, the value it has now."""
        times = self._times.get((record.key, field))
        if times is None:
            return record.values.get(field)
        index = bisect_right(times, at)
        return self._changes[record.key, field][index - 1].value if index else None

    def typed(self, record: Record, criterion: Criterion, *, at: datetime, zone: ZoneInfo) -> dict[str, Value]:
        """Return the values that `criterion` asks for, as its types say, at `at`."""
        return {name: read_value(self.value(record, name, at), kind, zone) for name, kind in criterion.types.items()}

    def moments(self, record: Record, fields: Collection[str]) -> list[datetime]:
        """Return the moments at which any of `fields` changed, in order, each once."""
        return sorted({at for field in fields for at in self._times.get((record.key, field), ())})

    def change_at(self, record: Record, fields: Collection[str], at: datetime) -> FieldChange | None:
        """Return the change of one of `fields` that happened exactly at `at`, by field name."""
        for field in sorted(fields):
            for change in self.changes(record, field):
                if change.at == at:
                    return change
        return None


def fact_name(change: FieldChange) -> str:
    """Return the natural key of a change; of an observed one it is the same wherever in its span it is placed."""
    sign, moment = (">", change.since) if change.since else ("", change.at)
    return f"{change.record}#{change.field}={change.value or ''}@{sign}{round(moment.timestamp() * 1000)}"


def readings(rows: LeadRows, fields: Mapping[str, Collection[str]]) -> Iterator[LeadRows]:
    """Yield `rows` once for every way in which its observed changes of `fields` may have happened.

    `fields` names per record kind what a judgement rests on. Each such change is taken at its earliest and
    at its latest moment, and at every moment between at which something else happened to the lead: a
    promise can be broken at both ends and kept in between. The reading with all of them at the latest
    comes last. Beyond `MOST_READINGS` combinations only one change at a time leaves its latest moment.
    """
    unsure = [i for i, change in enumerate(rows.changes) if change.since and change.field in fields.get(change.record.kind, ())]
    if not unsure:
        yield rows
        return
    moments = [_possible_moments(rows.changes[i], rows) for i in unsure]
    latest = tuple(times[-1] for times in moments)
    if prod(len(times) for times in moments) <= MOST_READINGS:
        ways = [way for way in product(*moments) if way != latest]
    else:
        ways = [(*latest[:i], at, *latest[i + 1 :]) for i, times in enumerate(moments) for at in times[:-1]]
    for way in [*ways, latest]:
        changes = list(rows.changes)
        for index, at in zip(unsure, way, strict=True):
            changes[index] = replace(changes[index], at=at)
        yield replace(rows, changes=tuple(changes))


def _possible_moments(change: FieldChange, rows: LeadRows) -> list[datetime]:
    """Return the moments at which an observed change may have happened, as far as they make a difference, in order."""
    since = change.since or change.at
    others = {other.at for other in rows.changes if other is not change}
    others |= {at for activity in rows.activities for at in (activity.happened_at, activity.logged_at)}
    return sorted({since, change.at} | {at for at in others if since < at < change.at})


def local_text(at: datetime, zone: tzinfo) -> str:
    """Return a moment as people of `zone` write it: `Fri 2026-11-20 10:00 EST`."""
    return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M %Z")
