"""What is to be told is noted, then sent, once: of the journal, of plans, of findings, and each day of what is open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, partial
from itertools import groupby
from zoneinfo import ZoneInfo

from sync.author import Author
from sync.config_notify import Target
from sync.daily import due_now, next_due
from sync.delivery import Delivery, Door, Tray
from sync.directory import Directory
from sync.journal import Event
from sync.judge.findings import Finding
from sync.known import Known
from sync.ladder import GIVING, MOVES
from sync.letter import Answer, Fate
from sync.messages import Kind, Message, News, Recipient, State, held, messages_of, why_over
from sync.store.outbox import Outbox, Untold, Upto
from sync.store.tidings import Tidings
from sync.tidings import FRESH, Teller, Told
from sync.waiting import Kept, next_at

ENOUGH = timedelta(minutes=2)  # of sending in a run; the rest waits for the next
EACH = timedelta(seconds=45)  # of that for one target


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
    """Tells people what there is to tell."""

    known: Known
    outbox: Outbox
    tidings: Tidings
    author: Author
    door: Door
    now: Callable[[], datetime]

    def put(self, messages: Iterable[Message], *, told: Upto | None = None) -> None:
        """Note messages for every target that serves their recipient; `told` says how far the news are told by them."""
        targets = self.known.config.notify
        pairs = [(message, target.name) for message in messages for target in targets if message.recipient.role in target.readers]
        if pairs or told is not None:
            self.outbox.put(pairs, at=self.now(), told=told)

    def gather(self) -> None:
        """Note all that there is to tell by now."""
        moved = self._take_news()
        self._take_tidings(moved)
        self._take_daily()

    def deliver(self) -> Posted:
        """Send what is due, each target for a while at most, and all of them together for two minutes.

        A target that gives no answer is left alone for the next minutes. What stays pending is due later, see `next_at`.
        """
        self.outbox.drop_old(at=self.now())
        posted, targets, until = Posted(), {target.name: target for target in self.known.config.notify}, self.now() + ENOUGH
        waiting = sorted(self._still_wanted(self.outbox.waiting()), key=_target)
        tray = self._tray(waiting)
        for name, theirs in groupby(waiting, key=_target):
            kept = list(theirs)
            if name in targets:
                self._delivery(targets[name], tray, posted, until).all(kept)
            else:
                self.outbox.drop([one.id for one in kept], "the config has no such target any more", at=self.now())
        posted.states[State.PENDING] = len([one for one in self.outbox.waiting() if one.state is State.PENDING])
        return posted

    def next_at(self) -> datetime | None:
        """Return when there is something to send next, or a daily digest to make; None for never, and a moment that is past for now."""
        told, at = self.tidings.told_daily(), self._directory.agreement.tell.daily_at
        served = self.known.config.told
        readers = [reader for reader in self._directory.readers(self._directory.agreement.tell.daily) if reader.recipient.role in served]
        mornings = (next_due(reader, at, self.now(), told.get(reader.recipient)) for reader in readers)
        return next_at(self.outbox.waiting(), (moment for moment in mornings if moment is not None))

    @property
    def _directory(self) -> Directory:
        return self.author.directory

    def _take_news(self) -> frozenset[str]:
        """Note what the journal and the plans tell since this was last done: it happened, so it is told. Return the leads that moved."""
        untold = self.outbox.untold()
        self.put(self._told_by(untold) if self.known.config.notify else (), told=untold.upto)
        moved = (news for news in untold.steps if news.action in GIVING or (news.action in MOVES and news.event is Event.VERIFIED))
        return frozenset(news.lead for news in moved)

    def _told_by(self, untold: Untold) -> Iterator[Message]:
        findings = self.known.findings.named({news.finding for news in untold.steps})
        for news in untold.steps:
            yield from self._messages(news, findings.get(news.finding))
        for plan, trips in untold.trips.items():
            yield from held(plan, trips)

    def _messages(self, news: News, finding: Finding | None) -> Iterable[Message]:
        terms = self._directory.terms
        crm = news.crm if news.leaver is None else terms.authority.owner
        return messages_of(
            news,
            finding=finding,
            crm=terms.owning_crm(finding.records) if finding is not None else crm,
            owner_field=terms.crms[news.crm].vocabulary.owner if news.crm in terms.crms else "",
            agreement=self._directory.agreement,
            team_of=self._directory.team,
        )

    def _take_tidings(self, just_moved: frozenset[str]) -> None:
        """Note what findings tell that are new since this was last done."""
        if not self.known.config.notify:
            self.tidings.pass_over()
            return
        tell = self._directory.agreement.tell
        while True:
            keys, upto = self.tidings.fresh(since=self.now() - FRESH, at_risk=bool(tell.at_risk), broken=bool(tell.broken))
            findings = list(self.known.findings.named(keys).values())
            self.put(list(self._told_of(findings, just_moved)), told=Upto(finding=upto))
            if not keys:
                return

    def _told_of(self, findings: Sequence[Finding], just_moved: frozenset[str]) -> Iterator[Message]:
        teller = Teller(agreement=self._directory.agreement, team_of=self._directory.team, now=self.now())
        given = self.tidings.given({finding.lead for finding in findings})
        told = Told(given=given, just_moved=just_moved, reminded=self.tidings.reminded({finding.key for finding in findings}))
        for finding in sorted(findings, key=_by_deadline):  # a lead that is new is told with the promise that falls due first
            crm = self._directory.terms.owning_crm(finding.records)
            if self.author.gate.lets(finding, self._directory.team(crm, finding.owner)):
                yield from teller.messages(finding, crm=crm, told=told)

    def _take_daily(self) -> None:
        """Note the digests that are due for today, of those who have anything to hear of."""
        told, at, now, served = self.tidings.told_daily(), self._directory.agreement.tell.daily_at, self.now(), self.known.config.told
        readers = [reader for reader in self._directory.readers(self._directory.agreement.tell.daily) if reader.recipient.role in served]
        found = {reader.recipient: due_now(reader, at, now, told.get(reader.recipient)) for reader in readers}
        days = {recipient: day for recipient, day in found.items() if day is not None}
        if days:
            overviews = self.author.overviews(days)
            messages = [_daily(one, day) for one, day in days.items() if overviews[one].open]
            self.put(messages, told=Upto(days=days))

    def _still_wanted(self, kept: Sequence[Kept]) -> list[Kept]:
        """Leave out, and drop, the reminders of what is settled or broken by now, and the digests of other days."""
        findings = self.known.findings.named({one.message.finding for one in kept if one.message.finding is not None})
        now = self.now()
        over = {one.id: why for one in kept if (why := self._why_over(one.message, findings, now)) is not None}
        for id_, why in over.items():
            self.outbox.drop([id_], why, at=now)
        return [one for one in kept if one.id not in over]

    def _why_over(self, message: Message, findings: dict[str, Finding], now: datetime) -> str | None:
        today = now.astimezone(ZoneInfo(self._directory.calendar(message.recipient).zone)).date()
        return why_over(message, findings.get(message.finding or ""), today=today)

    def _tray(self, waiting: Sequence[Kept]) -> Tray:
        messages = [one.message for one in waiting]
        days = {one.recipient: date.fromisoformat(one.rule) for one in messages if one.kind is Kind.DAILY}
        deadlines = self.author.deadlines(messages, now=self.now())
        return Tray(wanted=self._still_wanted, deadlines=deadlines, overviews=cache(partial(self.author.overviews, days)))

    def _delivery(self, target: Target, tray: Tray, posted: Posted, until: datetime) -> Delivery:
        return Delivery(
            target=target,
            outbox=self.outbox,
            author=self.author,
            door=self.door,
            tray=tray,
            most=self.known.config.limits.reminders_per_owner_and_hour,
            until=min(until, self.now() + EACH),
            now=self.now,
            tell=posted.add,
        )


def _daily(recipient: Recipient, day: date) -> Message:
    return Message(kind=Kind.DAILY, recipient=recipient, rule=day.isoformat())


def _by_deadline(finding: Finding) -> tuple[bool, float, str]:
    due_at = finding.due_at
    return due_at is None, due_at.timestamp() if due_at is not None else 0.0, finding.key


def _target(kept: Kept) -> str:
    return kept.target
