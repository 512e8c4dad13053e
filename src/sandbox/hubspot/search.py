"""Search: filters, one sort, offset paging up to 10,000 records."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.hubspot.answers import Json, portal_of
from sandbox.hubspot.asked import cursor, json_body, kind_of, member, refuse_if_outside, texts
from sandbox.hubspot.filters import search_test, sort_key
from sandbox.hubspot.shape import shape_of, shown
from sandbox.kinds import Kind
from sandbox.portal import Portal
from sandbox.refusals import Refusal

PAGE, REACH, BODY = 200, 10_000, 3_000  # records a page, records a query, characters a request
_KEPT = 8  # searches whose ids are kept for their next pages


class SearchIndex:
    """What the last few searches found, good until the portal changes."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[str, bytes], list[int]] = OrderedDict()
        self._revision = -1

    def ids(self, portal: Portal, kind: Kind, body: dict[str, Any]) -> list[int]:
        """Ids of all live records that `body` asks for, in its order."""
        if portal.revision != self._revision:
            self._found.clear()
            self._revision = portal.revision
        asked = {name: body.get(name) for name in ("filterGroups", "filters", "sorts", "query")}
        key = (kind.plural, orjson.dumps(asked, option=orjson.OPT_SORT_KEYS))
        if key not in self._found:
            self._found[key] = _search(portal, kind, body)
            if len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return self._found[key]


async def search(request: Request) -> Response:
    """One page of what matches; never an archived record, never history or associations."""
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
    ids = request.app.state.searches.ids(portal, kind, body)
    records = portal.collections[kind.plural].by_id
    answer: dict[str, Any] = {"total": len(ids), "results": [shown(portal, records[id_], shape) for id_ in ids[start : start + size]]}
    if start + size < len(ids):
        answer["paging"] = {"next": {"after": str(start + size)}}
    return Json(answer)


def _search(portal: Portal, kind: Kind, body: dict[str, Any]) -> list[int]:
    holds = search_test(portal, kind, body)
    key, falling = sort_key(portal, kind, body)
    return [record.id for record in sorted(filter(holds, portal.collections[kind.plural]), key=key, reverse=falling)]


ROUTES = [Route("/objects/{kind}/search", search, methods=["POST"])]
