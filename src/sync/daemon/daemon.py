"""The loop: waits for the nearest of poll, deadline, message and job, and for whoever wakes it; everything that writes happens here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from queue import Empty, SimpleQueue
from typing import Protocol

import structlog

from connectors.errors import ConnectorError
from sync.daemon.clock import Clock, Machine
from sync.daemon.crm import Crm
from sync.daemon.events import Crashed, Event, Hinted, Order, Polled, Reload, Stop
from sync.daemon.heartbeat import Heartbeat
from sync.daemon.hints import HintBox
from sync.daemon.hour import Hour
from sync.daemon.schedule import Backoff
from sync.daemon.service_manager import Manager
from sync.daemon.tick import News, Ticked
from sync.errors import SyncError
from sync.messages import Message
from sync.notices import crm_is_back, crm_is_down
from sync.problems import listed
from sync.store.errors import StoreError

log = structlog.get_logger()
LONGEST_PAUSE_S = 20.0  # so often the heartbeat is renewed, and a clock that jumped is noticed
SHORTEST_PAUSE_S = 0.05
TICKS_APART_S = 0.5  # so that a storm of news is judged together
WHOLE_EVERY_S = 300.0  # every breach that may still be acted on is looked at again: a pause ended, somebody came back


class Asker(Protocol):
    """Reads one CRM, order by order, and puts what came of each into the queue."""

    def ask(self, order: Order) -> None:
        """Give an order."""
        ...


class Ended(StrEnum):
    """Why the loop ended."""

    STOPPED = "stopped"
    RELOADED = "reloaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the loop does, put together by wiring."""

    tick: Callable[[News], Ticked]
    ticked: Callable[[float, bool], None]  # hears of each tick: how many seconds it took, and whether all went well
    next_at: Callable[[datetime], datetime | None]  # when a promise or a message falls due next
    beat: Callable[[Heartbeat], None]
    may_reload: Callable[[], str | None]  # reads the files anew; says why they are refused, None if they are right
    notify: Callable[[Message, datetime], None]  # puts a message into the outbox at a moment; the next tick sends it
    stretched: Callable[[Crm], None]  # hears of a CRM whose calls are scarce
    jobs: Callable[[datetime], bool]  # starts and looks after what the day's schedule asks for; whether people are to be told something


@dataclass(slots=True, kw_only=True)
class Daemon:
    """Runs until it is told to stop, or has read new files."""

    crms: Mapping[str, Crm]
    askers: Mapping[str, Asker]
    events: SimpleQueue[Event]
    machine: Machine
    manager: Manager
    work: Work
    hints: HintBox
    pulse: Heartbeat
    _clock: Clock = field(init=False)
    _has_news: bool = field(default=True, init=False)
    _tick_at_s: float = field(default=0.0, init=False)  # not before
    _whole_at_s: float = field(default=0.0, init=False)
    _wholly_at: datetime = field(default=datetime.min.replace(tzinfo=UTC), init=False)  # when everything was looked at last
    _backoff: Backoff = field(default_factory=lambda: Backoff(first_s=2.0, longest_s=60.0), init=False)
    _beat_at_s: float = field(default=0.0, init=False)
    _beaten: tuple[object, ...] = field(default=(), init=False)
    _hour: Hour = field(default_factory=Hour, init=False)

    def __post_init__(self) -> None:
        self._clock = Clock(self.machine)

    def run(self) -> Ended:
        """Serve; returns once it was told to stop, or has new files."""
        self.manager.ready()
        ended: Ended | None = None
        while ended is None:
            self._ask()
            self._tell_down()
            if self._is_tick_due():
                self._tick()
            if self.pulse.ticked_at is not None and self.work.jobs(self.now()):  # by then the CRMs' clock is known
                self._has_news = True
            self.beat()
            self.manager.feed()
            ended = self._take_events()
        return ended

    def _take_events(self) -> Ended | None:
        """Wait for what comes, and take in all of it that is there."""
        event = self._next(self._pause_s())
        while event is not None:
            if (ended := self._take(event)) is not None:
                return ended
            event = self._next(0.0)
        return None

    def _next(self, within_s: float) -> Event | None:
        try:
            return self.events.get(timeout=within_s) if within_s > 0 else self.events.get_nowait()
        except Empty:
            return None

    def _take(self, event: Event) -> Ended | None:
        match event:
            case Stop():
                return Ended.STOPPED
            case Reload():
                return self._reload()
            case Polled():
                self._take_polled(event)
            case Hinted():
                self._take_hint(self.crms[event.crm])
            case Crashed():
                raise event.error
        return None

    def now(self) -> datetime:
        """Return the time that is gone by: see `Clock`; from any thread."""
        return self._clock.now()

    def _ask(self) -> None:
        now_s = self.machine.monotonic()
        for name, crm in self.crms.items():
            if (order := crm.order(now_s)) is not None:
                self.askers[name].ask(order)

    def _take_hint(self, crm: Crm) -> None:
        """Read the persons that are said to have changed; for anything else the next poll comes sooner."""
        if crm.is_hinted or crm.is_down:
            return
        hints = self.hints.take(crm.name)
        persons = tuple(sorted(key for key in hints.keys if crm.is_person(key)))
        if crm.facts is not None and persons and len(persons) == len(hints.keys):
            crm.is_hinted = True
            self.askers[crm.name].ask(Order(persons=persons))
        elif hints:
            crm.hurry(self.machine.monotonic())

    def _take_polled(self, polled: Polled) -> None:
        crm, now = self.crms[polled.crm], self.now()
        self._hour.add_poll(polled.rows)
        since, was_stretched, was_closed = crm.pulse.since, crm.is_stretched, crm.closed
        if crm.take(polled, now_s=self.machine.monotonic(), now=now):
            if crm.is_down:
                log.warning("crm_down", crm=crm.name, why=crm.pulse.said, fix=crm.pulse.fix)
            else:
                log.info("crm_back", crm=crm.name, down_s=round((now - since).total_seconds()))
                self._tell_back(crm, since, now)
        _log_doors(crm, was_closed)
        if crm.is_stretched and not was_stretched:
            self.work.stretched(crm)
        if isinstance(polled.error, StoreError):
            self._fails(polled.error)
        elif polled.error is None:
            self._has_news = True
            if polled.server_now is not None:
                self._clock.learn(polled.server_now)
        self._take_hint(crm)

    def _tell_back(self, crm: Crm, since: datetime, now: datetime) -> None:
        if crm.is_told:
            crm.is_told = False
            self.work.notify(crm_is_back(crm.name, since, now), now)

    def _tell_down(self) -> None:
        """Have those who look after it told of CRMs that have not answered for a while."""
        now = self.now()
        for crm in self.crms.values():
            if crm.is_long_down(now) and not crm.is_told:
                crm.is_told = True
                self.work.notify(crm_is_down(crm.name, crm.pulse.since), now)
                self._has_news = True

    def _is_tick_due(self) -> bool:
        now_s = self.machine.monotonic()
        if not self._may_tick or now_s < self._tick_at_s:
            return False
        return self._has_news or self._is_whole_due(now_s) or (self.pulse.next_at is not None and self.pulse.next_at <= self.now())

    def _is_whole_due(self, now_s: float) -> bool:
        """Whether it is time to look at everything again, by either clock: one stands still while a machine sleeps, the other may jump."""
        return now_s >= self._whole_at_s or abs(self.now() - self._wholly_at) >= timedelta(seconds=WHOLE_EVERY_S)

    @property
    def _may_tick(self) -> bool:
        """Whether every CRM has answered once, and none shows so little that nothing may be judged by it."""
        return all(crm.facts is not None and crm.shrunken is None for crm in self.crms.values())

    def _tick(self) -> None:
        now_s = self.machine.monotonic()
        whole, self._has_news = self._is_whole_due(now_s), False
        try:
            ticked = self.work.tick(self._news(whole=whole))
        except (ConnectorError, SyncError) as error:
            self._fails(error)
            return
        self._backoff.succeed()
        took_s = self.machine.monotonic() - now_s
        self._tick_at_s = now_s + took_s + TICKS_APART_S
        if ticked.tally.left and ticked.tally.stopped_by is None:
            self._has_news = True
        if whole and ticked.is_known:
            self._whole_at_s, self._wholly_at = now_s + WHOLE_EVERY_S, self.now()
        self._told(ticked, took_s)

    def _news(self, *, whole: bool) -> News:
        crms, now = self.crms.values(), self.now()
        return News(
            now=now,
            machine_at=self.machine.now(),
            facts={crm.name: crm.facts for crm in crms if crm.facts is not None},
            closed={crm.name: crm.closed for crm in crms},
            down=frozenset(crm.name for crm in crms if crm.is_down),
            behind=frozenset(crm.name for crm in crms if crm.is_behind(now)),
            whole=whole,
        )

    def _told(self, ticked: Ticked, took_s: float) -> None:
        now = self.now()
        self._hour.add_tick(judged=ticked.judged, took_s=took_s, steps=ticked.tally.as_json())
        is_good = ticked.is_known and ticked.tally.stopped_by is None and not any(crm.is_down for crm in self.crms.values())
        self.pulse = replace(
            self.pulse,
            ticked_at=now,
            good_at=now if is_good else self.pulse.good_at,
            tick_s=round(took_s, 3),
            next_at=self.work.next_at(now),
            trouble=None,
        )
        self.work.ticked(took_s, is_good)
        if ticked.run_id is not None:
            log.info("acted", run=ticked.run_id, judged=ticked.judged, **ticked.tally.as_json(), held=sorted(ticked.trips))

    def _fails(self, error: ConnectorError | SyncError) -> None:
        """Note why nothing is judged, and try again after a pause; it is told once, not with each try."""
        self.work.ticked(0.0, False)
        self._has_news = True
        self._tick_at_s = self.machine.monotonic() + self._backoff.fail()
        if self.pulse.trouble != str(error):
            log.error("tick_failed", why=str(error), fix=error.fix)
            self.pulse = replace(self.pulse, trouble=str(error))

    def _reload(self) -> Ended | None:
        self.manager.reloading()
        refused = self.work.may_reload()
        if refused is None:
            return Ended.RELOADED
        log.error("reload_refused", why=refused)
        self.pulse = replace(self.pulse, reload_refused=refused)
        self.manager.ready()
        return None

    def _pause_s(self) -> float:
        """Return how long nothing needs to be done."""
        now_s = self.machine.monotonic()
        polls = [crm.poll_at_s for crm in self.crms.values() if not crm.is_asked]
        longest_s = min(LONGEST_PAUSE_S, self.manager.longest_pause_s or LONGEST_PAUSE_S)
        wanted_s = min([*polls, *self._ticks_at_s(), now_s + longest_s]) - now_s
        return max(wanted_s, SHORTEST_PAUSE_S)

    def _ticks_at_s(self) -> list[float]:
        """Return when the next tick is due, by each reason for one, but not before its pause is over; nothing where none may be."""
        if not self._may_tick:
            return []
        due_s = [self._whole_at_s]
        if self._has_news:
            due_s.append(self._tick_at_s)
        if self.pulse.next_at is not None:
            due_s.append(self.machine.monotonic() + (self.pulse.next_at - self.now()).total_seconds())
        return [max(at_s, self._tick_at_s) for at_s in due_s]

    def beat(self) -> None:
        """Say how it is: to whoever asks at once, to the file beside the store now and then."""
        now = self.now()
        self.pulse = replace(self.pulse, at=now, crms={name: crm.pulse for name, crm in self.crms.items()})
        self.manager.status(self._status())
        if (did := self._hour.told(now)) is not None:
            log.info("hour_passed", **did)
        news = self._news_of_the_pulse()
        if self.machine.monotonic() >= self._beat_at_s or news != self._beaten:
            self._beat_at_s, self._beaten = self.machine.monotonic() + LONGEST_PAUSE_S, news
            self.work.beat(self.pulse)

    def _news_of_the_pulse(self) -> tuple[object, ...]:
        """Return what nobody is to wait for who looks at the file."""
        doors = [(crm.pulse.state, *crm.pulse.closed) for crm in self.crms.values()]
        return self.pulse.ticked_at, self.pulse.trouble, self.pulse.reload_refused, *doors

    def _status(self) -> str:
        down = [crm.name for crm in self.crms.values() if crm.is_down]
        if self.pulse.trouble is not None:
            return self.pulse.trouble
        if down:
            return f"{listed(down)} down"
        if self.pulse.ticked_at is None:
            return "reading the CRMs for the first time"
        return f"last tick {self.pulse.ticked_at:%H:%M:%S} UTC"


def _log_doors(crm: Crm, was_closed: Mapping[str, str]) -> None:
    """Tell which streams may not be read any more, and which may again."""
    for stream in sorted(crm.closed.keys() - was_closed.keys()):
        log.warning("stream_closed", crm=crm.name, stream=stream, why=crm.closed[stream])
    for stream in sorted(was_closed.keys() - crm.closed.keys()):
        log.info("stream_open", crm=crm.name, stream=stream)
