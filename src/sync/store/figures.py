"""How much of each thing the store holds, counted: for metrics and for `status`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson

from connectors.records import RecordKey
from sync.store.database import Database
from sync.store.keys import as_json
from sync.store.moments import from_ms, from_ms_if_known, to_ms

LATE_S = (300, 900, 3600, 14_400, 86_400, 259_200, 604_800)  # upper ends, in wall seconds, of how late a clock was
_PAGE = 200  # leads looked through at once for what falls due


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """The standing findings of one rule with one status."""

    rule: str
    kind: str
    status: str
    findings: int
    owed: int  # still to be kept, in time or late
    backlog: int  # broken, owed, and from before their rule was enforced
    late: tuple[int, ...]  # those no later than each of LATE_S
    late_s: int  # all their lateness together


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePromise:
    """A promise that is still open, and when it falls due."""

    due_at: datetime
    lead: str
    rule: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Our own calls of one CRM."""

    total: int
    day: date  # the last on which there were any, in the account's zone
    today: int  # on that day


class Figures:
    """Counts over all tables; each is one snapshot, and none takes a lock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rules(self) -> list[RuleCount]:
        """Count the findings that stand, by rule, kind and status, in that order."""
        late = ", ".join(f"count(*) FILTER (WHERE finding.late_by_s <= {upto})" for upto in LATE_S)
        with self._database.snapshot() as tx:
            rows = tx.execute(
                f"""
                SELECT version.rule, version.kind, version.status, count(*), sum(version.owed),
                    count(*) FILTER (WHERE version.status = 'breached' AND version.owed
                        AND (version.cycle_opened_at < enforced.since) IS NOT FALSE),
                    ifnull(sum(finding.late_by_s), 0), {late}
                FROM finding JOIN finding_version AS version ON version.id = finding.version
                LEFT JOIN enforced ON enforced.rule = version.rule
                WHERE finding.withdrawn = 0 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
                """
            ).fetchall()
        return [
            RuleCount(rule=rule, kind=kind, status=status, findings=count, owed=owed, backlog=backlog, late_s=late_s, late=tuple(upto))
            for rule, kind, status, count, owed, backlog, late_s, *upto in rows
        ]

    def held_by(self, crm: str, kind: str, fields: Sequence[str]) -> dict[tuple[str | None, ...], int]:
        """Count the live leads that a record of this kind names, by what it holds in `fields`."""
        values = ", ".join(f"record.field_values ->> ('$.\"' || :f{n} || '\"')" for n in range(len(fields)))
        with self._database.snapshot() as tx:
            rows = tx.execute(
                f"""
                SELECT count(*), {values} FROM object JOIN record ON record.id = object.id
                WHERE object.crm = :crm AND object.kind = :kind AND record.gone_at IS NULL AND record.merged_into IS NULL
                    AND record.erased_at IS NULL
                    AND NOT EXISTS (SELECT 1 FROM member WHERE member.person = record.id AND member.unlinked_at IS NULL
                        AND member.lead <> record.id)
                GROUP BY {", ".join(str(place + 2) for place in range(len(fields)))}
                """,
                {"crm": crm, "kind": kind} | {f"f{n}": field for n, field in enumerate(fields)},
            ).fetchall()
        return {tuple(held): count for count, *held in rows}

    def due_next(self, most: int) -> list[DuePromise]:
        """Return the promises that fall due next, the nearest first, at most so many; first those that fell due and were not judged since.

        A lead is judged anew no later than its nearest promise falls due, so that no other lead need be looked at.
        """
        found: list[DuePromise] = []
        after = (-1, -1)
        while leads := self._judged_next(after):
            found = sorted([*found, *self._open(leads)], key=lambda one: (one.due_at, one.lead, one.rule))[:most]
            after = leads[-1]
            if len(found) == most and to_ms(found[-1].due_at) < after[0]:
                break
        return found

    def _judged_next(self, after: tuple[int, int]) -> list[tuple[int, int]]:
        with self._database.snapshot() as tx:
            return tx.execute(
                """
                SELECT next_at, lead FROM lead_state WHERE next_at IS NOT NULL AND (next_at, lead) > (?, ?)
                ORDER BY next_at, lead LIMIT ?
                """,
                (*after, _PAGE),
            ).fetchall()

    def _open(self, leads: Sequence[tuple[int, int]]) -> list[DuePromise]:
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT version.due_at, object.crm, object.kind, object.crm_id, version.rule, version.status
                FROM finding JOIN finding_version AS version ON version.id = finding.version JOIN object ON object.id = finding.lead
                WHERE finding.lead IN (SELECT value FROM json_each(?)) AND finding.withdrawn = 0
                    AND version.status IN ('running', 'at_risk') AND version.due_at IS NOT NULL
                """,
                (as_json(lead for _, lead in leads),),
            ).fetchall()
        return [
            DuePromise(due_at=from_ms(due_at), lead=str(RecordKey(crm, kind, id_)), rule=rule, status=status)
            for due_at, crm, kind, id_, rule, status in rows
        ]

    def journal_after(self, line: int) -> tuple[int, dict[str, int]]:
        """Return the number of the journal's newest line, and how many lines after `line` tell of each event."""
        with self._database.snapshot() as tx:
            (newest,) = tx.execute("SELECT ifnull(max(id), 0) FROM journal").fetchone()
            return int(newest), dict(tx.execute("SELECT event, count(*) FROM journal WHERE id > ? GROUP BY event", (line,)).fetchall())

    def ends_since(self, at: datetime) -> dict[str, int]:
        """Count the writes of the steps that were sent since a moment, by what the journal told of each last."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT event, count(*) FROM journal WHERE id IN (
                    SELECT max(id) FROM journal WHERE (plan, position) IN (
                        SELECT DISTINCT plan, position FROM journal WHERE event = 'intended' AND at > ?
                    ) GROUP BY plan, position, part
                ) GROUP BY event
                """,
                (to_ms(at),),
            )
            return dict(rows.fetchall())

    def messages(self) -> dict[str, int]:
        """Count the messages to people, by what became of them."""
        with self._database.snapshot() as tx:
            return dict(tx.execute("SELECT state, count(*) FROM outbox GROUP BY state ORDER BY state").fetchall())

    def calls(self) -> dict[str, Calls]:
        """Return how many calls we made, by CRM."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT crm, sum(calls), max(day),
                    (SELECT last.calls FROM api_usage AS last WHERE last.crm = api_usage.crm ORDER BY day DESC LIMIT 1)
                FROM api_usage GROUP BY crm ORDER BY crm
                """
            ).fetchall()
        return {crm: Calls(total=total, day=date.fromisoformat(day), today=today) for crm, total, day, today in rows}

    def usage_told(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what the CRMs said last about calls, as the newest run that asked them noted it: see `usage_json`; empty before any."""
        with self._database.snapshot() as tx:
            row = tx.execute(
                "SELECT summary -> '$.usage' FROM run WHERE summary -> '$.usage' IS NOT NULL ORDER BY id DESC LIMIT 1"
            ).fetchone()
        return orjson.loads(row[0]) if row else {}

    def agreement_used(self) -> str | None:
        """Return the text of the agreement by which the newest run judged; None before any."""
        with self._database.snapshot() as tx:
            row = tx.execute(
                "SELECT text FROM agreement_version WHERE hash = (SELECT agreement_hash FROM run ORDER BY id DESC LIMIT 1)"
            ).fetchone()
        return str(row[0]) if row else None

    def account(self, crm: str) -> str | None:
        """Return of which account of a CRM the store is; None before the first run."""
        with self._database.snapshot() as tx:
            row = tx.execute("SELECT account_id FROM account WHERE crm = ?", (crm,)).fetchone()
        return str(row[0]) if row else None

    def read_upto(self) -> dict[str, datetime]:
        """Return up to which moment of each CRM every stream was read; CRMs that were never read are missing."""
        with self._database.snapshot() as tx:
            rows = tx.execute("SELECT crm, min(upto) FROM stream WHERE name NOT IN ('definitions', 'owners') GROUP BY crm").fetchall()
        return {crm: at for crm, upto in rows if (at := from_ms_if_known(upto)) is not None}


def size_of(path: Path) -> int:
    """Return how many bytes a store takes, with what SQLite keeps beside it; 0 for none."""
    files = [stat for suffix in ("", "-wal", "-shm") if (stat := _stat(path.with_name(path.name + suffix))) is not None]
    return sum(stat.st_size for stat in files)


def last_backup(store: Path) -> datetime | None:
    """Return when the newest backup in `backups` beside the store was written, by this machine's clock; None where there is none."""
    folder = store.with_name("backups")
    files = [file for file in folder.iterdir() if not file.name.startswith(".")] if folder.is_dir() else []
    written = [stat.st_mtime for file in files if (stat := _stat(file)) is not None]
    return datetime.fromtimestamp(max(written), UTC) if written else None


def _stat(file: Path) -> os.stat_result | None:
    """Look at a file that may go at any moment."""
    try:
        return file.stat()
    except FileNotFoundError:
        return None
