"""Search: one page of what the index finds, by offset, up to 10,000 records."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.hubspot.answers import Json, portal_of
from sandbox.hubspot.asked import cursor, json_body, kind_of, member, refuse_if_outside, texts
from sandbox.hubspot.finding import REACH, Found, as_indexed
from sandbox.hubspot.shape import shape_of, shown
from sandbox.refusals import Refusal

PAGE, BODY = 200, 3_000  # records a page, characters a request


async def search(request: Request) -> Response:
    """One page of what the index finds; never an archived record, never history or associations."""
    portal, kind = portal_of(request), kind_of(request)
    if len((await request.body()).decode("utf-8", "replace")) > BODY:
        raise Refusal(f"The body of a search must not exceed {BODY} characters.")
    body = await json_body(request)
    size = int(member(body, "limit", int, 10))
    refuse_if_outside(size, size, PAGE)
    start = 0 if body.get("after") in (None, "") else cursor(body["after"])
    if start + size > REACH:
        raise Refusal(f"The maximum offset of a search is {REACH}: `after` and `limit` ask for {start + size}.")
    shape = shape_of(portal, kind, texts(body, "properties"))
    found: Found = request.app.state.searches.find(portal, kind, body)
    indexed = as_indexed(portal, kind)
    records = [record for id_ in found.ids[start : start + size] if (record := indexed(id_)) is not None]
    answer: dict[str, Any] = {"total": found.total, "results": [shown(portal, record, shape) for record in records]}
    if start + size < found.total:
        answer["paging"] = {"next": {"after": str(start + size)}}
    return Json(answer)


ROUTES = [Route("/objects/{kind}/search", search, methods=["POST"])]
