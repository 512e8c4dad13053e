"""What a request asks for: kinds, ids, lists, limits, bodies; each refused as HubSpot refuses it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.requests import Request

from sandbox.kinds import Kind, kind_named
from sandbox.record import LARGEST_ID
from sandbox.refusals import Refusal

NOBODY = -1  # an id that no record has
DIGITS = len(str(LARGEST_ID))  # of the longest id and of the longest cursor


def kind_of(request: Request, name: str = "kind") -> Kind:
    """The object type that stands in the path. Raises Refusal for one that HubSpot would not know."""
    text = request.path_params[name]
    kind = kind_named(text)
    if kind is None:
        raise Refusal(f"Unable to infer object type from: {text}", category=None)
    return kind


def number(text: str) -> int:
    """A record id; NOBODY for one that is too long for any. Raises Refusal (a JSON 404) unless it is numeric."""
    if not _is_digits(text):
        message = "Object not found.  objectId are usually numeric."
        raise Refusal(message, status=404, category="OBJECT_NOT_FOUND", context={"id": [text]})
    return id_of(text)


def id_of(text: str) -> int:
    """The record id that `text` is; NOBODY for any other text."""
    return int(text) if _is_digits(text) and len(text) <= DIGITS else NOBODY


def cursor(value: object) -> int:
    """Where a page begins, as a number or text. Raises Refusal for what no page ever named."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not _is_digits(text) or len(text) > DIGITS:
        raise Refusal(f"Invalid cursor: {text}")
    return int(text)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


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
    value = max(id_of(text), 0)
    refuse_if_outside(text, value, most)
    return value


def refuse_if_outside(text: object, value: int, most: int) -> None:
    """Refuse a page size outside 1 to `most`."""
    if not 1 <= value <= most:
        raise Refusal(f"Invalid limit {text}: it must be between 1 and {most}.")


def after(request: Request) -> int:
    """The `after` parameter as a number; 0 without one. Raises Refusal for another text."""
    return cursor(request.query_params.get("after") or "0")


def next_page(request: Request, start: object, path: str | None = None) -> dict[str, Any]:
    """The `paging` member that leads to the page from `cursor` on; its link is absolute."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "after"] if path is None else []
    base = str(request.base_url).rstrip("/")
    query = urlencode([*kept, ("after", str(start))])
    return {"next": {"after": str(start), "link": f"{base}{path or request.scope['asked']}?{query}"}}


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
    if not isinstance(value, sort) or (isinstance(value, bool) and sort is not bool):
        raise Refusal(f"Invalid input JSON: `{name}` has the wrong type.")
    return value


def texts(row: dict[str, Any], name: str) -> tuple[str, ...]:
    """A member that is a list of names, without doubles; empty without one. Raises Refusal for other things than names."""
    values = member(row, name, list, [])
    if not all(isinstance(value, str) for value in values):
        raise Refusal(f"Invalid input JSON: `{name}` must be a list of strings.")
    return tuple(dict.fromkeys(values))


def id_in(row: object) -> str:
    """The `id` of `{"id": ...}`, number or text. Raises Refusal if there is none."""
    id_ = row.get("id") if isinstance(row, dict) else None
    if not isinstance(id_, str | int) or isinstance(id_, bool):
        raise Refusal("Invalid input JSON: `id` is required.")
    return str(id_)


def id_property_in(row: dict[str, Any]) -> str | None:
    """The `idProperty` of a body or of a row of a batch. Raises Refusal if it is no text."""
    name: str | None = member(row, "idProperty", str)
    return name


def trace_in(row: dict[str, Any]) -> str | None:
    """The `objectWriteTraceId` of a row of a batch. Raises Refusal if it is no text."""
    trace: str | None = member(row, "objectWriteTraceId", str)
    return trace


def shown_json(value: object) -> str:
    """A part of a body as a message repeats it."""
    return orjson.dumps(value).decode()


def refuse_if_doubled(ids: Sequence[str]) -> None:
    """Refuse a batch that names one record twice."""
    doubled = sorted({id_ for id_ in ids if ids.count(id_) > 1}) if len(set(ids)) < len(ids) else []
    if doubled:
        raise Refusal(f"Duplicate IDs found in batch input: [{', '.join(doubled)}]. IDs must be unique", context={"ids": doubled})
