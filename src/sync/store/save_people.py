"""Save the owners and teams of a page, and between which moments an owner went."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import orjson

from connectors.records import Owner, Page, Team
from sync.store.keys import as_json

OWNERS = "owners"  # the stream that lists them, whole each time


def save_people(tx: sqlite3.Connection, crm: str, page: Page, seen_at: int) -> set[str]:
    """Save owners and teams as they are listed; return the ids of the owners who are new or not as they were.

    After the last page of the owners, whom no page named is not active; a list that names nobody at all tells nothing of anybody.
    """
    changed = _save_owners(tx, crm, page.owners, seen_at) | _save_teams(tx, crm, page.teams)
    if page.stream == OWNERS and page.last:
        changed |= _end_unlisted(tx, crm, seen_at)
    return changed


def _save_owners(tx: sqlite3.Connection, crm: str, owners: Sequence[Owner], seen_at: int) -> set[str]:
    if not owners:
        return set()
    before = _told_of(tx, crm)
    tx.executemany(
        """
        INSERT INTO owner (crm, crm_id, user_id, email, name, is_queue, active, teams, manager, seen_at, gone_by)
        VALUES (:crm, :crm_id, :user_id, :email, :name, :is_queue, :active, :teams, :manager, :seen_at, iif(:active, NULL, :seen_at))
        ON CONFLICT (crm, crm_id) DO UPDATE SET
            user_id = excluded.user_id, email = excluded.email, name = excluded.name, is_queue = excluded.is_queue,
            active = excluded.active, teams = excluded.teams, manager = excluded.manager, seen_at = excluded.seen_at,
            gone_after = CASE WHEN excluded.active THEN NULL WHEN active THEN seen_at ELSE gone_after END,
            gone_by = CASE WHEN excluded.active THEN NULL ELSE ifnull(gone_by, excluded.seen_at) END
        """,
        (_owner_row(owner, seen_at) for owner in owners),
    )
    return {id_ for id_, told in _told_of(tx, crm).items() if before.get(id_) != told}


def _told_of(tx: sqlite3.Connection, crm: str) -> dict[str, tuple[object, ...]]:
    """Return what is held of each owner that a judgement can rest on."""
    rows = tx.execute("SELECT crm_id, user_id, name, is_queue, active, teams FROM owner WHERE crm = ?", (crm,))
    return {id_: tuple(told) for id_, *told in rows}


def _owner_row(owner: Owner, seen_at: int) -> dict[str, object]:
    return {
        "crm": owner.crm,
        "crm_id": owner.id,
        "user_id": owner.user_id,
        "email": owner.email,
        "name": owner.name,
        "is_queue": int(owner.is_queue),
        "active": int(owner.active),
        "teams": orjson.dumps(owner.teams).decode(),
        "manager": owner.manager,
        "seen_at": seen_at,
    }


def _save_teams(tx: sqlite3.Connection, crm: str, teams: Sequence[Team]) -> set[str]:
    """Save teams; return the owners in those that have another name than they had."""
    if not teams:
        return set()
    before = dict(tx.execute("SELECT crm_id, name FROM team WHERE crm = ?", (crm,)).fetchall())
    tx.executemany("INSERT OR REPLACE INTO team (crm, crm_id, name) VALUES (?, ?, ?)", ((team.crm, team.id, team.name) for team in teams))
    named = as_json(team.id for team in teams if before.get(team.id) != team.name)
    rows = tx.execute(
        """
        SELECT crm_id FROM owner WHERE crm = ?
            AND EXISTS (SELECT 1 FROM json_each(owner.teams) WHERE value IN (SELECT value FROM json_each(?)))
        """,
        (crm, named),
    )
    return {id_ for (id_,) in rows}


def _end_unlisted(tx: sqlite3.Connection, crm: str, seen_at: int) -> set[str]:
    """Take those that the reading which ends at `seen_at` did not name as gone since they were last listed; return their ids."""
    rows = tx.execute(
        """
        UPDATE owner SET active = 0, gone_after = seen_at, gone_by = :seen_at
        WHERE crm = :crm AND active AND (seen_at IS NULL OR seen_at < :seen_at)
            AND EXISTS (SELECT 1 FROM owner WHERE crm = :crm AND seen_at = :seen_at)
        RETURNING crm_id
        """,
        {"crm": crm, "seen_at": seen_at},
    )
    return {id_ for (id_,) in rows}
