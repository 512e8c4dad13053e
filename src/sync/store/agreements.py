"""Every version of the agreement that was ever judged by, with its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from sync.store.database import Database
from sync.store.moments import from_ms, from_ms_if_known, to_ms, to_ms_if_known


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementVersion:
    """One version of the agreement's text; signatures are no part of its hash."""

    hash: str
    text: str  # the file as it was read
    effective: datetime | None
    expires: datetime | None
    signed_sides: tuple[str, ...]  # sorted
    seen_at: datetime  # when we first read this hash


class Agreements:
    """The table of agreement versions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, version: AgreementVersion) -> bool:
        """Keep a version, once per hash; return whether that told anything new.

        A signature that came later, or a comment, replaces the text of its hash and leaves `seen_at`.
        """
        sides = orjson.dumps(sorted(version.signed_sides)).decode()
        with self._database.transaction() as tx:
            done = tx.execute(
                """
                INSERT INTO agreement_version (hash, text, effective, expires, signed_sides, seen_at) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (hash) DO UPDATE SET
                    text = excluded.text, effective = excluded.effective, expires = excluded.expires, signed_sides = excluded.signed_sides
                WHERE (text, signed_sides) <> (excluded.text, excluded.signed_sides)
                """,
                (
                    version.hash,
                    version.text,
                    to_ms_if_known(version.effective),
                    to_ms_if_known(version.expires),
                    sides,
                    to_ms(version.seen_at),
                ),
            )
        return done.rowcount > 0

    def versions(self) -> tuple[AgreementVersion, ...]:
        """Return all versions, in the order in which they were first seen."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                "SELECT hash, text, effective, expires, signed_sides, seen_at FROM agreement_version ORDER BY seen_at, hash"
            ).fetchall()
        return tuple(_version(row) for row in rows)


def _version(row: Sequence[Any]) -> AgreementVersion:
    hash_, text, effective, expires, signed_sides, seen_at = row
    return AgreementVersion(
        hash=hash_,
        text=text,
        effective=from_ms_if_known(effective),
        expires=from_ms_if_known(expires),
        signed_sides=tuple(orjson.loads(signed_sides)),
        seen_at=from_ms(seen_at),
    )
