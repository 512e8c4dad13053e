"""Where a pull of one stream stands: opaque text to everybody else, resumable from any page. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from connectors.hubspot.values import moment_of, ms_of

OVERLAP = timedelta(minutes=10)  # how far the search index may lag behind the records


class Phase(StrEnum):
    """What is read next."""

    LIST = "list"  # every live object, by id
    SEARCH = "search"  # the objects changed since, by id
    ARCHIVED = "archived"  # the objects in the recycle bin, by id
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """One position in a stream."""

    asked: str  # hash of what is read of each object; another one means that everything must be read anew
    phase: Phase = Phase.LIST
    began: datetime | None = None  # server time of the pull's first answer; None before it
    since: datetime | None = None  # search: changed at or after; None in a full pull
    after: str | None = None  # the last id or the vendor's paging token
    lagging: bool = False  # the index counted rows that it did not show

    def text(self) -> str:
        """Write the cursor compactly."""
        moments = {name: ms_of(value) for name, value in (("began", self.began), ("since", self.since)) if value}
        rest = {"after": self.after} if self.after else {}
        return json.dumps(
            {"asked": self.asked, "phase": self.phase, **moments, **rest, **({"lagging": True} if self.lagging else {})},
            separators=(",", ":"),
        )

    @property
    def complete_upto(self) -> datetime:
        """The moment up to which the stream is in once this pull is over: its beginning.

        Where the index hid rows it is the beginning of the pull before, up to which nothing was hidden.
        """
        assert self.began is not None, "a page follows an answer"
        return self.since + OVERLAP if self.lagging and self.since else self.began

    def finished(self) -> Cursor:
        """Close the pull: the next one searches from its beginning, less the overlap.

        If the index hid rows, the next one searches from where this one did, so that none is lost.
        """
        began = self.began - OVERLAP if self.began else None
        return replace(self, phase=Phase.DONE, after=None, since=self.since if self.lagging else began)


def resume(text: str | None, asked: str) -> Cursor:
    """Give the position to read from.

    None, a cursor that cannot be read, and one of a pull that asked for other fields begin a full pull; that of a
    finished pull begins a search; any other goes on where it stands.
    """
    cursor = _read(text) if text else None
    if cursor is None or cursor.asked != asked:
        return Cursor(asked=asked)
    if cursor.phase is Phase.DONE:
        return Cursor(asked=asked, phase=Phase.SEARCH if cursor.since else Phase.LIST, since=cursor.since)
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
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
