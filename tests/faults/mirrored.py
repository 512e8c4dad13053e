"""What a store holds, by natural key: without row ids, runs, and when we looked."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

Row = tuple[Any, ...]

_NAME = "{0}.kind || '/' || {0}.crm_id"
_ITS = "JOIN object ON object.id = "
_WHAT = _NAME.format("object")
_TABLES = {
    "object": f"SELECT {_WHAT} FROM object",
    "record": f"""
        SELECT {_WHAT}, created_at, changed_at, gone_at, erased_at, field_values, {_NAME.format("survivor")} FROM record
        {_ITS} record.id LEFT JOIN object AS survivor ON survivor.id = record.merged_into
        """,
    "field_change": f"SELECT {_WHAT}, field, value, at, since, source, source_id, actor FROM field_change {_ITS} field_change.record",
    "activity": f"""
        SELECT {_WHAT}, happened_at, logged_at, changed_at, ends_at, owner, direction, duration_s, source, source_id, sequence,
            marketing, auto_reply, alike, gone_at
        FROM activity {_ITS} activity.id
        """,
    "activity_status": f"SELECT {_WHAT}, status, at FROM activity_status {_ITS} activity_status.activity",
    "association": f"""
        SELECT min({_NAME.format("low")}, {_NAME.format("high")}), max({_NAME.format("low")}, {_NAME.format("high")}),
            is_primary, linked_at, unlinked_at, why
        FROM association JOIN object AS low ON low.id = low JOIN object AS high ON high.id = high
        """,
    "owner": "SELECT crm_id, user_id, email, name, is_queue, active, teams, gone_after, gone_by FROM owner",
    "team": "SELECT crm_id, name FROM team",
    "definition": "SELECT kind, name, label, type, options, read_only FROM definition",
    "live": "SELECT kind, rows FROM live",
    "dirty": f"SELECT {_WHAT} FROM dirty {_ITS} dirty.lead",
    "v_findings": """
        SELECT key, lead, rule, kind, level, status, side, owner, started_at, due_at, settled_at, late_by_s, elapsed,
            handoff, cycle_number, cycle_opened_by, cycle_closed_by, message, evidence
        FROM v_findings
        """,
}


def mirror_of(store: Path) -> list[Row]:
    """Return all that the store holds of the CRM and all findings that stand, each row with the name of its table first."""
    with closing(sqlite3.connect(store)) as tables:
        return [(table, *row) for table, sql in _TABLES.items() for row in sorted(tables.execute(sql), key=repr)]
