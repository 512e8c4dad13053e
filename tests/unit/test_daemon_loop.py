"""The loop, driven by a clock that stands still until it waits: what wakes it, what it asks, and how it bears what fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from queue import Empty
from typing import Any

import pytest
import structlog

from connectors.errors import Unreachable
from connectors.hubspot.mapping import VOCABULARY
from connectors.records import Account, RecordKey, Usage
from sync.carry_out import Tally
from sync.daemon.clock import Machine
from sync.daemon.crm import Crm
from sync.daemon.daemon import Daemon, Ended, Work
from sync.daemon.events import Crashed, Event, Order, Polled, Reload, Stop
from sync.daemon.heartbeat import CrmPulse, CrmState, Heartbeat
from sync.daemon.hints import HintBox
from sync.daemon.pace import Pace
from sync.daemon.service_manager import Manager
from sync.daemon.tick import News, Ticked
from sync.lint import Facts
from sync.messages import Kind, Message
from sync.shrunken import PullShrunk
from sync.store.errors import StoreFull
from sync.web.watched import Hints

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LONGEST_TEST_S = 100_000.0


@dataclass
class Days:
    """A queue that lets time pass while it is waited for; what is planned for a moment arrives then."""

    elapsed_s: float = 0.0
    jumped: timedelta = timedelta(0)
    planned: list[tuple[float, Event | Callable[[], None]]] = field(default_factory=list)
    here: list[Event] = field(default_factory=list)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed_s) + self.jumped

    def monotonic(self) -> float:
        return self.elapsed_s

    def put(self, event: Event) -> None:
        self.here.append(event)

    def plan(self, after_s: float, event: Event | Callable[[], None]) -> None:
        self.planned.append((self.elapsed_s + after_s, event))
        self.planned.sort(key=lambda one: one[0])

    def get(self, timeout: float) -> Event:
        if not self.here:
            self._pass(timeout)
        return self.get_nowait()

    def get_nowait(self) -> Event:
        if not self.here:
            raise Empty
        return self.here.pop(0)

    def _pass(self, timeout: float) -> None:
        until_s = self.elapsed_s + timeout
        if self.planned and self.planned[0][0] <= until_s:
            at_s, event = self.planned.pop(0)
            self.elapsed_s = max(self.elapsed_s, at_s)
            self.here.append(event) if not callable(event) else event()
        else:
            self.elapsed_s = until_s
        assert self.elapsed_s < LONGEST_TEST_S, "nobody told it to stop"


@dataclass
class Asked:
    """Answers each order after a while, and keeps when it was given."""

    days: Days
    crm: str
    takes_s: float = 1.0
    limit_today: int | None = None
    read_at_first: int = 0
    orders: list[tuple[float, Order]] = field(default_factory=list)
    fails: Callable[[float], Exception | None] = lambda _: None
    closed: Callable[[float], dict[str, str]] = lambda _: {}

    def __post_init__(self) -> None:
        self.told: Callable[[], datetime] = self.days.now  # the time by the CRM's clock

    def ask(self, order: Order) -> None:
        self.orders.append((self.days.elapsed_s, order))
        error = self.fails(self.days.elapsed_s)
        facts = None if error else facts_of(self.crm, self.days.now())
        closed = self.closed(self.days.elapsed_s)
        self.days.plan(
            self.takes_s,
            Polled(
                crm=self.crm,
                order=order,
                facts=facts,
                closed=closed,
                read=frozenset({"deals"}),
                server_now=self.told(),
                error=error,
                usage=self._usage(),
            ),
        )

    def _usage(self) -> Usage:
        calls = self.read_at_first + 10 * (len(self.polls()) + 1)
        return Usage(calls=calls, today=calls, limit_today=self.limit_today)

    def polls(self) -> list[float]:
        return [at_s for at_s, order in self.orders if not order.persons]


def facts_of(crm: str, now: datetime) -> Facts:
    return Facts(account=Account(crm=crm, id="1", time_zone="UTC", kind="", server_now=now), vocabulary=VOCABULARY, pages={})


@dataclass
class World:
    """A daemon of one or two CRMs, and what its ticks saw."""

    crms: tuple[str, ...] = ("hubspot",)
    next_at: datetime | None = None
    refused: str | None = None
    tick_fails: Callable[[float], Exception | None] = lambda _: None
    left: list[int] = field(default_factory=list)  # steps for which the next ticks have no time; none after these
    ticks: list[tuple[float, News]] = field(default_factory=list)
    beats: list[Heartbeat] = field(default_factory=list)
    told: list[Message] = field(default_factory=list)
    went: list[bool] = field(default_factory=list)
    stretched: list[Crm] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.days = Days()
        self.asked = {crm: Asked(self.days, crm) for crm in self.crms}
        pulse = CrmPulse(state=CrmState.OK, since=START)
        events: Any = self.days
        self.hints = HintBox(self.days.put)
        self.daemon = Daemon(
            crms={crm: Crm(name=crm, pace=Pace(poll_s=60, max_share=0.2), calm_poll_s=300, pulse=pulse) for crm in self.crms},
            askers=self.asked,
            events=events,
            machine=Machine(now=self.days.now, monotonic=self.days.monotonic),
            manager=Manager(),
            work=Work(
                tick=self.tick,
                ticked=lambda _, good: self.went.append(good),
                next_at=lambda _: self.next_at,
                beat=self.beats.append,
                may_reload=lambda: self.refused,
                jobs=lambda _: False,
                notify=lambda message, _: self.told.append(message),
                stretched=self.stretched.append,
            ),
            hints=self.hints,
            pulse=Heartbeat(pid=1, host="h", version="1", started_at=START, at=START),
        )

    def tick(self, news: News) -> Ticked:
        self.ticks.append((self.days.elapsed_s, news))
        if (error := self.tick_fails(self.days.elapsed_s)) is not None:
            raise error
        return Ticked(tally=Tally(left=self.left.pop(0) if self.left else 0))

    def run(self, until_s: float) -> Ended:
        self.days.plan(until_s, Stop())
        return self.daemon.run()

    def ticked_at(self) -> list[float]:
        return [at_s for at_s, _ in self.ticks]


def test_it_polls_each_minute_reads_everything_each_five_and_judges_after_each() -> None:
    world = World()
    assert world.run(until_s=600) is Ended.STOPPED
    polls = world.asked["hubspot"].orders
    assert [round(at_s) for at_s, _ in polls] == [60 * number for number in range(10)]
    assert [order.whole for _, order in polls] == [True, False, False, False, False, True, False, False, False, False]
    after_polls = [at_s for at_s in world.ticked_at() if any(abs(at_s - polled_s - 1) < 0.6 for polled_s, _ in polls)]
    assert len(after_polls) == 10


def test_it_judges_at_the_very_moment_a_promise_falls_due() -> None:
    world = World(next_at=START + timedelta(seconds=30))
    world.run(until_s=31)
    assert any(30 <= at_s < 30.6 for at_s in world.ticked_at())


def test_what_a_tick_had_no_time_for_is_done_by_the_next_one_at_once() -> None:
    world = World(left=[200, 100])
    world.run(until_s=50)
    assert [round(at_s, 1) for at_s in world.ticked_at()] == [1.0, 1.5, 2.0]


def test_nothing_is_judged_before_every_crm_was_read_once() -> None:
    world = World(crms=("hubspot", "salesforce"))
    world.asked["salesforce"].takes_s = 200.0
    world.run(until_s=300)
    assert min(world.ticked_at()) >= 200


def test_a_slow_crm_holds_up_nobody_else() -> None:
    world = World(crms=("hubspot", "salesforce"))
    world.run(until_s=10)
    before = len(world.asked["hubspot"].orders)
    world.asked["salesforce"].takes_s = 10_000.0
    world.run(until_s=600)
    assert len(world.asked["hubspot"].orders) - before >= 9
    assert len(world.asked["salesforce"].orders) == 2


def test_a_crm_that_was_not_read_for_three_polls_is_behind() -> None:
    world = World(crms=("hubspot", "salesforce"))
    world.run(until_s=10)
    world.asked["salesforce"].takes_s = 10_000.0
    world.run(until_s=600)
    assert {at_s > 180 for at_s, news in world.ticks if news.behind == {"salesforce"}} == {True}
    assert {at_s > 180 for at_s, news in world.ticks if not news.behind} == {False}


def test_a_crm_that_is_down_for_six_hours_is_asked_seldom_and_told_once_at_each_end() -> None:
    world = World(crms=("hubspot", "salesforce"))
    hours_s = 6 * 3600.0
    world.asked["hubspot"].fails = lambda at_s: Unreachable("HubSpot could not be reached", fix="wait") if 10 < at_s < hours_s else None
    with structlog.testing.capture_logs() as logs:
        world.run(until_s=hours_s + 1200)
    assert [line["event"] for line in logs if line["event"].startswith("crm_")] == ["crm_down", "crm_back"]
    assert len(world.asked["hubspot"].polls()) < 70
    assert len(world.asked["salesforce"].polls()) > 350
    assert {news.down for _, news in world.ticks} == {frozenset(), frozenset({"hubspot"})}
    assert world.daemon.crms["hubspot"].pulse.state is CrmState.OK
    assert [message.kind for message in world.told] == [Kind.DOWN, Kind.BACK]


def test_a_crm_that_stumbles_for_a_moment_is_no_message() -> None:
    world = World()
    world.asked["hubspot"].fails = lambda at_s: Unreachable("HubSpot could not be reached", fix="wait") if 10 < at_s < 120 else None
    world.run(until_s=1200)
    assert world.told == []


def test_a_crm_that_shows_too_little_stops_judging() -> None:
    world = World()
    world.asked["hubspot"].fails = lambda at_s: PullShrunk("hubspot/contacts", live=1, held=100, share=0.5) if at_s > 10 else None
    world.run(until_s=1000)
    assert max(world.ticked_at()) < 62
    assert "nothing was judged" in (world.daemon.crms["hubspot"].pulse.said or "")


def test_an_outage_that_goes_on_over_a_reload_is_told_once_and_its_end_with_its_beginning() -> None:
    before = World()
    before.asked["hubspot"].fails = lambda at_s: Unreachable("no answer", fix="wait") if at_s > 60 else None
    before.run(until_s=1000)
    after = World()
    after.asked["hubspot"].fails = lambda at_s: Unreachable("no answer", fix="wait") if at_s < 1000 else None
    after.daemon.crms["hubspot"].go_on_from(before.daemon.crms["hubspot"])
    assert after.daemon.crms["hubspot"].is_down
    after.run(until_s=4000)

    (down,), (back,) = before.told, after.told
    since = down.rule.removeprefix("hubspot since ")
    assert (down.kind, back.kind) == (Kind.DOWN, Kind.BACK)
    assert back.rule.startswith(f"hubspot from {since} to ")


def test_what_is_well_before_a_reload_begins_anew_after_it() -> None:
    before, after = World(), World()
    before.run(until_s=100)
    pulse = after.daemon.crms["hubspot"].pulse
    after.daemon.crms["hubspot"].go_on_from(before.daemon.crms["hubspot"])
    assert after.daemon.crms["hubspot"].pulse is pulse


def test_a_full_disk_is_told_once_and_judging_goes_on_when_there_is_room(tmp_path: Any) -> None:
    world = World(tick_fails=lambda at_s: StoreFull(tmp_path) if at_s < 1800 else None)
    with structlog.testing.capture_logs() as logs:
        world.run(until_s=3600)
    assert [line["event"] for line in logs if line["event"] == "tick_failed"] == ["tick_failed"]
    assert len([at_s for at_s in world.ticked_at() if at_s < 1800]) < 60
    assert world.daemon.pulse.trouble is None
    assert any(beat.trouble and "is full" in beat.trouble for beat in world.beats)


def contact(number: int) -> RecordKey:
    return RecordKey("hubspot", "contact", str(number))


def hint(world: World, after_s: float, keys: Iterable[RecordKey]) -> None:
    hints = Hints.of(keys)
    world.days.plan(after_s, lambda: world.hints.put("hubspot", hints))


def persons_read(world: World) -> list[tuple[RecordKey, ...]]:
    return [order.persons for _, order in world.asked["hubspot"].orders if order.persons]


def test_a_hint_reads_just_these_persons_at_once() -> None:
    world = World()
    hint(world, 20, [contact(7)])
    world.run(until_s=30)
    assert (20.0, Order(persons=(contact(7),))) in world.asked["hubspot"].orders
    assert any(21 <= at_s < 22 for at_s in world.ticked_at())


def test_persons_that_are_read_for_a_hint_leave_open_up_to_when_all_was_read() -> None:
    world = World()
    world.run(until_s=10)
    read_at = world.daemon.pulse.crms["hubspot"].read_at
    hint(world, 20, [contact(7)])
    world.run(until_s=50)
    assert (len(persons_read(world)), len(world.asked["hubspot"].polls())) == (1, 1)
    assert world.daemon.pulse.crms["hubspot"].read_at == read_at


def test_hints_that_come_while_persons_are_read_wait_and_are_read_together() -> None:
    world = World()
    for number in range(50):
        hint(world, 20 + number / 100, [contact(number)])
    world.run(until_s=30)
    assert persons_read(world) == [(contact(0),), tuple(sorted(contact(number) for number in range(1, 50)))]


def test_a_storm_of_hints_is_few_polls() -> None:
    world = World()
    for number in range(100):
        hint(world, 20 + number / 10, map(contact, range(1000)))
    world.run(until_s=60)
    assert len(world.asked["hubspot"].polls()) <= 4
    assert not persons_read(world)


def test_what_is_hinted_about_anything_but_persons_brings_the_next_poll_forward() -> None:
    world = World()
    hint(world, 5, [RecordKey("hubspot", "call", "1")])
    world.run(until_s=30)
    assert [round(at_s) for at_s in world.asked["hubspot"].polls()] == [0, 11]


def test_files_that_are_wrong_are_refused_and_the_old_ones_stay() -> None:
    world = World(refused="agreement.toml: no such stage")
    world.days.plan(5, Reload())
    assert world.run(until_s=100) is Ended.STOPPED
    assert world.daemon.pulse.reload_refused == "agreement.toml: no such stage"
    assert world.ticked_at()


def test_files_that_are_right_end_the_loop_for_a_new_one() -> None:
    world = World()
    world.days.plan(5, Reload())
    assert world.run(until_s=100) is Ended.RELOADED


def test_the_crms_clock_is_gone_by_where_this_machines_is_off() -> None:
    world = World()
    world.days.jumped = timedelta(hours=-3)
    world.asked["hubspot"].ask = lambda order: world.days.plan(  # type: ignore[method-assign]
        1, Polled(crm="hubspot", order=order, facts=facts_of("hubspot", START), server_now=START + timedelta(seconds=world.days.elapsed_s))
    )
    world.run(until_s=200)
    assert all(abs(news.now - (START + timedelta(seconds=at_s))) < timedelta(seconds=30) for at_s, news in world.ticks)


@pytest.mark.parametrize("jump", [timedelta(hours=5), timedelta(hours=-5)])
def test_a_clock_that_jumps_stops_neither_polls_nor_ticks(jump: timedelta) -> None:
    world = World()
    world.run(until_s=100)
    world.days.jumped = jump
    before = len(world.ticks)
    world.run(until_s=600)
    assert len(world.ticks) - before >= 9


@pytest.mark.parametrize("jump", [timedelta(hours=5), timedelta(hours=-5)])
def test_a_clock_that_jumps_is_not_believed_before_a_crm_told_the_time(jump: timedelta) -> None:
    world = World(next_at=START + timedelta(seconds=90))
    asked = world.asked["hubspot"]
    asked.told = lambda: START + timedelta(seconds=world.days.elapsed_s)
    world.days.plan(80, lambda: setattr(world.days, "jumped", jump))
    world.run(until_s=600)
    assert all(abs(news.now - (START + timedelta(seconds=at_s))) < timedelta(seconds=2) for at_s, news in world.ticks)
    assert any(90 <= at_s < 91 for at_s in world.ticked_at())


def test_an_error_of_ours_in_a_thread_ends_the_daemon() -> None:
    world = World()
    world.days.plan(5, Crashed(ZeroDivisionError("ours")))
    with pytest.raises(ZeroDivisionError):
        world.run(until_s=10)


def test_the_heartbeat_is_renewed_while_nothing_happens() -> None:
    world = World()
    world.asked["hubspot"].takes_s = 10_000.0
    world.run(until_s=300)
    moments = [beat.at for beat in world.beats]
    assert max(later - earlier for earlier, later in pairwise(moments)) < timedelta(seconds=25)


def test_a_crm_that_goes_down_stands_in_the_heartbeat_at_once() -> None:
    world = World()
    world.asked["hubspot"].fails = lambda at_s: Unreachable("HubSpot could not be reached", fix="wait") if at_s > 10 else None
    world.run(until_s=70)
    first = next(beat for beat in world.beats if beat.crms["hubspot"].state is CrmState.DOWN)
    assert first.at - START == timedelta(seconds=61)


def test_a_stream_that_may_not_be_read_any_more_is_told_once_and_when_it_may_again() -> None:
    world = World()
    asked = world.asked["hubspot"]
    asked.closed = lambda at_s: {"deals": "no scope"} if 60 < at_s < 600 else {}
    with structlog.testing.capture_logs() as logs:
        world.run(until_s=1200)
    told = [(line["event"], line["stream"]) for line in logs if line["event"].startswith("stream_")]
    assert told == [("stream_closed", "deals"), ("stream_open", "deals")]
    first = next(beat for beat in world.beats if beat.crms["hubspot"].closed)
    assert (first.at - START, first.crms["hubspot"].closed) == (timedelta(seconds=121), {"deals": "no scope"})


def test_polls_stretch_before_the_day_of_calls_ends() -> None:
    world = World()
    world.asked["hubspot"].limit_today = 30_000
    world.run(until_s=15 * 3600 - 60)
    made = 10 * len(world.asked["hubspot"].polls())
    assert 0.8 * 0.2 * 30_000 < made < 0.2 * 30_000
    assert world.stretched


def test_polls_keep_their_pace_where_calls_are_plenty() -> None:
    world = World()
    world.asked["hubspot"].limit_today = 650_000
    world.run(until_s=3600)
    assert len(world.asked["hubspot"].polls()) >= 58
    assert not world.stretched


def test_a_poll_that_read_much_once_does_not_slow_down_those_after_it() -> None:
    world = World()
    asked = world.asked["hubspot"]
    asked.limit_today = 650_000
    asked.read_at_first = 20_000
    world.run(until_s=3600)
    assert len(asked.polls()) >= 58


def test_everything_is_looked_at_again_when_the_clock_has_moved_on_while_the_machine_slept() -> None:
    world = World()
    world.run(until_s=100)
    world.days.jumped = timedelta(hours=5)
    before = len(world.ticks)
    world.run(until_s=70)
    assert any(news.whole for _, news in world.ticks[before:])
