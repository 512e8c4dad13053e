"""Whom leadpact tells what, once: what a message is, and which ones a plan, the journal and held plans give. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from sync.agreement.model import Agreement
from sync.journal import Event
from sync.judge.findings import Finding, Side, Status
from sync.ladder import GIVING
from sync.steps import Step

OWNER, MANAGER, MARKETING, OPS = "owner", "manager", "marketing", "ops"
ROLES = (OWNER, MANAGER, MARKETING, OPS)  # beside these the channels that the agreement tells, and teams
TEAM = "team"  # in the agreement: the channel of the owner's team, which a target serves as `team NAME`
PERSONS = (OWNER, MANAGER)  # they have an address of their own
BACK = ("recycle", "return")  # the steps by which a lead goes back to Marketing
STANDS_NOT = frozenset({Event.REFUSED, Event.NOT_WRITTEN, Event.OVERWRITTEN})  # the other ways to fail pass, or are settled later


class Kind(StrEnum):
    """What a message is about."""

    REMINDER = "reminder"
    GIVEN = "given"  # leadpact gave a lead to a new owner
    ASSIGNED = "assigned"  # an owner has a lead whose clock began
    AT_RISK = "at_risk"  # to others than who owes it
    BROKEN = "broken"
    RECYCLED = "recycled"  # a lead is back with Marketing
    ESCALATION = "escalation"
    TRIP = "trip"  # a limit holds moves back
    NOBODY_LEFT = "nobody_left"  # of a pool, who might get a lead
    FAILED = "failed"  # a change does not stand
    DOWN = "down"  # a CRM does not answer
    BACK = "back"  # it answers again
    REVIEW = "review"  # the agreement is to be reviewed
    EXPIRES = "expires"  # it ends soon
    REPORT = "report"  # of a meeting, or of the config: it is made, and lies somewhere
    DAILY = "daily"  # what is open, due today and broken since yesterday
    DIGEST = "digest"  # of messages that were too many


ABOUT_NO_LEAD = frozenset({Kind.TRIP, Kind.REPORT, Kind.DAILY, Kind.DOWN, Kind.BACK, Kind.REVIEW, Kind.EXPIRES})
ABOUT_WHAT_IS_OWED = frozenset({Kind.REMINDER, Kind.AT_RISK, Kind.BROKEN})


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
    rule: str  # of a passage's its handoff, of nobody left's its pool, of a daily digest's its day, of a report's its name; see `notices`
    lead: str | None = None
    finding: str | None = None
    rung: int | None = None  # of what is about a passage its number, of nobody left the day as an ordinal
    plan: int | None = None
    position: int | None = None  # of the step in the plan

    @property
    def key(self) -> str:
        """What makes it this message: told already, whatever the run or plan."""
        whose = "" if self.kind is Kind.RECYCLED else self.recipient.of  # a lead that is back has another owner than it had
        return "|".join(map(str, (self.kind, *self._about, self.recipient.role, whose)))

    @property
    def _about(self) -> tuple[object, ...]:
        match self.kind:
            case Kind.TRIP:
                return self.plan, self.rule
            case Kind.NOBODY_LEFT:
                return self.rule, self.rung
            case Kind.ASSIGNED | Kind.RECYCLED:
                return self.lead, self.rule, self.rung
            case Kind.REPORT | Kind.DAILY | Kind.DOWN | Kind.BACK | Kind.REVIEW | Kind.EXPIRES:
                return (self.rule,)
            case _:
                return self.finding, self.rung


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
    leaver: str | None = None  # of an offboarding: who leaves, in the CRM that says who owns leads


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


TeamOf = Callable[[str, str | None], str | None]  # (CRM, owner id) -> team


def messages_of(
    news: News, *, finding: Finding | None, crm: str, owner_field: str, agreement: Agreement, team_of: TeamOf
) -> Iterator[Message]:
    """Yield what is told of a step, to whom the agreement says; `crm` is the one whose owner the finding, or an offboarding, names."""
    if news.event in STANDS_NOT:
        yield _about(news, Kind.FAILED, Recipient(role=OPS))
    elif news.action == "escalate":
        if (owner := finding.owner if finding is not None else news.leaver) is not None:
            yield _about(news, Kind.ESCALATION, Recipient(role=MANAGER, of=f"{crm}/{owner}"))
    elif news.action in GIVING and (owner := news.writes.get(owner_field)):
        tell = told_of_handoff(agreement, finding.cycle.handoff) if finding is not None else (OWNER,)
        for recipient in recipients(tell, crm=news.crm, owner=owner, team_of=team_of):
            yield _about(news, Kind.GIVEN, recipient)
    elif news.action in BACK:
        owner = finding.owner if finding is not None else None
        rule, rung = (finding.cycle.handoff, finding.cycle.number) if finding is not None else (news.rule, news.rung)
        for recipient in recipients(agreement.tell.recycled, crm=crm, owner=owner, team_of=team_of):
            yield replace(_about(news, Kind.RECYCLED, recipient), rule=rule, rung=rung)


def recipients(words: Iterable[str], *, crm: str, owner: str | None, team_of: TeamOf) -> Iterator[Recipient]:
    """Yield whom the words of the agreement mean for a lead of this owner; nobody's lead has no owner, manager or team to tell."""
    of = f"{crm}/{owner}" if owner else ""
    for word in words:
        if word == TEAM:
            if (team := team_of(crm, owner)) is not None:
                yield Recipient(role=f"{TEAM} {team}", of=of)
        elif of or word not in PERSONS:
            yield Recipient(role=word, of=of)


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


def why_over(message: Message, finding: Finding | None, *, today: date) -> str | None:
    """Say why a message that waited is not sent any more; None if it still is. Whatever happened is told however late.

    `today` is by the reader's clock.
    """
    if message.kind is Kind.DAILY:
        return None if message.rule == today.isoformat() else "its day is over"
    if message.kind not in ABOUT_WHAT_IS_OWED:
        return None
    if finding is None or not finding.owed:
        return f"{finding.rule if finding is not None else message.rule} is not owed any more"
    if message.kind is Kind.AT_RISK or (message.kind is Kind.REMINDER and (message.rung or 0) <= 0):
        return f"{message.rule} is broken by now" if finding.status is Status.BREACHED else None
    return None


def told_of_handoff(agreement: Agreement, handoff: str) -> tuple[str, ...]:
    """Return who hears of a lead's owner in a handoff."""
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
