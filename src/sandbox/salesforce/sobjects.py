"""Objects and their rows: describe, read, make, change, delete, what was updated and deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.salesforce.answers import Json, nothing
from sandbox.salesforce.asked import caller_of, http_moment, json_object, moment_of, names, org_of, version_of
from sandbox.salesforce.caller import Caller
from sandbox.salesforce.org import Org
from sandbox.salesforce.paths import DATA
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.resource import resource
from sandbox.wire import http_date


async def objects(request: Request) -> Response:
    """All objects."""
    return Json(org_of(request).describe_global(caller_of(request)))


async def basics(request: Request) -> Response:
    """One object, in short."""
    return Json(org_of(request).describe_basic(_sobject(request), caller_of(request)))


async def description(request: Request) -> Response:
    """One object with its fields."""
    return Json(org_of(request).describe(_sobject(request), caller_of(request)))


async def updated(request: Request) -> Response:
    """The ids of what was made or changed between `start` and `end`."""
    return Json(org_of(request).updated(_sobject(request), *_span(request)))


async def deleted(request: Request) -> Response:
    """What was deleted between `start` and `end`."""
    return Json(org_of(request).deleted(_sobject(request), *_span(request)))


async def read(request: Request) -> Response:
    """One row: all of its fields, or those of `fields`."""
    return _row(request, request.path_params["id"])


async def create(request: Request) -> Response:
    """Make a row."""
    sobject, org = _sobject(request), org_of(request)
    return _made(request, org.create(sobject, await json_object(request), caller_of(request)))


async def update(request: Request) -> Response:
    """Change a row."""
    sobject, values, caller = _sobject(request), await json_object(request), caller_of(request)
    org_of(request).update(sobject, request.path_params["id"], values, caller)
    return nothing()


async def delete(request: Request) -> Response:
    """Put a row into the recycle bin."""
    org_of(request).delete(_sobject(request), request.path_params["id"], caller_of(request))
    return nothing()


async def read_by(request: Request) -> Response:
    """The one row whose external id has this value."""
    return _row(request, found_by(org_of(request), _sobject(request), request.path_params["field"], request.path_params["value"]))


async def upsert(request: Request) -> Response:
    """Change the row whose external id has this value, or make one."""
    sobject, field, value = _sobject(request), request.path_params["field"], request.path_params["value"]
    id_, is_new = upserted(org_of(request), sobject, (field, value), await json_object(request), caller_of(request))
    return _made(request, id_, created=is_new) if is_new or version_of(request) >= "46.0" else nothing()


async def delete_by(request: Request) -> Response:
    """Delete the row whose external id has this value."""
    org, sobject = org_of(request), _sobject(request)
    org.delete(sobject, found_by(org, sobject, request.path_params["field"], request.path_params["value"]), caller_of(request))
    return nothing()


def found_by(org: Org, sobject: str, field: str, value: str) -> str:
    """The id of the one row whose external id has this value. Raises Refused."""
    id_ = org.find(sobject, field, value)
    if id_ is None:
        raise Refused("NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + field, status=404)
    return id_


def upserted(org: Org, sobject: str, key: tuple[str, str], values: dict[str, Any], caller: Caller) -> tuple[str, bool]:
    """The id of the row whose external id `key` was changed to `values`, or that was made with them; whether it was made."""
    field, value = key
    id_ = org.find(sobject, field, value)
    if id_ is not None:
        org.update(sobject, id_, values, caller)
        return id_, False
    if field.lower() == "id":
        raise Refused("NOT_FOUND", "The requested resource does not exist", status=404)
    return org.create(sobject, values | {field: value}, caller), True


def _row(request: Request, id_: str) -> Response:
    sobject, org = _sobject(request), org_of(request)
    row = org.get(sobject, id_, caller_of(request), fields=names(request, "fields"))
    modified = org.modified(sobject, id_)
    if modified is None:
        return Json(row)
    _refuse_if_stale(request, modified)
    return Json(row, headers={"Last-Modified": http_date(modified.astimezone(UTC)).decode()})


def _refuse_if_stale(request: Request, modified: datetime) -> None:
    """Hold the conditions of a read; moments have a grain of one second. Source: crm-facts, Salesforce, section 6."""
    since, unless = http_moment(request, "if-modified-since"), http_moment(request, "if-unmodified-since")
    if since is not None and modified <= since:
        raise Refused("NOT_MODIFIED", "not modified", status=304)
    if unless is not None and modified > unless:
        raise Refused("PRECONDITION_FAILED", "The record was modified since the date of the header", status=412)


def _made(request: Request, id_: str, *, created: bool | None = None) -> Response:
    told: dict[str, Any] = {"id": id_, "success": True, "errors": []}
    if created is not None:
        told["created"] = created
    if created is False:
        return Json(told, 200)
    sobject = org_of(request).sobject_of(id_) or _sobject(request)
    return Json(told, 201, {"Location": f"{DATA}/v{version_of(request)}/sobjects/{sobject}/{id_}"})


def _sobject(request: Request) -> str:
    return str(request.path_params["sobject"])


def _span(request: Request) -> tuple[datetime, datetime]:
    asked = {name: request.query_params.get(name) for name in ("start", "end")}
    missing = [name for name, text in asked.items() if not text]
    if missing:
        raise Refused("INVALID_REPLICATION_DATE", f"{' and '.join(missing)} must be given")
    return moment_of(asked["start"] or "", "start"), moment_of(asked["end"] or "", "end")


ROUTES = [
    resource("/sobjects", GET=objects),
    resource("/sobjects/{sobject}", GET=basics, POST=create),
    resource("/sobjects/{sobject}/describe", GET=description),
    resource("/sobjects/{sobject}/updated", GET=updated),
    resource("/sobjects/{sobject}/deleted", GET=deleted),
    resource("/sobjects/{sobject}/{id}", GET=read, PATCH=update, DELETE=delete),
    resource("/sobjects/{sobject}/{field}/{value}", GET=read_by, PATCH=upsert, DELETE=delete_by),
]
