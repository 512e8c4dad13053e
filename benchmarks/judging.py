"""How long judging takes, against SQLite handing over the same rows, against ten times the leads, and against a tick.

Four ratios in one run, each with its limit:

    judging / rows  reading and judging every lead, to the time SQLite takes to hand the same rows to Python
    ten times       judging ten times the leads, what was found saved
    tick / full     a tick in which one lead in a thousand changed or fell due, to judging and saving every lead
    tick, tenfold   the same tick among ten times the leads

One lead in ten stands in a handoff, with twenty facts. Seconds are those of the processor, so that a busy machine changes no ratio.
`--leads 100000` is the promise (and makes a store of a million for the last ratio); the default is for every day.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

from generated_store import CRM, NOW, handed_over, write_store

from connectors.hubspot.mapping import VOCABULARY
from connectors.records import FieldChange, Page, Record, RecordKey
from sync.cli.init import example
from sync.cli.practice_files import PracticeFiles, write_files
from sync.context import Context
from sync.judge.judge import judge_lead
from sync.judged_by import judged_by
from sync.known import eras_at, gather_terms
from sync.rows import LeadRows
from sync.store.database import open_store
from sync.store.rows_read import LeadReader
from sync.tick import Ticked, judge_dirty
from sync.wiring import open_context

ROUNDS = 5
LIMITS = {"judging / rows": 10.0, "ten times": 11.0, "tick / full": 1 / 25, "tick, tenfold": 1.5}


@dataclass(frozen=True)
class Store:
    """A generated store with the files beside it."""

    folder: Path
    leads: int

    @classmethod
    def make(cls, folder: Path, leads: int) -> Store:
        folder.mkdir()
        write_files(
            folder, PracticeFiles(url="http://127.0.0.1:9", crms=("hubspot",), roster=example("roster"), agreement="practice.agreement")
        )
        write_store(folder / "leadpact.db", leads)
        return cls(folder, leads)

    @property
    def path(self) -> Path:
        return self.folder / "leadpact.db"

    @contextmanager
    def opened(self) -> Iterator[Context]:
        with open_context(self.folder / "config.toml", tell=lambda _: None) as run:
            yield run

    def take_as_judged(self) -> None:
        """Note every lead as judged now, without judging."""
        with self.opened() as run:
            terms = gather_terms(run.known, eras_at(run.known, upto=None))
            run.known.dirty.refresh(judged_by(terms), bulk_within=timedelta(minutes=5))
        with open_store(self.path) as store, store.transaction() as tx:
            tx.execute("DELETE FROM dirty")
            tx.execute("INSERT INTO lead_state (lead, judged_at) SELECT id, 0 FROM object WHERE kind = 'contact'")


def tick(run: Context) -> Ticked:
    known = run.known
    terms = gather_terms(known, eras_at(known, upto=None))
    run_id = run.runs.start("benchmark", mode="observe", as_of=None, now=NOW, agreement_hash=known.agreement.hash)
    return judge_dirty(known, terms, run_id=run_id, now=NOW)


def full(store: Store) -> float:
    """Judge every lead for the first time; return the seconds."""
    with store.opened() as run:
        began = process_time()
        ticked = tick(run)
        took = process_time() - began
    assert ticked.judged == store.leads, f"{ticked.judged} of {store.leads} leads were judged"
    print(f"  {store.leads:>9,} leads judged in {took:.2f} s, {took / store.leads * 1e6:.0f} µs a lead, {ticked.new:,} findings")
    return took


def judging(store: Store) -> float:
    """Read and judge every lead, and save nothing; return the seconds."""
    with store.opened() as run:
        terms = gather_terms(run.known, eras_at(run.known, upto=None))
        began = process_time()
        findings = sum(len(judge_lead(one, terms, NOW).findings) for one in every_lead(run.known.reader))
        took = process_time() - began
    print(f"  {store.leads:>9,} leads judged, none saved, in {took:.2f} s, {took / store.leads * 1e6:.0f} µs a lead, {findings:,} findings")
    return took


def every_lead(reader: LeadReader) -> Iterator[LeadRows]:
    return reader.leads(upto=NOW, bulk_within=timedelta(minutes=5))


def rows(store: Store) -> float:
    """Return the seconds in which SQLite hands over the rows that judging every lead reads."""
    asked: list[str] = []
    with open_store(store.path) as ours:
        with ours.snapshot() as tx:
            tx.set_trace_callback(asked.append)
        for _ in every_lead(LeadReader(ours, [VOCABULARY])):
            pass
    selects = [statement for statement in asked if statement.lstrip().startswith("SELECT")]
    with sqlite3.connect(store.path) as tables:
        began = process_time()
        count = sum(len(tables.execute(statement).fetchall()) for statement in selects)
        took = process_time() - began
    tables.close()
    print(f"  {store.leads:>9,} leads are {count:,} rows in {len(selects):,} statements: {took:.2f} s")
    return took


def ticks(store: Store, changed: int) -> float:
    """Return the median of the seconds of a tick in which `changed` leads changed or fell due, one half each."""
    times = []
    hot = list(handed_over(store.leads))
    for number in range(ROUNDS):
        theirs = hot[number * changed : (number + 1) * changed]
        with store.opened() as run:
            change(run, theirs[: changed // 2], number)
            let_fall_due(store, theirs[changed // 2 :])
            began = process_time()
            ticked = tick(run)
            times.append(process_time() - began)
        assert ticked.judged == changed, f"{ticked.judged} leads were judged where {changed} had changed"
    print(f"  {store.leads:>9,} leads, {changed} changed or due, {ticked.judged} judged: {median(times) * 1000:.1f} ms")
    return median(times)


def change(run: Context, leads: list[int], number: int) -> None:
    keys = [RecordKey(CRM, "contact", str(lead)) for lead in leads]
    at = NOW - timedelta(minutes=30 - number)
    records = tuple(
        Record(
            key=one,
            values={"hubspotscore": str(number)},
            history={"hubspotscore": (FieldChange(record=one, field="hubspotscore", value=str(number), at=at),)},
            created_at=NOW - timedelta(days=120),
            changed_at=at,
        )
        for one in keys
    )
    run.known.mirror.save_page(CRM, Page(stream="contacts", began_at=NOW, records=records, cursor="", last=True), seen_at=at)


def let_fall_due(store: Store, leads: list[int]) -> None:
    with open_store(store.path) as other, other.transaction() as tx:
        tx.executemany("UPDATE lead_state SET next_at = 0 WHERE lead = ?", ((lead,) for lead in leads))


def measure(folder: Path, leads: int) -> dict[str, float]:
    fewer, promised, more = (Store.make(folder / name, size) for name, size in (("a", leads // 10), ("b", leads), ("c", leads * 10)))
    tenth, whole = full(fewer), full(promised)
    only_judged, handed = judging(promised), rows(promised)
    small = ticks(promised, leads // 1000)
    more.take_as_judged()
    among_many = ticks(more, leads // 1000)
    return {
        "judging / rows": only_judged / handed,
        "ten times": whole / tenth,
        "tick / full": small / whole,
        "tick, tenfold": among_many / small,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=10_000, help="a thousand at least; default %(default)s")
    parser.add_argument("--slack", type=float, default=1.0, help="multiply the limits by so much: a small store on a busy machine")
    asked = parser.parse_args()
    limits = {name: limit * asked.slack for name, limit in LIMITS.items()}
    with TemporaryDirectory() as folder:
        ratios = measure(Path(folder), asked.leads)
    for name, ratio in ratios.items():
        print(f"{name:14} {ratio:8.3f}  (limit {limits[name]:g})")
    if slow := [name for name, ratio in ratios.items() if ratio > limits[name]]:
        sys.exit(f"judging is too slow: {', '.join(slow)}")


if __name__ == "__main__":
    main()
