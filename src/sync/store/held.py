"""Plans that a limit stopped: what they hold, until when, and what became of them. Append-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from sync.brakes import Latch
from sync.ladder import MOVES
from sync.store.database import Database
from sync.store.journal import UNDO
from sync.store.moments import from_ms, to_ms

_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Who dropped a plan, when by this machine's clock, and why."""

    at: datetime
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPlan:
    """A plan that was held, and what became of it."""

    plan: int
    run: str
    at: datetime  # by the CRMs' clock, as `until`
    until: datetime
    ahead: timedelta  # of the CRMs' clock before this machine's, when it was held
    trips: Mapping[str, str]  # rule -> which limit, with its figure
    moves: Mapping[str, int]  # rule -> moves that are held
    applied_by: str | None  # the run that carried it out
    dropped: Dropped | None

    def waits(self, now: datetime) -> bool:
        """Whether it can still be let pass at `now`, by the CRMs' clock; exactly at its end it cannot."""
        return self.applied_by is None and self.dropped is None and now < self.until


class Held:
    """The tables of held plans."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hold(self, plan_id: int, *, now: datetime, until: datetime, ahead: timedelta) -> None:
        """Note that a sealed plan is held by the limits that it names; its leads are latched until it ends."""
        with self._database.transaction() as tx:
            tx.execute("INSERT INTO held (plan, at, until, ahead) VALUES (?, ?, ?, ?)", (plan_id, to_ms(now), to_ms(until), ahead // _MS))

    def get(self, plan_id: int) -> HeldPlan | None:
        """Return a plan that was held, whatever became of it; None for one that never was."""
        with self._database.snapshot() as tx:
            row = tx.execute(f"{_SELECT} WHERE held.plan = ?", (plan_id,)).fetchone()
            return _held_plan(tx, row) if row else None

    def waiting(self, machine: datetime) -> tuple[HeldPlan, ...]:
        """Return the plans that can still be let pass at a moment of this machine's clock, the oldest first."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                f"{_SELECT} WHERE {_IS_OPEN} AND held.until > ? + held.ahead ORDER BY held.plan", (to_ms(machine),)
            ).fetchall()
            return tuple(_held_plan(tx, row) for row in rows)

    def latches(self, now: datetime) -> dict[tuple[str, str], Latch]:
        """Return (rule, key) of each move that waits in a held plan at `now`, by the CRMs' clock; by the key of its lead and its record."""
        with self._database.snapshot() as tx:
            rows = tx.execute(_LATCHED, {"now": to_ms(now)}).fetchall()
        return {(rule, key): Latch(plan, from_ms(at), action == UNDO) for rule, *keys, action, plan, at in rows for key in keys}

    def drop(self, plan_id: int, *, now: datetime, who: str, why: str) -> bool:
        """Note that a plan is never carried out; False, and nothing is noted, if one of `apply` or `drop` came first."""
        with self._database.transaction() as tx:
            ours = tx.execute(
                f"""
                INSERT INTO dropped (plan, at, who, why) SELECT held.plan, ?, ?, ? FROM held
                LEFT JOIN dropped ON dropped.plan = held.plan LEFT JOIN plan_use ON plan_use.plan = held.plan
                WHERE {_IS_OPEN} AND held.plan = ?
                """,
                (to_ms(now), who, why, plan_id),
            )
            return ours.rowcount == 1


_IS_OPEN = "plan_use.plan IS NULL AND dropped.plan IS NULL"

_SELECT = """
    SELECT held.plan, run.name, held.at, held.until, held.ahead, plan.trips, user.name, dropped.at, dropped.who, dropped.why
    FROM held JOIN plan ON plan.id = held.plan JOIN run ON run.id = plan.run
    LEFT JOIN plan_use ON plan_use.plan = held.plan LEFT JOIN run AS user ON user.id = plan_use.run
    LEFT JOIN dropped ON dropped.plan = held.plan
"""

_HELD_STEPS = f"""
    step.rule IN (SELECT key FROM json_each(plan.trips)) AND step.blocked_by = '[]'
    AND step.action IN ({", ".join(f"'{move}'" for move in (*MOVES, UNDO))})
"""

_LATCHED = f"""
    SELECT step.rule, lead.crm || '/' || lead.kind || '/' || lead.crm_id, record.crm || '/' || record.kind || '/' || record.crm_id,
        step.action, held.plan, held.at
    FROM held JOIN plan ON plan.id = held.plan JOIN plan_step AS step ON step.plan = plan.id
    JOIN object AS lead ON lead.id = step.lead JOIN object AS record ON record.id = step.record
    LEFT JOIN plan_use ON plan_use.plan = held.plan LEFT JOIN dropped ON dropped.plan = held.plan
    WHERE {_IS_OPEN} AND held.until > :now AND {_HELD_STEPS} ORDER BY held.plan
"""


_COUNTED = f"""
    SELECT step.rule, count(*) FROM plan JOIN plan_step AS step ON step.plan = plan.id WHERE plan.id = ? AND {_HELD_STEPS} GROUP BY 1
"""


def _held_plan(tx: sqlite3.Connection, row: tuple[Any, ...]) -> HeldPlan:
    plan, run, at, until, ahead, trips, applied_by, dropped_at, who, why = row
    counted = tx.execute(_COUNTED, (plan,))
    return HeldPlan(
        plan=plan,
        run=run,
        at=from_ms(at),
        until=from_ms(until),
        ahead=ahead * _MS,
        trips=orjson.loads(trips),
        moves=dict(counted.fetchall()),
        applied_by=applied_by,
        dropped=None if dropped_at is None else Dropped(at=from_ms(dropped_at), who=who, why=why),
    )
