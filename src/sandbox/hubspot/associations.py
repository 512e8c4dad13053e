"""Associations: read, list, make and take away, one at a time and in batches."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import writes
from sandbox.hubspot.answers import Json, batch_answer, portal_of
from sandbox.hubspot.asked import (
    after,
    cursor,
    id_in,
    id_of,
    inputs,
    json_body,
    json_text,
    kind_of,
    limit,
    member,
    next_page,
    number,
    shown_json,
)
from sandbox.kinds import ASSOCIATION_TYPES, KINDS, PLAIN, AssociationType, Kind, association_type
from sandbox.links import End, linked_live, set_plain, types_between, unlink
from sandbox.portal import Portal
from sandbox.refusals import Missing, Refusal

READ, CREATE, PAGE = 1_000, 2_000, 500

Body = dict[str, Any]


async def batch_read(request: Request) -> Response:
    """What records are associated with; one without any is an error of a 207, not an empty list."""
    portal, (source, target) = portal_of(request), _pair(request)
    results, errors = [], []
    for row in inputs(await json_body(request), most=READ):
        id_ = id_in(row)
        ids = _linked(portal, source, id_, target)
        start = cursor(row.get("after") or 0)
        page = [each for each in ids if each >= start]
        if not ids:
            errors.append(_nothing(source, id_, target))
            continue
        result: Body = {
            "from": {"id": id_},
            "to": [_shown(portal, (source.plural, int(id_)), (target.plural, each)) for each in page[:PAGE]],
        }
        if len(page) > PAGE:
            result["paging"] = {"next": {"after": str(page[PAGE])}}
        results.append(result)
    return batch_answer(request, results, errors)


async def listing(request: Request) -> Response:
    """What one record is associated with, by id."""
    portal, (source, target) = portal_of(request), _pair(request)
    size = limit(request, default=PAGE, most=PAGE)
    end = _end(portal, source, request.path_params["id"])
    page = [id_ for id_ in linked_live(portal, portal.record(*end), target.plural) if id_ >= after(request)]
    body: Body = {"results": [_shown(portal, end, (target.plural, id_)) for id_ in page[:size]]}
    if len(page) > size:
        body["paging"] = next_page(request, page[size])
    return Json(body)


async def default_link(request: Request) -> Response:
    """Associate two records without a label."""
    portal, (source, target) = portal_of(request), _pair(request)
    ends = _end(portal, source, request.path_params["id"]), _end(portal, target, request.path_params["to_id"])
    writes.associate(portal, *ends)
    return batch_answer(request, _both_ways(*ends))


async def labelled_link(request: Request) -> Response:
    """Associate two records with these labels, in the place of those they have."""
    portal, (source, target) = portal_of(request), _pair(request)
    ends = _end(portal, source, request.path_params["id"]), _end(portal, target, request.path_params["to_id"])
    types = _types(source, target, await json_text(request))
    _set(portal, *ends, types)
    return Json(_labels(portal, *ends), 201)


async def removal(request: Request) -> Response:
    """Take all associations between two records away; 204 also if there was none."""
    portal, (source, target) = portal_of(request), _pair(request)
    _take_away(portal, (source.plural, number(request.path_params["id"])), (target.plural, number(request.path_params["to_id"])))
    return Response(status_code=204)


async def batch_create(request: Request) -> Response:
    """Associate pairs with labels; a pair with an unknown end is an error that names it in its message alone."""
    portal, (source, target) = portal_of(request), _pair(request)
    results, errors = [], []
    for row in inputs(await json_body(request), most=CREATE):
        types = _types(source, target, row.get("types"))
        ends = _ends(source, target, row)
        if fault := _fault(portal, ends, row):
            errors.append(fault)
        else:
            _set(portal, *ends, types)
            results.append(_labels(portal, *ends))
    return batch_answer(request, results, errors, status=201)


async def batch_default(request: Request) -> Response:
    """Associate pairs without a label."""
    portal, (source, target) = portal_of(request), _pair(request)
    results, errors = [], []
    for row in inputs(await json_body(request), most=CREATE):
        ends = _ends(source, target, row)
        if fault := _fault(portal, ends, row):
            errors.append(fault)
        else:
            writes.associate(portal, *ends)
            results += _both_ways(*ends)
    return batch_answer(request, results, errors)


async def batch_archive(request: Request) -> Response:
    """Take all associations between pairs away."""
    portal, (source, target) = portal_of(request), _pair(request)
    for row in inputs(await json_body(request), most=CREATE):
        for other in member(row, "to", list, []):
            _take_away(portal, (source.plural, number(id_in(row.get("from")))), (target.plural, number(id_in(other))))
    return Response(status_code=204)


async def labels_archive(request: Request) -> Response:
    """Take labels away; without its unlabelled type a pair is not associated any more."""
    portal, (source, target) = portal_of(request), _pair(request)
    for row in inputs(await json_body(request), most=CREATE):
        ends = _ends(source, target, row)
        types = _types(source, target, row.get("types"))
        if any(each.label is None for each in types):
            _take_away(portal, *ends)
        elif _fault(portal, ends, row) is None and ends[1][1] in linked_live(portal, portal.record(*ends[0]), target.plural):
            set_plain(portal, *ends)
            writes.settle_ends(portal, *ends)
    return Response(status_code=204)


async def labels(request: Request) -> Response:
    """The association types between two kinds."""
    source, target = _pair(request)
    types = [each for each in ASSOCIATION_TYPES.values() if (each.source, each.target) == (source.plural, target.plural)]
    return Json({"results": [_type_shown(each) for each in types]})


def _pair(request: Request) -> tuple[Kind, Kind]:
    source, target = kind_of(request), kind_of(request, "to_kind")
    if (source.plural, target.plural) not in PLAIN:
        raise Refusal(f"No association types between {source.singular.upper()} and {target.singular.upper()} are defined.")
    return source, target


def _end(portal: Portal, kind: Kind, text: str) -> End:
    id_ = number(text)
    if portal.find(kind.plural, id_) is None:
        raise Missing
    return kind.plural, id_


def _linked(portal: Portal, source: Kind, id_: str, target: Kind) -> list[int]:
    record = portal.find(source.plural, id_of(id_))
    return [] if record is None else linked_live(portal, record, target.plural)


def _nothing(source: Kind, id_: str, target: Kind) -> Body:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {target.singular} is associated with {source.singular} {id_}.",
        "context": {"fromObjectId": [id_], "fromObjectType": [source.singular], "toObjectType": [target.singular]},
    }


def _types(source: Kind, target: Kind, specs: Any) -> list[AssociationType]:
    if not isinstance(specs, list) or not specs:
        raise Refusal("Invalid input JSON: association types are required.")
    found = []
    for spec in specs:
        known = association_type(spec)
        if known is None or (known.source, known.target) != (source.plural, target.plural):
            raise Refusal(f"Invalid association type from {source.singular.upper()} to {target.singular.upper()}: {shown_json(spec)}")
        found.append(known)
    return found


def _set(portal: Portal, source: End, target: End, types: list[AssociationType]) -> None:
    if any(each.label for each in types):
        writes.associate(portal, source, target, primary=True)
    elif target[1] in linked_live(portal, portal.record(*source), target[0]):
        set_plain(portal, source, target)
        writes.settle_ends(portal, source, target)
    else:
        writes.associate(portal, source, target)


def _take_away(portal: Portal, source: End, target: End) -> None:
    if unlink(portal, source, target):
        writes.settle_ends(portal, source, target)


def _ends(source: Kind, target: Kind, row: Body) -> tuple[End, End]:
    return (source.plural, number(id_in(row.get("from")))), (target.plural, number(id_in(row.get("to"))))


def _fault(portal: Portal, ends: tuple[End, End], row: Body) -> Body | None:
    for (kind, id_), side in zip(ends, ("from", "to"), strict=True):
        if portal.find(kind, id_) is None:
            message = f"{KINDS[kind].singular.upper()}={id_in(row[side])} is not valid"
            return {"status": "error", "category": "VALIDATION_ERROR", "message": message}
    return None


def _shown(portal: Portal, source: End, target: End) -> Body:
    return {"toObjectId": target[1], "associationTypes": [_type_shown(each) for each in types_between(portal, source, target)]}


def _type_shown(each: AssociationType) -> Body:
    return {"category": "HUBSPOT_DEFINED", "typeId": each.id, "label": each.label}


def _labels(portal: Portal, source: End, target: End) -> Body:
    named = [each.label for each in types_between(portal, source, target) if each.label]
    return {
        "fromObjectTypeId": KINDS[source[0]].type_id,
        "fromObjectId": source[1],
        "toObjectTypeId": KINDS[target[0]].type_id,
        "toObjectId": target[1],
        "labels": named,
    }


def _both_ways(source: End, target: End) -> list[Body]:
    return [
        {
            "from": {"id": str(one[1])},
            "to": {"id": str(other[1])},
            "associationSpec": {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": PLAIN[one[0], other[0]].id},
        }
        for one, other in ((source, target), (target, source))
    ]


_BATCH = "/associations/{kind}/{to_kind}"
_ONE = "/linked/{kind}/{id}/associations"
ROUTES = [
    Route(f"{_BATCH}/batch/read", batch_read, methods=["POST"]),
    Route(f"{_BATCH}/batch/create", batch_create, methods=["POST"]),
    Route(f"{_BATCH}/batch/archive", batch_archive, methods=["POST"]),
    Route(f"{_BATCH}/batch/associate/default", batch_default, methods=["POST"]),
    Route(f"{_BATCH}/batch/labels/archive", labels_archive, methods=["POST"]),
    Route(f"{_BATCH}/labels", labels, methods=["GET"]),
    Route(f"{_ONE}/{{to_kind}}", listing, methods=["GET"]),
    Route(f"{_ONE}/default/{{to_kind}}/{{to_id}}", default_link, methods=["PUT"]),
    Route(f"{_ONE}/{{to_kind}}/{{to_id}}", labelled_link, methods=["PUT"]),
    Route(f"{_ONE}/{{to_kind}}/{{to_id}}", removal, methods=["DELETE"]),
]
