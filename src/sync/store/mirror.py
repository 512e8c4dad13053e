"""The mirror of the CRMs: what pages say, saved with their cursors. `rows_read` reads leads back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from connectors.records import FieldDefinition, Option, Owner, Page, Team, Vocabulary
from sync.store.database import Database
from sync.store.errors import AccountMismatch
from sync.store.live import Difference, Surplus, compare, count_live, created_since
from sync.store.moments import FOR_EVER, from_ms, from_ms_if_known, to_ms, to_ms_if_known
from sync.store.save_page import save_page


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """How far one stream was read."""

    upto: datetime | None  # server time at which the last complete reading began; None before the first
    total: int | None  # live rows the CRM last said it holds
    error: str | None  # why the last reading failed; None once one is complete again


class Mirror:
    """The mirror tables, written page by page and kept per CRM."""

    def __init__(self, database: Database, vocabularies: Mapping[str, Vocabulary]) -> None:
        """Keep the mirror in `database`; `vocabularies` tell per CRM which of its records are leads."""
        self._database = database
        self._vocabularies = vocabularies

    def bind_account(self, crm: str, account_id: str, *, pages: Mapping[str, str] | None = None) -> None:
        """Make this the store of that account, whose records people open at `pages`; AccountMismatch if it is already another's."""
        with self._database.transaction() as tx:
            tx.execute("INSERT INTO account (crm, account_id) VALUES (?, ?) ON CONFLICT DO NOTHING", (crm, account_id))
            (bound,) = tx.execute("SELECT account_id FROM account WHERE crm = ?", (crm,)).fetchone()
            if bound != account_id:
                raise AccountMismatch(crm=crm, bound=bound, given=account_id)
            if pages is not None:
                tx.execute("UPDATE account SET pages = ? WHERE crm = ?", (orjson.dumps(dict(pages)).decode(), crm))

    def record_pages(self) -> dict[str, Mapping[str, str]]:
        """Return where people open the records of each account, by kind: the id follows."""
        with self._database.snapshot() as tx:
            rows = tx.execute("SELECT crm, pages FROM account WHERE pages IS NOT NULL").fetchall()
        return {crm: orjson.loads(pages) for crm, pages in rows}

    def account_ids(self) -> dict[str, str]:
        """Return which account of each CRM this is the store of."""
        with self._database.snapshot() as tx:
            return dict(tx.execute("SELECT crm, account_id FROM account ORDER BY crm").fetchall())

    def cursor(self, crm: str, stream: str) -> str | None:
        """Return the cursor of the last page saved; None before the first."""
        with self._database.snapshot() as tx:
            row = tx.execute("SELECT cursor FROM stream WHERE crm = ? AND name = ?", (crm, stream)).fetchone()
        return row[0] if row else None

    def save_page(self, crm: str, page: Page, *, seen_at: datetime) -> None:
        """Save the rows of `page` and its cursor, if it has one, together or not at all.

        Pages may overlap and come twice: what is known already is left as it stands, `seen_at` included.
        A value that no history explains is kept as *observed*: after it was last seen otherwise (else
        after the record was created) and not after `seen_at`. Links of the first reading of a stream,
        and of rows seen for the first time, count as old as their rows; later ones from `seen_at` on.
        The leads that the page changes are marked to be judged again.

        Of a person that the page says is `erased` nothing is kept; once `scrub_if_due` has run, the files hold nothing of it
        either. A company, deal or activity that was erased is gone.
        """
        with self._database.transaction() as tx:
            save_page(tx, crm, page, words=self._vocabularies.get(crm), seen_at=to_ms(seen_at))

    def note_failure(self, crm: str, stream: str, message: str, *, at: datetime) -> None:
        """Note why a stream could not be read; it stands until the stream is complete again."""
        with self._database.transaction() as tx:
            tx.execute(
                """
                INSERT INTO stream (crm, name, error, error_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (crm, name) DO UPDATE SET error = excluded.error, error_at = excluded.error_at
                """,
                (crm, stream, message, to_ms(at)),
            )

    def streams(self, crm: str) -> dict[str, StreamState]:
        """Return every stream that was ever begun, by name."""
        with self._database.snapshot() as tx:
            rows = tx.execute("SELECT name, upto, total, error FROM stream WHERE crm = ? ORDER BY name", (crm,)).fetchall()
        return {name: StreamState(upto=from_ms_if_known(upto), total=total, error=error) for name, upto, total, error in rows}

    def scrub_if_due(self) -> None:
        """Take the bytes of what was erased out of the store's files, if something was; takes as long as copying the store."""
        self._database.scrub_if_due()

    def live(self, crm: str, kind: str) -> int:
        """Count the records or activities of a kind that are neither gone, merged away nor erased; costs the same for any number."""
        with self._database.snapshot() as tx:
            return count_live(tx, crm, kind)

    def created_since(self, crm: str, kind: str, since: datetime) -> list[str]:
        """Return the ids of the live rows of a kind that were made (or logged) in the CRM at or after `since`; reads every row."""
        with self._database.snapshot() as tx:
            return created_since(tx, crm, kind, to_ms(since))

    def surplus(self, crm: str, stream: str) -> Surplus:
        """Return by how many rows more than the CRM counts there were when every id of a stream was compared, and between which moments."""
        with self._database.snapshot() as tx:
            row = tx.execute(
                "SELECT difference, differs_since, differs_upto FROM stream WHERE crm = ? AND name = ?", (crm, stream)
            ).fetchone()
        rows, since, upto = row or (0, None, None)
        return Surplus(rows=rows, since=from_ms_if_known(since), upto=from_ms_if_known(upto))

    def note_surplus(self, crm: str, stream: str, surplus: Surplus) -> None:
        """Note what `surplus` will return."""
        told = (surplus.rows, to_ms_if_known(surplus.since), to_ms_if_known(surplus.upto), crm, stream)
        with self._database.transaction() as tx:
            tx.execute("UPDATE stream SET difference = ?, differs_since = ?, differs_upto = ? WHERE crm = ? AND name = ?", told)

    def gone_persons(self, crm: str) -> frozenset[str]:
        """Return the ids of the persons who are gone, but neither merged away nor erased."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT crm_id FROM record JOIN object ON object.id = record.id
                WHERE gone_at IS NOT NULL AND merged_into IS NULL AND erased_at IS NULL AND crm = ? AND kind = ?
                """,
                (crm, self._vocabularies[crm].person),
            )
            return frozenset(id_ for (id_,) in rows)

    def not_among(self, crm: str, kind: str, ids: Iterable[str]) -> Difference:
        """Compare the live rows of a kind with the ids that the CRM lists; see `live.compare`."""
        return compare(self._database, crm, kind, ids)

    def owners(self, crm: str) -> tuple[Owner, ...]:
        """Return all owners, inactive ones and queues too, by id."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                "SELECT crm, crm_id, user_id, email, name, is_queue, active, teams, manager FROM owner WHERE crm = ? ORDER BY crm_id",
                (crm,),
            ).fetchall()
        return tuple(_owner(row) for row in rows)

    def owners_gone(self, crm: str, *, upto: datetime | None = None) -> dict[str, tuple[datetime | None, datetime]]:
        """Return the owners who are not active, with the moments between which they went.

        The first is when they were last seen active (None: never), the second when they were first seen not to be. With `upto`
        as it was known then: who was first seen gone later counts as active.
        """
        with self._database.snapshot() as tx:
            rows = tx.execute(
                "SELECT crm_id, gone_after, gone_by FROM owner WHERE crm = ? AND gone_by <= ? ORDER BY crm_id",
                (crm, FOR_EVER if upto is None else to_ms(upto)),
            ).fetchall()
        return {id_: (from_ms_if_known(after), from_ms(by)) for id_, after, by in rows}

    def teams(self, crm: str) -> tuple[Team, ...]:
        """Return all teams, by id."""
        with self._database.snapshot() as tx:
            rows = tx.execute("SELECT crm_id, name FROM team WHERE crm = ? ORDER BY crm_id", (crm,)).fetchall()
        return tuple(Team(crm=crm, id=id_, name=name) for id_, name in rows)

    def definitions(self, crm: str) -> tuple[FieldDefinition, ...]:
        """Return all field definitions, by kind and name."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                "SELECT crm, kind, name, label, type, options, read_only, tracked FROM definition WHERE crm = ? ORDER BY kind, name", (crm,)
            ).fetchall()
        return tuple(_definition(row) for row in rows)


def _owner(row: Sequence[Any]) -> Owner:
    crm, id_, user_id, email, name, is_queue, active, teams, manager = row
    return Owner(
        crm=crm,
        id=id_,
        user_id=user_id,
        email=email,
        name=name,
        is_queue=bool(is_queue),
        active=bool(active),
        teams=tuple(orjson.loads(teams)),
        manager=manager,
    )


def _definition(row: Sequence[Any]) -> FieldDefinition:
    crm, kind, name, label, type_, options, read_only, tracked = row
    return FieldDefinition(
        crm=crm,
        kind=kind,
        name=name,
        label=label,
        type=type_,
        options=tuple(Option(**option) for option in orjson.loads(options)),
        read_only=bool(read_only),
        tracked=bool(tracked),
    )
