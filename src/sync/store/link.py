"""Links the persons' records of one person: those that changed since it was last done, with all that they may have to do with."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from connectors.records import Vocabulary
from sync.one_person import PersonRecord, group_persons
from sync.store.database import Database
from sync.store.keys import as_json
from sync.store.lead_chunk import Kinds
from sync.store.mark_leads import mark_named
from sync.store.moments import to_ms
from sync.store.person_rows import LinkWords, Name, PersonRow, all_tied, save_ties
from sync.store.save_members import held_leads, save_doubts, save_members
from sync.store.to_link import note_all, note_lost

TIED_AT_ONCE = 10_000  # persons whose ties are renewed in one transaction
LINKED_AT_ONCE = 2_000  # noted persons who are linked in one transaction, with all that they may have to do with


class Links:
    """Who is one person, across kinds of records and CRMs."""

    def __init__(self, database: Database, vocabularies: Mapping[str, Vocabulary]) -> None:
        """Link persons of the CRMs of `vocabularies`, the marketing CRM first."""
        self._database = database
        self._vocabularies = tuple(vocabularies.values())
        self._kinds = Kinds.of(self._vocabularies)

    def renew(self, *, now: datetime, shared: Collection[str] = ()) -> None:
        """Group the persons who were noted, and all to whom that can matter; addresses that are `shared` link nobody.

        What is held then is what grouping all persons would give. Costs what they cost who changed; where the addresses that are
        shared are others than the last time, all persons are grouped. Many transactions: one that is killed is gone on with by the
        next. Leads that were joined or parted are marked to be judged again. Where one kind of record holds all persons there is
        nothing to link.
        """
        if len(self._kinds.persons) < 2:
            return
        words = LinkWords(self._vocabularies, shared)
        self._note_all_if_due(words)
        while self._tie_some(words):
            pass
        while self._link_some(words, to_ms(now)):
            pass

    def _note_all_if_due(self, words: LinkWords) -> None:
        fingerprint = words.fingerprint()
        with self._database.snapshot() as tx:
            if _is_linked_by(tx, fingerprint):
                return
        with self._database.transaction() as tx:
            note_all(tx, self._vocabularies)
            tx.execute("UPDATE linked_by SET fingerprint = ?", (fingerprint,))

    def _tie_some(self, words: LinkWords) -> bool:
        """Renew the ties of some persons whose records changed, and note who was tied to them; return whether there were any."""
        with self._database.snapshot() as tx:
            if not _untied(tx):
                return False
        with self._database.transaction() as tx:
            persons = _untied(tx)
            note_lost(tx, save_ties(tx, words, persons))
            tx.execute("UPDATE to_link SET tied = 1 WHERE person IN (SELECT value FROM json_each(?))", (as_json(persons),))
        return True

    def _link_some(self, words: LinkWords, now: int) -> bool:
        """Link some of the persons who are noted; return whether there were any. All ties must be those of the records."""
        with self._database.snapshot() as tx:
            if not _noted(tx):
                return False
        with self._database.transaction() as tx:
            near = all_tied(tx, _noted(tx))
            records = list(_person_records(words.read(tx, near), held_leads(tx, near), words, self._kinds))
            grouping = group_persons(records, shared=words.shared)
            changed = {*save_members(tx, near, grouping.leads, now), *save_doubts(tx, near, grouping, now)}
            if tx.execute("SELECT fingerprint FROM judged_by").fetchone()[0] is not None:
                mark_named(tx, changed, since=now, why="linked")
            tx.execute("DELETE FROM to_link WHERE tied = 1 AND person IN (SELECT value FROM json_each(?))", (as_json(near),))
        return True


def _is_linked_by(tx: sqlite3.Connection, fingerprint: str) -> bool:
    return tx.execute("SELECT 1 FROM linked_by WHERE fingerprint = ?", (fingerprint,)).fetchone() is not None


def _untied(tx: sqlite3.Connection) -> list[int]:
    return [id_ for (id_,) in tx.execute("SELECT person FROM to_link WHERE tied = 0 ORDER BY person LIMIT ?", (TIED_AT_ONCE,))]


def _noted(tx: sqlite3.Connection) -> list[int]:
    return [id_ for (id_,) in tx.execute("SELECT person FROM to_link WHERE tied = 1 ORDER BY person LIMIT ?", (LINKED_AT_ONCE,))]


def _person_records(rows: Collection[PersonRow], held: Mapping[int, int], words: LinkWords, kinds: Kinds) -> Iterator[PersonRecord]:
    """Yield the persons among `rows`, which hold all that these refer to; `held` tells to whose leads they belong until now."""
    survivors = {row.id: row.merged_into for row in rows if row.merged_into is not None}
    persons = {row.id for row in rows if row.is_own}
    names = _names(rows, words)
    ordered = sorted((row for row in rows if row.is_own), key=lambda row: (kinds.persons.index(row.kind), row.id_number, row.crm_id))
    for place, row in enumerate(ordered):
        told = (_surviving(names[named], survivors) for named in row.named if named in names)
        before = held.get(row.id)
        yield PersonRecord(
            row.id,
            row.kind[0],
            place,
            row.email,
            tuple(id_ for id_ in told if id_ in persons),
            is_live=row.is_live,
            lead_before=None if before is None else _surviving(before, survivors),
        )


def _names(rows: Iterable[PersonRow], words: LinkWords) -> dict[Name, int]:
    """Return which record each name means; of two whose ids are alike when cut, that which was named first."""
    names: dict[Name, int] = {}
    for row in rows:
        if (name := words.name(row.kind, row.crm_id)) is not None:
            names[name] = min(row.id, names.get(name, row.id))
    return names


def _surviving(id_: int, survivors: Mapping[int, int]) -> int:
    """Return the record into which one was merged, step by step; itself if it was not."""
    steps = 0
    while id_ in survivors and steps < len(survivors):  # of two that a CRM tells to be merged into each other none survives
        id_, steps = survivors[id_], steps + 1
    return id_
