"""A practice HubSpot for the commands `sandbox` and `demo`: its records, its truth, and files that point at it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

from sandbox.load import read_lines
from sandbox.portal import Portal
from sandbox.server import serve
from sandbox.world.make import World, make_world
from sandbox.world.truth import truth_document
from sync.cli.init import example
from sync.cli.sync import parse_moment
from sync.cli.terminal import err
from sync.private_files import write_whole
from sync.roster_draft import DraftPerson, DraftPool, roster_text, unique_names
from sync.wiring import machine_clock

TOKEN = "sandbox"  # noqa: S105 - the practice account's own, not a secret
RULES = {
    "assigned": "speed_to_assign",
    "touched": "first_touch",
    "decided": "accept_or_reject",
}  # the world's promise -> the agreement's rule
POOL = "sdr"
READY = "practice HubSpot at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What a practice HubSpot serves, and who works in it."""

    now: datetime
    lines: Sequence[Mapping[str, Any]]
    roster: str
    truth: Mapping[str, Any] | None  # None for loaded records


def invented(*, leads: int, seed: int, moment: str | None) -> Practice:
    """Generate a world of `leads` people as of `moment` (None: now, to the second)."""
    world = make_world(leads=leads, seed=seed, now=_moment(moment))
    return Practice(now=world.now, lines=world.lines, roster=_roster_of_world(world), truth=truth_document(world, RULES))


def loaded(path: Path, *, moment: str | None) -> Practice:
    """Read a portal file; raises the sandbox's error naming every wrong line."""
    lines = read_lines(path)
    return Practice(now=_moment(moment), lines=lines, roster=_roster_of_lines(lines), truth=None)


def _moment(text: str | None) -> datetime:
    return parse_moment(text) if text else machine_clock().replace(microsecond=0)


def _roster_of_world(world: World) -> str:
    people = [
        DraftPerson(
            name=p.name, email=p.email, crm="hubspot", owner_id=p.owner_id, team=p.team, manager=p.manager_name, calendar=p.calendar
        )
        for p in world.people
    ]
    names = dict(zip((person.owner_id for person in people), unique_names(people), strict=True))
    pool = DraftPool(name=POOL, members=tuple(names[owner] for owner in world.pool if owner in names))
    return roster_text(people, [pool], placeholders={"hubspot": world.placeholders})


def _roster_of_lines(lines: Sequence[Mapping[str, Any]]) -> str:
    """Draft a roster of the loaded owners: everybody active is in the pool and keeps the default hours."""
    owners = [line for line in lines if line["object"] == "owners" and not line.get("archived") and line.get("type", "PERSON") == "PERSON"]
    people = [
        DraftPerson(
            name=" ".join(filter(None, (owner.get("firstName"), owner.get("lastName")))) or str(owner["id"]),
            email=owner.get("email"),
            crm="hubspot",
            owner_id=str(owner["id"]),
            team=next((str(team["name"]) for team in owner.get("teams") or ()), None),
        )
        for owner in owners
    ]
    return roster_text(people, [DraftPool(name=POOL, members=tuple(unique_names(people)))], placeholders={"hubspot": ()})


def serve_until_stopped(practice: Practice, *, port: int, live: bool, truth: Path | None, config_out: Path | None) -> None:
    """Serve until SIGINT or SIGTERM; files appear, whole, only once the port answers."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    portal = Portal.from_lines(practice.lines, now=practice.now, live=live)
    with serve(portal, port=port, token=TOKEN) as served:
        if truth is not None:
            write_whole(truth, [json.dumps(practice.truth, indent=1, ensure_ascii=False).encode()])
        if config_out is not None:
            write_files(config_out, url=served.url, roster=practice.roster)
        err(
            f"{READY} {served.url}, token `{TOKEN}`, {practice.now.isoformat()} and {'running' if live else 'standing still'}; stop with Ctrl+C"
        )
        stop.wait()


def write_files(folder: Path, *, url: str, roster: str) -> None:
    """Write secrets, agreement, roster and (last) the config that points at `url`; each whole, readable only by us."""
    secrets = folder / "secrets"
    secrets.mkdir(parents=True, exist_ok=True)
    os.chmod(secrets, 0o700)
    write_whole(secrets / "hubspot_token", [TOKEN.encode()])
    write_whole(folder / "agreement.toml", [example("agreement").encode()])
    write_whole(folder / "roster.toml", [roster.encode()])
    write_whole(folder / "config.toml", [config_text(url).encode()])


def config_text(url: str) -> str:
    """Return a config for the practice HubSpot at `url`; everything else keeps its default."""
    return (
        "# Points at a practice HubSpot on this machine. Every key is explained in docs/reference/config.md.\n"
        "[hubspot]\n"
        f'base_url    = "{url}"\n'
        "burst_share = 1.0             # nobody else uses this account\n"
    )
