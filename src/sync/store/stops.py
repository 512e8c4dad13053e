"""What people paused or set down to observe, and what they resumed. Append-only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sync.stops import Scope, Stop, StopKind, Target
from sync.store.database import Database
from sync.store.moments import from_ms, from_ms_if_known, to_ms, to_ms_if_known


class Stops:
    """The tables of stops; their times are this machine's, and so are the moments that are asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def active(self, now: datetime) -> tuple[Stop, ...]:
        """Return what is stopped at `now`, the oldest first; exactly at its end a pause is over."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT stop.id, kind, scope, name, stop.at, until, stop.who, stop.why
                FROM stop LEFT JOIN resumed ON resumed.stop = stop.id
                WHERE stop.at <= :now AND (until IS NULL OR until > :now) AND (resumed.at IS NULL OR resumed.at > :now) ORDER BY stop.id
                """,
                {"now": to_ms(now)},
            ).fetchall()
        return tuple(
            Stop(
                number=number,
                kind=StopKind(kind),
                target=Target(scope=Scope(scope), name=name),
                since=from_ms(at),
                until=from_ms_if_known(until),
                who=who,
                why=why,
            )
            for number, kind, scope, name, at, until, who, why in rows
        )

    def add(self, kind: StopKind, targets: Sequence[Target], *, now: datetime, until: datetime | None, who: str, why: str) -> None:
        """Note that somebody stops something from now on, all of it or nothing."""
        with self._database.transaction() as tx:
            tx.executemany(
                "INSERT INTO stop (kind, scope, name, at, until, who, why) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(kind, target.scope, target.name, to_ms(now), to_ms_if_known(until), who, why) for target in targets],
            )

    def resume(self, stops: Sequence[Stop], *, now: datetime, who: str, why: str) -> None:
        """Note that somebody ends stops before their time; what was ended already stays as it was."""
        with self._database.transaction() as tx:
            tx.executemany(
                "INSERT INTO resumed (stop, at, who, why) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [(stop.number, to_ms(now), who, why) for stop in stops],
            )
