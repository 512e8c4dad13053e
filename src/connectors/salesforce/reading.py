"""Asks queries, one a call or up to five, and reads their pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import orjson

from connectors.errors import ConnectorError, Misconfigured
from connectors.pacing import TryAgain
from connectors.salesforce.answers import ErrorAnswer, SessionOver, refusal_of
from connectors.salesforce.client import Client
from connectors.salesforce.soql import Query
from connectors.salesforce.values import Item

AT_ONCE = 5  # queries in one composite call (crm-facts, Salesforce, section 3)
PAGE = 2_000  # rows of a page, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """One page of what a query found."""

    items: tuple[Item, ...]
    total: int  # rows on all pages
    more: str | None  # where the next page is; None on the last
    asked_at: datetime  # server time: what the page tells was so not before


def ask(client: Client, query: Query) -> Rows:
    """Run a query and give its first page."""
    answer = client.get(client.paths.query(deleted_too=query.deleted_too), {"q": query.soql})
    return _rows(answer.told, asked_at=_time(answer.asked_at))


def ask_on(client: Client, more: str) -> Rows:
    """Give the page at `more`; raises CursorLost where Salesforce has forgotten it."""
    answer = client.get(more)
    rows = _rows(answer.told, asked_at=_time(answer.asked_at))
    if rows.more == more:
        raise Misconfigured("a list names the same next page again and again", fix="check that no proxy changes an address")
    return rows


def all_rows(client: Client, query: Query) -> Iterator[Rows]:
    """Yield every page of a query."""
    yield from all_pages(client, ask(client, query))


def all_pages(client: Client, rows: Rows) -> Iterator[Rows]:
    """Yield every page of a query whose first one is there."""
    yield rows
    while rows.more is not None:
        rows = ask_on(client, rows.more)
        yield rows


def all_items(client: Client, query: Query) -> list[Item]:
    """Give every row of a query; for what is small."""
    return whole(client, ask(client, query))


def whole(client: Client, first: Rows) -> list[Item]:
    """Give every row of a query whose first page is there; for what is small."""
    return [item for rows in all_pages(client, first) for item in rows.items]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one part of a composite call was answered."""

    told: Any
    asked_at: datetime
    refused: ConnectorError | TryAgain | SessionOver | None = None
    again: Callable[[], Any]  # asks for this part alone

    def value(self) -> Any:
        """Give the answer, asked for again where its refusal may pass; raises the error it was refused with."""
        if isinstance(self.refused, ConnectorError):
            raise self.refused
        return self.told if self.refused is None else self.again()

    def rows(self) -> Rows:
        """Give the first page of a query; raises the error it was refused with."""
        return _rows(self.value(), asked_at=self.asked_at)


def together(client: Client, paths: Sequence[str]) -> list[Part]:
    """Read several paths in one call, of them at most `AT_ONCE` queries; each part succeeds or fails by itself.

    Source: crm-facts, Salesforce, sections 3 and 8.
    """
    body = {
        "allOrNone": False,
        "compositeRequest": [{"method": "GET", "url": path, "referenceId": f"part{place}"} for place, path in enumerate(paths)],
    }
    answer = client.post(client.paths.composite(), body)
    asked_at = _time(answer.asked_at)
    told = answer.told.get("compositeResponse") if isinstance(answer.told, Mapping) else None
    if not isinstance(told, list) or len(told) != len(paths):
        raise _not_salesforce("a composite call")
    return [_part(client, path, part, asked_at) for path, part in zip(paths, told, strict=True)]


def path_of(client: Client, query: Query) -> str:
    """Give the path that runs a query, for a composite call."""
    return f"{client.paths.query(deleted_too=query.deleted_too)}?q={quote(query.soql, safe='')}"


def _part(client: Client, path: str, part: Mapping[str, Any], asked_at: datetime) -> Part:
    status, body = part.get("httpStatusCode"), part.get("body")
    refused = None
    if status != 200:
        refused = refusal_of(ErrorAnswer(status=int(status or 0), headers={}, body=orjson.dumps(body), path=path.partition("?")[0]))
    return Part(told=body, asked_at=asked_at, refused=refused, again=lambda: client.get(path).told)


def _rows(told: Any, *, asked_at: datetime) -> Rows:
    """Read a query's answer: {"totalSize", "done", "records", "nextRecordsUrl"?}; Misconfigured where it is none.

    The address of the next page is text, and ours to call only if it lies on this org's API (crm-facts, Salesforce, section 1.3).
    """
    items, total = (told.get("records"), told.get("totalSize")) if isinstance(told, Mapping) else (None, None)
    if not isinstance(items, list) or not isinstance(total, int):
        raise _not_salesforce("a query")
    more = None if told.get("done", True) else told.get("nextRecordsUrl")
    if more is not None and not (isinstance(more, str) and more.startswith("/services/data/")):
        raise _not_salesforce("a query that goes on")
    return Rows(items=tuple(items), total=total, more=more, asked_at=asked_at)


def _time(asked_at: datetime | None) -> datetime:
    if asked_at is None:
        raise Misconfigured("Salesforce's answers carry no time", fix="check salesforce.my_domain, and that no proxy drops the Date header")
    return asked_at


def _not_salesforce(what: str) -> Misconfigured:
    return Misconfigured(f"the answer to {what} is not Salesforce's", fix="check salesforce.my_domain and salesforce.api_version")
