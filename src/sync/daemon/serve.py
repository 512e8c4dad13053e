"""Puts a daemon together, from files, store and CRMs, and serves until it is told to stop; new files make a new one."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from datetime import time as time_of_day
from functools import partial
from pathlib import Path
from queue import SimpleQueue

import structlog

from connectors.pacing import RetryPolicy, Waiting
from connectors.protocol import WritingConnector
from sync.config import Config
from sync.context import Context
from sync.daemon.crm import Crm
from sync.daemon.daemon import Daemon, Ended, Machine, Work
from sync.daemon.events import Crashed, Event, Polled
from sync.daemon.heartbeat import CrmPulse, CrmState, Heartbeat, drop_heartbeat, write_heartbeat
from sync.daemon.hints import HintBox
from sync.daemon.nightly import Nightly
from sync.daemon.pace import Pace, too_short
from sync.daemon.poller import Poller, Reader
from sync.daemon.reporting import Reporting
from sync.daemon.schedule import Daily
from sync.daemon.service_manager import Manager, manager_of_this_process
from sync.daemon.signals import Signals, StoppedAtOnce, heard
from sync.daemon.tick import Memory, News, Ticked, tick
from sync.due_reports import next_report_at
from sync.errors import SyncError
from sync.files import Files, read_files
from sync.lint import refuse_if_misfit
from sync.logs import configure_logs
from sync.messages import Message
from sync.store.database import Database, open_store
from sync.store.errors import StoreError
from sync.store.integrity import refuse_if_damaged
from sync.store.lock import hold_daemon, hold_store, this_process
from sync.telling import next_message_at
from sync.vendors import connectors_of
from sync.version import VERSION
from sync.web.serving import Serving as Server
from sync.web.settings import READY_WITHIN
from sync.web.watched import Hints
from sync.wiring import context_of, machine_clock, serving_settings

log = structlog.get_logger()
PATIENCE = RetryPolicy(tries=3, first_tries=2, first_s=0.5, longest_s=5.0, slowed_s=60.0, run_s=120.0)  # the next poll tries again
ONCE = RetryPolicy(tries=1)  # what a CRM could not do for a reason that passes is planned again by the next tick
POLLERS_END_WITHIN_S = 5.0
SERVER_ENDS_WITHIN_S = 3.0
EXIT_AT_ONCE = 143
FOR_A_MOMENT = timedelta(seconds=3)  # as long as a command holds the store that only notes something; a run holds it longer
RECONCILE = "reconcile"


@dataclass(slots=True, kw_only=True)
class Serving:
    """What outlives a reload."""

    path: Path | None
    files: Files
    manager: Manager
    events: SimpleQueue[Event]
    signals: Signals
    served: Files | None = None  # the last files by which all could be opened
    refused: str | None = None  # why those that came after them could not
    started_at: datetime = field(default_factory=machine_clock)


def serve(path: Path | None) -> int:
    """Serve an account until a signal ends it; return the exit code.

    Raises what stands in the way of starting: files that are wrong, another daemon, a store that is damaged or cannot be opened.
    """
    files = read_files(path)
    configure_logs(files.config)
    manager, events = manager_of_this_process(), SimpleQueue[Event]()
    signals = Signals(put=events.put, stop_within_s=files.config.daemon.stop_within.total_seconds())
    threading.excepthook = lambda told: events.put(Crashed(told.exc_value or RuntimeError("a thread ended")))
    with heard(signals), hold_daemon(files.config.store):
        refuse_if_damaged(files.config.store)
        try:
            _serve(Serving(path=path, files=files, manager=manager, events=events, signals=signals))
        except StoppedAtOnce:
            log.warning("stopped_at_once")
            drop_heartbeat(files.config.store)
            return EXIT_AT_ONCE
        drop_heartbeat(files.config.store)
    return 0


def _serve(serving: Serving) -> None:
    log.info("daemon_started", store=str(serving.files.config.store), pid=os.getpid())
    while (ended := _serve_once(serving)) is not Ended.STOPPED:
        configure_logs(serving.files.config)
        if ended is Ended.RELOADED:
            log.info("reloaded", agreement=serving.files.agreement.hash[:12])
    log.info("daemon_stopped")


def _serve_once(serving: Serving) -> Ended | None:
    """Serve by the files there are; None where new ones cannot be served by, such as a port that is taken: those before stay."""
    try:
        with _opened(serving) as daemon:
            serving.served = serving.files
            ended = daemon.run()
            if ended is Ended.STOPPED:
                serving.manager.stopping()
            serving.refused = None
            return ended
    except SyncError as error:
        if serving.served is None or serving.served is serving.files:
            raise
        log.error("reload_refused", why=str(error), fix=error.fix)
        serving.files, serving.refused = serving.served, f"{error} {error.fix}"
        return None


@contextmanager
def _opened(serving: Serving) -> Iterator[Daemon]:
    """Open store and CRMs, start the pollers, and close all again."""
    files, config = serving.files, serving.files.config
    waiting = Waiting(monotonic=time.monotonic, sleep=time.sleep)
    with ExitStack() as stack:
        store = stack.enter_context(open_store(config.store))
        connectors = connectors_of(config, files.agreement, waiting, retry=PATIENCE)
        pollers = {one.crm: _poller(serving, files, one, waiting) for one in connectors}
        stack.callback(_end, serving, pollers.values(), connectors)
        watched = Watched(HintBox(serving.events.put))
        run = _context(serving, watched, store, connectors, waiting)
        memory = Memory()
        jobs = Jobs(
            nightly=Nightly(daily=_daily(files, run), config=config.path),
            reporting=Reporting(config=config.path, next_at=partial(_next_report_at, run, memory)),
        )
        stack.callback(jobs.stop)
        daemon = Daemon(
            crms={one.crm: _crm(files, one.crm) for one in connectors},
            askers=pollers,
            events=serving.events,
            machine=Machine(now=machine_clock, monotonic=time.monotonic),
            manager=serving.manager,
            work=_work(serving, run, memory, jobs, watched.ticked),
            hints=watched.hints,
            pulse=Heartbeat(
                pid=os.getpid(),
                host=socket.gethostname(),
                version=VERSION,
                started_at=serving.started_at,
                at=machine_clock(),
                reload_refused=serving.refused,
            ),
        )
        watched.daemon = daemon
        _listen(stack, config, watched)
        for poller in pollers.values():
            poller.start()
        yield daemon


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """What is done by the clock, each in a process of its own."""

    nightly: Nightly
    reporting: Reporting

    def look(self, now: datetime) -> bool:
        """Start what is due, and look after what runs; return whether there may be something to tell people."""
        self.nightly.look(now)
        return self.reporting.look(now)

    def stop(self) -> None:
        """End what runs."""
        self.nightly.stop(POLLERS_END_WITHIN_S)
        self.reporting.stop(POLLERS_END_WITHIN_S)


@dataclass(slots=True)
class Watched:
    """The daemon as the server sees it, from another thread."""

    hints: HintBox
    daemon: Daemon | None = None
    server: Server | None = None

    def beat(self) -> Heartbeat:
        """Return how the daemon is now."""
        assert self.daemon is not None, "the server is started after the daemon was put together"
        return self.daemon.pulse

    def now(self) -> datetime:
        """Return the daemon's time, which may be the CRMs'."""
        assert self.daemon is not None, "the server is started after the daemon was put together"
        return self.daemon.now()

    def hint(self, crm: str, hints: Hints) -> None:
        """Take note of what changed in a CRM."""
        self.hints.put(crm, hints)

    def lives(self, manager: Manager) -> None:
        """Give a sign of life from within a tick that takes long."""
        manager.feed()
        if self.daemon is not None:
            self.daemon.beat()

    def ticked(self, seconds: float, good: bool) -> None:
        """Count a tick."""
        if self.server is not None:
            self.server.observe_tick(seconds, good=good)


def _listen(stack: ExitStack, config: Config, watched: Watched) -> None:
    """Serve health, metrics and webhooks, where the config wants them; raises CannotListen."""
    if not config.http.enabled:
        return
    ready_within = max(READY_WITHIN, 3 * config.daemon.poll)
    watched.server = Server(serving_settings(config, clock=watched.now, ready_within=ready_within), watched)
    watched.server.start()
    stack.callback(watched.server.stop, within_s=SERVER_ENDS_WITHIN_S)


def _poller(serving: Serving, files: Files, connector: WritingConnector, waiting: Waiting) -> Poller:
    @contextmanager
    def open_reader() -> Iterator[Reader]:
        with open_store(files.config.store) as store:
            run = context_of(files, store, (connector,), tell=lambda _: None, waiting=waiting)
            yield Reader(run=run, connector=connector)

    return Poller(crm=connector.crm, open_reader=open_reader, tell=serving.events.put)


def _end(serving: Serving, pollers: Iterable[Poller], connectors: Iterable[WritingConnector]) -> None:
    """Have the pollers take no more orders, cut off what they still wait for, and forget what they told."""
    for poller in pollers:
        poller.stop()
    for connector in connectors:
        connector.close()
    for poller in pollers:
        if not poller.join(0.0 if serving.signals.is_at_once else POLLERS_END_WITHIN_S):
            log.warning("poll_left_behind", crm=poller.crm)
    _drop_polled(serving.events)


def _drop_polled(events: SimpleQueue[Event]) -> None:
    kept = []
    while not events.empty():
        kept.append(events.get())
    for event in kept:
        if not isinstance(event, Polled):
            events.put(event)


def _context(serving: Serving, watched: Watched, store: Database, connectors: tuple[WritingConnector, ...], waiting: Waiting) -> Context:
    run = context_of(serving.files, store, connectors, tell=lambda _: watched.lives(serving.manager), waiting=waiting)
    return replace(run, goes_on=lambda: not serving.signals.is_stopping, patience=ONCE)


def _crm(files: Files, name: str) -> Crm:
    daemon = files.config.daemon
    return Crm(
        name=name,
        pace=Pace(poll_s=daemon.poll.total_seconds(), max_share=files.config.max_share(name)),
        calm_poll_s=daemon.calm_poll.total_seconds(),
        pulse=CrmPulse(state=CrmState.OK, since=machine_clock()),
    )


def _daily(files: Files, run: Context) -> Daily | None:
    """Return when the night's comparison is due: also at once, where the last one is older than a day."""
    at = files.config.daemon.nightly_at
    if at == "off":
        return None
    return Daily(at=time_of_day.fromisoformat(at), zone=files.agreement.zone, done_at=run.runs.last_began(RECONCILE))


def _work(serving: Serving, run: Context, memory: Memory, jobs: Jobs, ticked: Callable[[float, bool], None]) -> Work:
    store = run.known.config.store

    def tick_held(news: News) -> Ticked:
        with hold_store(store, this_process("leadpact daemon", since=serving.started_at), wait=FOR_A_MOMENT):
            return tick(run, memory, news)

    return Work(
        tick=tick_held,
        ticked=ticked,
        next_at=lambda now: min(filter(None, (run.known.findings.next_at(), next_message_at(run, now))), default=None),
        beat=lambda beat: _write(store, beat),
        may_reload=partial(_may_reload, serving, run),
        notify=partial(_notify, run),
        stretched=partial(_tell_stretched, run),
        jobs=jobs.look,
    )


def _next_report_at(run: Context, memory: Memory, now: datetime) -> datetime | None:
    """Return when the next report is due, by the agreement by which was judged last; a store that fails is told by the tick."""
    if memory.watch is None:
        return None
    try:
        return next_report_at(run.known.config, run.reports, memory.watch.agreement, now)
    except StoreError as error:
        log.debug("reports_not_looked_for", why=str(error))
        return None


def _notify(run: Context, message: Message, now: datetime) -> None:
    """Put a message into the outbox, for each target that serves whom it is for; a store that fails is told by the tick."""
    pairs = [(message, target.name) for target in run.known.config.notify if message.recipient.role in target.readers]
    try:
        run.outbox.put(pairs, at=now)
    except StoreError as error:
        log.debug("message_not_put", why=str(error))


def _tell_stretched(run: Context, crm: Crm) -> None:
    """Say that a CRM is polled more seldom, and which promises can no longer be timed."""
    untimed = sorted(too_short(run.known.agreement, timedelta(seconds=crm.interval_s)))
    fix = "raise max_share in config.toml, or find what else uses up the account's calls"
    log.warning("poll_stretched", crm=crm.name, seconds=round(crm.interval_s), cannot_be_timed=untimed, fix=fix)


def _write(store: Path, beat: Heartbeat) -> None:
    try:
        write_heartbeat(store, beat)
    except OSError as error:
        log.debug("heartbeat_not_written", why=error.strerror)  # a full disk is told by the store itself


def _may_reload(serving: Serving, run: Context) -> str | None:
    """Read the files anew, and keep them if they are right; else say why not."""
    try:
        files = read_files(serving.path)
        refuse_if_misfit(files.agreement, files.roster, facts=())
    except SyncError as error:
        return f"{error} {error.fix}".strip()
    if files.config.store != run.known.config.store:
        return "[files] store is another one now: stop the daemon and start it again"
    serving.files = files
    return None
