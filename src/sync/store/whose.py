"""Whose records are: accounts by their domain, and leads that came to another owner."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from connectors.records import RecordKey, Vocabulary
from sync.store.database import Database
from sync.store.keys import as_json
from sync.store.moments import from_ms, to_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """An owner that leadpact was about to write."""

    record: str  # its key
    owner: str
    at: datetime


class Whose:
    """Reads owners from the mirror, and from the journal what of them leadpact wrote."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accounts(self, words: Vocabulary) -> Iterator[tuple[str, str, RecordKey]]:
        """Yield (what stands in the field of the domain, owner id, key) of each company of a CRM that has both, by key."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT field_values ->> :domain AS domain, field_values ->> :owner AS owner, crm_id
                FROM object CROSS JOIN record USING (id)
                WHERE crm = :crm AND kind = :kind AND gone_at IS NULL AND domain <> '' AND owner <> '' ORDER BY id_number, crm_id
                """,
                {"crm": words.crm, "kind": words.company, "domain": f'$."{words.company_domain}"', "owner": f'$."{words.owner}"'},
            ).fetchall()
        yield from ((domain, owner, RecordKey(words.crm, words.company, id_)) for domain, owner, id_ in rows)

    def passed_on(self, words: Vocabulary, owners: Collection[str], *, since: datetime, seen_since: datetime) -> list[str]:
        """Return the keys of the persons who came to one of `owners` at or after `since`, of whom that was heard after `seen_since`."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT DISTINCT crm || '/' || kind || '/' || crm_id FROM field_change AS change JOIN object ON object.id = change.record
                WHERE change.seen_at > :seen AND change.at >= :since AND change.field = :field AND crm = :crm
                    AND kind IN (SELECT value FROM json_each(:kinds)) AND change.value IN (SELECT value FROM json_each(:owners))
                """,
                {
                    **{"seen": to_ms(seen_since), "since": to_ms(since), "field": words.owner, "crm": words.crm},
                    **{"kinds": as_json(words.persons), "owners": as_json(sorted(owners))},
                },
            )
            return sorted(key for (key,) in rows)

    def intents(self, words: Vocabulary, *, since: datetime) -> list[Intent]:
        """Return the owners that leadpact was about to write to records of a CRM since then, whatever became of it."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT crm || '/' || kind || '/' || crm_id, journal.after ->> :field AS owner, journal.at
                FROM journal JOIN plan_step AS step USING (plan, position) JOIN object ON object.id = step.record
                WHERE journal.event = 'intended' AND journal.at >= :since AND crm = :crm AND owner IS NOT NULL
                """,
                {"field": f'$."{words.owner}"', "since": to_ms(since), "crm": words.crm},
            )
            return [Intent(record=record, owner=owner, at=from_ms(at)) for record, owner, at in rows]
