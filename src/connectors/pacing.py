"""The one policy by which both CRMs are asked: a budget per window, retry with full jitter, a deadline per run. For several threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

from pyrate_limiter import InMemoryBucket, Rate, RateItem
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
    wait_random_exponential,
)

from connectors.errors import Exhausted, Unreachable

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How time passes here: wiring gives the machine's, tests and simulations drive their own."""

    monotonic: Callable[[], float]  # seconds since whenever; never goes back
    sleep: Callable[[float], None]  # waits that many seconds
    calling: Callable[[], None] = lambda: None  # hears of each call before it is made, in the thread that makes it


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long we insist before we give up."""

    tries: int = 10  # calls in all, the first included; answers that only ask us to slow down do not count
    first_tries: int = 3  # while nobody answered in this run at all: the address or the network is wrong, and a person waits
    first_s: float = 1.0  # upper end of the first wait; it doubles with each try
    longest_s: float = 60.0  # no wait of our own is longer; one that the CRM asks for may be
    slowed_s: float = 900.0  # how long one call may be told to slow down
    run_s: float = 14_400.0  # from the start of a run no retry begins later than this


class TryAgain(Exception):
    """A call failed in a way that may pass.

    `after_s` is how long the CRM asks to wait at least; `silent` says that no answer came at all, `slowed` that one only came to
    say that we are too fast. `untouched` says that the CRM surely did nothing of what it was asked.
    """

    def __init__(self, said: str, *, after_s: float = 0.0, silent: bool = False, slowed: bool = False, untouched: bool = False) -> None:
        super().__init__(said)
        self.said = said
        self.after_s = after_s
        self.silent = silent
        self.slowed = slowed
        self.untouched = untouched or slowed


class Window:
    """At most `limit` calls in any `span_s` seconds: a sliding window, waited for rather than overrun."""

    def __init__(self, waiting: Waiting, *, limit: int, span_s: float) -> None:
        self._waiting = waiting
        self._span_ms = round(span_s * 1000)
        self._lock = Lock()
        self.limit = max(1, limit)
        self._bucket = InMemoryBucket([Rate(self.limit, self._span_ms)])

    def resize(self, limit: int) -> None:
        """Allow `limit` calls (at least one) from now on; what was taken stays counted."""
        with self._lock:
            if max(1, limit) != self.limit:
                self.limit = max(1, limit)
                self._bucket.rates = [Rate(self.limit, self._span_ms)]

    def taken(self) -> int:
        """Count the calls in the window that ends now."""
        with self._lock:
            self._bucket.leak(self._now_ms())
            return self._bucket.count()

    def take(self) -> None:
        """Wait until one more call fits, and count it."""
        while wait_ms := self._missing_ms():
            self._waiting.sleep(wait_ms / 1000)

    def _missing_ms(self) -> int:
        """Take a place and return 0, or return for how long there is none."""
        with self._lock:
            item = RateItem("call", self._now_ms())
            self._bucket.leak(item.timestamp)
            if self._bucket.put(item):
                return 0
            wait_ms = self._bucket.waiting(item)
            assert isinstance(wait_ms, int), "an in-memory bucket answers at once"
            return max(wait_ms, 1)

    def _now_ms(self) -> int:
        return int(self._waiting.monotonic() * 1000)


class Patience:
    """Repeats what is safe to repeat, with full-jitter backoff, until the run's deadline."""

    def __init__(self, waiting: Waiting, policy: RetryPolicy) -> None:
        self._waiting = waiting
        self._policy = policy
        self._jitter = wait_random_exponential(multiplier=policy.first_s, max=policy.longest_s)
        self._deadline = 0.0
        self._answered = False
        self.start_run()

    def start_run(self) -> None:
        """Count the run's deadline from now."""
        self._deadline = self._waiting.monotonic() + self._policy.run_s
        self._answered = False

    def insist(self, call: Callable[[], T], *, crm: str) -> T:
        """Return what `call` returns, calling it again while it raises TryAgain.

        Raises Unreachable once the tries or the time of the run are used up, Exhausted if all the CRM said was to slow down, and
        whatever else `call` raises at once.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(TryAgain),
            wait=self._pause_s,
            stop=_Stop(self._policy, late=self._is_late, answered=lambda: self._answered),
            sleep=self._waiting.sleep,
            reraise=True,
        )
        try:
            answer = retrying(call)
        except TryAgain as error:
            raise self._given_up(error, crm) from None
        self._answered = True
        return answer

    def _given_up(self, error: TryAgain, crm: str) -> Exhausted | Unreachable:
        """Say why nothing is tried any more: the run's time is over, we were told to slow down all the time, or nobody answers."""
        if self._is_late(error.after_s):
            return Unreachable(
                f"{crm} did not answer, and the time in which a run tries again is over ({_span(self._policy.run_s)}): {error.said}",
                fix="the next run goes on where this one stopped; a run by hand has as much time as `deadline` in config.toml gives it",
            )
        if error.slowed:
            return Exhausted(
                f"{crm} keeps saying that too many calls are made: {error.said}",
                fix="run again later; what was read so far is kept. If it stays so, another program uses up the account's calls: "
                "look at the API usage in the CRM, or lower burst_share",
            )
        return Unreachable(
            f"{crm} could not be reached: {error.said}",
            fix="run again later; what was read so far is kept. If it stays so, check the address and the network, "
            "and the CRM's status page",
        )

    def _pause_s(self, state: RetryCallState) -> float:
        """A wait drawn from zero up to the doubled step, on top of what the CRM asked for."""
        error = _failure_of(state)
        return (error.after_s if error else 0.0) + self._jitter(state)

    def _is_late(self, upcoming_s: float) -> bool:
        return self._waiting.monotonic() + upcoming_s > self._deadline


def repeat(work: Callable[[], bool], *, waiting: Waiting, policy: RetryPolicy) -> None:
    """Do `work` again, after a pause with full jitter, as long as it says that something is left; `policy.tries` times in all."""
    Retrying(
        retry=retry_if_result(bool),
        wait=wait_random_exponential(multiplier=policy.first_s, max=policy.longest_s),
        stop=stop_after_attempt(policy.tries),
        sleep=waiting.sleep,
        retry_error_callback=lambda _: None,
    )(work)


class _Stop:
    """When one call has been tried often enough; keeps count of the failures that were more than a request to slow down."""

    def __init__(self, policy: RetryPolicy, *, late: Callable[[float], bool], answered: Callable[[], bool]) -> None:
        self._policy = policy
        self._late = late
        self._answered = answered
        self._failures = 0
        self._slowed_s = 0.0

    def __call__(self, state: RetryCallState) -> bool:
        error = _failure_of(state)
        if error is not None and error.slowed:
            self._slowed_s += state.upcoming_sleep
            return self._late(state.upcoming_sleep) or self._slowed_s > self._policy.slowed_s
        self._failures += 1
        nobody_there = error is not None and error.silent and not self._answered()
        return self._late(state.upcoming_sleep) or self._failures >= (self._policy.first_tries if nobody_there else self._policy.tries)


def _span(seconds: float) -> str:
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds / 60:g} min"


def _failure_of(state: RetryCallState) -> TryAgain | None:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, TryAgain) else None
