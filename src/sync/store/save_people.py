"""Save the owners and teams of a page, and between which moments an owner went."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import orjson

from connectors.records import Owner, Page, Team

OWNERS = "owners"  # the stream that lists them, whole each time


def save_people(tx: sqlite3.Connection, crm: str, page: Page, seen_at: int) -> None:
    """Save owners and teams as they are listed; after the last page of the owners, whom no page named is not active.

    A list that names nobody at all tells nothing of anybody.
    """
    _save_owners(tx, page.owners, seen_at)
    _save_teams(tx, page.teams)
    if page.stream == OWNERS and page.last:
        _mark_unlisted(tx, crm, seen_at)


def _save_owners(tx: sqlite3.Connection, owners: Sequence[Owner], seen_at: int) -> None:
    tx.executemany(
        """
        INSERT INTO owner (crm, crm_id, user_id, email, name, is_queue, active, teams, seen_at, gone_by)
        VALUES (:crm, :crm_id, :user_id, :email, :name, :is_queue, :active, :teams, :seen_at, iif(:active, NULL, :seen_at))
        ON CONFLICT (crm, crm_id) DO UPDATE SET
            user_id = excluded.user_id, email = excluded.email, name = excluded.name, is_queue = excluded.is_queue,
            active = excluded.active, teams = excluded.teams, seen_at = excluded.seen_at,
            gone_after = CASE WHEN excluded.active THEN NULL WHEN active THEN seen_at ELSE gone_after END,
            gone_by = CASE WHEN excluded.active THEN NULL ELSE ifnull(gone_by, excluded.seen_at) END
        """,
        (_owner_row(owner, seen_at) for owner in owners),
    )


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
        "seen_at": seen_at,
    }


def _save_teams(tx: sqlite3.Connection, teams: Sequence[Team]) -> None:
    tx.executemany("INSERT OR REPLACE INTO team (crm, crm_id, name) VALUES (?, ?, ?)", ((team.crm, team.id, team.name) for team in teams))


def _mark_unlisted(tx: sqlite3.Connection, crm: str, seen_at: int) -> None:
    """Take those that the reading which ends at `seen_at` did not name as gone since they were last listed."""
    tx.execute(
        """
        UPDATE owner SET active = 0, gone_after = seen_at, gone_by = :seen_at
        WHERE crm = :crm AND active AND (seen_at IS NULL OR seen_at < :seen_at)
            AND EXISTS (SELECT 1 FROM owner WHERE crm = :crm AND seen_at = :seen_at)
        """,
        {"crm": crm, "seen_at": seen_at},
    )
