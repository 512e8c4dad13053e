"""The schema of every released store, as it was dumped then, and rows to put into one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlite_utils

from sync.store.database import APPLICATION_ID
from sync.store.migrations import KNOWN, MIGRATIONS

SCHEMAS = Path(__file__).parent / "schemas"
NAMES = sorted(KNOWN)

_MIRROR_ROWS = """
    INSERT INTO account (crm, account_id) VALUES ('hubspot', '62515');
    INSERT INTO object VALUES (1, 'hubspot', 'contact', 1, '1'), (2, 'hubspot', 'company', 9, '9'), (3, 'hubspot', 'call', 5, '5'),
        (4, 'hubspot', 'contact', 2, '2');
    INSERT INTO record (id, created_at, changed_at, seen_at, gone_at, field_values)
        VALUES (1, 100, 200, 300, NULL, '{"city":"Bonn"}'), (2, 100, 200, 300, NULL, '{}'), (4, 100, 200, 300, 250, '{}');
    INSERT INTO field_change (record, field, value, at, seen_at) VALUES (1, 'city', 'Bonn', 150, 300), (1, 'city', NULL, 120, 300);
    INSERT INTO activity (id, kind, happened_at, logged_at, changed_at, marketing, auto_reply, seen_at)
        VALUES (3, 'call', 100, 100, 100, 0, 0, 300);
    INSERT INTO activity_status (activity, status, at, seen_at) VALUES (3, 'connected', 100, 300);
    INSERT INTO association (low, high, is_primary) VALUES (1, 2, 1), (1, 3, 0);
    INSERT INTO owner (crm, crm_id, name, is_queue, active, teams) VALUES ('hubspot', '77', 'Ada', 0, 1, '[]');
    INSERT INTO team VALUES ('hubspot', '4', 'Inside sales');
    INSERT INTO definition (crm, kind, name, label, type, options, read_only)
        VALUES ('hubspot', 'contact', 'city', 'City', 'string', '[]', 0);
    INSERT INTO stream (crm, name, cursor, upto, total) VALUES ('hubspot', 'contacts', 'c1', 300, 2);
"""
_JUDGED_ROWS = """
    INSERT INTO run (id, name, kind, mode, began_at, agreement_hash) VALUES (1, '20261120T090000Z-0001', 'dry-run', 'observe', 300, 'abc');
    INSERT INTO agreement_version VALUES ('abc', 'text', NULL, NULL, '[]', 300);
    INSERT INTO finding_version (id, run, key, lead, rule, kind, status, side, handoff, cycle_number, cycle_opened_by, records, evidence,
        message, withdrawn) VALUES (1, 1, 'f1', 1, 'first touch', 'clock', 'breached', 'owner', 'Marketing to SDR', 1, 'stage MQL',
        '["hubspot/contact/1"]', '[]', 'no touch', 0);
    INSERT INTO finding (key, lead, version, fingerprint, withdrawn, message) VALUES ('f1', 1, 1, x'00ff', 0, 'no touch');
    INSERT INTO lead_state VALUES (1, 300, 400);
    INSERT INTO plan (id, run, hash, accounts, agreement_hash) VALUES (1, 1, 'hash', '{}', 'abc');
    INSERT INTO plan_step (plan, position, lead, record, action, field_writes, finding, rule, rung, reason, blocked_by)
        VALUES (1, 0, 1, 1, 'remind', '[]', 'f1', 'first touch', 1, 'no touch', '[]');
"""
_DIRTY_ROWS = """
    INSERT INTO dirty VALUES (1, 300, 'contacts', 1);
    INSERT INTO judged_by VALUES (1, 'terms', 300000, 1);
"""
_USAGE_ROWS = """
    INSERT INTO api_usage VALUES ('hubspot', '2026-11-20', 7);
"""
_LINKED_ROWS = """
    INSERT INTO member (person, lead, why) VALUES (4, 1, 'e-mail');
    INSERT INTO doubt VALUES (1, 4, 300);
"""
_LINKED_BY_CHANGE_ROWS = """
    INSERT INTO linked_by (id, fingerprint) VALUES (1, 'by');
    INSERT INTO to_link (person, tied) VALUES (1, 0);
    INSERT INTO tie (tie, person) VALUES (-7, 1);
"""
_WRITTEN_ROWS = """
    INSERT INTO plan_use VALUES (1, 1, 300);
    INSERT INTO journal (run, plan, position, part, event, at, before, after)
        VALUES (1, 1, 0, 0, 'intended', 300, '{"hubspot_owner_id":"77"}', '{"hubspot_owner_id":"78"}'),
        (1, 1, 0, 0, 'verified', 301, NULL, NULL);
    INSERT INTO enforced VALUES ('first touch', 300);
    INSERT INTO assignment (id, crm, owner, pool, lead, at, seats, plan, position)
        VALUES (1, 'hubspot', '78', 'sdr', 1, 301, '{"77":1.0,"78":1.0}', 1, 0);
"""
_ROUTED_ROWS = """
    INSERT INTO people_turn (id, crm, owner, pool, lead, at, seats, source)
        VALUES (1, 'hubspot', '77', 'sdr', 4, 302, '{"77":1.0,"78":1.0}', 'hubspot/contact/2#hubspot_owner_id=77@302|sdr');
    INSERT INTO given_back VALUES (1, 1, NULL, 303, 'undone');
    INSERT INTO plan_book VALUES (1, 'sdr', '{"77":0.0,"78":0.0}', 0, 0, 0, 0);
    INSERT INTO turns_read VALUES ('hubspot', 302);
"""
_HOLDING_ROWS = """
    INSERT INTO held VALUES (1, 300, 400, 0);
    INSERT INTO dropped VALUES (1, 350, 'ann', 'looks wrong');
    INSERT INTO stop (id, kind, scope, name, at, until, who, why)
        VALUES (1, 'pause', 'rule', 'first touch', 300, 400, 'ann', 'quarter end');
    INSERT INTO resumed VALUES (1, 350, 'ann', '');
"""
_DECIDED_ROWS = """
    INSERT INTO waiver VALUES (1, 'f1', 1, 'first touch', 310, 'Max', 'the portal was down');
"""
_WITHDRAWN_ROWS = """
    INSERT INTO waiver_withdrawn VALUES (1, 320, 'Max', 'it was another portal');
"""
_OUTBOX_ROWS = """
    INSERT INTO outbox (key, target, kind, role, of_owner, lead, finding, rule, rung, plan, position, put_at, state, at)
        VALUES ('reminder|f1|1|owner|hubspot/77', 'mail', 'reminder', 'owner', 'hubspot/77', 1, 'f1', 'first touch', 1, 1, 0, 300,
            'sent', 300);
    INSERT INTO told_upto (id, journal, plan) VALUES (1, 0, 0);
"""
_DAILY_ROWS = """
    INSERT INTO told_daily VALUES ('owner', 'hubspot/77', '2026-11-20');
"""

Rows = dict[str, tuple[str, list[tuple[Any, ...]]]]  # table -> its columns, its rows
_NIGHTLY_ROWS = """
    INSERT INTO salt VALUES (1, x'0102');
    INSERT INTO forgotten VALUES (x'00ff', 300);
    INSERT INTO reconciled VALUES (1, 'hubspot', 'contacts', 300, 'done', NULL, '[]');
"""
_REPORTED_ROWS = """
    INSERT INTO regular_report VALUES ('Recap', 'every Monday 09:00', 300);
    INSERT INTO made_report VALUES ('2026-11-23-0900-recap', 'Recap', 300, 290, '/reports/2026-11-23-0900-recap.html', '9 of 10 kept');
"""


def schema_after(name: str) -> str:
    """Return the schema that the migrations up to `name` make."""
    with closing(sqlite3.connect(":memory:")) as store:
        later = NAMES[NAMES.index(name) + 1 :]
        MIGRATIONS.apply(sqlite_utils.Database(store, execute_plugins=False), stop_before=later[:1])
        return schema_of(store)


def schema_of(store: sqlite3.Connection) -> str:
    """Return what the store consists of, by name; the table in which sqlite-utils notes migrations is its own affair."""
    rows = store.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT LIKE '%sqlite_%' ORDER BY name")
    return "".join(f"{sql};\n" for (sql,) in rows)


def make_released(path: Path, name: str) -> None:
    """Make a store as the version with the migrations up to `name` left it, with a row in every table."""
    with closing(sqlite3.connect(path, isolation_level=None)) as store:
        store.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        store.executescript((SCHEMAS / f"{name[:4]}.sql").read_text(encoding="utf-8"))
        rows = {
            "0001": _MIRROR_ROWS,
            "0002": _JUDGED_ROWS,
            "0005": _DIRTY_ROWS,
            "0007": _USAGE_ROWS,
            "0009": _LINKED_ROWS,
            "0010": _LINKED_BY_CHANGE_ROWS,
            "0011": _WRITTEN_ROWS,
            "0012": _ROUTED_ROWS + _HOLDING_ROWS + _DECIDED_ROWS + _OUTBOX_ROWS,
            "0015": _WITHDRAWN_ROWS,
            "0016": _DAILY_ROWS,
            "0017": _NIGHTLY_ROWS,
            "0020": _REPORTED_ROWS,
        }
        store.executescript("".join(sql for since, sql in rows.items() if name >= since))
        MIGRATIONS.ensure_migrations_table(sqlite_utils.Database(store, execute_plugins=False))
        for applied in NAMES[: NAMES.index(name) + 1]:
            store.execute(
                "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('leadpact', ?, '2026-11-20')", (applied,)
            )
        store.execute("PRAGMA journal_mode = WAL")


def rows_of(path: Path, asked: Rows | None = None) -> Rows:
    """Return the rows of every table; with `asked` only of its tables and columns."""
    with closing(sqlite3.connect(path)) as store:
        columns = {table: told for table, (told, _) in asked.items()} if asked is not None else _columns(store)
        return {table: (told, store.execute(f"SELECT {told} FROM {table} ORDER BY 1, 2").fetchall()) for table, told in columns.items()}


def _columns(store: sqlite3.Connection) -> dict[str, str]:
    tables = store.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%sqlite_%' ORDER BY name").fetchall()
    return {table: ", ".join(row[1] for row in store.execute(f"PRAGMA table_info({table})")) for (table,) in tables}


def keep_new_schemas() -> None:
    """Write down the schema after each migration that has none yet; what stands is never written over."""
    for name in NAMES:
        file = SCHEMAS / f"{name[:4]}.sql"
        if not file.exists():
            file.write_text(schema_after(name), encoding="utf-8")


if __name__ == "__main__":
    keep_new_schemas()
