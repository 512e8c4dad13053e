"""The sentence that tells a person what became of a promise. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo

from sync.history import local_text
from sync.judge.findings import Status
from sync.judge.verdict import Verdict


def message(rule: str, words: str, status: Status, verdict: Verdict, unread: tuple[str, ...], zone: tzinfo) -> str:
    """Say in one sentence, with moments and never ages, what was promised and what became of it."""
    due = local_text(verdict.due_at, zone)
    match status:
        case Status.KEPT:
            return f"{rule}: kept on {_text(verdict.settled_at, zone)}, due {due}"
        case Status.EXCUSED:
            return f"{rule}: stopped before it was due ({verdict.why})"
        case Status.UNKNOWN:
            return f"{rule}: unknown, because {', '.join(unread)} could not be read up to the deadline, {due}"
        case Status.BREACHED if verdict.settled_at is not None:
            return f"{rule}: broken, due {due} ({words}), kept late on {_text(verdict.settled_at, zone)}"
        case Status.BREACHED:
            return f"{rule}: broken, due {due} ({words}) and not kept"
        case Status.AT_RISK:
            return f"{rule}: at risk, due {due} ({words})"
        case Status.RUNNING:
            return f"{rule}: running, due {due} ({words})"


def _text(at: datetime | None, zone: tzinfo) -> str:
    return local_text(at, zone) if at is not None else "an unknown day"
