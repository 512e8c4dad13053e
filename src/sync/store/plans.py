"""Plans: the steps of one run, kept with a hash that says exactly what they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from connectors.records import RecordKey
from sync.ladder import MOVES
from sync.orders import Order, order_from, order_json
from sync.route import given_from, given_told
from sync.shadow import Meant
from sync.steps import FieldWrite, Step
from sync.store.database import Database
from sync.store.keys import as_json, known_ids, object_ids
from sync.store.moments import from_ms, to_ms
from sync.store.runs import run_row_id

_PAGE = 500  # steps read at once


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """The name of a stored plan."""

    id: int
    hash: str  # 64 hex digits over account ids, agreement hash and steps; the same steps give the same


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlan:
    """A plan of the store, without its steps."""

    id: int
    hash: str
    accounts: Mapping[str, str]  # crm -> account id
    agreement_hash: str
    run: str
    made_at: datetime
    order: Order | None = None  # what a person ordered; None: a run made it


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedPlan:
    """A plan as the store keeps it, and how many of its steps would be carried out."""

    id: int
    hash: str | None  # None: it was never sealed; its run still goes on or was stopped
    free: int  # steps that nothing holds back
    blocked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which steps of a plan are wanted; None: whichever."""

    keys: frozenset[str] | None = None  # of their lead or their record
    actions: frozenset[str] | None = None
    places: frozenset[int] | None = None  # in the plan, from 0
    for_nobody: bool = False  # only those in whose pool nobody is left


EVERY_STEP = Chosen()


class Plans:
    """The tables of plans and their steps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, run_id: str, order: Order | None = None) -> int:
        """Open a plan for a run, or for what a person ordered, and return its id; it has no hash until it is closed.

        KeyError if there is no such run.
        """
        with self._database.transaction() as tx:
            run = run_row_id(tx, run_id)
            accounts = dict(tx.execute("SELECT crm, account_id FROM account ORDER BY crm").fetchall())
            (plan,) = tx.execute(
                """
                INSERT INTO plan (run, hash, accounts, agreement_hash, asked)
                SELECT id, '', ?, agreement_hash, ? FROM run WHERE id = ? RETURNING id
                """,
                (orjson.dumps(accounts).decode(), orjson.dumps(order_json(order)).decode(), run),
            ).fetchone()
        return int(plan)

    def add(self, plan_id: int, steps: Sequence[Step]) -> None:
        """Append a chunk of steps, all or none."""
        with self._database.transaction() as tx:
            _save_steps(tx, plan_id, steps)

    def close(self, plan_id: int, trips: Mapping[str, str] | None = None) -> SavedPlan:
        """Seal a plan: its hash is over account ids, agreement hash and steps in their order.

        `trips` says of the rules that went beyond a limit what holds their moves back; a person may let these very moves pass.
        """
        with self._database.transaction() as tx:
            accounts, agreement_hash = tx.execute("SELECT accounts, agreement_hash FROM plan WHERE id = ?", (plan_id,)).fetchone()
            digest = plan_hash(orjson.loads(accounts), agreement_hash, map(_step, _step_rows(tx, plan_id)))
            tx.execute("UPDATE plan SET hash = ?, trips = ? WHERE id = ?", (digest, orjson.dumps(dict(trips or {})).decode(), plan_id))
        return SavedPlan(id=plan_id, hash=digest)

    def steps(self, plan_id: int) -> Iterator[Step]:
        """Yield the steps of a plan in their order, also those that a limit holds back; none for a plan that does not exist."""
        return (step for _, step in self.numbered(plan_id))

    def numbered(self, plan_id: int, chosen: Chosen = EVERY_STEP) -> Iterator[tuple[int, Step]]:
        """Yield the chosen steps of a plan, each with its place in it, from 0; no transaction is open while one is out."""
        after = -1
        while True:
            with self._database.snapshot() as tx:
                rows = _chosen_rows(tx, plan_id, chosen, after)
            if not rows:
                return
            yield from ((row[-1], _step(row[:-1])) for row in rows)
            after = rows[-1][-1]

    def noted(self, plan_ids: Collection[int]) -> tuple[NotedPlan, ...]:
        """Return some plans, the oldest first."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                f"{_NOTED} WHERE plan.id IN (SELECT value FROM json_each(?)) GROUP BY plan.id", (as_json(plan_ids),)
            ).fetchall()
        return tuple(NotedPlan(id=plan, hash=digest or None, free=free, blocked=blocked) for _, plan, digest, free, blocked in rows)

    def of_runs(self, run_ids: Collection[str]) -> dict[str, tuple[NotedPlan, ...]]:
        """Return the plans of each run that has any, the oldest first."""
        with self._database.snapshot() as tx:
            rows = tx.execute(_OF_RUNS, (as_json(run_ids),)).fetchall()
        found: dict[str, tuple[NotedPlan, ...]] = {}
        for run_id, plan, digest, free, blocked in rows:
            noted = NotedPlan(id=plan, hash=digest or None, free=free, blocked=blocked)
            found[run_id] = (*found.get(run_id, ()), noted)
        return found

    def meant(self, *, since: datetime) -> list[Meant]:
        """Return the moves that only mode and agreement held back, each as it was first planned, if that was at `since` or later."""
        with self._database.snapshot() as tx:
            rows = tx.execute(_MEANT, {"moves": as_json(MOVES), "since": to_ms(since)}).fetchall()
        return [Meant(at=from_ms(row[-2]), step=_step(row[:-3]), is_beyond=bool(row[-1])) for row in rows]

    def trips(self, plan_id: int) -> Mapping[str, str]:
        """Return of the rules of a plan that went beyond a limit what holds their moves back."""
        with self._database.snapshot() as tx:
            row = tx.execute("SELECT trips FROM plan WHERE id = ?", (plan_id,)).fetchone()
        return dict(orjson.loads(row[0])) if row else {}

    def find(self, hash_: str) -> KeptPlan | None:
        """Return the newest plan with this hash."""
        return self._one("plan.hash = ?", hash_)

    def get(self, plan_id: int) -> KeptPlan | None:
        """Return the plan with this id."""
        return self._one("plan.id = ?", plan_id)

    def _one(self, condition: str, value: object) -> KeptPlan | None:
        with self._database.snapshot() as tx:
            row = tx.execute(
                f"""
                SELECT plan.id, plan.hash, plan.accounts, plan.agreement_hash, run.name, run.began_at, plan.asked
                FROM plan JOIN run ON run.id = plan.run WHERE {condition} AND plan.hash <> '' ORDER BY plan.id DESC LIMIT 1
                """,
                (value,),
            ).fetchone()
        if row is None:
            return None
        id_, hash_, accounts, agreement_hash, run, began_at, asked = row
        return KeptPlan(
            id=id_,
            hash=hash_,
            accounts=orjson.loads(accounts),
            agreement_hash=agreement_hash,
            run=run,
            made_at=from_ms(began_at),
            order=order_from(orjson.loads(asked)),
        )


_IS_FREE = f"""
    blocked_by = '[]' AND NOT (
        action IN ({", ".join(f"'{move}'" for move in MOVES)}) AND plan_step.rule IN (SELECT key FROM json_each(plan.trips))
    )
"""

_NOTED = f"""
    SELECT run.name, plan.id, plan.hash,
        count(plan_step.plan) FILTER (WHERE {_IS_FREE}), count(plan_step.plan) FILTER (WHERE NOT ({_IS_FREE}))
    FROM run JOIN plan ON plan.run = run.id LEFT JOIN plan_step ON plan_step.plan = plan.id
"""

_OF_RUNS = f"""
    {_NOTED} WHERE run.name IN (SELECT value FROM json_each(?)) GROUP BY plan.id ORDER BY plan.id
"""

_STEP = """
    SELECT lead.crm || '/' || lead.kind || '/' || lead.crm_id, record.crm, record.kind, record.crm_id,
        action, field_writes, finding, rule, rung, reason, blocked_by, given, is_pending, manager, nobody_left
"""

_COLUMNS = """
    plan, position, lead, record, action, field_writes, finding, rule, rung, reason, blocked_by, given, is_pending, manager, nobody_left
"""

_FROM_PLAN = """
    FROM plan_step JOIN object AS lead ON lead.id = plan_step.lead JOIN object AS record ON record.id = plan_step.record
    WHERE plan = :plan
"""


_MEANT = f"""
    {_STEP}, min(plan_step.plan) AS first, run.began_at, plan_step.rule IN (SELECT key FROM json_each(plan.trips))
    FROM plan_step JOIN object AS lead ON lead.id = plan_step.lead JOIN object AS record ON record.id = plan_step.record
    JOIN plan ON plan.id = plan_step.plan JOIN run ON run.id = plan.run
    WHERE is_pending = 1 AND blocked_by <> '[]' AND action IN (SELECT value FROM json_each(:moves))
        AND plan.hash <> '' AND plan.asked = '{{}}'
    GROUP BY finding, action HAVING run.began_at >= :since ORDER BY first, position
"""  # of each group the columns are those of its first plan: https://www.sqlite.org/lang_select.html, "Bare columns in an aggregate query"


def _step_rows(tx: sqlite3.Connection, plan_id: int) -> sqlite3.Cursor:
    return tx.execute(f"{_STEP} {_FROM_PLAN} ORDER BY position", {"plan": plan_id})


def _chosen_rows(tx: sqlite3.Connection, plan_id: int, chosen: Chosen, after: int) -> list[Any]:
    """Return the next rows of a plan behind the place `after`, each with its place at its end."""
    ids = as_json(known_ids(tx, map(RecordKey.parse, chosen.keys)).values()) if chosen.keys is not None else None
    actions = as_json(chosen.actions) if chosen.actions is not None else None
    places = as_json(chosen.places) if chosen.places is not None else None
    return tx.execute(
        f"""
        {_STEP}, position {_FROM_PLAN} AND position > :after
            AND (:ids IS NULL OR plan_step.lead IN (SELECT value FROM json_each(:ids))
                OR plan_step.record IN (SELECT value FROM json_each(:ids)))
            AND (:actions IS NULL OR action IN (SELECT value FROM json_each(:actions)))
            AND (:places IS NULL OR position IN (SELECT value FROM json_each(:places)))
            AND (NOT :for_nobody OR plan_step.nobody_left IS NOT NULL)
        ORDER BY position LIMIT {_PAGE}
        """,
        {"plan": plan_id, "after": after, "ids": ids, "actions": actions, "places": places, "for_nobody": chosen.for_nobody},
    ).fetchall()


def plan_hash(accounts: dict[str, str], agreement_hash: str, steps: Iterable[Step]) -> str:
    """Hash what a plan would do and on what terms; the order of the steps is part of it."""
    digest = sha256(orjson.dumps([accounts, agreement_hash], option=orjson.OPT_SORT_KEYS))
    for step in steps:
        given = None if step.given is None else given_told(step.given)
        told = asdict(replace(step, given=None)) | {"given": given, "record": step.record._asdict()}
        del told["is_pending"]
        if step.nobody_left is None:
            del told["nobody_left"]  # plans that were saved before a step could tell it keep their hash
        digest.update(b"\n" + orjson.dumps(told, option=orjson.OPT_SORT_KEYS))
    return digest.hexdigest()


def _save_steps(tx: sqlite3.Connection, plan: int, steps: Sequence[Step]) -> None:
    leads = {step.lead: RecordKey.parse(step.lead) for step in steps}
    ids = object_ids(tx, [*leads.values(), *(step.record for step in steps)])
    (first,) = tx.execute("SELECT count(*) FROM plan_step WHERE plan = ?", (plan,)).fetchone()
    tx.executemany(
        f"INSERT INTO plan_step ({_COLUMNS}) VALUES ({', '.join('?' * 15)})",
        (
            (
                plan,
                position,
                ids[leads[step.lead]],
                ids[step.record],
                step.action,
                orjson.dumps([asdict(write) for write in step.fields]).decode(),
                step.finding,
                step.rule,
                step.rung,
                step.reason,
                orjson.dumps(step.blocked_by).decode(),
                None if step.given is None else orjson.dumps(given_told(step.given)).decode(),
                int(step.is_pending),
                step.manager,
                step.nobody_left,
            )
            for position, step in enumerate(steps, start=first)
        ),
    )


def _step(row: Sequence[Any]) -> Step:
    lead, crm, kind, crm_id, action, field_writes, finding, rule, rung, reason, blocked_by, given, *others = row
    is_pending, manager, nobody_left = others
    return Step(
        lead=lead,
        record=RecordKey(crm, kind, crm_id),
        action=action,
        fields=tuple(FieldWrite(**write) for write in orjson.loads(field_writes)),
        finding=finding,
        rule=rule,
        rung=rung,
        reason=reason,
        blocked_by=tuple(orjson.loads(blocked_by)),
        given=None if given is None else given_from(orjson.loads(given)),
        is_pending=bool(is_pending),
        manager=manager,
        nobody_left=nobody_left,
    )
