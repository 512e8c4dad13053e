"""Puts the parts together: the only module that names a vendor or reads the clock."""

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
from typing import TypeVar

import structlog

from connectors.budget import DayShares
from connectors.hubspot import mapping as hubspot_mapping
from connectors.hubspot.connector import HubSpot
from connectors.hubspot.settings import HubSpotSettings
from connectors.pacing import RetryPolicy, Waiting
from connectors.protocol import Connector
from connectors.records import Vocabulary, Wanted
from sync.agreement.load import agreement_of, load_agreement
from sync.agreement.model import Agreement
from sync.agreement.versions import Version
from sync.config import Config, load_config, unknown_rules
from sync.known import Known
from sync.lint import Facts, refuse_if_misfit
from sync.logs import configure_logs
from sync.meter import Meter
from sync.problems import Problem, Problems
from sync.protect import HOLD_FIELD
from sync.pull import AT_ONCE, Progress, read_facts
from sync.roster import Roster
from sync.roster_load import load_roster
from sync.run import Context
from sync.store.agreements import Agreements
from sync.store.database import Database, open_store, open_store_readonly
from sync.store.dirty import Dirty
from sync.store.findings import Findings
from sync.store.link import Links
from sync.store.lock import WAIT, hold_store, this_process
from sync.store.mirror import Mirror
from sync.store.plans import Plans
from sync.store.rows_read import LeadReader
from sync.store.runs import Runs
from sync.store.usage import ApiUsage
from sync.version import VERSION

T = TypeVar("T")
VOCABULARIES = {"hubspot": hubspot_mapping.VOCABULARY}
LONG_WAIT_S = 2.0
LONGER_THAN_ANY_WINDOW_S = 10.5  # so much is waited only for a CRM that fails or slows us down


def machine_clock() -> datetime:
    """Return this machine's time, aware and in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The three files of one account, read and checked."""

    config: Config
    agreement: Agreement
    roster: Roster


def read_files(path: Path | None, env: Mapping[str, str] | None = None) -> Files:
    """Read config, agreement and roster under `env` (None: of this process); raises Problems with all that is wrong in any of them."""
    problems: list[Problem] = []
    config = _gathered(lambda: load_config(path, os.environ if env is None else env), problems)
    folder = (path or Path("config.toml")).parent
    agreement_path, roster_path = (config.agreement, config.roster) if config else (folder / "agreement.toml", folder / "roster.toml")
    agreement = _gathered(lambda: load_agreement(agreement_path), problems)
    roster = _gathered(lambda: load_roster(roster_path, agreement=agreement), problems)
    if config is not None and agreement is not None:
        problems += unknown_rules(config, agreement.rule_names)
    if problems or config is None or agreement is None or roster is None:
        raise Problems(problems)
    return Files(config=config, agreement=agreement, roster=roster)


def _gathered(read: Callable[[], T], problems: list[Problem]) -> T | None:
    """Return what `read` gives, or add its problems to the list of all."""
    try:
        return read()
    except Problems as error:
        problems += error.problems
        return None


def read_files_for_draft(path: Path | None) -> Files:
    """Read config and agreement; the roster, which is about to be drafted, may be missing or wrong."""
    config = load_config(path, os.environ)
    return Files(config=config, agreement=load_agreement(config.agreement), roster=Roster())


def vocabularies(config: Config) -> Mapping[str, Vocabulary]:
    """Return the vocabulary of every CRM that the config connects."""
    return {crm: VOCABULARIES[crm] for crm in config.crms}


def wanted(agreement: Agreement, crm: str) -> Wanted:
    """Return the fields the agreement names in one CRM: all are read with their history; and the hold, where it protects."""
    named = dict(agreement.crm_fields(crm))
    person = VOCABULARIES[crm].person
    held = {HOLD_FIELD} if any(protection.what == "hold" for protection in agreement.protect.when) else set()
    return Wanted(fields=named | {person: named.get(person, frozenset()) | held}, history=named)


def connect(config: Config, agreement: Agreement) -> tuple[Connector, ...]:
    """Return a connector for every CRM of the config; none has made a call yet."""
    hubspot = config.hubspot
    if hubspot is None:
        return ()
    settings = HubSpotSettings(
        token=hubspot.token.get_secret_value(),
        base_url=hubspot.base_url,
        api_version=hubspot.api_version,
        burst_share=hubspot.burst_share,
        day=DayShares(max_share=hubspot.max_share, floor=hubspot.floor),
        at_once=AT_ONCE,
        retry=RetryPolicy(run_s=hubspot.deadline.total_seconds()),
        timeout_s=hubspot.timeout_s,
        user_agent=f"leadpact/{VERSION}",
    )
    return (HubSpot(settings, wanted(agreement, "hubspot"), Waiting(monotonic=time.monotonic, sleep=_wait)),)


def crm_facts(connector: Connector) -> Facts:
    """Ask one CRM which account it is, how its fields are defined and who its owners are."""
    return read_facts(connector, VOCABULARIES[connector.crm], connector.account())


def _wait(seconds: float) -> None:
    """Sleep; a wait that somebody would notice is told."""
    if seconds >= LONG_WAIT_S:
        log = structlog.get_logger()
        tell = log.info if seconds < LONGER_THAN_ANY_WINDOW_S else log.warning
        tell("waiting_for_crm", seconds=round(seconds, 1))
    time.sleep(seconds)


@contextmanager
def open_context(
    path: Path | None, *, tell: Callable[[Progress], None], env: Mapping[str, str] | None = None, wait: timedelta = WAIT
) -> Iterator[Context]:
    """Open everything a run needs, and close it again; `env` stands for the environment of this process.

    No other run writes to the store meanwhile; raises StoreBusy where one still does after `wait`.
    """
    files = read_files(path, env)
    configure_logs(files.config.log)
    gc.freeze()  # what is loaded by now stays to the end: the collector need not walk it again for every few leads
    with ExitStack() as stack:
        holder = this_process(" ".join(["leadpact", *sys.argv[1:2]]), since=machine_clock())
        stack.enter_context(hold_store(files.config.store, holder, wait=wait))
        store = stack.enter_context(open_store(files.config.store))
        connectors = connect(files.config, files.agreement)
        for connector in connectors:
            stack.enter_context(closing(connector))
        yield Context(
            known=_known(files, store),
            connectors=connectors,
            plans=Plans(store),
            runs=Runs(store),
            meter=Meter(connectors, ApiUsage(store)),
            clock=machine_clock,
            tell=tell,
        )


@contextmanager
def open_known(path: Path | None) -> Iterator[Known]:
    """Open files and store for reading only; no CRM is asked and nothing is locked.

    Raises Misfit for an agreement that contradicts itself.
    """
    files = read_files(path)
    refuse_if_misfit(files.agreement, files.roster, facts=())
    configure_logs(files.config.log)
    with open_store_readonly(files.config.store) as store:
        yield _known(files, store)


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
        read_version=_read_version,
    )


def _read_version(version: Version) -> Agreement:
    return agreement_of(version.text, file=f"version {version.hash[:12]} of the agreement")
