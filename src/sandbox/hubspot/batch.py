"""Records a hundred at a time: read, create, update, upsert, archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import writes
from sandbox.hubspot.answers import batch_answer, portal_of
from sandbox.hubspot.asked import flag, id_in, id_of, id_property_in, inputs, json_body, kind_of, refuse_if_doubled, texts, trace_in
from sandbox.hubspot.objects import created, found_by, targets_in, values_in
from sandbox.hubspot.shape import shape_of, shown, shown_whole
from sandbox.kinds import Kind
from sandbox.portal import Portal
from sandbox.record import Record
from sandbox.refusals import Refusal

INPUTS, INPUTS_WITH_HISTORY = 100, 50

Row = dict[str, Any]
Values = dict[str, str]


async def read(request: Request) -> Response:
    """Read records by id or by `idProperty`; never with associations. Unknown ids make it a 207."""
    portal, kind = portal_of(request), kind_of(request)
    body = await json_body(request)
    shape = shape_of(portal, kind, texts(body, "properties"), texts(body, "propertiesWithHistory"))
    ids = [id_in(row) for row in inputs(body, most=INPUTS_WITH_HISTORY if shape.history else INPUTS)]
    refuse_if_doubled(ids)
    archived = flag(request, "archived")
    rows = [{"id": id_, "idProperty": id_property_in(body)} for id_ in ids]
    records, unknown = _sorted_out(portal, kind, rows, archived=archived)
    return batch_answer(request, [shown(portal, record, shape) for record, _ in records], _not_found(portal, kind, unknown))


async def creation(request: Request) -> Response:
    """Make records. One bad row fails all of them, unless every row carries its own objectWriteTraceId."""
    portal, kind = portal_of(request), kind_of(request)
    rows = inputs(await json_body(request), most=INPUTS)

    def fit(row: Row) -> Values:
        return writes.fit_to_create(portal, kind.plural, values_in(row), targets_in(portal, kind, row))

    return _written(request, rows, fit, lambda row: shown_whole(portal, created(portal, kind, row), kind), status=201)


async def change(request: Request) -> Response:
    """Change records by id or `idProperty`; unknown ids make it a 207."""
    portal, kind = portal_of(request), kind_of(request)
    rows = inputs(await json_body(request), most=INPUTS)
    refuse_if_doubled([id_in(row) for row in rows])
    known, unknown = _sorted_out(portal, kind, rows)
    _refuse_if_met_twice(_records(portal, kind, rows))
    records = {id_in(row): record for record, row in known}

    def fit(row: Row) -> Values:
        return writes.fit_to_change(portal, kind.plural, records[id_in(row)], values_in(row))

    def write(row: Row) -> Row:
        return _changed(portal, kind, records[id_in(row)], row)

    return _written(request, [row for _, row in known], fit, write, errors=_not_found(portal, kind, unknown))


async def upsert(request: Request) -> Response:
    """Change the record that `idProperty` finds, or make one; `new` says which it was."""
    portal, kind = portal_of(request), kind_of(request)
    rows = inputs(await json_body(request), most=INPUTS)
    refuse_if_doubled([id_in(row) for row in rows])
    _refuse_if_met_twice(_records(portal, kind, rows))

    def fit(row: Row) -> Values:
        record = _record(portal, kind, row)
        if record is not None:
            return writes.fit_to_change(portal, kind.plural, record, values_in(row))
        return writes.fit_to_create(portal, kind.plural, _new_values(kind, row), ())

    def write(row: Row) -> Row:
        record = _record(portal, kind, row)
        if record is not None:
            return {**_changed(portal, kind, record, row), "new": False}
        return {**shown_whole(portal, writes.create(portal, kind.plural, _new_values(kind, row)), kind), "new": True}

    return _written(request, rows, fit, write)


async def archival(request: Request) -> Response:
    """Archive records; ids that are not there are passed over."""
    portal, kind = portal_of(request), kind_of(request)
    rows = [{"id": id_in(row)} for row in inputs(await json_body(request), most=INPUTS)]
    refuse_if_doubled([row["id"] for row in rows])
    records = _records(portal, kind, rows)
    _refuse_if_met_twice(records)
    for record in records:
        writes.archive(portal, kind.plural, record)
    return Response(status_code=204)


def _changed(portal: Portal, kind: Kind, record: Record, row: Row) -> Row:
    return shown_whole(portal, record, kind, writes.update(portal, kind.plural, record, values_in(row)))


def _new_values(kind: Kind, row: Row) -> Row:
    id_property = id_property_in(row)
    if not id_property:
        raise Refusal(f"{kind.singular.upper()}={id_in(row)} is not valid")
    return {id_property: id_in(row), **values_in(row)}


def _record(portal: Portal, kind: Kind, row: Row, *, archived: bool = False) -> Record | None:
    return found_by(portal, kind, id_in(row), id_property_in(row), archived=archived)


def _records(portal: Portal, kind: Kind, rows: Sequence[Row]) -> list[Record]:
    return [record for row in rows if (record := _record(portal, kind, row)) is not None]


def _refuse_if_met_twice(records: Sequence[Record]) -> None:
    """Refuse a batch in which two names, such as id and e-mail, mean one record."""
    refuse_if_doubled([str(record.id) for record in records])


def _written(
    request: Request,
    rows: Sequence[Row],
    fit: Callable[[Row], Values],
    write: Callable[[Row], Row],
    *,
    status: int = 200,
    errors: Sequence[Row] = (),
) -> Response:
    """Write row by row; a refused row is an error of its own if all rows can be told apart.

    If they cannot, it fails the whole batch, which then changed nothing: all are checked beforehand.
    """
    traces = [trace for row in rows if (trace := trace_in(row))]
    told_apart = len(set(traces)) == len(rows)
    if not told_apart:
        _refuse_if_alike([fit(row) for row in rows])
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


def _refuse_if_alike(rows: Sequence[Values]) -> None:
    """Refuse a batch in which two records would get one e-mail address."""
    addresses = [address.lower() for values in rows if (address := values.get("email"))]
    refuse_if_doubled(addresses)


def _row_error(error: Refusal, row: Row) -> Row:
    context = {**(error.context or {}), "objectWriteTraceId": [trace_in(row) or ""]}
    if "id" in row:
        context["ids"] = [id_in(row)]
    return {"status": "error", **error.members, "context": context}


def _trace(row: Row) -> Row:
    return {"objectWriteTraceId": trace} if (trace := trace_in(row)) else {}


def _sorted_out(portal: Portal, kind: Kind, rows: Sequence[Row], *, archived: bool = False) -> tuple[list[tuple[Record, Row]], list[Row]]:
    """The records that `rows` name, by id and each once, and the rows that name none.

    An id that was merged away is neither: a batch passes it over without a word.
    Source: HubSpot's guide of contacts (such ids serve in single calls only).
    """
    found: dict[int, tuple[Record, Row]] = {}
    unknown = []
    for row in rows:
        record = _record(portal, kind, row, archived=archived)
        if record is not None:
            found[record.id] = (record, row)
        elif id_of(id_in(row)) not in portal.collections[kind.plural].merged:
            unknown.append(row)
    return [found[id_] for id_ in sorted(found)], unknown


def _not_found(portal: Portal, kind: Kind, rows: Sequence[Row]) -> list[Row]:
    """One error for all ids that are not there; or, as the portal may be set, one for each that names nobody in its context.

    Source: crm-facts, HubSpot, sections 5.3 and 11.7.
    """
    if not rows:
        return []
    noun = kind.singular.upper()
    if not portal.names_misses:
        return [{"status": "error", "category": "VALIDATION_ERROR", "message": f"{noun}={id_in(row)} is not valid"} for row in rows]
    context = {"ids": [id_in(row) for row in rows]}
    if traces := [trace for row in rows if (trace := trace_in(row))]:
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
