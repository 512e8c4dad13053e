"""How one CRM is doing, as the daemon sees it: when it is polled next, since when it is down, what it last said. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from connectors.records import RecordKey
from sync.daemon.events import Order, Polled
from sync.daemon.heartbeat import CrmPulse, CrmState
from sync.daemon.pace import Pace
from sync.daemon.schedule import Backoff
from sync.errors import LimitReached
from sync.lint import Facts
from sync.store.errors import StoreError

TOLD_AFTER = timedelta(minutes=5)
HURRIED_S = 10.0  # between polls that somebody's hints bring forward
POLLS_MISSED = 3


@dataclass(slots=True, kw_only=True)
class Crm:
    """One CRM; moments of polls in seconds of the monotonic clock."""

    name: str
    pace: Pace
    calm_poll_s: float
    pulse: CrmPulse
    poll_at_s: float = 0.0
    whole_at_s: float = 0.0  # from when on a poll reads everything
    is_asked: bool = False  # a poll is on its way
    is_told: bool = False  # that it is down, to those who look after it
    is_hinted: bool = False  # persons that somebody named are being read
    asked_at_s: float = 0.0  # when the last poll began
    polled_at_s: float = 0.0  # when it ended
    facts: Facts | None = None
    closed: dict[str, str] = field(default_factory=dict)
    backoff: Backoff = field(default_factory=lambda: Backoff(first_s=5.0, longest_s=600.0))
    interval_s: float = 0.0  # between polls, as it was worked out last; longer than configured where calls are scarce
    calls: int = 0  # that were made up to the last poll
    costs: deque[int] = field(default_factory=lambda: deque(maxlen=7))  # calls of the last polls; one that read an import is no measure
    shrunken: LimitReached | None = None  # it showed so little that nothing may be judged

    def go_on_from(self, before: Crm) -> None:
        """Take over, from how a CRM was before the files were read anew, an outage that goes on: since when, and whether it was told."""
        if before.is_down:
            self.pulse, self.is_told = before.pulse, before.is_told

    @property
    def is_down(self) -> bool:
        """Whether it does not answer."""
        return self.pulse.state is CrmState.DOWN

    def is_behind(self, now: datetime) -> bool:
        """Whether it was not read for the time of several polls: somebody may have kept a promise there since."""
        read_at, polls_s = self.pulse.read_at, POLLS_MISSED * max(self.interval_s, self.pace.poll_s)
        return read_at is None or now - read_at > timedelta(seconds=polls_s)

    def is_long_down(self, now: datetime) -> bool:
        """Whether it has not answered for so long that somebody should know."""
        return self.is_down and now - self.pulse.since >= TOLD_AFTER

    def is_person(self, key: RecordKey) -> bool:
        """Whether a record is a person of this CRM."""
        return self.facts is not None and key.crm == self.name and key.kind in self.facts.vocabulary.persons

    def hurry(self, now_s: float) -> None:
        """Poll soon, but never much more often than it is meant to be."""
        self.poll_at_s = min(self.poll_at_s, max(now_s, self.polled_at_s + min(HURRIED_S, self.interval_s)))

    def order(self, now_s: float) -> Order | None:
        """Return what is to be read now; None if nothing."""
        if self.is_asked or now_s < self.poll_at_s:
            return None
        self.is_asked, self.asked_at_s = True, now_s
        whole = now_s >= self.whole_at_s or self.facts is None
        if whole:
            self.whole_at_s = now_s + self.calm_poll_s
        return Order(whole=whole)

    def take(self, polled: Polled, *, now_s: float, now: datetime) -> bool:
        """Take in what came of an order; return whether the state is another one than before."""
        if polled.order.persons:
            self.is_hinted = False
        else:
            self.is_asked, self.polled_at_s = False, now_s
        if polled.error is not None:
            return self._fail(polled.error, now_s=now_s, now=now)
        if not polled.order.persons:
            self._pace(polled)
            self.poll_at_s = max(now_s, self.asked_at_s + self.interval_s)
            self.closed = {name: why for name, why in self.closed.items() if name not in polled.read} | dict(polled.closed)
        self.facts, self.shrunken = polled.facts, None
        self.backoff.succeed()
        read_at = self.pulse.read_at if polled.order.persons else polled.server_now
        return self._become(CrmPulse(state=CrmState.OK, since=now, read_at=read_at, closed=self.closed))

    @property
    def is_stretched(self) -> bool:
        """Whether it is polled more seldom than configured."""
        return self.interval_s > 1.5 * self.pace.poll_s

    def _pace(self, polled: Polled) -> None:
        """Work out when to poll next, by what this poll cost."""
        assert polled.facts is not None
        usage, account = polled.usage, polled.facts.account
        self.interval_s = self.pace.poll_s
        if usage is None:
            return
        if self.facts is not None:  # the first poll may read years
            self.costs.append(usage.calls - self.calls)
            zone = ZoneInfo(account.time_zone) if account.time_zone else UTC
            self.interval_s = self.pace.interval_s(usage, median(self.costs), now=account.server_now, zone=zone)
        self.calls = usage.calls

    def _fail(self, error: Exception, *, now_s: float, now: datetime) -> bool:
        """Leave it alone for a while; an error of the store is none of the CRM's."""
        self.poll_at_s = now_s + self.backoff.fail()
        self.whole_at_s = 0.0
        if isinstance(error, StoreError):
            return False
        self.shrunken = error if isinstance(error, LimitReached) else None
        return self._become(
            CrmPulse(state=CrmState.DOWN, since=now, read_at=self.pulse.read_at, said=str(error), fix=getattr(error, "fix", None))
        )

    def _become(self, pulse: CrmPulse) -> bool:
        changed = pulse.state is not self.pulse.state
        self.pulse = pulse if changed else replace(pulse, since=self.pulse.since)
        return changed
