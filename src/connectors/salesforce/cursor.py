"""Where a pull of one stream stands: opaque text to everybody else, resumable from any page. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from connectors.salesforce.streams import RowStream
from connectors.salesforce.values import Item, id_in, moment_or_refuse

SEEN_MOST = 500  # rows; more are read again rather than remembered
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Phase(StrEnum):
    """What is read next."""

    LIST = "list"  # every live row, by id
    BULK = "bulk"  # the rest of them, by a bulk query
    CHANGED = "changed"  # the rows changed since a moment, by that time and id
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """One position in a stream. Moments are whole seconds, as Salesforce tells them."""

    asked: str  # hash of what is read of each row; another one means that everything must be read anew
    phase: Phase = Phase.LIST
    began: datetime | None = None  # server time of the pull's beginning; None before it
    since: datetime | None = None  # changed at or after; None in a full pull
    after: str | None = None  # id of the last row
    at: datetime | None = None  # when the last row changed; None in a full pull, and before the first
    more: str | None = None  # where Salesforce keeps the next page
    job: str | None = None  # of a bulk query
    paged: bool = False  # Salesforce ran no bulk query: what is left is read page by page
    listed: int = 0  # rows of a full pull so far
    total: int | None = None  # rows that this pull is expected to bring
    seen: Mapping[str, int] | None = field(default_factory=dict)  # id -> change (s) of what is in from `began` less overlap; None: too many

    def text(self) -> str:
        """Write the cursor compactly."""
        moments = {name: seconds_of(value) for name in ("began", "since", "at") if (value := getattr(self, name))}
        rest = {name: value for name in ("after", "more", "job", "paged", "listed", "total") if (value := getattr(self, name))}
        return json.dumps(
            {"asked": self.asked, "phase": self.phase, **moments, **rest, "seen": None if self.seen is None else dict(self.seen)},
            separators=(",", ":"),
        )

    @property
    def complete_upto(self) -> datetime:
        """The moment up to which the stream is in once this pull is over: its beginning."""
        assert self.began is not None, "a page follows an answer"
        return self.began

    @property
    def is_ahead(self) -> bool:
        """Whether it goes on from a moment that has not come yet."""
        return self.since is not None and self.began is not None and self.since > self.began

    def knows(self, stream: RowStream, row: Item) -> bool:
        """Whether a row is in as it was last changed."""
        return self.seen is not None and self.seen.get(id_in(row) or "") == seconds_of(moment_or_refuse(row, stream.moved))

    def with_seen(self, stream: RowStream, rows: Iterable[Item], overlap: timedelta) -> Cursor:
        """Remember the rows that the next pull will find again, as their changes lie within the overlap.

        Not those that changed in the second in which the pull began: they may change once more in it, and show no other time.
        """
        if self.seen is None or self.began is None:
            return self
        least, most = seconds_of(self.began - overlap), seconds_of(self.began)
        again = {id_: at for id_, at in self.seen.items() if least <= at < most}
        old = f"{self.began - overlap:%Y-%m-%dT%H:%M:%S}"  # texts of moments in UTC are in order
        for row in rows:
            if str(row.get(stream.moved)) >= old and least <= (at := seconds_of(moment_or_refuse(row, stream.moved))) < most:
                again[id_in(row) or ""] = at
        return replace(self, seen=again if len(again) <= SEEN_MOST else None)

    def finished(self, overlap: timedelta) -> Cursor:
        """Close the pull: the next one reads from its beginning, less the overlap: so late may a row become visible."""
        since = self.began - overlap if self.began else None
        return replace(self, phase=Phase.DONE, after=None, at=None, more=None, job=None, paged=False, total=None, since=since)


def seconds_of(moment: datetime) -> int:
    """Give `moment` as whole seconds since 1970."""
    return (moment - _EPOCH) // timedelta(seconds=1)


def resume(text: str | None, asked: str) -> Cursor:
    """Give the position to read from.

    None, a cursor that cannot be read, and one of a pull that asked for other fields begin a full pull; that of a
    finished pull begins the reading of what changed since; any other goes on where it stands.
    """
    cursor = _read(text) if text else None
    if cursor is None or cursor.asked != asked or (cursor.phase in (Phase.CHANGED, Phase.DONE) and cursor.since is None):
        return Cursor(asked=asked)
    if cursor.phase is Phase.DONE:
        return Cursor(asked=asked, phase=Phase.CHANGED, since=cursor.since, seen=cursor.seen or {})
    return cursor


def _read(text: str) -> Cursor | None:
    try:
        told = json.loads(text)
        return Cursor(
            asked=str(told["asked"]),
            phase=Phase(told["phase"]),
            began=_moment(told.get("began")),
            since=_moment(told.get("since")),
            after=told.get("after"),
            at=_moment(told.get("at")),
            more=told.get("more"),
            job=told.get("job"),
            paged=bool(told.get("paged")),
            listed=int(told.get("listed") or 0),
            total=told.get("total"),
            seen=told.get("seen"),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None


def _moment(seconds: Any) -> datetime | None:
    return None if seconds is None else _EPOCH + timedelta(seconds=int(seconds))
