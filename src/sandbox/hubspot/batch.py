"""Records a hundred at a time: read, create, update, upsert, archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import writes
from sandbox.hubspot.answers import batch_answer, portal_of
from sandbox.hubspot.asked import flag, id_in, inputs, json_body, kind_of, member, refuse_if_doubled, texts
from sandbox.hubspot.objects import created, found_by
from sandbox.hubspot.shape import shape_of, shown, shown_whole
from sandbox.kinds import Kind
from sandbox.portal import Portal
from sandbox.record import Record
from sandbox.refusals import Refusal

INPUTS, INPUTS_WITH_HISTORY = 100, 50

Row = dict[str, Any]


async def read(request: Request) -> Response:
    """Read records by id or by `idProperty`; never with associations. Unknown ids make it a 207."""
    portal, kind = portal_of(request), kind_of(request)
    body = await json_body(request)
    shape = shape_of(portal, kind, texts(body, "properties"), texts(body, "propertiesWithHistory"))
    ids = [id_in(row) for row in inputs(body, most=INPUTS_WITH_HISTORY if shape.history else INPUTS)]
    refuse_if_doubled(ids)
    archived = flag(request, "archived")
    records, unknown = _sorted_out(portal, kind, [{"id": id_, "idProperty": body.get("idProperty")} for id_ in ids], archived=archived)
    return batch_answer(request, [shown(portal, record, shape) for record, _ in records], _not_found(kind, unknown))


async def creation(request: Request) -> Response:
    """Make records. One bad row fails all of them, unless every row carries its own objectWriteTraceId."""
    portal, kind = portal_of(request), kind_of(request)
    rows = inputs(await json_body(request), most=INPUTS)
    return _written(request, kind, rows, lambda row: shown_whole(portal, created(portal, kind, row), kind), status=201)


async def change(request: Request) -> Response:
    """Change records by id or `idProperty`; unknown ids make it a 207."""
    portal, kind = portal_of(request), kind_of(request)
    rows = inputs(await json_body(request), most=INPUTS)
    refuse_if_doubled([id_in(row) for row in rows])
    known, unknown = _sorted_out(portal, kind, rows)
    records = {id_in(row): record for record, row in known}

    def write(row: Row) -> Row:
        return _changed(portal, kind, records[id_in(row)], row)

    return _written(request, kind, [row for _, row in known], write, errors=_not_found(kind, unknown))


async def upsert(request: Request) -> Response:
    """Change the record that `idProperty` finds, or make one; `new` says which it was."""
    portal, kind = portal_of(request), kind_of(request)
    rows = inputs(await json_body(request), most=INPUTS)
    refuse_if_doubled([id_in(row) for row in rows])

    def write(row: Row) -> Row:
        record = found_by(portal, kind, id_in(row), row.get("idProperty"))
        if record is not None:
            return {**_changed(portal, kind, record, row), "new": False}
        if not row.get("idProperty"):
            raise Refusal(f"{kind.singular.upper()}={id_in(row)} is not valid")
        values = {row["idProperty"]: id_in(row), **member(row, "properties", dict, {})}
        return {**shown_whole(portal, writes.create(portal, kind.plural, values), kind), "new": True}

    return _written(request, kind, rows, write)


async def archival(request: Request) -> Response:
    """Archive records; ids that are not there are passed over."""
    portal, kind = portal_of(request), kind_of(request)
    for id_ in dict.fromkeys(id_in(row) for row in inputs(await json_body(request), most=INPUTS)):
        record = found_by(portal, kind, id_, None)
        if record is not None:
            writes.archive(portal, kind.plural, record)
    return Response(status_code=204)


def _changed(portal: Portal, kind: Kind, record: Record, row: Row) -> Row:
    written = writes.update(portal, kind.plural, record, member(row, "properties", dict, {}))
    return shown_whole(portal, record, kind, written)


def _written(
    request: Request,
    kind: Kind,
    rows: Sequence[Row],
    write: Callable[[Row], Row],
    *,
    status: int = 200,
    errors: Sequence[Row] = (),
) -> Response:
    """Write row by row; a refused row is an error of its own if all rows can be told apart, else it fails the batch."""
    traces = [row["objectWriteTraceId"] for row in rows if row.get("objectWriteTraceId")]
    told_apart = len(set(traces)) == len(rows)
    if not told_apart:
        _refuse_if_any_is_bad(request, kind, rows)
    results, refused = [], list(errors)
    for row in rows:
        try:
            result = write(row)
        except Refusal as error:
            if not told_apart:
                raise
            refused.append(_row_error(error, row))
        else:
            results.append(result | _trace(row))
    return batch_answer(request, sorted(results, key=lambda result: int(result["id"])), refused, status=status)


def _refuse_if_any_is_bad(request: Request, kind: Kind, rows: Sequence[Row]) -> None:
    """So that a batch that fails as a whole changed nothing."""
    portal = portal_of(request)
    addresses: set[str] = set()
    for row in rows:
        values = writes.checked(portal, kind.plural, member(row, "properties", dict, {}))
        address = values.get("email", "").lower()
        if kind.plural == "contacts" and address and address in addresses:
            raise Refusal(f"Duplicate IDs found in batch input: [{address}]. IDs must be unique", context={"ids": [address]})
        addresses.add(address)


def _row_error(error: Refusal, row: Row) -> Row:
    context = {**(error.context or {}), "objectWriteTraceId": [str(row["objectWriteTraceId"])]}
    if "id" in row:
        context["ids"] = [id_in(row)]
    return {"status": "error", **error.members, "context": context}


def _trace(row: Row) -> Row:
    return {"objectWriteTraceId": row["objectWriteTraceId"]} if row.get("objectWriteTraceId") else {}


def _sorted_out(portal: Portal, kind: Kind, rows: Sequence[Row], *, archived: bool = False) -> tuple[list[tuple[Record, Row]], list[Row]]:
    """The records that `rows` name, by id and each once, and the rows that name none."""
    found: dict[int, tuple[Record, Row]] = {}
    unknown = []
    for row in rows:
        record = found_by(portal, kind, id_in(row), row.get("idProperty"), archived=archived)
        if record is None:
            unknown.append(row)
        else:
            found[record.id] = (record, row)
    return [found[id_] for id_ in sorted(found)], unknown


def _not_found(kind: Kind, rows: Sequence[Row]) -> list[Row]:
    """One error for all ids that are not there."""
    if not rows:
        return []
    noun = kind.singular.upper()
    context = {"ids": [id_in(row) for row in rows]}
    if traces := [str(row["objectWriteTraceId"]) for row in rows if row.get("objectWriteTraceId")]:
        context["objectWriteTraceId"] = traces
    message = f"Could not get some {noun} objects, they may be deleted or not exist. Check that ids are valid."
    return [{"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": context}]


ROUTES = [
    Route("/objects/{kind}/batch/read", read, methods=["POST"]),
    Route("/objects/{kind}/batch/create", creation, methods=["POST"]),
    Route("/objects/{kind}/batch/update", change, methods=["POST"]),
    Route("/objects/{kind}/batch/upsert", upsert, methods=["POST"]),
    Route("/objects/{kind}/batch/archive", archival, methods=["POST"]),
]
