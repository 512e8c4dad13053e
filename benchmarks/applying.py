"""What writing costs: the calls and the processor's time of applying one plan, against a practice HubSpot.

A plan gives many leads to somebody else, and some back to Marketing. Counted, so that a limit is a limit:

    calls / fewest     calls of `apply`, to the fewest in which as much fits: for each hundred leads that are written together their
                       reading, what is associated with them, the write, and reading back
    left undone        steps that were not written and read back

Measured; `--slack` multiplies this limit, for a small plan on a busy machine:

    processor / plain  the same, to a loop that makes the same calls and only decodes the answers. 2 was hoped for; 10 to 19 is what it
                       comes to. Half of ours goes into judging and planning each lead again right before it is written, a sixth into
                       reading it back and comparing, a tenth into keeping what was read: the loop does nothing of that

The promise is `--reassigned 5000 --recycled 1000`; the defaults are for every day. The limits of the config are raised here.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import orjson
import urllib3
from measured import Ratios, exit_if_beyond
from practice_process import NOW, Practice, Requests, running

from sync.act import Acted, act, apply
from sync.agreement.load import agreement_of
from sync.begin import NOTHING_SPECIAL
from sync.cli.practice_files import TOKEN
from sync.report.spool import Spool
from sync.run import dry_run
from sync.wiring import open_context

COUNTED = {"calls / fewest": 1.1, "left undone": 0.0}
MEASURED = {"processor / plain": 25.0}
REPS = 20
AT_ONCE, WITH_HISTORY = 100, 50  # records of one call
HOUR_S = 3600

AGREEMENT = """
title = "First touch"
effective = 2026-01-01
expires_on = 2026-12-31
timezone = "America/New_York"

[fields]
country = { type = "text", hubspot = "country" }

[[stage]]
name = "MQL"
side = "marketing"
meaning = "Sales should talk to them now."
hubspot.contact = "lifecyclestage = 'marketingqualifiedlead'"

[calendar.default]
hours = "Mo-Fr 09:00-17:30"
timezone = "America/New_York"

[pool.sdr]

[[handoff]]
name = "Marketing to SDR"
opens_on = "stage MQL"
pool = "sdr"

[[clock]]
name = "first_touch"
starts = "handoff"
kept_by = "touch"
within = "2 business hours"
ladder = "reassign"

[[level]]
name = "Germany"
segment = "country = 'DE'"
clock.first_touch = { ladder = "recycle: stale" }

[recycle]
reasons = { "stale" = "30 days" }
to = { status = "BAD_TIMING" }
hubspot.contact = "hs_lead_status = 'BAD_TIMING'"
"""
CONFIG = """
[hubspot]
base_url = "{url}"
burst_share = 1.0
max_share = 1.0
[mode]
default = "enforce"
[limits]
moves_per_run = 1000000
moves_per_hour = 1000000
moves_per_day = 1000000
moves_share = 1.0
[log]
level = "error"
"""


@dataclass(frozen=True)
class Asked:
    reassigned: int
    recycled: int
    slack: float


def write_account(folder: Path, url: str) -> Path:
    """Write the files of an account that enforces a signed agreement; return its config."""
    (folder / "secrets").mkdir(parents=True)
    (folder / "secrets" / "hubspot_token").write_text(TOKEN, encoding="utf-8")
    (folder / "secrets" / "hubspot_token").chmod(0o600)
    people = "".join(f'[[person]]\nname = "Rep {rep}"\nhubspot = "{rep}"\n' for rep in range(1, REPS + 1))
    members = ", ".join(f'"Rep {rep}"' for rep in range(1, REPS + 1))
    (folder / "roster.toml").write_text(f'{people}[[pool]]\nname = "sdr"\nmembers = [{members}]\n', encoding="utf-8")
    hash_ = agreement_of(AGREEMENT, file="agreement.toml").hash
    signatures = "".join(
        f'\n[[signature]]\nside = "{side}"\nname = "N"\nat = 2026-11-01T10:00:00Z\nhash = "{hash_}"\n' for side in ("marketing", "sales")
    )
    (folder / "agreement.toml").write_text(AGREEMENT + signatures, encoding="utf-8")
    (folder / "config.toml").write_text(CONFIG.format(url=url), encoding="utf-8")
    return folder / "config.toml"


@contextmanager
def practice(folder: Path) -> Iterator[Practice]:
    """Serve a portal that has reps and no contacts."""
    lines = [{"object": "owners", "id": str(rep), "email": f"rep{rep}@example.com", "userId": rep} for rep in range(1, REPS + 1)]
    portal = folder / "portal.jsonl"
    portal.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    with running(["-m", "sandbox", "--load", str(portal), "--now", NOW.isoformat(), "--port", "0"]) as served:
        served.ask("POST", "/_sandbox/limits", {"enforced": False, "burst": 1_000_000})
        yield served


def hand_over(portal: Practice, leads: int, *, country: str) -> None:
    """Make leads that are handed over to one rep after the other now."""
    for start in range(0, leads, AT_ONCE):
        inputs = [{"properties": lead_of(country, number)} for number in range(start, min(start + AT_ONCE, leads))]
        portal.ask("POST", "/crm/v3/objects/contacts/batch/create", {"inputs": inputs})


def lead_of(country: str, number: int) -> dict[str, str]:
    return {
        "email": f"{country}{number}@lead{number}.example".lower(),
        "country": country,
        "lifecyclestage": "marketingqualifiedlead",
        "hubspot_owner_id": str(1 + number % REPS),
    }


def planned(config: Path) -> int:
    """Judge and plan; return the number of the plan."""
    with Spool() as spool, open_context(config, tell=lambda _: None) as run:
        plan = dry_run(run, spool, NOTHING_SPECIAL).plan
    assert plan is not None
    return plan.id


def begin_enforcing(config: Path) -> None:
    planned(config)
    with Spool() as spool, open_context(config, tell=lambda _: None) as run:
        act(run, spool, NOTHING_SPECIAL)


def applied(config: Path, plan: int) -> tuple[Acted, float]:
    """Carry a plan out; return what was done and the seconds that our processor took for it."""
    with open_context(config, tell=lambda _: None) as run:
        kept = run.plans.get(plan)
        assert kept is not None
        began = process_time()
        acted = apply(run, kept)
        return acted, process_time() - began


def fewest(made: Requests, leads: int) -> int:
    """Return how few calls do as much for `leads`, a hundred at a time; whatever else a run asks, it asks as it did."""
    kinds = Counter((call["path"], "propertiesWithHistory" in (call["body"] or {})) for call in made)
    least = 0
    for (path, has_history), calls in kinds.items():
        is_batch = "/batch/" in path
        size = WITH_HISTORY if has_history else AT_ONCE
        least += min(calls, rounds(path) * ceil(leads / AT_ONCE) * (AT_ONCE // size)) if is_batch else calls
    return least


def rounds(path: str) -> int:
    """Return how often a lead is read by a path: before it is written, and after."""
    return 2 if path.endswith("/contacts/batch/read") else 1


def plain(portal: Practice, made: Requests) -> float:
    """Make the same calls and decode what they answer; return the seconds of the processor."""
    pool = urllib3.PoolManager(headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}, retries=False)
    began = process_time()
    for call in made:
        body: Any = call["body"]
        query = f"?{call['query']}" if call["query"] else ""
        answer = pool.request(call["method"], f"{portal.url}{call['path']}{query}", body=orjson.dumps(body) if body else None)
        orjson.loads(answer.data)
    return process_time() - began


def measure(folder: Path, asked: Asked) -> Ratios:
    leads = asked.reassigned + asked.recycled
    with practice(folder) as portal:
        config = write_account(folder / "account", portal.url)
        begin_enforcing(config)
        portal.let_pass(60)
        hand_over(portal, asked.reassigned, country="US")
        hand_over(portal, asked.recycled, country="DE")
        portal.let_pass(6 * HOUR_S)
        plan, before = planned(config), portal.calls()
        acted, ours_s = applied(config, plan)
        made = portal.requests(after=before)
        plain_s = plain(portal, made)
    counts = {event.value: count for event, count in acted.tally.events.items()}
    print(
        f"{leads:,} leads: {counts}; {len(made):,} calls, {fewest(made, leads):,} at least; {ours_s:.2f} s of us, {plain_s:.2f} s plainly"
    )
    for path, calls in Counter(call["path"] for call in made).most_common():
        print(f"  {calls:6,}  {path}")
    return {
        "calls / fewest": len(made) / fewest(made, leads),
        "left undone": leads - counts.get("verified", 0),
        "processor / plain": ours_s / plain_s,
    }


def asked_for() -> Asked:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reassigned", type=int, default=500, help="leads that get another owner; default %(default)s")
    parser.add_argument("--recycled", type=int, default=100, help="leads that go back to Marketing; default %(default)s")
    parser.add_argument("--slack", type=float, default=1.0, help="multiply the limits of what is measured by so much; default %(default)s")
    return Asked(**vars(parser.parse_args()))


def main() -> None:
    asked = asked_for()
    limits = COUNTED | {name: limit * asked.slack for name, limit in MEASURED.items()}
    with TemporaryDirectory() as name:
        exit_if_beyond(limits, measure(Path(name), asked), complaint="writing costs too much")


if __name__ == "__main__":
    main()
