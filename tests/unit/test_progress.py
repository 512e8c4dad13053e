"""What is logged of a long work where nobody watches."""

from __future__ import annotations

from structlog.testing import capture_logs

from sync.cli.terminal import LoggedProgress
from sync.pull import Progress


def test_a_long_work_tells_its_rate_and_the_time_left_every_ten_seconds_and_its_end() -> None:
    now = 0.0
    tell = LoggedProgress(lambda: now)
    with capture_logs() as logs:
        for second in range(26):
            now = float(second)
            tell(Progress(work="hubspot contacts", rows=100 + 50 * second, total=2_100, done=False))
        tell(Progress(work="hubspot contacts", rows=1_500, total=None, done=True))
    assert [(log["event"], log["rows"]) for log in logs] == [("work_goes_on", 600), ("work_goes_on", 1_100), ("work_done", 1_500)]
    assert [(log["rows_per_s"], log["left_s"]) for log in logs[:2]] == [(50.0, 30), (50.0, 20)]


def test_a_work_of_unknown_size_tells_no_time_left() -> None:
    now = 0.0
    tell = LoggedProgress(lambda: now)
    with capture_logs() as logs:
        tell(Progress(work="judging", rows=1, total=None, done=False))
        now = 20.0
        tell(Progress(work="judging", rows=1, total=None, done=False))
    assert [(log["left_s"], log["rows_per_s"]) for log in logs] == [(None, 0.0)]
