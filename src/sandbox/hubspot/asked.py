"""What a request asks for: kinds, ids, lists, limits, bodies; each refused as HubSpot refuses it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.requests import Request

from sandbox.kinds import Kind, kind_named
from sandbox.refusals import Refusal


def kind_of(request: Request, name: str = "kind") -> Kind:
    """The object type that stands in the path. Raises Refusal for one that HubSpot would not know."""
    text = request.path_params[name]
    kind = kind_named(text)
    if kind is None:
        raise Refusal(f"Unable to infer object type from: {text}", category=None)
    return kind


def number(text: str) -> int:
    """A record id from a path. Raises Refusal (a JSON 404) unless it is numeric."""
    if not (text.isascii() and text.isdigit()):
        message = "Object not found.  objectId are usually numeric."
        raise Refusal(message, status=404, category="OBJECT_NOT_FOUND", context={"id": [text]})
    return int(text)


def names(request: Request, parameter: str) -> tuple[str, ...]:
    """The names of a list parameter, given with commas or several times."""
    given = request.query_params.getlist(parameter)
    return tuple(dict.fromkeys(name.strip() for text in given for name in text.split(",") if name.strip()))


def flag(request: Request, parameter: str) -> bool:
    """A true/false parameter; false unless it says true."""
    return request.query_params.get(parameter, "").lower() == "true"


def limit(request: Request, *, default: int, most: int) -> int:
    """The `limit` parameter. Raises Refusal for one outside 1 to `most`."""
    text = request.query_params.get("limit") or str(default)
    value = int(text) if text.isdigit() else 0
    refuse_if_outside(text, value, most)
    return value


def refuse_if_outside(text: object, value: int, most: int) -> None:
    """Refuse a page size outside 1 to `most`."""
    if not 1 <= value <= most:
        raise Refusal(f"Invalid limit {text}: it must be between 1 and {most}.")


def after(request: Request) -> int:
    """The `after` parameter as a number; 0 without one. Raises Refusal for another text."""
    text = request.query_params.get("after") or "0"
    if not text.isdigit():
        raise Refusal(f"Invalid cursor: {text}")
    return int(text)


def next_page(request: Request, cursor: object, path: str | None = None) -> dict[str, Any]:
    """The `paging` member that leads to the page from `cursor` on; its link is absolute."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "after"] if path is None else []
    base = str(request.base_url).rstrip("/")
    query = urlencode([*kept, ("after", str(cursor))])
    return {"next": {"after": str(cursor), "link": f"{base}{path or request.scope['asked']}?{query}"}}


async def json_body(request: Request) -> dict[str, Any]:
    """The body as an object. Raises Refusal if it is anything else."""
    body = await json_text(request)
    if not isinstance(body, dict):
        raise Refusal("Invalid input JSON: an object was expected.")
    return body


async def json_text(request: Request) -> Any:
    """The body, whatever JSON it is. Raises Refusal if it is none."""
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise Refusal(f"Invalid input JSON on line {error.lineno}, column {error.colno}: {error.msg}") from None


def inputs(body: dict[str, Any], *, most: int) -> list[dict[str, Any]]:
    """The `inputs` of a batch. Raises Refusal for none, for more than `most`, for other things than objects."""
    rows = body.get("inputs")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refusal("Invalid input JSON: `inputs` must be a list of objects.")
    if len(rows) > most:
        raise Refusal(f"The maximum number of inputs supported in a batch request is {most}; {len(rows)} were given.")
    return rows


def member(row: dict[str, Any], name: str, sort: type[Any], default: Any = None) -> Any:
    """A member of an object in a body. Raises Refusal if it is there and no `sort`."""
    value = row.get(name)
    if value is None:
        return default
    if not isinstance(value, sort):
        raise Refusal(f"Invalid input JSON: `{name}` has the wrong type.")
    return value


def texts(row: dict[str, Any], name: str) -> tuple[str, ...]:
    """A member that is a list of names, without doubles; empty without one."""
    return tuple(dict.fromkeys(str(value) for value in member(row, name, list, [])))


def id_in(row: object) -> str:
    """The `id` of `{"id": ...}`, number or text. Raises Refusal if there is none."""
    id_ = row.get("id") if isinstance(row, dict) else None
    if not isinstance(id_, str | int) or isinstance(id_, bool):
        raise Refusal("Invalid input JSON: `id` is required.")
    return str(id_)


def refuse_if_doubled(ids: Sequence[str]) -> None:
    """Refuse a batch that names one record twice."""
    doubled = sorted({id_ for id_ in ids if ids.count(id_) > 1}) if len(set(ids)) < len(ids) else []
    if doubled:
        raise Refusal(f"Duplicate IDs found in batch input: [{', '.join(doubled)}]. IDs must be unique", context={"ids": doubled})
