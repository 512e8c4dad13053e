"""A part of a composite call, served as a call of its own, but counted with the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
from starlette.requests import Request
from starlette.types import Message

from sandbox.salesforce.paths import DATA, split
from sandbox.wire import replayed

_NO_HEADERS = ("content-type", "content-length")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one part asks for; `url` begins with the path of the data API."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What became of a part; `body` is None where there is none."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def is_good(self) -> bool:
        """Whether it was served as it asked."""
        return self.status < 400


async def serve_part(request: Request, part: Part) -> Answered:
    """Serve one part of `request` with the user and the version of the whole, but with headers of its own."""
    url = urlsplit(part.url)
    found = split(url.path)
    if found is None:
        return not_found()
    version, rest = found
    body = b"" if part.body is None else orjson.dumps(part.body)
    headers = [(name.lower().encode("latin-1"), str(value).encode("latin-1", "replace")) for name, value in part.headers.items()]
    scope = {
        **request.scope,
        "method": part.method.upper(),
        "path": unquote(rest) or "/",
        "raw_path": rest.encode(),
        "query_string": _query(url.query),
        "headers": [*headers, (b"content-type", b"application/json")],
        "version": version,
    }
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await request.app(scope, replayed(body, request.receive), keep)
    start, *parts = messages
    told = b"".join(message.get("body", b"") for message in parts)
    names = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Answered(
        status=start["status"],
        headers={name.title(): value for name, value in names.items() if name not in _NO_HEADERS},
        body=orjson.loads(told) if told else None,
    )


def not_found() -> Answered:
    """For a part whose URL leads nowhere. Source: recorded answer."""
    said = {"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}
    return Answered(status=404, headers={}, body=[said])


def of_batch(url: str) -> str:
    """The whole path of a URL of a batch, which begins with the version."""
    return url if url.startswith(DATA) else f"{DATA}/{url.lstrip('/')}"


def _query(query: str) -> bytes:
    """A query as it stands in a request: its blanks, which the JSON of a part may hold as they are, are encoded."""
    return query.replace(" ", "%20").replace("\n", "%0A").encode()
