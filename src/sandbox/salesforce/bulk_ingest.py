"""Bulk API 2.0: rows that are uploaded as CSV, each with its result. Source: crm-facts, Salesforce, sections 1.9, 3 and 6."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.salesforce.answers import Json, nothing
from sandbox.salesforce.asked import checks_of, json_object, org_of, version_of
from sandbox.salesforce.bulk_jobs import DONE, Job, order_of
from sandbox.salesforce.caller import Caller
from sandbox.salesforce.collections import of_one_of_many
from sandbox.salesforce.csv_text import line, read, values_of
from sandbox.salesforce.org import Org
from sandbox.salesforce.refusals import Refused, no_such_resource
from sandbox.salesforce.resource import resource
from sandbox.salesforce.sobjects import upserted

_OPERATIONS = frozenset({"insert", "update", "upsert", "delete", "hardDelete"})
_LONGEST = 150_000_000  # bytes of an upload
_RESULTS = {"successfulResults": ("sf__Id", "sf__Created"), "failedResults": ("sf__Id", "sf__Error"), "unprocessedrecords": ()}


async def create(request: Request) -> Response:
    """Begin a job that takes an upload."""
    body = await json_object(request)
    order = order_of(body, _OPERATIONS)
    if order["operation"] == "upsert" and not body.get("externalIdFieldName"):
        raise Refused("INVALIDJOB", "expected externalIdFieldName for an upsert")
    sobject = str(body.get("object"))
    org, jobs = org_of(request), checks_of(request).jobs
    org.describe(sobject, _caller(request, None))
    job = Job(
        id=jobs.new_id(),
        kind="ingest",
        sobject=sobject,
        user_id=request.scope["user_id"],
        version=version_of(request),
        created_at=org.clock.now(),
        state="Open",
        external_id=body.get("externalIdFieldName"),
        rule_id=body.get("assignmentRuleId"),
        **order,
    )
    return Json(jobs.add(job).shown())


async def listing(request: Request) -> Response:
    """All jobs."""
    return Json(checks_of(request).jobs.shown("ingest"))


async def upload(request: Request) -> Response:
    """Take the CSV, while the job is open."""
    job, body = _job(request), await request.body()
    if job.state != "Open":
        raise Refused("INVALIDJOBSTATE", f"A job that is {job.state} takes no upload")
    if len(body) > _LONGEST:
        raise Refused("REQUEST_ENTITY_TOO_LARGE", "The upload is longer than 150 MB", status=413)
    job.upload = body
    return Response(status_code=201)


async def close(request: Request) -> Response:
    """Say that the upload is complete, upon which it is worked off; or break the job off."""
    job, body = _job(request), await json_object(request)
    match body.get("state"):
        case "UploadComplete" if job.state == "Open":
            job.state = "UploadComplete"
            if job.error is None:
                _work_off(org_of(request), job, _caller(request, job.rule_id))
        case "Aborted" if job.state not in DONE:
            job.state = "Aborted"
        case wanted:
            raise Refused("INVALIDJOBSTATE", f"A job that is {job.state} cannot become {wanted}")
    return Json(job.shown())


async def status(request: Request) -> Response:
    """How far a job is."""
    job = _job(request)
    job.step()
    return Json(job.shown())


async def delete(request: Request) -> Response:
    """Forget a job that is done."""
    job = _job(request)
    if job.state not in DONE:
        raise Refused("INVALIDJOBSTATE", "Only jobs that are done are deleted")
    del checks_of(request).jobs.by_id[job.id]
    return nothing()


async def results(request: Request) -> Response:
    """The rows that went well, that failed, or that nobody came to, as CSV."""
    job, name = _job(request), next((each for each in _RESULTS if each.lower() == request.path_params["result"].lower()), None)
    if name is None or job.state not in DONE:
        raise no_such_resource()
    return Response("".join(job.lines.get(name, [])), media_type="text/csv; charset=UTF-8")


def _work_off(org: Org, job: Job, caller: Caller) -> None:
    """Do what the rows ask, each by itself."""
    delimiter, ending = job.marks
    try:
        header, rows = read(job.upload.decode("utf-8-sig"), delimiter)
        types = {field["name"].lower(): field["type"] for field in org.describe(job.sobject, caller)["fields"]}
    except (Refused, UnicodeDecodeError) as error:
        job.error = str(error)
        return
    one = _worker(org, job, caller)
    for name, marks in _RESULTS.items():
        job.lines[name] = [line([*marks, *header], delimiter, ending)]
    for row in rows:
        result, told = _done(one, values_of(header, row, types))
        job.lines[result].append(line([*told, *row], delimiter, ending))


def _worker(org: Org, job: Job, caller: Caller) -> Callable[[dict[str, Any]], tuple[str, bool]]:
    """What is done with the values of one row: its id, and whether it was made."""

    def one(values: dict[str, Any]) -> tuple[str, bool]:
        match job.operation:
            case "insert":
                return org.create(job.sobject, values, caller), True
            case "upsert":
                key = str(job.external_id)
                return upserted(org, job.sobject, (key, str(_taken(values, key))), values, caller)
        id_ = str(_taken(values, "Id"))
        if job.operation == "update":
            org.update(job.sobject, id_, values, caller)
        else:
            org.delete(job.sobject, id_, caller)
        return id_, False

    return one


def _done(one: Callable[[dict[str, Any]], tuple[str, bool]], values: dict[str, Any]) -> tuple[str, Sequence[str]]:
    id_ = next((str(value) for name, value in values.items() if name.lower() == "id"), "")
    try:
        id_, is_new = one(values)
    except Refused as refused:
        said = of_one_of_many(refused)
        return "failedResults", (id_, f"{said.code}:{said.message}:{' '.join(said.fields or ())} --")
    return "successfulResults", (id_, "true" if is_new else "false")


def _taken(values: dict[str, Any], key: str) -> Any:
    """The value of a column, which is no value to write. Raises Refused if it is not there."""
    for name in list(values):
        if name.lower() == key.lower():
            return values.pop(name)
    raise Refused("MISSING_ARGUMENT", f"{key} not specified", fields=(key,))


def _caller(request: Request, rule_id: str | None) -> Caller:
    """Who does it: assignment rules run only where the job names one."""
    return Caller(
        user_id=request.scope["user_id"],
        version=version_of(request),
        auto_assign=rule_id or False,
        commits_after=checks_of(request).commits_after,
    )


def _job(request: Request) -> Job:
    return checks_of(request).jobs.find(request.path_params["id"], "ingest", org_of(request).clock.now())


ROUTES = [
    resource("/jobs/ingest", GET=listing, POST=create),
    resource("/jobs/ingest/{id}", GET=status, PATCH=close, DELETE=delete),
    resource("/jobs/ingest/{id}/batches", PUT=upload),
    resource("/jobs/ingest/{id}/{result}", GET=results),
]
