"""The outbox: every message to a target, noted before it is sent, and what became of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import orjson

from connectors.records import RecordKey
from sync.digest import WITHIN, Lately
from sync.journal import Event
from sync.ladder import MOVES
from sync.letter import Answer, Fate
from sync.messages import Kind, Message, News, Recipient, State
from sync.occasions import MadeReport, Regular
from sync.store.database import Database
from sync.store.journal import UNDO
from sync.store.keys import as_json, object_ids
from sync.store.moments import from_ms, from_ms_if_known, to_ms
from sync.store.reports import note_made
from sync.store.tidings import note_daily
from sync.waiting import Kept, again_at

MOST_ATTEMPTS = 5
KILLED = "the run was killed in it"
KEPT_FOR = timedelta(hours=24)  # what was not sent by then is not news any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Upto:
    """How far people are told; what is None is as it was."""

    journal: int | None = None  # line
    plan: int | None = None
    finding: int | None = None  # version
    days: Mapping[Recipient, date] = field(default_factory=dict)  # of the daily digests, by reader
    made: tuple[Regular, MadeReport] | None = None  # a report that comes back


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """What happened since the news were last told."""

    steps: tuple[News, ...]
    trips: dict[int, dict[str, str]]  # plan -> rule -> what holds its moves back
    upto: Upto


class Outbox:
    """The tables of messages, and of how far the news were told."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, messages: Sequence[tuple[Message, str]], *, at: datetime, told: Upto | None = None) -> None:
        """Add messages, each with the name of its target, and note how far the news are told by them.

        What is there already stays as it is.
        """
        with self._database.transaction() as tx:
            ids = object_ids(tx, [RecordKey.parse(message.lead) for message, _ in messages if message.lead is not None])
            tx.executemany(
                f"""
                INSERT INTO outbox ({_MESSAGE}, target, put_at, state, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?)
                ON CONFLICT (key, target) DO NOTHING
                """,
                [(*_row(message, ids), target, to_ms(at), to_ms(at)) for message, target in messages],
            )
            if told is not None:
                tx.execute(
                    "UPDATE told_upto SET journal = ifnull(?, journal), plan = ifnull(?, plan), finding = ifnull(?, finding)",
                    (told.journal, told.plan, told.finding),
                )
                note_daily(tx, told.days)
                if told.made is not None:
                    note_made(tx, *told.made)

    def untold(self) -> Untold:
        """Return what the journal, and plans that a limit holds, tell since the news were last told."""
        with self._database.snapshot() as tx:
            journal, plan = tx.execute("SELECT journal, plan FROM told_upto").fetchone()
            steps = tuple(map(_news, tx.execute(_NEWS, (journal,)).fetchall()))
            trips: dict[int, dict[str, str]] = {}
            for held, rule, told in tx.execute(_TRIPS, (plan, as_json((*MOVES, UNDO)))).fetchall():
                trips.setdefault(held, {})[rule] = told
            newest = tx.execute("SELECT (SELECT ifnull(max(id), 0) FROM journal), (SELECT ifnull(max(id), 0) FROM plan)").fetchone()
        return Untold(steps=steps, trips=trips, upto=Upto(journal=newest[0], plan=newest[1]))

    def settle(self, *, at: datetime) -> None:
        """Note of what a run was killed in that nobody knows whether it arrived; nobody may be sending meanwhile."""
        with self._database.transaction() as tx:
            tx.execute("UPDATE outbox SET state = 'unknown', at = ?, said = ? WHERE state = 'sending'", (to_ms(at), KILLED))

    def drop_old(self, *, at: datetime) -> None:
        """Drop what is too old to be news: a day, in which a night or weekend that held it does not count."""
        with self._database.transaction() as tx:
            tx.execute(
                """
                UPDATE outbox SET state = 'dropped', at = :at, said = 'not sent within a day' || ifnull(': ' || said, '')
                WHERE state IN ('pending', 'failed') AND max(put_at, ifnull(held_until, 0)) <= :old
                """,
                {"at": to_ms(at), "old": to_ms(at - KEPT_FOR)},
            )

    def hold(self, ids: Collection[int], *, until: datetime) -> None:
        """Note until when messages wait for the hours of their reader."""
        self._wait("held_until", ids, until)

    def postpone(self, ids: Collection[int], *, until: datetime) -> None:
        """Note before when it is no use to look at messages again."""
        self._wait("not_before", ids, until)

    def _wait(self, column: str, ids: Collection[int], until: datetime) -> None:
        with self._database.transaction() as tx:
            tx.execute(f"UPDATE outbox SET {column} = ? WHERE id IN (SELECT value FROM json_each(?))", (to_ms(until), as_json(ids)))

    def waiting(self) -> list[Kept]:
        """Return what is to be sent, in the order in which it was put: what never was, and what failed, up to a number of attempts."""
        with self._database.snapshot() as tx:
            return _kept(tx, f"state = 'pending' OR (state = 'failed' AND attempts < {MOST_ATTEMPTS})", {})

    def not_sent(self, most: int) -> list[Kept]:
        """Return what did not arrive or may not have, the newest first, at most so many."""
        with self._database.snapshot() as tx:
            return _kept(tx, "state IN ('pending', 'sending', 'failed', 'unknown', 'dropped')", {"most": most}, newest_first=True)

    def of_plan(self, plan: int) -> dict[int, list[Kept]]:
        """Return the messages about each step of a plan, by its place; what is in a digest is as the digest is."""
        with self._database.snapshot() as tx:
            kept = _kept(tx, "plan = :plan AND position IS NOT NULL", {"plan": plan})
        found: dict[int, list[Kept]] = {}
        for one in kept:
            found.setdefault(one.message.position or 0, []).append(one)
        return found

    def lately(self, target: str, reader: Recipient, *, now: datetime) -> Lately:
        """Count what somebody got from a target within the last hour, or may have."""
        with self._database.snapshot() as tx:
            alone, digests, first = tx.execute(
                """
                SELECT count(*) FILTER (WHERE kind <> 'digest'), count(*) FILTER (WHERE kind = 'digest'), min(at) FROM outbox
                WHERE target = :target AND role = :role AND (of_owner = :of OR :of = '')
                    AND state IN ('sending', 'sent', 'unknown') AND at > :since
                """,
                {"target": target, "role": reader.role, "of": reader.of, "since": to_ms(now - WITHIN)},
            ).fetchone()
        return Lately(alone=alone, digests=digests, first_at=from_ms_if_known(first))

    def silent_since(self, target: str) -> datetime | None:
        """Return since when it is not known what becomes of what a target is sent; None where it told so last."""
        with self._database.snapshot() as tx:
            last = tx.execute(
                """
                SELECT at, state FROM outbox WHERE target = ? AND state IN ('sent', 'failed', 'unknown') AND ifnull(said, '') <> ?
                ORDER BY at DESC, id DESC LIMIT 1
                """,
                (target, KILLED),
            ).fetchone()
        return from_ms(last[0]) if last is not None and last[1] == State.UNKNOWN else None

    def bundle(self, kept: Sequence[Kept], *, at: datetime) -> int:
        """Put several messages to one recipient into a digest, which is to be sent; return its id."""
        first = kept[0]
        digest = Message(kind=Kind.DIGEST, recipient=first.message.recipient.reader, rule="")
        row = ("digest|" + str(first.id), *_row(digest, {})[1:])
        with self._database.transaction() as tx:
            (id_,) = tx.execute(
                f"""
                INSERT INTO outbox ({_MESSAGE}, target, put_at, state, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?)
                RETURNING id
                """,
                (*row, first.target, to_ms(at), to_ms(at)),
            ).fetchone()
            tx.execute(
                "UPDATE outbox SET state = 'in digest', part_of = ?, at = ? WHERE id IN (SELECT value FROM json_each(?))",
                (id_, to_ms(at), as_json(one.id for one in kept)),
            )
        return int(id_)

    def parts(self, digest: int) -> list[Kept]:
        """Return the messages that a digest holds."""
        with self._database.snapshot() as tx:
            return _kept(tx, "part_of = :digest AND state = 'in digest'", {"digest": digest})

    def claim(self, id_: int, *, at: datetime) -> bool:
        """Note that a message is about to be sent; False if it was sent, or is being sent, by somebody else."""
        with self._database.transaction() as tx:
            done = tx.execute(
                "UPDATE outbox SET state = 'sending', at = ?, attempts = attempts + 1 WHERE id = ? AND state IN ('pending', 'failed')",
                (to_ms(at), id_),
            )
            return done.rowcount == 1

    def note(self, id_: int, answer: Answer, *, at: datetime) -> None:
        """Note what became of a message that was being sent."""
        with self._database.transaction() as tx:
            (attempts,) = tx.execute("SELECT attempts FROM outbox WHERE id = ?", (id_,)).fetchone()
            not_before = to_ms(again_at(attempts, at)) if answer.fate is Fate.FAILED else None
            tx.execute(
                "UPDATE outbox SET state = ?, at = ?, said = ?, not_before = ? WHERE id = ? AND state = 'sending'",
                (answer.fate.value, to_ms(at), answer.said or None, not_before, id_),
            )

    def drop(self, ids: Collection[int], why: str, *, at: datetime) -> None:
        """Note that messages are not sent any more, and why."""
        with self._database.transaction() as tx:
            tx.execute(
                """
                UPDATE outbox SET state = 'dropped', at = ?, said = ?
                WHERE id IN (SELECT value FROM json_each(?)) AND state IN ('pending', 'failed', 'in digest')
                """,
                (to_ms(at), why, as_json(ids)),
            )


_MESSAGE = "key, kind, role, of_owner, lead, finding, rule, rung, plan, position"
_NEWS = """
    SELECT journal.plan, journal.position, journal.event, step.action, lead.crm || '/' || lead.kind || '/' || lead.crm_id, record.crm,
        step.finding, step.rule, step.rung, step.field_writes, plan.asked ->> '$.offboard.owner'
    FROM journal JOIN plan_step AS step ON step.plan = journal.plan AND step.position = journal.position
    JOIN plan ON plan.id = step.plan
    JOIN object AS lead ON lead.id = step.lead JOIN object AS record ON record.id = step.record
    WHERE journal.id > ? AND journal.event IN ('refused', 'not_written', 'overwritten', 'verified') AND journal.part = 0
    ORDER BY journal.id
"""
_TRIPS = """
    SELECT held.plan, trip.key, trip.value FROM held JOIN plan ON plan.id = held.plan JOIN json_each(plan.trips) AS trip
    WHERE held.plan > ? AND EXISTS (
        SELECT 1 FROM plan_step AS step WHERE step.plan = held.plan AND step.rule = trip.key AND step.blocked_by = '[]'
            AND step.action IN (SELECT value FROM json_each(?))
    ) ORDER BY held.plan, trip.key
"""


def _row(message: Message, ids: dict[RecordKey, int]) -> tuple[Any, ...]:
    """Return the values of `_MESSAGE`."""
    return (
        message.key,
        message.kind.value,
        message.recipient.role,
        message.recipient.of,
        ids[RecordKey.parse(message.lead)] if message.lead is not None else None,
        message.finding,
        message.rule,
        message.rung,
        message.plan,
        message.position,
    )


def _kept(tx: sqlite3.Connection, condition: str, values: dict[str, object], *, newest_first: bool = False) -> list[Kept]:
    rows = tx.execute(
        f"""
        SELECT outbox.id, target, outbox.kind, role, of_owner, lead.crm || '/' || lead.kind || '/' || lead.crm_id,
            finding, rule, rung, plan, position, put_at,
            CASE state WHEN 'in digest' THEN (SELECT digest.state FROM outbox AS digest WHERE digest.id = outbox.part_of) ELSE state END,
            at, attempts, said, held_until, not_before
        FROM outbox LEFT JOIN object AS lead ON lead.id = outbox.lead
        WHERE {condition} ORDER BY outbox.id {"DESC LIMIT :most" if newest_first else ""}
        """,
        values,
    ).fetchall()
    return [_read(row) for row in rows]


def _read(row: Sequence[Any]) -> Kept:
    id_, target, kind, role, of, lead, finding, rule, rung, plan, position, *rest = row
    put_at, state, at, attempts, said, held_until, not_before = rest
    message = Message(
        kind=Kind(kind),
        recipient=Recipient(role=role, of=of),
        rule=rule,
        lead=lead,
        finding=finding,
        rung=rung,
        plan=plan,
        position=position,
    )
    return Kept(
        id=id_,
        target=target,
        message=message,
        put_at=from_ms(put_at),
        state=State(state),
        at=from_ms(at),
        attempts=attempts,
        said=said,
        held_until=from_ms_if_known(held_until),
        not_before=from_ms_if_known(not_before),
    )


def _news(row: Sequence[Any]) -> News:
    plan, position, event, action, lead, crm, finding, rule, rung, writes, leaver = row
    return News(
        plan=plan,
        position=position,
        event=Event(event),
        action=action,
        lead=lead,
        crm=crm,
        finding=finding,
        rule=rule,
        rung=rung,
        writes={write["field"]: write["after"] for write in orjson.loads(writes)},
        leaver=leaver,
    )
