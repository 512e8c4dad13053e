"""`leadpact status`: what it tells of a store and of a daemon, on a screen and as JSON."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sync.agreement.versions import version_of
from sync.config import Config, load_config
from sync.daemon.heartbeat import CrmPulse, CrmState, Heartbeat, drop_heartbeat, heartbeat_file, write_heartbeat
from sync.daemon.liveness import Life, daemon_of
from sync.journal import Event, Place
from sync.judge.findings import Status
from sync.report.status import RED, status_lines
from sync.report.status_json import status_json
from sync.status import status_at
from sync.stops import StopKind, Target
from sync.store.agreements import Agreements
from sync.store.database import Database, open_store
from sync.store.findings import Findings
from sync.store.ledger import Enforced
from sync.store.runs import Runs
from sync.store.stops import Stops
from sync.store.usage import ApiUsage
from tests.builders import ROOT, the_practice_agreement
from tests.flow.practice import leadpact
from tests.flow.store_values import HOUR, MINUTE, NINE, a_finding, a_judgement, a_record, save
from tests.flow.test_store_holding import hold
from tests.flow.test_store_journal import FREE, a_plan, note

SCREEN = """\
Daemon       none runs
hubspot      read up to Fri 2026-11-20 04:00 EST; 12 calls on 2026-11-20 of 50,000 that may be ours; the account had 249,000 of 250,000 left
Promises     2 open, 1 at risk, 1 broken, 1 backlog, 0 unknown
Due next     Fri 2026-11-20 04:00 EST  hubspot/contact/2  first touch  not judged since
             Fri 2026-11-20 06:00 EST  hubspot/contact/1  decide
Held         plan 2: 1 move, until Sat 2026-11-21 04:00 EST; see `leadpact held`
Failed writes        1: see `leadpact runs` and `leadpact show RUN`
Open writes          1: the next run finds out what became of them
Last run     ID, sync, stopped: Unreachable
Mode         observe
Agreement    not in force: not signed by marketing and sales
  enforced since Fri 2026-11-20 04:00 EST: first touch
pause 1 of everything, until it is resumed; since 2026-11-20 09:00:00 UTC by ada: month end
    end it: leadpact resume
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("LEADPACT_HUBSPOT__TOKEN", "pat-na1-planted")
    (tmp_path / "config.toml").write_text("[hubspot]\n", encoding="utf-8")
    agreement = ROOT / "src/sync/examples/practice.agreement.toml"
    (tmp_path / "agreement.toml").write_bytes(agreement.read_bytes())
    return load_config(tmp_path / "config.toml", os.environ)


def fill(store: Database) -> str:
    """Put into a store a promise of each kind, writes, a hold and a pause; return the last run."""
    save(store, *(a_record(f"contact/{number}") for number in (1, 2, 3)))
    run, plan = a_plan(store, FREE, FREE)
    note(store, run, Place(plan, 0), Event.INTENDED, Event.REFUSED)
    note(store, run, Place(plan, 1), Event.INTENDED, Event.DONE)
    hold(store, FREE)
    of_late = a_finding("f3", lead="hubspot/contact/3", owed=True)
    old = replace(of_late, key="f4", cycle=replace(of_late.cycle, opened_at=NINE - MINUTE))
    running = a_finding("f1", status=Status.RUNNING, rule="decide", late_by_s=None, owed=True)
    at_risk = a_finding("f2", lead="hubspot/contact/2", status=Status.AT_RISK, due_at=NINE, late_by_s=None, owed=True)
    judged = [
        a_judgement(running, next_at=NINE + HOUR),
        a_judgement(at_risk, lead="hubspot/contact/2", next_at=NINE),
        a_judgement(of_late, old, lead="hubspot/contact/3"),
    ]
    agreement = the_practice_agreement()
    last = Runs(store).start("sync", mode="observe", as_of=None, now=NINE, agreement_hash=agreement.hash)
    Agreements(store).remember(version_of(agreement, seen_at=NINE))
    Findings(store).save(last, judged, judged_at=NINE)
    usage = {"hubspot": {"calls": 12, "limit_today": 250_000, "remaining_today": 249_000}}
    Runs(store).finish(last, outcome="Unreachable", summary={"usage": usage})
    ApiUsage(store).add("hubspot", NINE.date(), 12)
    Enforced(store).renew(["first touch"], now=NINE)
    Stops(store).add(StopKind.PAUSE, [Target()], now=NINE, until=None, who="ada", why="month end")
    return last


def screen(config: Config, now: datetime) -> str:
    return "".join(f"{text}\n" for text, _ in status_lines(status_at(config, now)))


def document(config: Config, now: datetime) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(status_json(status_at(config, now)))
    return told


def test_everything_stands_on_one_screen(config: Config) -> None:
    with open_store(config.store) as store:
        last = fill(store)
    told = screen(config, NINE + MINUTE)
    expected = SCREEN.replace("ID", last)
    assert told.startswith(expected), told
    assert told.removeprefix(expected).startswith("Store  ") and told.endswith(" MB, no backup\n")


def test_the_document_has_the_same_and_a_stable_shape(config: Config) -> None:
    with open_store(config.store) as store:
        last = fill(store)
    backup = config.store.with_name("backups") / "leadpact.db"
    backup.parent.mkdir()
    backup.touch()
    os.utime(backup, (NINE.timestamp(), NINE.timestamp()))
    told = document(config, NINE + MINUTE)
    assert told.keys() == EMPTY
    assert told["at"] == "2026-11-20T09:01:00.000Z"
    assert told["promises"] == {"open": 2, "at_risk": 1, "broken": 1, "backlog": 1, "unknown": 0}
    assert told["failures"] == {"failed_writes": 1, "open_writes": 1, "unknown_messages": 0, "failed_messages": 0}
    assert told["writes"] == {"done": 1, "refused": 1}
    assert told["due_next"][1] == {"due_at": "2026-11-20T11:00:00.000Z", "lead": "hubspot/contact/1", "rule": "decide", "status": "running"}
    assert told["last_run"] == {"id": last, "kind": "sync", "began_at": "2026-11-20T09:00:00.000Z", "outcome": "Unreachable"}
    assert told["store"]["last_backup_at"] == "2026-11-20T09:00:00.000Z"
    assert told["enforcement"]["held"][0]["apply"] == "leadpact apply 2"
    assert told["enforcement"]["stops"][0]["resume"] == "leadpact resume"
    reference = (ROOT / "docs" / "reference" / "status.md").read_text(encoding="utf-8")
    by_name = {"hubspot", *told["messages"], *told["writes"], *told["enforcement"]["enforced_since"]}
    of_held = set(told["enforcement"]["held"][0]) | set(told["enforcement"]["stops"][0]) | {"rule", "moves", "limit"}
    assert {key for key in keys_of(told) - by_name - of_held if f"`{key}`" not in reference} == set()


def keys_of(value: object) -> set[str]:
    """Return every key in a document, however deep."""
    if isinstance(value, dict):
        return {*value, *(key for inner in value.values() for key in keys_of(inner))}
    return {key for inner in value for key in keys_of(inner)} if isinstance(value, list) else set()


EMPTY = {
    "at", "daemon", "crms", "promises", "rules", "due_next", "failures", "writes", "messages", "last_run", "enforcement", "store"
}  # fmt: skip


def test_it_is_told_before_anything_was_pulled_and_with_a_broken_agreement(config: Config) -> None:
    config.agreement.write_text("no toml", encoding="utf-8")
    told = screen(config, NINE)
    assert "hubspot      not read yet; no calls yet\nPromises     nothing was pulled yet\n" in told
    assert "Agreement    not in force: agreement.toml cannot be read" in told
    assert document(config, NINE).keys() == EMPTY
    assert not config.store.exists()


def test_a_store_of_an_older_version_hides_neither_the_daemon_nor_the_agreement(config: Config) -> None:
    with open_store(config.store) as store:
        fill(store)
    leave(config, a_beat())
    with closing(sqlite3.connect(config.store)) as connection, connection:
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = '0003_views'")
    status = status_at(config, NINE)
    told = screen(config, NINE)
    assert told.startswith("Daemon       runs: ")
    assert "hubspot      not known\nPromises     not known: the store cannot be read\nMode         observe\n" in told
    assert f"Store        the store {config.store} was written by an older leadpact and must be brought up to date first\n  fix: " in told
    assert status.exit_code == 1
    assert "older leadpact" in document(config, NINE)["store"]["trouble"]


def leave(config: Config, beat: Heartbeat, *, at: datetime = NINE) -> None:
    """Leave a heartbeat as a daemon wrote it at a moment."""
    write_heartbeat(config.store, beat)
    os.utime(heartbeat_file(config.store), (at.timestamp(), at.timestamp()))


def a_beat(**more: Any) -> Heartbeat:
    told: dict[str, Any] = {"pid": os.getpid(), "host": socket.gethostname(), "version": "1.2", "started_at": NINE, "at": NINE}
    return Heartbeat(**(told | {"ticked_at": NINE, "good_at": NINE, "tick_s": 0.25, "next_at": NINE + HOUR} | more))


@pytest.mark.parametrize(
    ("more", "after", "life"),
    [
        ({}, timedelta(minutes=3), Life.RUNNING),
        ({}, timedelta(minutes=3, seconds=1), Life.STUCK),
        ({}, timedelta(minutes=-4), Life.STUCK),  # the clock was set back since
        ({"pid": "dead"}, timedelta(), Life.DOWN),
        ({"pid": "dead", "host": "another"}, timedelta(), Life.RUNNING),  # whose processes cannot be seen from here
        ({"pid": 1}, timedelta(), Life.RUNNING),
    ],
)
def test_a_daemon_is_known_by_its_process_and_its_last_sign_of_life(
    config: Config, more: dict[str, Any], after: timedelta, life: Life
) -> None:
    if more.get("pid") == "dead":
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        more = more | {"pid": ended.pid}
    leave(config, a_beat(**more, at=NINE - HOUR))  # its own clock is off: it goes by that of a CRM
    assert daemon_of(config.store, now=NINE + after).life is life


def test_what_a_daemon_says_of_itself_is_shown(config: Config) -> None:
    down = CrmPulse(state=CrmState.DOWN, since=NINE, said="no answer\n  at all", fix="wait", closed={"deals": "no scope"})
    leave(config, a_beat(good_at=None, crms={"hubspot": down}, trouble="the disk is full", reload_refused="2 problems"))
    lines = list(status_lines(status_at(config, NINE)))
    pid, host = os.getpid(), socket.gethostname()
    assert [text for text, _ in lines[:10]] == [
        f"Daemon       runs: process {pid} on {host}, version 1.2, since Fri 2026-11-20 04:00 EST",
        "  last tick  Fri 2026-11-20 04:00 EST, took 0.2 s; the last good one none yet",
        "  next       Fri 2026-11-20 05:00 EST",
        "  judging nothing: the disk is full",
        "  goes by the files as they were: 2 problems",
        "hubspot      not read yet; no calls yet",
        "  DOWN since Fri 2026-11-20 04:00 EST, and asked again by itself: no answer",
        "    at all",
        "  fix: wait",
        "  cannot read deals: no scope",
    ]
    assert [style for _, style in lines[3:10]] == [RED, RED, "", RED, RED, RED, RED]
    assert document(config, NINE)["crms"]["hubspot"]["closed"] == {"deals": "no scope"}
    assert document(config, NINE)["daemon"]["trouble"] == "the disk is full"


def test_a_daemon_that_reads_for_the_first_time_says_so(config: Config) -> None:
    leave(config, a_beat(ticked_at=None, good_at=None, tick_s=None, next_at=None))
    assert "  last tick  none yet; it reads the CRMs first\n  next       none yet\n" in screen(config, NINE)


def test_the_program_ends_with_one_only_where_a_daemon_is_missed(config: Config) -> None:
    done = leadpact("status", cwd=config.path.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Daemon       none runs\n")
    leave(config, a_beat(), at=datetime.now(UTC) - HOUR)
    done = leadpact("status", "--format", "json", cwd=config.path.parent)
    assert (done.returncode, json.loads(done.stdout)["daemon"]["state"]) == (1, "stuck")
    drop_heartbeat(config.store)  # as a daemon does that was told to end
    assert daemon_of(config.store, now=datetime.now(UTC)).life is Life.NONE
