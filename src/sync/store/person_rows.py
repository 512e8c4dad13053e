"""What persons' records tell of whose they are, and the ties by which those are found that may be the same person's."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import blake2b, sha256
from typing import Any, NamedTuple

import orjson

from connectors.records import Reference, Vocabulary
from sync.one_person import ROLES, address_of
from sync.store.keys import as_json
from sync.store.lead_chunk import Kind

Name = tuple[str, str, str]  # CRM, kind, id as far as references tell it
FORM = 1  # of ties and grouping; whoever changes them counts it up, and all persons are linked anew
_TIE_BYTES = 6  # two that collide are compared by what they stand for, so nothing worse comes of it


class PersonRow(NamedTuple):
    """A person's record, merged away and erased ones too, by row ids."""

    id: int
    kind: Kind
    id_number: int
    crm_id: str
    is_live: bool
    merged_into: int | None
    is_erased: bool
    email: str | None
    named: tuple[Name, ...]  # the records that it refers to

    @property
    def is_own(self) -> bool:
        """Whether it is a record of its own, gone or not."""
        return self.merged_into is None and not self.is_erased


class _Fields(NamedTuple):
    """The fields of one kind of person by which it is linked."""

    email: str
    references: tuple[Reference, ...]


class LinkWords:
    """By what persons are linked."""

    def __init__(self, vocabularies: Sequence[Vocabulary], shared: Collection[str] = ()) -> None:
        """Link persons of the CRMs of `vocabularies`, the marketing CRM first; addresses that are `shared` link nobody."""
        self.shared = frozenset(address.casefold() for address in shared)
        self._vocabularies = vocabularies
        references = [reference for words in vocabularies for reference in words.references]
        cut_last = sorted(references, key=lambda one: one.short is not None)
        self._short = {(one.to_crm, one.to_kind): one.short for one in cut_last}
        self._fields = {
            (words.crm, kind): _Fields(words.email, tuple(one for one in words.references if one.kind == kind))
            for words in vocabularies
            for kind in words.persons
        }

    def fingerprint(self) -> str:
        """Return what changes with anything by which persons are linked, beside their records."""
        told = [(words.crm, words.persons, words.email, words.references) for words in self._vocabularies]
        return sha256(repr((FORM, told, sorted(ROLES), sorted(self.shared))).encode()).hexdigest()

    def name(self, kind: Kind, crm_id: str) -> Name | None:
        """Return by what references name a record; None where none leads to its kind."""
        return (*kind, crm_id[: self._short[kind]]) if kind in self._short else None

    def read(self, tx: sqlite3.Connection, ids: Iterable[int]) -> list[PersonRow]:
        """Return those of `ids` that are persons with a record."""
        rows = tx.execute(
            """
            SELECT object.crm, object.kind, object.id, object.id_number, object.crm_id, record.gone_at IS NULL, record.merged_into,
                record.erased_at IS NOT NULL, record.field_values
            FROM json_each(?) CROSS JOIN object ON object.id = value CROSS JOIN record ON record.id = object.id
            """,
            (as_json(ids),),
        )
        return [self._person((crm, kind), told, values) for crm, kind, *told, values in rows if (crm, kind) in self._fields]

    def _person(self, kind: Kind, told: Sequence[Any], field_values: str) -> PersonRow:
        fields, values = self._fields[kind], orjson.loads(field_values)
        id_, id_number, crm_id, is_live, merged_into, is_erased = told
        named = tuple(
            (one.to_crm, one.to_kind, value[: self._short[one.to_crm, one.to_kind]])
            for one in fields.references
            if (value := values.get(one.field))
        )
        return PersonRow(id_, kind, id_number, crm_id, bool(is_live), merged_into, bool(is_erased), values.get(fields.email), named)


def ties_of(row: PersonRow, words: LinkWords) -> Iterator[int]:
    """Yield what a record has in common with those that may be the same person's."""
    if (name := words.name(row.kind, row.crm_id)) is not None:
        yield _tie("/".join(name))
    if not row.is_own:
        return
    for named in row.named:
        yield _tie("/".join(named))
    if row.is_live and (address := address_of(row.email, words.shared)) is not None:
        yield _tie(address)


def _tie(what: str) -> int:
    return -1 - int.from_bytes(blake2b(what.encode(), digest_size=_TIE_BYTES).digest())


def save_ties(tx: sqlite3.Connection, words: LinkWords, persons: Collection[int]) -> set[int]:
    """Keep the ties that the records of `persons` have now; return those that somebody has lost."""
    before = set(tx.execute("SELECT tie, person FROM tie WHERE person IN (SELECT value FROM json_each(?))", (as_json(persons),)))
    after = {(tie, row.id) for row in words.read(tx, persons) for tie in ties_of(row, words)}
    tx.executemany("DELETE FROM tie WHERE tie = ? AND person = ?", before - after)
    tx.executemany("INSERT INTO tie (tie, person) VALUES (?, ?)", sorted(after - before))
    return {tie for tie, _ in before - after}


def all_tied(tx: sqlite3.Connection, persons: Iterable[int]) -> set[int]:
    """Return the row ids of `persons` and of all records that may have to do with them, over any number of steps.

    One has to do with another if they have a tie in common, one was merged into the other, or they are held to be one lead.
    """
    return {id_ for (id_,) in tx.execute(_ALL_TIED, (as_json(persons),))}


_ALL_TIED = """
    WITH RECURSIVE near (id) AS ( -- row ids of records, and ties: these are below zero
        SELECT value FROM json_each(?)
        UNION SELECT tie.tie FROM near CROSS JOIN tie ON tie.person = near.id WHERE near.id > 0
        UNION SELECT tie.person FROM near CROSS JOIN tie ON tie.tie = near.id WHERE near.id < 0
        UNION SELECT lead FROM near CROSS JOIN member ON person = near.id AND unlinked_at IS NULL WHERE near.id > 0
        UNION SELECT person FROM near CROSS JOIN member ON lead = near.id AND unlinked_at IS NULL WHERE near.id > 0
        UNION SELECT merged_into FROM near CROSS JOIN record INDEXED BY record_merged
            ON record.id = near.id AND merged_into IS NOT NULL WHERE near.id > 0
        UNION SELECT record.id FROM near CROSS JOIN record ON merged_into = near.id WHERE near.id > 0
    )
    SELECT id FROM near WHERE id > 0
"""
