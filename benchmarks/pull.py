"""What a pull costs: calls, processor, memory, and how much of the allowed rate it uses, against a practice HubSpot.

Counted, so that a limit is a limit:

    calls / fewest     calls of a full pull, to those that the page sizes allow
    idle, a stream     most calls for one stream where nothing happened
    changed, tenfold   calls for the same changes in a portal of ten times the contacts, to those in the smaller one
    refused            answers 429 while the limits were enforced and nobody else called
    allowed / used     calls that HubSpot would have let through while we waited for it, to those made

Measured; `--slack` multiplies these limits, for a small portal on a busy machine:

    processor / plain  a full pull, to a loop that makes the same calls and writes the same rows (see `plain_pull`)
    MB over idle       peak of a whole audit, less a process that has only imported what an audit imports
    memory, doubled    that peak, to the peak with half the contacts

The promise is `--contacts 20000 --audited 200000`; the defaults are for every day. Seconds are those of the processor.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time, sleep
from typing import Any
from urllib.parse import parse_qs

from measured import Ratios, exit_if_beyond, peak_mb
from plain_pull import PlainPull
from plain_store import differences
from practice_portal import change, config_for, practice
from practice_process import NOW, Practice, Requests, pull_once

from sync.cli.practice_files import TOKEN
from sync.store.moments import to_ms

COUNTED = {"calls / fewest": 1.05, "idle, a stream": 1.0, "changed, tenfold": 1.0, "refused": 0.0, "allowed / used": 1 / 0.9}
MEASURED = {"processor / plain": 2.5, "MB over idle": 200.0, "memory, doubled": 1.2}
ENGAGEMENTS = 3
BURST, LIMITED_CONTACTS = 50, 2_000  # calls in ten seconds; contacts that take three times as many
BURST_S = 10

_IDLE = "import hubspot.crm.owners.api_client, sync.cli.reports, sync.cli.sync, sync.cli.terminal, sync.report.spool, sync.run, sync.wiring"


def full_and_changed(folder: Path, contacts: int) -> Ratios:
    """Pull a portal whole, idle and changed; and a tenth of it, changed by as much."""
    changed = contacts // 20
    with practice(folder / "portal", contacts=contacts, engagements=ENGAGEMENTS) as portal:
        config = config_for(portal, folder / "ours")
        before_s = portal.cpu_s()
        _, ours_s = pull_once(config)
        theirs_s, made = portal.cpu_s() - before_s, portal.requests()
        told = f"{contacts:,} contacts and {contacts * ENGAGEMENTS:,} engagements"
        print(f"{told}: {len(made):,} calls, {fewest(made):,} at least; {ours_s:.2f} s of us, {theirs_s:.2f} s of the practice HubSpot")
        plain_s = plain(folder, portal, made)
        idle = by_stream(made_by(portal, config))
        print(f"nothing changed: {idle.total()} calls, {dict(idle)}")
        in_many = made_for(changed, portal, config)
    with practice(folder / "tenth", contacts=contacts // 10, engagements=ENGAGEMENTS) as portal:
        config = config_for(portal, folder / "few")
        pull_once(config)
        in_few = made_for(changed, portal, config)
    print(f"{changed:,} contacts changed: {in_many} calls among {contacts:,}, {in_few} among {contacts // 10:,}")
    return {
        "calls / fewest": len(made) / fewest(made),
        "idle, a stream": max(idle.values()),
        "changed, tenfold": in_many / in_few,
        "processor / plain": ours_s / plain_s,
    }


def plain(folder: Path, portal: Practice, made: Requests) -> float:
    """Make the same calls for objects and write the same rows, plainly; return the seconds."""
    lists = [call for call in made if stream_of(call) and not call["path"].endswith("/leads")]
    began = process_time()
    PlainPull(portal.url, TOKEN, folder / "plain.db", seen_at=to_ms(NOW)).run(lists)
    took = process_time() - began
    other = differences(folder / "ours" / "leadpact.db", folder / "plain.db")
    assert not other, f"the plain loop wrote other rows than we did: {other}"
    print(f"the same {len(lists):,} calls and rows, plainly: {took:.2f} s")
    return took


def fewest(made: Requests) -> int:
    """Return how few calls can tell as much: whole pages of lists, fifty rows with history or else a hundred, no searches of objects."""
    rows: Counter[tuple[str, str]] = Counter()
    page: dict[tuple[str, str], int] = {}
    for call in made:
        if call["method"] == "GET":
            asked = parse_qs(call["query"])
            name = call["path"], asked.get("archived", [""])[0]
            rows[name] += call["results"] or 0
            page[name] = 50 if "propertiesWithHistory" in asked else 100 if "limit" in asked else 1_000
    of_lists = sum("/crm/lists/" in call["path"] for call in made)  # that the agreement names
    return of_lists + sum(max(1, ceil(rows[name] / size)) for name, size in page.items())


def by_stream(made: Requests) -> Counter[str]:
    """Count calls by stream; `account-info` tells which portal it is."""
    return Counter(stream_of(call) or call["path"].strip("/").removeprefix("crm/").partition("/")[0] for call in made)


def stream_of(call: dict[str, Any]) -> str | None:
    _, _, after = call["path"].partition("/crm/objects/")
    return after.split("/")[1] if after else None


def made_by(portal: Practice, config: Path) -> Requests:
    """Pull once; return the calls of it."""
    before = portal.calls()
    pull_once(config)
    return portal.requests(after=before)


def made_for(changed: int, portal: Practice, config: Path) -> int:
    """Count the calls of a pull after `changed` contacts changed, and nothing else in the hour before."""
    portal.let_pass(3600)
    pull_once(config)
    change(portal, changed)
    before = portal.calls()
    pulled, _ = pull_once(config)
    assert pulled.rows["contacts"] == changed, f"{pulled.rows['contacts']} contacts came where {changed} had changed"
    return portal.calls() - before


def limited(folder: Path) -> Ratios:
    """Pull whole, then what changed, while HubSpot's limits are enforced; few calls in ten seconds, so that it is soon over."""
    with practice(folder / "limited", contacts=LIMITED_CONTACTS, engagements=ENGAGEMENTS, options=("--burst", str(BURST))) as portal:
        config = config_for(portal, folder / "slowed")
        full = made_by(portal, config)
        change(portal, LIMITED_CONTACTS // 5)
        sleep(BURST_S)  # what was called before is not counted against the next one, which is alone
        changed = made_by(portal, config)
    times = sorted(call["since_start_s"] for call in full if not call["path"].endswith("/search"))
    bursts = (len(times) - 1) // BURST
    waited_s = times[bursts * BURST] - times[0]
    refused = Counter(call["limited"] for call in full + changed if call["limited"])
    searches = sum(call["path"].endswith("/search") for call in changed)
    print(f"{BURST} calls in {BURST_S} s allowed: {bursts * BURST} took {waited_s:.2f} s; {searches} searches; refused: {dict(refused)}")
    return {"allowed / used": waited_s / BURST_S / bursts, "refused": refused.total()}


def memory(folder: Path, contacts: int) -> Ratios:
    """Audit that many contacts, and half as many, each in a process of its own."""
    idle = peak_mb([sys.executable, "-c", _IDLE])
    half, whole = (audit_mb(folder / f"audit-{size}", size) for size in (contacts // 2, contacts))
    print(f"{contacts:,} contacts audited: {whole:.0f} MB at most, {half:.0f} MB for half of them, {idle:.0f} MB for nothing")
    return {"MB over idle": whole - idle, "memory, doubled": whole / half}


def audit_mb(folder: Path, contacts: int) -> float:
    with practice(folder / "portal", contacts=contacts, engagements=1) as portal:
        config = config_for(portal, folder)
        return peak_mb([sys.executable, "-m", "sync", "sync", "--dry-run", "--config", str(config)])


@dataclass(frozen=True)
class Asked:
    contacts: int
    audited: int
    slack: float


def asked_for() -> Asked:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=2_000, help="of the portal that is pulled, 2,000 at least; default %(default)s")
    parser.add_argument("--audited", type=int, default=4_000, help="contacts of the portal that is audited whole; default %(default)s")
    parser.add_argument("--slack", type=float, default=1.0, help="multiply the limits of what is measured by so much; default %(default)s")
    return Asked(**vars(parser.parse_args()))


def main() -> None:
    asked = asked_for()
    limits = COUNTED | {name: limit * asked.slack for name, limit in MEASURED.items()}
    with TemporaryDirectory() as name:
        folder = Path(name)
        ratios = memory(folder, asked.audited) | full_and_changed(folder, asked.contacts) | limited(folder)
    exit_if_beyond(limits, ratios, complaint="a pull costs too much")


if __name__ == "__main__":
    main()
