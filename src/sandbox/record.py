"""One record as the portal keeps it, and the collection of all records of a kind."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson

LARGEST_ID = 10**18 - 1


@dataclass(slots=True, kw_only=True, eq=False)
class Record:
    """One record; only properties that are set stand in `properties`.

    `history` holds each property's versions as the JSON text that is served, newest first: a fifth of
    the memory of the same versions as dicts. `links` holds, by kind and id, whether the pair is primary.
    """

    id: int
    properties: dict[str, str]
    history: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, dict[int, bool]] = field(default_factory=dict)
    archived_at: str | None = None

    def value(self, name: str) -> str | None:
        """The present value; None where it is unset or blank."""
        return self.properties.get(name) or None

    def put(self, name: str, value: str) -> None:
        """Set `name`, or unset it with ""."""
        if value:
            self.properties[name] = value
        else:
            self.properties.pop(name, None)

    def remember(self, name: str, version: Mapping[str, Any]) -> None:
        """Put `version` before the versions that `name` has."""
        older = self.history.get(name, b"[]")
        newest = b"[" + orjson.dumps(version)
        self.history[name] = newest + (b"]" if older == b"[]" else b"," + older[1:])

    def linked(self, kind: str) -> list[int]:
        """Ids of the records of `kind` it is associated with, ascending."""
        return sorted(self.links.get(kind, ()))


class Collection:
    """All records of one kind; live and archived ids apart, both sorted.

    Live records are also found by their identifying properties (a contact's e-mail, and what the
    portal defines as unique), without regard to case.
    """

    def __init__(self) -> None:
        self.by_id: dict[int, Record] = {}
        self.live: list[int] = []
        self.archived: list[int] = []
        self.merged: dict[int, int] = {}  # id of a record that was merged away -> id of the one that took it in
        self._holders: dict[str, dict[str, int]] = {}
        self._last_id = 0

    def __len__(self) -> int:
        return len(self.live)

    def __iter__(self) -> Iterator[Record]:
        return (self.by_id[id_] for id_ in self.live)

    def next_id(self) -> int:
        """An id that no record of this kind ever had."""
        if self._last_id < LARGEST_ID:
            return self._last_id + 1
        return next(id_ for id_ in count(1) if id_ not in self.by_id)

    @property
    def identifiers(self) -> Iterable[str]:
        """Names of the identifying properties."""
        return self._holders.keys()

    def identify_by(self, name: str) -> None:
        """Make `name` an identifying property."""
        if name not in self._holders:
            self._holders[name] = {value.lower(): record.id for record in self if (value := record.value(name))}

    def holder(self, name: str, value: str) -> Record | None:
        """The live record whose identifying property `name` is `value`."""
        id_ = self._holders[name].get(value.lower())
        return None if id_ is None else self.by_id[id_]

    def add(self, record: Record) -> None:
        """Take in `record`, in the place of one with its id if there is one."""
        if (old := self.by_id.get(record.id)) is not None:
            self._ids(old).remove(old.id)
            self._forget(old)
        self.by_id[record.id] = record
        self.merged.pop(record.id, None)
        self._last_id = max(self._last_id, record.id)
        ids = self._ids(record)
        if ids and ids[-1] > record.id:
            insort(ids, record.id)
        else:
            ids.append(record.id)
        if record.archived_at is None:
            self._learn(record)

    def put(self, record: Record, values: Mapping[str, str]) -> None:
        """Set properties of a live record ("" unsets one)."""
        self._forget(record)
        for name, value in values.items():
            record.put(name, value)
        self._learn(record)

    def find(self, id_: int, *, archived: bool = False) -> Record | None:
        """The live (or the archived) record `id_`."""
        record = self.by_id.get(id_)
        return record if record is not None and (record.archived_at is not None) == archived else None

    def page(self, start: int, limit: int, *, archived: bool = False) -> tuple[list[Record], bool]:
        """Up to `limit` records with ids from `start` on, ascending, and whether there are more."""
        ids = self.archived if archived else self.live
        at = bisect_left(ids, start)
        return [self.by_id[id_] for id_ in ids[at : at + limit]], at + limit < len(ids)

    def archive(self, record: Record, at: str) -> None:
        """Move a live record to the archived ones."""
        self._forget(record)
        self.live.pop(bisect_left(self.live, record.id))
        record.archived_at = at
        insort(self.archived, record.id)

    def merge(self, merged_away: Record, survivor: Record) -> None:
        """Take a live record out; its id, and the ids that led to it, lead to `survivor` from now on."""
        self._forget(merged_away)
        self.live.pop(bisect_left(self.live, merged_away.id))
        del self.by_id[merged_away.id]
        for id_, into in self.merged.items():
            if into == merged_away.id:
                self.merged[id_] = survivor.id
        self.merged[merged_away.id] = survivor.id

    def _ids(self, record: Record) -> list[int]:
        return self.live if record.archived_at is None else self.archived

    def _learn(self, record: Record) -> None:
        for name, holders in self._holders.items():
            if value := record.value(name):
                holders[value.lower()] = record.id

    def _forget(self, record: Record) -> None:
        for name, holders in self._holders.items():
            value = (record.value(name) or "").lower()
            if holders.get(value) == record.id:
                del holders[value]
