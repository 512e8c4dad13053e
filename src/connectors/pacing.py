"""The one policy by which both CRMs are asked: budgets per window, retry with full jitter, a deadline per run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pyrate_limiter import InMemoryBucket, Rate, RateItem
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from connectors.errors import Unreachable

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How time passes here: wiring gives the machine's, tests and simulations drive their own."""

    monotonic: Callable[[], float]  # seconds since whenever; never goes back
    sleep: Callable[[float], None]  # waits that many seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long we insist before we give up."""

    tries: int = 8  # calls in all, the first included
    first_tries: int = 3  # while nobody answered in this run at all: the address or the network is wrong, and a person waits
    first_s: float = 1.0  # upper end of the first wait; it doubles with each try
    longest_s: float = 60.0  # no wait of our own is longer; one that the CRM asks for may be
    run_s: float = 900.0  # from the start of a run no retry begins later than this


class TryAgain(Exception):
    """A call failed in a way that may pass.

    `after_s` is how long the CRM asks to wait at least; `silent` says that no answer came at all.
    """

    def __init__(self, said: str, *, after_s: float = 0.0, silent: bool = False) -> None:
        super().__init__(said)
        self.said = said
        self.after_s = after_s
        self.silent = silent


class Window:
    """At most `limit` calls in any `span_s` seconds: a sliding window, waited for rather than overrun."""

    def __init__(self, waiting: Waiting, *, limit: int, span_s: float) -> None:
        self._waiting = waiting
        self._span_ms = round(span_s * 1000)
        self.limit = max(1, limit)
        self._bucket = InMemoryBucket([Rate(self.limit, self._span_ms)])

    def resize(self, limit: int) -> None:
        """Allow `limit` calls (at least one) from now on; what was taken stays counted."""
        if max(1, limit) != self.limit:
            self.limit = max(1, limit)
            self._bucket.rates = [Rate(self.limit, self._span_ms)]

    def take(self) -> None:
        """Wait until one more call fits, and count it."""
        while True:
            item = RateItem("call", int(self._waiting.monotonic() * 1000))
            self._bucket.leak(item.timestamp)
            if self._bucket.put(item):
                return
            wait_ms = self._bucket.waiting(item)
            assert isinstance(wait_ms, int), "an in-memory bucket answers at once"
            self._waiting.sleep(max(wait_ms, 1) / 1000)


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

        Raises Unreachable once the tries or the time of the run are used up, and whatever else `call` raises at once.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(TryAgain),
            wait=self._pause_s,
            stop=self._is_over,
            sleep=self._waiting.sleep,
            reraise=True,
        )
        try:
            answer = retrying(call)
            self._answered = True
            return answer
        except TryAgain as error:
            raise Unreachable(
                f"{crm} could not be reached: {error.said}",
                fix="run again later; what was read so far is kept. If it stays so, check the address and the network, "
                "and the CRM's status page",
            ) from None

    def _pause_s(self, state: RetryCallState) -> float:
        """A wait drawn from zero up to the doubled step, on top of what the CRM asked for."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.after_s if isinstance(error, TryAgain) else 0.0
        return asked + (min(self._jitter(state), asked) if asked else self._jitter(state))

    def _is_over(self, state: RetryCallState) -> bool:
        late = self._waiting.monotonic() + state.upcoming_sleep > self._deadline
        error = state.outcome.exception() if state.outcome else None
        nobody_there = isinstance(error, TryAgain) and error.silent and not self._answered
        return late or state.attempt_number >= (self._policy.first_tries if nobody_there else self._policy.tries)
