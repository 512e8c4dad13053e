"""The sentence that tells a person what became of a promise. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo

from sync.agreement.model import Clock
from sync.history import local_text
from sync.judge.clocks import Verdict
from sync.judge.findings import Status


def message(clock: Clock, status: Status, verdict: Verdict, unread: tuple[str, ...], zone: tzinfo) -> str:
    """Say in one sentence, with moments and never ages, what was promised and what became of it."""
    due = local_text(verdict.due_at, zone)
    match status:
        case Status.KEPT:
            return f"{clock.name}: kept on {_text(verdict.settled_at, zone)}, due {due}"
        case Status.EXCUSED:
            return f"{clock.name}: stopped before it was due ({verdict.why})"
        case Status.UNKNOWN:
            return f"{clock.name}: unknown, because {', '.join(unread)} could not be read up to the deadline, {due}"
        case Status.BREACHED if verdict.settled_at is not None:
            return f"{clock.name}: broken, due {due} ({clock.within.text}), kept late on {_text(verdict.settled_at, zone)}"
        case Status.BREACHED:
            return f"{clock.name}: broken, due {due} ({clock.within.text}) and not kept"
        case Status.AT_RISK:
            return f"{clock.name}: at risk, due {due} ({clock.within.text})"
        case Status.RUNNING:
            return f"{clock.name}: running, due {due} ({clock.within.text})"


def _text(at: datetime | None, zone: tzinfo) -> str:
    return local_text(at, zone) if at is not None else "an unknown day"
