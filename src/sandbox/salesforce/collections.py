"""sObject Collections: up to 200 rows a call, one answer each, by position. Source: crm-facts, Salesforce, sections 3 and 8."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from sandbox.salesforce.answers import Json
from sandbox.salesforce.asked import caller_of, json_object, names, org_of, records_of, texts, truth
from sandbox.salesforce.caller import Caller
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.org import Org
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.resource import resource
from sandbox.salesforce.sobjects import upserted

_MOST, _MOST_READ, _MOST_CHUNKS = 200, 2_000, 10
_ROLLED_BACK = {
    "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "message": "Record rolled back because not all records were valid and the request was using AllOrNone header",
    "fields": [],
}
T = TypeVar("T")
Item = dict[str, Any]


class _Undone(Exception):
    """What ends a transaction in which not everything went well."""


async def create(request: Request) -> Response:
    """Make rows."""
    org, caller, body = org_of(request), caller_of(request), await json_object(request)
    records = _some(records_of(body))

    def one(record: Item) -> Item:
        return _good(org.create(_type_of(record), _values(record), caller))

    return Json(_each(org, caller, records, one, all_or_none=truth(body.get("allOrNone"))))


async def update(request: Request) -> Response:
    """Change rows, each named by its `id`."""
    org, caller, body = org_of(request), caller_of(request), await json_object(request)
    records = _some(records_of(body))

    def one(record: Item) -> Item:
        id_ = _id_of(record)
        org.update(_type_of(record), id_, _values(record), caller)
        return _good(id_)

    return Json(_each(org, caller, records, one, all_or_none=truth(body.get("allOrNone"))))


async def upsert(request: Request) -> Response:
    """Change the rows whose external id is known, and make the others."""
    org, caller, body = org_of(request), caller_of(request), await json_object(request)
    sobject, field = request.path_params["sobject"], request.path_params["field"]
    records = _some(records_of(body))

    def one(record: Item) -> Item:
        values = _values(record, keep=field)
        named = next((name for name in values if name.lower() == field.lower()), field)
        id_, is_new = upserted(org, sobject, (field, str(values.pop(named, ""))), values, caller)
        return {**_good(id_), "created": is_new}

    return Json(_each(org, caller, records, one, all_or_none=truth(body.get("allOrNone"))))


async def delete(request: Request) -> Response:
    """Delete the rows of `ids`, of any object."""
    org, caller = org_of(request), caller_of(request)
    ids = names(request, "ids") or []
    if len(ids) > _MOST:
        raise _too_many()

    def one(id_: str) -> Item:
        sobject = org.sobject_of(id_)
        if sobject is None or long_id(id_) is None:
            raise Refused("MALFORMED_ID", f"malformed id {id_}", fields=("Id",))
        org.delete(sobject, id_, caller)
        return _good(id_)

    return Json(_each(org, caller, ids, one, all_or_none=truth(request.query_params.get("allOrNone"))))


async def read(request: Request) -> Response:
    """Rows of one object by their ids, null where there is none."""
    return _rows(request, names(request, "ids") or [], names(request, "fields") or [])


async def read_many(request: Request) -> Response:
    """The same with the ids and fields in a body, for ids that would not fit a URI."""
    body = await json_object(request)
    return _rows(request, texts(body.get("ids")), texts(body.get("fields")))


def _rows(request: Request, ids: Sequence[str], fields: Sequence[str]) -> Response:
    org, caller, sobject = org_of(request), caller_of(request), request.path_params["sobject"]
    if not ids or not fields:
        raise Refused("MISSING_ARGUMENT", "The ids and fields parameters are both needed")
    if len(ids) > _MOST_READ:
        raise _too_many(_MOST_READ)
    return Json([_row_or_none(partial(org.get, sobject, id_, caller, fields=fields)) for id_ in ids])


def _row_or_none(get: Callable[[], Item]) -> Item | None:
    try:
        return get()
    except Refused as said:
        if said.status == 404 or said.code in ("MALFORMED_ID", "ENTITY_IS_DELETED"):
            return None
        raise


def _each(org: Org, caller: Caller, asked: Sequence[T], one: Callable[[T], Item], *, all_or_none: bool) -> list[Item]:
    """What became of each; of all or none, nothing is kept if one fails, and the good ones say so."""
    told: list[Item] = []
    try:
        with org.transaction(caller.commits_after):
            told.extend(_done(org, one, each) for each in asked)
            if all_or_none and not all(item["success"] for item in told):
                raise _Undone
    except _Undone:
        return [item if not item["success"] else {**item, "success": False, "errors": [_ROLLED_BACK]} for item in told]
    return told


def _done(org: Org, one: Callable[[T], Item], asked: T) -> Item:
    try:
        with org.transaction():
            return one(asked)
    except Refused as said:
        return {"success": False, "errors": of_one_of_many(said).item_errors()}


def of_one_of_many(said: Refused) -> Refused:
    """How a refusal is told of one row among others: none of them is a resource that is not found."""
    if said.code != "NOT_FOUND":
        return said
    return Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=())


def _some(records: list[Item]) -> list[Item]:
    """`records`, if they are not too many, nor of too many kinds in turn. Raises Refused."""
    if len(records) > _MOST:
        raise _too_many()
    kinds = [str(_attributes(record).get("type")).lower() for record in records]
    if 1 + sum(before != after for before, after in pairwise(kinds)) > _MOST_CHUNKS:
        told = f"Cannot have more than {_MOST_CHUNKS} chunks in a single operation. Please rearrange the data to reduce chunking."
        raise Refused("LIMIT_EXCEEDED", told)
    return records


def _too_many(most: int = _MOST) -> Refused:
    return Refused("EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {most} records into this call")


def _attributes(record: Item) -> Item:
    told = record.get("attributes")
    return told if isinstance(told, dict) else {}


def _type_of(record: Item) -> str:
    kind = _attributes(record).get("type")
    if not isinstance(kind, str):
        raise Refused("INVALID_TYPE", "sObject type is missing: expected attributes.type")
    return kind


def _id_of(record: Item) -> str:
    id_ = next((value for name, value in record.items() if name.lower() == "id"), None)
    if not isinstance(id_, str):
        raise Refused("MISSING_ARGUMENT", "Id not specified in an update call", fields=("Id",))
    return id_


def _values(record: Item, keep: str = "") -> Item:
    """Its fields: neither its attributes nor its id, unless it is found by that."""
    return {name: value for name, value in record.items() if name.lower() not in {"attributes", "id"} - {keep.lower()}}


def _good(id_: str) -> Item:
    return {"id": id_, "success": True, "errors": []}


ROUTES = [
    resource("/composite/sobjects", POST=create, PATCH=update, DELETE=delete),
    resource("/composite/sobjects/{sobject}", GET=read, POST=read_many),
    resource("/composite/sobjects/{sobject}/{field}", PATCH=upsert),
]
