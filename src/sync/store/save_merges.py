"""Save which records were merged into which: merging adds rows and ends rows, and rewrites none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from connectors.records import Merge, Page, RecordKey
from sync.store.keys import as_json, known_ids, object_ids
from sync.store.mark_leads import News
from sync.store.moments import to_ms_if_known


@dataclass(frozen=True, slots=True, kw_only=True)
class _Merged:
    """One record that turned out to be merged, in row ids."""

    id: int
    into: int
    at: int  # ms


def save_merges(tx: sqlite3.Connection, merges: Sequence[Merge], *, told_kinds: Set[str], news: News) -> None:
    """Note into which record each of `merges` went, and tell both to `news`.

    What we never held is not noted, but links may name it: those of what was made and merged between two pulls. Where the CRM does
    not tell when, it was when we saw it: until then it was a lead. What the record was linked to passes to its survivor at that
    moment, for a CRM does not mark the other ends as changed; links to `told_kinds` stand on the survivor's own row.
    """
    if not merges:
        return
    for merged in _new_ones(tx, merges, news.seen_at):
        tx.execute("UPDATE record SET merged_into = ?, gone_at = ? WHERE id = ?", (merged.into, merged.at, merged.id))
        news.unlinked.extend(_pass_links(tx, merged, told_kinds))
        _date_passed_links(tx, merged)
        news.relinked.update((merged.id, merged.into))
        news.objects.update({merged.id: merged.at, merged.into: max(merged.at, news.objects.get(merged.into, 0))})


def _new_ones(tx: sqlite3.Connection, merges: Iterable[Merge], seen_at: int) -> list[_Merged]:
    known = known_ids(tx, (merge.gone for merge in merges))
    ids = object_ids(tx, (merge.into for merge in merges if merge.gone in known))
    told = {known[merge.gone]: merge for merge in merges if merge.gone in known}
    rows = tx.execute(
        """
        SELECT object.id, merged_into, gone_at FROM object LEFT JOIN record ON record.id = object.id
        WHERE object.id IN (SELECT value FROM json_each(?)) ORDER BY object.id
        """,
        (as_json(told),),
    ).fetchall()
    found = []
    for id_, merged_into, gone_at in rows:
        into, at = ids[told[id_].into], to_ms_if_known(told[id_].at)
        if into != merged_into:
            found.append(_Merged(id=id_, into=into, at=at if at is not None else seen_at if gone_at is None else gone_at))
    return found


def with_survivors(tx: sqlite3.Connection, page: Page, ids: Mapping[RecordKey, int]) -> Page:
    """Link survivors in a page that was read before what it links was merged, but is saved after that was noted.

    A page that links none of these is returned as it is.
    """
    ends = {key for link in page.links for key in (link.left, link.right)} - {record.key for record in page.records}
    keys = {id_: key for key in ends if (id_ := ids.get(key)) is not None}
    rows = tx.execute(_SURVIVORS, (as_json(keys),)).fetchall() if keys else []
    if not rows:
        return page
    survivors = {keys[id_]: RecordKey(crm=crm, kind=kind, id=crm_id) for id_, crm, kind, crm_id in rows}
    links = tuple(
        replace(link, left=survivors.get(link.left, link.left), right=survivors.get(link.right, link.right)) for link in page.links
    )
    return replace(page, links=links)


_SURVIVORS = """
    WITH RECURSIVE way (id, upto) AS (
        SELECT id, merged_into FROM record INDEXED BY record_merged
        WHERE merged_into IS NOT NULL AND id IN (SELECT value FROM json_each(?))
        UNION SELECT way.id, record.merged_into FROM way JOIN record ON record.id = way.upto WHERE record.merged_into IS NOT NULL
    )
    SELECT way.id, crm, kind, crm_id FROM way JOIN object ON object.id = way.upto
    WHERE NOT EXISTS (SELECT 1 FROM record WHERE record.id = way.upto AND record.merged_into IS NOT NULL)
"""


def _pass_links(tx: sqlite3.Connection, merged: _Merged, told_kinds: Set[str]) -> list[int]:
    """End the open links of a merged record and open them for its survivor; return the row ids of those that ended."""
    links = tx.execute(
        """
        SELECT link.id, link.other, link.is_primary, object.kind FROM (
            SELECT id, high AS other, is_primary FROM association WHERE low = :id AND unlinked_at IS NULL
            UNION ALL SELECT id, low, is_primary FROM association WHERE high = :id AND unlinked_at IS NULL
        ) AS link CROSS JOIN object ON object.id = link.other WHERE link.other <> :into
        """,
        {"id": merged.id, "into": merged.into},
    ).fetchall()
    tx.executemany("UPDATE association SET unlinked_at = ?, why = 'merged' WHERE id = ?", ((merged.at, link[0]) for link in links))
    tx.executemany(
        "INSERT INTO association (low, high, is_primary, linked_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            (min(other, merged.into), max(other, merged.into), is_primary, merged.at)
            for _, other, is_primary, kind in links
            if kind not in told_kinds
        ),
    )
    return [link[0] for link in links]


def _date_passed_links(tx: sqlite3.Connection, merged: _Merged) -> None:
    """Let what was seen to pass to the survivor, on the other end's row, have passed when the records were merged."""
    for one, other in (("low", "high"), ("high", "low")):
        passed = f"{one} = :id AND why = 'no longer listed' AND unlinked_at >= :at"
        tx.execute(
            f"""
            UPDATE association SET linked_at = :at WHERE unlinked_at IS NULL AND linked_at >= :at AND (
                low = :into AND high IN (SELECT {other} FROM association WHERE {passed})
                OR high = :into AND low IN (SELECT {other} FROM association WHERE {passed})
            )
            """,
            {"id": merged.id, "into": merged.into, "at": merged.at},
        )
        tx.execute(f"UPDATE association SET unlinked_at = :at, why = 'merged' WHERE {passed}", {"id": merged.id, "at": merged.at})
