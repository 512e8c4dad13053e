"""Whom leadpact tells what, once: reminders, new owners, escalations, held moves, changes that do not stand. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sync.agreement.model import Agreement
from sync.journal import Event
from sync.judge.findings import Finding, Side, Status
from sync.ladder import GIVING
from sync.steps import Step

OWNER, MANAGER, MARKETING, OPS = "owner", "manager", "marketing", "ops"
ROLES = (OWNER, MANAGER, MARKETING, OPS)  # beside these the channels that a handoff tells
PERSONS = (OWNER, MANAGER)  # they have an address of their own
STANDS_NOT = frozenset({Event.REFUSED, Event.NOT_WRITTEN, Event.OVERWRITTEN})  # the other ways to fail pass, or are settled later


class Kind(StrEnum):
    """What a message is about."""

    REMINDER = "reminder"
    GIVEN = "given"  # a lead has a new owner
    ESCALATION = "escalation"
    TRIP = "trip"  # a limit holds moves back
    NOBODY_LEFT = "nobody_left"  # of a pool, who might get a lead
    FAILED = "failed"  # a change does not stand
    DIGEST = "digest"  # of messages that were too many


class State(StrEnum):
    """What became of a message to one target."""

    PENDING = "pending"
    SENDING = "sending"  # noted before it is sent
    SENT = "sent"  # the target says so
    FAILED = "failed"  # the target surely did not take it
    UNKNOWN = "unknown"  # it may have arrived, so it is never sent again
    IN_DIGEST = "in digest"
    DROPPED = "dropped"  # never sent: nobody needs it any more


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Recipient:
    """Who is told, and which owner it is about: the owner who is told, whose manager is, or whom a channel hears of."""

    role: str
    of: str = ""  # `hubspot/77`; empty where it is about no owner

    @property
    def reader(self) -> Recipient:
        """Who reads it: of a channel the same for every owner."""
        return self if self.role in PERSONS else Recipient(role=self.role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing that one recipient is told once; keys only, its text is made when it is sent."""

    kind: Kind
    recipient: Recipient
    rule: str  # of a pool in which nobody is left its name
    lead: str | None = None
    finding: str | None = None
    rung: int | None = None  # of a pool in which nobody is left the day, as an ordinal
    plan: int | None = None
    position: int | None = None  # of the step in the plan

    @property
    def key(self) -> str:
        """What makes it this message: told already, whatever the run or plan; of a limit once a plan and rule, of a pool once a day."""
        told_of = {Kind.TRIP: (self.plan, self.rule), Kind.NOBODY_LEFT: (self.rule, self.rung)}
        about = told_of.get(self.kind, (self.finding, self.rung))
        return "|".join(map(str, (self.kind, *about, self.recipient.role, self.recipient.of)))


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What the journal tells of one step that somebody waits for."""

    plan: int
    position: int
    event: Event
    action: str
    lead: str
    crm: str  # of the record that was written
    finding: str
    rule: str
    rung: int
    writes: Mapping[str, str | None]  # field -> the value that was sent


def whom_to_remind(finding: Finding, crm: str) -> Recipient | None:
    """Return whom a promise is to be remembered to, by the owner's id in `crm`; None where nobody has the lead."""
    if finding.side is Side.MARKETING:
        return Recipient(role=MARKETING)
    if not finding.owner:
        return None
    return Recipient(role=MANAGER if finding.side is Side.MANAGER else OWNER, of=f"{crm}/{finding.owner}")


def reminder(step: Step, recipient: Recipient, *, plan: int, position: int) -> Message:
    """Return the message of a `remind` step."""
    return Message(
        kind=Kind.REMINDER,
        recipient=recipient,
        rule=step.rule,
        lead=step.lead,
        finding=step.finding,
        rung=step.rung,
        plan=plan,
        position=position,
    )


def messages_of(news: News, *, finding: Finding | None, crm: str, owner_field: str, agreement: Agreement) -> Iterator[Message]:
    """Yield what is told of a step, to whom the agreement says; `crm` is the one whose owner the finding names."""
    if news.event in STANDS_NOT:
        yield _about(news, Kind.FAILED, Recipient(role=OPS))
    elif news.action == "escalate" and finding is not None and finding.owner:
        yield _about(news, Kind.ESCALATION, Recipient(role=MANAGER, of=f"{crm}/{finding.owner}"))
    elif news.action in GIVING and (owner := news.writes.get(owner_field)):
        tell = _told(agreement, finding.cycle.handoff) if finding is not None else (OWNER,)
        for role in tell:
            yield _about(news, Kind.GIVEN, Recipient(role=role, of=f"{news.crm}/{owner}"))


def held(plan: int, trips: Mapping[str, str]) -> Iterator[Message]:
    """Yield what is told of a plan that goes beyond limits, a message a rule."""
    for rule in sorted(trips):
        yield Message(kind=Kind.TRIP, recipient=Recipient(role=OPS), rule=rule, plan=plan)


def nobody_left(plan: int, steps: Iterable[tuple[int, Step]], today: date) -> Iterator[Message]:
    """Yield what is told of a plan whose leads nobody of a pool may get, a message a pool: of the first lead, as an example.

    Only of steps that nothing else is against: who observes knows it from the report.
    """
    told: set[str] = set()
    for position, step in steps:
        pool, against = step.nobody_left, 0 if step.given is not None else 1
        if pool is None or pool in told or len(step.blocked_by) > against:
            continue
        told.add(pool)
        yield Message(
            kind=Kind.NOBODY_LEFT,
            recipient=Recipient(role=OPS),
            rule=pool,
            lead=step.lead,
            finding=step.finding,
            rung=today.toordinal(),
            plan=plan,
            position=position,
        )


def why_over(message: Message, finding: Finding | None) -> str | None:
    """Say why a reminder that waited is not sent any more; None if it still is. Whatever happened is told however late."""
    if message.kind is not Kind.REMINDER:
        return None
    if finding is None or not finding.owed:
        return f"{message.rule} is not owed any more"
    if (message.rung or 0) <= 0 and finding.status is Status.BREACHED:
        return f"{message.rule} is broken by now"
    return None


def _told(agreement: Agreement, handoff: str) -> tuple[str, ...]:
    return next((one.tell for one in agreement.handoffs if one.name == handoff), ())


def _about(news: News, kind: Kind, recipient: Recipient) -> Message:
    return Message(
        kind=kind,
        recipient=recipient,
        rule=news.rule,
        lead=news.lead,
        finding=news.finding,
        rung=news.rung,
        plan=news.plan,
        position=news.position,
    )
