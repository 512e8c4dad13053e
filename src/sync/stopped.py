"""Opens the store beside a run that may be writing, for whoever stops it, lets a held plan pass or drops it."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sync.agreement.load import agreement_of, load_agreement
from sync.agreement.model import Agreement
from sync.agreement.words import read_wall_span
from sync.config import Config, load_config
from sync.errors import UsageError
from sync.logs import configure_logs
from sync.plain import plain
from sync.problems import Problems
from sync.roster_load import load_roster
from sync.stamps import STAMPS
from sync.store.agreements import Agreements
from sync.store.database import open_store_beside
from sync.store.held import Held
from sync.store.mirror import Mirror
from sync.store.plans import Plans
from sync.store.rows_read import LeadReader
from sync.store.stops import Stops
from sync.vendors import vocabularies
from sync.wiring import machine_clock

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST = timedelta(days=366)
_PATIENT = timedelta(minutes=1)  # for a run that is saving: it must be possible to stop it


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """What is held, paused or frozen, and what a command needs to change that."""

    config: Config
    held: Held
    stops: Stops
    plans: Plans
    reader: LeadReader
    agreements: Agreements
    mirror: Mirror
    now: datetime  # by this machine's clock
    who: str  # the user of the operating system

    def rules(self) -> frozenset[str]:
        """Return the rules of the agreement as it stands and of every version that the store keeps, and `stamps`."""
        kept = (partial(agreement_of, version.text, file="a version of the agreement") for version in self.agreements.versions())
        reads = (partial(load_agreement, self.config.agreement), *kept)
        return frozenset({STAMPS, *(rule for read in reads for rule in _rules_in(read))})

    def teams(self) -> frozenset[str]:
        """Return the teams of the roster, of the CRMs and of the config."""
        of_crms = {team.name for crm in self.config.crms for team in self.mirror.teams(crm)}
        return frozenset({*_teams_of_roster(self.config), *of_crms, *self.config.mode.teams})


@contextmanager
def open_stopped(path: Path | None) -> Iterator[Stopped]:
    """Open the store to stop something, or to look at it; a run that writes goes on beside, and sees it before its next call.

    Takes no lock but that of each short transaction. Agreement and roster may be wrong or missing: a stop must always be possible.
    """
    config = load_config(path, os.environ)
    configure_logs(config)
    words = vocabularies(config)
    with open_store_beside(config.store, wait=_PATIENT) as store:
        yield Stopped(
            config=config,
            held=Held(store),
            stops=Stops(store),
            plans=Plans(store),
            reader=LeadReader(store, words.values()),
            agreements=Agreements(store),
            mirror=Mirror(store, words),
            now=machine_clock(),
            who=_os_user(),
        )


def _rules_in(read: Callable[[], Agreement]) -> tuple[str, ...]:
    """Return the rules of an agreement; none where it cannot be read."""
    try:
        return read().rule_names
    except Problems:
        return ()


def _teams_of_roster(config: Config) -> set[str]:
    try:
        people = load_roster(config.roster, agreement=None).people
    except Problems:
        return set()
    return {person.team for person in people.values() if person.team}


def _os_user() -> str:
    """Return as whom the operating system knows whoever runs this: their name, else their number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such entry; OSError since Python 3.13
        return f"user {os.getuid()}"


def given_reason(text: str) -> str:
    """Return a reason in one line; UsageError for a blank one: who looks later wants to know."""
    reason = plain(" ".join(text.split()))
    if not reason:
        raise UsageError("--reason is empty", fix="say in a few words why, for whoever looks later")
    return reason


def given_span(text: str) -> timedelta:
    """Read `30m`, `4h`, `2d`, or wall time such as `4 hours`; UsageError for anything else, nothing, or more than a year."""
    short = re.fullmatch(r"(\d{1,6})\s*([mhd])", text.strip())
    try:
        span = int(short[1]) * _UNITS[short[2]] if short else read_wall_span(text.strip())
    except (ValueError, OverflowError):
        span = timedelta()
    if not timedelta() < span <= _LONGEST:
        raise UsageError(f"--for: `{text}` is no span up to a year", fix="write one, such as 30m, 4h, 2d or 4 hours")
    return span
