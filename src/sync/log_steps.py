"""What became of steps, for the log; of the lead its key alone is told."""

from __future__ import annotations

from typing import Any

import structlog

from sync.carry_out import Tally
from sync.journal import Event
from sync.ladder import REMIND
from sync.stamps import STAMP
from sync.steps import Step

_MANY = frozenset({STAMP, REMIND})  # thousands a day, which the journal holds: for who asks for debug


def log_steps(tally: Tally) -> None:
    """Log each step of a run that moved or escalated a lead, and each that should have and did not."""
    for step in tally.stand:
        log = _about(step)
        (log.debug if step.action in _MANY else log.info)("step_done")
    for step, event, _ in tally.told:
        log = _about(step)
        (log.debug if event is Event.SKIPPED else log.warning)("step_not_done", outcome=event.value)


def _about(step: Step) -> Any:
    return structlog.get_logger().bind(lead=step.lead, rule=step.rule, action=step.action)
