"""What the API is: its versions, its resources, what is left of its limits, how many rows there are."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.salesforce.answers import Json
from sandbox.salesforce.asked import checks_of, names, org_of, version_of
from sandbox.salesforce.paths import DATA, labelled
from sandbox.salesforce.resource import resource

_RESOURCES = ("composite", "jobs", "limits", "query", "queryAll", "sobjects")
_OTHER_LIMITS = {
    "DailyAsyncApexExecutions": 250_000,
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyBulkV2QueryJobs": 10_000,
    "DataStorageMB": 5,
    "FileStorageMB": 20,
    "HourlyAsyncReportRuns": 1_200,
    "MassEmail": 10,
    "SingleEmail": 15,
}


async def versions(_request: Request) -> Response:
    """The versions that are served."""
    return Json(labelled())


async def resources(request: Request) -> Response:
    """The resources of a version, and who asks."""
    base = f"{DATA}/v{version_of(request)}"
    return Json({name: f"{base}/{name}" for name in _RESOURCES} | {"identity": _identity(request)})


async def limits(request: Request) -> Response:
    """What the org allows, and what is left of it."""
    daily = checks_of(request).daily
    calls = {"Max": daily.allowed, "Remaining": max(daily.allowed - daily.used(org_of(request).clock.now()), 0)}
    others: dict[str, Any] = {name: {"Max": most, "Remaining": most} for name, most in _OTHER_LIMITS.items()}
    return Json(dict(sorted((others | {"DailyApiRequests": calls}).items())))


async def record_count(request: Request) -> Response:
    """How many rows some objects have, or all that have any. Source: recorded answer."""
    return Json({"sObjects": org_of(request).counts(names(request, "sObjects") or ())})


def _identity(request: Request) -> str:
    host = request.headers.get("host", "")
    return f"https://{host}/id/{org_of(request).org_id}/{request.scope['user_id']}"


ROUTES = [
    resource(DATA, GET=versions),
    resource("/", GET=resources),
    resource("/limits", GET=limits),
    resource("/limits/recordCount", GET=record_count),
]
