"""One record as the portal keeps it, and the collection of all records of a kind."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.clock import as_millis

if TYPE_CHECKING:
    from sandbox.shelf import Shelf

SMALLEST_ID = 1
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

    def as_found(self) -> Record:
        """A copy that later changes leave alone, as far as a search can see: values and associations."""
        links = {kind: dict(ids) for kind, ids in self.links.items()}
        return replace(self, properties=dict(self.properties), links=links)


class Collection:
    """All records of one kind; live and archived ones apart.

    Live records are also found by their identifying properties (a contact's e-mail, and what the
    portal defines as unique), without regard to case. `archived` tells when each was archived, in
    milliseconds since 1970; `merged` leads from the id of a record that was merged away to the one that took it in.
    """

    def __init__(self, shelf: Shelf, identifiers: Iterable[str] = ()) -> None:
        self.shelf = shelf
        self.archived = shelf.archived()
        self.merged = shelf.merged()
        self._identifiers = set(identifiers)
        self.last_id = shelf.last_id()

    def __len__(self) -> int:
        return self.shelf.count()

    def __iter__(self) -> Iterator[Record]:
        return self.shelf.live()

    def __contains__(self, id_: int) -> bool:
        return self.shelf.get(id_) is not None

    def __getitem__(self, id_: int) -> Record:
        """The live or archived record `id_`. Raises KeyError if there is none."""
        record = self.shelf.get(id_)
        if record is None:
            raise KeyError(id_)
        return record

    def next_id(self) -> int:
        """An id that no record of this kind ever had."""
        if self.last_id < LARGEST_ID:
            return self.last_id + 1
        return next(id_ for id_ in count(1) if id_ not in self)

    @property
    def identifiers(self) -> Iterable[str]:
        """Names of the identifying properties."""
        return self._identifiers

    def identify_by(self, name: str) -> None:
        """Make `name` an identifying property."""
        if name not in self._identifiers:
            self._identifiers.add(name)
            for record in self:
                if value := record.value(name):
                    self.shelf.hold(name, value.lower(), record.id)

    def holder(self, name: str, value: str) -> Record | None:
        """The live record whose identifying property `name` is `value`."""
        id_ = self.shelf.holder(name, value.lower())
        return None if id_ is None else self.shelf.get(id_)

    def add(self, record: Record) -> None:
        """Take in `record`, in the place of one with its id if there is one."""
        if (old := self.shelf.get(record.id)) is not None:
            self.remove(old)
        self.shelf.put(record)
        if self.merged.pop(record.id, None) is not None:
            self.shelf.merge(record.id, None)
        self.last_id = max(self.last_id, record.id)
        if record.archived_at is None:
            self._learn(record)
        else:
            self.archived[record.id] = as_millis(record.archived_at)

    def put(self, record: Record, values: Mapping[str, str]) -> None:
        """Set properties of a live record ("" unsets one)."""
        self._forget(record)
        for name, value in values.items():
            record.put(name, value)
        self._learn(record)

    def find(self, id_: int, *, archived: bool = False) -> Record | None:
        """The live (or the archived) record `id_`."""
        return self.shelf.get(id_) if (id_ in self.archived) == archived else None

    def page(self, start: int, limit: int, *, archived: bool = False) -> tuple[list[Record], bool]:
        """Up to `limit` records with ids from `start` on, ascending, and whether there are more."""
        if not archived:
            records = self.shelf.page(start, limit + 1)
            return records[:limit], len(records) > limit
        ids = sorted(self.archived)
        at = bisect_left(ids, start)
        return [self[id_] for id_ in ids[at : at + limit]], at + limit < len(ids)

    def archive(self, record: Record, at: str) -> None:
        """Move a live record to the archived ones."""
        self._forget(record)
        self.shelf.remove(record)
        record.archived_at = at
        self.shelf.put(record)
        self.archived[record.id] = as_millis(at)

    def restore(self, record: Record) -> None:
        """Move an archived record back to the live ones."""
        self.shelf.remove(record)
        record.archived_at = None
        del self.archived[record.id]
        self.shelf.put(record)
        self._learn(record)

    def remove(self, record: Record) -> None:
        """Take a record out for good; what it was associated with is not told."""
        self._forget(record)
        self.shelf.remove(record)
        self.archived.pop(record.id, None)

    def lead(self, id_: int, survivor: Record) -> None:
        """Let the id of a record that is gone, and the ids that led to it, lead to `survivor` from now on."""
        for gone in [id_, *(other for other, into in self.merged.items() if into == id_)]:
            self.merged[gone] = survivor.id
            self.shelf.merge(gone, survivor.id)

    def _learn(self, record: Record) -> None:
        for name in self._identifiers:
            if value := record.value(name):
                self.shelf.hold(name, value.lower(), record.id)

    def _forget(self, record: Record) -> None:
        for name in self._identifiers:
            value = (record.value(name) or "").lower()
            if value and self.shelf.holder(name, value) == record.id:
                self.shelf.hold(name, value, None)
