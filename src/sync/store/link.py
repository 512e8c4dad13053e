"""Links the persons' records of one person: adds rows and ends rows, and rewrites none."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from connectors.records import Reference, Vocabulary
from sync.one_person import Grouping, PersonRecord, group_persons
from sync.store.database import Database
from sync.store.keys import as_json
from sync.store.lead_chunk import Kind, Kinds
from sync.store.mark_leads import mark_named
from sync.store.moments import to_ms

Members = dict[int, tuple[int, str]]  # person -> (record that names its lead, how they were linked)


class Links:
    """Who is one person, across kinds of records and CRMs."""

    def __init__(self, database: Database, vocabularies: Mapping[str, Vocabulary]) -> None:
        """Link persons of the CRMs of `vocabularies`, the marketing CRM first."""
        self._database = database
        self._vocabularies = tuple(vocabularies.values())
        self._kinds = Kinds.of(self._vocabularies)

    def renew(self, *, now: datetime, shared: Collection[str] = ()) -> None:
        """Group all persons anew and keep what changed; addresses that are `shared` link nobody.

        Leads that were joined or parted are marked to be judged again. Where one kind of record holds all persons there is nothing
        to link.
        """
        if len(self._kinds.persons) < 2:
            return
        with self._database.snapshot() as tx:
            grouping = group_persons(list(self._persons(tx)), shared=frozenset(address.casefold() for address in shared))
        with self._database.transaction() as tx:
            changed = {*_renew_members(tx, grouping.leads, to_ms(now)), *_renew_doubts(tx, grouping, to_ms(now))}
            if tx.execute("SELECT fingerprint FROM judged_by").fetchone()[0] is not None:
                mark_named(tx, changed, since=to_ms(now), why="linked")

    def _persons(self, tx: sqlite3.Connection) -> Iterator[PersonRecord]:
        survivors = dict(tx.execute("SELECT id, merged_into FROM record WHERE merged_into IS NOT NULL").fetchall())
        held = {person: _surviving(one.lead, survivors) for person, one in _members(tx).items()}
        ids = _Ids(tx, [reference for words in self._vocabularies for reference in words.references])
        places = count()
        for words in self._vocabularies:
            for kind in words.persons:
                fields = [reference for reference in words.references if reference.kind == kind]
                for id_, gone_at, email, *referred in _rows(tx, words, kind, fields):
                    yield PersonRecord(
                        id_,
                        words.crm,
                        next(places),
                        email,
                        tuple(ids.find(zip(fields, referred, strict=True))),
                        is_live=gone_at is None,
                        lead_before=held.get(id_),
                    )


def _rows(tx: sqlite3.Connection, words: Vocabulary, kind: str, fields: Iterable[Reference]) -> sqlite3.Cursor:
    """Select row id, when it went, the address, and the value of each reference of the persons of a kind, in the order of their ids."""
    paths = [f'$."{name}"' for name in (words.email, *(reference.field for reference in fields))]
    return tx.execute(
        f"""
        SELECT object.id, record.gone_at, {", ".join("record.field_values ->> ?" for _ in paths)}
        FROM object CROSS JOIN record ON record.id = object.id
        WHERE object.crm = ? AND object.kind = ? AND record.merged_into IS NULL AND record.erased_at IS NULL
        ORDER BY object.id_number, object.crm_id
        """,
        (*paths, words.crm, kind),
    )


def _surviving(id_: int, survivors: Mapping[int, int]) -> int:
    """Return the record into which one was merged, step by step; itself if it was not."""
    while id_ in survivors:
        id_ = survivors[id_]
    return id_


class _Ids:
    """The row ids of the records that references may name; where ids are also written cut, by what is left of them."""

    def __init__(self, tx: sqlite3.Connection, references: Iterable[Reference]) -> None:
        self._short: dict[Kind, int | None] = {}
        for reference in sorted(references, key=lambda one: one.short is not None):
            self._short[reference.to_crm, reference.to_kind] = reference.short
        self._ids = {
            (crm, kind): {crm_id[:short]: id_ for id_, crm_id in tx.execute(_SURVIVING, {"crm": crm, "kind": kind})}
            for (crm, kind), short in self._short.items()
        }

    def find(self, told: Iterable[tuple[Reference, str | None]]) -> Iterator[int]:
        """Yield the rows that are there of those that `told` names."""
        for reference, value in told:
            kind = reference.to_crm, reference.to_kind
            if value and (id_ := self._ids[kind].get(value[: self._short[kind]])) is not None:
                yield id_


_SURVIVING = """
    WITH RECURSIVE way (id, upto) AS (
        SELECT id, id FROM object WHERE crm = :crm AND kind = :kind
        UNION SELECT way.id, record.merged_into FROM way JOIN record ON record.id = way.upto WHERE record.merged_into IS NOT NULL
    )
    SELECT record.id, object.crm_id FROM way JOIN object ON object.id = way.id
    JOIN record ON record.id = way.upto AND record.merged_into IS NULL AND record.erased_at IS NULL
"""
"""The row that an id means today, and the id: that of the survivor for one that was merged away."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A membership that stands."""

    lead: int
    linked_at: int | None


def _members(tx: sqlite3.Connection) -> dict[int, _Held]:
    rows = tx.execute("SELECT person, lead, linked_at FROM member WHERE unlinked_at IS NULL")
    return {person: _Held(lead, linked_at) for person, lead, linked_at in rows}


def _renew_members(tx: sqlite3.Connection, leads: Members, now: int) -> set[int]:
    """End and open memberships; return the records that name a lead which changed."""
    before = _members(tx)
    ended = {person: held for person, held in before.items() if leads.get(person, (None,))[0] != held.lead}
    begun = {person: told for person, told in leads.items() if person not in before or before[person].lead != told[0]}
    moves = _Moves(tx, ended=ended, begun={person: lead for person, (lead, _) in begun.items()}, now=now)
    tx.executemany(
        "UPDATE member SET unlinked_at = ? WHERE person = ? AND unlinked_at IS NULL", ((moves.left_at(one) or 0, one) for one in ended)
    )
    tx.executemany(
        "INSERT INTO member (person, lead, linked_at, why) VALUES (?, ?, ?, ?)",
        ((person, lead, moves.came_at(person), why) for person, (lead, why) in begun.items()),
    )
    return {*ended, *(held.lead for held in ended.values()), *(lead for lead, _ in begun.values())} - leads.keys()


class _Moves:
    """When persons left the leads in which they were, and came to those in which they are (ms); None: as long as both are known."""

    def __init__(self, tx: sqlite3.Connection, *, ended: Mapping[int, _Held], begun: Mapping[int, int], now: int) -> None:
        self._ended, self._begun, self._now = ended, begun, now
        ids = {*begun, *begun.values()}
        self._judged, self._former = _judged(tx, ids), _former_members(tx, ids)
        self._over = _over(tx, {*ended, *(held.lead for held in ended.values())})
        heirs = ((into, one, at) for one, (at, into) in self._over.items() if into is not None and one in ended)
        self._inherited = {into: at for into, one, at in heirs if begun.get(into) == ended[one].lead}

    def left_at(self, person: int) -> int | None:
        """Return when a person left: with the record that named its lead, else now."""
        lead = self._ended[person].lead
        if person in self._begun and self._begun.get(lead) == self._begun[person]:
            return self.came_at(lead)
        for one in (lead, person):
            if one in self._over:
                return self._over[one][0]
        return self._now

    def came_at(self, person: int) -> int | None:
        """Return when a person came: when it left where it was, or the record merged into it went; now where both were judged apart."""
        if person in self._ended:
            return max((at for at in (self._ended[person].linked_at, self.left_at(person)) if at is not None), default=None)
        if person in self._inherited:
            return self._inherited[person]
        return self._now if person in self._former or {person, self._begun[person]} <= self._judged else None


def _over(tx: sqlite3.Connection, ids: Iterable[int]) -> dict[int, tuple[int | None, int | None]]:
    """Return those of `ids` that are no records of their own any more: since when, and what they were merged into.

    Of those that were erased nobody knows when they were any.
    """
    rows = tx.execute(
        """
        SELECT id, iif(erased_at IS NULL, gone_at, NULL), merged_into FROM record
        WHERE id IN (SELECT value FROM json_each(?)) AND (merged_into IS NOT NULL OR erased_at IS NOT NULL)
        """,
        (as_json(ids),),
    )
    return {id_: (at, into) for id_, at, into in rows}


def _judged(tx: sqlite3.Connection, ids: Iterable[int]) -> set[int]:
    """Return those of `ids` that were judged as a lead, or as part of one."""
    rows = tx.execute(
        """
        SELECT lead FROM lead_state WHERE lead IN (SELECT value FROM json_each(:ids))
        UNION SELECT person FROM member WHERE person IN (SELECT value FROM json_each(:ids)) AND unlinked_at IS NOT NULL
        """,
        {"ids": as_json(ids)},
    )
    return {id_ for (id_,) in rows}


def _former_members(tx: sqlite3.Connection, ids: Iterable[int]) -> set[int]:
    """Return those of `ids` that were part of another record's lead: they cannot have been part of two."""
    rows = tx.execute(
        "SELECT person FROM member WHERE person IN (SELECT value FROM json_each(?)) AND unlinked_at IS NOT NULL", (as_json(ids),)
    )
    return {id_ for (id_,) in rows}


def _renew_doubts(tx: sqlite3.Connection, grouping: Grouping, now: int) -> set[int]:
    """Note and drop doubts; return the records that name a lead whose doubts changed."""
    before = set(tx.execute("SELECT person, other FROM doubt").fetchall())
    tx.executemany("DELETE FROM doubt WHERE person = ? AND other = ?", before - grouping.doubts)
    tx.executemany("INSERT INTO doubt (person, other, since) VALUES (?, ?, ?)", ((*pair, now) for pair in grouping.doubts - before))
    return {grouping.leads.get(person, (person, ""))[0] for person, _ in before ^ grouping.doubts}
