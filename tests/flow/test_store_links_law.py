"""The law of linking: whatever changed, what is held is what grouping all persons at once would give."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.records import Merge, Record, RecordKey, Reference
from sync.one_person import Grouping, PersonRecord, group_persons
from sync.store import link
from sync.store.database import Database, open_store
from sync.store.dirty import Dirty
from sync.store.link import Links
from sync.store.mirror import Mirror
from tests.flow.store_values import BOTH, MINUTE, NINE, a_page, a_record

CONTACTS = [RecordKey("hubspot", "contact", str(number)) for number in (1, 2, 3, 10, 11)]
LEADS = [RecordKey("salesforce", "Lead", f"00Q00000000000{number}AAA") for number in range(5)]
SF_CONTACTS = [RecordKey("salesforce", "Contact", f"00300000000000{number}AAA") for number in range(4)]
ADDRESSES = [None, None, "info@x.example", " A@x.example", "a@x.example", "b@x.example", "B@X.example", "c@x.example", "nobody"]
KINDS = [(words.crm, kind) for words in BOTH.values() for kind in words.persons]


# everybody grouped at once, by reading every record


def everybody(tx: sqlite3.Connection) -> list[PersonRecord]:
    rows = tx.execute(
        """
        SELECT object.id, crm, kind, id_number, crm_id, gone_at, field_values ->> '$.email', field_values ->> '$.Email',
            (SELECT lead FROM member WHERE person = object.id AND unlinked_at IS NULL), field_values
        FROM object JOIN record USING (id) WHERE merged_into IS NULL AND erased_at IS NULL
        """
    ).fetchall()
    rows = sorted((row for row in rows if row[1:3] in KINDS), key=lambda row: (KINDS.index(row[1:3]), *row[3:5]))
    return [
        PersonRecord(id_, crm, place, email or sf_email, referred(tx, kind, values), gone_at is None, survivor(tx, before))
        for place, (id_, crm, kind, _, _, gone_at, email, sf_email, before, values) in enumerate(rows)
    ]


def referred(tx: sqlite3.Connection, kind: str, values: str) -> tuple[int, ...]:
    found = []
    for reference in (reference for words in BOTH.values() for reference in words.references if reference.kind == kind):
        (named,) = tx.execute("SELECT ? ->> ?", (values, f"$.{reference.field}")).fetchone()
        found += [] if named is None else people_named(tx, reference, named)
    return tuple(found)


def people_named(tx: sqlite3.Connection, reference: Reference, named: str) -> list[int]:
    rows = tx.execute("SELECT id, crm_id FROM object WHERE crm = ? AND kind = ?", (reference.to_crm, reference.to_kind)).fetchall()
    last = [survivor(tx, id_) for id_, crm_id in rows if crm_id[:15] == named[:15]]
    there = "SELECT id FROM record WHERE id = ? AND merged_into IS NULL AND erased_at IS NULL"
    return [id_ for one in last for (id_,) in tx.execute(there, (one,))]


def survivor(tx: sqlite3.Connection, id_: int | None) -> int | None:
    for _ in range(20):
        row = tx.execute("SELECT merged_into FROM record WHERE id = ?", (id_,)).fetchone()
        if row is None or row[0] is None:
            break
        (id_,) = row
    return id_


def grouped_at_once(store: Database, shared: list[str]) -> Grouping:
    with store.snapshot() as tx:
        return group_persons(everybody(tx), shared=[address.casefold() for address in shared])


def held(store: Database) -> tuple[dict[int, int], set[tuple[int, int]]]:
    with store.snapshot() as tx:
        members = dict(tx.execute("SELECT person, lead FROM member WHERE unlinked_at IS NULL").fetchall())
        return members, set(tx.execute("SELECT person, other FROM doubt").fetchall())


def history(store: Database) -> list[list[tuple[Any, ...]]]:
    """Return what came of linking, and which leads are to be judged for it."""
    with store.snapshot() as tx:
        return [
            tx.execute("SELECT person, lead, linked_at, unlinked_at, why FROM member ORDER BY 1, 2, 3, 4").fetchall(),
            tx.execute("SELECT person, other, since FROM doubt ORDER BY 1, 2").fetchall(),
            tx.execute("SELECT lead, since, why FROM dirty ORDER BY 1").fetchall(),
        ]


# what may happen


@dataclass
class World:
    """Two stores to which the same happens; in the second all persons are linked each time."""

    dice: random.Random
    stores: tuple[Database, Database]
    now: datetime = NINE
    shared: list[str] = field(default_factory=list)
    broken_off: int = 0

    def save(self, crm: str, *records: Record, **more: Any) -> None:
        for store in self.stores:
            Mirror(store, BOTH).save_page(crm, a_page(*records, **more), seen_at=self.now)

    def renew(self) -> None:
        """Link in both stores, and hold the result against the law."""
        ours, all_anew = self.stores
        expected = grouped_at_once(ours, self.shared)
        with all_anew.transaction() as tx:
            tx.execute("UPDATE linked_by SET fingerprint = 'another'")
        for store in self.stores:
            Links(store, BOTH).renew(now=self.now, shared=self.shared)
        assert held(ours) == ({person: lead for person, (lead, _) in expected.leads.items()}, expected.doubts)
        assert history(ours) == history(all_anew)

    def one_of(self, *keys: list[RecordKey]) -> RecordKey:
        return self.dice.choice([key for some in keys for key in some])


def edited(world: World) -> None:
    """A record is new, edited, or there again, whatever became of it."""
    key = world.one_of(CONTACTS, LEADS, SF_CONTACTS)
    world.save(key.crm, a_record(str(key), values_of(key, world), changed_at=world.now))


def values_of(key: RecordKey, world: World) -> dict[str, str | None]:
    dice = world.dice
    values: dict[str, str | None] = {"score": str(dice.random()), "email" if key.crm == "hubspot" else "Email": dice.choice(ADDRESSES)}
    if key.kind == "contact" and dice.random() < 0.5:
        values["salesforceleadid"] = world.one_of(LEADS).id[: dice.choice((15, 18))]
    if key.kind == "contact" and dice.random() < 0.2:
        values["salesforcecontactid"] = world.one_of(SF_CONTACTS).id
    if key.kind == "Lead" and dice.random() < 0.3:
        values["ConvertedContactId"] = world.one_of(SF_CONTACTS).id
    return values


def deleted(world: World) -> None:
    key = world.one_of(CONTACTS, LEADS, SF_CONTACTS)
    world.save(key.crm, gone=((key, world.dice.choice((None, world.now))),))


def archived(world: World) -> None:
    key = world.one_of(CONTACTS, LEADS, SF_CONTACTS)
    world.save(key.crm, a_record(str(key), values_of(key, world), changed_at=world.now, archived_at=world.now))


def merged(world: World) -> None:
    gone, into = world.dice.sample(world.dice.choice((CONTACTS, LEADS, SF_CONTACTS)), 2)
    survivors = [a_record(str(into), values_of(into, world), changed_at=world.now)] if world.dice.random() < 0.8 else []
    world.save(gone.crm, *survivors, merged=(Merge(gone=gone, into=into, at=world.dice.choice((None, world.now))),))


def erased(world: World) -> None:
    key = world.one_of(CONTACTS, LEADS, SF_CONTACTS)
    world.save(key.crm, erased=(key,))


def shared_otherwise(world: World) -> None:
    world.shared = world.dice.sample(["a@x.example", "B@x.example"], world.dice.randrange(3))


HAPPENS: list[Callable[[World], None]] = [*[edited] * 10, deleted, deleted, archived, merged, merged, erased, shared_otherwise]


def live_on(world: World, *, steps: int) -> Iterator[None]:
    """Let things happen, several between two linkings at times; yield before each linking."""
    for _ in range(steps):
        world.now += timedelta(minutes=1)
        for _ in range(world.dice.choice((1, 1, 1, 3))):
            world.dice.choice(HAPPENS)(world)
        yield


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    world = World(random.Random(request.param), (open_store(tmp_path / "ours.db"), open_store(tmp_path / "all.db")))
    for key in (*CONTACTS, *LEADS, *SF_CONTACTS):
        if world.dice.random() < 0.6:
            world.save(key.crm, a_record(str(key), values_of(key, world)))
    world.renew()
    for store in world.stores:
        Dirty(store, BOTH).refresh("terms", bulk_within=5 * MINUTE)
    yield world
    for store in world.stores:
        store.close()


@pytest.mark.parametrize("world", range(4), indirect=True)
def test_linking_what_changed_gives_what_linking_all_gives(world: World) -> None:
    for _ in live_on(world, steps=20):
        world.renew()


@pytest.mark.parametrize("world", range(4, 6), indirect=True)
def test_so_it_does_one_by_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "TIED_AT_ONCE", 2)
    monkeypatch.setattr(link, "LINKED_AT_ONCE", 1)
    for _ in live_on(world, steps=12):
        world.renew()


@pytest.mark.parametrize("world", range(6, 8), indirect=True)
def test_so_it_does_after_a_linking_that_was_broken_off_anywhere(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "TIED_AT_ONCE", 2)
    monkeypatch.setattr(link, "LINKED_AT_ONCE", 1)
    for _ in live_on(world, steps=12):
        expected = grouped_at_once(world.stores[0], world.shared)
        break_off(world)
        Links(world.stores[0], BOTH).renew(now=world.now, shared=world.shared)
        assert held(world.stores[0]) == ({person: lead for person, (lead, _) in expected.leads.items()}, expected.doubts)
    assert world.broken_off


def break_off(world: World) -> None:
    """Have SQLite break off the linking after some of its work, and open the store again: what was committed stands."""
    ours, all_anew = world.stores
    left = iter(range(world.dice.randrange(5000)))
    with ours.snapshot() as tx:
        connection = tx
    connection.set_progress_handler(lambda: next(left, None) is None, 1)
    try:
        Links(ours, BOTH).renew(now=world.now, shared=world.shared)
    except sqlite3.OperationalError:  # interrupted
        world.broken_off += 1
    finally:
        connection.set_progress_handler(None, 0)
    ours.close()
    world.stores = (open_store(ours.path), all_anew)
