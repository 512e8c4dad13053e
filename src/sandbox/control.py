"""The control path `/_sandbox/`: the clock, the log, further records, a portal's switches. For this machine alone, without a token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.calls import CallLog
from sandbox.clock import Clock
from sandbox.crms import Crm
from sandbox.lines import BadLines
from sandbox.portal import Portal
from sandbox.salesforce.org import Org
from sandbox.switches import SWITCHES

_LONG = 16  # digits that no number of a call has
_CLOCK_BODY = '{"now": "2026-11-20T15:00:00Z"} or {"advance_s": 60}'

Handler = Callable[[Request], Awaitable[Response]]


async def clock(request: Request) -> Response:
    """Tell the portal's time."""
    return JSONResponse({"now": _clock(request).text()})


async def set_clock(request: Request) -> Response:
    """Set it (`{"now": ISO 8601 with a zone}`) or let time pass (`{"advance_s": seconds}`); it never goes back."""
    try:
        _move(_clock(request), await body_of(request))
    except ValueError as error:
        return bad([f"expected {error}"])
    return await clock(request)


def _move(clock: Clock, body: object) -> None:
    match body:
        case {"now": str(text), **rest} if not rest:
            clock.set(_moment(text))
        case {"advance_s": bool()}:
            raise ValueError(_CLOCK_BODY)
        case {"advance_s": int() | float() as seconds, **rest} if not rest:
            clock.advance(_span(seconds))
        case _:
            raise ValueError(_CLOCK_BODY)


async def requests(request: Request) -> Response:
    """The calls so far; `?after=N` leaves out the first N."""
    after = request.query_params.get("after", "0")
    number = int(after) if after.isascii() and after.isdigit() and len(after) < _LONG else 0
    return JSONResponse({"requests": _calls(request).since(number)})


async def stats(request: Request) -> Response:
    """How many calls were reads and writes, and how many live records there are; where an org is served, the calls of each CRM too."""
    state, calls = request.app.state, _calls(request)
    told: dict[str, Any] = {"calls": calls.total, "reads": calls.total - calls.writes, "writes": calls.writes}
    counted: dict[str, int] = {}
    if (portal := getattr(state, "portal", None)) is not None:
        counted |= {kind: len(collection) for kind, collection in portal.collections.items()}
    if (org := getattr(state, "org", None)) is not None:
        counted |= {each["name"]: each["count"] for each in org.counts()}
        told |= {"hubspot": calls.of("hubspot"), "salesforce": calls.of("salesforce")}
    return JSONResponse(told | {"records": counted})


async def records(request: Request) -> Response:
    """Plant further lines of a portal file (JSON lines, a JSON list or one object): all of them or none.

    A record of the portal that does not say when it was last changed was changed now, as one that a client had just written.
    """
    body = (await request.body()).strip()
    try:
        given = orjson.loads(body) if body.startswith(b"[") else [orjson.loads(line) for line in body.splitlines() if line.strip()]
    except orjson.JSONDecodeError as error:
        return bad([f"expected lines of a portal file as JSON: {error}"])
    try:
        return JSONResponse({"planted": _planted(request, given if isinstance(given, list) else [given])})
    except BadLines as error:
        return bad(error.problems)


def _planted(request: Request, given: list[Any]) -> int:
    """Plant what belongs to one of the CRMs; the number of records. Raises BadLines."""
    crms = {_crm_of_line(line) for line in given}
    if len(crms) > 1:
        raise BadLines(["expected lines of one CRM at a time"])
    held = getattr(request.app.state, "org" if crms == {"salesforce"} else "portal", None)
    if held is None:
        raise BadLines([f"expected lines of a CRM that is served, not of {crms.pop()}"])
    if isinstance(held, Portal):
        return held.plant(given, arriving=True)
    assert isinstance(held, Org)
    return held.plant(given)


def _crm_of_line(line: object) -> Crm:
    return "salesforce" if isinstance(line, dict) and "attributes" in line else "hubspot"


def _switch(name: str) -> Handler:
    """Tell how a switch is set (GET), or set it (POST)."""

    async def switched(request: Request) -> Response:
        body = None
        if request.method == "POST" and (body := await body_of(request)) is None:
            return bad(["expected a JSON object"])
        try:
            return JSONResponse(SWITCHES[name](_portal(request), body))
        except ValueError as error:
            return bad([f"expected {error}"])

    return switched


def from_here(handler: Handler) -> Handler:
    """`handler`, for callers on this machine alone."""

    async def guarded(request: Request) -> Response:
        host = request.client.host if request.client else ""
        try:
            is_near = ip_address(host).is_loopback
        except ValueError:
            is_near = False
        return await handler(request) if is_near else JSONResponse({"problems": ["only for this machine"]}, 403)

    return guarded


def _clock(request: Request) -> Clock:
    clock = request.app.state.clock
    assert isinstance(clock, Clock)
    return clock


def _calls(request: Request) -> CallLog:
    calls = request.app.state.calls
    assert isinstance(calls, CallLog)
    return calls


def _portal(request: Request) -> Portal:
    portal = request.app.state.portal
    assert isinstance(portal, Portal)
    return portal


async def body_of(request: Request) -> Any:
    """The JSON of a body; None if it is none."""
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        return None


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_CLOCK_BODY) from None


def _span(seconds: float) -> timedelta:
    try:
        return timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        raise ValueError("a number of seconds that does not lead beyond the year 2199") from None


def bad(problems: list[str]) -> Response:
    """Refuse: 400, and all that is wrong."""
    return JSONResponse({"problems": problems}, 400)


ROUTES = [
    Route("/clock", from_here(clock), methods=["GET"]),
    Route("/clock", from_here(set_clock), methods=["POST"]),
    Route("/requests", from_here(requests), methods=["GET"]),
    Route("/stats", from_here(stats), methods=["GET"]),
    Route("/records", from_here(records), methods=["POST"]),
]
OF_PORTAL = [
    *(Route(f"/{name}", from_here(_switch(name)), methods=["GET", "POST"]) for name in SWITCHES),
]
