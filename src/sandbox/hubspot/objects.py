"""Records one at a time: list, read, create, update, archive, merge."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import erasure, merging, writes
from sandbox.hubspot.answers import Json, portal_of
from sandbox.hubspot.asked import (
    NOBODY,
    after,
    flag,
    id_in,
    id_of,
    id_property_in,
    json_body,
    kind_of,
    limit,
    member,
    names,
    next_page,
    number,
    shown_json,
)
from sandbox.hubspot.shape import Shape, inline_associations, shape_of, shown, shown_whole
from sandbox.kinds import Kind, association_type
from sandbox.portal import Portal
from sandbox.record import Record
from sandbox.refusals import Missing, Refusal
from sandbox.writes import Target

PAGE, PAGE_WITH_HISTORY = 100, 50
_NO_ARCHIVE = "Paging through deleted objects is not yet supported"


async def listing(request: Request) -> Response:
    """One page by id; `after` of the next is the last id and one."""
    portal, kind = portal_of(request), kind_of(request)
    shape = _shape(request, portal, kind)
    size = limit(request, default=10, most=PAGE_WITH_HISTORY if shape.history else PAGE)
    archived = flag(request, "archived")
    if archived and not kind.lists_archived:
        raise Refusal(_NO_ARCHIVE)
    records, more = portal.page(kind.plural, after(request), size, archived=archived)
    body: dict[str, Any] = {"results": [_full(request, portal, record, shape) for record in records]}
    if more:
        body["paging"] = next_page(request, records[-1].id + 1)
    return Json(body)


async def one(request: Request) -> Response:
    """One record by id, or by the property that `idProperty` names."""
    portal, kind = portal_of(request), kind_of(request)
    record = _record(request, portal, kind, archived=flag(request, "archived"))
    return Json(_full(request, portal, record, _shape(request, portal, kind)))


async def creation(request: Request) -> Response:
    """Make a record, with associations if the body has any."""
    portal, kind = portal_of(request), kind_of(request)
    body = await json_body(request)
    record = created(portal, kind, body)
    return Json(shown_whole(portal, record, kind), 201)


async def change(request: Request) -> Response:
    """Change a record's properties."""
    portal, kind = portal_of(request), kind_of(request)
    body = await json_body(request)
    record = _record(request, portal, kind)
    written = writes.update(portal, kind.plural, record, values_in(body))
    return Json(shown_whole(portal, record, kind, written))


async def archival(request: Request) -> Response:
    """Archive a record; one that is archived already stays so."""
    portal, kind = portal_of(request), kind_of(request)
    id_ = number(request.path_params["id"])
    if portal.find(kind.plural, id_, archived=True) is None:
        record = portal.find(kind.plural, id_)
        if record is None:
            raise Missing
        writes.archive(portal, kind.plural, record)
    return Response(status_code=204)


async def merger(request: Request) -> Response:
    """Merge one live record into another of its kind; what both are from now on is the answer."""
    portal, kind = portal_of(request), kind_of(request)
    if kind.plural not in merging.MERGEABLE:
        raise Missing
    body = await json_body(request)
    survivor, merged_away = (_named_in(portal, kind, body, name) for name in ("primaryObjectId", "objectIdToMerge"))
    if survivor is merged_away:
        raise Refusal(f"{kind.singular.upper()}={survivor.id} cannot be merged with itself")
    return Json(shown_whole(portal, merging.merge(portal, kind.plural, survivor, merged_away), kind))


async def erasure_for_good(request: Request) -> Response:
    """Erase a contact that its id or its e-mail address names; an address that no contact has is blocked."""
    portal, kind = portal_of(request), kind_of(request)
    if kind.plural != erasure.KIND:
        raise Missing
    body = await json_body(request)
    name, id_property = str(member(body, "objectId", str, "")), id_property_in(body)
    record = found_by(portal, kind, name, id_property) or found_by(portal, kind, name, None, archived=True)
    if record is not None:
        erasure.erase(portal, record)
    elif id_property == "email":
        erasure.block(portal, name)
    else:
        raise Missing
    return Response(status_code=204)


def _named_in(portal: Portal, kind: Kind, body: dict[str, Any], name: str) -> Record:
    """The live record whose id a member of the body is. Raises Refusal if there is none."""
    record = portal.find(kind.plural, number(str(member(body, name, str, ""))))
    if record is None:
        raise Refusal(f"{kind.singular.upper()}={body[name]} is not valid")
    return record


def created(portal: Portal, kind: Kind, row: dict[str, Any]) -> Record:
    """Make the record that a body (or a row of a batch) describes. Raises Refusal, and then made nothing."""
    return writes.create(portal, kind.plural, values_in(row), targets_in(portal, kind, row))


def values_in(row: dict[str, Any]) -> dict[str, Any]:
    """The `properties` of a body or of a row of a batch."""
    values: dict[str, Any] = member(row, "properties", dict, {})
    return values


def targets_in(portal: Portal, kind: Kind, row: dict[str, Any]) -> list[Target]:
    """What the `associations` of a body or a row name. Raises Refusal for unknown types and records."""
    return [target for tie in member(row, "associations", list, []) for target in _targets(portal, kind, tie)]


def found_by(portal: Portal, kind: Kind, id_: str, id_property: str | None, *, archived: bool = False) -> Record | None:
    """The record whose id (or whose identifying property) is `id_`. Raises Refusal for another property."""
    if id_property in (None, "", "hs_object_id"):
        return portal.find(kind.plural, id_of(id_), archived=archived)
    collection = portal.collections[kind.plural]
    if id_property not in collection.identifiers:
        raise Refusal(f"Property {id_property} is not a unique identifier of {kind.plural}.")
    return collection.holder(id_property, id_)


def _record(request: Request, portal: Portal, kind: Kind, *, archived: bool = False) -> Record:
    id_, id_property = request.path_params["id"], request.query_params.get("idProperty")
    if not id_property:
        number(id_)
    record = found_by(portal, kind, id_, id_property, archived=archived) or _survivor(portal, kind, id_)
    if record is None:
        raise Missing
    return record


def _survivor(portal: Portal, kind: Kind, id_: str) -> Record | None:
    """The record into which `id_` was merged: HubSpot answers with it in its place."""
    return portal.find(kind.plural, portal.collections[kind.plural].merged.get(id_of(id_), NOBODY))


def _shape(request: Request, portal: Portal, kind: Kind) -> Shape:
    return shape_of(portal, kind, names(request, "properties"), names(request, "propertiesWithHistory"), names(request, "associations"))


def _full(request: Request, portal: Portal, record: Record, shape: Shape) -> dict[str, Any]:
    return shown(portal, record, shape) | inline_associations(portal, request, record, shape)


def _targets(portal: Portal, kind: Kind, tie: Any) -> list[Target]:
    """The ends that one entry of `associations` names; its type ids tell of which kind they are."""
    if not isinstance(tie, dict):
        raise Refusal("Invalid input JSON: `associations` must be a list of objects.")
    id_ = number(id_in(tie.get("to")))
    found: dict[str, bool] = {}
    for spec in member(tie, "types", list, []):
        known = association_type(spec)
        if known is None or known.source != kind.plural:
            raise Refusal(f"Invalid association type for {kind.singular.upper()}: {shown_json(spec)}")
        if portal.find(known.target, id_) is None:
            raise Refusal(f"{known.target.upper()}={id_in(tie['to'])} is not valid")
        found[known.target] = found.get(known.target, False) or known.label is not None
    return [(target, id_, primary) for target, primary in found.items()]


ROUTES = [
    Route("/objects/{kind}", listing, methods=["GET"]),
    Route("/objects/{kind}", creation, methods=["POST"]),
    Route("/objects/{kind}/merge", merger, methods=["POST"]),
    Route("/objects/{kind}/gdpr-delete", erasure_for_good, methods=["POST"]),
    Route("/objects/{kind}/{id}", one, methods=["GET"]),
    Route("/objects/{kind}/{id}", change, methods=["PATCH"]),
    Route("/objects/{kind}/{id}", archival, methods=["DELETE"]),
]
