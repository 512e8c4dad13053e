"""Bulk API 2.0: queries whose rows are fetched as CSV. Source: crm-facts, Salesforce, sections 1.9 and 3."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from sandbox.salesforce.answers import Json, nothing
from sandbox.salesforce.asked import caller_of, checks_of, json_object, org_of, version_of
from sandbox.salesforce.bulk_jobs import DONE, Job, order_of
from sandbox.salesforce.csv_text import line, text_of, value_at
from sandbox.salesforce.org import Selection
from sandbox.salesforce.refusals import Refused, no_such_resource
from sandbox.salesforce.resource import resource

_OPERATIONS = frozenset({"query", "queryAll"})
_SELECT = re.compile(r"\s*select\s+(?P<columns>.+?)\s+from\s+(?P<object>\w+)", re.IGNORECASE | re.DOTALL)
_NOT_SERVED = frozenset({"fielddefinition", "entitydefinition"})
_A_PAGE = 50_000  # rows, where nobody says
_CHUNK = 2_000


async def create(request: Request) -> Response:
    """Begin a query; what is wrong with it is said at once."""
    body = await json_object(request)
    soql = body.get("query")
    if not isinstance(soql, str):
        raise Refused("INVALIDJOB", "expected query: a text")
    columns, sobject = _columns(soql)
    order = order_of(body, _OPERATIONS)
    selection = org_of(request).select(soql, caller_of(request), all_rows=order["operation"] == "queryAll")
    jobs = checks_of(request).jobs
    job = Job(
        id=jobs.new_id(),
        kind="query",
        sobject=sobject,
        user_id=request.scope["user_id"],
        version=version_of(request),
        created_at=org_of(request).clock.now(),
        state="UploadComplete",
        **order,
    )
    job.lines["results"] = list(_lines(selection, columns, *job.marks))
    return Json(jobs.add(job).shown())


async def listing(request: Request) -> Response:
    """All queries."""
    return Json(checks_of(request).jobs.shown("query"))


async def status(request: Request) -> Response:
    """How far a query is."""
    job = _job(request)
    job.step()
    return Json(job.shown())


async def abort(request: Request) -> Response:
    """Break a query off."""
    job, body = _job(request), await json_object(request)
    if body.get("state") != "Aborted" or job.state in DONE:
        raise Refused("INVALIDJOBSTATE", f"A job that is {job.state} cannot become {body.get('state')}")
    job.state = "Aborted"
    return Json(job.shown())


async def delete(request: Request) -> Response:
    """Forget a query that is done."""
    job = _job(request)
    if job.state not in DONE:
        raise Refused("INVALIDJOBSTATE", "Only jobs that are done are deleted")
    del checks_of(request).jobs.by_id[job.id]
    return nothing()


async def results(request: Request) -> Response:
    """Rows as CSV: up to `maxRecords`, from `locator` on."""
    job = _job(request)
    if job.state != "JobComplete":
        raise Refused("INVALIDJOBSTATE", f"The job is {job.state}: its results are not there")
    if job.version != version_of(request):
        raise Refused("INVALIDVERSION", f"The job was made with version {job.version}", status=409)
    start, count = _place(request.query_params.get("locator")), _count(request.query_params.get("maxRecords"))
    header, rows = job.lines["results"][:1], job.lines["results"][1:][start : start + count]
    request.scope["call"].results = len(rows)
    is_last = start + count >= job.rows("results")
    return Response(
        "".join([*header, *rows]),
        headers={"Sforce-NumberOfRecords": str(len(rows)), "Sforce-Locator": "null" if is_last else _locator(start + count)},
        media_type="text/csv; charset=UTF-8",
    )


def _columns(soql: str) -> tuple[list[str], str]:
    """The columns of a query and its object. Raises Refused for what bulk queries cannot do."""
    found = _SELECT.match(soql)
    if found is None:
        raise Refused("MALFORMED_QUERY", "expected SELECT columns FROM object")
    columns = [" ".join(column.split()) for column in found["columns"].split(",")]
    if any(not re.fullmatch(r"[\w.]+", column) for column in columns):
        raise Refused("API_ERROR", "Aggregates, subqueries, TYPEOF, FIELDS() and aliases are not supported in Bulk Query")
    if re.search(r"\boffset\s+\d+\s*$", soql, re.IGNORECASE):
        raise Refused("API_ERROR", "OFFSET is not supported in Bulk Query")
    if found["object"].lower() in _NOT_SERVED:
        raise Refused("INVALIDENTITY", f"Entity '{found['object']}' is not supported by the Bulk API.")
    return columns, found["object"]


def _lines(selection: Selection, columns: list[str], delimiter: str, ending: str) -> Iterator[str]:
    yield line(columns, delimiter, ending)
    paths = [column.lower().split(".") for column in columns]
    for start in range(0, selection.total, _CHUNK):
        rows = selection.rows(start, start + _CHUNK)
        names = {name.lower(): name for name in rows[0]} if rows else {}  # those of all rows of a query
        plain = [names.get(path[0]) if len(path) == 1 else None for path in paths]
        for row in rows:
            values = [value_at(row, path) if name is None else row[name] for name, path in zip(plain, paths, strict=True)]
            yield line(map(text_of, values), delimiter, ending)


def _job(request: Request) -> Job:
    return checks_of(request).jobs.find(request.path_params["id"], "query", org_of(request).clock.now())


def _locator(start: int) -> str:
    return base64.urlsafe_b64encode(str(start).encode()).decode().rstrip("=")


def _place(locator: str | None) -> int:
    if locator is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)))
    except (binascii.Error, ValueError):
        raise no_such_resource() from None


def _count(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 and int(text) else _A_PAGE


ROUTES = [
    resource("/jobs/query", GET=listing, POST=create),
    resource("/jobs/query/{id}", GET=status, PATCH=abort, DELETE=delete),
    resource("/jobs/query/{id}/results", GET=results),
]
