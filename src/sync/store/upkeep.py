"""Keeps a store small, copied, and free of those who must not be kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from connectors.records import Vocabulary
from sync.store.database import Database
from sync.store.erase import erase_rows
from sync.store.integrity import refuse_if_damaged
from sync.store.keys import as_json
from sync.store.moments import to_ms
from sync.store.nightly_backup import back_up_nightly

ERASED_AT_ONCE = 200  # persons whose rows go in one transaction
GIVEN_BACK_AT_ONCE = 2_000  # free pages that leave the file in one transaction
PAYS_FROM = 0.1  # share of the file that is free


class Upkeep:
    """What is done to the store at night, each in slices that let other writers pass."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def refuse_if_damaged(self) -> None:
        """Look through the whole store; StoreCorrupt if it is damaged."""
        refuse_if_damaged(self._database.path)

    def erase_deleted(self, vocabularies: Iterable[Vocabulary], *, before: datetime, now: datetime) -> int:
        """Erase the persons whom their CRM deleted before a moment; return how many records. Who is shown again comes back."""
        return sum(self._erase_deleted(words, to_ms(before), to_ms(now)) for words in vocabularies)

    def _erase_deleted(self, words: Vocabulary, before: int, now: int) -> int:
        erased = 0
        given = {"crm": words.crm, "kinds": as_json(words.persons), "before": before, "most": ERASED_AT_ONCE}
        while True:
            with self._database.transaction() as tx:
                ids = [id_ for (id_,) in tx.execute(_DELETED, given)]
                erased += erase_rows(tx, ids, at=now)
            if not ids:
                return erased

    def scrub(self) -> None:
        """Take the bytes of what was erased out of the store and its backups, if something was."""
        self._database.scrub_if_due()

    def shrink(self) -> int:
        """Give free pages back to the disk where that pays; return how many bytes. A store of an older version gives none back."""
        given_back = 0
        while pages := self._database.give_back(GIVEN_BACK_AT_ONCE, pays_from=PAYS_FROM if not given_back else 0.0):
            given_back += pages
        return given_back

    def back_up(self, *, at: datetime, keep: int) -> Path:
        """Copy the store; see `back_up_nightly`."""
        return back_up_nightly(self._database.path, at=at, keep=keep)


_DELETED = """
    SELECT record.id FROM record JOIN object ON object.id = record.id
    WHERE record.gone_at < :before AND record.merged_into IS NULL AND record.erased_at IS NULL
        AND object.crm = :crm AND object.kind IN (SELECT value FROM json_each(:kinds)) ORDER BY record.id LIMIT :most
"""
