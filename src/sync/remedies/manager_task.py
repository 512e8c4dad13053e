"""The task of a manager's day: by which mark it is known, what it says, and what reading it tells about an escalation. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b

from connectors.changes import Task
from sync.journal import Entry, Event
from sync.plain import plain
from sync.steps import Step

ESCALATE = "escalate"
ARRIVES_WITHIN = timedelta(minutes=10)  # what was sent and is not there by then was never written
LONGEST = 30_000  # characters of a task's text; Salesforce takes 32,000, HubSpot more
INTRO = "A promise about each of these leads is broken, or whose it is leaves. Complete this task once they are looked after."
_LONGEST_PART = 300  # characters of a CRM's or an agreement's words in a line
_OURS = re.compile(r"\[leadpact (escalation )?[0-9a-f]{8}\]")


def mark_of(account: str, manager: str, day: date) -> str:
    """Return what stands in the subject of the task of a manager's day, by which it is known again: `[leadpact escalation 3f9a1c2e]`."""
    return f"[leadpact escalation {_short(account, manager, day.isoformat())}]"


def is_ours(task: Task) -> bool:
    """Whether leadpact made a task."""
    return _OURS.search(task.subject or "") is not None


def is_of_manager(task: Task) -> bool:
    """Whether a task is that of a manager's day: it lists leads of several people, and never goes along with one of them."""
    found = _OURS.search(task.subject or "")
    return found is not None and found[1] is not None


def subject_of(mark: str, day: date) -> str:
    """Return the subject of the task of a day."""
    return f"Leads that wait for somebody, {day.isoformat()} {mark}"


def token_of(step: Step) -> str:
    """Return by what a step's line is known again in the text of a task."""
    return f"[{_short(step.finding, str(step.rung))}]"


def line_of(step: Step, *, page: str | None, owner: str | None) -> str:
    """Return the line about one lead: where it is, whose, and which promise is broken since when; without signs that a page could run."""
    where = f"{step.record} {page}" if page is not None else str(step.record)
    return f"• {where}, owner: {_harmless(owner or 'nobody')}. {_harmless(step.reason)} {token_of(step)}"


def _harmless(text: str) -> str:
    return re.sub(r"[<>&\"'`]", "", plain(text)).strip()[:_LONGEST_PART]


def _short(*words: str) -> str:
    return blake2b("\x1f".join(words).encode(), digest_size=4).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a task is to say, and the steps that find no room in it."""

    body: str
    left_out: tuple[Step, ...] = ()


def text_with(body: str | None, lines: Iterable[tuple[Step, str]]) -> Text:
    """Return the text of a task with a line for each step; lines that it has already are not added again."""
    told, left_out = body or INTRO, []
    for step, line in lines:
        if token_of(step) in told:
            continue
        if len(told) + 1 + len(line) > LONGEST:
            left_out.append(step)
        else:
            told = f"{told}\n{line}"
    return Text(body=told, left_out=tuple(left_out))


def what_tasks_tell(intent: Entry, newest: Event, tasks: Sequence[Task], now: datetime) -> tuple[Event | None, str | None]:
    """Say what came of an escalation, given all tasks with its mark; None as long as it may still arrive."""
    token = (intent.after or {}).get("line") or ""
    if len(tasks) > 1:
        return Event.OVERWRITTEN, f"there twice: {', '.join(sorted(str(task.record) for task in tasks))}; complete all but one"
    if any(token in (task.body or "") for task in tasks):
        return Event.VERIFIED, None
    if now - intent.at < ARRIVES_WITHIN:
        return None, "not seen yet; the next run looks again"
    if newest is Event.DONE:
        return Event.OVERWRITTEN, "the task, or its line about this lead, was removed again"
    return Event.NOT_WRITTEN, None
