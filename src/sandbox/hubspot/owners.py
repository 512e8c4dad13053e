"""Owners and teams."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.hubspot.answers import Json, portal_of
from sandbox.hubspot.asked import after, flag, limit, next_page
from sandbox.portal import Portal
from sandbox.refusals import Refusal
from sandbox.staff import Owner

PAGE, LONGEST_PAGE = 100, 500


async def listing(request: Request) -> Response:
    """Active owners, or with `archived=true` the archived ones: never both."""
    portal = portal_of(request)
    size, start = limit(request, default=PAGE, most=LONGEST_PAGE), after(request)
    email = request.query_params.get("email", "").lower()
    found = [
        owner
        for owner in portal.staff.listed(archived=flag(request, "archived"))
        if int(owner.id) >= start and (not email or (owner.email or "").lower() == email)
    ]
    body: dict[str, Any] = {"results": [_shown(portal, owner) for owner in found[:size]]}
    if len(found) > size:
        body["paging"] = next_page(request, found[size].id)
    return Json(body)


async def one(request: Request) -> Response:
    """One owner by its id, or by its user's with `idProperty=userId`."""
    portal, id_, archived = portal_of(request), request.path_params["id"], flag(request, "archived")
    by_user = request.query_params.get("idProperty") == "userId"
    for owner in portal.staff.listed(archived=archived):
        if id_ == (str(owner.user_id) if by_user else owner.id):
            return Json(_shown(portal, owner))
    raise Refusal(f"Owner {id_} was not found.", status=404, category="OBJECT_NOT_FOUND", context={"id": [id_]})


async def teams(request: Request) -> Response:
    """All teams with their users' ids (not their owners')."""
    rows = [
        {"id": team.id, "name": team.name, "userIds": list(team.user_ids), "secondaryUserIds": list(team.secondary_user_ids)}
        for team in portal_of(request).staff.teams()
    ]
    return Json({"results": rows})


def _shown(portal: Portal, owner: Owner) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": owner.id,
        "email": owner.email,
        "type": owner.type,
        "firstName": owner.first_name,
        "lastName": owner.last_name,
        "userId": None if owner.archived else owner.user_id,
        "userIdIncludingInactive": owner.user_id,
        "createdAt": owner.created_at,
        "updatedAt": owner.updated_at,
        "archived": owner.archived,
    }
    if teams := portal.staff.teams_of(owner):
        body["teams"] = [{"id": team.id, "name": team.name, "primary": team.primary} for team in teams]
    return body


ROUTES = [
    Route("/owners", listing, methods=["GET"]),
    Route("/owners/{id}", one, methods=["GET"]),
    Route("/users/teams", teams, methods=["GET"]),
]
