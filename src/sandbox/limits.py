"""How many calls the portal allows, which call is one too many, and what answers say of it."""

from __future__ import annotations

import time
from collections import Counter, deque
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

BURST_S, SECOND_S = 10.0, 1.0
Lane = Literal["private", "oauth", "associations", "search"]
Policy = Literal["TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"]
Form = Literal["as_seen", "policy", "secondly_old", "error_type"]
_Calls = Annotated[int, Field(ge=0)]


class Limits(BaseModel):
    """Calls allowed, the figures of a Professional account; nothing is refused unless `enforced`.

    `form` is that of a refusal's body: with `policyName`, the old one with a category, with `errorType`
    alone, or as seen on the wire (the old one for a search, else with `policyName`).

    Source: crm-facts, HubSpot, sections 1.3, 2 and 11.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    burst: _Calls = 190  # of the private app, in ten seconds
    daily: _Calls = 625_000  # of private apps, in a day of the account's zone
    elsewhere: _Calls = 0  # calls that other private apps made today
    search_per_s: _Calls = 5  # of the whole account, all object types together
    association_burst: _Calls = 150  # batches of associations in ten seconds, exempt from the other burst
    oauth_burst: _Calls = 110  # of an OAuth app, in ten seconds; it has no daily limit
    enforced: bool = False
    form: Form = "as_seen"
    retry_after: Annotated[int, Field(ge=0)] | None = None  # seconds; HubSpot sends none by default

    def of(self, lane: Lane) -> int:
        """Calls allowed in the window of `lane`."""
        return {
            "private": self.burst,
            "oauth": self.oauth_burst,
            "associations": self.association_burst,
            "search": self.search_per_s,
        }[lane]


def limits_asked(*, enforced: bool, burst: int | None, daily: int | None, search_per_s: int | None) -> Limits:
    """The limits that a command's options ask for: naming any of them enforces all, None stays HubSpot's."""
    named = {"burst": burst, "daily": daily, "search_per_s": search_per_s}
    chosen: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    return Limits(enforced=enforced or bool(chosen), **chosen)


class Window:
    """The calls of the last `span_s` seconds of real time."""

    def __init__(self, span_s: float) -> None:
        self._span_s = span_s
        self._calls: deque[float] = deque()

    def add(self, real_s: float) -> None:
        """Count a call; those that are too old are forgotten."""
        self._calls.append(real_s)
        self.count(real_s)

    def count(self, real_s: float) -> int:
        """How many there are at `real_s`."""
        calls, oldest = self._calls, real_s - self._span_s
        while calls and calls[0] <= oldest:
            calls.popleft()
        return len(calls)


class Allowance:
    """What was spent of the limits, and what is left.

    A refused call counts for the day (section 2 of crm-facts, not confirmed), not for its window: the window
    rolls on as soon as an allowed call leaves it.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.spent_today = 0
        self.refused: Counter[str] = Counter()
        self._day: date | None = None
        self._windows = {
            "private": Window(BURST_S),
            "oauth": Window(BURST_S),
            "associations": Window(BURST_S),
            "search": Window(SECOND_S),
        }
        self._seconds = {"private": Window(SECOND_S), "oauth": Window(SECOND_S)}

    def spend(self, lane: Lane, now: datetime, zone: ZoneInfo, *, daily: bool = True) -> Policy | None:
        """Count one call at the portal's moment `now`; the policy that refuses it, or None.

        The day turns at midnight in `zone`; `daily` is false for a call that counts for no day.
        """
        today = now.astimezone(zone).date()
        if today != self._day:
            self._day, self.spent_today = today, 0
        self.spent_today += daily
        real_s = time.monotonic()
        policy = self._refusing(lane, real_s, daily=daily) if self.limits.enforced else None
        if policy is not None:
            self.refused[policy] += 1
            return policy
        self._windows[lane].add(real_s)
        if (second := self._seconds.get(lane)) is not None:
            second.add(real_s)
        return None

    def _refusing(self, lane: Lane, real_s: float, *, daily: bool) -> Policy | None:
        if daily and self._all_today > self.limits.daily:
            return "DAILY"
        if self._windows[lane].count(real_s) >= self.limits.of(lane):
            return "SECONDLY" if lane == "search" else "TEN_SECONDLY_ROLLING"
        return None

    def spent(self) -> dict[str, int]:
        """Calls of today, and of each window."""
        real_s = time.monotonic()
        return {"today": self.spent_today} | {lane: window.count(real_s) for lane, window in self._windows.items()}

    def headers(self, lane: Lane, *, oauth: bool) -> list[tuple[bytes, bytes]]:
        """The rate-limit headers of an answer: none of a window after a search, none of the day with OAuth.

        Batches of associations are told the burst that they do not count for. Source: crm-facts, HubSpot, sections 2 and 11.
        """
        window = {} if lane == "search" else self._of_window("oauth" if oauth else "private")
        figures = window if oauth else window | self._of_day()
        return [(b"x-hubspot-ratelimit-" + name, b"%d" % figure) for name, figure in figures.items()]

    def _of_window(self, app: Literal["private", "oauth"]) -> dict[bytes, int]:
        real_s, burst = time.monotonic(), self.limits.of(app)
        secondly = burst // int(BURST_S)
        return {
            b"max": burst,
            b"remaining": max(burst - self._windows[app].count(real_s), 0),
            b"interval-milliseconds": int(BURST_S * 1000),
            b"secondly": secondly,
            b"secondly-remaining": max(secondly - self._seconds[app].count(real_s), 0),
        }

    def _of_day(self) -> dict[bytes, int]:
        return {b"daily": self.limits.daily, b"daily-remaining": max(self.limits.daily - self._all_today, 0)}

    @property
    def _all_today(self) -> int:
        return self.spent_today + self.limits.elsewhere
