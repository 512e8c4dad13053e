"""CRM ids at the door, row ids inside: every CRM row ever named has one row in `object`."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable

import orjson

from connectors.records import RecordKey

NOT_A_NUMBER = 2**63 - 1  # sorts ids that are no numbers behind those that are
_MAX_DIGITS = 18  # more may not fit into SQLite's integer


def id_number(crm_id: str) -> int:
    """Return `crm_id` as a number, or `NOT_A_NUMBER` where it is none or too long to be one."""
    if crm_id.isascii() and crm_id.isdigit() and len(crm_id) <= _MAX_DIGITS:
        return int(crm_id)
    return NOT_A_NUMBER


def key_order(key: RecordKey) -> tuple[str, str, int, str]:
    """Order keys by CRM, kind, id as a number, id as text: `contact/9` comes before `contact/10`."""
    return (key.crm, key.kind, id_number(key.id), key.id)


def as_json(values: Iterable[object]) -> str:
    """Write `values` as a JSON list, the form in which `json_each` takes them."""
    return orjson.dumps(list(values)).decode()


def known_ids(tx: sqlite3.Connection, keys: Iterable[RecordKey]) -> dict[RecordKey, int]:
    """Look up the row ids of `keys`; those that the store never saw are missing."""
    families: dict[tuple[str, str], list[RecordKey]] = defaultdict(list)
    for key in set(keys):
        families[key.crm, key.kind].append(key)
    found: dict[RecordKey, int] = {}
    for (crm, kind), family in families.items():
        rows = tx.execute(
            """
            SELECT wanted.key, object.id FROM json_each(?) AS wanted CROSS JOIN object
            ON object.crm = ? AND object.kind = ?
               AND object.id_number = json_extract(wanted.value, '$[0]') AND object.crm_id = json_extract(wanted.value, '$[1]')
            """,
            (as_json((id_number(key.id), key.id) for key in family), crm, kind),
        )
        found.update((family[position], id_) for position, id_ in rows)
    return found


def object_ids(tx: sqlite3.Connection, keys: Iterable[RecordKey]) -> dict[RecordKey, int]:
    """Return the row ids of `keys`, giving one to each that the store never saw."""
    wanted = set(keys)
    found = known_ids(tx, wanted)
    if missing := sorted(wanted - found.keys(), key=key_order):
        tx.executemany(
            "INSERT INTO object (crm, kind, id_number, crm_id) VALUES (?, ?, ?, ?)",
            [key_order(key) for key in missing],
        )
        found.update(known_ids(tx, missing))
    return found
