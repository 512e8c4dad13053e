"""A practice CRM for the commands `sandbox` and `demo`: its records, its truth, and files that point at it."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

from sandbox.keeping import begin, reopen
from sandbox.limits import Limits
from sandbox.lines import BadLines
from sandbox.load import load, load_both, load_org
from sandbox.portal import Portal, Store
from sandbox.salesforce.org import Org
from sandbox.server import Served, serve
from sandbox.state_file import UnusableState
from sandbox.world.make import Crm, World, make_world
from sandbox.world.truth import truth_document
from sync.cli.practice_files import TOKEN, PracticeFiles, refuse_if_not_practice, write_files
from sync.cli.practice_roster import roster_of_both, roster_of_org, roster_of_portal, roster_of_world
from sync.cli.sync import parse_moment
from sync.cli.terminal import err
from sync.errors import ConfigurationError, SyncError, UsageError
from sync.private_files import write_whole
from sync.wiring import machine_clock

RULES = {
    "assigned": "speed_to_assign",
    "touched": "first_touch",
    "decided": "accept_or_reject",
    "settled": "decide",
    "worked": "work_the_lead",
    "alive": "stale SAL",
    "answered": "answer_reply",
    "nurtured": "nurture_returned",
    "taken over": "ae_takes_over",
    "fit": "premature_handoff",
    "offered": "missed_handoff",
    "kept back": "early_pull",
    "reject reason": "reject_reason",
    "recycle reason": "recycle_reason",
    "given back": "recycle_due",
    "covered": "covered",
    "few hands": "bounce_limit",
    "sound data": "crm_data",
    "delivered": "not_delivered",
    "in step": "drift",
}  # the world's promise -> the agreement's rule
_ROSTER, _AGREEMENT = "roster", "agreement"  # notes in a portal
_OF_A_WORLD, _OF_LOADED = "practice.agreement", "agreement.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What is served, and who works in it: a portal, an org, or both under one clock."""

    portal: Portal | None = None
    org: Org | None = None
    roster: str
    agreement: str  # the name of the example that fits its records
    truth: Mapping[str, Any] | None = None  # None for loaded records

    @property
    def crms(self) -> tuple[str, ...]:
        """The CRMs that are served."""
        return (*(("hubspot",) if self.portal else ()), *(("salesforce",) if self.org else ()))


def invented(*, leads: int, seed: int, crm: Crm, moment: str | None, live: bool, state: Path | None = None) -> Practice:
    """Generate a world of `leads` people as of `moment` (None: now, to the second), in a new state file if one is named.

    UsageError for a state file of Salesforce.
    """
    refuse_if_not_kept(crm, state)
    world = make_world(leads=leads, seed=seed, now=_moment(moment), crm=crm)
    truth = truth_document(world, RULES)
    if crm != "hubspot":
        portal, org = _served_world(world, live=live)
        return Practice(portal=portal, org=org, roster=roster_of_world(world), agreement=_OF_A_WORLD, truth=truth)
    return _of_portal(_invented_portal(world, live=live, state=state), truth=truth)


def _served_world(world: World, *, live: bool) -> tuple[Portal | None, Org]:
    """The org, and with two CRMs the portal that shares its clock."""
    theirs = [line for line in world.lines if "attributes" in line]
    if world.crm == "salesforce":
        return None, Org.from_lines(theirs, now=world.now, live=live)
    portal = Portal.from_lines([line for line in world.lines if "attributes" not in line], now=world.now, live=live)
    return portal, Org.from_lines(theirs, now=world.now, clock=portal.clock)


def refuse_if_not_kept(crm: Crm, state: Path | None) -> None:
    """Raise UsageError for a state file of another CRM than HubSpot."""
    if state is not None and crm != "hubspot":
        raise UsageError(
            "--state keeps a practice HubSpot only", fix="leave out --state: the same seed, leads and time give the same world"
        )


def _invented_portal(world: World, *, live: bool, state: Path | None) -> Portal:
    portal = _kept(state, lambda store: Portal.from_lines(world.lines, now=world.now, live=live, store=store))
    portal.notes = {_ROSTER: roster_of_world(world), _AGREEMENT: _OF_A_WORLD}
    portal.setting_changed = True
    portal.save()
    return portal


def loaded(path: Path, *, crm: Crm, moment: str | None, live: bool, state: Path | None = None) -> Practice:
    """Read a file of records, into a new state file if one is named; SyncError names every wrong line."""
    refuse_if_not_kept(crm, state)
    now = _moment(moment)
    try:
        if crm == "salesforce":
            org = load_org(path, now=now, live=live)
            return Practice(org=org, roster=roster_of_org(org), agreement=_OF_LOADED)
        if crm == "both":
            portal, org = load_both(path, now=now, live=live)
            return Practice(portal=portal, org=org, roster=roster_of_both(portal, org), agreement=_OF_LOADED)
        return _of_portal(_kept(state, lambda store: load(path, now=now, live=live, store=store)))
    except BadLines as error:
        raise ConfigurationError(
            "\n  ".join([f"{path} is no portal file", *error.problems]),
            fix="correct these lines; docs/reference/portal-file.md shows their form",
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{path} could not be read: {error.strerror}", fix="check the path and its rights") from None


def reopened(path: Path, *, moment: str | None, live: bool) -> Practice:
    """Serve a state file again, at `moment` or at the time it was left; SyncError for a file that holds no portal."""
    try:
        portal = reopen(path, now=_moment(moment) if moment else None, live=live)
    except UnusableState as error:
        raise ConfigurationError(str(error), fix="name a file that `--state` made, or a new one") from None
    return _of_portal(portal)


def _of_portal(portal: Portal, truth: Mapping[str, Any] | None = None) -> Practice:
    """Serve `portal` with the roster and agreement that were noted in it when it was invented, else with drafted ones."""
    noted = portal.notes
    roster = noted.get(_ROSTER) or roster_of_portal(portal)
    return Practice(portal=portal, roster=roster, agreement=noted.get(_AGREEMENT, _OF_LOADED), truth=truth)


def _kept(path: Path | None, make: Callable[[Store | None], Portal]) -> Portal:
    if path is None:
        return make(None)
    try:
        return begin(path, make)
    except UnusableState as error:
        raise ConfigurationError(str(error), fix="name a new file, in a folder that can be written") from None


def _moment(text: str | None) -> datetime:
    return parse_moment(text) if text else machine_clock().replace(microsecond=0)


def serve_until_stopped(practice: Practice, *, port: int, limits: Limits, truth: Path | None, config_out: Path | None) -> None:
    """Serve until SIGINT or SIGTERM; files appear, whole, only once the port answers."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if config_out is not None:
        refuse_if_not_practice(config_out)
    with _served(practice, port, limits) as served:
        if truth is not None:
            write_whole(truth, [json.dumps(practice.truth, indent=1, ensure_ascii=False).encode()])
        if config_out is not None:
            write_files(config_out, _files(practice, served.url))
        for line in _told(practice, served.url):
            err(line)
        stop.wait()


def _files(practice: Practice, url: str) -> PracticeFiles:
    own_user = practice.org.integration_user if practice.org else ""
    return PracticeFiles(url=url, crms=practice.crms, own_user=own_user, roster=practice.roster, agreement=practice.agreement)


def _told(practice: Practice, url: str) -> list[str]:
    """Where each CRM answers, and how to get in."""
    told = {
        "hubspot": f"practice HubSpot at {url}, token `{TOKEN}`",
        "salesforce": f"practice Salesforce at {url}, My Domain `practice.my`, consumer key and secret `{TOKEN}`",
    }
    *first, last = (told[crm] for crm in practice.crms)
    return [*first, f"{last}; stop it with Ctrl+C"]


def _served(practice: Practice, port: int, limits: Limits) -> Served:
    try:
        return serve(practice.portal, org=practice.org, port=port, token=TOKEN, limits=limits)
    except OSError as error:
        raise SyncError(
            f"port {port} cannot be used: {error.strerror}", fix="name another with --port, or --port 0 for a free one"
        ) from None
