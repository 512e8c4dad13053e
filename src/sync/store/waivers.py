"""Promises that a person excused: who, when and why. Append-only."""

from __future__ import annotations

from datetime import datetime

from connectors.records import RecordKey
from sync.store.database import Database
from sync.store.keys import object_ids
from sync.store.mark_leads import mark_named
from sync.store.moments import FOR_EVER, from_ms, to_ms
from sync.waivers import Waiver


class Waivers:
    """The table of waivers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, *, finding: str, lead: str, rule: str, at: datetime, by: str, why: str) -> Waiver:
        """Note that a person excused one promise, and have its lead judged again."""
        key = RecordKey.parse(lead)
        with self._database.transaction() as tx:
            id_ = object_ids(tx, [key])[key]
            (number,) = tx.execute(
                "INSERT INTO waiver (finding, lead, rule, at, by, why) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
                (finding, id_, rule, to_ms(at), by, why),
            ).fetchone()
            mark_named(tx, [id_], since=to_ms(at), why="waiver")
        return Waiver(number=int(number), finding=finding, lead=lead, rule=rule, at=at, by=by, why=why)

    def given(self, *, upto: datetime | None = None) -> tuple[Waiver, ...]:
        """Return all waivers, or those that were known at `upto`, the oldest first."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT waiver.id, finding, crm || '/' || kind || '/' || crm_id, rule, at, by, why
                FROM waiver JOIN object ON object.id = waiver.lead WHERE at <= ? ORDER BY waiver.id
                """,
                (FOR_EVER if upto is None else to_ms(upto),),
            ).fetchall()
        return tuple(
            Waiver(number=number, finding=finding, lead=lead, rule=rule, at=from_ms(at), by=by, why=why)
            for number, finding, lead, rule, at, by, why in rows
        )
