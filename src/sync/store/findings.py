"""Findings: what stands now by key, and every version there ever was."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from connectors.records import RecordKey
from sync.judge.findings import Finding, Judgement, Status
from sync.store.database import Database
from sync.store.dirty import clear_marks, keep_marked
from sync.store.finding_rows import VERSION_COLUMNS, VERSION_MARKS, elapsed_json, finding_from_row, fingerprint, version_row
from sync.store.keys import as_json, object_ids
from sync.store.moments import from_ms, to_ms, to_ms_if_known
from sync.store.runs import run_row_id

_CHUNK = 500  # leads whose findings are read at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What saving judgements changed."""

    new: int  # versions added: findings that are new, or not as they were
    withdrawn: int  # findings that no longer stand


class _Standing(NamedTuple):
    """What `finding` holds of one key."""

    lead: int
    version: int
    fingerprint: bytes
    withdrawn: int


class Findings:
    """The tables of findings and of when each lead must be judged again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, run_id: str, judgements: Sequence[Judgement], *, judged_at: datetime, marked_upto: int | None = None) -> Saved:
        """Save a chunk of judgements, all or none.

        A version is added only where a finding says something new; the lateness, the split of the
        time and the message, which grow with the hour, are kept up to date beside it. What a lead had before and its judgement no
        longer holds is withdrawn by a version of its own. Judgements as of a past moment do not belong
        here: they would withdraw what came after. KeyError if there is no such run.

        `marked_upto` is the number of the newest mark (see `Dirty.newest`) before the leads were read: marks up to it are taken
        off, except from leads that wait for a stream to be read; None takes off none.
        """
        with self._database.transaction() as tx:
            run = run_row_id(tx, run_id)
            keys = {judgement.lead: RecordKey.parse(judgement.lead) for judgement in judgements}
            ids = object_ids(tx, keys.values())
            leads = {lead: ids[key] for lead, key in keys.items()}
            given = {finding.key: finding for judgement in judgements for finding in judgement.findings}
            before = _standing(tx, leads.values(), given)
            new = _save_standing(tx, run, given.values(), before, leads)
            vanished = [key for key, held in before.items() if not held.withdrawn and key not in given]
            _withdraw(tx, run, vanished)
            _save_states(tx, judgements, leads, judged_at)
            if marked_upto is not None:
                clear_marks(tx, leads.values(), upto=marked_upto, judged_at=to_ms(judged_at))
                keep_marked(tx, [leads[lead] for lead in _waiting(tx, judgements, judged_at)], judged_at=to_ms(judged_at))
        return Saved(new=new, withdrawn=len(vanished))

    def owners(self, keys: Iterable[str]) -> dict[str, tuple[str | None, tuple[RecordKey, ...]]]:
        """Return of some findings whom each names, and the records of its lead; those that the store does not know are missing."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT finding.key, version.owner, version.records
                FROM finding JOIN finding_version AS version ON version.id = finding.version
                WHERE finding.key IN (SELECT value FROM json_each(?))
                """,
                (as_json(keys),),
            ).fetchall()
        return {key: (owner, tuple(map(RecordKey.parse, orjson.loads(records)))) for key, owner, records in rows}

    def withdraw_former(self, run_id: str, *, judged_at: datetime) -> int:
        """Withdraw what stands of records that were merged away by `judged_at`, erased, or are part of another lead; return how much.

        They are no leads any more: their marks are taken off, and nothing waits for the hour. KeyError if there is no such run.
        """
        with self._database.transaction() as tx:
            former = """
                SELECT id FROM record WHERE merged_into IS NOT NULL AND gone_at <= ?
                UNION ALL SELECT id FROM record WHERE erased_at IS NOT NULL
                UNION ALL SELECT person FROM member WHERE unlinked_at IS NULL
            """
            at = (to_ms(judged_at),)
            keys = [key for (key,) in tx.execute(f"SELECT key FROM finding WHERE withdrawn = 0 AND lead IN ({former}) ORDER BY key", at)]
            if keys:
                _withdraw(tx, run_row_id(tx, run_id), keys)
            for table in ("dirty", "lead_state"):
                tx.execute(f"DELETE FROM {table} WHERE lead IN ({former})", at)
        return len(keys)

    def latest(self) -> Iterator[Finding]:
        """Yield the findings that stand, by lead (in key order), rule, start and key."""
        after: tuple[str, str, int, str] = ("", "", -1, "")
        while True:
            with self._database.snapshot() as tx:
                leads = _leads_after(tx, after)
                rows = _standing_rows(tx, (lead for lead, *_ in leads))
            if not leads:
                return
            for lead, *_ in leads:
                yield from (finding_from_row(row) for row in rows.get(lead, ()))
            after = leads[-1][1:]

    def named(self, keys: Collection[str]) -> dict[str, Finding]:
        """Return those of `keys` that stand, by key."""
        with self._database.snapshot() as tx:
            leads = [
                lead for (lead,) in tx.execute("SELECT lead FROM finding WHERE key IN (SELECT value FROM json_each(?))", (as_json(keys),))
            ]
            found = (finding_from_row(row) for rows in _standing_rows(tx, set(leads)).values() for row in rows)
            return {finding.key: finding for finding in found if finding.key in keys}

    def fallen_due(self, crm: str, now: datetime) -> tuple[RecordKey, ...]:
        """Return the persons in `crm` with a promise that was still open when it was last judged and has fallen due by `now`, by key.

        A record that was merged away since is none: the CRM answers for its survivor. Nor is one that was erased.
        """
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                WITH due (lead) AS (
                    SELECT finding.lead FROM finding JOIN finding_version AS version ON version.id = finding.version
                    WHERE finding.withdrawn = 0 AND version.status IN ('running', 'at_risk') AND version.due_at < :now
                ),
                person (id) AS (
                    SELECT lead FROM due UNION SELECT member.person FROM due JOIN member USING (lead) WHERE member.unlinked_at IS NULL
                )
                SELECT object.crm, object.kind, object.crm_id, object.id_number FROM person JOIN object ON object.id = person.id
                LEFT JOIN record ON record.id = person.id
                WHERE object.crm = :crm AND record.merged_into IS NULL AND record.erased_at IS NULL
                ORDER BY object.kind, object.id_number, object.crm_id
                """,
                {"now": to_ms(now), "crm": crm},
            ).fetchall()
        return tuple(RecordKey(crm, kind, id_) for crm, kind, id_, _ in rows)

    def owed_since(self, since: datetime, *, upto: datetime, running: Collection[str] = ()) -> tuple[int, ...]:
        """Return the rows of the leads with a broken promise that is still owed and fell due after `since`, and by `upto`.

        Of the rules `running` those too whose promise still runs.
        """
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT DISTINCT finding.lead FROM finding JOIN finding_version AS version ON version.id = finding.version
                WHERE finding.withdrawn = 0 AND version.owed = 1 AND (
                    (version.status = 'breached' AND version.due_at > :since AND version.due_at <= :upto)
                    OR (version.status IN ('running', 'at_risk') AND version.rule IN (SELECT value FROM json_each(:running)))
                )
                """,
                {"since": to_ms(since), "upto": to_ms(upto), "running": as_json(running)},
            )
            return tuple(lead for (lead,) in rows)

    def open_passages(self) -> dict[str, int]:
        """Count by rule the passages of leads in which it still runs, or is broken and owed."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT rule, count(*) FROM (
                    SELECT DISTINCT finding.lead, version.rule, version.handoff, version.cycle_number
                    FROM finding JOIN finding_version AS version ON version.id = finding.version
                    WHERE finding.withdrawn = 0 AND version.owed = 1
                ) GROUP BY rule
                """
            )
            return {rule: int(count) for rule, count in rows}

    def has_open(self) -> bool:
        """Whether any promise still runs, or is broken and owed."""
        with self._database.snapshot() as tx:
            row = tx.execute(
                """
                SELECT 1 FROM finding JOIN finding_version AS version ON version.id = finding.version
                WHERE finding.withdrawn = 0 AND version.owed = 1 LIMIT 1
                """
            )
            return row.fetchone() is not None

    def next_at(self) -> datetime | None:
        """Return the first moment at which the judgement of a lead changes without news."""
        with self._database.snapshot() as tx:
            (at,) = tx.execute("SELECT min(next_at) FROM lead_state").fetchone()
        return None if at is None else from_ms(at)

    def due(self, now: datetime) -> tuple[str, ...]:
        """Return the keys of the leads whose judgement changes at or before `now` without news, most overdue first."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT object.crm, object.kind, object.crm_id FROM lead_state JOIN object ON object.id = lead_state.lead
                WHERE next_at <= ? ORDER BY next_at, object.crm, object.kind, object.id_number, object.crm_id
                """,
                (to_ms(now),),
            ).fetchall()
        return tuple(str(RecordKey(*row)) for row in rows)


def _waiting(tx: sqlite3.Connection, judgements: Sequence[Judgement], judged_at: datetime) -> Iterator[str]:
    """Yield the leads about which something is unknown that a stream can tell which was not read that far.

    What a CRM's own data leave open is not waited for: only a change of the lead can tell it.
    """
    told = tx.execute("SELECT min(ifnull(upto, 0)) FROM stream WHERE name NOT IN ('definitions', 'owners')")  # what tells of leads
    read_upto = told.fetchone()[0] or 0  # of whichever CRM: it may hold a record of the lead
    for judgement in judgements:
        unknown = [finding for finding in judgement.findings if finding.status is Status.UNKNOWN]
        moments = [min(finding.due_at or judged_at, judged_at) for finding in unknown if finding.kind != "data"]
        if moments and read_upto < to_ms(max(moments)):
            yield judgement.lead


def _standing(tx: sqlite3.Connection, leads: Iterable[int], keys: Iterable[str]) -> dict[str, _Standing]:
    """Return what is held of these leads and of these keys, which another lead may have had."""
    rows = tx.execute(
        """
        SELECT key, lead, version, fingerprint, withdrawn FROM finding WHERE lead IN (SELECT value FROM json_each(:leads))
        UNION
        SELECT key, lead, version, fingerprint, withdrawn FROM finding WHERE key IN (SELECT value FROM json_each(:keys))
        """,
        {"leads": as_json(leads), "keys": as_json(keys)},
    )
    return {key: _Standing(*rest) for key, *rest in rows}


def _save_standing(
    tx: sqlite3.Connection, run: int, findings: Iterable[Finding], before: Mapping[str, _Standing], leads: Mapping[str, int]
) -> int:
    """Save what stands; return how many versions that took."""
    first = version = _next_version(tx)
    versions: list[tuple[Any, ...]] = []
    standing: list[tuple[Any, ...]] = []
    for finding in findings:
        mark, held = fingerprint(finding), before.get(finding.key)
        number = held.version if held and not held.withdrawn and held.fingerprint == mark else version
        if number == version:
            versions.append((version, *version_row(finding, run=run, lead=leads[finding.lead])))
            version += 1
        standing.append((finding.key, leads[finding.lead], number, mark, finding.late_by_s, elapsed_json(finding), finding.message))
    tx.executemany(f"INSERT INTO finding_version (id, {VERSION_COLUMNS}) VALUES (?, {VERSION_MARKS})", versions)
    tx.executemany(
        """
        INSERT OR REPLACE INTO finding (key, lead, version, fingerprint, late_by_s, elapsed, message, withdrawn)
        VALUES (?, ?, ?, ?, ?, ?, ?, 0)
        """,
        standing,
    )
    return version - first


def _next_version(tx: sqlite3.Connection) -> int:
    (newest,) = tx.execute("SELECT ifnull(max(id), 0) FROM finding_version").fetchone()
    return int(newest) + 1


def _withdraw(tx: sqlite3.Connection, run: int, keys: Sequence[str]) -> None:
    """Add a version to each of `keys` that says it no longer stands."""
    copied = VERSION_COLUMNS.removeprefix("run, ").removesuffix(", withdrawn")
    tx.execute(
        f"""
        INSERT INTO finding_version (run, {copied}, withdrawn)
        SELECT ?, {copied}, 1 FROM finding_version
        WHERE id IN (SELECT version FROM finding WHERE key IN (SELECT value FROM json_each(?))) ORDER BY id
        """,
        (run, as_json(keys)),
    )
    tx.execute(
        """
        UPDATE finding SET withdrawn = 1, version = (SELECT max(id) FROM finding_version WHERE finding_version.key = finding.key)
        WHERE key IN (SELECT value FROM json_each(?))
        """,
        (as_json(keys),),
    )


def _save_states(tx: sqlite3.Connection, judgements: Sequence[Judgement], leads: Mapping[str, int], judged_at: datetime) -> None:
    at = to_ms(judged_at)
    tx.executemany(
        "INSERT OR REPLACE INTO lead_state (lead, judged_at, next_at) VALUES (?, ?, ?)",
        ((leads[judgement.lead], at, to_ms_if_known(judgement.next_at)) for judgement in judgements),
    )


def _leads_after(tx: sqlite3.Connection, after: tuple[str, str, int, str]) -> list[tuple[int, str, str, int, str]]:
    """Return the row ids and sort keys of the next judged leads, in key order."""
    return tx.execute(
        """
        SELECT id, crm, kind, id_number, crm_id FROM object CROSS JOIN lead_state ON lead_state.lead = object.id
        WHERE (crm, kind, id_number, crm_id) > (?, ?, ?, ?) ORDER BY crm, kind, id_number, crm_id LIMIT ?
        """,
        (*after, _CHUNK),
    ).fetchall()


def _standing_rows(tx: sqlite3.Connection, leads: Iterable[int]) -> dict[int, list[tuple[Any, ...]]]:
    """Return the standing findings by lead, each lead's in order."""
    columns = ", ".join(f"version.{column}" for column in VERSION_COLUMNS.split(", "))
    rows = tx.execute(
        f"""
        SELECT finding.lead, object.crm || '/' || object.kind || '/' || object.crm_id,
            finding.late_by_s, finding.elapsed, finding.message, {columns}
        FROM finding JOIN finding_version AS version ON version.id = finding.version JOIN object ON object.id = finding.lead
        WHERE finding.lead IN (SELECT value FROM json_each(?)) AND finding.withdrawn = 0
        ORDER BY version.rule, version.started_at, version.key
        """,
        (as_json(leads),),
    )
    found: dict[int, list[tuple[Any, ...]]] = {}
    for lead, *row in rows:
        found.setdefault(lead, []).append(tuple(row))
    return found
