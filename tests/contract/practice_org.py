"""A small practice org, and plain calls to it over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import orjson
import urllib3

from sandbox.clock import Clock
from sandbox.salesforce.ids import checksum
from sandbox.salesforce.org import Org
from sandbox.server import Served

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
V = "/services/data/v62.0"


def an_id(prefix: str, number: int) -> str:
    short = f"{prefix}Aa0{number:09}"
    return short + checksum(short)


ANN, BOB, GONE, QUEUE = an_id("005", 1), an_id("005", 2), an_id("005", 3), an_id("00G", 1)
ADA, EVE, IVY = (an_id("00Q", number) for number in (1, 2, 3))
NINE = an_id("001", 9)


def a_line(sobject: str, id_: str, **fields: object) -> dict[str, Any]:
    return {"attributes": {"type": sobject}, "Id": id_, **fields}


def a_user(id_: str, name: str, **more: object) -> dict[str, Any]:
    address = f"{name.lower()}@example.com"
    return a_line("User", id_, Username=address, FirstName=name, LastName="Ng", Email=address, **more)


LINES: list[dict[str, Any]] = [
    a_user(ANN, "Ann"),
    a_user(BOB, "Bob"),
    a_user(GONE, "Gone", IsActive=False),
    a_line("Group", QUEUE, Name="Inbound", Type="Queue"),
    a_line("QueueSobject", an_id("03g", 1), QueueId=QUEUE, SobjectType="Lead"),
    {"attributes": {"type": "CustomField"}, "object": "Lead", "name": "Ref__c", "type": "string", "external_id": True},
    a_line("Lead", ADA, LastName="Ada", Company="Nine", Email="ada@example.com", OwnerId=ANN, CreatedDate="2026-11-01T10:00:00Z"),
    a_line("Lead", EVE, LastName="Eve", Company="Nine", OwnerId=QUEUE, CreatedDate="2026-11-02T10:00:00Z", Ref__c="r-2"),
    a_line("Lead", IVY, LastName="Ivy", Company="Ten", OwnerId=ANN, CreatedDate="2026-11-03T10:00:00Z"),
    a_line("Account", NINE, Name="Nine"),
    a_line("Task", an_id("00T", 1), Subject="Call", WhoId=ADA, OwnerId=ANN, Status="Completed", CreatedDate="2026-11-05T10:00:00Z"),
]


def an_org(*more: dict[str, Any], clock: Clock | None = None) -> Org:
    return Org.from_lines([*LINES, *more], now=NOW, clock=clock)


def leads(count: int) -> list[dict[str, Any]]:
    return [
        a_line("Lead", an_id("00Q", 1000 + n), LastName=f"L{n:05}", Company="Many", CreatedDate="2026-11-10T10:00:00Z")
        for n in range(count)
    ]


class OrgCaller:
    """Plain calls with a session; answers are (status, decoded body or text, headers)."""

    def __init__(self, served: Served, *, token: str | None = "sandbox") -> None:
        self.url = served.url
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._pool = urllib3.PoolManager(retries=False)

    def __call__(
        self, method: str, path: str, body: object = None, *, headers: dict[str, str] | None = None, form: dict[str, str] | None = None
    ) -> tuple[int, Any, Any]:
        sent, kind = (body, {}) if isinstance(body, bytes) or body is None else (orjson.dumps(body), {"Content-Type": "application/json"})
        url, held = self.url + path, {**self._headers, **kind, **(headers or {})}
        if form is None:
            answer = self._pool.request(method, url, body=sent, headers=held)
        else:
            answer = self._pool.request_encode_body(method, url, fields=form, encode_multipart=False, headers=held)
        is_json = "json" in answer.headers.get("content-type", "")
        return answer.status, orjson.loads(answer.data) if is_json and answer.data else answer.data.decode(), answer.headers

    def get(self, path: str) -> Any:
        status, body, _ = self("GET", path)
        assert status == 200, body
        return body

    def query(self, soql: str, resource: str = "query", **headers: str) -> dict[str, Any]:
        status, body, _ = self("GET", f"{V}/{resource}?q={quote(soql)}", headers=headers)
        assert status == 200, body
        assert isinstance(body, dict)
        return body

    def told(self, soql: str, *fields: str) -> list[Any]:
        """The values of one field, or tuples of those of several."""
        rows = self.query(soql)["records"]
        return [row[fields[0]] if len(fields) == 1 else tuple(row[name] for name in fields) for row in rows]

    def lever(self, name: str, order: object = None) -> Any:
        """Pull a lever of the control path."""
        status, body, _ = self("POST", f"/_sandbox/{name}", {} if order is None else order)
        assert status == 200, body
        return body


def refused(answer: tuple[int, Any, Any]) -> tuple[int, str]:
    """The status and the errorCode of a refusal."""
    status, body, _ = answer
    assert isinstance(body, list), body
    return status, body[0]["errorCode"]
