"""Lists of records ("segments"): what each is, and who is on it since when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

STATIC = ("MANUAL", "SNAPSHOT")
PROCESSING = (*STATIC, "DYNAMIC")


@dataclass(slots=True, kw_only=True)
class RecordList:
    """One list. `members` tells since when each id is on it; a DYNAMIC one stays empty, for nobody works its filters out."""

    id: str
    name: str
    kind: str
    processing: str
    created_at: str
    updated_at: str
    version: int = 1
    deleted_at: str | None = None
    members: dict[int, str] = field(default_factory=dict)

    @property
    def is_static(self) -> bool:
        """Whether records are put on it by hand."""
        return self.processing in STATIC

    def change(self, *, add: Iterable[int], remove: Iterable[int], now: str) -> tuple[list[int], list[int]]:
        """Put ids on it and take ids off; return those that were not on it before, and those that were."""
        added = [id_ for id_ in dict.fromkeys(add) if id_ not in self.members]
        removed = [id_ for id_ in dict.fromkeys(remove) if id_ in self.members]
        self.members |= dict.fromkeys(added, now)
        for id_ in removed:
            del self.members[id_]
        return added, removed


class Lists:
    """All lists of a portal, the deleted ones too, by id."""

    def __init__(self, known: Iterable[RecordList] = ()) -> None:
        self.by_id = {each.id: each for each in known}

    def make(self, name: str, kind: str, processing: str, now: str) -> RecordList:
        """Make an empty list whose name no other live one of its kind has."""
        made = RecordList(
            id=str(max(map(int, self.by_id), default=0) + 1), name=name, kind=kind, processing=processing, created_at=now, updated_at=now
        )
        self.by_id[made.id] = made
        return made

    def find(self, id_: str) -> RecordList | None:
        """The live list `id_`."""
        found = self.by_id.get(id_)
        return found if found is not None and found.deleted_at is None else None

    def named(self, kind: str, name: str) -> RecordList | None:
        """The live list of a kind with this name, without regard to case."""
        return next((each for each in self.live() if each.kind == kind and each.name.lower() == name.lower()), None)

    def live(self) -> list[RecordList]:
        """The live lists, oldest first."""
        return [each for each in self.by_id.values() if each.deleted_at is None]
