"""How many of an account's calls of a day we may make, and for what: counted by ourselves, corrected by what the CRM tells."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from threading import Lock

from connectors.errors import Exhausted
from connectors.records import Usage


class Purpose(StrEnum):
    """What a call is for, in the order in which calls are given up when they run out: the last one first.

    Nothing reads for reports yet; its place keeps the order.
    """

    VERIFY = "verify"  # what a record is before it is written, and whether a write stands
    WRITE = "write"
    EVIDENCE = "evidence"  # for promises that have fallen due
    DELTA = "delta"  # what changed
    SWEEP = "sweep"  # what vanished
    REPORT = "report"


# Of our share of the day: what is less urgent stops sooner, so that the rest stays for what is more urgent.
STOPS_AT = {Purpose.VERIFY: 1.0, Purpose.WRITE: 0.99, Purpose.EVIDENCE: 0.98, Purpose.DELTA: 0.95, Purpose.SWEEP: 0.8, Purpose.REPORT: 0.7}


@dataclass(frozen=True, slots=True, kw_only=True)
class DayShares:
    """How much of the account's day is ours; shares from 0 to 1."""

    max_share: float = 0.2  # our own calls, of all that the account may make in a day
    floor: float = 0.15  # with fewer calls left to the account than this only open writes are verified


class DayBudget:
    """The calls of one account's day, for several threads. A day begins at midnight in the account's zone.

    Where the CRM tells no limit of the day (HubSpot with OAuth) calls are counted and none is refused. With `rolling` the CRM
    counts the account's calls of any 24 hours instead; ours are counted by the day all the same.
    """

    def __init__(self, crm: str, shares: DayShares, *, rolling: bool = False) -> None:
        self._crm = crm
        self._shares = shares
        self._rolling = rolling
        self._lock = Lock()
        self._calls = 0
        self._by_purpose: Counter[str] = Counter()
        self._zone: tzinfo | None = None
        self._day: date | None = None
        self._today = 0
        self._limit: int | None = None
        self._remaining: int | None = None

    def begin_day(self, now: datetime, zone: tzinfo) -> None:
        """Count days in `zone` from now on; what was counted before is of today."""
        with self._lock:
            self._zone, self._day = zone, now.astimezone(zone).date()

    def add_earlier(self, calls: int) -> None:
        """Count `calls` that earlier runs made today."""
        with self._lock:
            self._today += calls

    def spend(self, purpose: Purpose, now: datetime | None) -> None:
        """Count one call at the server's moment `now`; raises Exhausted, and counts nothing, if there is none left for `purpose`."""
        with self._lock:
            self._turn_day(now)
            self._refuse_if_spent(purpose)
            self._calls += 1
            self._today += 1
            self._by_purpose[purpose.value] += 1

    def learn(self, *, limit: int | None, remaining: int | None) -> None:
        """Take over what the CRM tells of its day; None where it tells nothing."""
        with self._lock:
            self._limit = self._limit if limit is None else limit
            self._remaining = self._remaining if remaining is None else remaining

    def goes_on(self) -> str:
        """Say when the account has calls again."""
        if self._rolling:
            return f"in an hour or more: {self._crm} counts the calls of the last 24 hours, so some come back each hour"
        return self._midnight()

    def _midnight(self) -> str:
        if self._day is None or self._zone is None:
            return "after midnight in the account's time zone"
        midnight = datetime.combine(self._day + timedelta(days=1), time(), self._zone)
        return f"after {midnight:%Y-%m-%d %H:%M %Z}, midnight in the account's time zone"

    def usage(self) -> Usage:
        """Tell what was spent so far."""
        with self._lock:
            return Usage(
                calls=self._calls,
                by_purpose=dict(self._by_purpose),
                day=self._day,
                today=self._today,
                limit_today=self._limit,
                remaining_today=self._remaining,
            )

    def _turn_day(self, now: datetime | None) -> None:
        if now is None or self._zone is None or self._day is None:
            return
        if (today := now.astimezone(self._zone).date()) > self._day:
            self._day, self._today, self._remaining = today, 0, None

    def _refuse_if_spent(self, purpose: Purpose) -> None:
        if self._limit is None:
            return
        ours = math.floor(self._limit * self._shares.max_share * STOPS_AT[purpose])
        if self._today >= ours:
            raise self._spent(
                f"leadpact has made {self._today:,} calls to {self._crm} today; for this ({purpose}) it may make {ours:,} of the account's "
                f"{self._limit:,} (max_share = {self._shares.max_share:g})",
                self._midnight(),
                otherwise="raise max_share in config.toml",
            )
        least = math.ceil(self._limit * self._shares.floor)
        if purpose is not Purpose.VERIFY and self._remaining is not None and self._remaining < least:
            raise self._spent(
                f"the {self._crm} account has {self._remaining:,} of its {self._limit:,} calls of today left; leadpact leaves {least:,} to "
                f"others (floor = {self._shares.floor:g})",
                self.goes_on(),
                otherwise="lower floor in config.toml",
            )

    @staticmethod
    def _spent(message: str, goes_on: str, *, otherwise: str) -> Exhausted:
        return Exhausted(message, fix=f"run again {goes_on}; what was read so far is kept. Or {otherwise}")
