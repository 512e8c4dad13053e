"""Save the activities of a page, with the statuses they went through."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from connectors.records import Activity, RecordKey
from sync.store.keys import as_json
from sync.store.mark_leads import News
from sync.store.moments import to_ms, to_ms_if_known
from sync.store.save_records import still_gone_at


class ActivityRow(NamedTuple):
    """A row of `activity`, in the order of its columns."""

    id: int
    kind: str
    happened_at: int
    logged_at: int
    changed_at: int
    ends_at: int | None
    owner: str | None
    direction: str | None
    duration_s: float | None
    source: str | None
    source_id: str | None
    sequence: str | None
    marketing: int
    auto_reply: int
    alike: str | None
    gone_at: int | None
    seen_at: int


_COLUMNS = ", ".join(ActivityRow._fields)
_MARKS = ", ".join("?" * len(ActivityRow._fields))
_AS_TOLD = ", ".join(f"{column} = excluded.{column}" for column in ActivityRow._fields if column != "id")


def save_activities(tx: sqlite3.Connection, activities: Sequence[Activity], ids: Mapping[RecordKey, int], news: News) -> frozenset[int]:
    """Save activities and add the statuses not known yet, tell what is new to `news`; return the row ids seen for the first time.

    An activity older than the stored one changes nothing but adds its statuses; one that says nothing
    new keeps its `seen_at`.
    """
    if not activities:
        return frozenset()
    row_ids = [ids[activity.key] for activity in activities]
    named = [id_ for id_ in row_ids if id_ <= news.before.object]
    stored = {row.id: row for row in select_activities(tx, named)} if named else {}
    known = frozenset(stored)
    fresh: dict[int, ActivityRow] = {}
    for activity, id_ in zip(activities, row_ids, strict=True):
        before = stored.get(id_)
        after = _row(activity, id_, before, news.seen_at)
        if before is None or (after.changed_at >= before.changed_at and after._replace(seen_at=before.seen_at) != before):
            fresh[after.id] = stored[after.id] = after
            _tell(news, before, after)
    tx.executemany(
        f"INSERT INTO activity ({_COLUMNS}) VALUES ({_MARKS}) ON CONFLICT (id) DO UPDATE SET {_AS_TOLD}",
        fresh.values(),
    )
    tx.executemany(
        "INSERT INTO activity_status (activity, status, at, seen_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        _statuses(zip(activities, row_ids, strict=True), _last_statuses(tx, known), news.seen_at),
    )
    return frozenset(fresh) - known


def _tell(news: News, before: ActivityRow | None, after: ActivityRow) -> None:
    if before is None or after._replace(changed_at=before.changed_at, seen_at=before.seen_at) != before:
        news.objects[after.id] = max(after.logged_at, after.gone_at or 0)
    seen, told = ((row.alike, row.logged_at) if row and row.alike else None for row in (before, after))
    if seen != told:
        news.alike.update(alike for alike in (seen, told) if alike is not None)


def select_activities(tx: sqlite3.Connection, ids: Iterable[int]) -> Iterator[ActivityRow]:
    """Yield the stored rows of `ids`, in no order."""
    rows = tx.execute(f"SELECT {_COLUMNS} FROM activity WHERE id IN (SELECT value FROM json_each(?))", (as_json(ids),))
    return map(ActivityRow._make, rows)


def _row(activity: Activity, id_: int, before: ActivityRow | None, seen_at: int) -> ActivityRow:
    changed_at = to_ms(activity.changed_at)
    return ActivityRow(
        id=id_,
        kind=activity.kind.value,
        happened_at=to_ms(activity.happened_at),
        logged_at=to_ms(activity.logged_at),
        changed_at=changed_at,
        ends_at=to_ms_if_known(activity.ends_at),
        owner=activity.owner,
        direction=activity.direction.value if activity.direction else None,
        duration_s=activity.duration_s,
        source=activity.source,
        source_id=activity.source_id,
        sequence=activity.sequence,
        marketing=int(activity.marketing),
        auto_reply=int(activity.auto_reply),
        alike=activity.alike,
        gone_at=still_gone_at(to_ms_if_known(activity.archived_at), before.gone_at if before else None, served_at=max(changed_at, seen_at)),
        seen_at=seen_at,
    )


def _last_statuses(tx: sqlite3.Connection, ids: frozenset[int]) -> dict[int, str | None]:
    if not ids:
        return {}
    rows = tx.execute(
        "SELECT activity, status FROM activity_status WHERE activity IN (SELECT value FROM json_each(?)) ORDER BY activity, at, id",
        (as_json(ids),),
    )
    return dict(rows.fetchall())


def _statuses(
    activities: Iterable[tuple[Activity, int]], last: Mapping[int, str | None], seen_at: int
) -> Iterator[tuple[int, str | None, int, int]]:
    """Yield the statuses of the page; one without history that is not the one we held began with the last change."""
    for activity, id_ in activities:
        for change in activity.statuses:
            status = change.status.value if change.status else None
            edited = len(activity.statuses) == 1 and id_ in last and last[id_] != status
            yield (id_, status, to_ms(activity.changed_at if edited else change.at), seen_at)
