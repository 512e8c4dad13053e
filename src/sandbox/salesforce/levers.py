"""The control paths of the org, under `/_sandbox/salesforce/`: what its API allows, and what its admin and its people do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Annotated, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sandbox.checked import checked
from sandbox.control import Handler, bad, body_of
from sandbox.control_gate import ordered
from sandbox.salesforce import deeds
from sandbox.salesforce.checks import Checks
from sandbox.salesforce.org import Org
from sandbox.salesforce.refusals import Refused

Text = Annotated[str, Field(min_length=1)]
Seconds = Annotated[float, Field(ge=0, le=31_536_000)]
Count = Annotated[int, Field(ge=0)]


class _Order(BaseModel):
    """What is not named stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitsOrder(_Order):
    """Calls that 24 hours allow, those that others made already, and the name and the limit of the app that calls here."""

    daily: Count | None = None
    elsewhere: Count | None = None
    app: tuple[Text, Count] | None = None


class SessionsOrder(_Order):
    """How long sessions are good, and for how many calls; the token that is good without a login; an end to all of them."""

    life_s: Seconds | None = None
    calls: Count | None = None
    direct: Text | None = None
    revoke: bool = False


class AppOrder(_Order):
    """The connected app, and the My Domain of the org."""

    consumer_key: Text | None = None
    consumer_secret: Text | None = None
    certificate: Text | None = None
    run_as: bool | None = None
    approved: bool | None = None
    my_domain: Text | None = None


class ApiOrder(_Order):
    """Whether the API is switched off, how long after its moment what a call writes is seen, and how many rows a page has at most."""

    disabled: bool | None = None
    commits_after_s: Seconds | None = None
    page_rows: Annotated[int, Field(ge=1, le=2_000)] | None = None


class JobsOrder(_Order):
    """How often a new bulk job is still in progress; why the next one fails; whether all of them are lost."""

    waits: Count | None = None
    fail: Text | None = None
    lose: bool = False


class CursorsOrder(_Order):
    """Whether all cursors are lost."""

    lose: bool = False


T = TypeVar("T", bound=_Order)


async def limits(request: Request) -> Response:
    """The calls of 24 hours."""
    daily, order = checks_of(request).daily, await _order(request, LimitsOrder)
    daily.allowed = daily.allowed if order.daily is None else order.daily
    daily.elsewhere = daily.elsewhere if order.elsewhere is None else order.elsewhere
    daily.app = order.app if "app" in order.model_fields_set else daily.app
    used = daily.used(org_of(request).clock.now())
    return JSONResponse({"daily": daily.allowed, "elsewhere": daily.elsewhere, "app": daily.app, "used": used})


async def sessions(request: Request) -> Response:
    """Sessions: how they are given out, and an end to them."""
    held, order = checks_of(request).sessions, await _order(request, SessionsOrder)
    if order.revoke:
        held.close_all()
    if order.life_s is not None:
        held.life = timedelta(seconds=order.life_s)
    if "calls" in order.model_fields_set:
        held.calls = order.calls
    if "direct" in order.model_fields_set:
        held.direct = order.direct
    return JSONResponse(held.shown())


async def app(request: Request) -> Response:
    """What integrations show to log in."""
    held, order = checks_of(request).sessions, await _order(request, AppOrder)
    named = order.model_dump(exclude_none=True)
    held.my_domain = named.pop("my_domain", held.my_domain)
    held.app = replace(held.app, **named)
    return JSONResponse(asdict(held.app) | {"my_domain": held.my_domain})


async def api(request: Request) -> Response:
    """The API as a whole."""
    org, checks, order = org_of(request), checks_of(request), await _order(request, ApiOrder)
    if order.disabled is not None:
        org.api_disabled = order.disabled
    if order.commits_after_s is not None:
        checks.commits_after = timedelta(seconds=order.commits_after_s)
    checks.page_rows = order.page_rows or checks.page_rows
    told = {"disabled": org.api_disabled, "commits_after_s": checks.commits_after.total_seconds(), "page_rows": checks.page_rows}
    return JSONResponse(told)


async def jobs(request: Request) -> Response:
    """Bulk jobs."""
    held, order = checks_of(request).jobs, await _order(request, JobsOrder)
    if order.waits is not None:
        held.waits = order.waits
    if order.fail is not None:
        held.next_error = order.fail
    if order.lose:
        held.by_id.clear()
    return JSONResponse({"waits": held.waits, "fail": held.next_error, "jobs": len(held.by_id)})


async def cursors(request: Request) -> Response:
    """Query cursors."""
    held, order = checks_of(request).cursors, await _order(request, CursorsOrder)
    if order.lose:
        held.lose_all()
    return JSONResponse({"open": len(held)})


async def switches(request: Request) -> Response:
    """What the admin set, all of it."""
    return JSONResponse(org_of(request).switches())


async def records(request: Request) -> Response:
    """Everything that the org holds, as lines of a portal file."""

    def lines() -> Iterator[bytes]:
        for line in org_of(request).lines():
            yield orjson.dumps(line) + b"\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")


def _deed(name: str) -> Handler:
    """Do what the admin or a person does in the org."""

    async def done(request: Request) -> Response:
        adapter, act = deeds.DEEDS[name]
        try:
            return JSONResponse(act(org_of(request), checked(adapter, await body_of(request) or {})))
        except Refused as said:
            return bad([f"{each['errorCode']}: {each['message']}" for each in said.body()])

    return done


async def _order(request: Request, kind: type[T]) -> T:
    """The order of a body; one that changes nothing for a GET. Raises BadOrder."""
    return checked(TypeAdapter(kind), {} if request.method == "GET" else await body_of(request))


def org_of(request: Request) -> Org:
    """The org that is served."""
    org = request.app.state.org
    assert isinstance(org, Org)
    return org


def checks_of(request: Request) -> Checks:
    """What its calls are held against."""
    checks = request.app.state.salesforce
    assert isinstance(checks, Checks)
    return checks


_SETTINGS = {"limits": limits, "sessions": sessions, "app": app, "api": api, "jobs": jobs, "cursors": cursors}
ROUTES: list[BaseRoute] = [
    *(Route(f"/{name}", ordered(handler), methods=["GET", "POST"]) for name, handler in _SETTINGS.items()),
    Route("/switches", ordered(switches), methods=["GET"]),
    Route("/records", ordered(records), methods=["GET"]),
    *(Route(f"/{name}", ordered(_deed(name)), methods=["POST"]) for name in deeds.DEEDS),
]
