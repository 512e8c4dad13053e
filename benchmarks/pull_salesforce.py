"""What a pull from Salesforce costs: calls, processor and memory, against a practice org.

Counted, so that a limit is a limit:

    calls / fewest     calls of a full pull, to those that pages of 2,000 rows allow
    bulk / fewest      the same where most rows come by bulk queries
    idle               calls of a poll of all objects where nothing happened
    changed, tenfold   calls for the same changes in an org of ten times the Leads, to those in the smaller one

Measured; `--slack` multiplies these limits, for a small org on a busy machine:

    processor / plain  a full pull, to a loop that reads the same pages and writes the same rows (see `plain_salesforce`)
    bulk / plain       the same where most rows come by bulk queries, to the same loop
    MB over idle       peak of a whole audit, less a process that has only imported what an audit imports
    memory, doubled    that peak, to the peak with half the Leads

The promise is `--leads 50000 --audited 200000`; the defaults are for every day. Each Lead has two Tasks, and of its history three
rows. Seconds are those of the processor; calls for a token are not counted, as Salesforce does not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from measured import Ratios, exit_if_beyond, peak_mb
from plain_salesforce import PlainSalesforce
from plain_store import differences
from practice_org import change, config_for, data_calls, practice
from practice_process import NOW, Practice, pull_once

from connectors.salesforce.bulk import RESULTS_PAGE
from connectors.salesforce.reading import AT_ONCE, PAGE
from connectors.salesforce.streams import RowStream, row_streams
from sync.cli.practice_files import TOKEN
from sync.files import read_files
from sync.store.moments import to_ms
from sync.vendors import salesforce_settings, wanted

COUNTED = {"calls / fewest": 1.05, "bulk / fewest": 1.05, "idle": 3.0, "changed, tenfold": 1.0}
MEASURED = {"processor / plain": 2.5, "bulk / plain": 2.5, "MB over idle": 200.0, "memory, doubled": 1.2}
TASKS = 2
NEVER, SOON = 10**9, 2 * PAGE  # rows above which a stream comes by a bulk query
OF_THE_ORG = 5  # calls: the org and who is in office, its definitions, what it tracks, the other users, whom a history names

_IDLE = "import simple_salesforce, sync.cli.reports, sync.cli.sync, sync.cli.terminal, sync.report.spool, sync.run, sync.wiring"


def full_and_changed(folder: Path, leads: int) -> Ratios:
    """Pull an org whole, both ways, idle and changed; and a tenth of it, changed by as much."""
    changed = leads // 20
    with practice(leads=leads, tasks=TASKS) as org:
        config = config_for(org, folder / "ours", bulk_above=NEVER)
        streams = streams_of(config)
        rows = {stream.name: org.records(stream.name) for stream in streams}
        print(f"{leads:,} Leads: {', '.join(f'{count:,} {name}' for name, count in rows.items() if count)}")
        paged, paged_s = full(org, config)
        bulk, bulk_s = full(org, config_for(org, folder / "bulk", bulk_above=SOON))
        plain_s = plain(folder, org, streams)
        idle = calls_of_pull(org, config)
        in_many = calls_for(changed, org, config)
    with practice(leads=leads // 10, tasks=TASKS) as org:
        config = config_for(org, folder / "few", bulk_above=NEVER)
        pull_once(config)
        in_few = calls_for(changed, org, config)
    print(f"nothing changed: {idle} calls; {changed:,} Leads changed: {in_many} among {leads:,}, {in_few} among {leads // 10:,}")
    return {
        "calls / fewest": paged / fewest(rows, bulk_above=NEVER),
        "bulk / fewest": bulk / fewest(rows, bulk_above=SOON),
        "idle": idle,
        "changed, tenfold": in_many / in_few,
        "processor / plain": paged_s / plain_s,
        "bulk / plain": bulk_s / plain_s,
    }


def streams_of(config: Path) -> list[RowStream]:
    """Return the streams of rows that a pull reads."""
    files = read_files(config)
    assert files.config.salesforce is not None
    settings = salesforce_settings(files.config.salesforce)
    form_fields = tuple(filter(None, (settings.form_date_field, settings.form_name_field)))
    return list(row_streams(wanted(files.config, files.agreement, "salesforce"), form_fields).values())


def full(org: Practice, config: Path) -> tuple[int, float]:
    """Pull everything; return the calls and the seconds of our processor."""
    before, before_s = org.calls(), org.cpu_s()
    _, took_s = pull_once(config)
    theirs_s, calls = org.cpu_s() - before_s, len(data_calls(org, after=before))
    print(f"{calls:,} calls; {took_s:.2f} s of us, {theirs_s:.2f} s of the practice Salesforce")
    return calls, took_s


def fewest(rows: Mapping[str, int], *, bulk_above: int) -> int:
    """Return how few calls can tell as much: first pages in groups, further ones of 2,000 rows, or a bulk query with its results."""
    further = [_bulk_calls(count - PAGE) if count > bulk_above else ceil(count / PAGE) - 1 for count in rows.values() if count > PAGE]
    return OF_THE_ORG + ceil(len(rows) / AT_ONCE) + sum(further)


def _bulk_calls(rows: int) -> int:
    """Begin, look whether it is done, read the results."""
    return 2 + ceil(rows / RESULTS_PAGE)


def plain(folder: Path, org: Practice, streams: list[RowStream]) -> float:
    """Read the same pages and write the same rows, plainly; return the seconds."""
    began = process_time()
    calls = PlainSalesforce(org.url, TOKEN, folder / "plain.db", seen_at=to_ms(NOW)).run(streams)
    took = process_time() - began
    for ours in ("ours", "bulk"):
        other = differences(folder / ours / "leadpact.db", folder / "plain.db")
        assert not other, f"the plain loop wrote other rows than we did ({ours}): {other}"
    print(f"the same rows, plainly: {calls:,} calls, {took:.2f} s")
    return took


def calls_of_pull(org: Practice, config: Path) -> int:
    """Pull once; count the calls of it."""
    before = org.calls()
    pull_once(config)
    return len(data_calls(org, after=before))


def calls_for(changed: int, org: Practice, config: Path) -> int:
    """Count the calls of a pull after `changed` Leads changed, and nothing else in the hour before."""
    org.let_pass(3600)
    pull_once(config)
    change(org, changed)
    before = org.calls()
    pulled, _ = pull_once(config)
    assert pulled.rows["Lead"] == changed, f"{pulled.rows['Lead']} Leads came where {changed} had changed"
    return len(data_calls(org, after=before))


def memory(folder: Path, leads: int) -> Ratios:
    """Audit that many Leads, and half as many, each in a process of its own."""
    idle = peak_mb([sys.executable, "-c", _IDLE])
    half, whole = (audit_mb(folder / f"audit-{size}", size) for size in (leads // 2, leads))
    print(f"{leads:,} Leads audited: {whole:.0f} MB at most, {half:.0f} MB for half of them, {idle:.0f} MB for nothing")
    return {"MB over idle": whole - idle, "memory, doubled": whole / half}


def audit_mb(folder: Path, leads: int) -> float:
    with practice(leads=leads, tasks=1) as org:
        config = config_for(org, folder, bulk_above=20_000)
        return peak_mb([sys.executable, "-m", "sync", "sync", "--dry-run", "--config", str(config)])


@dataclass(frozen=True)
class Asked:
    leads: int
    audited: int
    slack: float


def asked_for() -> Asked:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=4_000, help="of the org that is pulled, 2,000 at least; default %(default)s")
    parser.add_argument("--audited", type=int, default=4_000, help="Leads of the org that is audited whole; default %(default)s")
    parser.add_argument("--slack", type=float, default=1.0, help="multiply the limits of what is measured by so much; default %(default)s")
    return Asked(**vars(parser.parse_args()))


def main() -> None:
    asked = asked_for()
    limits = COUNTED | {name: limit * asked.slack for name, limit in MEASURED.items()}
    with TemporaryDirectory() as name:
        folder = Path(name)
        ratios = full_and_changed(folder, asked.leads) | memory(folder, asked.audited)
    exit_if_beyond(limits, ratios, complaint="a pull from Salesforce costs too much")


if __name__ == "__main__":
    main()
