"""The ledger of fair routing: who was given which lead of a pool, and who could have been; and since when rules are enforced."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from connectors.records import RecordKey, Vocabulary
from sync.caps import Load
from sync.journal import Place
from sync.people_turns import PeopleTurn
from sync.route import Book, Given, Seat
from sync.store.database import Database
from sync.store.keys import as_json, object_ids
from sync.store.moments import from_ms, from_ms_if_known, to_ms

_PERIODS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
_STANDING = """
    SELECT assignment.crm, pool, owner, seats, lead, assignment.at, assignment.id AS assignment, NULL AS people_turn FROM assignment
        WHERE NOT EXISTS (SELECT 1 FROM given_back WHERE given_back.assignment = assignment.id AND given_back.id <= :given_backs)
            AND assignment.id <= :assignments
    UNION ALL
    SELECT people_turn.crm, pool, owner, seats, lead, people_turn.at, NULL, people_turn.id FROM people_turn
        WHERE NOT EXISTS (SELECT 1 FROM given_back WHERE given_back.people_turn = people_turn.id AND given_back.id <= :given_backs)
            AND people_turn.id <= :people_turns
"""  # the turns that count, as far as the ledger stood at some time


@dataclass(frozen=True, slots=True, kw_only=True)
class Upto:
    """How far the ledger stood: the newest id of each of its tables."""

    assignments: int
    people_turns: int
    given_backs: int

    @property
    def marks(self) -> dict[str, int]:
        """The same, by the names of statements."""
        return {"assignments": self.assignments, "people_turns": self.people_turns, "given_backs": self.given_backs}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A lead that a step gave to an owner of a CRM."""

    place: Place
    given: Given
    crm: str
    lead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger."""

    given: Given
    lead: str
    at: datetime
    place: Place | None  # of the step that gave it; None: a person or a workflow did
    source: str | None  # of a turn of people
    back_at: datetime | None  # when it was given back
    back_why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBook:
    """What the members of a pool were owed when a plan was made."""

    pool: str
    owed: Mapping[str, float]
    upto: Upto
    unsaved: int  # turns of people that a dry run counted and left out of the ledger


class Ledger:
    """The tables of turns, which only grow; a lead is entered once it is seen to be its new owner's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enter(self, turns: Iterable[Turn], *, at: datetime) -> None:
        """Note that steps gave leads to owners; noting one again adds nothing."""
        taken = [(RecordKey.parse(turn.lead), turn) for turn in turns]
        with self._database.transaction() as tx:
            ids = object_ids(tx, (key for key, _ in taken))
            tx.executemany(
                """
                INSERT INTO assignment (crm, owner, pool, lead, at, seats, plan, position, way) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (plan, position) DO NOTHING
                """,
                [
                    (
                        *(turn.crm, turn.given.owner, turn.given.pool, ids[key], to_ms(at), _seats_text(turn.given)),
                        *(turn.place.plan, turn.place.position, turn.given.by),
                    )
                    for key, turn in taken
                ],
            )

    def note_people(self, turns: Iterable[PeopleTurn], *, crm: str, upto: datetime) -> None:
        """Note turns that people and workflows took, looked for up to a moment; noting one again adds nothing."""
        with self._database.transaction() as tx:
            for turn in turns:
                key = RecordKey.parse(turn.lead)
                told = (crm, turn.given.owner, turn.given.pool, object_ids(tx, [key])[key], to_ms(turn.at), _seats_text(turn.given))
                tx.execute(
                    """
                    INSERT INTO people_turn (crm, owner, pool, lead, at, seats, source) VALUES (?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (source) DO NOTHING
                    """,
                    (*told, turn.source),
                )
            tx.execute("INSERT OR REPLACE INTO turns_read (crm, upto) VALUES (?, ?)", (crm, to_ms(upto)))

    def people_read_upto(self, crm: str) -> datetime | None:
        """Return up to when turns of people were looked for; None: never."""
        with self._database.snapshot() as tx:
            row = tx.execute("SELECT upto FROM turns_read WHERE crm = ?", (crm,)).fetchone()
        return from_ms(row[0]) if row else None

    def knows(self, sources: Iterable[str]) -> frozenset[str]:
        """Return those of `sources` whose turns are noted."""
        with self._database.snapshot() as tx:
            rows = tx.execute("SELECT source FROM people_turn WHERE source IN (SELECT value FROM json_each(?))", (as_json(sources),))
            return frozenset(source for (source,) in rows)

    def give_back(self, lead: str, *, why: str, since: datetime, at: datetime) -> bool:
        """Give back the newest turn that a lead took: it was returned; return whether there was one.

        `since` is when the returning was intended: where a turn of the lead was given back since then, that is done already. `why` is
        said by `leadpact route --replay`; a turn that was given back is as if the lead had never come.
        """
        not_yet = """
            lead = :lead AND NOT EXISTS (
                SELECT 1 FROM given_back AS earlier LEFT JOIN assignment AS ours ON ours.id = earlier.assignment
                LEFT JOIN people_turn AS theirs ON theirs.id = earlier.people_turn
                WHERE :lead IN (ours.lead, theirs.lead) AND earlier.at >= :since
            )
        """
        return self._give_back(not_yet, {"lead": lead, "since": to_ms(since)}, why=why, at=at)

    def undone(self, lead: str, *, finding: str, rung: int, at: datetime) -> bool:
        """Give back the turn by which a step for this finding and rung gave a lead away, as it was undone; return whether there was one."""
        of_step = """
            assignment IN (SELECT assignment.id FROM assignment JOIN plan_step AS step USING (plan, position)
                WHERE step.finding = :finding AND step.rung = :rung AND assignment.lead = :lead)
        """
        return self._give_back(of_step, {"lead": lead, "finding": finding, "rung": rung}, why="undone", at=at)

    def _give_back(self, which: str, values: dict[str, str | int], *, why: str, at: datetime) -> bool:
        key = RecordKey.parse(str(values["lead"]))
        with self._database.transaction() as tx:
            known = {**values, **_newest(tx).marks, "lead": object_ids(tx, [key])[key], "why": why, "now": to_ms(at)}
            found = tx.execute(
                f"""
                INSERT INTO given_back (assignment, people_turn, at, why)
                SELECT assignment, people_turn, :now, :why FROM ({_STANDING}) WHERE {which} ORDER BY at DESC, assignment DESC LIMIT 1
                """,
                known,
            )
            return found.rowcount > 0

    def book(self, crm: str, *, upto: Upto | None = None) -> Book:
        """Work out from all entries of a CRM, or those `upto` some, what the members of each pool are owed."""
        book = Book()
        with self._database.snapshot() as tx:
            rows = tx.execute(
                f"""
                SELECT pool, owner, seats, count(*) FROM ({_STANDING}) WHERE crm = :crm
                GROUP BY pool, seats, owner ORDER BY min(at), pool, owner
                """,
                {"crm": crm, **(upto or _newest(tx)).marks},
            )
            for pool, owner, seats, times in rows:
                book.count(Given(pool=pool, seats=_seats(seats), owner=owner), times)
        return book

    def upto(self) -> Upto:
        """Return how far the ledger stands."""
        with self._database.snapshot() as tx:
            return _newest(tx)

    def note_book(self, plan: int, owed: Mapping[str, Mapping[str, float]], *, unsaved: int) -> None:
        """Note what each is owed, by pool and owner, when a plan is made."""
        with self._database.transaction() as tx:
            upto = _newest(tx)
            tx.executemany(
                "INSERT INTO plan_book (plan, pool, owed, assignments, people_turns, given_backs, unsaved) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    (plan, pool, orjson.dumps(of_pool).decode(), upto.assignments, upto.people_turns, upto.given_backs, unsaved)
                    for pool, of_pool in owed.items()
                ),
            )

    def books(self, plan: int) -> dict[str, PlanBook]:
        """Return by pool what was noted when a plan was made; nothing for a plan that gave no leads, or of an older version."""
        with self._database.snapshot() as tx:
            rows = tx.execute("SELECT pool, owed, assignments, people_turns, given_backs, unsaved FROM plan_book WHERE plan = ?", (plan,))
            return {
                pool: PlanBook(
                    pool=pool,
                    owed=orjson.loads(owed),
                    upto=Upto(assignments=assignments, people_turns=people, given_backs=back),
                    unsaved=unsaved,
                )
                for pool, owed, assignments, people, back, unsaved in rows
            }

    def entries(self, crm: str, pool: str) -> Iterator[Entry]:
        """Yield every entry of a pool, the oldest first, with those that were given back."""
        with self._database.snapshot() as tx:
            rows = tx.execute(_ENTRIES, {"crm": crm, "pool": pool}).fetchall()
        for owner, way, seats, lead, at, plan, position, source, back_at, why in rows:
            yield Entry(
                given=Given(pool=pool, seats=_seats(seats), owner=owner, by=way),
                lead=lead,
                at=from_ms(at),
                place=None if plan is None else Place(plan, position),
                source=source,
                back_at=from_ms_if_known(back_at),
                back_why=why,
            )

    def loads(self, crm: str, now: datetime) -> dict[tuple[str, str], Load]:
        """Return what each member of each pool got within an hour, a day and a week, by (pool, owner)."""
        since = {name: to_ms(now - span) for name, span in _PERIODS.items()}
        with self._database.snapshot() as tx:
            rows = tx.execute(
                f"""
                SELECT pool, owner, count(*) FILTER (WHERE at > :hour), count(*) FILTER (WHERE at > :day), count(*)
                FROM ({_STANDING}) WHERE crm = :crm AND at > :week GROUP BY pool, owner
                """,
                {"crm": crm, **since, **_newest(tx).marks},
            ).fetchall()
        return {(pool, owner): Load(hour=hour, day=day, week=week) for pool, owner, hour, day, week in rows}

    def owned(self, words: Vocabulary, pools: Mapping[str, str]) -> dict[tuple[str, str], int]:
        """Count by (pool, owner) the leads whose passage was open when they were last judged; `pools` gives the pool of each handoff.

        Who owns them is what the CRM of `words` showed last.
        """
        with self._database.snapshot() as tx:
            rows = tx.execute(_OWNED, {"pools": orjson.dumps(dict(pools)).decode(), "crm": words.crm, "owner": f'$."{words.owner}"'})
            return {(pool, owner): count for pool, owner, count in rows if owner}


_ENTRIES = """
    SELECT owner, way, seats, object.crm || '/' || object.kind || '/' || object.crm_id, turn.at, plan, position, source, back.at, back.why
    FROM (
        SELECT id AS assignment, NULL AS people_turn, crm, owner, pool, lead, at, seats, plan, position, way, NULL AS source FROM assignment
        UNION ALL
        SELECT NULL, id, crm, owner, pool, lead, at, seats, NULL, NULL, 'people', source FROM people_turn
    ) AS turn JOIN object ON object.id = turn.lead
    LEFT JOIN given_back AS back ON back.assignment = turn.assignment OR back.people_turn = turn.people_turn
    WHERE turn.crm = :crm AND pool = :pool ORDER BY turn.at, turn.assignment, turn.people_turn
"""

_OWNED = """
    WITH passage (lead, pool) AS (
        SELECT DISTINCT finding.lead, pool.value FROM finding JOIN finding_version AS version ON version.id = finding.version
        JOIN json_each(:pools) AS pool ON pool.key = version.handoff
        WHERE finding.withdrawn = 0 AND version.cycle_opened_at IS NOT NULL AND version.cycle_closed_at IS NULL
    ),
    person (lead, pool, id) AS (
        SELECT lead, pool, lead FROM passage
        UNION SELECT lead, pool, member.person FROM passage JOIN member USING (lead) WHERE member.unlinked_at IS NULL
    )
    SELECT pool, record.field_values ->> :owner AS owner, count(DISTINCT lead)
    FROM person JOIN object ON object.id = person.id JOIN record ON record.id = person.id
    WHERE object.crm = :crm AND record.gone_at IS NULL GROUP BY 1, 2
"""


def _newest(tx: sqlite3.Connection) -> Upto:
    tables = ("assignment", "people_turn", "given_back")
    assignments, people, back = (tx.execute(f"SELECT ifnull(max(id), 0) FROM {table}").fetchone()[0] for table in tables)
    return Upto(assignments=assignments, people_turns=people, given_backs=back)


def _seats_text(given: Given) -> str:
    return orjson.dumps({seat.owner: seat.weight for seat in given.could}).decode()


def _seats(text: str) -> tuple[Seat, ...]:
    return tuple(Seat(owner=owner, weight=weight) for owner, weight in orjson.loads(text).items())


class Enforced:
    """Since when each rule is enforced: what opened before is backlog."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def since(self) -> dict[str, datetime]:
        """Return since when, by rule."""
        with self._database.snapshot() as tx:
            return {rule: from_ms(since) for rule, since in tx.execute("SELECT rule, since FROM enforced")}

    def renew(self, rules: Iterable[str], *, now: datetime) -> None:
        """Begin with those of `rules` that were not enforced until now, and end all others: who goes back to observe begins anew."""
        wanted = sorted(set(rules))
        with self._database.transaction() as tx:
            tx.execute("DELETE FROM enforced WHERE rule NOT IN (SELECT value FROM json_each(?))", (orjson.dumps(wanted).decode(),))
            tx.executemany(
                "INSERT INTO enforced (rule, since) VALUES (?, ?) ON CONFLICT DO NOTHING", ((rule, to_ms(now)) for rule in wanted)
            )
