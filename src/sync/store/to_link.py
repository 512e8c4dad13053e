"""Note whose record changed what links it, in the transaction that changes it; `link` links them, and takes the notes off."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable

from connectors.records import Vocabulary
from sync.store.keys import as_json


def link_fields(tx: sqlite3.Connection, words: Vocabulary | None) -> frozenset[str]:
    """Return the fields of a CRM's persons by which they are linked; none as long as all are to be linked anyway."""
    if words is None or tx.execute("SELECT fingerprint FROM linked_by").fetchone()[0] is None:
        return frozenset()
    return frozenset((words.email, *(reference.field for reference in words.references)))


def note_relinked(tx: sqlite3.Connection, words: Vocabulary, records: Collection[int]) -> None:
    """Note those of `records` that are persons: each is linked anew, with all that it may have to do with."""
    if records:
        tx.execute(
            f"""
            INSERT INTO to_link (person, tied) SELECT object.id, 0 FROM json_each(:records) CROSS JOIN object ON object.id = value
            WHERE object.crm = :crm AND object.kind IN (SELECT value FROM json_each(:persons)) AND {_WAS_LINKED}
            ON CONFLICT (person) DO UPDATE SET tied = 0
            """,
            {"records": as_json(records), "crm": words.crm, "persons": as_json(words.persons)},
        )


def note_erased(tx: sqlite3.Connection, persons: Collection[int]) -> None:
    """Note persons who are about to be erased, and whom they had to do with: of that nothing stays."""
    given = {"persons": as_json(persons)}
    tx.execute(
        f"""
        INSERT INTO to_link (person, tied) SELECT id, 1 FROM (
            SELECT other.person AS id FROM json_each(:persons) CROSS JOIN tie AS own ON own.person = value
                CROSS JOIN tie AS other ON other.tie = own.tie
            UNION SELECT member.lead FROM json_each(:persons) CROSS JOIN member ON member.person = value AND member.unlinked_at IS NULL
        ) WHERE {_WAS_LINKED} ON CONFLICT DO NOTHING
        """,
        given,
    )
    tx.execute("DELETE FROM tie WHERE person IN (SELECT value FROM json_each(:persons))", given)
    tx.execute(
        f"""
        INSERT INTO to_link (person, tied) SELECT value, 0 FROM json_each(:persons) WHERE {_WAS_LINKED}
        ON CONFLICT (person) DO UPDATE SET tied = 0
        """,
        given,
    )


_WAS_LINKED = "EXISTS (SELECT 1 FROM linked_by WHERE fingerprint IS NOT NULL)"


def note_all(tx: sqlite3.Connection, vocabularies: Iterable[Vocabulary]) -> None:
    """Note every person, and every record that is held to have to do with another."""
    for words in vocabularies:
        tx.execute(
            """
            INSERT INTO to_link (person, tied) SELECT object.id, 0 FROM object CROSS JOIN record ON record.id = object.id
            WHERE object.crm = ? AND object.kind IN (SELECT value FROM json_each(?))
            ON CONFLICT (person) DO UPDATE SET tied = 0
            """,
            (words.crm, as_json(words.persons)),
        )
    tx.execute(
        """
        INSERT INTO to_link (person, tied) SELECT id, 0 FROM (
            SELECT person AS id FROM member WHERE unlinked_at IS NULL UNION SELECT person FROM doubt UNION SELECT person FROM tie
        ) WHERE true ON CONFLICT (person) DO UPDATE SET tied = 0
        """
    )


def note_lost(tx: sqlite3.Connection, ties: Iterable[int]) -> None:
    """Note who has one of `ties` still: somebody had it too, and has it no more."""
    tx.execute(
        """
        INSERT INTO to_link (person, tied) SELECT tie.person, 1 FROM json_each(?) CROSS JOIN tie ON tie.tie = value
        WHERE true ON CONFLICT DO NOTHING
        """,
        (as_json(ties),),
    )
