"""The portal's clock, and how HubSpot writes moments."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, END = datetime(1971, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)  # a clock is moved within these years


def as_text(moment: datetime) -> str:
    """Write `moment` as HubSpot does: UTC, Z, milliseconds only where there are any."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return text.removesuffix(".000") + "Z"


def as_millis(text: str) -> int:
    """Milliseconds since 1970 of an ISO 8601 moment, a date (midnight UTC) or an epoch-ms string.

    Raises ValueError for anything else.
    """
    if text.lstrip("-").isdigit():
        return int(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(milliseconds=1)


def from_millis(millis: int) -> datetime:
    """The aware UTC moment `millis` milliseconds after 1970; OverflowError beyond year 9999."""
    return EPOCH + timedelta(milliseconds=millis)


def as_moment(text: str) -> str:
    """`text`, a moment in any form HubSpot takes, in the form HubSpot answers with.

    Raises ValueError if it is none.
    """
    try:
        return as_text(from_millis(as_millis(text)))
    except OverflowError as error:
        raise ValueError(f"{text} is no moment before the year 10000") from error


class Clock:
    """The portal's time: stands still until it is set or advanced, or runs when `live`. It never goes back."""

    def __init__(self, now: datetime, *, live: bool = False) -> None:
        self.live = live
        self._begin(now)

    def now(self) -> datetime:
        """The portal's present moment, aware, UTC, whole milliseconds."""
        passed_s = time.monotonic() - self._set_at_s if self.live else 0.0
        moment = self._base + timedelta(seconds=passed_s)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def millis(self) -> int:
        """The present moment in milliseconds since 1970."""
        return (self.now() - EPOCH) // timedelta(milliseconds=1)

    def text(self) -> str:
        """The present moment as HubSpot writes it."""
        return as_text(self.now())

    def set(self, now: datetime) -> None:
        """Make it `now` from here on.

        Raises ValueError, and changes nothing, for a moment without a zone, before the present one
        or outside the years 1971 to 2199.
        """
        if now.tzinfo is None:
            raise ValueError("a moment with its zone, such as 2026-11-20T15:00:00Z")
        if not FIRST <= now < END:
            raise ValueError("a moment in the years 1971 to 2199")
        if now < self.now():
            raise ValueError(f"a moment from {self.text()} on: the clock never goes back")
        self._begin(now)

    def advance(self, by: timedelta) -> None:
        """Let `by` pass at once. Raises ValueError, and changes nothing, if it is negative or leads beyond 2199."""
        now = self.now()
        if not timedelta() <= by < END - now:
            raise ValueError("seconds from 0 on that do not lead beyond the year 2199: the clock never goes back")
        self._begin(now + by)

    def _begin(self, now: datetime) -> None:
        self._base = now.astimezone(UTC)
        self._set_at_s = time.monotonic()
