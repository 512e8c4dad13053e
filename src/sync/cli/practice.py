"""A practice HubSpot for the commands `sandbox` and `demo`: its records, its truth, and files that point at it."""

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
from sandbox.load import load
from sandbox.portal import Portal, Store
from sandbox.server import Served, serve
from sandbox.state_file import UnusableState
from sandbox.world.make import World, make_world
from sandbox.world.people import Person
from sandbox.world.truth import truth_document
from sync.cli.practice_files import TOKEN, refuse_if_not_practice, write_files
from sync.cli.sync import parse_moment
from sync.cli.terminal import err
from sync.errors import ConfigurationError, SyncError
from sync.private_files import write_whole
from sync.roster_draft import DraftAbsence, DraftPerson, DraftPool, roster_text, unique_names
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
}  # the world's promise -> the agreement's rule
POOL = "sdr"
_ROSTER, _AGREEMENT = "roster", "agreement"  # notes in a portal


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What a practice HubSpot serves, and who works in it."""

    portal: Portal
    roster: str
    agreement: str  # the name of the example that fits its portal
    truth: Mapping[str, Any] | None  # None for loaded records


def invented(*, leads: int, seed: int, moment: str | None, live: bool, state: Path | None = None) -> Practice:
    """Generate a world of `leads` people as of `moment` (None: now, to the second), in a new state file if one is named."""
    world = make_world(leads=leads, seed=seed, now=_moment(moment))
    portal = _kept(state, lambda store: Portal.from_lines(world.lines, now=world.now, live=live, store=store))
    portal.notes = {_ROSTER: _roster_of_world(world), _AGREEMENT: "practice.agreement"}
    portal.setting_changed = True
    portal.save()
    return _practice(portal, truth=truth_document(world, RULES))


def loaded(path: Path, *, moment: str | None, live: bool, state: Path | None = None) -> Practice:
    """Read a portal file, into a new state file if one is named; SyncError names every wrong line."""
    now = _moment(moment)
    try:
        portal = _kept(state, lambda store: load(path, now=now, live=live, store=store))
    except BadLines as error:
        raise ConfigurationError(
            "\n  ".join([f"{path} is no portal file", *error.problems]),
            fix="correct these lines; docs/reference/portal-file.md shows their form",
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{path} could not be read: {error.strerror}", fix="check the path and its rights") from None
    return _practice(portal)


def reopened(path: Path, *, moment: str | None, live: bool) -> Practice:
    """Serve a state file again, at `moment` or at the time it was left; SyncError for a file that holds no portal."""
    try:
        portal = reopen(path, now=_moment(moment) if moment else None, live=live)
    except UnusableState as error:
        raise ConfigurationError(str(error), fix="name a file that `--state` made, or a new one") from None
    return _practice(portal)


def _practice(portal: Portal, truth: Mapping[str, Any] | None = None) -> Practice:
    """Serve `portal` with the roster and agreement that were noted in it when it was invented, else with drafted ones."""
    noted = portal.notes
    return Practice(
        portal=portal,
        roster=noted.get(_ROSTER) or _roster_of_portal(portal),
        agreement=noted.get(_AGREEMENT, "agreement.example"),
        truth=truth,
    )


def _kept(path: Path | None, make: Callable[[Store | None], Portal]) -> Portal:
    if path is None:
        return make(None)
    try:
        return begin(path, make)
    except UnusableState as error:
        raise ConfigurationError(str(error), fix="name a new file, in a folder that can be written") from None


def _moment(text: str | None) -> datetime:
    return parse_moment(text) if text else machine_clock().replace(microsecond=0)


def _roster_of_world(world: World) -> str:
    people = [_drafted(person) for person in world.people]
    names = dict(zip((person.owner_id for person in world.people), unique_names(people), strict=True))
    pools = [DraftPool(name=pool, members=tuple(names[owner] for owner in owners)) for pool, owners in world.pools.items()]
    return roster_text(people, pools, placeholders={"hubspot": world.placeholders})


def _drafted(person: Person) -> DraftPerson:
    return DraftPerson(
        name=person.name,
        email=person.email,
        ids={"hubspot": person.owner_id},
        team=person.team,
        manager=person.manager_name,
        calendar=person.calendar,
        absences=tuple(DraftAbsence(first=away.first, last=away.last, why=away.why) for away in person.absences),
    )


def _roster_of_portal(portal: Portal) -> str:
    """Draft a roster of the loaded owners: everybody active is in the pool and keeps the default hours."""
    people = [
        DraftPerson(
            name=f"{owner.first_name} {owner.last_name}".strip() or owner.id,
            email=owner.email,
            ids={"hubspot": owner.id},
            team=next((team.name for team in portal.staff.teams_of(owner)), None),
        )
        for owner in portal.staff.listed(archived=False)
        if owner.type == "PERSON"
    ]
    return roster_text(people, [DraftPool(name=POOL, members=tuple(unique_names(people)))], placeholders={"hubspot": ()})


def serve_until_stopped(practice: Practice, *, port: int, limits: Limits, truth: Path | None, config_out: Path | None) -> None:
    """Serve until SIGINT or SIGTERM; files appear, whole, only once the port answers."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if config_out is not None:
        refuse_if_not_practice(config_out)
    with _served(practice.portal, port, limits) as served:
        if truth is not None:
            write_whole(truth, [json.dumps(practice.truth, indent=1, ensure_ascii=False).encode()])
        if config_out is not None:
            write_files(config_out, url=served.url, roster=practice.roster, agreement=practice.agreement)
        err(f"practice HubSpot at {served.url}, token `{TOKEN}`; stop it with Ctrl+C")
        stop.wait()


def _served(portal: Portal, port: int, limits: Limits) -> Served:
    try:
        return serve(portal, port=port, token=TOKEN, limits=limits)
    except OSError as error:
        raise SyncError(
            f"port {port} cannot be used: {error.strerror}", fix="name another with --port, or --port 0 for a free one"
        ) from None
