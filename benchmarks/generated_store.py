"""A store of invented leads, written row by row into its tables: no CRM, no network, the same for the same size."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from connectors.hubspot.mapping import VOCABULARY
from connectors.records import FieldDefinition, Option, Owner, Page
from sync.store.database import open_store
from sync.store.mirror import Mirror
from sync.store.moments import to_ms

NOW: Final = datetime(2026, 11, 18, 20, tzinfo=UTC)
CRM: Final = "hubspot"
OWNERS: Final = tuple(str(1001 + n) for n in range(50))
HANDED_OVER: Final = 10  # one lead in so many stands in a handoff
LEADS_A_COMPANY: Final = 5
CALLS: Final = 8  # of a lead that was handed over; with its changes that makes 20 facts
LADDER: Final = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist", "other")

_NOT_YET = timedelta(days=120)
_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS

Row = tuple[Any, ...]


def write_store(path: Path, leads: int) -> None:
    """Make a store of `leads` leads, a tenth of them handed over in the last ten days."""
    with open_store(path) as store:
        mirror = Mirror(store, {CRM: VOCABULARY})
        ladder = tuple(Option(value=stage, label=stage, order=place) for place, stage in enumerate(LADDER))
        field = FieldDefinition(crm=CRM, kind="contact", name="lifecyclestage", label="Stage", type="enumeration", options=ladder)
        owners = tuple(Owner(crm=CRM, id=id_, user_id=id_, email=None, name=id_, is_queue=False, active=True) for id_ in OWNERS)
        mirror.save_page(CRM, Page(stream="definitions", began_at=NOW, definitions=(field,), cursor="", last=True), seen_at=NOW)
        mirror.save_page(CRM, Page(stream="owners", began_at=NOW, owners=owners, cursor="", last=True), seen_at=NOW)
        with store.transaction() as tx:
            _write_rows(tx, leads)


def _write_rows(tx: sqlite3.Connection, leads: int) -> None:
    companies, handed_over = leads // LEADS_A_COMPANY + 1, leads // HANDED_OVER
    first_call = leads + companies + 1  # row ids: leads, companies, calls
    streams = (VOCABULARY.person_stream, *VOCABULARY.touch_streams, *VOCABULARY.context_streams)
    _insert(tx, "stream (crm, name, cursor, upto)", ((CRM, name, "", to_ms(NOW)) for name in streams))
    _insert(tx, "object (id, crm, kind, id_number, crm_id)", _objects(leads, companies, first_call, handed_over * CALLS))
    _insert(tx, "record (id, created_at, changed_at, seen_at, field_values)", _records(leads, companies))
    _insert(tx, "field_change (record, field, value, at, source, seen_at)", _changes(leads))
    _insert(tx, "association (low, high, is_primary)", _links(leads, first_call))
    _insert(
        tx,
        "activity (id, kind, happened_at, logged_at, changed_at, owner, direction, source, marketing, auto_reply, alike, seen_at)",
        _calls(leads, first_call),
    )
    _insert(
        tx, "activity_status (activity, status, at, seen_at)", ((row[0], "no_answer", row[3], row[3]) for row in _calls(leads, first_call))
    )


def _insert(tx: sqlite3.Connection, columns: str, rows: Iterator[Row]) -> None:
    first = next(rows)
    statement = f"INSERT INTO {columns} VALUES ({', '.join('?' * len(first))})"
    tx.execute(statement, first)
    tx.executemany(statement, rows)


def handed_over(leads: int) -> range:
    """Return the row ids (and CRM ids) of the leads that stand in a handoff."""
    return range(HANDED_OVER, leads + 1, HANDED_OVER)


def _objects(leads: int, companies: int, first_call: int, calls: int) -> Iterator[Row]:
    yield from ((n, CRM, "contact", n, str(n)) for n in range(1, leads + 1))
    yield from ((leads + n, CRM, "company", n, str(n)) for n in range(1, companies + 1))
    yield from ((first_call + n, CRM, "call", n + 1, str(n + 1)) for n in range(calls))


def _records(leads: int, companies: int) -> Iterator[Row]:
    born = to_ms(NOW - _NOT_YET)
    for n in range(1, leads + 1):
        handed = n % HANDED_OVER == 0
        values = {
            "email": f"p{n}@example.com",
            "lifecyclestage": LADDER[2] if handed else LADDER[1],
            "hubspotscore": str(n % 50),
            "jobtitle": "revenue operations" if handed else "engineer",
            "phone": "1",
            "company": "c",
            "country": "US",
            "hs_analytics_source": "REFERRALS",
        }
        yield n, born, born, born, json.dumps(values)
    for n in range(1, companies + 1):
        yield leads + n, born, born, born, json.dumps({"numberofemployees": str(n % 6000), "industry": "COMPUTER_SOFTWARE"})


def _changes(leads: int) -> Iterator[Row]:
    born = to_ms(NOW - _NOT_YET)
    for n in range(1, leads + 1):
        told = [("lifecyclestage", "lead", born), ("hubspotscore", str(n % 50), born), ("email", f"p{n}@example.com", born)]
        if n % HANDED_OVER == 0:
            told += _handoff(n)
        yield from ((n, field, value, at, "CRM_UI", at) for field, value, at in told)


def _handed_at(n: int) -> int:
    """Spread the handoffs over ten days."""
    return to_ms(NOW) - (n * 37 % (10 * 24 * 60) + 1) * _MINUTE_MS


def _handoff(n: int) -> list[tuple[str, str, int]]:
    """Return nine changes around a handoff."""
    at = _handed_at(n)
    owner = OWNERS[n % len(OWNERS)]
    scores = [("hubspotscore", str(60 + step), at - (5 - step) * _HOUR_MS) for step in range(5)]
    return [
        *scores,
        ("jobtitle", "revenue operations", at - 6 * _HOUR_MS),
        ("phone", "1", at - 6 * _HOUR_MS),
        ("lifecyclestage", LADDER[2], at),
        ("hubspot_owner_id", owner, at + 5 * _MINUTE_MS),
    ]


def _links(leads: int, first_call: int) -> Iterator[Row]:
    yield from ((n, leads + 1 + n // LEADS_A_COMPANY, 1) for n in range(1, leads + 1))
    for place, n in enumerate(handed_over(leads)):
        yield from ((n, first_call + place * CALLS + k, 0) for k in range(CALLS))


def _calls(leads: int, first_call: int) -> Iterator[Row]:
    for place, n in enumerate(handed_over(leads)):
        for k in range(CALLS):
            at = _handed_at(n) + (k - 2) * 5 * _HOUR_MS + 30 * _MINUTE_MS  # some before the handoff, some not made yet
            at = min(at, to_ms(NOW))
            yield (first_call + place * CALLS + k, "call", at, at, at, OWNERS[n % len(OWNERS)], "out", "CRM_UI", 0, 0, f"{n % 997}-{k}", at)
