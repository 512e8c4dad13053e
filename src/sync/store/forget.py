"""Forget a person whom a CRM still holds: of the address a salted hash stays, so that no pull brings the person back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from connectors.records import Record, RecordKey, Vocabulary
from sync.store.database import Database
from sync.store.erase import erase_rows
from sync.store.keys import as_json
from sync.store.moments import to_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class ToForget:
    """What the store holds of a person."""

    records: tuple[RecordKey, ...]  # of all CRMs, by key; also those that are gone or were merged away
    addresses: frozenset[str]  # lower case; that which was asked for among them


class Forgotten:
    """Who is forgotten, and must stay so."""

    def __init__(self, database: Database, vocabularies: Mapping[str, Vocabulary]) -> None:
        self._database = database
        self._vocabularies = tuple(vocabularies.values())

    def find(self, address: str) -> ToForget:
        """Return what is held of the person with an e-mail address, in any case: the records that have it, and those of their leads."""
        with self._database.snapshot() as tx:
            return self._found(tx, address)[1]

    def forget(self, address: str, *, at: datetime) -> ToForget:
        """Erase a person in every CRM's mirror, and note that they stay erased, under whatever record a CRM shows them.

        Returns what was held. The bytes leave the files with `Database.scrub_if_due`.
        """
        with self._database.transaction() as tx:
            rows, found = self._found(tx, address)
            _erase(tx, rows, at=to_ms(at))
            tx.execute("INSERT INTO salt (id, salt) VALUES (1, randomblob(32)) ON CONFLICT DO NOTHING")
            salt = _salt(tx)
            tx.executemany(
                "INSERT INTO forgotten (hash, at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [(_hashed(salt, one), to_ms(at)) for one in sorted(found.addresses)],
            )
        return found

    def _found(self, tx: sqlite3.Connection, address: str) -> tuple[list[int], ToForget]:
        rows = _family(tx, [id_ for words in self._vocabularies for id_ in _with_address(tx, words, address.strip())])
        keys = tx.execute("SELECT crm, kind, crm_id FROM object WHERE id IN (SELECT value FROM json_each(?))", (as_json(rows),))
        addresses = {one for words in self._vocabularies for one in _addresses(tx, words, rows)}
        found = ToForget(records=tuple(sorted(RecordKey(*key) for key in keys)), addresses=frozenset(addresses | {normal(address)} - {""}))
        return rows, found


def erase_forgotten(tx: sqlite3.Connection, words: Vocabulary, records: Sequence[Record], ids: Mapping[RecordKey, int], *, at: int) -> None:
    """Erase again whom a page shows under another record, or who got the address of a person who is forgotten."""
    hashes = {hash_ for (hash_,) in tx.execute("SELECT hash FROM forgotten")}
    if not hashes:
        return
    salt = _salt(tx)
    persons = [record for record in records if record.key.kind in words.persons]
    _erase(tx, [ids[one.key] for one in persons if _hashed(salt, normal(one.values.get(words.email) or "")) in hashes], at=at)


def normal(address: str) -> str:
    """Return an address as it is compared."""
    return address.strip().lower()


def _erase(tx: sqlite3.Connection, rows: Iterable[int], *, at: int) -> None:
    rows = list(rows)
    erase_rows(tx, rows, at=at)
    tx.execute(
        "UPDATE record SET forgotten_at = ? WHERE id IN (SELECT value FROM json_each(?)) AND forgotten_at IS NULL", (at, as_json(rows))
    )


def _salt(tx: sqlite3.Connection) -> bytes:
    (salt,) = tx.execute("SELECT salt FROM salt").fetchone()
    return bytes(salt)


def _hashed(salt: bytes, address: str) -> bytes:
    return blake2b(address.encode(), key=salt, digest_size=32).digest()


def _with_address(tx: sqlite3.Connection, words: Vocabulary, address: str) -> list[int]:
    rows = tx.execute(
        """
        SELECT object.id FROM object JOIN record ON record.id = object.id
        WHERE object.crm = :crm AND object.kind IN (SELECT value FROM json_each(:kinds)) AND record.erased_at IS NULL
            AND lower(trim(record.field_values ->> ('$."' || :email || '"'))) = :address
        """,
        {"crm": words.crm, "kinds": as_json(words.persons), "email": words.email, "address": normal(address)},
    )
    return [id_ for (id_,) in rows]


def _addresses(tx: sqlite3.Connection, words: Vocabulary, rows: Sequence[int]) -> set[str]:
    found = tx.execute(
        """
        SELECT record.field_values ->> ('$."' || :email || '"') FROM record JOIN object ON object.id = record.id
        WHERE object.crm = :crm AND record.id IN (SELECT value FROM json_each(:rows))
        """,
        {"crm": words.crm, "email": words.email, "rows": as_json(rows)},
    )
    return {normal(address) for (address,) in found if address}


def _family(tx: sqlite3.Connection, rows: Iterable[int]) -> list[int]:
    """Return records, those of the same leads, and all that were merged into any of them, row ids in order."""
    found = tx.execute(
        """
        WITH RECURSIVE family (id) AS (
            SELECT value FROM json_each(?)
            UNION SELECT other.person FROM family JOIN member AS own ON own.person = family.id AND own.unlinked_at IS NULL
                JOIN member AS other ON other.lead = own.lead AND other.unlinked_at IS NULL
            UNION SELECT own.lead FROM family JOIN member AS own ON own.person = family.id AND own.unlinked_at IS NULL
            UNION SELECT own.person FROM family JOIN member AS own ON own.lead = family.id AND own.unlinked_at IS NULL
            UNION SELECT record.id FROM family JOIN record ON record.merged_into = family.id
        )
        SELECT family.id FROM family JOIN record ON record.id = family.id WHERE record.erased_at IS NULL ORDER BY family.id
        """,
        (as_json(rows),),
    )
    return [id_ for (id_,) in found]
