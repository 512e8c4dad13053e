"""The least that a pull from Salesforce has to do: the same pages one after the other, and the same rows written page by page.

It knows the shapes of the practice org and believes every answer: nothing is tried again, compared with what is there or resumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
import requests
from plain_store import PlainStore

from connectors.salesforce.mapping import CRM
from connectors.salesforce.streams import RowStream
from sync.store.keys import NOT_A_NUMBER

Item = Mapping[str, Any]

_KINDS = {"Call": "call", "Email": "email", None: "task"}  # of all that the practice org is filled with
_STATUSES = {"call": None, "email": "sent", "task": "done"}
_DIRECTIONS = {"call": "out", "email": "out", "task": None}
_ALIKE = ("OwnerId", "CallType", "Subject", "CallDisposition", "CallDurationInSeconds")
_FIELDS = {"Owner": "OwnerId"}


class PlainSalesforce:
    """Reads whole streams of Leads, their histories and Tasks, and writes their rows into a new store."""

    def __init__(self, url: str, token: str, store: Path, *, seen_at: int) -> None:
        self._url = url
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json", "Accept-Encoding": "gzip"})
        self._store = PlainStore(store, CRM, lambda _: NOT_A_NUMBER)
        self._seen_at = seen_at

    def run(self, streams: Sequence[RowStream]) -> int:
        """Read the streams; return the number of calls."""
        return sum(self._read(stream) for stream in streams)

    def _read(self, stream: RowStream) -> int:
        conditions = " AND ".join(filter(None, (stream.where_live, stream.where)))
        soql = f"SELECT {', '.join(stream.select)} FROM {stream.name}{f' WHERE {conditions}' if conditions else ''} ORDER BY Id"
        verb = "queryAll" if stream.has_archive else "query"
        answer = self._call(f"/services/data/v62.0/{verb}", {"q": soql})
        calls = 1
        self._save(stream, answer)
        while not answer["done"]:
            answer = self._call(answer["nextRecordsUrl"])
            calls += 1
            self._save(stream, answer)
        return calls

    def _call(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        return orjson.loads(self._http.get(self._url + path, params=query, timeout=60).content)

    def _save(self, stream: RowStream, answer: Item) -> None:
        items = answer["records"]
        with self._store.page(stream.name, answer.get("nextRecordsUrl") or ""):
            if stream.kind is None:
                self._save_changes(stream, items)
            elif stream.is_activity:
                self._save_tasks(items)
            else:
                self._store.name((stream.kind, item["Id"]) for item in items)
                self._store.insert(
                    "record (id, created_at, changed_at, seen_at, field_values)", [self._record(stream, item) for item in items]
                )

    def _record(self, stream: RowStream, item: Item) -> tuple[Any, ...]:
        values = orjson.dumps({name: _text(item[name]) for name in stream.shown}).decode()
        return self._store.ids[stream.name, item["Id"]], _ms(item["CreatedDate"]), _ms(item["SystemModstamp"]), self._seen_at, values

    def _save_changes(self, stream: RowStream, items: Sequence[Item]) -> None:
        self._store.name((stream.owner_of, item[stream.parent]) for item in items)
        self._store.insert(
            "field_change (record, field, value, at, source_id, actor, seen_at, value_before)",
            [change for item in items for change in self._changes(stream, item)],
        )

    def _changes(self, stream: RowStream, item: Item) -> Iterator[tuple[Any, ...]]:
        """Yield the change that a row tells; of an owner the row with the ids tells it."""
        field, by = item["Field"], item["CreatedById"]
        if field == "Owner" and not item["NewValue"].startswith("005"):
            return
        row, at = self._store.ids[stream.owner_of, item[stream.parent]], _ms(item["CreatedDate"])
        yield row, _FIELDS.get(field, field), item["NewValue"], at, by, by, self._seen_at, item["OldValue"]

    def _save_tasks(self, items: Sequence[Item]) -> None:
        ids = self._store.ids
        self._store.name([*(("Task", item["Id"]) for item in items), *(("Lead", item["WhoId"]) for item in items)])
        self._store.insert(
            "activity (id, kind, happened_at, logged_at, changed_at, owner, direction, duration_s, source, source_id, marketing,"
            " auto_reply, alike, seen_at)",
            [self._task(item) for item in items],
        )
        self._store.insert("activity_status (activity, status, at, seen_at)", [self._status(item) for item in items])
        pairs = [sorted((ids["Task", item["Id"]], ids["Lead", item["WhoId"]])) for item in items]
        self._store.insert("association (low, high, is_primary)", [(low, high, 0) for low, high in pairs])

    def _task(self, item: Item) -> tuple[Any, ...]:
        kind, done, length = _KINDS[item["TaskSubtype"]], _ms(item["CompletedDateTime"]), item["CallDurationInSeconds"]
        return (
            self._store.ids["Task", item["Id"]],
            kind,
            done,
            max(_ms(item["CreatedDate"]), done),
            _ms(item["SystemModstamp"]),
            item["OwnerId"],
            _DIRECTIONS[kind],
            None if length is None else float(length),
            "USER",
            item["CreatedById"],
            0,
            0,
            None if kind == "task" else _alike(kind, item),
            self._seen_at,
        )

    def _status(self, item: Item) -> tuple[Any, ...]:
        status = _STATUSES[_KINDS[item["TaskSubtype"]]]
        return self._store.ids["Task", item["Id"]], status, _ms(item["CompletedDateTime"]), self._seen_at


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


@lru_cache(maxsize=4096)
def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _alike(kind: str, item: Item) -> str:
    shared = "\x1f".join((kind, *(str(item[name] or "") for name in _ALIKE)))
    return blake2b(shared.encode(), digest_size=12).hexdigest()
