"""Which leads are as they were when they were judged: judging them again would say the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.store.keys import as_json
from sync.store.moments import to_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedBy:
    """All that a judgement rests on beside the lead's rows and the CRM's owners and teams; see `Dirty.refresh`."""

    fingerprint: str
    bulk_within: timedelta


def still_as_judged(tx: sqlite3.Connection, leads: Iterable[int], *, by: JudgedBy, now: datetime) -> list[int]:
    """Return those of the rows `leads` that were judged by `by`, no later than `now`, and have neither changed nor fallen due since."""
    rows = tx.execute(
        """
        SELECT lead FROM lead_state
        WHERE lead IN (SELECT value FROM json_each(:leads)) AND judged_at <= :now AND ifnull(next_at > :now, TRUE)
            AND NOT EXISTS (SELECT 1 FROM dirty WHERE dirty.lead = lead_state.lead)
            AND EXISTS (SELECT 1 FROM judged_by WHERE fingerprint = :fingerprint AND bulk_within = :within)
        """,
        {
            "leads": as_json(leads),
            "now": to_ms(now),
            "fingerprint": by.fingerprint,
            "within": by.bulk_within // timedelta(milliseconds=1),
        },
    )
    return [lead for (lead,) in rows]
