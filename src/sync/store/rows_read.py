"""Read leads back from the mirror: streamed in key order, as they stand or as they stood."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from connectors.records import RecordKey, Vocabulary
from sync.rows import LeadRows
from sync.store.alike import AlikeCounts
from sync.store.database import Database
from sync.store.dirty import leads_to_judge
from sync.store.keys import as_json, id_number
from sync.store.lead_chunk import Asked, Kind, Kinds, people_after, people_named, people_of, people_with, read_chunk
from sync.store.live import count_live
from sync.store.moments import FOR_EVER, to_ms

_CHUNK = 300  # leads read with one handful of statements; bounds memory, not the answer


class LeadReader:
    """Reads leads from the mirror tables: each a person's record, with those that `link` found to be the same person."""

    def __init__(self, database: Database, vocabularies: Iterable[Vocabulary]) -> None:
        """Read leads from `database`; the vocabulary of the marketing CRM, whose records name leads first, comes first."""
        self._database = database
        self._vocabularies = tuple(vocabularies)
        self._kinds = Kinds.of(self._vocabularies)

    def leads(self, *, upto: datetime | None, bulk_within: timedelta, keys: Iterable[str] | None = None) -> Iterator[LeadRows]:
        """Yield the leads by kind of their first record and its id: ids that are numbers first, by number, then the others as text.

        With `upto` as they were known at that moment, inclusive: what was created, logged, changed or
        linked later is left out, and fields with history have the value they had. `alike` counts within
        spans of `bulk_within`. With `keys` only the leads of those records; unknown keys are passed over. No
        transaction is open while a lead is out, so each chunk is read as the store then stands.
        """
        asked = self._asked(FOR_EVER if upto is None else to_ms(upto), bulk_within)
        return self._every_lead(asked) if keys is None else self._named_leads(asked, keys)

    def changed(self, *, now: datetime, bulk_within: timedelta, also: Iterable[int] = ()) -> Iterator[LeadRows]:
        """Yield the leads that must be judged again at `now`, and those of the rows `also`, in order, as they were known then; see `Dirty`.

        Which these are is decided at the first; each chunk is read as the store then stands.
        """
        asked = self._asked(to_ms(now), bulk_within)
        with self._database.snapshot() as tx:
            ids = leads_to_judge(tx, self._kinds, asked.upto, also=also)
        for first in range(0, len(ids), _CHUNK):
            with self._database.snapshot() as tx:
                chunk = read_chunk(tx, asked, people_with(tx, asked, ids[first : first + _CHUNK]))
            yield from chunk

    def persons(self, keys: Iterable[str]) -> tuple[RecordKey, ...]:
        """Return the persons of the leads of those records, by lead, as they stand; unknown keys are passed over."""
        asked = self._asked(FOR_EVER, timedelta(0))
        with self._database.snapshot() as tx:
            return tuple(people_of(tx, asked, people_named(tx, asked, self._persons_among(keys))))

    def find(self, text: str, *, upto: datetime | None = None) -> tuple[str, ...]:
        """Return the keys of the leads that a record key, an id or an e-mail address (in any case) names.

        A record that was merged away, by `upto` if that is given, names its survivor; one that belongs to a lead names that.
        """
        moment = FOR_EVER if upto is None else to_ms(upto)
        asked = self._asked(moment, timedelta(0))
        with self._database.snapshot() as tx:
            ids = {id_ for words in self._vocabularies for id_ in _named(tx, words, text.strip(), moment)}
            return tuple(str(held.key) for held in people_with(tx, asked, ids))

    def owned_by(self, words: Vocabulary, owners: Collection[str]) -> tuple[str, ...]:
        """Return the keys of the leads of which a record in this CRM, live, has one of `owners`."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT record.id FROM object JOIN record ON record.id = object.id
                WHERE object.crm = :crm AND object.kind IN (SELECT value FROM json_each(:kinds))
                    AND record.field_values ->> ('$."' || :field || '"') IN (SELECT value FROM json_each(:owners))
                    AND record.gone_at IS NULL AND record.merged_into IS NULL AND record.erased_at IS NULL
                """,
                {"crm": words.crm, "kinds": as_json(words.persons), "field": words.owner, "owners": as_json(owners)},
            ).fetchall()
            return tuple(str(held.key) for held in people_with(tx, self._asked(FOR_EVER, timedelta(0)), [id_ for (id_,) in rows]))

    def count_persons(self, words: Vocabulary) -> int:
        """Count the persons' records of one CRM that are not gone."""
        with self._database.snapshot() as tx:
            return sum(count_live(tx, words.crm, kind) for kind in words.persons)

    def count_leads(self) -> int:
        """Count the leads that are not gone: persons' records, but one for all those of a lead."""
        with self._database.snapshot() as tx:
            members, leads = tx.execute(
                """
                SELECT count(*), count(DISTINCT iif(first.gone_at IS NULL, NULL, first.id))
                FROM member JOIN record ON record.id = member.person JOIN record AS first ON first.id = member.lead
                WHERE member.unlinked_at IS NULL AND record.gone_at IS NULL
                """
            ).fetchone()
        return sum(self.count_persons(words) for words in self._vocabularies) - int(members) + int(leads)

    def _asked(self, upto: int, bulk_within: timedelta) -> Asked:
        return Asked(kinds=self._kinds, upto=upto, alike=AlikeCounts(within=bulk_within // timedelta(milliseconds=1), upto=upto))

    def _every_lead(self, asked: Asked) -> Iterator[LeadRows]:
        for kind in self._kinds.persons:
            yield from self._of_kind(asked, kind)

    def _of_kind(self, asked: Asked, kind: Kind) -> Iterator[LeadRows]:
        after = (-1, "")
        while True:
            with self._database.snapshot() as tx:
                people = people_after(tx, asked, kind, after, limit=_CHUNK)
                chunk = read_chunk(tx, asked, people)
            if not people:
                return
            yield from chunk
            last = people[-1].key.id
            after = (id_number(last), last)

    def _named_leads(self, asked: Asked, keys: Iterable[str]) -> Iterator[LeadRows]:
        in_order = iter(sorted(self._persons_among(keys), key=self._kinds.order))
        told: set[str] = set()
        while wanted := list(islice(in_order, _CHUNK)):
            with self._database.snapshot() as tx:
                chunk = [lead for lead in read_chunk(tx, asked, people_named(tx, asked, wanted)) if lead.lead not in told]
            told |= {lead.lead for lead in chunk}
            yield from chunk

    def _persons_among(self, keys: Iterable[str]) -> list[RecordKey]:
        return [key for key in map(RecordKey.parse, set(keys)) if (key.crm, key.kind) in self._kinds.persons]


def _named(tx: sqlite3.Connection, words: Vocabulary, text: str, upto: int) -> list[int]:
    """Return the row ids of the persons of one CRM whom `text` names; survivors for those who were merged away by `upto` (ms)."""
    rows = tx.execute(
        """
        WITH RECURSIVE named (id) AS (
            SELECT object.id FROM object JOIN record ON record.id = object.id
            WHERE object.crm = :crm AND object.kind IN (SELECT value FROM json_each(:kinds)) AND (
                object.crm_id = :text OR object.crm || '/' || object.kind || '/' || object.crm_id = :text
                OR lower(record.field_values ->> ('$."' || :email || '"')) = lower(:text)
            )
            UNION SELECT record.merged_into FROM named JOIN record ON record.id = named.id AND record.gone_at <= :upto
                WHERE record.merged_into IS NOT NULL
        )
        SELECT named.id FROM named JOIN record ON record.id = named.id
        WHERE (record.merged_into IS NULL OR record.gone_at > :upto) AND record.erased_at IS NULL
        """,
        {"crm": words.crm, "kinds": as_json(words.persons), "email": words.email, "text": text, "upto": upto},
    )
    return [id_ for (id_,) in rows]
