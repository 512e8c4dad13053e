"""Windows, retries and the run's deadline, on a time that the test drives."""

from threading import Thread
from time import monotonic, sleep

import pytest

from connectors.errors import Exhausted, Unreachable
from connectors.pacing import Patience, RetryPolicy, TryAgain, Waiting, Window, repeat


class DrivenTime:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds

    @property
    def waiting(self) -> Waiting:
        return Waiting(monotonic=lambda: self.now_s, sleep=self.sleep)


class Flaky:
    """Fails `times` times, then answers."""

    def __init__(self, times: int, *, after_s: float = 0.0, silent: bool = False, slowed: bool = False) -> None:
        self.left = times
        self.after_s = after_s
        self.silent = silent
        self.slowed = slowed
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.left:
            raise TryAgain("503", after_s=self.after_s, silent=self.silent, slowed=self.slowed)
        return "answer"


def test_no_window_of_ten_seconds_ever_holds_more_calls_than_its_limit():
    time = DrivenTime()
    window = Window(time.waiting, limit=5, span_s=10)
    taken = []
    for _ in range(23):
        window.take()
        taken.append(time.now_s)
        time.now_s += 0.3
    assert all(later - earlier >= 10 for earlier, later in zip(taken, taken[5:], strict=False))
    assert taken[-1] - taken[0] < 45


def test_a_window_takes_a_new_limit_at_once_and_never_less_than_one():
    time = DrivenTime()
    window = Window(time.waiting, limit=100, span_s=10)
    window.take()
    window.resize(0)
    window.take()
    assert window.limit == 1
    assert sum(time.slept) >= 10


def test_what_may_pass_is_tried_again_until_it_answers():
    time = DrivenTime()
    assert Patience(time.waiting, RetryPolicy()).insist(Flaky(3), crm="HubSpot") == "answer"
    assert len(time.slept) == 3


def test_no_wait_is_shorter_than_the_crm_asks_for():
    time = DrivenTime()
    Patience(time.waiting, RetryPolicy()).insist(Flaky(2, after_s=10), crm="HubSpot")
    assert all(10 <= seconds <= 12 for seconds in time.slept)


def test_a_crm_that_says_for_a_minute_that_we_are_too_fast_is_waited_for():
    time = DrivenTime()

    def call() -> str:
        if time.now_s < 1_060:
            raise TryAgain("429", after_s=1, slowed=True)
        return "answer"

    assert Patience(time.waiting, RetryPolicy(tries=2)).insist(call, crm="HubSpot") == "answer"


def test_a_crm_that_never_stops_saying_so_has_no_calls_left_for_us():
    time, call = DrivenTime(), Flaky(10_000, after_s=1, slowed=True)
    with pytest.raises(Exhausted, match="HubSpot keeps saying that too many calls are made: 503") as refused:
        Patience(time.waiting, RetryPolicy(slowed_s=300)).insist(call, crm="HubSpot")
    assert 200 < sum(time.slept) <= 300
    assert "burst_share" in refused.value.fix


def test_other_failures_in_between_are_counted_apart():
    time = DrivenTime()
    failures = [TryAgain("429", slowed=True), TryAgain("502"), TryAgain("429", slowed=True), TryAgain("502"), TryAgain("502")]

    def call() -> str:
        raise failures.pop(0)

    with pytest.raises(Unreachable):
        Patience(time.waiting, RetryPolicy(tries=3, first_tries=3)).insist(call, crm="HubSpot")
    assert failures == []


def test_a_window_that_several_threads_share_is_never_overrun():
    taken: list[float] = []
    window = Window(Waiting(monotonic=monotonic, sleep=sleep), limit=5, span_s=0.2)

    def work() -> None:
        for _ in range(6):
            window.take()
            taken.append(monotonic())

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 24
    assert taken[-1] - taken[0] >= 0.2 * (24 / 5 - 1) - 0.05


def test_tries_are_limited_and_the_error_says_what_to_do():
    call = Flaky(99)
    with pytest.raises(Unreachable, match="HubSpot could not be reached: 503") as refused:
        Patience(DrivenTime().waiting, RetryPolicy(tries=4)).insist(call, crm="HubSpot")
    assert call.calls == 4
    assert "run again later" in refused.value.fix
    assert refused.value.__cause__ is None


def test_a_crm_that_never_answered_at_all_is_given_up_sooner():
    call = Flaky(99, silent=True)
    with pytest.raises(Unreachable):
        Patience(DrivenTime().waiting, RetryPolicy()).insist(call, crm="HubSpot")
    assert call.calls == RetryPolicy().first_tries


def test_a_crm_that_answered_before_is_insisted_on_though_it_is_silent_now():
    patience, call = Patience(DrivenTime().waiting, RetryPolicy()), Flaky(99, silent=True)
    patience.insist(Flaky(0), crm="HubSpot")
    with pytest.raises(Unreachable):
        patience.insist(call, crm="HubSpot")
    assert call.calls == RetryPolicy().tries


@pytest.mark.parametrize(("slowed", "run_s", "told"), [(False, 3_600, "1 h"), (True, 3_600, "1 h"), (False, 120, "2 min")])
def test_once_the_runs_time_is_over_that_is_the_reason(slowed: bool, run_s: float, told: str):
    time = DrivenTime()
    patience = Patience(time.waiting, RetryPolicy(run_s=run_s))
    time.now_s += run_s
    with pytest.raises(Unreachable, match=rf"the time in which a run tries again is over \({told}\): 503") as refused:
        patience.insist(Flaky(1, after_s=1, slowed=slowed), crm="HubSpot")
    assert "deadline" in refused.value.fix


def test_a_wait_that_would_pass_the_deadline_is_not_begun():
    time = DrivenTime()
    with pytest.raises(Unreachable):
        Patience(time.waiting, RetryPolicy(run_s=60)).insist(Flaky(1, after_s=3_600), crm="HubSpot")
    assert time.slept == []


def test_a_new_run_has_its_whole_time_again():
    time = DrivenTime()
    patience = Patience(time.waiting, RetryPolicy(run_s=60))
    time.now_s += 100
    with pytest.raises(Unreachable):
        patience.insist(Flaky(1), crm="HubSpot")
    patience.start_run()
    assert patience.insist(Flaky(1), crm="HubSpot") == "answer"


def test_what_cannot_pass_is_not_tried_again():
    calls = []

    def refused() -> str:
        calls.append(1)
        raise PermissionError

    with pytest.raises(PermissionError):
        Patience(DrivenTime().waiting, RetryPolicy()).insist(refused, crm="HubSpot")
    assert len(calls) == 1


def test_what_is_left_is_tried_again_after_pauses_until_nothing_is() -> None:
    time, left = DrivenTime(), [3]

    def work() -> bool:
        left[0] -= 1
        return left[0] > 0

    repeat(work, waiting=time.waiting, policy=RetryPolicy(tries=5, first_s=2.0, longest_s=3.0))
    assert left == [0]
    assert len(time.slept) == 2
    assert all(0 <= slept <= 3 for slept in time.slept)


def test_what_is_left_after_the_last_try_stays_so() -> None:
    time, calls = DrivenTime(), []
    repeat(lambda: not calls.append(1), waiting=time.waiting, policy=RetryPolicy(tries=3))
    assert (len(calls), len(time.slept)) == (3, 2)
