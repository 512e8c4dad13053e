"""Puts the parts together: the only module that names a vendor or reads the clock."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import structlog
from pydantic import SecretStr

from connectors.budget import DayShares
from connectors.hubspot import mapping as hubspot_mapping
from connectors.hubspot.connector import HubSpot
from connectors.hubspot.settings import HubSpotSettings
from connectors.pacing import RetryPolicy, Waiting
from connectors.protocol import Connector, WritingConnector
from connectors.records import Vocabulary, Wanted
from connectors.salesforce import mapping as salesforce_mapping
from connectors.salesforce.connector import Salesforce
from connectors.salesforce.settings import SalesforceSettings
from sync.agreement.load import agreement_of, load_agreement
from sync.agreement.model import Agreement
from sync.agreement.versions import Version, version_of
from sync.assign import Ground
from sync.config import Config, load_config, misfits
from sync.config_salesforce import SalesforceSettings as SalesforceSection
from sync.config_sections import HubSpotSettings as HubSpotSection
from sync.delivery import Door
from sync.known import Known
from sync.lint import Facts, refuse_if_misfit
from sync.logs import configure_logs
from sync.meter import Meter
from sync.notify import AppriseDoor
from sync.problems import Problem, Problems
from sync.pull import AT_ONCE, Progress, read_facts
from sync.remedies.targets import fields_beside, wanted_lists
from sync.report.former import OwnerNames
from sync.roster import Roster
from sync.roster_load import load_roster
from sync.routed import Routed
from sync.run import Context
from sync.store.agreements import Agreements
from sync.store.database import Database, open_store, open_store_readonly
from sync.store.dirty import Dirty
from sync.store.errors import NoStore
from sync.store.findings import Findings
from sync.store.held import Held
from sync.store.journal import Journal
from sync.store.ledger import Enforced, Ledger
from sync.store.link import Links
from sync.store.lock import WAIT, Holder, hold_store, this_process
from sync.store.mirror import Mirror
from sync.store.outbox import Outbox
from sync.store.plans import Plans
from sync.store.rows_read import LeadReader
from sync.store.runs import Runs
from sync.store.stops import Stops
from sync.store.tidings import Tidings
from sync.store.usage import ApiUsage
from sync.store.waivers import Waivers
from sync.store.whose import Whose
from sync.templates import OURS, Templates, read_templates
from sync.version import VERSION

T = TypeVar("T")
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
    templates: Templates = OURS


def read_files(path: Path | None, env: Mapping[str, str] | None = None) -> Files:
    """Read config, agreement and roster under `env` (None: of this process); raises Problems with all that is wrong in any of them."""
    problems: list[Problem] = []
    config = _gathered(lambda: load_config(path, os.environ if env is None else env), problems)
    folder = (path or Path("config.toml")).parent
    agreement_path, roster_path = (config.agreement, config.roster) if config else (folder / "agreement.toml", folder / "roster.toml")
    agreement = _gathered(lambda: load_agreement(agreement_path), problems)
    roster = _gathered(lambda: load_roster(roster_path, agreement=agreement), problems)
    if config is not None and agreement is not None:
        problems += misfits(config, agreement)
    templates, wrong = read_templates(config.templates if config is not None else None)
    problems += wrong
    if problems or config is None or agreement is None or roster is None:
        raise Problems(problems)
    return Files(config=config, agreement=agreement, roster=roster, templates=templates)


def _gathered(read: Callable[[], T], problems: list[Problem]) -> T | None:
    """Return what `read` gives, or add its problems to the list of all."""
    try:
        return read()
    except Problems as error:
        problems += error.problems
        return None


def read_files_without_roster(path: Path | None) -> Files:
    """Read config and agreement; the roster, which is about to be drafted or does not matter, may be missing or wrong."""
    config = load_config(path, os.environ)
    return Files(config=config, agreement=load_agreement(config.agreement), roster=Roster())


def vocabularies(config: Config) -> Mapping[str, Vocabulary]:
    """Return the vocabulary of every CRM that the config connects, Marketing's first."""
    words = {"hubspot": hubspot_mapping.VOCABULARY}
    if (org := config.salesforce) is not None:
        words["salesforce"] = salesforce_mapping.vocabulary(form_date_field=org.form_date_field, form_name_field=org.form_name_field)
    return {crm: replace(words[crm], own_fields=config.own_fields.of(crm)) for crm in config.crms}


def wanted(config: Config, agreement: Agreement, crm: str) -> Wanted:
    """Return the fields to read of one CRM: those the agreement names, with their history, and those leadpact itself asks for.

    These are those it fills in itself, the hold, where it protects, what says that two records of the connected CRMs are one person, and
    of companies whose they are and their domain, where leads go to the owner of the account.
    """
    words, named = vocabularies(config)[crm], dict(agreement.crm_fields(crm))
    more: dict[str, set[str]] = {kind: set(words.own_fields.values()) for kind in words.persons}
    if any(protection.what == "hold" for protection in agreement.protect.when):
        more[words.person].add(words.hold)
    if any("account owner" in pool.first for pool in agreement.pools.values()):
        more.setdefault(words.company, set()).update(filter(None, (words.owner, words.company_domain)))
    for reference in words.references:
        if reference.to_crm in config.crms:
            more.setdefault(reference.kind, set()).add(reference.field)
    lists = wanted_lists(agreement, crm)
    for kind in words.persons:
        more[kind] |= fields_beside(agreement, words)
    kinds = named.keys() | more.keys()
    fields = {kind: named.get(kind, frozenset()) | more.get(kind, set()) for kind in sorted(kinds)}
    return Wanted(fields=fields, history=named, lists=lists)


def connect(config: Config, agreement: Agreement) -> tuple[WritingConnector, ...]:
    """Return a connector for every CRM of the config, Marketing's first; none has made a call yet."""
    return tuple(_connector(config, wanted(config, agreement, crm), crm, _WAITING) for crm in config.crms)


def _connector(config: Config, fields: Wanted, crm: str, waiting: Waiting) -> WritingConnector:
    if crm == "hubspot" and config.hubspot is not None:
        return HubSpot(hubspot_settings(config.hubspot), fields, waiting)
    assert config.salesforce is not None, crm
    return Salesforce(salesforce_settings(config.salesforce), fields, waiting)


def hubspot_settings(hubspot: HubSpotSection) -> HubSpotSettings:
    """Return the connection that `[hubspot]` describes."""
    return HubSpotSettings(
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


def salesforce_settings(org: SalesforceSection) -> SalesforceSettings:
    """Return the connection that `[salesforce]` describes."""
    return SalesforceSettings(
        my_domain=org.my_domain,
        consumer_key=org.consumer_key,
        consumer_secret=_shown(org.consumer_secret),
        private_key=_shown(org.private_key),
        username=org.username,
        session_id=_shown(org.session_id),
        api_version=org.api_version,
        base_url=org.base_url,
        day=DayShares(max_share=org.max_share, floor=org.floor),
        at_once=AT_ONCE,
        timeout_s=org.timeout_s,
        user_agent=f"leadpact/{VERSION}",
        retry=RetryPolicy(run_s=org.deadline.total_seconds()),
        bulk_above=org.bulk_above,
        overlap=org.overlap,
        form_date_field=org.form_date_field,
        form_name_field=org.form_name_field,
        own_user=org.user_id,
    )


def _shown(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


def crm_facts(config: Config, connector: Connector) -> Facts:
    """Ask one CRM which account it is, how its fields are defined and who its owners are."""
    return read_facts(connector, vocabularies(config)[connector.crm], connector.account())


def _wait(seconds: float) -> None:
    """Sleep; a wait that somebody would notice is told."""
    if seconds >= LONG_WAIT_S:
        log = structlog.get_logger()
        tell = log.info if seconds < LONGER_THAN_ANY_WINDOW_S else log.warning
        tell("waiting_for_crm", seconds=round(seconds, 1))
    time.sleep(seconds)


_WAITING = Waiting(monotonic=time.monotonic, sleep=_wait)


def open_config(path: Path | None) -> Config:
    """Read the config alone, and log as it says."""
    config = load_config(path, os.environ)
    configure_logs(config.log)
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
        stack.enter_context(hold_store(files.config.store, _this_process(), wait=wait))
        store = stack.enter_context(open_store(files.config.store))
        connectors = connect(files.config, files.agreement)
        for connector in connectors:
            stack.enter_context(closing(connector))
        yield Context(
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
            door=open_door(),
            templates=files.templates,
            meter=Meter(connectors, ApiUsage(store)),
            clock=machine_clock,
            waiting=_WAITING,
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
    configure_logs(config.log)
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
    configure_logs(files.config.log)
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
    configure_logs(files.config.log)
    with open_store_readonly(files.config.store) as store:
        yield LookBack(known=_known(files, store), runs=Runs(store), plans=Plans(store), enforced=Enforced(store))


@contextmanager
def open_to_decide(path: Path | None, *, wait: timedelta = WAIT) -> Iterator[Known]:
    """Open files and store to note what a person decides; no CRM is asked. Raises StoreBusy as `open_context` does, and Misfit."""
    files = read_files(path)
    refuse_if_misfit(files.agreement, files.roster, facts=())
    configure_logs(files.config.log)
    with hold_store(files.config.store, _this_process(), wait=wait), open_store(files.config.store) as store:
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
        journal=Journal(store),
        stops=Stops(store),
        held=Held(store),
        waivers=Waivers(store),
        read_version=_read_version,
    )


def _read_version(version: Version) -> Agreement:
    return agreement_of(version.text, file=f"version {version.hash[:12]} of the agreement")
