"""Links the persons' records of one person: adds rows and ends rows, and rewrites none."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from connectors.records import Reference, Vocabulary
from sync.one_person import Grouping, PersonRecord, group_persons
from sync.store.database import Database
from sync.store.keys import as_json, id_number
from sync.store.lead_chunk import Kinds
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
        with self._database.transaction() as tx:
            grouping = group_persons(list(self._persons(tx)), shared=frozenset(address.casefold() for address in shared))
            changed = {*_renew_members(tx, grouping.leads, to_ms(now)), *_renew_doubts(tx, grouping, to_ms(now))}
            if tx.execute("SELECT fingerprint FROM judged_by").fetchone()[0] is not None:
                mark_named(tx, changed, since=to_ms(now), why="linked")

    def _persons(self, tx: sqlite3.Connection) -> Iterator[PersonRecord]:
        survivors = dict(tx.execute("SELECT id, merged_into FROM record WHERE merged_into IS NOT NULL").fetchall())
        held = {person: _surviving(lead, survivors) for person, (lead, _) in _members(tx).items()}
        ids = _Ids(tx, [reference for words in self._vocabularies for reference in words.references])
        for words in self._vocabularies:
            for kind in words.persons:
                place = self._kinds.persons.index((words.crm, kind))
                fields = [reference for reference in words.references if reference.kind == kind]
                for id_, crm_id, gone_at, email, *referred in _rows(tx, words, kind, fields):
                    yield PersonRecord(
                        id_,
                        words.crm,
                        (place, id_number(crm_id), crm_id),
                        email,
                        tuple(ids.find(zip(fields, referred, strict=True))),
                        is_live=gone_at is None,
                        lead_before=held.get(id_),
                    )


def _rows(tx: sqlite3.Connection, words: Vocabulary, kind: str, fields: Iterable[Reference]) -> sqlite3.Cursor:
    """Select row id, CRM id, when it went, the address, and the value of each reference of the persons of a kind."""
    paths = [f'$."{name}"' for name in (words.email, *(reference.field for reference in fields))]
    return tx.execute(
        f"""
        SELECT object.id, object.crm_id, record.gone_at, {", ".join("record.field_values ->> ?" for _ in paths)}
        FROM object JOIN record ON record.id = object.id
        WHERE object.crm = ? AND object.kind = ? AND record.merged_into IS NULL AND record.erased_at IS NULL
        """,
        (*paths, words.crm, kind),
    )


def _surviving(id_: int, survivors: Mapping[int, int]) -> int:
    """Return the record into which one was merged, step by step; itself if it was not."""
    while id_ in survivors:
        id_ = survivors[id_]
    return id_


class _Ids:
    """The row ids of the records that references may name."""

    def __init__(self, tx: sqlite3.Connection, references: Iterable[Reference]) -> None:
        self._ids: dict[tuple[str, str], dict[str, int]] = {}
        for reference in references:
            named = self._ids.setdefault((reference.to_crm, reference.to_kind), {})
            for id_, crm_id in tx.execute(_SURVIVING, {"crm": reference.to_crm, "kind": reference.to_kind}):
                named[crm_id] = id_
                if reference.short is not None:
                    named.setdefault(crm_id[: reference.short], id_)

    def find(self, told: Iterable[tuple[Reference, str | None]]) -> Iterator[int]:
        """Yield the rows that are there of those that `told` names."""
        for reference, value in told:
            id_ = self._ids[reference.to_crm, reference.to_kind].get(value or "")
            if id_ is not None:
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


def _members(tx: sqlite3.Connection) -> Members:
    rows = tx.execute("SELECT person, lead, why FROM member WHERE unlinked_at IS NULL")
    return {person: (lead, why) for person, lead, why in rows}


def _renew_members(tx: sqlite3.Connection, leads: Members, now: int) -> set[int]:
    """End and open memberships; return the records that name a lead which changed."""
    before = _members(tx)
    ended = {person: lead for person, (lead, _) in before.items() if leads.get(person, (None,))[0] != lead}
    begun = {person: told for person, told in leads.items() if before.get(person, (None,))[0] != told[0]}
    tx.executemany("UPDATE member SET unlinked_at = ? WHERE person = ? AND unlinked_at IS NULL", ((now, person) for person in ended))
    judged = _judged(tx, {*begun, *(lead for lead, _ in begun.values())})
    moved = _former_members(tx, begun)
    tx.executemany(
        "INSERT INTO member (person, lead, linked_at, why) VALUES (?, ?, ?, ?)",
        ((person, lead, now if person in moved or {person, lead} <= judged else None, why) for person, (lead, why) in begun.items()),
    )
    return {*ended, *ended.values(), *(lead for lead, _ in begun.values())} - leads.keys()


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
