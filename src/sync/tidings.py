"""Whom leadpact tells what of findings alone: a lead that is theirs, a promise at risk or broken, a lead that is back. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sync.agreement.model import Agreement
from sync.brakes import Brakes
from sync.daily import Owed
from sync.facts import Exit
from sync.judge.findings import Finding, Side, Status
from sync.messages import MARKETING, PERSONS, TEAM, Kind, Message, Recipient, TeamOf, recipients, told_of_handoff, whom_to_remind
from sync.stops import Subject

FRESH = timedelta(hours=24)  # what happened before is no news: the daily digest lists what is still open of it
RUNS = (Status.RUNNING, Status.AT_RISK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What keeps leadpact from telling people of what it only sees, as it keeps it from reminding them."""

    mode_of: Callable[[str, str | None], str]  # (rule, team of the owner) -> observe | remind | enforce
    enforced_since: Callable[[str], datetime | None]  # when a rule was first more than observed; what opened before is backlog
    not_enforcing: str | None  # why the agreement may not be enforced
    brakes: Brakes

    def lets(self, finding: Finding, team: str | None) -> bool:
        """Whether people may be told of a finding."""
        subject = Subject(rule=finding.rule, team=team, leads=(finding.lead, *map(str, finding.records)))
        return self._is_for_people(subject, finding.cycle.opened_at) and next(self.brakes.pauses(subject), None) is None

    def lists(self, owed: Owed, team: str | None) -> bool:
        """Whether a daily digest may list a promise: also of what is paused or frozen, not of what is only observed, or backlog."""
        return self._is_for_people(Subject(rule=owed.rule, team=team, leads=(owed.lead,)), owed.opened_at)

    def _is_for_people(self, subject: Subject, opened_at: datetime | None) -> bool:
        if self.not_enforcing is not None or self.mode_of(subject.rule, subject.team) == "observe":
            return False
        if self.brakes.observes(subject) is not None:
            return False
        since = self.enforced_since(subject.rule)
        return since is not None and opened_at is not None and opened_at >= since


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What people were told already that a finding would tell them again."""

    given: Mapping[str, Collection[tuple[Recipient, datetime]]] = field(default_factory=dict)  # lead -> who was told of its new owner, when
    just_moved: Collection[str] = ()  # leads whose findings still name the owner of before
    reminded: Collection[tuple[str, Recipient]] = ()  # key of a finding -> who was told that it is broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Says what is told of findings, by one agreement at one moment."""

    agreement: Agreement
    team_of: TeamOf
    now: datetime

    def messages(self, finding: Finding, *, crm: str, told: Told) -> Iterator[Message]:
        """Yield what is told of a finding; `crm` is the one whose owner it names."""
        if finding.lead not in told.just_moved:
            yield from self._assigned(finding, crm, told)
        if finding.owed and finding.status is Status.AT_RISK:
            owes = whom_to_remind(finding, crm)
            concerned = self._concerned(self.agreement.tell.at_risk, finding, crm)
            others = (one for one in concerned if owes is None or one.reader != owes.reader)
            yield from (_about(finding, Kind.AT_RISK, one) for one in others)
        if finding.owed and finding.status is Status.BREACHED and self._is_fresh(finding.due_at):
            broken = self._concerned(self.agreement.tell.broken, finding, crm)
            yield from (_about(finding, Kind.BROKEN, one) for one in broken if (finding.key, one) not in told.reminded)
        yield from self._recycled(finding, crm)

    def _assigned(self, finding: Finding, crm: str, told: Told) -> Iterator[Message]:
        """Yield that an owner has a lead whose clock began a short while ago, unless they heard that it was given to them."""
        opened_at = finding.cycle.opened_at
        if finding.kind != "clock" or finding.status not in RUNS or not finding.owner or opened_at is None:
            return
        if not self._is_fresh(finding.started_at):
            return
        heard = {who for who, at in told.given.get(finding.lead, ()) if at >= opened_at}
        for one in recipients(told_of_handoff(self.agreement, finding.cycle.handoff), crm=crm, owner=finding.owner, team_of=self.team_of):
            if one not in heard:
                yield _of_passage(finding, Kind.ASSIGNED, one)

    def _recycled(self, finding: Finding, crm: str) -> Iterator[Message]:
        if finding.cycle.closed_by == Exit.RECYCLED.value and self._is_fresh(finding.cycle.closed_at):
            for one in recipients(self.agreement.tell.recycled, crm=crm, owner=finding.owner, team_of=self.team_of):
                yield _of_passage(finding, Kind.RECYCLED, one)

    def _concerned(self, words: Collection[str], finding: Finding, crm: str) -> Iterator[Recipient]:
        """Yield whom a promise concerns: of Marketing's neither owner, manager nor team, of the others not Marketing."""
        apart = (*PERSONS, TEAM) if finding.side is Side.MARKETING else (MARKETING,)
        return recipients((word for word in words if word not in apart), crm=crm, owner=finding.owner, team_of=self.team_of)

    def _is_fresh(self, at: datetime | None) -> bool:
        return at is not None and self.now - FRESH < at <= self.now


def _about(finding: Finding, kind: Kind, recipient: Recipient) -> Message:
    return Message(kind=kind, recipient=recipient, rule=finding.rule, lead=finding.lead, finding=finding.key)


def _of_passage(finding: Finding, kind: Kind, recipient: Recipient) -> Message:
    return replace(_about(finding, kind, recipient), rule=finding.cycle.handoff, rung=finding.cycle.number)
