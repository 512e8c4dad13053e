"""How things stand: the daemon, its CRMs, promises, writes, messages, enforcement and the store; for reading only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sync.agreement.load import load_agreement
from sync.agreement.model import Agreement
from sync.agreement.versions import why_not_enforcing
from sync.config import Config, load_config
from sync.daemon.liveness import Daemon, daemon_of
from sync.freeze import frozen_by
from sync.logs import configure_logs
from sync.problems import Problems
from sync.stops import Stop
from sync.store.database import Database, open_store_readonly
from sync.store.errors import NoStore, StoreError
from sync.store.figures import Calls, DuePromise, Figures, RuleCount, last_backup, size_of
from sync.store.held import Held, HeldPlan
from sync.store.ledger import Enforced
from sync.store.runs import NotedRun, Runs
from sync.store.stops import Stops
from sync.wiring import machine_clock

DUE_SHOWN = 5
LATELY = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the store says; all empty where it cannot be read."""

    rules: tuple[RuleCount, ...] = ()
    due_next: tuple[DuePromise, ...] = ()
    read_upto: Mapping[str, datetime] = field(default_factory=dict)
    writes: Mapping[str, int] = field(default_factory=dict)  # sent lately, by what the journal told of each last
    messages: Mapping[str, int] = field(default_factory=dict)  # by state
    calls: Mapping[str, Calls] = field(default_factory=dict)
    usage: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # what each CRM said last: see `usage_json`
    last_run: NotedRun | None = None
    enforced: Mapping[str, datetime] = field(default_factory=dict)  # rule -> since when
    stops: tuple[Stop, ...] = ()
    held: tuple[HeldPlan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The agreement as its file is now."""

    agreement: Agreement | None  # None: the file is missing or wrong
    why_not: str | None  # why nothing may be written on its strength


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything that `leadpact status` tells; times are this machine's but where they are a CRM's."""

    now: datetime
    config: Config
    daemon: Daemon
    in_force: InForce
    frozen: tuple[str, ...]
    standing: Standing
    has_store: bool
    trouble: StoreError | None  # why the store that is there cannot be read
    store_bytes: int
    backed_up_at: datetime | None

    @property
    def exit_code(self) -> int:
        """What the command ends with: not 0 where a daemon ought to run and does not, or the store that is there cannot be read."""
        return self.trouble.exit_code if self.trouble is not None else int(self.daemon.is_missed)


def read_status(path: Path | None) -> Status:
    """Read config, agreement, heartbeat and store; asks no CRM and takes no lock.

    Raises Problems where the config is wrong; a wrong agreement, or a store that cannot be read, is told.
    """
    config = load_config(path, os.environ)
    configure_logs(config)
    return status_at(config, machine_clock())


def status_at(config: Config, now: datetime) -> Status:
    """Return how things stand at `now`, by this machine's clock."""
    standing, trouble = _read_standing(config.store, now)
    return Status(
        now=now,
        config=config,
        daemon=daemon_of(config.store, now=now),
        in_force=_in_force(config, now),
        frozen=tuple(frozen_by(config.freezes, now, UTC)),
        standing=standing or Standing(),
        has_store=standing is not None,
        trouble=trouble,
        store_bytes=size_of(config.store),
        backed_up_at=last_backup(config.store),
    )


def _in_force(config: Config, now: datetime) -> InForce:
    try:
        agreement = load_agreement(config.agreement)
    except Problems as error:
        return InForce(agreement=None, why_not=f"{config.agreement.name} cannot be read: {str(error).splitlines()[0]}")
    return InForce(agreement=agreement, why_not=why_not_enforcing(agreement, now))


def _read_standing(store: Path, now: datetime) -> tuple[Standing | None, StoreError | None]:
    """Return what a store says, or why it cannot be read; neither where there is none yet."""
    try:
        with open_store_readonly(store) as opened:
            return _standing(opened, now), None
    except NoStore:
        return None, None
    except StoreError as error:
        return None, error


def _standing(store: Database, now: datetime) -> Standing:
    figures = Figures(store)
    return Standing(
        rules=tuple(figures.rules()),
        due_next=tuple(figures.due_next(DUE_SHOWN)),
        read_upto=figures.read_upto(),
        writes=figures.ends_since(now - LATELY),
        messages=figures.messages(),
        calls=figures.calls(),
        usage=figures.usage_told(),
        last_run=next(iter(Runs(store).newest(1)), None),
        enforced=Enforced(store).since(),
        stops=Stops(store).active(now),
        held=Held(store).waiting(now),
    )
