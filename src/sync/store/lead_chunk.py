"""Read a chunk of leads with a handful of statements, whatever its size."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from connectors.records import Activity, Record, RecordKey, Vocabulary
from sync.rows import LeadRows
from sync.store.alike import AlikeCounts
from sync.store.keys import as_json, id_number, key_order, known_ids
from sync.store.lead_activities import read_activities
from sync.store.lead_histories import HeldRecord, History, read_histories, record_of
from sync.store.save_activities import select_activities

Kind = tuple[str, str]  # a CRM, a kind of record


@dataclass(frozen=True, slots=True)
class Kinds:
    """Which records are persons, companies and deals, whatever their CRM."""

    persons: tuple[Kind, ...]  # the kind whose records name leads first
    companies: frozenset[Kind]
    deals: frozenset[Kind]

    @classmethod
    def of(cls, vocabularies: Iterable[Vocabulary]) -> Kinds:
        """Collect them; the marketing CRM's vocabulary comes first."""
        words = list(vocabularies)
        return cls(
            persons=tuple((one.crm, kind) for one in words for kind in one.persons),
            companies=frozenset((one.crm, one.company) for one in words),
            deals=frozenset((one.crm, one.deal) for one in words),
        )

    def order(self, person: RecordKey) -> tuple[int, int, str]:
        """Order persons: by kind, then id as a number, then as text. A lead is named by the first of its persons."""
        return self.persons.index((person.crm, person.kind)), id_number(person.id), person.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one reading of leads asks for."""

    kinds: Kinds
    upto: int  # ms, inclusive
    alike: AlikeCounts


@dataclass(slots=True, kw_only=True)
class _Links:
    """The row ids that one person is linked to."""

    companies: list[int] = field(default_factory=list)
    primary_company: int | None = None
    deals: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)  # activities, once they are in the mirror


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """Everything that was read for a chunk, by row id."""

    links: Mapping[int, _Links]
    records: Mapping[int, Record]
    histories: Mapping[int, History]
    activities: Mapping[int, Activity]
    alike: Mapping[int, int]
    doubts: Mapping[int, list[RecordKey]]
    merged: Mapping[int, list[RecordKey]]


IS_ITS_OWN = "(record.merged_into IS NULL OR record.gone_at > :upto) AND record.erased_at IS NULL"
"""Whether a record is one of its own, and no other's, at a moment (ms); one that was erased since is none at any moment."""

HOLDS = "(member.linked_at IS NULL OR member.linked_at <= :upto) AND (member.unlinked_at IS NULL OR member.unlinked_at > :upto)"
"""Whether a person belongs to the lead of another record at a moment (ms)."""

LEAD_OF = f"""
    SELECT member.lead FROM member JOIN record AS first ON first.id = member.lead
    WHERE {HOLDS} AND first.created_at <= :upto AND (first.merged_into IS NULL OR first.gone_at > :upto) AND first.erased_at IS NULL
"""
"""Selects the record of which a person belongs to the lead at a moment (ms), once `member.person` is said to be it."""

NAMES_A_LEAD = f"NOT EXISTS ({LEAD_OF} AND member.person = object.id)"
"""Whether a person is the first record of its lead at a moment (ms)."""

_HELD = """
    SELECT object.id, object.crm, object.kind, object.crm_id, record.created_at, record.changed_at, record.gone_at, record.field_values
    FROM object CROSS JOIN record ON record.id = object.id
"""


def people_after(tx: sqlite3.Connection, asked: Asked, kind: Kind, after: tuple[int, str], *, limit: int) -> list[HeldRecord]:
    """Return the next persons of a kind who name a lead, behind the id (as number, as text) `after`, in key order."""
    rows = tx.execute(
        f"""{_HELD}
        WHERE object.crm = :crm AND object.kind = :kind AND (object.id_number, object.crm_id) > (:number, :text)
            AND record.created_at <= :upto AND {IS_ITS_OWN} AND {NAMES_A_LEAD}
        ORDER BY object.id_number, object.crm_id LIMIT :limit
        """,
        {"crm": kind[0], "kind": kind[1], "number": after[0], "text": after[1], "upto": asked.upto, "limit": limit},
    )
    return [_held(row) for row in rows]


def people_named(tx: sqlite3.Connection, asked: Asked, keys: Iterable[RecordKey]) -> list[HeldRecord]:
    """Return the first records of the leads of the persons with these keys, as far as they are known, in order."""
    return people_with(tx, asked, known_ids(tx, keys).values())


def people_with(tx: sqlite3.Connection, asked: Asked, ids: Iterable[int]) -> list[HeldRecord]:
    """Return the first records of the leads of the persons with these row ids, in order."""
    rows = tx.execute(
        f"""
        SELECT ifnull(({LEAD_OF} AND member.person = wanted.value), wanted.value)
        FROM json_each(:ids) AS wanted
        """,
        {"ids": as_json(ids), "upto": asked.upto},
    )
    found = _held_by_id(tx, {id_ for (id_,) in rows}, asked.upto)
    return sorted(found, key=lambda held: asked.kinds.order(held.key))


def people_of(tx: sqlite3.Connection, asked: Asked, first: Sequence[HeldRecord]) -> list[RecordKey]:
    """Return the persons of the leads that the records `first` name, each lead's in order."""
    members = _members(tx, [person.id for person in first], asked)
    return [one.key for person in first for one in (person, *members.get(person.id, ()))]


def read_chunk(tx: sqlite3.Connection, asked: Asked, first: Sequence[HeldRecord]) -> list[LeadRows]:
    """Return the leads that the records `first` name, in their order."""
    members = _members(tx, [person.id for person in first], asked)
    people = [*first, *(member for of_one in members.values() for member in of_one)]
    links = _links(tx, [person.id for person in people], asked)
    beside = _held_by_id(tx, {id_ for of_one in links.values() for id_ in (*of_one.companies, *of_one.deals)}, asked.upto)
    histories = read_histories(tx, (*people, *beside), asked.upto)
    rows = [
        row for row in select_activities(tx, {id_ for of_one in links.values() for id_ in of_one.others}) if row.logged_at <= asked.upto
    ]
    chunk = _Chunk(
        links=links,
        records={held.id: record_of(held, histories[held.id]) for held in (*people, *beside)},
        histories=histories,
        activities=read_activities(tx, rows, asked.upto),
        alike=asked.alike.of(tx, [(row.id, row.alike, row.logged_at) for row in rows if row.alike is not None]),
        doubts=_doubts(tx, [person.id for person in people], asked),
        merged=_merged(tx, [person.id for person in people], asked),
    )
    return [_lead([person.id, *(member.id for member in members.get(person.id, ()))], chunk) for person in first]


def _members(tx: sqlite3.Connection, leads: Iterable[int], asked: Asked) -> dict[int, list[HeldRecord]]:
    """Return the other persons of each lead, in order."""
    rows = tx.execute(
        f"SELECT member.person, member.lead FROM member WHERE member.lead IN (SELECT value FROM json_each(:leads)) AND {HOLDS}",
        {"leads": as_json(leads), "upto": asked.upto},
    )
    lead_of = dict(rows.fetchall())
    found: dict[int, list[HeldRecord]] = defaultdict(list)
    for held in sorted(_held_by_id(tx, lead_of, asked.upto), key=lambda held: asked.kinds.order(held.key)):
        found[lead_of[held.id]].append(held)
    return found


def _doubts(tx: sqlite3.Connection, people: Iterable[int], asked: Asked) -> dict[int, list[RecordKey]]:
    """Return the records that may be the same person as one of `people`."""
    rows = tx.execute(
        """
        SELECT doubt.person, object.crm, object.kind, object.crm_id FROM doubt JOIN object ON object.id = doubt.other
        WHERE doubt.person IN (SELECT value FROM json_each(:people)) AND doubt.since <= :upto
        """,
        {"people": as_json(people), "upto": asked.upto},
    )
    found: dict[int, list[RecordKey]] = defaultdict(list)
    for person, *key in rows:
        found[person].append(RecordKey(*key))
    return found


def _merged(tx: sqlite3.Connection, people: Iterable[int], asked: Asked) -> dict[int, list[RecordKey]]:
    """Return what was merged into each of `people`, step by step, up to the moment asked for."""
    rows = tx.execute(
        """
        WITH RECURSIVE family (id, person) AS (
            SELECT value, value FROM json_each(:people)
            UNION SELECT record.id, family.person FROM family CROSS JOIN record ON record.merged_into = family.id
                WHERE record.gone_at <= :upto
        )
        SELECT family.person, crm, kind, crm_id FROM family CROSS JOIN object ON object.id = family.id WHERE family.id <> family.person
        """,
        {"people": as_json(people), "upto": asked.upto},
    )
    found: dict[int, list[RecordKey]] = defaultdict(list)
    for person, *key in rows:
        found[person].append(RecordKey(*key))
    return found


def _lead(people: Sequence[int], chunk: _Chunk) -> LeadRows:
    links = _linked(people, chunk)
    company = _company(links, chunk.records)
    deals = _by_key(links.deals, chunk.records)
    held = _by_key((*people, *((company,) if company else ()), *deals), chunk.records)
    activities = sorted((chunk.activities[id_] for id_ in links.others if id_ in chunk.activities), key=_activity_order)
    return LeadRows(
        lead=str(chunk.records[people[0]].key),
        people=tuple(chunk.records[id_] for id_ in people),
        company=chunk.records[company] if company else None,
        deals=tuple(chunk.records[id_] for id_ in deals),
        changes=tuple(chain.from_iterable(chunk.histories[id_].changes for id_ in held)),
        activities=tuple(activities),
        alike={chunk.activities[id_].key: chunk.alike[id_] for id_ in links.others if id_ in chunk.alike},
        gone_at={one.key: one.archived_at for one in map(chunk.records.__getitem__, held) if one.archived_at},
        doubts=tuple(sorted({key for id_ in people for key in chunk.doubts.get(id_, ())}, key=key_order)),
        merged={key: chunk.records[id_].key for id_ in people for key in chunk.merged.get(id_, ())},
    )


def _linked(people: Sequence[int], chunk: _Chunk) -> _Links:
    """Return what the persons of one lead are linked to; what several are linked to once."""
    if len(people) == 1:
        return chunk.links[people[0]]
    found = _Links()
    for links in map(chunk.links.__getitem__, people):
        found.companies += links.companies
        found.primary_company = found.primary_company or links.primary_company
        found.deals += links.deals
        found.others += links.others
    for ids in (found.companies, found.deals, found.others):
        ids[:] = dict.fromkeys(ids)
    return found


def _company(links: _Links, records: Mapping[int, Record]) -> int | None:
    """Choose the primary company, else the one with the smallest key."""
    if links.primary_company in records:
        return links.primary_company
    return next(iter(_by_key(links.companies, records)), None)


def _by_key(ids: Sequence[int], records: Mapping[int, Record]) -> list[int]:
    known = [id_ for id_ in ids if id_ in records]
    return known if len(known) < 2 else sorted(known, key=lambda id_: key_order(records[id_].key))


def _activity_order(activity: Activity) -> tuple[object, ...]:
    return (activity.happened_at, key_order(activity.key))


def _links(tx: sqlite3.Connection, people: Sequence[int], asked: Asked) -> dict[int, _Links]:
    """Return what each person is linked to at the moment asked for."""
    rows = tx.execute(
        """
        SELECT link.person, link.other, link.is_primary, object.crm, object.kind FROM (
            SELECT low AS person, high AS other, is_primary, linked_at, unlinked_at FROM association
            WHERE low IN (SELECT value FROM json_each(:people))
            UNION ALL
            SELECT high, low, is_primary, linked_at, unlinked_at FROM association
            WHERE high IN (SELECT value FROM json_each(:people))
        ) AS link CROSS JOIN object ON object.id = link.other
        WHERE (link.linked_at IS NULL OR link.linked_at <= :upto) AND (link.unlinked_at IS NULL OR link.unlinked_at > :upto)
        """,
        {"people": as_json(people), "upto": asked.upto},
    )
    found: dict[int, _Links] = defaultdict(_Links)
    for person, other, is_primary, *kind in rows:
        links = found[person]
        if tuple(kind) in asked.kinds.companies:
            links.companies.append(other)
            links.primary_company = other if is_primary else links.primary_company
        elif tuple(kind) in asked.kinds.deals:
            links.deals.append(other)
        else:
            links.others.append(other)
    return found


def _held_by_id(tx: sqlite3.Connection, ids: Iterable[int], upto: int) -> list[HeldRecord]:
    rows = tx.execute(
        f"{_HELD} WHERE object.id IN (SELECT value FROM json_each(:ids)) AND record.created_at <= :upto AND {IS_ITS_OWN}",
        {"ids": as_json(ids), "upto": upto},
    )
    return sorted((_held(row) for row in rows), key=lambda held: key_order(held.key))


def _held(row: Sequence[Any]) -> HeldRecord:
    id_, crm, kind, crm_id, *rest = row
    return HeldRecord(id_, RecordKey(crm, kind, crm_id), *rest)
