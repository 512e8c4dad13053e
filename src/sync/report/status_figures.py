"""What `leadpact status` counts together. Pure."""

from __future__ import annotations

from sync.journal import OPEN
from sync.judge.findings import Status as Outcome
from sync.messages import STANDS_NOT, State
from sync.status import Status


def promise_counts(status: Status) -> dict[str, int]:
    """Count promises: still open (those at risk among them), broken and still owed, owed from before enforcement, and unknown."""
    rules = status.standing.rules
    counted = {outcome: sum(count.findings for count in rules if count.status == outcome) for outcome in Outcome}
    backlog = sum(count.backlog for count in rules)
    return {
        "open": counted[Outcome.RUNNING] + counted[Outcome.AT_RISK],
        "at_risk": counted[Outcome.AT_RISK],
        "broken": sum(count.owed for count in rules if count.status == Outcome.BREACHED) - backlog,
        "backlog": backlog,
        "unknown": counted[Outcome.UNKNOWN],
    }


def failures(status: Status) -> dict[str, int]:
    """Count what failed: writes of a day that do not stand, writes of which nobody knows, messages that may not have arrived."""
    writes, messages = status.standing.writes, status.standing.messages
    return {
        "failed_writes": sum(writes.get(event, 0) for event in STANDS_NOT),
        "open_writes": sum(writes.get(event, 0) for event in OPEN),
        "unknown_messages": messages.get(State.UNKNOWN, 0),
        "failed_messages": messages.get(State.FAILED, 0),
    }


def share_of_day(status: Status, crm: str) -> float | None:
    """Return which share of the calls of a day may be ours."""
    connection = status.config.hubspot if crm == "hubspot" else status.config.salesforce
    return connection.max_share if connection is not None else None
