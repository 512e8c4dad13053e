"""A store of an older schema is brought up to date, and what stood in it stands."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlite_utils

from sync.judge.findings import Status
from sync.store.database import APPLICATION_ID, open_store
from sync.store.finding_rows import fingerprint
from sync.store.findings import Findings, Saved
from sync.store.migrations import MIGRATIONS
from sync.store.moments import from_ms
from sync.store.runs import Runs
from tests.flow.store_values import HOUR, NINE, a_finding, a_judgement, a_mirror, an_owner, save_owners

OLD_ROWS = """
    INSERT INTO object VALUES (1, 'hubspot', 'contact', 1, '1');
    INSERT INTO record VALUES (1, 100, 200, 300, NULL, '{"city":"Bonn"}');
    INSERT INTO owner VALUES ('hubspot', '77', NULL, NULL, 'Ada', 0, 1, '[]'), ('hubspot', '78', NULL, NULL, 'Ben', 0, 0, '[]');
    INSERT INTO stream (crm, name, cursor, upto) VALUES ('hubspot', 'owners', 'whole', 1000);
    INSERT INTO run VALUES (1, '20261120T090000Z-0001', 'dry-run', 'observe', NULL, 1000, 'abc', 'ok', NULL);
    INSERT INTO lead_state VALUES (1, 1000, NULL);
"""


def an_old_store(path: Path) -> None:
    """Make a store with the three first migrations, a lead, two owners and a finding that stands."""
    finding = a_finding()
    with closing(sqlite3.connect(path)) as old:
        old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        MIGRATIONS.apply(sqlite_utils.Database(old), stop_before="0004_levels_and_leavers")
        old.executescript(OLD_ROWS)
        old.execute(
            """
            INSERT INTO finding_version (id, run, key, lead, rule, kind, status, side, owner, started_at, due_at, late_by_s,
                handoff, cycle_number, cycle_opened_at, cycle_opened_by, records, evidence, message, withdrawn)
            VALUES (1, 1, 'f1', 1, :rule, 'clock', 'breached', 'owner', '77', :started, :due, 60,
                :handoff, 1, :started, 'stage MQL', '["hubspot/contact/1"]', :evidence, :message, 0)
            """,
            {
                "rule": finding.rule,
                "started": 1795165200000,
                "due": 1795172400000,
                "handoff": finding.cycle.handoff,
                "evidence": '[{"at":1795165200000,"what":"entered MQL","source":"hubspot/contact/1#lifecyclestage","counted":true}]',
                "message": finding.message,
            },
        )
        old.execute("INSERT INTO finding VALUES ('f1', 1, 1, ?, 0, 60, ?)", (fingerprint(finding), finding.message))
        old.commit()


def test_the_rows_of_an_older_store_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    an_old_store(path)

    with open_store(path) as store:
        (finding,) = Findings(store).latest()
        with store.snapshot() as tx:
            told = tx.execute("SELECT lead, status, level, elapsed FROM v_findings").fetchall()
            record = tx.execute("SELECT created_at, changed_at, seen_at, field_values FROM record").fetchone()

    assert finding == a_finding()
    assert told == [("hubspot/contact/1", "breached", None, None)]
    assert record == (100, 200, 300, '{"city":"Bonn"}')


def test_an_older_finding_without_a_level_is_not_news(tmp_path: Path) -> None:
    an_old_store(tmp_path / "store.db")

    with open_store(tmp_path / "store.db") as store:
        run = Runs(store).start("dry-run", mode="observe", as_of=None, now=NINE, agreement_hash="abc")
        again = Findings(store).save(run, [a_judgement(a_finding())], judged_at=NINE)
        kept = Findings(store).save(run, [a_judgement(a_finding(status=Status.KEPT))], judged_at=NINE)

    assert (again, kept) == (Saved(new=0, withdrawn=0), Saved(new=1, withdrawn=0))


def test_of_the_owners_of_an_older_store_the_last_whole_list_is_what_was_seen(tmp_path: Path) -> None:
    an_old_store(tmp_path / "store.db")

    with open_store(tmp_path / "store.db") as store:
        at_first = a_mirror(store).owners_gone("hubspot")
        save_owners(store, an_owner("77", active=False), an_owner("78", active=False), seen_at=NINE + HOUR)
        later = a_mirror(store).owners_gone("hubspot")

    assert at_first == {"78": (None, from_ms(1000))}
    assert later == {"77": (from_ms(1000), NINE + HOUR), "78": (None, from_ms(1000))}
