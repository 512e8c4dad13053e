"""Whether every write that a practice CRM was sent is explained by one line of the journal, and that by a finding."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

Written = tuple[str, str]  # id of a record; its new values as JSON
NEVER_ARRIVED = ("reset_before",)
A_TASK = "/sobjects/Task/"  # its text is noted line by line, not whole: whoever counts the lines sees what is said twice


def unexplained(store: Path, calls: list[dict[str, Any]]) -> Counter[Written]:
    """Return the writes among `calls`, of runs alone, that arrived more often than the journal intended them."""
    return Counter(written for call in calls if arrived(call) for written in _written(call)) - _intended(store)


def arrived(call: Mapping[str, Any]) -> bool:
    """Whether a write may have done something: it was answered so, or its answer was lost."""
    answered = call["status"] is None or call["status"] < 300
    return bool(call["is_write"] and answered and call["fault"] not in NEVER_ARRIVED)


def _written(call: Mapping[str, Any]) -> Iterator[Written]:
    body = call["body"]
    assert body is not None, f"the log kept no body of {call['path']}"
    if call["path"].endswith("/batch/update"):
        yield from ((row["id"], _values(row["properties"])) for row in body["inputs"])
    elif call["path"].endswith("/composite"):
        parts = (part for part in body["compositeRequest"] if A_TASK not in part["url"])
        yield from ((part["url"].rpartition("/")[2], _values(part["body"])) for part in parts)
    else:
        yield from ((row["id"], _values({k: v for k, v in row.items() if k not in ("id", "attributes")})) for row in body["records"])


def _intended(store: Path) -> Counter[Written]:
    with closing(sqlite3.connect(store)) as opened:
        rows = opened.execute(
            """
            SELECT object.crm_id, journal.after FROM journal JOIN plan_step AS step USING (plan, position)
            JOIN object ON object.id = step.record WHERE event = 'intended'
                AND EXISTS (SELECT 1 FROM finding_version AS version WHERE version.key = step.finding)
            """
        )
        return Counter((id_, _values(json.loads(after))) for id_, after in rows)


def _values(values: Mapping[str, str | None]) -> str:
    return json.dumps({name: value or "" for name, value in sorted(values.items())})
