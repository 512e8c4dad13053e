"""Opens files, store and CRMs for each command: the only module that reads the clock."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from connectors.pacing import Waiting
from connectors.protocol import WritingConnector
from sync.agreement.load import agreement_of
from sync.agreement.model import Agreement
from sync.agreement.versions import Version, version_of
from sync.assign import Ground
from sync.config import Config, load_config
from sync.context import Context
from sync.delivery import Door
from sync.due_reports import ReportGround
from sync.files import Files, read_files
from sync.known import Known
from sync.lint import refuse_if_misfit
from sync.logs import configure_logs
from sync.meter import Meter
from sync.notify import AppriseDoor
from sync.problems import Problems
from sync.pull import Progress
from sync.report.former import OwnerNames
from sync.routed import Routed
from sync.store.agreements import Agreements
from sync.store.database import Database, open_store, open_store_beside, open_store_readonly
from sync.store.dirty import Dirty
from sync.store.errors import NoStore
from sync.store.findings import Findings
from sync.store.forget import Forgotten
from sync.store.held import Held
from sync.store.journal import Journal
from sync.store.ledger import Enforced, Ledger
from sync.store.link import Links
from sync.store.lock import WAIT, Holder, hold_daemon, hold_store, this_process
from sync.store.mirror import Mirror
from sync.store.outbox import Outbox
from sync.store.plans import Plans
from sync.store.reconciled import Parts
from sync.store.reports import Reports
from sync.store.rows_read import LeadReader
from sync.store.runs import Runs
from sync.store.standing import Standing
from sync.store.stops import Stops
from sync.store.tidings import Tidings
from sync.store.upkeep import Upkeep
from sync.store.usage import ApiUsage
from sync.store.waivers import Waivers
from sync.store.whose import Whose
from sync.templates import Templates, read_templates
from sync.vendors import connectors_of, vocabularies, webhooks_of
from sync.web.settings import READY_WITHIN, ServingSettings

LONG_WAIT_S = 2.0
LONGER_THAN_ANY_WINDOW_S = 10.5  # so much is waited only for a CRM that fails or slows us down


def machine_clock() -> datetime:
    """Return this machine's time, aware and in UTC."""
    return datetime.now(UTC)


def _wait(seconds: float) -> None:
    """Sleep; a wait that somebody would notice is told."""
    if seconds >= LONG_WAIT_S:
        log = structlog.get_logger()
        tell = log.info if seconds < LONGER_THAN_ANY_WINDOW_S else log.warning
        tell("waiting_for_crm", seconds=round(seconds, 1))
    time.sleep(seconds)


_WAITING = Waiting(monotonic=time.monotonic, sleep=_wait)


def connect(config: Config, agreement: Agreement) -> tuple[WritingConnector, ...]:
    """Return a connector for every CRM of the config, Marketing's first; none has made a call yet."""
    return connectors_of(config, agreement, _WAITING)


def open_config(path: Path | None) -> Config:
    """Read the config alone, and log as it says."""
    config = load_config(path, os.environ)
    configure_logs(config)
    return config


def open_templates(config: Config) -> Templates:
    """Return the texts of messages that the config has in place of ours; raises Problems with all that is wrong with them."""
    templates, problems = read_templates(config.templates)
    if problems:
        raise Problems(problems)
    return templates


def open_door() -> Door:
    """Return what sends to people; nothing is opened yet."""
    return AppriseDoor()


def serving_settings(
    config: Config, *, clock: Callable[[], datetime] = machine_clock, ready_within: timedelta = READY_WITHIN
) -> ServingSettings:
    """Return how the daemon's server serves by `[http]`; `ready_within` of its last good tick the daemon counts as ready.

    `clock` is the daemon's own, by which its heartbeat is, and may be asked from any thread.
    """
    return ServingSettings(
        host=config.http.host,
        port=config.http.port,
        is_local=config.http.is_local,
        store=config.store,
        clock=clock,
        monotonic=time.monotonic,
        token=config.http.token,
        public_url=config.http.public_url,
        webhooks=webhooks_of(config),
        ready_within=ready_within,
    )


@contextmanager
def open_context(
    path: Path | None, *, tell: Callable[[Progress], None], env: Mapping[str, str] | None = None, wait: timedelta = WAIT
) -> Iterator[Context]:
    """Open everything a run needs, and close it again; `env` stands for the environment of this process.

    No other run acts by the store meanwhile; raises StoreBusy where one still does after `wait`.
    """
    files = _files_of_run(path, env)
    with ExitStack() as stack:
        stack.enter_context(hold_store(files.config.store, _this_process(), wait=wait))
        store = stack.enter_context(open_store(files.config.store))
        yield context_of(files, store, _connected(files, stack), tell=tell, waiting=_WAITING)


@contextmanager
def open_context_beside(path: Path | None, *, tell: Callable[[Progress], None], env: Mapping[str, str] | None = None) -> Iterator[Context]:
    """Open what a run needs that never acts: it may go on beside one that does. One of its kind at a time.

    Raises NoStore where nothing was pulled yet, StoreOutdated where the store must be migrated first, and StoreBusy beside its own kind.
    """
    files = _files_of_run(path, env)
    with ExitStack() as stack:
        own = _nightly(files.config)
        store = stack.enter_context(open_store_beside(files.config.store))
        stack.enter_context(hold_store(own, _this_process(), wait=timedelta()))
        yield context_of(files, store, _connected(files, stack), tell=tell, waiting=_WAITING)


def _files_of_run(path: Path | None, env: Mapping[str, str] | None) -> Files:
    files = read_files(path, env)
    configure_logs(files.config)
    gc.freeze()  # what is loaded by now stays to the end: the collector need not walk it again for every few leads
    return files


def _connected(files: Files, stack: ExitStack) -> tuple[WritingConnector, ...]:
    connectors = connect(files.config, files.agreement)
    for connector in connectors:
        stack.enter_context(closing(connector))
    return connectors


def context_of(
    files: Files, store: Database, connectors: tuple[WritingConnector, ...], *, tell: Callable[[Progress], None], waiting: Waiting
) -> Context:
    """Put together what a run needs from files, store and CRMs that are open."""
    return Context(
        known=_known(files, store),
        connectors=connectors,
        plans=Plans(store),
        runs=Runs(store),
        journal=Journal(store),
        ledger=Ledger(store),
        whose=Whose(store),
        enforced=Enforced(store),
        outbox=Outbox(store),
        tidings=Tidings(store),
        reports=Reports(store),
        upkeep=Upkeep(store),
        standing=Standing(store),
        parts=Parts(store),
        door=open_door(),
        templates=files.templates,
        meter=Meter(connectors, ApiUsage(store)),
        clock=machine_clock,
        waiting=waiting,
        tell=tell,
    )


def kept_versions(config: Config) -> tuple[Version, ...]:
    """Return every version of the agreement that the store keeps; none where there is no store yet."""
    try:
        with open_store_readonly(config.store) as store:
            return Agreements(store).versions()
    except NoStore:
        return ()


def keep_version(config: Config, agreement: Agreement) -> None:
    """Keep a version of the agreement in the store, which is made if there is none; raises StoreError."""
    with hold_store(config.store, _this_process()), open_store(config.store) as store:
        Agreements(store).remember(version_of(agreement, seen_at=machine_clock()))


def _this_process() -> Holder:
    return this_process(" ".join(["leadpact", *sys.argv[1:2]]), since=machine_clock())


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the store tells of former runs, whatever the agreement says by now."""

    runs: Runs
    plans: Plans
    journal: Journal
    outbox: Outbox
    reader: LeadReader
    names: OwnerNames


@contextmanager
def open_past(path: Path | None) -> Iterator[Past]:
    """Open the store to look back, for reading only; of the files only the config is read, and nothing is locked."""
    config = load_config(path, os.environ)
    configure_logs(config)
    words = vocabularies(config)
    with open_store_readonly(config.store) as store:
        mirror = Mirror(store, words)
        names = {(crm, one.owner): {owner.id: owner.name for owner in mirror.owners(crm)} for crm, one in words.items()}
        reader = LeadReader(store, words.values())
        yield Past(runs=Runs(store), plans=Plans(store), journal=Journal(store), outbox=Outbox(store), reader=reader, names=names)


@contextmanager
def open_routed(path: Path | None) -> Iterator[Routed]:
    """Open files and store to see how leads are routed, for reading only; raises Misfit as `open_known` does."""
    with open_known(path) as known, open_store_readonly(known.config.store) as store:
        ground = Ground(known=known, ledger=Ledger(store), enforced=Enforced(store), whose=Whose(store))
        yield Routed(ground=ground, plans=Plans(store))


@contextmanager
def open_known(path: Path | None) -> Iterator[Known]:
    """Open files and store for reading only; no CRM is asked and nothing is locked.

    Raises Misfit for an agreement that contradicts itself.
    """
    files = read_files(path)
    refuse_if_misfit(files.agreement, files.roster, facts=())
    configure_logs(files.config)
    with open_store_readonly(files.config.store) as store:
        yield _known(files, store)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBack:
    """What files and store tell together of what was found, planned and done; for reading only."""

    known: Known
    runs: Runs
    plans: Plans
    enforced: Enforced


@contextmanager
def open_look_back(path: Path | None) -> Iterator[LookBack]:
    """Open files and store for reading only, as `open_known` does, with what former runs left."""
    files = read_files(path)
    refuse_if_misfit(files.agreement, files.roster, facts=())
    configure_logs(files.config)
    with open_store_readonly(files.config.store) as store:
        yield LookBack(known=_known(files, store), runs=Runs(store), plans=Plans(store), enforced=Enforced(store))


@contextmanager
def open_to_decide(path: Path | None, *, wait: timedelta = WAIT) -> Iterator[Known]:
    """Open files and store to note what a person decides; no CRM is asked. Raises StoreBusy as `open_context` does, and Misfit."""
    files = read_files(path)
    refuse_if_misfit(files.agreement, files.roster, facts=())
    configure_logs(files.config)
    with hold_store(files.config.store, _this_process(), wait=wait), open_store(files.config.store) as store:
        yield _known(files, store)


@contextmanager
def open_reporting(path: Path | None) -> Iterator[ReportGround]:
    """Open files and store to make the reports that are due, beside whoever writes to it; one of its kind at a time, else StoreBusy.

    Raises NoStore, and Misfit as `open_known` does.
    """
    files = read_files(path)
    refuse_if_misfit(files.agreement, files.roster, facts=())
    configure_logs(files.config)
    with open_store_beside(files.config.store) as store, hold_store(_reports(files.config), _this_process()):
        yield ReportGround(known=_known(files, store), runs=Runs(store), reports=Reports(store), outbox=Outbox(store))


@contextmanager
def open_to_restore(path: Path | None) -> Iterator[Path]:
    """Hold the store that the config names against every other run; yield where it is. StoreBusy at once where one goes on."""
    config = open_config(path)
    with ExitStack() as stack:
        stack.enter_context(hold_daemon(config.store))
        for lock in (config.store, _nightly(config), _reports(config)):
            stack.enter_context(hold_store(lock, _this_process(), wait=timedelta()))
        yield config.store


def _nightly(config: Config) -> Path:
    """Return what stands for the store where only one run that never acts may go on at a time."""
    return config.store.with_name(f"{config.store.name}.nightly")


def _reports(config: Config) -> Path:
    """Return what stands for the store where only one process may make the reports that are due at a time."""
    return config.store.with_name(f"{config.store.name}.reports")


@contextmanager
def open_to_forget(path: Path | None) -> Iterator[tuple[Forgotten, Callable[[], None]]]:
    """Open the store to forget a person, beside whoever writes to it; with what takes the bytes out of its files and backups."""
    config = open_config(path)
    with open_store_beside(config.store) as store:
        yield Forgotten(store, vocabularies(config)), store.scrub_if_due


def _known(files: Files, store: Database) -> Known:
    words = vocabularies(files.config)
    return Known(
        config=files.config,
        agreement=files.agreement,
        roster=files.roster,
        vocabularies=words,
        mirror=Mirror(store, words),
        dirty=Dirty(store, words),
        reader=LeadReader(store, words.values()),
        findings=Findings(store),
        agreements=Agreements(store),
        links=Links(store, words),
        journal=Journal(store),
        stops=Stops(store),
        held=Held(store),
        waivers=Waivers(store),
        read_version=_read_version,
    )


def _read_version(version: Version) -> Agreement:
    return agreement_of(version.text, file=f"version {version.hash[:12]} of the agreement")
