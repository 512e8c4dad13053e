"""The values that a lead's records had at any moment. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from itertools import product
from math import prod
from zoneinfo import ZoneInfo

from connectors.records import FieldChange, Record, RecordKey
from sync.agreement.criteria_types import FieldType, Value, read_value
from sync.rows import LeadRows

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
MOST_READINGS = 64  # so many ways of placing changes without known time are tried in every combination


typed_value = lru_cache(maxsize=100_000)(read_value)  # scores, countries and industries come again and again


class Track:
    """One field of one record over time."""

    __slots__ = ("_now", "changes", "times")

    def __init__(self, changes: list[FieldChange], now: str | None) -> None:
        self.changes = changes  # oldest first; empty if no history is kept
        self.times = [change.at for change in changes]
        self._now = now

    def value(self, at: datetime) -> str | None:
        """Return the raw value at `at` (inclusive); where nothing is kept, the value it has now."""
        if not self.times:
            return self._now
        index = bisect_right(self.times, at)
        return self.changes[index - 1].value if index else None

    def typed(self, at: datetime, kind: FieldType, zone: ZoneInfo) -> Value:
        """Return the value at `at` as its type says."""
        raw = self.value(at)
        return None if raw is None else typed_value(raw, kind, zone)

    def ever(self, kind: FieldType, zone: ZoneInfo) -> Iterator[Value]:
        """Yield every value that it ever had; blank among them, as it may have been before the first change."""
        yield None
        raws = [change.value for change in self.changes] if self.changes else [self._now]
        yield from (typed_value(raw, kind, zone) for raw in raws if raw is not None)


class RowAt:
    """The values of some fields at one moment, read only when they are asked for."""

    __slots__ = ("_at", "_tracks", "_types", "_zone")

    def __init__(self, tracks: Mapping[str, Track | None], types: Mapping[str, FieldType], zone: ZoneInfo, at: datetime) -> None:
        self._tracks = tracks
        self._types = types
        self._zone = zone
        self._at = at

    def get(self, name: str, /) -> Value:
        """Return the value of one field; blank where no record holds it."""
        track = self._tracks[name]
        return None if track is None else track.typed(self._at, self._types[name], self._zone)


class History:
    """The fields of a lead's records over time, from the changes the CRM told us."""

    def __init__(self, rows: LeadRows) -> None:
        changes: dict[RecordKey, dict[str, list[FieldChange]]] = {}
        for change in rows.changes:
            changes.setdefault(change.record, {}).setdefault(change.field, []).append(change)
        records = (*rows.people, *((rows.company,) if rows.company is not None else ()), *rows.deals)
        self._tracks = {id(record): _tracks_of(record, changes.get(record.key, {})) for record in records}

    def track(self, record: Record, field: str) -> Track:
        """Return one field of one record of the lead over time."""
        tracks = self._tracks[id(record)]
        if field not in tracks:
            tracks[field] = Track([], record.values.get(field))
        return tracks[field]

    def tracks(self, record: Record, fields: Iterable[str]) -> dict[str, Track]:
        """Return several fields of one record of the lead over time."""
        return {field: self.track(record, field) for field in fields}

    def changes(self, record: Record, field: str) -> list[FieldChange]:
        """Return the changes of one field, oldest first; empty if its history is not kept."""
        return self.track(record, field).changes


def _tracks_of(record: Record, by_field: Mapping[str, list[FieldChange]]) -> dict[str, Track]:
    for changes in by_field.values():
        if len(changes) > 1:
            changes.sort(key=_in_time)
    return {field: Track(changes, record.values.get(field)) for field, changes in by_field.items()}


def _in_time(change: FieldChange) -> tuple[datetime, datetime, bool, str]:
    """Order changes of one field: of two at one moment the one that was seen first, then cleared before set."""
    return change.at, change.since or BEFORE_ALL, change.value is not None, change.value or ""


def moments(tracks: Iterable[Track]) -> set[datetime]:
    """Return when any of the fields changed."""
    return {at for track in tracks for at in track.times}


def change_at(tracks: Mapping[str, Track], at: datetime) -> FieldChange | None:
    """Return the change of one of the fields that happened exactly at `at`, by field name."""
    for field in sorted(tracks):
        for change in tracks[field].changes:
            if change.at == at:
                return change
    return None


def fact_name(change: FieldChange) -> str:
    """Return the natural key of a change; of an observed one it is the same wherever in its span it is placed."""
    sign, moment = (">", change.since) if change.since else ("", change.at)
    return f"{change.record}#{change.field}={change.value or ''}@{sign}{round(moment.timestamp() * 1000)}"


def shared_name(persons: Sequence[RecordKey], crm: str, fact: str) -> str:
    """Return the natural key, for one person, of a fact that several may share: a company's change, an activity with two contacts.

    The person is named by their first record in the CRM that tells the fact: so it is the same before they were linked to the other.
    """
    return f"{next((person for person in persons if person.crm == crm), persons[0])}|{fact}"


def readings(rows: LeadRows, fields: Mapping[str, Collection[str]]) -> Iterator[LeadRows]:
    """Yield `rows` once for every way in which its observed changes of `fields` may have happened.

    `fields` names per record kind what a judgement rests on. Each such change is taken at its earliest and
    at its latest moment, and at every moment between at which something else happened to the lead: a
    promise can be broken at both ends and kept in between. The reading with all of them at the latest
    comes last. Beyond `MOST_READINGS` combinations all of them are taken at their earliest, and one at a time leaves its latest moment.
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
        ways = [tuple(times[0] for times in moments)]
        ways += [(*latest[:i], at, *latest[i + 1 :]) for i, times in enumerate(moments) for at in times[:-1]]
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


@lru_cache(maxsize=10_000)
def local_text(at: datetime, zone: tzinfo) -> str:
    """Return a moment as people of `zone` write it: `Fri 2026-11-20 10:00 EST`."""
    return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M %Z")
