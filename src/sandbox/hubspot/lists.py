"""Lists: made, found, deleted, and their memberships.

Source: crm-facts, HubSpot, section 1.8.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.hubspot.answers import Json, portal_of
from sandbox.hubspot.asked import after, id_of, inputs, json_body, json_text, kind_of, limit, member, next_page, refuse_if_outside, texts
from sandbox.kinds import KINDS, kind_named
from sandbox.lists import PROCESSING, RecordList
from sandbox.portal import Portal
from sandbox.refusals import Refusal

MEMBERS, MEMBERS_BY_DEFAULT, SEARCHED, SEARCHED_BY_DEFAULT = 250, 100, 500, 20  # of a page
_READ_AT_ONCE = 100  # records; how many HubSpot takes is not told
_EMPTIED = 100_000  # members up to which a list is emptied in one call

Body = dict[str, Any]


async def creation(request: Request) -> Response:
    """Make an empty list."""
    portal, body = portal_of(request), await json_body(request)
    name, processing = str(member(body, "name", str, "")), str(member(body, "processingType", str, ""))
    kind = kind_named(str(member(body, "objectTypeId", str, "")))
    if not name or kind is None or processing not in PROCESSING:
        raise Refusal("A list needs `name`, a known `objectTypeId` and a `processingType` of MANUAL, SNAPSHOT or DYNAMIC.")
    if portal.lists.named(kind.plural, name) is not None:
        raise Refusal(f"A list with the name {name} exists already.")
    made = portal.lists.make(name, kind.plural, processing, portal.clock.text())
    portal.setting_changed = True
    return Json({"list": _shown(portal, made)})


async def several(request: Request) -> Response:
    """The lists that `listIds` names; unknown ones are left out."""
    portal = portal_of(request)
    found = [portal.lists.find(id_) for id_ in request.query_params.getlist("listIds")]
    return Json({"lists": [_shown(portal, each) for each in found if each is not None]})


async def one(request: Request) -> Response:
    """One list by id."""
    return Json({"list": _shown(portal_of(request), _asked(request))})


async def by_name(request: Request) -> Response:
    """One list by its kind and name."""
    portal, kind, name = portal_of(request), kind_of(request), request.path_params["name"]
    found = portal.lists.named(kind.plural, name)
    if found is None:
        raise _unknown(f"No list of {kind.plural} has the name {name}.")
    return Json({"list": _shown(portal, found)})


async def search(request: Request) -> Response:
    """Lists whose names hold the query, by offset; never a deleted one."""
    portal, body = portal_of(request), await json_body(request)
    offset, count = int(member(body, "offset", int, 0)), int(member(body, "count", int, SEARCHED_BY_DEFAULT))
    refuse_if_outside(count, count, SEARCHED)
    query = str(member(body, "query", str, "")).lower()
    ids, sorts = texts(body, "listIds"), texts(body, "processingTypes")
    found = [
        each
        for each in portal.lists.live()
        if query in each.name.lower() and (not ids or each.id in ids) and (not sorts or each.processing in sorts)
    ]
    end = max(offset, 0) + count
    rows = [_shown(portal, each) | {"additionalProperties": _sized(portal, each)} for each in found[max(offset, 0) : end]]
    return Json({"offset": end, "hasMore": end < len(found), "total": len(found), "lists": rows})


async def deletion(request: Request) -> Response:
    """Delete a list; it can be restored."""
    portal, found = portal_of(request), _asked(request)
    found.deleted_at = portal.clock.text()
    portal.setting_changed = True
    return Response(status_code=204)


async def restoration(request: Request) -> Response:
    """Restore a deleted list; 204 also for one that is live."""
    portal, id_ = portal_of(request), request.path_params["list_id"]
    if id_ not in portal.lists.by_id:
        raise _unknown(f"List {id_} does not exist.")
    portal.lists.by_id[id_].deleted_at = None
    portal.setting_changed = True
    return Response(status_code=204)


async def members(request: Request) -> Response:
    """Who is on a list, by record id."""
    portal, found = portal_of(request), _asked(request)
    size, start = limit(request, default=MEMBERS_BY_DEFAULT, most=MEMBERS), after(request)
    ids = [id_ for id_ in _live(portal, found) if id_ >= start]
    rows = [{"recordId": str(id_), "membershipTimestamp": found.members[id_]} for id_ in ids[:size]]
    return Json({"results": rows} | ({"paging": next_page(request, ids[size])} if len(ids) > size else {}))


async def addition(request: Request) -> Response:
    """Put records on a list."""
    return _changed(request, add=_ids_in(await json_text(request)))


async def removal(request: Request) -> Response:
    """Take records off a list."""
    return _changed(request, remove=_ids_in(await json_text(request)))


async def addition_and_removal(request: Request) -> Response:
    """Put records on a list and take others off."""
    body = await json_body(request)
    return _changed(request, add=texts(body, "recordIdsToAdd"), remove=texts(body, "recordIdsToRemove"))


async def emptying(request: Request) -> Response:
    """Take everybody off a list."""
    portal, found = portal_of(request), _static(request)
    if len(found.members) >= _EMPTIED:
        raise Refusal(f"Only a list of fewer than {_EMPTIED} members can be emptied.")
    found.change(add=(), remove=list(found.members), now=portal.clock.text())
    portal.setting_changed = True
    return Response(status_code=204)


async def of_record(request: Request) -> Response:
    """The lists that one record is on."""
    portal, kind, id_ = portal_of(request), kind_of(request), id_of(request.path_params["id"])
    rows = _memberships(portal, kind.plural, id_)
    return Json({"results": rows, "total": len(rows)})


async def of_records(request: Request) -> Response:
    """The lists that each of some records is on; records that nobody knows are left out."""
    portal, body = portal_of(request), await json_body(request)
    began, results = portal.clock.text(), []
    for row in inputs(body, most=_READ_AT_ONCE):
        kind, id_ = kind_named(str(member(row, "objectTypeId", str, ""))), id_of(str(member(row, "recordId", str, "")))
        if kind is not None and portal.find(kind.plural, id_) is not None:
            told = {"objectTypeId": kind.type_id, "recordId": str(id_)}
            results.append({**told, "recordListMemberships": _memberships(portal, kind.plural, id_)})
    now = portal.clock.text()
    return Json({"status": "COMPLETE", "results": results, "requestedAt": began, "startedAt": began, "completedAt": now})


def _memberships(portal: Portal, kind: str, id_: int) -> list[Body]:
    on = [each for each in portal.lists.live() if each.kind == kind and id_ in each.members]
    return [
        {"listId": each.id, "listVersion": each.version, "firstAddedTimestamp": each.members[id_], "lastAddedTimestamp": each.members[id_]}
        for each in on
    ]


def _changed(request: Request, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Response:
    """Change a list; ids that no live record has are told and passed over, so that a call may be repeated."""
    portal, found = portal_of(request), _static(request)
    collection = portal.collections[found.kind]
    missing = [text for text in dict.fromkeys([*add, *remove]) if collection.find(id_of(text)) is None]
    known = [id_of(text) for text in add if text not in missing]
    added, removed = found.change(add=known, remove=map(id_of, remove), now=portal.clock.text())
    portal.setting_changed = True
    answer = {"recordsIdsAdded": added, "recordIdsRemoved": removed}  # spelled as HubSpot does
    return Json({**{name: [str(id_) for id_ in ids] for name, ids in answer.items()}, "recordIdsMissing": missing})


def _ids_in(body: Any) -> list[str]:
    if not isinstance(body, list) or not all(isinstance(each, str) for each in body):
        raise Refusal("Invalid input JSON: a list of record ids as strings was expected.")
    return body


def _asked(request: Request) -> RecordList:
    id_ = request.path_params["list_id"]
    found = portal_of(request).lists.find(id_)
    if found is None:
        raise _unknown(f"List {id_} does not exist.")
    return found


def _static(request: Request) -> RecordList:
    found = _asked(request)
    if not found.is_static:
        raise Refusal(f"Memberships of list {found.id} cannot be changed: its processing type is {found.processing}.")
    return found


def _unknown(message: str) -> Refusal:
    return Refusal(message, status=404, category="OBJECT_NOT_FOUND")


def _live(portal: Portal, found: RecordList) -> list[int]:
    """Who is on a list and live, ascending; a merged-away or deleted record is on none."""
    collection = portal.collections[found.kind]
    return sorted(id_ for id_ in found.members if collection.find(id_) is not None)


def _sized(portal: Portal, found: RecordList) -> Body:
    return {"hs_list_size": str(len(_live(portal, found)))}


def _shown(portal: Portal, found: RecordList) -> Body:
    return {
        "listId": found.id,
        "listVersion": found.version,
        "name": found.name,
        "objectTypeId": KINDS[found.kind].type_id,
        "processingType": found.processing,
        "processingStatus": "COMPLETE",
        "createdAt": found.created_at,
        "updatedAt": found.updated_at,
        "filtersUpdatedAt": found.created_at,
        "size": len(_live(portal, found)),
    }


_ONE = "/lists/{list_id}"
ROUTES = [
    Route("/lists", creation, methods=["POST"]),
    Route("/lists", several, methods=["GET"]),
    Route("/lists/search", search, methods=["POST"]),
    Route("/lists/object-type-id/{kind}/name/{name:path}", by_name, methods=["GET"]),
    Route("/lists/records/memberships/batch/read", of_records, methods=["POST"]),
    Route("/lists/records/{kind}/{id}/memberships", of_record, methods=["GET"]),
    Route(_ONE, one, methods=["GET"]),
    Route(_ONE, deletion, methods=["DELETE"]),
    Route(f"{_ONE}/restore", restoration, methods=["PUT"]),
    Route(f"{_ONE}/memberships", members, methods=["GET"]),
    Route(f"{_ONE}/memberships", emptying, methods=["DELETE"]),
    Route(f"{_ONE}/memberships/add", addition, methods=["PUT"]),
    Route(f"{_ONE}/memberships/remove", removal, methods=["PUT"]),
    Route(f"{_ONE}/memberships/add-and-remove", addition_and_removal, methods=["PUT"]),
]
