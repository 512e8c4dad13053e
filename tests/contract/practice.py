"""A small practice portal, and plain calls to it over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import urllib3

from sandbox.portal import Portal
from sandbox.server import Served

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)

LINES: list[dict[str, Any]] = [
    {"object": "account", "portalId": 62515, "timeZone": "America/New_York"},
    {
        "object": "owners",
        "id": "77",
        "email": "ann@example.com",
        "firstName": "Ann",
        "lastName": "Ng",
        "userId": 1001,
        "type": "PERSON",
        "archived": False,
        "teams": [{"id": "3", "name": "SDR", "primary": True}],
    },
    {"object": "owners", "id": "78", "email": "bob@example.com", "firstName": "Bob", "userId": 1002, "type": "PERSON"},
    {"object": "owners", "id": "79", "email": "gone@example.com", "userId": 1003, "type": "PERSON", "archived": True},
    {"object": "owners", "id": "80", "email": "queue@example.com", "type": "QUEUE"},
    {"object": "teams", "id": "3", "name": "SDR", "userIds": ["1001"], "secondaryUserIds": ["1002"]},
    {
        "object": "contacts",
        "id": "101",
        "properties": {
            "email": "Ada@Example.com",
            "firstname": "Ada",
            "hubspot_owner_id": "77",
            "createdate": "2026-11-01T10:00:00Z",
            "lastmodifieddate": "2026-11-02T10:00:00.500Z",
            "hubspotscore": "70",
        },
        "history": {
            "lifecyclestage": [
                {
                    "value": "marketingqualifiedlead",
                    "timestamp": "2026-11-02T10:00:00.123Z",
                    "sourceType": "CRM_UI",
                    "sourceId": "userId:1001",
                    "updatedByUserId": 1001,
                },
                {"value": "lead", "timestamp": "2026-11-01T10:00:00Z", "sourceType": "FORM", "sourceId": "f1"},
            ]
        },
        "associations": {"companies": ["9", "10"], "calls": ["501"]},
    },
    {"object": "contacts", "id": "102", "properties": {"email": "eve@example.com", "createdate": "1762000000000"}},
    {"object": "contacts", "id": "103", "properties": {"email": "ivy@example.com", "lifecyclestage": "opportunity"}},
    {"object": "contacts", "id": "104", "properties": {"email": "old@example.com"}, "archived": True, "archivedAt": "2026-11-10T00:00:00Z"},
    {"object": "companies", "id": "9", "properties": {"name": "Nine", "domain": "nine.example", "industry": "COMPUTER_SOFTWARE"}},
    {"object": "companies", "id": "10", "properties": {"name": "Ten"}},
    {"object": "deals", "id": "301", "properties": {"dealname": "Big", "dealstage": "contractsent", "pipeline": "default"}},
    {
        "object": "calls",
        "id": "501",
        "properties": {
            "hs_timestamp": "2026-11-02T11:00:00Z",
            "hs_call_direction": "OUTBOUND",
            "hs_call_status": "COMPLETED",
            "hs_call_duration": "60000",
            "hubspot_owner_id": "77",
            "hs_createdate": "2026-11-02T11:01:00Z",
        },
    },
]


def a_portal(*more: dict[str, Any]) -> Portal:
    return Portal.from_lines([*LINES, *more], now=NOW)


class Caller:
    """Plain calls with the right token; answers are (status, decoded body or text, headers)."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._pool = urllib3.PoolManager(headers={"Authorization": f"Bearer {served.token}"}, retries=False)

    def __call__(self, method: str, path: str, body: object = None, *, headers: dict[str, str] | None = None) -> tuple[int, Any, Any]:
        answer = self._pool.request(
            method,
            self._served.url + path,
            body=None if body is None else orjson.dumps(body),
            headers={**self._pool.headers, **(headers or {})} if headers is not None else None,
        )
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return answer.status, orjson.loads(answer.data) if is_json and answer.data else answer.data.decode(), answer.headers

    def get(self, path: str) -> Any:
        status, body, _ = self("GET", path)
        assert status == 200, body
        return body

    def search(self, kind: str, **body: object) -> list[str]:
        status, answer, _ = self("POST", f"/crm/v3/objects/{kind}/search", body)
        assert status == 200, answer
        return [row["id"] for row in answer["results"]]

    def find(self, kind: str, *filters: dict[str, Any]) -> list[str]:
        return self.search(kind, filterGroups=[{"filters": list(filters)}])
