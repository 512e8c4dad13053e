"""The ledger of fair routing: who was given which lead of a pool, and who could have been; and since when rules are enforced."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import orjson

from connectors.records import RecordKey
from sync.journal import Place
from sync.route import Book, Given, Seat
from sync.store.database import Database
from sync.store.keys import object_ids
from sync.store.moments import from_ms, to_ms


class Ledger:
    """The table of assignments; a lead is entered once it is seen to be its new owner's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enter(self, place: Place, given: Given, *, crm: str, lead: str, at: datetime) -> None:
        """Note that a step gave a lead to an owner; noting it again adds nothing."""
        key = RecordKey.parse(lead)
        with self._database.transaction() as tx:
            tx.execute(
                """
                INSERT INTO assignment (crm, owner, pool, lead, at, seats, plan, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (plan, position) DO NOTHING
                """,
                (
                    crm,
                    given.owner,
                    given.pool,
                    object_ids(tx, [key])[key],
                    to_ms(at),
                    orjson.dumps({seat.owner: seat.weight for seat in given.seats}).decode(),
                    place.plan,
                    place.position,
                ),
            )

    def book(self, crm: str) -> Book:
        """Work out from all entries of a CRM what the members of each pool are owed."""
        book = Book()
        with self._database.snapshot() as tx:
            for pool, owner, seats in tx.execute("SELECT pool, owner, seats FROM assignment WHERE crm = ? ORDER BY id", (crm,)):
                could = tuple(Seat(owner=one, weight=weight) for one, weight in orjson.loads(seats).items())
                book.count(Given(pool=pool, seats=could, owner=owner))
        return book


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
