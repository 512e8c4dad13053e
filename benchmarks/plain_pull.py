"""The least that a pull has to do: the same calls one after the other, and the same rows written as they come, page by page.

It knows the shapes of the practice HubSpot and believes every answer: nothing is tried again, compared with what is there or
resumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
import urllib3
from plain_store import PlainStore

from connectors.hubspot.activities import SHAPES
from connectors.hubspot.mapping import CRM
from connectors.hubspot.streams import PLURALS

Item = Mapping[str, Any]

_KINDS = {plural: kind for kind, plural in PLURALS.items()}
_STATUSES = {"call": "other", "email": "sent", "meeting": "held", "task": "done"}  # of all that the practice portal is filled with
_DIRECTIONS = {"OUTBOUND": "out", "EMAIL": "out"}


class PlainPull:
    """Makes calls that were made before, and writes the rows that their answers hold into a new store."""

    def __init__(self, url: str, token: str, store: Path, *, seen_at: int) -> None:
        self._url = url
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "Accept-Encoding": "gzip"}
        self._pool = urllib3.PoolManager(headers=headers, retries=False)
        self._store = PlainStore(store, CRM, int)
        self._seen_at = seen_at

    def run(self, requests: list[dict[str, Any]]) -> None:
        for request in requests:
            answer = self._call(request)
            if request["method"] == "GET":
                self._save(request, answer["results"], cursor=(answer.get("paging") or {}).get("next", {}).get("after"))
        self._store.close()

    def _call(self, request: dict[str, Any]) -> Any:
        body = orjson.dumps(request["body"]) if request["body"] else None
        query = f"?{request['query']}" if request["query"] else ""
        headers = {**self._pool.headers, "Content-Type": "application/json"}
        answer = self._pool.request(request["method"], f"{self._url}{request['path']}{query}", body=body, headers=headers)
        return orjson.loads(answer.data)

    def _save(self, request: dict[str, Any], items: list[Item], *, cursor: str | None) -> None:
        stream = request["path"].rpartition("/")[2]
        kind = _KINDS[stream]
        asked = parse_qs(request["query"])
        linked = asked.get("associations", [""])[0]
        with self._store.page(stream, cursor or ""):
            self._store.name((kind, item["id"]) for item in items)
            self._store.name((_KINDS[linked], id_) for item in items for id_ in _linked(item, linked))
            if kind in SHAPES:
                self._save_activities(kind, items)
            else:
                self._save_records(kind, items, fields=sorted(asked["properties"][0].split(",")))
            if linked:
                pairs = {pair for item in items for pair in self._links(kind, item, linked)}
                self._store.insert("association (low, high, is_primary)", pairs)

    def _save_records(self, kind: str, items: list[Item], *, fields: list[str]) -> None:
        self._store.insert(
            "record (id, created_at, changed_at, seen_at, field_values)", [self._record(item, kind, fields) for item in items]
        )
        self._store.insert(
            "field_change (record, field, value, at, since, source, source_id, actor, seen_at)",
            [change for item in items for change in self._changes(kind, item)],
        )

    def _record(self, item: Item, kind: str, fields: list[str]) -> tuple[Any, ...]:
        properties = item["properties"]
        values = orjson.dumps({name: properties.get(name) or None for name in fields}).decode()
        return self._store.ids[kind, item["id"]], _ms(item["createdAt"]), _ms(item["updatedAt"]), self._seen_at, values

    def _changes(self, kind: str, item: Item) -> Iterator[tuple[Any, ...]]:
        row, seen_at, properties = self._store.ids[kind, item["id"]], self._seen_at, item["properties"]
        for name, versions in item.get("propertiesWithHistory", {}).items():
            for version in reversed(versions):
                by = version["sourceId"]
                actor = by[7:] if by.startswith("userId:") else None
                yield row, name, version["value"] or None, _ms(version["timestamp"]), None, version["sourceType"], by, actor, seen_at
            value = properties.get(name) or None
            if value != (versions[0]["value"] or None if versions else None):
                yield row, name, value, seen_at, _ms(item["createdAt"]), None, None, None, seen_at

    def _save_activities(self, kind: str, items: list[Item]) -> None:
        self._store.insert(
            "activity (id, kind, happened_at, logged_at, changed_at, owner, direction, duration_s, marketing, auto_reply, alike, seen_at)",
            [self._activity(item, kind) for item in items],
        )
        self._store.insert(
            "activity_status (activity, status, at, seen_at)",
            [
                (self._store.ids[kind, item["id"]], _STATUSES[kind], _ms(item["createdAt"]), self._seen_at)
                for item in items
                if kind in _STATUSES
            ],
        )

    def _activity(self, item: Item, kind: str) -> tuple[Any, ...]:
        told = item["properties"].get
        length = told("hs_call_duration")
        return (
            self._store.ids[kind, item["id"]],
            kind,
            _ms(told("hs_timestamp")),
            _ms(told("hs_createdate")),
            _ms(item["updatedAt"]),
            told("hubspot_owner_id"),
            _DIRECTIONS.get(told("hs_call_direction") or told("hs_email_direction") or ""),
            int(length) / 1000 if length else None,
            0,
            0,
            None if kind in ("task", "note") else _alike(kind, item["properties"]),
            self._seen_at,
        )

    def _links(self, kind: str, item: Item, linked: str) -> Iterator[tuple[int, int, int]]:
        one = self._store.ids[kind, item["id"]]
        primary = any(row["type"] == "contact_to_company" for row in item.get("associations", {}).get(linked, {}).get("results", ()))
        for id_ in _linked(item, linked):
            other = self._store.ids[_KINDS[linked], id_]
            yield min(one, other), max(one, other), int(primary)


def _linked(item: Item, linked: str) -> list[str]:
    return [row["id"] for row in item.get("associations", {}).get(linked, {}).get("results", ())]


@lru_cache(maxsize=4096)
def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _alike(kind: str, properties: Item) -> str:
    shape = SHAPES[kind]
    names = ("hubspot_owner_id", shape.direction, shape.subject, shape.status, "hs_call_duration")
    shared = "\x1f".join((kind, *(properties.get(name) or "" if name else "" for name in names)))
    return blake2b(shared.encode(), digest_size=12).hexdigest()
