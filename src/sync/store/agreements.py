"""Every version of the agreement that was ever judged by, with its text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from sync.agreement.versions import Version
from sync.store.database import Database
from sync.store.moments import from_ms, from_ms_if_known, to_ms, to_ms_if_known


class Agreements:
    """The table of agreement versions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, version: Version) -> bool:
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
                    to_ms(version.effective),
                    to_ms_if_known(version.expires_at),
                    sides,
                    to_ms(version.seen_at),
                ),
            )
        return done.rowcount > 0

    def versions(self) -> tuple[Version, ...]:
        """Return all versions, in the order in which they were first seen."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                "SELECT hash, text, effective, expires, signed_sides, seen_at FROM agreement_version ORDER BY seen_at, hash"
            ).fetchall()
        return tuple(_version(row) for row in rows)


def _version(row: Sequence[Any]) -> Version:
    hash_, text, effective, expires, signed_sides, seen_at = row
    return Version(
        hash=hash_,
        text=text,
        effective=from_ms(effective),
        expires_at=from_ms_if_known(expires),
        signed_sides=frozenset(orjson.loads(signed_sides)),
        seen_at=from_ms(seen_at),
    )
