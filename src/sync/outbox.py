"""The outbox -> people: what is to be told is noted, bounded, sent once, and noted again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol
from zoneinfo import ZoneInfo

from connectors.records import Account, RecordKey
from sync.agreement.model import Agreement
from sync.config_notify import Target
from sync.digest import share_out
from sync.judge.findings import Finding
from sync.known import Known
from sync.letter import Answer, Fate, Letter, digest_of, letter_of
from sync.letter import Known as Told
from sync.messages import MANAGER, PERSONS, Kind, Message, News, Recipient, State, held, messages_of, why_over
from sync.roster import Person
from sync.steps import Step
from sync.store.outbox import Kept, Outbox
from sync.store.plans import Chosen, Plans
from sync.superiors import Superior, address_of, manager_of, superior_in, who_reads
from sync.terms import Terms

ENOUGH = timedelta(minutes=2)  # of sending in a run; the rest waits for the next
NO_ADDRESS = "no address is known: add `email` in roster.toml"


class Door(Protocol):
    """Sends a letter to an address of a service."""

    def send(self, url: str, letter: Letter, *, timeout_s: float) -> Answer:
        """Send one letter; never raises for what the service does."""
        ...


@dataclass(slots=True)
class Posted:
    """What became of messages in a run."""

    states: Counter[State] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)  # name of a target, what it said

    def add(self, target: str, answer: Answer) -> None:
        """Count one letter."""
        self.states[State(answer.fate.value)] += 1
        if answer.fate is not Fate.SENT and (target, answer.said) not in self.failures:
            self.failures.append((target, answer.said))


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Tells people what a run has to tell."""

    known: Known
    outbox: Outbox
    plans: Plans
    door: Door
    accounts: Mapping[str, Account]  # by CRM
    terms: Terms
    agreement: Agreement
    now: Callable[[], datetime]

    @property
    def _targets(self) -> dict[str, Target]:
        return {target.name: target for target in self.known.config.notify}

    def put(self, messages: Iterable[Message], *, upto: tuple[int, int] | None = None) -> None:
        """Note messages for every target that serves their recipient; `upto` says how far the news are told by them."""
        targets = self.known.config.notify
        pairs = [(message, target.name) for message in messages for target in targets if message.recipient.role in target.readers]
        if pairs or upto is not None:
            self.outbox.put(pairs, at=self.now(), upto=upto)

    def take_news(self) -> None:
        """Note what the journal and the plans tell since this was last done: it happened, so it is told."""
        untold = self.outbox.untold()
        findings = self.known.findings.named({news.finding for news in untold.steps})
        messages = [message for news in untold.steps for message in self._messages(news, findings.get(news.finding))]
        messages += [message for plan, trips in untold.trips.items() for message in held(plan, trips)]
        self.put(messages, upto=untold.upto)

    def _messages(self, news: News, finding: Finding | None) -> Iterable[Message]:
        return messages_of(
            news,
            finding=finding,
            crm=self.terms.owning_crm(finding.records) if finding is not None else news.crm,
            owner_field=self.terms.crms[news.crm].vocabulary.owner if news.crm in self.terms.crms else "",
            agreement=self.agreement,
        )

    def deliver(self) -> Posted:
        """Send what waits, to each reader at most so many an hour, for two minutes at most: a target's own pace may be slow.

        A target that gives no answer is left alone for this run.
        """
        posted, silent, targets = Posted(), set[str](), self._targets
        until = self.now() + ENOUGH
        waiting = sorted(self._still_wanted(self.outbox.waiting()), key=_whose)
        for (name, reader), theirs in groupby(waiting, key=_whose):
            kept = list(theirs)
            if name not in targets:
                self.outbox.drop([one.id for one in kept], "the config has no such target any more", at=self.now())
            elif name in silent or not self._deliver(targets[name], reader, kept, posted, until):
                silent.add(name)
        posted.states[State.PENDING] = len([one for one in self.outbox.waiting() if one.state is State.PENDING])
        return posted

    def _still_wanted(self, kept: Sequence[Kept]) -> list[Kept]:
        """Leave out, and drop, the reminders of what is settled or broken by now."""
        findings = self.known.findings.named({one.message.finding for one in kept if one.message.finding is not None})
        over = {one.id: why for one in kept if (why := why_over(one.message, findings.get(one.message.finding or ""))) is not None}
        for id_, why in over.items():
            self.outbox.drop([id_], why, at=self.now())
        return [one for one in kept if one.id not in over]

    def _deliver(self, target: Target, reader: Recipient, kept: Sequence[Kept], posted: Posted, until: datetime) -> bool:
        """Send what one reader may get now; False where the target gave no answer, or the time is over."""
        again = [one for one in kept if one.message.kind is Kind.DIGEST]
        fresh = [one for one in kept if one.message.kind is not Kind.DIGEST]
        lately = self.outbox.lately(target.name, reader, now=self.now())
        most = self.known.config.limits.reminders_per_owner_and_hour
        shares = share_out(fresh, lately=lately, most=most)
        ids = [one.id for one in (*again, *shares.alone)]
        if shares.together and not again:
            ids.append(self.outbox.bundle(shares.together, at=self.now()))
        by_id = {one.id: one for one in kept}
        return all(self.now() < until and self._send(target, reader, id_, by_id.get(id_), posted) for id_ in ids)

    def _send(self, target: Target, reader: Recipient, id_: int, kept: Kept | None, posted: Posted) -> bool:
        """Send one message, or the digest with this id; False where nobody knows whether it arrived."""
        parts = [kept] if kept is not None and kept.message.kind is not Kind.DIGEST else self.outbox.parts(id_)
        parts = self._still_wanted(parts) if kept is None or kept.message.kind is Kind.DIGEST else parts
        if not parts:
            self.outbox.drop([id_], "nothing of it is wanted any more", at=self.now())
            return True
        if not self.outbox.claim(id_, at=self.now()):
            return True
        answer = self._answer(target, reader, [self._told(one.message) for one in parts])
        self.outbox.note(id_, answer, at=self.now())
        posted.add(target.name, answer)
        return answer.fate is not Fate.UNKNOWN

    def _answer(self, target: Target, reader: Recipient, told: Sequence[Told]) -> Answer:
        person = self._person(reader)
        url = target.url_for(self._email(reader, person))
        if url is None:
            return Answer(Fate.FAILED, NO_ADDRESS)
        is_shared = target.is_shared
        letter = letter_of(told[0], is_shared=is_shared) if len(told) == 1 else digest_of(told, is_shared=is_shared)
        return self.door.send(url, letter, timeout_s=target.timeout_s)

    def _told(self, message: Message) -> Told:
        """Gather from files and store what the text of a message says."""
        finding = self.known.findings.named([message.finding]).get(message.finding) if message.finding is not None else None
        plan = self.plans.get(message.plan) if message.plan is not None else None
        trips = self.plans.trips(message.plan) if message.kind is Kind.TRIP and message.plan is not None else {}
        return Told(
            message=message,
            finding=finding,
            zone=ZoneInfo(self._zone(message.recipient)),
            name=self._name(message.recipient),
            page=self._page(message.lead),
            held=trips.get(message.rule),
            run=plan.run if plan is not None else None,
            step=self._step(message) if message.kind is Kind.NOBODY_LEFT else None,
        )

    def _step(self, message: Message) -> Step | None:
        """Return the step of a plan that a message is about."""
        if message.plan is None or message.position is None:
            return None
        found = self.plans.numbered(message.plan, Chosen(places=frozenset({message.position})))
        return next((step for _, step in found), None)

    def _page(self, lead: str | None) -> str | None:
        """Return where the CRM shows a lead; None where it does not say."""
        if lead is None:
            return None
        key = RecordKey.parse(lead)
        pages = self.accounts[key.crm].record_pages if key.crm in self.accounts else {}
        return f"{pages[key.kind]}{key.id}" if key.kind in pages and key.id.isascii() and key.id.isalnum() else None

    def _owner(self, recipient: Recipient) -> tuple[str, str] | None:
        crm, _, owner = recipient.of.partition("/")
        return (crm, owner) if owner and crm in self.terms.crms else None

    def _person(self, recipient: Recipient) -> Person | None:
        """Return who is told, if the roster knows them."""
        owner = self._owner(recipient)
        if owner is None or recipient.role not in PERSONS:
            return None
        if recipient.role == MANAGER:
            return manager.person if (manager := self._manager(owner)) is not None else None
        return self.known.roster.person_of(*owner)

    def _manager(self, owner: tuple[str, str]) -> Superior | None:
        """Return who is told as the manager of an owner: while they are away the next above them who is there and has an address."""
        crm, id_ = owner
        return who_reads(self.terms, manager, self.now()) if (manager := manager_of(self.terms, id_, of=crm)) is not None else None

    def _email(self, recipient: Recipient, person: Person | None) -> str | None:
        """Return the address of whom is told: the roster's word, else the CRM's."""
        owner = self._owner(recipient)
        if recipient.role == MANAGER:
            manager = self._manager(owner) if owner is not None else None
            return address_of(self.terms, manager) if manager is not None else None
        if person is not None:
            return address_of(self.terms, superior_in(person))
        return self.terms.crms[owner[0]].emails.get(owner[1]) if owner is not None else None

    def _name(self, recipient: Recipient) -> str | None:
        owner = self._owner(recipient)
        return self.terms.crms[owner[0]].names.get(owner[1]) if owner is not None else None

    def _zone(self, recipient: Recipient) -> str:
        person = self._person(recipient)
        if person is None or not person.ids:
            return self.agreement.zone.key
        crm, owner = next(iter(person.ids.items()))
        return self.known.roster.calendar_of(crm, owner, self.agreement).zone


def _whose(kept: Kept) -> tuple[str, Recipient]:
    return kept.target, kept.message.recipient.reader
