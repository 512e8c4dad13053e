"""Where a pull of one stream stands: opaque text to everybody else, resumable from any page. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from connectors.hubspot.mapping import changed_at_of
from connectors.hubspot.values import id_of, moment_of, ms_of

OVERLAP = timedelta(minutes=10)  # how far the search index may lag behind the records
HIDDEN_FOR = timedelta(hours=1)  # what the index counts and does not show for longer is not there
SEEN_MOST = 500  # rows; more are read again rather than remembered


class Phase(StrEnum):
    """What is read next."""

    LIST = "list"  # every live object, by id
    NEWEST = "newest"  # the objects changed last: if that is all that changed, it is the whole pull
    CHANGED = "changed"  # the objects changed within a span, by id
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """One position in a stream."""

    asked: str  # hash of what is read of each object; another one means that everything must be read anew
    phase: Phase = Phase.LIST
    began: datetime | None = None  # server time of the pull's beginning; None before it
    since: datetime | None = None  # changed at or after; None in a full pull
    after: str | None = None  # the last id or the vendor's paging token
    lagging: bool = False  # the index counted rows that it did not show
    listed: int = 0  # rows of a full pull so far
    total: int | None = None  # rows that this pull is expected to bring
    seen: Mapping[str, int] | None = field(
        default_factory=dict
    )  # id -> change (ms) of what is in from `began - OVERLAP` on; None: too many

    def text(self) -> str:
        """Write the cursor compactly."""
        moments = {name: ms_of(value) for name, value in (("began", self.began), ("since", self.since)) if value}
        rest = {name: value for name in ("after", "lagging", "listed", "total") if (value := getattr(self, name))}
        return json.dumps(
            {"asked": self.asked, "phase": self.phase, **moments, **rest, "seen": None if self.seen is None else dict(self.seen)},
            separators=(",", ":"),
        )

    @property
    def complete_upto(self) -> datetime:
        """The moment up to which the stream is in once this pull is over: its beginning.

        Where the index hid rows it is the beginning of the pull before, up to which nothing was hidden.
        """
        assert self.began is not None, "a page follows an answer"
        return self.since + OVERLAP if self._waits and self.since else self.began

    @property
    def is_ahead(self) -> bool:
        """Whether it goes on from a moment that has not come yet."""
        return self.since is not None and self.began is not None and self.since > self.began

    @property
    def until(self) -> datetime:
        """The last moment of the span that is searched: the pull's beginning, which the server tells in whole seconds."""
        assert self.began is not None, "a search follows an answer"
        return self.began + timedelta(milliseconds=999)

    def knows(self, item: Mapping[str, Any]) -> bool:
        """Whether an object is in as it was last changed."""
        return self.seen is not None and self.seen.get(id_of(item)) == ms_of(changed_at_of(item))

    def with_seen(self, items: Iterable[Mapping[str, Any]]) -> Cursor:
        """Remember the objects that the next pull will find again, as their changes lie within the overlap.

        Not those that changed in the second in which the pull began: they may change once more in it, and show no other time.
        """
        if self.seen is None or self.began is None:
            return self
        found = dict(self.seen) | {id_of(item): ms_of(changed_at_of(item)) for item in items}
        again = {id_: at for id_, at in found.items() if ms_of(self.began - OVERLAP) <= at < ms_of(self.began)}
        return replace(self, seen=again if len(again) <= SEEN_MOST else None)

    def finished(self) -> Cursor:
        """Close the pull: the next one searches from its beginning, less the overlap.

        If the index hid rows, the next one searches from where this one did, so that none is lost; but not for ever.
        """
        began = self.began - OVERLAP if self.began else None
        return replace(self, phase=Phase.DONE, after=None, total=None, since=self.since if self._waits else began)

    @property
    def _waits(self) -> bool:
        """Whether what the index hides is still waited for."""
        return self.lagging and self.since is not None and self.began is not None and self.began - self.since < HIDDEN_FOR


def resume(text: str | None, asked: str) -> Cursor:
    """Give the position to read from.

    None, a cursor that cannot be read, and one of a pull that asked for other fields begin a full pull; that of a
    finished pull begins a search; any other goes on where it stands.
    """
    cursor = _read(text) if text else None
    if cursor is None or cursor.asked != asked or (cursor.phase is not Phase.LIST and cursor.since is None):
        return Cursor(asked=asked)
    if cursor.phase is Phase.DONE:
        return Cursor(asked=asked, phase=Phase.NEWEST, since=cursor.since, seen=cursor.seen or {})
    return cursor


def _read(text: str) -> Cursor | None:
    try:
        told = json.loads(text)
        return Cursor(
            asked=str(told["asked"]),
            phase=Phase(told["phase"]),
            began=moment_of(told.get("began")),
            since=moment_of(told.get("since")),
            after=told.get("after"),
            lagging=bool(told.get("lagging")),
            listed=int(told.get("listed") or 0),
            total=told.get("total"),
            seen=told.get("seen"),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
