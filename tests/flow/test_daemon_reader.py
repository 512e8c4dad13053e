"""What the daemon's reader asks a practice HubSpot, order by order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.records import RecordKey
from sync.daemon.events import Order, Polled
from sync.daemon.poller import Reader
from sync.judge.findings import Judgement, Status
from sync.wiring import open_context
from tests.builders import a_finding, ny
from tests.faults.worlds import World, practice_world

WHOLE, LIGHT = Order(whole=True), Order(whole=False)
NOW = ny("2026-11-20 10:00")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with practice_world("hubspot", tmp_path, leads=5, seed=5) as world:
        yield world


def read(reader: Reader, world: World, order: Order) -> tuple[Polled, int]:
    """Carry out an order; return what came of it, and how many calls it took."""
    before = world.calls()
    polled = reader.carry_out(order)
    assert polled.error is None
    return polled, world.calls() - before


def test_while_no_promise_is_open_a_poll_is_one_call_and_a_hint_reads_just_whom_it_names(world: World) -> None:
    with open_context(world.files / "config.toml", tell=lambda _: None) as run:
        reader = Reader(run=run, connector=run.connectors[0])
        first, all_calls = read(reader, world, WHOLE)
        assert first.facts is not None
        polled, calls = read(reader, world, LIGHT)
        assert (calls, polled.read) == (1, {"contacts"})

        lead = run.known.reader.find("100001")[0]
        hinted, calls = read(reader, world, Order(persons=(RecordKey.parse(lead),)))
        assert (calls <= 2, hinted.read) == (True, frozenset())

        run_id = run.runs.start("daemon", mode="observe", as_of=None, now=NOW, agreement_hash="a")
        running = a_finding("first_touch", NOW, lead=lead, records=(RecordKey.parse(lead),), status=Status.RUNNING)
        run.known.findings.save(run_id, [Judgement(lead=lead, findings=(running,), next_at=None)], judged_at=NOW)
        polled, calls = read(reader, world, LIGHT)
        assert {"contacts", "calls", "emails", "meetings"} <= polled.read
        assert calls <= all_calls
