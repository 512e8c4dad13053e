"""Save the associations of a page: linking and unlinking add rows and end rows, and rewrite none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from connectors.records import Link, RecordKey
from sync.store.keys import as_json

_Pair = tuple[int, int]  # row ids, the lower one first


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPage:
    """What one page says about links, in row ids."""

    rows: Set[int]  # rows of the page
    newest_before: int  # highest row id before the page: rows with a higher one have no links yet
    new_rows: Set[int]  # those seen for the first time: their links are as old as we know them
    kinds: Set[str]  # kinds whose links to `rows` the page lists in full
    first_reading: bool  # no complete reading before this one: all its links are as old as we know
    seen_at: int


def save_links(tx: sqlite3.Connection, links: Iterable[Link], ids: Mapping[RecordKey, int], page: LinkedPage) -> list[int]:
    """Open the links that are new, end those that a full list no longer names or marks primary otherwise.

    Returns the row ids of those that ended.
    """
    told: dict[_Pair, bool] = {}
    for link in links:
        pair = _pair(ids[link.left], ids[link.right])
        told[pair] = told.get(pair, False) or link.primary
    open_now = _open_links(tx, page)
    ended = [(page.seen_at, "no longer listed", id_) for pair, (id_, _) in open_now.items() if pair not in told]
    ended += [(page.seen_at, "primary changed", id_) for pair, (id_, primary) in open_now.items() if pair in told and told[pair] != primary]
    tx.executemany("UPDATE association SET unlinked_at = ?, why = ? WHERE id = ?", ended)
    tx.executemany(
        "INSERT INTO association (low, high, is_primary, linked_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        ((*pair, primary, _linked_at(pair, known=pair in open_now, page=page)) for pair, primary in told.items()),
    )
    return [id_ for _, _, id_ in ended]


def _pair(one: int, other: int) -> _Pair:
    return (one, other) if one < other else (other, one)


def _linked_at(pair: _Pair, *, known: bool, page: LinkedPage) -> int | None:
    if not known and (page.first_reading or not page.new_rows.isdisjoint(pair)):
        return None
    return page.seen_at


def _open_links(tx: sqlite3.Connection, page: LinkedPage) -> dict[_Pair, tuple[int, bool]]:
    """Return the open links between the page's rows and the kinds it lists in full: pair -> row id, primary.

    Links to a record that is gone are left out: a CRM stops listing them with the record, which ends none.
    """
    known = [id_ for id_ in page.rows if id_ <= page.newest_before]
    if not known:
        return {}
    rows = tx.execute(
        """
        SELECT link.id, link.low, link.high, link.is_primary FROM association AS link JOIN object AS other ON other.id = link.high
        LEFT JOIN record ON record.id = other.id
        WHERE link.low IN (SELECT value FROM json_each(:rows)) AND link.unlinked_at IS NULL
            AND record.gone_at IS NULL AND other.kind IN (SELECT value FROM json_each(:kinds))
        UNION ALL
        SELECT link.id, link.low, link.high, link.is_primary FROM association AS link JOIN object AS other ON other.id = link.low
        LEFT JOIN record ON record.id = other.id
        WHERE link.high IN (SELECT value FROM json_each(:rows)) AND link.unlinked_at IS NULL
            AND record.gone_at IS NULL AND other.kind IN (SELECT value FROM json_each(:kinds))
        """,
        {"rows": as_json(known), "kinds": as_json(page.kinds)},
    )
    return {(low, high): (id_, bool(primary)) for id_, low, high, primary in rows}
