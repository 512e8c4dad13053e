"""Opens what a daemon works with, by one set of files: store, CRMs, pollers, HTTP server; and closes all of it again."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from queue import SimpleQueue

import structlog

from connectors.pacing import RetryPolicy, Waiting
from connectors.protocol import WritingConnector
from sync.context import Context
from sync.daemon.clock import Machine
from sync.daemon.crm import Crm
from sync.daemon.daemon import Daemon
from sync.daemon.events import Event, Polled
from sync.daemon.heartbeat import CrmPulse, CrmState, Heartbeat
from sync.daemon.hints import HintBox
from sync.daemon.jobs import jobs_of
from sync.daemon.pace import Pace
from sync.daemon.poller import Poller, Reader
from sync.daemon.serving import Serving
from sync.daemon.tick import Memory
from sync.daemon.watched import Watched, listen
from sync.daemon.work import work_of
from sync.files import Files
from sync.store.database import Database, open_store
from sync.vendors import connectors_of
from sync.version import VERSION
from sync.wiring import context_of, machine_clock

log = structlog.get_logger()
PATIENCE = RetryPolicy(tries=3, first_tries=2, first_s=0.5, longest_s=5.0, slowed_s=60.0, run_s=120.0)  # the next poll tries again
ONCE = RetryPolicy(tries=1)  # what a CRM could not do for a reason that passes is planned again by the next tick
POLLERS_END_WITHIN_S = 5.0


@contextmanager
def opened(serving: Serving) -> Iterator[Daemon]:
    """Open store and CRMs, start the pollers, and close all again."""
    files, config = serving.files, serving.files.config
    watched = Watched(hints=HintBox(serving.events.put), manager=serving.manager)
    waiting = Waiting(monotonic=time.monotonic, sleep=time.sleep, calling=watched.lives)
    with ExitStack() as stack:
        store = stack.enter_context(open_store(config.store))
        connectors = connectors_of(config, files.agreement, waiting, retry=PATIENCE)
        pollers = {one.crm: _poller(serving, files, one, waiting) for one in connectors}
        stack.callback(_end, serving, pollers.values(), connectors)
        run = _context(serving, watched, store, connectors, waiting)
        memory = Memory()
        jobs = jobs_of(run, memory)
        stack.callback(jobs.stop, POLLERS_END_WITHIN_S)
        daemon = Daemon(
            crms={one.crm: _crm(serving, one.crm) for one in connectors},
            askers=pollers,
            events=serving.events,
            machine=Machine(now=machine_clock, monotonic=time.monotonic),
            manager=serving.manager,
            work=work_of(serving, run, memory, jobs, watched),
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
        listen(stack, config, watched)
        for poller in pollers.values():
            poller.start()
        yield daemon


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
    run = context_of(serving.files, store, connectors, tell=lambda _: watched.lives(), waiting=waiting)
    return replace(run, goes_on=lambda: not serving.signals.is_stopping, patience=ONCE)


def _crm(serving: Serving, name: str) -> Crm:
    config = serving.files.config
    crm = Crm(
        name=name,
        pace=Pace(poll_s=config.daemon.poll.total_seconds(), max_share=config.max_share(name)),
        calm_poll_s=config.daemon.calm_poll.total_seconds(),
        pulse=CrmPulse(state=CrmState.OK, since=machine_clock()),
    )
    if name in serving.crms:
        crm.go_on_from(serving.crms[name])
    return crm
