"""What the log says of steps: each that moved a lead, each that failed, and not the thousands besides."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from sync.carry_out import Tally
from sync.journal import Event
from sync.log_steps import log_steps
from tests.unit.test_carry_out import a_step


@pytest.mark.parametrize(
    ("action", "event", "told"),
    [
        ("reassign", Event.VERIFIED, ("step_done", "info")),
        ("escalate", Event.STANDS, ("step_done", "info")),
        ("stamp", Event.VERIFIED, ("step_done", "debug")),
        ("remind", Event.VERIFIED, ("step_done", "debug")),
        ("reassign", Event.SKIPPED, ("step_not_done", "debug")),
        ("reassign", Event.REFUSED, ("step_not_done", "warning")),
        ("stamp", Event.UNKNOWN, ("step_not_done", "warning")),
    ],
)
def test_a_step_is_told_by_what_became_of_it(action: str, event: Event, told: tuple[str, str]) -> None:
    tally = Tally()
    tally.add(a_step(7, action), event, "Ann Lee has left")

    with capture_logs() as logs:
        log_steps(tally)

    (line,) = logs
    assert (line["event"], line["log_level"]) == told
    assert (line["rule"], line["action"]) == ("r", action)
    assert line["lead"] == a_step(7, action).lead
    assert "Ann" not in str(line), "the CRM's words may name people; they stand in the journal of leadpact"
