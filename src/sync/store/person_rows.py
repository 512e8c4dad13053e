"""What persons' records tell of whose they are, and the ties by which those are found that may be the same person's."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b, sha256

from connectors.records import Reference, Vocabulary
from sync.one_person import ROLES, address_of
from sync.store.keys import as_json
from sync.store.lead_chunk import Kind

FORM = 1  # of ties and grouping; whoever changes them counts it up, and all persons are linked anew
_TIE_BYTES = 6  # two that collide are compared by what they stand for, so nothing worse comes of it


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person's record, merged away and erased ones too, by row ids."""

    id: int
    kind: Kind
    id_number: int
    crm_id: str
    is_live: bool
    merged_into: int | None
    is_erased: bool
    email: str | None
    references: tuple[tuple[Reference, str], ...]

    @property
    def is_own(self) -> bool:
        """Whether it is a record of its own, gone or not."""
        return self.merged_into is None and not self.is_erased


@dataclass(frozen=True, slots=True)
class LinkWords:
    """By what persons are linked."""

    vocabularies: tuple[Vocabulary, ...]  # the marketing CRM's first
    shared: frozenset[str] = frozenset()  # addresses that link nobody, in the form in which they are compared
    short: Mapping[Kind, int | None] = field(init=False)  # kinds that are referred to -> the length to which ids may be cut

    def __post_init__(self) -> None:
        """Look up to what references lead."""
        references = [reference for words in self.vocabularies for reference in words.references]
        cut_last = sorted(references, key=lambda one: one.short is not None)
        object.__setattr__(self, "short", {(one.to_crm, one.to_kind): one.short for one in cut_last})

    def fingerprint(self) -> str:
        """Return what changes with anything by which persons are linked, beside their records."""
        told = [(words.crm, words.persons, words.email, words.references) for words in self.vocabularies]
        return sha256(repr((FORM, told, sorted(ROLES), sorted(self.shared))).encode()).hexdigest()

    def name(self, kind: Kind, crm_id: str) -> tuple[Kind, str] | None:
        """Return by what references name a record; None where none leads to its kind."""
        return (kind, crm_id[: self.short[kind]]) if kind in self.short else None

    def named(self, row: PersonRow) -> Iterator[tuple[Kind, str]]:
        """Yield the records that one refers to, in the form of `name`."""
        for reference, value in row.references:
            kind = reference.to_crm, reference.to_kind
            yield kind, value[: self.short[kind]]


def read_persons(tx: sqlite3.Connection, words: LinkWords, ids: Collection[int]) -> Iterator[PersonRow]:
    """Yield those of `ids` that are persons with a record, by CRM, kind and row id."""
    asked = as_json(sorted(ids))
    for one in words.vocabularies:
        for kind in one.persons:
            references = [reference for reference in one.references if reference.kind == kind]
            paths = [f'$."{name}"' for name in (one.email, *(reference.field for reference in references))]
            rows = tx.execute(
                f"""
                SELECT object.id, object.id_number, object.crm_id, record.gone_at IS NULL, record.merged_into, record.erased_at IS NOT NULL,
                    {", ".join("record.field_values ->> ?" for _ in paths)}
                FROM json_each(?) CROSS JOIN object ON object.id = value CROSS JOIN record ON record.id = object.id
                WHERE object.crm = ? AND object.kind = ?
                """,
                (*paths, asked, one.crm, kind),
            )
            for id_, number, crm_id, is_live, merged_into, is_erased, email, *values in rows:
                told = tuple((reference, value) for reference, value in zip(references, values, strict=True) if value)
                yield PersonRow(id_, (one.crm, kind), number, crm_id, bool(is_live), merged_into, bool(is_erased), email, told)


def ties_of(row: PersonRow, words: LinkWords) -> Iterator[int]:
    """Yield what a record has in common with those that may be the same person's."""
    if (name := words.name(row.kind, row.crm_id)) is not None:
        yield _tie(name)
    if not row.is_own:
        return
    for named in words.named(row):
        yield _tie(named)
    if row.is_live and (address := address_of(row.email, words.shared)) is not None:
        yield _tie(address)


def _tie(what: object) -> int:
    return -1 - int.from_bytes(blake2b(repr(what).encode(), digest_size=_TIE_BYTES).digest())


def save_ties(tx: sqlite3.Connection, words: LinkWords, persons: Collection[int]) -> set[int]:
    """Keep the ties that the records of `persons` have now; return those that somebody has lost."""
    before = set(tx.execute("SELECT tie, person FROM tie WHERE person IN (SELECT value FROM json_each(?))", (as_json(persons),)))
    after = {(tie, row.id) for row in read_persons(tx, words, persons) for tie in ties_of(row, words)}
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
        UNION SELECT tie.tie FROM near CROSS JOIN tie ON tie.person = near.id
        UNION SELECT tie.person FROM near CROSS JOIN tie ON tie.tie = near.id
        UNION SELECT member.lead FROM near CROSS JOIN member ON member.person = near.id AND member.unlinked_at IS NULL
        UNION SELECT member.person FROM near CROSS JOIN member ON member.lead = near.id AND member.unlinked_at IS NULL
        UNION SELECT merged_into FROM near CROSS JOIN record INDEXED BY record_merged
            ON record.id = near.id AND record.merged_into IS NOT NULL
        UNION SELECT record.id FROM near CROSS JOIN record ON record.merged_into = near.id
    )
    SELECT id FROM near WHERE id > 0
"""
