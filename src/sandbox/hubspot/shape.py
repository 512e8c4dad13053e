"""A record as an answer shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request

from sandbox.hubspot.asked import next_page
from sandbox.kinds import Kind, kind_named
from sandbox.links import linked_live, types_between
from sandbox.portal import Portal
from sandbox.record import Record
from sandbox.refusals import Refusal

INLINE = 500  # associated records that stand in one answer
_BLANK_AS_TEXT = {("meetings", "hubspot_owner_id")}  # an emptied owner reads as "" there, as recorded
_NO_HISTORY = orjson.Fragment(b"[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Which members of a record are shown; made once a request."""

    kind: Kind
    properties: tuple[str, ...]  # sorted
    history: tuple[str, ...] = ()
    associations: tuple[Kind, ...] = ()


def shape_of(portal: Portal, kind: Kind, properties: Iterable[str], history: Iterable[str] = (), associations: Iterable[str] = ()) -> Shape:
    """The shape that a request asks for; what is not defined is left out.

    Without any names the default properties are shown. A property whose history is asked for is
    shown with its value too. Raises Refusal for an association to an unknown object type.
    """
    known = portal.definitions[kind.plural]
    wanted = {*properties, *history} or set(kind.shown)
    return Shape(
        kind=kind,
        properties=tuple(sorted(name for name in {*wanted, *kind.always} if name in known)),
        history=tuple(name for name in history if name in known),
        associations=tuple(_target(name) for name in associations),
    )


def shown(portal: Portal, record: Record, shape: Shape) -> dict[str, Any]:
    """`record` with the properties of `shape` (null where unset or blank) and their history, newest first."""
    body = _frame(portal, record, shape.kind, {name: _read(shape.kind, record, name) for name in shape.properties})
    if shape.history:
        body["propertiesWithHistory"] = {
            name: orjson.Fragment(record.history[name]) if name in record.history else _NO_HISTORY for name in shape.history
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
        source = (shape.kind.plural, record.id)
        ids = linked_live(portal, source, target.plural)
        rows = [
            {"id": str(id_), "type": each.name}
            for id_ in ids[:INLINE]
            for each in reversed(types_between(portal, source, (target.plural, id_)))
        ]
        if rows:
            found[target.plural] = {"results": rows}
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


def _read(kind: Kind, record: Record, name: str) -> str | None:
    if (kind.plural, name) in _BLANK_AS_TEXT and (name in record.properties or name in record.history):
        return record.properties.get(name, "")
    return record.value(name)


def _target(name: str) -> Kind:
    kind = kind_named(name)
    if kind is None:
        raise Refusal(f"Unable to infer object type from: {name}", category=None)
    return kind
