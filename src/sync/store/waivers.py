"""Promises that a person excused, and took back: who, when and why. Append-only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.records import RecordKey
from sync.store.database import Database
from sync.store.keys import object_ids
from sync.store.mark_leads import mark_named
from sync.store.moments import FOR_EVER, from_ms, to_ms
from sync.waivers import Waiver, Withdrawal


class Waivers:
    """The tables of waivers."""

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

    def withdraw(self, waiver: Waiver, *, at: datetime, by: str, why: str) -> Waiver:
        """Note that a person took a waiver back, and have its lead judged again."""
        with self._database.transaction() as tx:
            tx.execute("INSERT INTO waiver_withdrawn (waiver, at, by, why) VALUES (?, ?, ?, ?)", (waiver.number, to_ms(at), by, why))
            (lead,) = tx.execute("SELECT lead FROM waiver WHERE id = ?", (waiver.number,)).fetchone()
            mark_named(tx, [int(lead)], since=to_ms(at), why="waiver")
        return replace(waiver, withdrawn=Withdrawal(at=at, by=by, why=why))

    def given(self, *, upto: datetime | None = None) -> tuple[Waiver, ...]:
        """Return all waivers, those that were taken back too, as they were known at `upto`, the oldest first."""
        known = FOR_EVER if upto is None else to_ms(upto)
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT waiver.id, finding, crm || '/' || kind || '/' || crm_id, rule, waiver.at, waiver.by, waiver.why, w.at, w.by, w.why
                FROM waiver JOIN object ON object.id = waiver.lead
                LEFT JOIN waiver_withdrawn AS w ON w.waiver = waiver.id AND w.at <= :known
                WHERE waiver.at <= :known ORDER BY waiver.id
                """,
                {"known": known},
            ).fetchall()
        return tuple(_waiver(row) for row in rows)


def _waiver(row: Sequence[Any]) -> Waiver:
    number, finding, lead, rule, at, by, why, *taken_back = row
    withdrawn = Withdrawal(at=from_ms(taken_back[0]), by=taken_back[1], why=taken_back[2]) if taken_back[0] is not None else None
    return Waiver(number=number, finding=finding, lead=lead, rule=rule, at=from_ms(at), by=by, why=why, withdrawn=withdrawn)
