"""New properties and groups of properties, held against what HubSpot's reference asks of them."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.definitions import Definition
from sandbox.groups import Group
from sandbox.hubspot.answers import Json, portal_of
from sandbox.hubspot.asked import json_body, kind_of, member
from sandbox.hubspot.schema import shown_definition
from sandbox.options import Option
from sandbox.refusals import Refusal

# Source: HubSpot's properties guide, tables of `type` and `fieldType`.
_FIELD_TYPES = {
    "bool": ("booleancheckbox", "calculation_equation"),
    "enumeration": ("booleancheckbox", "checkbox", "radio", "select", "calculation_equation"),
    "date": ("date",),
    "datetime": ("date",),
    "string": ("file", "text", "textarea", "calculation_equation", "html", "phonenumber"),
    "number": ("number", "calculation_equation"),
    "phone_number": ("phonenumber",),
}
_REQUIRED = ("groupName", "name", "label", "type", "fieldType")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_BOTH = {"true", "false"}


async def groups(request: Request) -> Response:
    """All groups of a kind, unpaged."""
    portal, kind = portal_of(request), kind_of(request)
    return Json({"results": [_shown(group) for group in portal.groups[kind.plural].values()]})


async def new_group(request: Request) -> Response:
    """Make a group; 409 for a name that there is."""
    portal, kind, body = portal_of(request), kind_of(request), await json_body(request)
    _refuse_if_missing(body, ("name", "label"))
    group = Group(name=_name_in(body), label=member(body, "label", str, ""), order=member(body, "displayOrder", int, -1))
    if group.name in portal.groups[kind.plural]:
        raise Refusal(f"A property group named '{group.name}' already exists.", status=409, category="CONFLICT")
    portal.groups[kind.plural][group.name] = group
    portal.setting_changed = True
    return Json(_shown(group), 201)


async def new_property(request: Request) -> Response:
    """Make a property in a group that there is; 409 for a name that there is."""
    portal, kind, body = portal_of(request), kind_of(request), await json_body(request)
    _refuse_if_missing(body, _REQUIRED)
    definition = _definition_in(body, now=portal.clock.text())
    if definition.group not in portal.groups[kind.plural]:
        raise Refusal(f"Property group '{definition.group}' does not exist.")
    if definition.name in portal.definitions[kind.plural]:
        raise Refusal(f"A property named '{definition.name}' already exists.", status=409, category="CONFLICT")
    portal.define(kind.plural, definition)
    portal.setting_changed = True
    return Json(shown_definition(portal, kind.plural, definition), 201)


def _refuse_if_missing(body: dict[str, Any], names: tuple[str, ...]) -> None:
    if missing := [name for name in names if body.get(name) in (None, "")]:
        raise Refusal(f"Invalid input JSON: Some required fields were not set: [{', '.join(missing)}]")


def _name_in(body: dict[str, Any]) -> str:
    name: str = member(body, "name", str, "")
    if not _NAME.fullmatch(name) or name.startswith("hs_"):
        raise Refusal(f"'{name}' is no internal name: it begins with a letter, holds small letters, digits and _, and not with hs_.")
    return name


def _definition_in(body: dict[str, Any], *, now: str) -> Definition:
    type_, field_type = member(body, "type", str, ""), member(body, "fieldType", str, "")
    if field_type not in _FIELD_TYPES.get(type_, ()):
        raise Refusal(f"A property of type '{type_}' has no fieldType '{field_type}'.")
    options = tuple(_option(row, place) for place, row in enumerate(member(body, "options", list, [])))
    _refuse_if_unfit(type_, options)
    return Definition(
        name=_name_in(body),
        label=member(body, "label", str, ""),
        type=type_,
        field_type=field_type,
        group=member(body, "groupName", str, ""),
        description=member(body, "description", str, ""),
        options=options,
        unique=member(body, "hasUniqueValue", bool, default=False),
        hidden=member(body, "hidden", bool, default=False),
        hubspot_defined=False,
        created_at=now,
    )


def _refuse_if_unfit(type_: str, options: tuple[Option, ...]) -> None:
    """Refuse a picklist without values or with one twice, and a checkbox without its two; taken strictly where HubSpot does not say."""
    values = [option.value for option in options]
    if len(set(values)) < len(values):
        raise Refusal("Property options must have values that are unique.")
    if (type_ == "enumeration" and not values) or (type_ == "bool" and set(values) != _BOTH):
        raise Refusal(f"A property of type '{type_}' needs its options.")


def _option(row: object, place: int) -> Option:
    if not isinstance(row, dict):
        raise Refusal("Invalid input JSON: `options` must be a list of objects.")
    _refuse_if_missing(row, ("label", "value"))
    return Option(
        value=member(row, "value", str, ""),
        label=member(row, "label", str, ""),
        order=member(row, "displayOrder", int, place),
        hidden=member(row, "hidden", bool, default=False),
        description=member(row, "description", str, ""),
    )


def _shown(group: Group) -> dict[str, Any]:
    return {"name": group.name, "label": group.label, "displayOrder": group.order, "archived": False}


ROUTES = [
    Route("/properties/{kind}", new_property, methods=["POST"]),
    Route("/properties/{kind}/groups", groups, methods=["GET"]),
    Route("/properties/{kind}/groups", new_group, methods=["POST"]),
]
