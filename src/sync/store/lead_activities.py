"""The activities of some leads, with the statuses they had by a moment."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence

from connectors.records import Activity, ActivityKind, ActivityStatus, Direction, RecordKey, StatusChange
from sync.store.keys import as_json
from sync.store.moments import from_ms, from_ms_if_known
from sync.store.save_activities import ActivityRow

_KINDS = {kind.value: kind for kind in ActivityKind}
_STATUSES = {status.value: status for status in ActivityStatus}
_DIRECTIONS = {direction.value: direction for direction in Direction}


def read_activities(tx: sqlite3.Connection, rows: Sequence[ActivityRow], upto: int) -> dict[int, Activity]:
    """Return the activities of `rows` with the statuses they had by `upto`."""
    keys = _keys(tx, (row.id for row in rows))
    statuses: dict[int, list[StatusChange]] = defaultdict(list)
    told = tx.execute(
        """
        SELECT activity, status, at FROM activity_status
        WHERE activity IN (SELECT value FROM json_each(?)) AND at <= ? ORDER BY activity, at, id
        """,
        (as_json(keys), upto),
    )
    for activity, status, at in told:
        known = statuses[activity]
        change = StatusChange(status=_STATUSES[status] if status else None, at=from_ms(at))
        if not known or known[-1].status != change.status:
            known.append(change)
    return {row.id: _activity(row, keys[row.id], statuses[row.id], upto) for row in rows}


def _keys(tx: sqlite3.Connection, ids: Iterable[int]) -> dict[int, RecordKey]:
    rows = tx.execute("SELECT id, crm, kind, crm_id FROM object WHERE id IN (SELECT value FROM json_each(?))", (as_json(ids),))
    return {id_: RecordKey(crm, kind, crm_id) for id_, crm, kind, crm_id in rows}


def _activity(row: ActivityRow, key: RecordKey, statuses: Sequence[StatusChange], upto: int) -> Activity:
    gone_at = row.gone_at if row.gone_at is not None and row.gone_at <= upto else None
    return Activity(
        key=key,
        kind=_KINDS[row.kind],
        happened_at=from_ms(row.happened_at),
        logged_at=from_ms(row.logged_at),
        changed_at=from_ms(min(row.changed_at, upto)),
        ends_at=from_ms_if_known(row.ends_at),
        owner=row.owner,
        direction=_DIRECTIONS[row.direction] if row.direction else None,
        statuses=tuple(statuses),
        duration_s=row.duration_s,
        source=row.source,
        source_id=row.source_id,
        sequence=row.sequence,
        marketing=bool(row.marketing),
        auto_reply=bool(row.auto_reply),
        alike=row.alike,
        archived_at=from_ms_if_known(gone_at),
    )
