"""Reads many rows by the Bulk API 2.0: a query job, and its results in large pages of CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from connectors.errors import Forbidden, Misconfigured
from connectors.salesforce.answers import Absent
from connectors.salesforce.client import Client
from connectors.salesforce.reading import PAGE
from connectors.salesforce.soql import Query
from connectors.salesforce.values import Item, id_in

RESULTS_PAGE = 10_000  # rows of one call: few calls, and no more text at once than a few megabytes
_LOOKS_AFTER_S = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0)  # a job that is not done is asked about again; later always after the last span
_LOOKS_MOST = 1_000  # four hours; Salesforce itself gives a job up before
_GOES_ON = frozenset({"UploadComplete", "InProgress"})
_NO_LOCATOR = frozenset({"", "null"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A page of rows of a bulk query, and where to go on behind it."""

    items: Sequence[Item]
    job: str
    locator: str | None  # of the results page that holds the next row
    last: bool


class JobRefused(Exception):
    """Salesforce does not run this query as a job."""


class JobLost(Exception):
    """A job that was begun is gone, or stopped: another one may go on where it stood."""


def bulk_slices(client: Client, query: Query, *, job: str | None, locator: str | None, after: str | None) -> Iterator[Slice]:
    """Yield the rows of `query` (ordered by id), a page at a time, going on behind the id `after` where a job is known.

    Raises JobRefused or JobLost; what was yielded before stays good. Source: crm-facts, Salesforce, sections 1.9 and 3.
    """
    job = job or _begin(client, query)
    try:
        _wait_for(client, job)
        yield from _results(client, job, locator, after)
    except Absent:
        raise JobLost from None


def _begin(client: Client, query: Query) -> str:
    body = {
        "operation": "queryAll" if query.deleted_too else "query",
        "query": query.soql,
        "contentType": "CSV",
        "columnDelimiter": "COMMA",
        "lineEnding": "LF",
    }
    try:
        return str(_job(client.post(client.paths.bulk_jobs(), body).told).get("id"))
    except (Forbidden, Misconfigured):
        raise JobRefused from None


def _wait_for(client: Client, job: str) -> None:
    """Wait until a job is done."""
    for look in range(_LOOKS_MOST):
        if wait_s := _LOOKS_AFTER_S[min(look, len(_LOOKS_AFTER_S) - 1)]:
            client.pause(wait_s)
        state = _job(client.get(client.paths.bulk_job(job)).told).get("state")
        if state == "JobComplete":
            return
        if state == "Aborted":
            raise JobLost
        if state not in _GOES_ON:
            break
    raise JobRefused


def _job(told: Any) -> dict[str, Any]:
    if not isinstance(told, dict) or not told.get("id"):
        raise Misconfigured("the answer to a bulk query is not Salesforce's", fix="check salesforce.my_domain and salesforce.api_version")
    return told


def _results(client: Client, job: str, locator: str | None, after: str | None) -> Iterator[Slice]:
    while True:
        asked = {"maxRecords": str(RESULTS_PAGE)} | ({"locator": locator} if locator else {})
        answer = client.get_csv(client.paths.bulk_results(job), asked)
        following = answer.headers.get("sforce-locator", "")
        rows = _behind(answer.told, after)
        ends = following in _NO_LOCATOR
        yield from _slices(rows, job, here=locator, following=None if ends else following)
        if ends:
            return
        locator, after = following, None


def _behind(rows: list[dict[str, str]], after: str | None) -> list[dict[str, str]]:
    """Drop what was handed out before: all up to the id `after`, if it is on this page."""
    place = next((place for place, row in enumerate(rows, 1) if id_in(row) == after), 0) if after is not None else 0
    return rows[place:]


def _slices(rows: list[dict[str, str]], job: str, *, here: str | None, following: str | None) -> Iterator[Slice]:
    """Cut a results page into pages; behind its last row one goes on at the following one."""
    left = iter(rows)
    done = 0
    while True:
        items = list(islice(left, PAGE))
        done += len(items)
        is_end = done == len(rows)
        yield Slice(items=items, job=job, locator=following if is_end else here, last=is_end and following is None)
        if is_end:
            return
