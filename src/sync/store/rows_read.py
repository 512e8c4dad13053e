"""Read leads back from the mirror: streamed in key order, as they stand or as they stood."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from connectors.records import RecordKey, Vocabulary
from sync.rows import LeadRows
from sync.store.alike import AlikeCounts
from sync.store.database import Database
from sync.store.dirty import leads_to_judge
from sync.store.keys import id_number, key_order
from sync.store.lead_chunk import Asked, people_after, people_named, people_with, read_chunk
from sync.store.moments import FOR_EVER, to_ms

_CHUNK = 300  # leads read with one handful of statements; bounds memory, not the answer


class LeadReader:
    """Reads leads from the mirror tables. Today each person record is a lead of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def leads(
        self, words: Vocabulary, *, upto: datetime | None, bulk_within: timedelta, keys: Iterable[str] | None = None
    ) -> Iterator[LeadRows]:
        """Yield the leads of one CRM by key: ids that are numbers first, by number, then the others as text.

        With `upto` as they were known at that moment, inclusive: what was created, logged, changed or
        linked later is left out, and fields with history have the value they had. `alike` counts within
        spans of `bulk_within`. With `keys` only those leads; unknown keys are passed over. No
        transaction is open while a lead is out, so each chunk is read as the store then stands.
        """
        upto_ms = FOR_EVER if upto is None else to_ms(upto)
        alike = AlikeCounts(within=bulk_within // timedelta(milliseconds=1), upto=upto_ms)
        asked = Asked(words=words, upto=upto_ms, alike=alike)
        return self._every_lead(asked) if keys is None else self._named_leads(asked, keys)

    def changed(self, words: Vocabulary, *, now: datetime, bulk_within: timedelta) -> Iterator[LeadRows]:
        """Yield the leads of one CRM that must be judged again at `now`, by key, as they were known then; see `Dirty`.

        Which these are is decided at the first; each chunk is read as the store then stands.
        """
        upto_ms = to_ms(now)
        asked = Asked(words=words, upto=upto_ms, alike=AlikeCounts(within=bulk_within // timedelta(milliseconds=1), upto=upto_ms))
        with self._database.snapshot() as tx:
            ids = leads_to_judge(tx, words, upto_ms)
        for first in range(0, len(ids), _CHUNK):
            with self._database.snapshot() as tx:
                chunk = read_chunk(tx, asked, people_with(tx, asked, ids[first : first + _CHUNK]))
            yield from chunk

    def find(self, words: Vocabulary, text: str, *, upto: datetime | None = None) -> tuple[str, ...]:
        """Return the keys of the leads that a record key, an id or an e-mail address (in any case) names.

        A record that was merged away, by `upto` if that is given, names its survivor.
        """
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                WITH RECURSIVE named (id) AS (
                    SELECT object.id FROM object JOIN record ON record.id = object.id
                    WHERE object.crm = :crm AND object.kind = :kind AND (
                        object.crm_id = :text OR object.crm || '/' || object.kind || '/' || object.crm_id = :text
                        OR lower(record.field_values ->> ('$."' || :email || '"')) = lower(:text)
                    )
                    UNION SELECT record.merged_into FROM named JOIN record ON record.id = named.id AND record.gone_at <= :upto
                        WHERE record.merged_into IS NOT NULL
                )
                SELECT object.crm || '/' || object.kind || '/' || object.crm_id
                FROM named JOIN object ON object.id = named.id JOIN record ON record.id = named.id
                WHERE (record.merged_into IS NULL OR record.gone_at > :upto) AND record.erased_at IS NULL
                ORDER BY object.id_number, object.crm_id
                """,
                {
                    "crm": words.crm,
                    "kind": words.person,
                    "email": words.email,
                    "text": text.strip(),
                    "upto": FOR_EVER if upto is None else to_ms(upto),
                },
            ).fetchall()
        return tuple(key for (key,) in rows)

    def count_leads(self, words: Vocabulary) -> int:
        """Count the leads of one CRM that are not gone."""
        with self._database.snapshot() as tx:
            (count,) = tx.execute(
                """
                SELECT count(*) FROM object JOIN record ON record.id = object.id
                WHERE object.crm = ? AND object.kind = ? AND record.gone_at IS NULL
                """,
                (words.crm, words.person),
            ).fetchone()
        return int(count)

    def _every_lead(self, asked: Asked) -> Iterator[LeadRows]:
        after = (-1, "")
        while True:
            with self._database.snapshot() as tx:
                people = people_after(tx, asked, after, limit=_CHUNK)
                chunk = read_chunk(tx, asked, people)
            if not people:
                return
            yield from chunk
            last = people[-1].key.id
            after = (id_number(last), last)

    def _named_leads(self, asked: Asked, keys: Iterable[str]) -> Iterator[LeadRows]:
        words = asked.words
        ours = (key for key in map(RecordKey.parse, set(keys)) if (key.crm, key.kind) == (words.crm, words.person))
        in_order = iter(sorted(ours, key=key_order))
        while wanted := list(islice(in_order, _CHUNK)):
            with self._database.snapshot() as tx:
                chunk = read_chunk(tx, asked, people_named(tx, asked, wanted))
            yield from chunk
