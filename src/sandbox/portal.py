"""The state of a practice portal: records, associations, staff, definitions, pipelines, account, clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sandbox import definitions, groups, pipelines
from sandbox.changes import Changes
from sandbox.clock import Clock
from sandbox.definitions import Definition
from sandbox.groups import Group
from sandbox.kinds import KINDS, Kind
from sandbox.lists import Lists
from sandbox.options import Option
from sandbox.pipelines import Pipeline, Stage
from sandbox.planting import plant
from sandbox.record import Collection, Record
from sandbox.shelf import MemoryShelf, Shelf
from sandbox.staff import Staff

ARCHIVED_MS = 90 * 86_400_000  # how long a record can be restored. Source: crm-facts, HubSpot, section 6.5


@dataclass(slots=True, kw_only=True)
class Account:
    """The account behind the portal, and the app that its token belongs to."""

    portal_id: int = 62515
    time_zone: str = "America/New_York"
    account_type: str = "SANDBOX"
    company_currency: str = "USD"
    app_id: int = 54321


class Store(Protocol):
    """What keeps a portal's state while it is not in memory."""

    def shelf(self, kind: Kind) -> Shelf:
        """Where the records of one kind are kept."""

    def identifiers(self, kind: Kind) -> Iterable[str]:
        """The identifying properties whose holders it knows."""

    def save(self, portal: Portal) -> None:
        """Write down what changed since the last time."""

    def close(self, portal: Portal) -> None:
        """Write down all, and let go of it."""


class Portal:
    """Everything a practice portal holds. Not safe for threads: one event loop uses it.

    Whoever changes a record or its associations tells `changing` beforehand.
    """

    def __init__(self, now: datetime, *, live: bool = False, store: Store | None = None) -> None:
        self.clock = Clock(now, live=live)
        self.account = Account()
        self.staff = Staff()
        self.definitions = definitions.built_in()
        self.groups = groups.built_in(self.definitions)
        self.pipelines = pipelines.built_in()
        self.merges_make_new_records = False
        self.names_misses = True
        self.blocked_emails: set[str] = set()
        self.lists = Lists()
        self.notes: dict[str, str] = {}  # of whoever made it, for when it is opened again; served to nobody
        self.changes = Changes(self.clock)
        self.setting_changed = True  # since it was saved: anything that is no record and no time
        self._store = store
        self.collections = {name: _collection(kind, store) for name, kind in KINDS.items()}
        self.collections["contacts"].identify_by("email")

    @classmethod
    def from_lines(cls, lines: Iterable[Mapping[str, Any]], *, now: datetime, live: bool = False, store: Store | None = None) -> Portal:
        """A portal that holds what `lines` say (see docs/reference/portal-file.md).

        Definitions, owners and pipelines may stand after the records that need them: a one-shot
        iterator is therefore kept in memory, a sequence is read twice. Raises BadLines with all
        problems, naming each by the number of its line.
        """
        portal = cls(now, live=live, store=store)
        portal.plant(lines)
        return portal

    def plant(self, lines: Iterable[Mapping[str, Any]], *, name: str = "line", arriving: bool = False) -> int:
        """Add what `lines` say to what is there; a record with a known id takes that one's place.

        Returns the number of records. Raises BadLines, and then nothing was added.
        """
        held = list(lines) if isinstance(lines, Iterator) else lines
        self.setting_changed = True
        return plant(self, _Numbered(held, name), arriving=arriving)

    def save(self) -> None:
        """Write what changed to the store behind it; nothing without one."""
        if self._store is not None:
            self._store.save(self)

    def close(self) -> None:
        """Write all to the store behind it and let go of that; the portal is of no use then."""
        if self._store is not None:
            self._store.close(self)

    def find(self, kind: str, id_: int, *, archived: bool = False) -> Record | None:
        """The live (or the archived) record `id_` of `kind`."""
        if archived:
            self._empty_archive(kind)
        return self.collections[kind].find(id_, archived=archived)

    def page(self, kind: str, start: int, limit: int, *, archived: bool = False) -> tuple[list[Record], bool]:
        """Up to `limit` live (or archived) records of `kind` with ids from `start` on, and whether there are more."""
        if archived:
            self._empty_archive(kind)
        return self.collections[kind].page(start, limit, archived=archived)

    def record(self, kind: str, id_: int) -> Record:
        """The live or archived record `id_` of `kind`. Raises KeyError if there is none."""
        return self.collections[kind][id_]

    def changing(self, kind: str, record: Record) -> None:
        """Note that a record that is there is about to change."""
        self.changes.note(kind, record.id, record)
        self.collections[kind].shelf.changing(record)

    def add(self, kind: str, record: Record) -> None:
        """Take in a record, in the place of one with its id if there is one."""
        collection = self.collections[kind]
        self.changes.note(kind, record.id, collection.find(record.id))
        collection.add(record)

    def remove(self, kind: str, record: Record) -> None:
        """Take a record out for good, and out of what it is associated with."""
        for other_kind, ids in record.links.items():
            for other_id in ids:
                other = self.record(other_kind, other_id)
                self.changing(other_kind, other)
                del other.links[kind][record.id]
        self.changing(kind, record)
        self.collections[kind].remove(record)

    def _empty_archive(self, kind: str) -> None:
        """Let go for good what has been in the archive for too long."""
        horizon = self.clock.millis() - ARCHIVED_MS
        collection = self.collections[kind]
        for id_ in [id_ for id_, at in collection.archived.items() if at < horizon]:
            self.remove(kind, collection[id_])

    def define(self, kind: str, definition: Definition) -> None:
        """Add a property definition, or put it in the place of the one of its name."""
        self.definitions[kind][definition.name] = definition
        self.groups[kind].setdefault(definition.group, Group(name=definition.group, label=definition.group))
        if definition.unique:
            self.collections[kind].identify_by(definition.name)

    def stage(self, kind: str, id_: str | None) -> Stage | None:
        """The stage `id_` of any pipeline of `kind`."""
        return next((stage for stage in self.stages(kind) if stage.id == id_), None)

    def stages(self, kind: str) -> Iterator[Stage]:
        """All stages of all pipelines of `kind`."""
        return (stage for pipeline in self.pipelines.get(kind, {}).values() for stage in pipeline.stages)

    def options(self, kind: str, definition: Definition) -> tuple[Option, ...]:
        """The values a picklist offers now; those of stage and pipeline follow from the pipelines."""
        offered: Iterable[Stage | Pipeline]
        match definition.follows:
            case "stage":
                offered = self.stages(kind)
            case "pipeline":
                offered = self.pipelines.get(kind, {}).values()
            case _:
                return definition.options
        return tuple(Option(value=each.id, label=each.label, order=each.order) for each in offered)


def _collection(kind: Kind, store: Store | None) -> Collection:
    return Collection(MemoryShelf(kind.modified)) if store is None else Collection(store.shelf(kind), store.identifiers(kind))


class _Numbered:
    """Lines with the place of each, as often as they are asked for."""

    def __init__(self, lines: Iterable[Mapping[str, Any]], name: str) -> None:
        self._lines = lines
        self._name = name

    def __iter__(self) -> Iterator[tuple[str, object]]:
        return ((f"{self._name} {number}", line) for number, line in enumerate(self._lines, 1))
