"""The text of a message: which lead, which promise, due when, and why. Plain text, whatever a CRM's values hold. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum

from sync.agreement.model import OFFBOARD
from sync.daily import Overview, Owed, shown
from sync.history import local_text
from sync.judge.findings import Finding
from sync.ladder import BEFORE_THE_LADDER
from sync.messages import MANAGER, OWNER, Kind, Message
from sync.occasions import MadeReport
from sync.plain import plain
from sync.steps import Step

LONGEST_VALUE = 120  # characters of a CRM's value that are told
LONGEST_REASON = 400
LINES = 50  # of a digest
NO_ANSWER = "no answer in time"
_MARKUP = str.maketrans(
    {"<": "‹", ">": "›", "[": "(", "]": ")", "*": "∗", "_": "‗", "`": "'", "|": "¦", "@": "＠", "#": "♯", "&": "＆", "\\": ""}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is sent: a title of one line and a text."""

    title: str
    body: str


class Fate(StrEnum):
    """What became of a letter."""

    SENT = "sent"
    FAILED = "failed"  # it surely did not arrive
    UNKNOWN = "unknown"  # it may have arrived


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a letter, and why it did not arrive; never with an address."""

    fate: Fate
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a message when it is sent."""

    message: Message
    finding: Finding | None  # None: it stands no more
    zone: tzinfo  # in which the recipient reads moments
    name: str | None = None  # of the owner whom it is about
    page: str | None = None  # where the CRM shows the lead
    held: str | None = None  # what holds the moves of a rule back
    run: str | None = None  # that made the plan
    step: Step | None = None  # of the plan, that it is about
    why: str | None = None  # of a step of a plan
    daily: Overview | None = None
    pages: Mapping[str, str] = field(default_factory=dict)  # of the leads of a daily digest
    names: Mapping[str, str] = field(default_factory=dict)  # of their owners
    made: MadeReport | None = None  # a report


def letter_of(known: Known, *, is_shared: bool) -> Letter:
    """Return the text of one message; where others read it too, it says whom it is for."""
    title, says = text_of(known)
    greeting = [f"For {addressee}:"] if is_shared and (addressee := addressee_of(known)) else []
    return Letter(title=plain(title), body=plain("\n".join([*greeting, *says]), keep_lines=True))


def text_of(known: Known) -> tuple[str, list[str]]:
    """Return the title of one message and its lines."""
    return _TEXTS[known.message.kind](known)


def addressee_of(known: Known) -> str:
    """Return whom a message is for, where that is a person; empty otherwise."""
    name = value_text(known.name) if known.name else "the owner"
    return {OWNER: name, MANAGER: f"the manager of {name}"}.get(known.message.recipient.role, "")


def digest_of(letters: Sequence[Known], *, is_shared: bool) -> Letter:
    """Return one text for several messages to one recipient, a line each."""
    lines = [f"- {_TEXTS[one.message.kind](one)[0]}{f' {one.page}' if one.page else ''}" for one in letters[:LINES]]
    if len(letters) > LINES:
        lines.append(f"- and {len(letters) - LINES} more; each is listed with its run: leadpact show RUN")
    first = letter_of(letters[0], is_shared=is_shared).body.partition("\n")[0] if is_shared else ""
    greeting = [first] if first.startswith("For ") else []
    title = f"{len(letters)} messages about leads, together as they are many"
    return Letter(title=title, body=plain("\n".join([*greeting, *lines]), keep_lines=True))


def value_text(value: str, *, longest: int = LONGEST_VALUE) -> str:
    """Return a CRM's value as text that no target takes for markup, a mention or a link."""
    return plain(value).translate(_MARKUP).replace("://", ":/ /")[:longest].strip()


def _reminder(known: Known) -> tuple[str, list[str]]:
    message, rung = known.message, known.message.rung or 0
    if rung > 0:
        return f"{message.rule} is broken: {message.lead}", [f"{message.rule} {_was_due(known)} and is still owed.", *_which(known)]
    due = local_text(known.finding.due_at, known.zone) if known.finding is not None and known.finding.due_at is not None else "soon"
    return f"{message.rule} is due {due}: {message.lead}", [
        f"{message.rule} is due on {due}; {-rung}% of its time has passed.",
        *_which(known),
    ]


def _given(known: Known) -> tuple[str, list[str]]:
    message = known.message
    if message.recipient.role == OWNER:
        title, says = f"A lead is yours now: {message.lead}", "This lead was given to you"
    else:
        title = f"A lead has a new owner: {message.lead}"
        says = f"This lead was given to {value_text(known.name) if known.name else 'a new owner'}"
    return title, [f"{says}{_given_because(known)}.", *_which(known)]


def _given_because(known: Known) -> str:
    """Return why a lead was given to somebody: nobody had it, or a promise was broken."""
    message = known.message
    if message.rung == BEFORE_THE_LADDER:
        return ", because nobody had it"
    return f", because {message.rule} {_was_due(known)} and was not kept" if known.finding is not None else f" ({message.rule})"


def _escalation(known: Known) -> tuple[str, list[str]]:
    message = known.message
    if message.rule == OFFBOARD:
        why = [f"Why: {value_text(known.step.reason, longest=LONGEST_REASON)}."] if known.step is not None else []
        says = f"A lead stays with {value_text(known.name) if known.name else 'somebody'}, who leaves. A task in the CRM lists it."
        return f"Escalated: a lead of somebody who leaves: {message.lead}", [says, *why, *_lead(known)]
    return f"Escalated: {message.rule} of {message.lead}", [
        f"{message.rule} {_was_due(known)} and is still owed.{_whose(known)} A task in the CRM lists the lead.",
        *_which(known),
    ]


def _trip(known: Known) -> tuple[str, list[str]]:
    message = known.message
    told = [f"{known.held}." if known.held else "A limit holds its moves back."]
    ways = [f"Let this very plan pass all the same: leadpact apply {message.plan}", f"Or never: leadpact drop {message.plan} --reason …"]
    return f"Held back: {message.rule}, plan {message.plan}", [*told, *ways, *_see(known)]


def _nobody_left(known: Known) -> tuple[str, list[str]]:
    pool, step = value_text(known.message.rule), known.step
    why = ["; ".join((step.reason, *step.blocked_by)) + "."] if step is not None else []
    ends = "it goes to the pool's fallback" if step is not None and step.given is not None else "it stays where it is, and is tried again"
    says = [f"Nobody of pool {pool} may get this lead: {ends}. Others may follow; of this pool you hear once a day.", *why]
    return f"Nobody of pool {pool} is left", [*says, f"See each member: leadpact route {known.message.rule}", *_see(known), *_lead(known)]


def _failed(known: Known) -> tuple[str, list[str]]:
    message = known.message
    says = f"What was sent for {message.rule} does not stand in the CRM. What the CRM said:"
    return f"A change does not stand: {message.lead}", [says, *_see(known), *_lead(known)]


def _down(known: Known) -> tuple[str, list[str]]:
    says = "It is asked again by itself. Until it answers nothing is done about leads that have a record there."
    return f"No answer from {known.message.rule}", [says, "Why: leadpact status"]


def _back(known: Known) -> tuple[str, list[str]]:
    return f"It answers again: no answer from {known.message.rule}", ["What was missed is read now, and judged."]


def _review(known: Known) -> tuple[str, list[str]]:
    says = f"Marketing and Sales agreed to go through their agreement on {known.message.rule}."
    return f"The agreement is to be reviewed: {known.message.rule}", [says, "A change needs both signatures: leadpact agreement sign"]


def _expires(known: Known) -> tuple[str, list[str]]:
    says = "After its last day everything is judged and nothing is enforced."
    return f"The agreement ends: {known.message.rule}", [says, "Have both sides sign the next one: leadpact agreement sign"]


def _assigned(known: Known) -> tuple[str, list[str]]:
    message, finding = known.message, known.finding
    title = f"A lead is yours now: {message.lead}"
    to = "you"
    if message.recipient.role != OWNER:
        title, to = f"A lead was handed over: {message.lead}", value_text(known.name) if known.name else "its owner"
    due_at = finding.due_at if finding is not None else None
    due = [f"{finding.rule} is due on {local_text(due_at, known.zone)}."] if finding is not None and due_at is not None else []
    return title, [f"This lead was handed over to {to}, in {value_text(message.rule)}.", *due, *_which(known)]


def _at_risk(known: Known) -> tuple[str, list[str]]:
    rule = known.message.rule
    due_at = known.finding.due_at if known.finding is not None else None
    due = f"is due on {local_text(due_at, known.zone)}" if due_at is not None else "is due soon"
    return f"{rule} is at risk: {known.message.lead}", [f"{rule} {due} and is not kept yet.{_whose(known)}", *_which(known)]


def _broken(known: Known) -> tuple[str, list[str]]:
    rule = known.message.rule
    return f"{rule} is broken: {known.message.lead}", [f"{rule} {_was_due(known)} and is still owed.{_whose(known)}", *_which(known)]


def _recycled(known: Known) -> tuple[str, list[str]]:
    message, cycle = known.message, known.finding.cycle if known.finding is not None else None
    closed = f" on {local_text(cycle.closed_at, known.zone)}" if cycle is not None and cycle.closed_at is not None else ""
    reason = value_text(known.why, longest=LONGEST_REASON) if known.why else f"it was recycled in the CRM{closed}"
    says = ["This lead went back to Marketing.", f"Reason: {reason}."]
    return f"A lead is back with Marketing: {message.lead}", [*says, *_which(known)]


def _report(known: Known) -> tuple[str, list[str]]:
    made = known.made
    if made is None:
        return f"A report is made: {known.message.rule}", ["Another one now: leadpact report"]
    title, at = value_text(made.title), local_text(made.at, known.zone)
    what = f"The report for {title} on {at}" if made.title else f"The report of {at}"
    return f"{what}: {made.figures}", [f"{what} is made.", f"{made.figures}.", f"It lies at {made.file}"]


def _daily(known: Known) -> tuple[str, list[str]]:
    told = known.daily or Overview()
    title = f"{known.message.rule}: {told.open} open, {len(told.today)} due today, {len(told.broken)} broken since the last digest"
    says = f"{told.open} promises are open, {told.late} of them broken."
    return title, [says, *_part("Due today:", told.today, known), *_part("Broken since the last digest:", told.broken, known)]


def _part(heading: str, part: Sequence[Owed], known: Known) -> list[str]:
    lines = [
        f"- {local_text(one.due_at, known.zone)} {one.rule}{_of(one, known)}: {known.pages.get(one.lead, one.lead)}"
        for one in shown(part)
        if one.due_at
    ]
    more = [f"- and {len(part) - len(lines)} more"] if len(part) > len(lines) else []
    return [heading, *lines, *more] if part else []


def _of(one: Owed, known: Known) -> str:
    """Tell whose a promise is, but to its owner."""
    name = known.names.get(one.owner or "")
    return f" of {value_text(name)}" if name and known.message.recipient.role != OWNER else ""


def _whose(known: Known) -> str:
    return f" Its owner is {value_text(known.name)}." if known.name else ""


def _digest(known: Known) -> tuple[str, list[str]]:
    return "Messages about leads", [*_lead(known)]


def _see(known: Known) -> list[str]:
    return [f"leadpact show {known.run}"] if known.run else []


def _was_due(known: Known) -> str:
    due_at = known.finding.due_at if known.finding is not None else None
    return f"was due on {local_text(due_at, known.zone)}" if due_at is not None else "was due"


def _which(known: Known) -> list[str]:
    """Tell why the promise was made, and where the lead is."""
    cycle = known.finding.cycle if known.finding is not None else None
    if cycle is None or cycle.opened_at is None:
        return _lead(known)
    return [f"Why: handed over on {local_text(cycle.opened_at, known.zone)} ({value_text(cycle.opened_by)}).", *_lead(known)]


def _lead(known: Known) -> list[str]:
    return [f"Lead: {known.page or known.message.lead}"]


_TEXTS = {
    Kind.REMINDER: _reminder,
    Kind.GIVEN: _given,
    Kind.ESCALATION: _escalation,
    Kind.TRIP: _trip,
    Kind.NOBODY_LEFT: _nobody_left,
    Kind.FAILED: _failed,
    Kind.DOWN: _down,
    Kind.BACK: _back,
    Kind.REVIEW: _review,
    Kind.EXPIRES: _expires,
    Kind.ASSIGNED: _assigned,
    Kind.AT_RISK: _at_risk,
    Kind.BROKEN: _broken,
    Kind.RECYCLED: _recycled,
    Kind.REPORT: _report,
    Kind.DAILY: _daily,
    Kind.DIGEST: _digest,
}
