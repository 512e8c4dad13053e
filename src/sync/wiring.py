"""Puts the parts together: the only module that names a vendor or reads the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connectors.hubspot import mapping as hubspot_mapping
from connectors.hubspot.connector import HubSpot
from connectors.hubspot.settings import HubSpotSettings
from connectors.pacing import Waiting
from connectors.protocol import Connector
from connectors.records import Vocabulary, Wanted
from sync.agreement.load import load_agreement, read_agreement
from sync.agreement.model import Agreement
from sync.agreement.versions import Version
from sync.config import Config, load_config
from sync.pull import Progress
from sync.roster import Roster
from sync.roster_load import load_roster
from sync.run import Context
from sync.store.agreements import Agreements
from sync.store.database import open_store
from sync.store.findings import Findings
from sync.store.mirror import Mirror
from sync.store.plans import Plans
from sync.store.rows_read import LeadReader
from sync.store.runs import Runs
from sync.version import VERSION

VOCABULARIES = {"hubspot": hubspot_mapping.VOCABULARY}
WAITING = Waiting(monotonic=time.monotonic, sleep=time.sleep)


def machine_clock() -> datetime:
    """Return this machine's time, aware and in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The three files of one account, read and checked."""

    config: Config
    agreement: Agreement
    roster: Roster


def read_files(path: Path | None) -> Files:
    """Read config, agreement and roster; raises Problems with all that is wrong in the file read last."""
    config = load_config(path)
    agreement = load_agreement(config.files.agreement)
    return Files(config=config, agreement=agreement, roster=load_roster(config.files.roster, agreement))


def vocabularies(config: Config) -> Mapping[str, Vocabulary]:
    """Return the vocabulary of every CRM that the config connects."""
    return {crm: VOCABULARIES[crm] for crm in config.crms}


def wanted(agreement: Agreement, crm: str) -> Wanted:
    """Return the fields the agreement names in one CRM: all are read with their history."""
    fields = agreement.crm_fields(crm)
    return Wanted(fields=fields, history=fields)


def connect(config: Config, agreement: Agreement) -> tuple[Connector, ...]:
    """Return a connector for every CRM of the config; none has made a call yet."""
    hubspot = config.hubspot
    settings = HubSpotSettings(
        token=hubspot.token.get_secret_value(),
        base_url=hubspot.base_url,
        api_version=hubspot.api_version,
        burst_share=hubspot.burst_share,
        timeout_s=hubspot.timeout_s,
        user_agent=f"leadpact/{VERSION}",
    )
    return (HubSpot(settings, wanted(agreement, "hubspot"), WAITING),)


@contextmanager
def open_context(path: Path | None, *, tell: Callable[[Progress], None]) -> Iterator[Context]:
    """Open everything a run needs, and close it again."""
    files = read_files(path)
    with ExitStack() as stack:
        store = stack.enter_context(open_store(files.config.files.store))
        connectors = connect(files.config, files.agreement)
        for connector in connectors:
            stack.enter_context(closing(connector))
        yield Context(
            config=files.config,
            agreement=files.agreement,
            roster=files.roster,
            connectors=connectors,
            vocabularies=vocabularies(files.config),
            mirror=Mirror(store),
            reader=LeadReader(store),
            findings=Findings(store),
            plans=Plans(store),
            runs=Runs(store),
            agreements=Agreements(store),
            read_version=_read_version,
            clock=machine_clock,
            tell=tell,
        )


def _read_version(version: Version) -> Agreement:
    return read_agreement(version.text, file=f"version {version.hash[:12]} of the agreement")
