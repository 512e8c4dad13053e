"""A record as an answer shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request

from sandbox.hubspot.asked import next_page
from sandbox.kinds import TYPE_NAMES, Kind, kind_named
from sandbox.links import linked_live
from sandbox.portal import Portal
from sandbox.record import Record
from sandbox.refusals import Refusal

INLINE = 500  # associated records that stand in one answer
_BLANK_AS_TEXT = {"meetings": "hubspot_owner_id"}  # an emptied owner reads as "" there, as recorded
_NO_HISTORY = orjson.Fragment(b"[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Which members of a record are shown; made once a request."""

    kind: Kind
    properties: tuple[str, ...]  # sorted
    history: tuple[str, ...] = ()
    associations: tuple[Kind, ...] = ()
    blank_as_text: tuple[str, ...] = ()  # properties that read as "" once they were emptied


def shape_of(portal: Portal, kind: Kind, properties: Iterable[str], history: Iterable[str] = (), associations: Iterable[str] = ()) -> Shape:
    """The shape that a request asks for; what is not defined is left out.

    Without any names the default properties are shown. A property whose history is asked for is
    shown with its value too. Raises Refusal for an association to an unknown object type.
    """
    known = portal.definitions[kind.plural]
    wanted = {*properties, *history} or set(kind.shown)
    shown_ones = {name for name in {*wanted, *kind.always} if name in known}
    return Shape(
        kind=kind,
        properties=tuple(sorted(shown_ones)),
        blank_as_text=tuple(shown_ones.intersection((_BLANK_AS_TEXT.get(kind.plural, ""),))),
        history=tuple(name for name in history if name in known),
        associations=tuple(_target(name) for name in associations),
    )


def shown(portal: Portal, record: Record, shape: Shape) -> dict[str, Any]:
    """`record` with the properties of `shape` (null where unset or blank) and their history, newest first."""
    values, versions = record.properties, record.history
    properties = {name: values.get(name) or None for name in shape.properties}
    for name in shape.blank_as_text:
        if name in values or name in versions:
            properties[name] = values.get(name, "")
    body = _frame(portal, record, shape.kind, properties)
    if shape.history:
        body["propertiesWithHistory"] = {
            name: orjson.Fragment(versions[name]) if name in versions else _NO_HISTORY for name in shape.history
        }
    return body


def shown_whole(portal: Portal, record: Record, kind: Kind, written: Iterable[str] = ()) -> dict[str, Any]:
    """`record` after a write: every value that is set, and "" for what was `written` and is now unset."""
    values = {**dict.fromkeys(written, ""), **record.properties}
    return _frame(portal, record, kind, {name: values[name] for name in sorted(values)})


def inline_associations(portal: Portal, request: Request, record: Record, shape: Shape) -> dict[str, Any]:
    """The `associations` member: only the kinds with any; no member at all without one."""
    found: dict[str, Any] = {}
    for target in shape.associations:
        links = record.links.get(target.plural)
        if not links:
            continue
        ids, names = linked_live(portal, record, target.plural), TYPE_NAMES[shape.kind.plural, target.plural]
        if ids:
            found[target.plural] = {"results": [{"id": str(id_), "type": name} for id_ in ids[:INLINE] for name in names[links[id_]]]}
        if len(ids) > INLINE:
            path = f"/crm/v4/objects/{shape.kind.plural}/{record.id}/associations/{target.plural}"
            found[target.plural]["paging"] = next_page(request, ids[INLINE], path)
    return {"associations": found} if found else {}


def _frame(portal: Portal, record: Record, kind: Kind, properties: dict[str, str | None]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": str(record.id),
        "properties": properties,
        "createdAt": record.properties[kind.created],
        "updatedAt": record.properties[kind.modified],
        "archived": record.archived_at is not None,
        "url": f"https://app.hubspot.com/contacts/{portal.account.portal_id}/record/{kind.type_id}/{record.id}",
    }
    if record.archived_at is not None:
        body["archivedAt"] = record.archived_at
    return body


def _target(name: str) -> Kind:
    kind = kind_named(name)
    if kind is None:
        raise Refusal(f"Unable to infer object type from: {name}", category=None)
    return kind
