"""CRM ids at the door, row ids inside: every CRM row ever named has one row in `object`."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from itertools import count

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
        numbered: dict[int, RecordKey] = {}
        named: list[tuple[int, RecordKey]] = []
        for key in family:
            number = id_number(key.id)
            if number != NOT_A_NUMBER and str(number) == key.id:
                numbered[number] = key
            else:
                named.append((number, key))
        found.update((numbered[number], id_) for number, id_ in tx.execute(_BY_NUMBER, (as_json(numbered), crm, kind)))
        if named:
            asked = as_json((number, key.id) for number, key in named)
            found.update((named[position][1], id_) for position, id_ in tx.execute(_BY_NAME, (asked, crm, kind)))
    return found


_BY_NUMBER = """
    SELECT wanted.value, object.id FROM json_each(?) AS wanted CROSS JOIN object
    ON object.crm = ? AND object.kind = ? AND object.id_number = wanted.value AND object.crm_id = CAST(wanted.value AS TEXT)
"""

_BY_NAME = """
    SELECT wanted.key, object.id FROM json_each(?) AS wanted CROSS JOIN object
    ON object.crm = ? AND object.kind = ?
       AND object.id_number = json_extract(wanted.value, '$[0]') AND object.crm_id = json_extract(wanted.value, '$[1]')
"""


def object_ids(tx: sqlite3.Connection, keys: Iterable[RecordKey]) -> dict[RecordKey, int]:
    """Return the row ids of `keys`, giving one, higher than any so far, to each that the store never saw."""
    wanted = set(keys)
    found = known_ids(tx, wanted)
    if missing := sorted(wanted - found.keys(), key=key_order):
        given = dict(zip(missing, count(newest_object(tx) + 1)))
        tx.executemany(
            "INSERT INTO object (id, crm, kind, id_number, crm_id) VALUES (?, ?, ?, ?, ?)",
            [(id_, *key_order(key)) for key, id_ in given.items()],
        )
        found |= given
    return found


def newest_object(tx: sqlite3.Connection) -> int:
    """Return the highest row id given so far."""
    (id_,) = tx.execute("SELECT ifnull(max(id), 0) FROM object").fetchone()
    return int(id_)
