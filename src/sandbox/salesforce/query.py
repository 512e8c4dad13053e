"""`query`, `queryAll` and the pages behind their first."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.salesforce.answers import Json
from sandbox.salesforce.asked import batch_size, caller_of, checks_of, org_of, version_of
from sandbox.salesforce.cursors import Cursor, lost
from sandbox.salesforce.org import Selection
from sandbox.salesforce.paths import DATA
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.resource import resource

_TOO_MANY_GROUPS = "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"


async def query(request: Request) -> Response:
    """Run the SOQL of `q`; its first page."""
    soql = request.query_params.get("q")
    if not soql:
        raise Refused("MALFORMED_QUERY", "A query string has to be specified")
    all_rows = request.scope["path"] == "/queryAll"
    selection = org_of(request).select(soql, caller_of(request), all_rows=all_rows)
    size = batch_size(request)
    rows = selection.rows(0, size)
    if not rows or len(rows) >= selection.total:
        return Json({"totalSize": selection.total, "done": True, "records": rows})
    if selection.is_aggregate:
        raise Refused("EXCEEDED_ID_LIMIT", _TOO_MANY_GROUPS)
    cursor = Cursor(selection=selection, user_id=request.scope["user_id"], began_at=org_of(request).clock.now())
    locator = checks_of(request).cursors.keep(cursor)
    return _page(request, selection, rows, f"{locator}-{size}")


async def more(request: Request) -> Response:
    """A further page: the one that begins behind so many rows as the locator says after its dash."""
    locator, dash, place = str(request.path_params["locator"]).partition("-")
    if dash and not (place.isascii() and place.isdigit() and len(place) < 9):
        raise lost()
    start, size = int(place or 0), batch_size(request)
    cursor = checks_of(request).cursors.find(locator, request.scope["user_id"], org_of(request).clock.now())
    selection = cursor.selection
    following = f"{locator}-{start + size}" if start + size < selection.total else None
    return _page(request, selection, selection.rows(start, start + size), following)


def _page(request: Request, selection: Selection, rows: list[dict[str, Any]], following: str | None) -> Json:
    told: dict[str, Any] = {"totalSize": selection.total, "done": following is None}
    if following is not None:
        told["nextRecordsUrl"] = f"{DATA}/v{version_of(request)}/query/{following}"
    return Json(told | {"records": rows})


ROUTES = [
    resource("/query", GET=query),
    resource("/queryAll", GET=query),
    resource("/query/{locator}", GET=more),
    resource("/queryAll/{locator}", GET=more),
]
