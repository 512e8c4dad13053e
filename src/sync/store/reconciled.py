"""How far each part of a reconciliation came, so that one that was killed is gone on with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson

from connectors.records import RecordKey
from sync.drift import Sort
from sync.store.database import Database
from sync.store.moments import from_ms, to_ms
from sync.store.runs import run_row_id

State = Literal["begun", "done", "left out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a reconciliation with one CRM."""

    crm: str
    name: str  # a stream, or what else is compared
    state: State
    rows: int = 0  # that were compared
    drift: tuple[Sort, ...] = ()
    upto: RecordKey | None = None  # the last record that was looked at
    why: str = ""  # it was left out

    def as_json(self) -> dict[str, object]:
        """Return it as it is kept with the run and told."""
        return {
            "crm": self.crm,
            "part": self.name,
            "state": self.state,
            "rows": self.rows,
            "drift": [one.as_json() for one in self.drift],
            "why": self.why,
        }


class Parts:
    """The table of parts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, run_id: str, part: Part, *, at: datetime) -> None:
        """Note how far a part is. KeyError if there is no such run."""
        found = orjson.dumps({"rows": part.rows, "drift": [one.as_json() for one in part.drift], "why": part.why}).decode()
        with self._database.transaction() as tx:
            tx.execute(
                "INSERT OR REPLACE INTO reconciled (run, crm, part, at, state, upto, found) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    run_row_id(tx, run_id),
                    part.crm,
                    part.name,
                    to_ms(at),
                    part.state,
                    str(part.upto) if part.upto is not None else None,
                    found,
                ),
            )

    def cut_short(self, *, since: datetime) -> tuple[Part, ...]:
        """Return what the newest reconciliation found, if it began at `since` or later and did not come to its end."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT crm, part, state, upto, found FROM reconciled WHERE run = (
                    SELECT id FROM run WHERE kind = 'reconcile' AND id IN (SELECT run FROM reconciled) ORDER BY id DESC LIMIT 1
                ) AND (SELECT outcome IS NOT 'ok' AND began_at >= ? FROM run WHERE id = reconciled.run) ORDER BY crm, part
                """,
                (to_ms(since),),
            ).fetchall()
        return tuple(_part(row) for row in rows)

    def last_done(self, crm: str) -> dict[str, datetime]:
        """Return when each part of a CRM was last done."""
        with self._database.snapshot() as tx:
            rows = tx.execute("SELECT part, max(at) FROM reconciled WHERE crm = ? AND state = 'done' GROUP BY part", (crm,)).fetchall()
        return {part: from_ms(at) for part, at in rows}


def _part(row: Sequence[Any]) -> Part:
    crm, name, state, upto, found = row
    told = orjson.loads(found)
    return Part(
        crm=crm,
        name=name,
        state=state,
        rows=told["rows"],
        drift=tuple(Sort.from_json(one) for one in told["drift"]),
        upto=RecordKey.parse(upto) if upto is not None else None,
        why=told["why"],
    )
