"""What waits for one target goes there: within its readers' hours, so many an hour, for so long at most."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol

from sync.author import Author
from sync.config_notify import Target
from sync.daily import Overview, is_on_time
from sync.digest import WITHIN, share_out
from sync.letter import Answer, Fate, Letter
from sync.messages import Kind, Message, Recipient, State
from sync.store.outbox import Outbox
from sync.waiting import Kept, hold_until

REST = timedelta(minutes=2)  # for which a target that gave no answer, or lost one, is left alone
NO_ADDRESS = "no address is known: add `email` in roster.toml"
NOT_WANTED = "nothing of it is wanted any more"


class Door(Protocol):
    """Sends a letter to an address of a service."""

    def send(self, url: str, letter: Letter, *, timeout_s: float) -> Answer:
        """Send one letter; never raises for what the service does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tray:
    """What a delivery looks up once: what is still wanted, what makes it urgent, what the digests of a day say."""

    wanted: Callable[[Sequence[Kept]], list[Kept]]  # drops the rest
    deadlines: Mapping[Message, Collection[datetime]]
    overviews: Callable[[], Mapping[Recipient, Overview]]  # for which all leads are looked through


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Sends to one target."""

    target: Target
    outbox: Outbox
    author: Author
    door: Door
    tray: Tray
    most: int  # messages to a reader in an hour, beside one digest
    until: datetime  # when to stop; the rest stays as it is
    now: Callable[[], datetime]
    tell: Callable[[str, Answer], None]

    def all(self, kept: Sequence[Kept]) -> None:
        """Send what may go now, reader by reader; a target without an answer is left alone for a while, and nothing is lost."""
        if self._is_left_alone(kept):
            return
        for reader, theirs in groupby(sorted(kept, key=_reader), key=_reader):
            if not self._to(reader, list(theirs)):
                self._is_left_alone(kept)
                return

    def _is_left_alone(self, kept: Sequence[Kept]) -> bool:
        """Whether nobody knows what became of what was sent there last, and that is a short while ago; note until when the rest waits."""
        since = self.outbox.silent_since(self.target.name)
        if since is None or self.now() >= since + REST:
            return False
        self.outbox.postpone([one.id for one in kept], until=since + REST)
        return True

    def _to(self, reader: Recipient, kept: Sequence[Kept]) -> bool:
        """Send what one reader may get now; False where the target gave no answer, or the time is over."""
        due = [one for one in self._awake(kept) if one.state is State.PENDING or one.due_at <= self.now()]
        again = [one for one in due if one.message.kind is Kind.DIGEST]
        fresh = [one for one in due if one.message.kind is not Kind.DIGEST]
        lately = self.outbox.lately(self.target.name, reader, now=self.now())
        shares = share_out(fresh, lately=lately, most=self.most, held=[one for one in fresh if one.held_until is not None])
        ids = [one.id for one in (*again, *shares.alone)]
        together = shares.together if not again else ()
        if together:
            ids.append(self.outbox.bundle(together, at=self.now()))
        gone = {one.id for one in (*shares.alone, *together)}
        if left := [one.id for one in fresh if one.id not in gone]:
            self.outbox.postpone(left, until=(lately.first_at or self.now()) + WITHIN)
        by_id = {one.id: one for one in kept}
        return all(self.now() < self.until and self._send(reader, id_, by_id.get(id_)) for id_ in ids)

    def _awake(self, kept: Sequence[Kept]) -> list[Kept]:
        """Return what need not wait for the hours of its reader; note of the rest until when it does."""
        if self.target.at_all_hours:
            return list(kept)
        now, awake = self.now(), []
        for one in kept:
            until = self._hold_until(one.message, now)
            if until is None:
                awake.append(one)
            elif until != one.held_until:
                self.outbox.hold([one.id], until=until)
        return awake

    def _hold_until(self, message: Message, now: datetime) -> datetime | None:
        calendar = self.author.directory.calendar(message.recipient)
        if message.kind is Kind.DAILY:
            day, at = datetime.fromisoformat(message.rule).date(), self.author.directory.agreement.tell.daily_at
            if is_on_time(calendar, at, day, now):
                return None
        return hold_until(message, calendar, now, deadlines=self.tray.deadlines.get(message, ()))

    def _send(self, reader: Recipient, id_: int, kept: Kept | None) -> bool:
        """Send one message, or the digest with this id; False where the target gave no answer."""
        is_digest = kept is None or kept.message.kind is Kind.DIGEST
        parts = self.tray.wanted(self.outbox.parts(id_)) if is_digest else [kept] if kept is not None else []
        if not parts:
            self.outbox.drop([id_], NOT_WANTED, at=self.now())
            return True
        if not self.outbox.claim(id_, at=self.now()):
            return True
        answer = self._answer(reader, [one.message for one in parts])
        self.outbox.note(id_, answer, at=self.now())
        self.tell(self.target.name, answer)
        return answer.fate is not Fate.UNKNOWN

    def _answer(self, reader: Recipient, messages: Sequence[Message]) -> Answer:
        url = self.target.url_for(self.author.directory.email(reader))
        if url is None:
            return Answer(Fate.FAILED, NO_ADDRESS)
        overviews = self.tray.overviews() if any(one.kind is Kind.DAILY for one in messages) else {}
        letter = self.author.letter(messages, overviews, is_shared=self.target.is_shared)
        return self.door.send(url, letter, timeout_s=self.target.timeout_s)


def _reader(kept: Kept) -> Recipient:
    return kept.message.recipient.reader
