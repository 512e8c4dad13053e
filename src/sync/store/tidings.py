"""What findings tell people: which are new since it was last told, what is owed, and who was told already."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime

import orjson

from connectors.records import RecordKey
from sync.daily import Owed
from sync.judge.findings import Side, Status
from sync.messages import Kind, Recipient
from sync.store.database import Database
from sync.store.keys import as_json, known_ids
from sync.store.moments import from_ms, from_ms_if_known, to_ms
from sync.terms import Terms

AT_ONCE = 1000  # findings


class Tidings:
    """Reads of findings, outbox and digests what is to be told."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fresh(self, *, since: datetime, at_risk: bool, broken: bool) -> tuple[list[str], int]:
        """Return the keys of findings that may be told and are new since the last were, at most a thousand, and up to which version.

        Of those that stand now: clocks that began after `since`, and passages that ended after it with a lead that is back; if so asked
        promises at risk, and those that were broken after `since` and are owed.
        """
        with self._database.snapshot() as tx:
            (upto,) = tx.execute("SELECT finding FROM told_upto").fetchone()
            rows = tx.execute(
                _FRESH, {"upto": upto, "since": to_ms(since), "most": AT_ONCE, "at_risk": at_risk, "broken": broken}
            ).fetchall()
            (newest,) = tx.execute("SELECT ifnull(max(id), 0) FROM finding_version").fetchone()
        return [key for key, _ in rows], rows[-1][1] if len(rows) == AT_ONCE else newest

    def pass_over(self) -> None:
        """Leave untold what is new."""
        with self._database.transaction() as tx:
            tx.execute("UPDATE told_upto SET finding = (SELECT ifnull(max(id), 0) FROM finding_version)")

    def given(self, leads: Collection[str]) -> dict[str, list[tuple[Recipient, datetime]]]:
        """Return who was told, or is to be, that leads were given to a new owner, and since when."""
        with self._database.snapshot() as tx:
            names = _names(tx, leads)
            rows = tx.execute(
                "SELECT lead, role, of_owner, put_at FROM outbox WHERE kind = ? AND lead IN (SELECT value FROM json_each(?))",
                (Kind.GIVEN.value, as_json(names)),
            ).fetchall()
        found: dict[str, list[tuple[Recipient, datetime]]] = {}
        for lead, role, of, put_at in rows:
            found.setdefault(names[lead], []).append((Recipient(role=role, of=of), from_ms(put_at)))
        return found

    def reminded(self, findings: Collection[str]) -> set[tuple[str, Recipient]]:
        """Return who was told, or is to be, by a reminder that a promise is broken."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT DISTINCT finding, role, of_owner FROM outbox
                WHERE kind = ? AND rung > 0 AND finding IN (SELECT value FROM json_each(?))
                """,
                (Kind.REMINDER.value, as_json(findings)),
            ).fetchall()
        return {(finding, Recipient(role=role, of=of)) for finding, role, of in rows}

    def deadlines(self, leads: Collection[str], *, after: datetime) -> dict[str, list[datetime]]:
        """Return the deadlines after a moment of what is owed of leads."""
        with self._database.snapshot() as tx:
            names = _names(tx, leads)
            rows = tx.execute(_DEADLINES, (as_json(names), to_ms(after))).fetchall()
        found: dict[str, list[datetime]] = {}
        for lead, due_at in rows:
            found.setdefault(names[lead], []).append(from_ms(due_at))
        return found

    def owed(self, terms: Terms) -> Iterator[Owed]:
        """Yield every promise that is owed, as it was last judged."""
        with self._database.snapshot() as tx:
            yield from (_owed(row, terms) for row in tx.execute(_OWED))

    def told_daily(self) -> dict[Recipient, date]:
        """Return up to which day each reader's digests were made."""
        with self._database.snapshot() as tx:
            rows = tx.execute("SELECT role, of_owner, day FROM told_daily").fetchall()
        return {Recipient(role=role, of=of): date.fromisoformat(day) for role, of, day in rows}


def note_daily(tx: sqlite3.Connection, days: Mapping[Recipient, date]) -> None:
    """Note for which day the digests of readers are made, whether or not there was anything to tell."""
    tx.executemany(
        "INSERT OR REPLACE INTO told_daily (role, of_owner, day) VALUES (?, ?, ?)",
        [(reader.role, reader.of, day.isoformat()) for reader, day in days.items()],
    )


def _names(tx: sqlite3.Connection, leads: Collection[str]) -> dict[int, str]:
    """Return the keys of leads by row id."""
    return {id_: str(key) for key, id_ in known_ids(tx, map(RecordKey.parse, leads)).items()}


def _owed(row: Sequence[str | int | None], terms: Terms) -> Owed:
    lead, rule, status, side, owner, due_at, opened_at, records = row
    crm = terms.owning_crm([RecordKey.parse(key) for key in orjson.loads(str(records))])
    return Owed(
        lead=str(lead),
        rule=str(rule),
        status=Status(str(status)),
        side=Side(str(side)),
        owner=f"{crm}/{owner}" if owner else None,
        due_at=from_ms_if_known(due_at if isinstance(due_at, int) else None),
        opened_at=from_ms_if_known(opened_at if isinstance(opened_at, int) else None),
    )


_FRESH = """
    SELECT v.key, v.id FROM finding_version AS v JOIN finding ON finding.key = v.key AND finding.version = v.id
    WHERE v.id > :upto AND v.withdrawn = 0 AND (
        (v.kind = 'clock' AND v.status IN ('running', 'at_risk') AND v.started_at > :since AND v.owner IS NOT NULL)
        OR (v.cycle_closed_by = 'recycled' AND v.cycle_closed_at > :since)
        OR (:at_risk AND v.status = 'at_risk') OR (:broken AND v.status = 'breached' AND v.owed = 1 AND v.due_at > :since)
    ) ORDER BY v.id LIMIT :most
"""
_DEADLINES = """
    SELECT finding.lead, v.due_at FROM finding JOIN finding_version AS v ON v.id = finding.version
    WHERE finding.lead IN (SELECT value FROM json_each(?)) AND finding.withdrawn = 0 AND v.owed = 1 AND v.due_at > ?
"""
_OWED = """
    SELECT lead.crm || '/' || lead.kind || '/' || lead.crm_id, v.rule, v.status, v.side, v.owner, v.due_at, v.cycle_opened_at, v.records
    FROM finding JOIN finding_version AS v ON v.id = finding.version JOIN object AS lead ON lead.id = finding.lead
    WHERE finding.withdrawn = 0 AND v.owed = 1 AND v.status IN ('running', 'at_risk', 'breached')
"""
