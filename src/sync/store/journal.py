"""The journal: what became of each step of each plan, noted before a CRM is asked and after it answered. Append-only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from connectors.records import RecordKey
from sync.agreement.model import OFFBOARD
from sync.journal import Entry, Event, Place
from sync.ladder import ASSIGN, MOVES
from sync.refused import Refusal, values_of
from sync.reversals import Reversed
from sync.stamps import STAMP
from sync.steps import FieldWrite
from sync.store.database import Database
from sync.store.keys import as_json, object_ids
from sync.store.moments import from_ms, to_ms
from sync.store.runs import run_row_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A line of the journal, and the run that noted it."""

    run_id: str
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """A part of a step whose end nobody knows."""

    intent: Entry
    newest: Event  # what was noted about it last


class Journal:
    """The table of what was tried."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, run_id: str, entries: Sequence[Entry]) -> None:
        """Append `entries`, all or none. KeyError if there is no such run."""
        with self._database.transaction() as tx:
            run = run_row_id(tx, run_id)
            ids = object_ids(tx, [entry.record for entry in entries if entry.record is not None])
            tx.executemany(
                f"INSERT INTO journal ({_COLUMNS}) VALUES ({', '.join('?' * 10)})",
                [
                    (
                        run,
                        entry.place.plan,
                        entry.place.position,
                        entry.place.part,
                        entry.event,
                        to_ms(entry.at),
                        _json(entry.before),
                        _json(entry.after),
                        entry.said,
                        ids[entry.record] if entry.record is not None else None,
                    )
                    for entry in entries
                ],
            )

    def done(self, *, since: datetime, upto: datetime) -> dict[str, int]:
        """Count by action the steps that were sent from `since` on, before `upto`, and whose first part was read back."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT step.action, count(*)
                FROM (SELECT DISTINCT plan, position FROM journal WHERE event = 'intended' AND at >= ? AND at < ?) AS sent
                JOIN plan_step AS step ON step.plan = sent.plan AND step.position = sent.position
                WHERE EXISTS (
                    SELECT 1 FROM journal WHERE plan = sent.plan AND position = sent.position AND part = 0 AND event = 'verified'
                ) GROUP BY step.action
                """,
                (to_ms(since), to_ms(upto)),
            )
            return dict(rows.fetchall())

    def of_plan(self, plan_id: int) -> list[Entry]:
        """Return what is noted about a plan, in the order in which it was."""
        with self._database.snapshot() as tx:
            return [_entry(row) for row in tx.execute(f"{_SELECT} FROM journal WHERE plan = ? ORDER BY id", (plan_id,))]

    def told(self, plan_id: int) -> dict[int, list[Told]]:
        """Return what is noted about each step of a plan, by its place, in the order in which it was."""
        found: dict[int, list[Told]] = defaultdict(list)
        with self._database.snapshot() as tx:
            rows = tx.execute(
                f"{_SELECT}, (SELECT name FROM run WHERE run.id = journal.run) FROM journal WHERE plan = ? ORDER BY id", (plan_id,)
            )
            for *row, run_id in rows:
                entry = _entry(row)
                found[entry.place.position].append(Told(run_id=run_id, entry=entry))
        return found

    def unsettled(self) -> list[Unsettled]:
        """Return all parts of the steps of which only reading tells whether they stand, by plan and place.

        Also parts that were never sent, and those that failed, where another part of their step was sent; all of a step of which
        a part stands and another one was left for later; and the step of a lead's second record that was not written though the first was.
        """
        with self._database.snapshot() as tx:
            rows = tx.execute(
                f"""
                WITH write (plan, position, newest, intent) AS (
                    SELECT plan, position, max(id), max(CASE event WHEN 'intended' THEN id END) FROM journal GROUP BY plan, position, part
                ), half_done (plan, position) AS ({_HALF_DONE}), open (plan, position) AS (
                    SELECT DISTINCT write.plan, write.position FROM write JOIN journal AS newest ON newest.id = write.newest
                    WHERE newest.event IN ('intended', 'unknown', 'done')
                    UNION SELECT later.plan, later.position FROM write AS later JOIN journal AS newest ON newest.id = later.newest
                        JOIN journal AS intent ON intent.id = later.intent
                        JOIN write AS other ON (other.plan, other.position) = (later.plan, later.position)
                        JOIN journal AS stands ON stands.id = other.newest
                    WHERE newest.event = 'later' AND stands.event IN ('verified', 'stands')
                        AND intent.record IS NULL AND stands.record IS NULL
                    UNION SELECT plan, position FROM half_done
                )
                SELECT intent.plan, intent.position, intent.part, intent.event, intent.at, intent.before, intent.after, intent.said,
                    {_record_of("intent")}, newest.event
                FROM open JOIN write USING (plan, position) JOIN journal AS newest ON newest.id = write.newest
                JOIN journal AS intent ON intent.id = write.intent ORDER BY intent.plan, intent.position, intent.part
                """
            )
            return [Unsettled(intent=_entry(row), newest=Event(newest)) for *row, newest in rows]

    def intents(self, steps: Collection[tuple[int, int]]) -> list[Entry]:
        """Return what was intended with the records of some steps, each a plan and a place in it, sorted by place."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                f"""
                {_SELECT} FROM journal JOIN json_each(?) AS step
                    ON (plan, position) = (json_extract(step.value, '$[0]'), json_extract(step.value, '$[1]'))
                WHERE event = 'intended' AND record IS NULL AND said IS NULL ORDER BY plan, position, part
                """,
                (as_json(steps),),
            )
            return [_entry(row) for row in rows]

    def of_task(self, mark: str, *, since: datetime) -> list[tuple[Entry, Event]]:
        """Return the intents since a moment to create or extend the task with this mark, oldest first, each with what came of it."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                f"""
                {_SELECT}, {_LAST} FROM journal
                WHERE event = 'intended' AND at >= ? AND json_extract(after, '$.task') = ? ORDER BY id
                """,
                (to_ms(since), mark),
            )
            return [(_entry(row), Event(event)) for *row, event in rows]

    def went_along(self, finding: str, rung: int) -> list[Entry]:
        """Return what was written to other records with the steps of a finding's rung, and seen to stand: the intents, oldest first."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                f"""
                {_SELECT} FROM journal JOIN plan_step AS step USING (plan, position)
                WHERE event = 'intended' AND journal.record IS NOT NULL AND {_LAST} = 'verified'
                AND step.finding = ? AND step.rung = ? AND step.action <> ? ORDER BY journal.id
                """,
                (finding, rung, UNDO),
            )
            return [_entry(row) for row in rows]

    def verified_once(self, *, upto: datetime) -> list[Entry]:
        """Return the intents of the writes that were read back no later than `upto` and not again since, by plan and place.

        What took a write of ours back is not among them: whoever goes on from there may.
        """
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                WITH write (newest, intent) AS (
                    SELECT max(id), max(CASE event WHEN 'intended' THEN id END) FROM journal GROUP BY plan, position, part
                )
                SELECT intent.plan, intent.position, intent.part, intent.event, intent.at, intent.before, intent.after, intent.said, NULL
                FROM write JOIN journal AS newest ON newest.id = write.newest JOIN journal AS intent ON intent.id = write.intent
                JOIN plan_step AS step ON (step.plan, step.position) = (intent.plan, intent.position)
                WHERE newest.event = 'verified' AND newest.at <= ? AND intent.said IS NULL AND intent.record IS NULL
                AND step.field_writes <> '[]'
                ORDER BY intent.plan, intent.position, intent.part
                """,
                (to_ms(upto),),
            )
            return [_entry(row) for row in rows]

    def last_written(self, since: datetime) -> dict[tuple[RecordKey, str], Place]:
        """Return the newest write that was intended since a moment of each field of each record."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT record.crm, record.kind, record.crm_id, field.key, journal.plan, journal.position, journal.part
                FROM journal JOIN plan_step AS step USING (plan, position) JOIN object AS record ON record.id = step.record,
                    json_each(journal.after) AS field
                WHERE event = 'intended' AND at >= ? AND journal.record IS NULL AND step.field_writes <> '[]' ORDER BY journal.id
                """,
                (to_ms(since),),
            )
            return {(RecordKey(*row[:3]), row[3]): Place(*row[4:]) for row in rows}

    def reversals(self, since: datetime) -> list[Reversed]:
        """Return each field that something set back since a moment, in the order in which that was seen."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT record.crm, record.kind, record.crm_id, field.key, ifnull(journal.said, ''), journal.at
                FROM journal JOIN plan_step AS step USING (plan, position) JOIN object AS record ON record.id = step.record,
                    json_each(journal.after) AS field
                WHERE event = 'reversed' AND at > ? ORDER BY journal.id
                """,
                (to_ms(since),),
            )
            return [Reversed(record=RecordKey(*row[:3]), field=row[3], by=row[4], at=from_ms(row[5])) for row in rows]

    def refused_stamps(self, since: datetime) -> list[Refusal]:
        """Return each stamp that a CRM refused since a moment, with what it was to write, in the order in which that was noted."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT record.crm, record.kind, record.crm_id, step.field_writes, ifnull(journal.said, ''), journal.at
                FROM journal JOIN plan_step AS step USING (plan, position) JOIN object AS record ON record.id = step.record
                WHERE event = 'refused' AND at > ? AND step.action = ? ORDER BY journal.id
                """,
                (to_ms(since), STAMP),
            )
            return [
                Refusal(
                    record=RecordKey(*row[:3]),
                    values=values_of(FieldWrite(**write) for write in orjson.loads(row[3])),
                    said=row[4],
                    at=from_ms(row[5]),
                )
                for row in rows
            ]

    def moves_since(self, at: datetime) -> int:
        """Count the moves that were sent since `at`, whatever became of them; a limit counts them so that a restart forgets none.

        What was stopped right before it was sent is none of them, nor are offboardings and assignments: those have limits of their own.
        """
        return self._sent_since(at, _MOVING)

    def assignments_since(self, at: datetime) -> int:
        """Count the leads that were sent to their first owner since `at`, as `moves_since` counts moves."""
        return self._sent_since(at, (ASSIGN,))

    def _sent_since(self, at: datetime, actions: Sequence[str]) -> int:
        with self._database.snapshot() as tx:
            (count,) = tx.execute(
                f"""
                SELECT count(DISTINCT journal.plan || '/' || journal.position) FROM journal JOIN plan_step AS step
                ON step.plan = journal.plan AND step.position = journal.position
                WHERE event = 'intended' AND at > ? AND step.rule <> ? AND step.action IN ({", ".join("?" * len(actions))}) AND NOT EXISTS (
                    SELECT 1 FROM journal AS later WHERE later.event = 'skipped' AND later.id > journal.id
                    AND (later.plan, later.position, later.part) = (journal.plan, journal.position, journal.part)
                )
                """,
                (to_ms(at), OFFBOARD, *actions),
            ).fetchone()
        return int(count)

    def fired(self) -> frozenset[tuple[str, int]]:
        """Return (key of a finding, rung) of each step that reached a CRM, or may have; what was undone since reached it too.

        A reminder has once its message was noted. A step that leadpact itself took back, because it had replaced what somebody wrote
        right before, has not; a stamp is no rung.
        """
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                WITH newest (id) AS (SELECT max(id) FROM journal GROUP BY plan, position, part),
                    taken_back (plan, position) AS (SELECT plan, position FROM journal WHERE event = 'put_back')
                SELECT DISTINCT step.finding, step.rung FROM newest JOIN journal USING (id) JOIN plan_step AS step USING (plan, position)
                WHERE event IN ('intended', 'unknown', 'done', 'verified', 'overwritten', 'reversed', 'stands', 'moved_on')
                    AND step.action <> ? AND (step.rung <> 0 OR step.action = ?)
                    AND (plan, position) NOT IN (SELECT plan, position FROM taken_back)
                """,
                (UNDO, ASSIGN),
            )
            return frozenset(rows.fetchall())

    def plans_of(self, run_id: str) -> list[int]:
        """Return the plans of which a run tried steps."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                "SELECT DISTINCT plan FROM journal JOIN run ON run.id = journal.run WHERE run.name = ? ORDER BY plan", (run_id,)
            )
            return [int(plan) for (plan,) in rows]

    def take_up(self, run_id: str, plan_id: int, *, at: datetime) -> str | None:
        """Note that a run carries out a plan; return the run that did so already, if one did: a plan is carried out once."""
        with self._database.transaction() as tx:
            row = tx.execute("SELECT run.name FROM plan_use JOIN run ON run.id = plan_use.run WHERE plan = ?", (plan_id,)).fetchone()
            if row is not None:
                return str(row[0])
            tx.execute("INSERT INTO plan_use (plan, run, at) VALUES (?, ?, ?)", (plan_id, run_row_id(tx, run_id), to_ms(at)))
        return None


UNDO = "undo"
_COLUMNS = "run, plan, position, part, event, at, before, after, said, record"
_MOVING = (*(move for move in MOVES if move != ASSIGN), UNDO)
_HALF_DONE = f"""
    SELECT step.plan, step.position FROM write JOIN journal AS newest ON newest.id = write.newest
    JOIN plan_step AS step USING (plan, position)
    WHERE newest.event IN ('later', 'not_written') AND step.action IN {MOVES} AND EXISTS (
        SELECT 1 FROM plan_step AS first JOIN journal AS told USING (plan, position)
        WHERE (first.plan, first.position, first.lead, first.finding) = (step.plan, step.position - 1, step.lead, step.finding)
            AND first.action IN {MOVES} AND told.event IN ('verified', 'stands')
    ) AND NOT EXISTS (
        SELECT 1 FROM journal AS told WHERE (told.plan, told.position) = (step.plan, step.position)
            AND told.event NOT IN ('intended', 'unknown', 'later', 'not_written')
    )
"""  # of two records of a lead the second, which nobody wrote
_LAST = """(
    SELECT later.event FROM journal AS later
    WHERE (later.plan, later.position, later.part) = (journal.plan, journal.position, journal.part) ORDER BY later.id DESC LIMIT 1
)"""


def _record_of(line: str) -> str:
    return f"(SELECT crm || '/' || kind || '/' || crm_id FROM object WHERE object.id = {line}.record)"


_SELECT = f"SELECT journal.plan, journal.position, part, event, at, before, after, said, {_record_of('journal')}"


def _json(values: object) -> str | None:
    return None if values is None else orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode()


def _entry(row: Sequence[Any]) -> Entry:
    plan, position, part, event, at, before, after, said, record = row
    return Entry(
        place=Place(plan, position, part),
        event=Event(event),
        at=from_ms(at),
        before=None if before is None else orjson.loads(before),
        after=None if after is None else orjson.loads(after),
        said=said,
        record=None if record is None else RecordKey.parse(record),
    )
