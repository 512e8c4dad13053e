"""What the text of a message says, gathered from files and store, and the letter it becomes: by a template of the config, or ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sync.daily import Overview, Owed, overview
from sync.directory import Directory
from sync.letter import Known, Letter, digest_of, letter_of
from sync.messages import OWNER, Kind, Message, Recipient
from sync.steps import Step
from sync.store.findings import Findings
from sync.store.plans import Chosen, Plans
from sync.store.reports import Reports
from sync.store.tidings import Tidings
from sync.templates import Templates
from sync.tidings import Gate

TOLD_WITH_STEP = (Kind.RECYCLED, Kind.NOBODY_LEFT, Kind.ESCALATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Writes letters."""

    findings: Findings
    plans: Plans
    tidings: Tidings
    reports: Reports
    directory: Directory
    templates: Templates
    gate: Gate

    def letter(self, messages: Sequence[Message], overviews: Mapping[Recipient, Overview], *, is_shared: bool) -> Letter:
        """Return the text of a message, or of a digest of several."""
        known = [self._known(message, overviews) for message in messages]
        ours = letter_of(known[0], is_shared=is_shared) if len(known) == 1 else digest_of(known, is_shared=is_shared)
        return self.templates.letter(known, ours, is_shared=is_shared)

    def overviews(self, days: Mapping[Recipient, date]) -> dict[Recipient, Overview]:
        """Return what the daily digests of readers say, each of its day; all leads are looked through once."""
        if not days:
            return {}
        readers = [reader for reader in self.directory.readers(self.directory.agreement.tell.daily) if reader.recipient in days]
        owed = [one for one in self.tidings.owed(self.directory.terms) if self.gate.lists(one, self._team(one))]
        at = self.directory.agreement.tell.daily_at
        return {reader.recipient: overview(reader, owed, at=at, day=days[reader.recipient]) for reader in readers}

    def deadlines(self, messages: Iterable[Message], *, now: datetime) -> dict[Message, list[datetime]]:
        """Return what makes messages urgent: of a reminder its promise's deadline, of others all that lie ahead of their lead."""
        told = list(messages)
        reminded = self.findings.named({one.finding for one in told if one.kind is Kind.REMINDER and one.finding is not None})
        ahead = self.tidings.deadlines({one.lead for one in told if one.lead is not None}, after=now)
        found: dict[Message, list[datetime]] = {}
        for one in told:
            finding = reminded.get(one.finding or "") if one.kind is Kind.REMINDER else None
            own = [finding.due_at] if finding is not None and finding.due_at is not None else []
            found[one] = own if one.kind is Kind.REMINDER else ahead.get(one.lead or "", [])
        return found

    def _known(self, message: Message, overviews: Mapping[Recipient, Overview]) -> Known:
        finding = self.findings.named([message.finding]).get(message.finding) if message.finding is not None else None
        plan = self.plans.get(message.plan) if message.plan is not None else None
        trips = self.plans.trips(message.plan) if message.kind is Kind.TRIP and message.plan is not None else {}
        step = self._step(message) if message.kind in TOLD_WITH_STEP else None
        daily = overviews.get(message.recipient) if message.kind is Kind.DAILY else None
        return Known(
            message=message,
            finding=finding,
            zone=self.directory.zone(message.recipient),
            name=self.directory.name(message.recipient),
            page=self.directory.page(message.lead),
            held=trips.get(message.rule),
            run=plan.run if plan is not None else None,
            why=step.reason if step is not None and message.kind is Kind.RECYCLED else None,
            step=step,
            daily=daily,
            pages=self._pages(daily) if daily is not None else {},
            names=self._names(daily) if daily is not None else {},
            made=self.reports.made(message.rule) if message.kind is Kind.REPORT else None,
        )

    def _step(self, message: Message) -> Step | None:
        """Return the step of a plan that a message is about; None where a person did it."""
        if message.plan is None or message.position is None:
            return None
        chosen = Chosen(places=frozenset({message.position}))
        return next((step for _, step in self.plans.numbered(message.plan, chosen)), None)

    def _team(self, owed: Owed) -> str | None:
        crm, _, owner = (owed.owner or "").partition("/")
        return self.directory.team(crm, owner or None)

    def _names(self, daily: Overview) -> dict[str, str]:
        owners = {one.owner for part in (daily.today, daily.broken) for one in part if one.owner is not None}
        found = ((owner, self.directory.name(Recipient(role=OWNER, of=owner))) for owner in owners)
        return {owner: name for owner, name in found if name is not None}

    def _pages(self, daily: Overview) -> dict[str, str]:
        leads = {one.lead for part in (daily.today, daily.broken) for one in part}
        return {lead: page for lead in leads if (page := self.directory.page(lead)) is not None}
