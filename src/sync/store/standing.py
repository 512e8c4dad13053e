"""What a reconciliation compares with a CRM: the persons of open leads, values and links as they are held, and writes that stood."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from connectors.records import Link, RecordKey
from sync.drift import Held
from sync.store.database import Database
from sync.store.keys import as_json, id_number, known_ids
from sync.store.moments import from_ms, to_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """A field of a record that leadpact wrote, and that was seen to stand."""

    record: RecordKey
    field: str
    before: str | None
    after: str | None
    at: datetime  # when it was noted, before it was written


class Standing:
    """Reads the mirror and the journal."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_persons(self, crm: str, *, after: RecordKey | None, most: int) -> tuple[RecordKey, ...]:
        """Return persons of leads with a promise that is still owed, behind `after`, by kind and id."""
        place = (after.kind, id_number(after.id), after.id) if after is not None else ("", -1, "")
        with self._database.snapshot() as tx:
            rows = tx.execute(_OPEN_PERSONS, (crm, *place, most)).fetchall()
        return tuple(RecordKey(crm, kind, id_) for kind, id_ in rows)

    def count_open_persons(self, crm: str) -> int:
        """Count all that `open_persons` would return."""
        with self._database.snapshot() as tx:
            return len(tx.execute(_OPEN_PERSONS, (crm, "", -1, "", -1)).fetchall())

    def held(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Held]:
        """Return how records and activities are held; those that never were are missing."""
        with self._database.snapshot() as tx:
            by_row = {id_: key for key, id_ in known_ids(tx, keys).items()}
            rows = tx.execute(
                """
                SELECT id, changed_at, gone_at IS NULL, field_values FROM record WHERE id IN (SELECT value FROM json_each(:ids))
                UNION ALL SELECT id, changed_at, gone_at IS NULL, '{}' FROM activity WHERE id IN (SELECT value FROM json_each(:ids))
                """,
                {"ids": as_json(by_row)},
            ).fetchall()
        return {
            by_row[id_]: Held(changed_at=from_ms(changed_at), is_live=bool(is_live), values=orjson.loads(values))
            for id_, changed_at, is_live, values in rows
        }

    def unlinked(self, links: Sequence[Link]) -> list[Link]:
        """Return those of `links` that are not held as open between two records, or that name one never held."""
        with self._database.snapshot() as tx:
            ids = known_ids(tx, (key for link in links for key in (link.left, link.right)))
            pairs = {link: sorted((ids.get(link.left, -1), ids.get(link.right, -1))) for link in links}
            rows = tx.execute(
                """
                SELECT low, high FROM association WHERE unlinked_at IS NULL
                    AND low IN (SELECT value ->> 0 FROM json_each(:pairs)) AND (low, high) IN (
                        SELECT value ->> 0, value ->> 1 FROM json_each(:pairs)
                    )
                """,
                {"pairs": as_json(pairs.values())},
            )
            held = {tuple(row) for row in rows}
        return [link for link, pair in pairs.items() if tuple(pair) not in held]

    def stood(self, crm: str, *, since: datetime) -> list[Stood]:
        """Return the newest write of each field of each record of a CRM since a moment, where it was seen to stand, by record."""
        with self._database.snapshot() as tx:
            rows = tx.execute(_WRITTEN, {"crm": crm, "since": to_ms(since)}).fetchall()
        newest = {}
        for kind, id_, field, before, after, at, newest_event in rows:
            record = RecordKey(crm, kind, id_)
            one = Stood(record=record, field=field, before=orjson.loads(before or "{}").get(field), after=after, at=from_ms(at))
            newest[record, field] = one if newest_event in ("verified", "stands") else None
        return sorted((one for one in newest.values() if one is not None), key=lambda one: (one.record, one.field))


_OPEN_PERSONS = """
    WITH open (lead) AS (
        SELECT DISTINCT finding.lead FROM finding JOIN finding_version AS version ON version.id = finding.version
        WHERE finding.withdrawn = 0 AND (
            version.status IN ('running', 'at_risk') OR (version.status = 'breached' AND version.settled_at IS NULL)
        ) AND version.cycle_closed_at IS NULL
    ), person (id) AS (
        SELECT lead FROM open UNION SELECT member.person FROM open JOIN member USING (lead) WHERE member.unlinked_at IS NULL
    )
    SELECT object.kind, object.crm_id FROM person JOIN object ON object.id = person.id JOIN record ON record.id = person.id
    WHERE object.crm = ? AND record.gone_at IS NULL AND (object.kind, object.id_number, object.crm_id) > (?, ?, ?)
    ORDER BY object.kind, object.id_number, object.crm_id LIMIT ?
"""

_WRITTEN = """
    SELECT record.kind, record.crm_id, field.key, journal.before, field.value, journal.at, (
        SELECT later.event FROM journal AS later
        WHERE (later.plan, later.position, later.part) = (journal.plan, journal.position, journal.part) ORDER BY later.id DESC LIMIT 1
    )
    FROM journal JOIN plan_step AS step USING (plan, position) JOIN object AS record ON record.id = step.record,
        json_each(journal.after) AS field
    WHERE journal.event = 'intended' AND journal.at >= :since AND journal.record IS NULL AND step.field_writes <> '[]'
        AND record.crm = :crm
    ORDER BY journal.id
"""
