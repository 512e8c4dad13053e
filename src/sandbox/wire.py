"""A request that is read whole before it is served, and the date of an answer."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from starlette.types import Message, Receive


async def whole_body(receive: Receive) -> bytes | None:
    """The body of a request; None if the client went away before its end."""
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def replayed(body: bytes, receive: Receive) -> Receive:
    """`receive` again from the beginning of a body that was read."""
    held: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return held.pop() if held else await receive()

    return replay


@lru_cache(maxsize=1)  # a clock that stands still has one date for all its calls
def http_date(now: datetime) -> bytes:
    """The Date header of an answer that is given at `now`, a UTC moment of whole seconds."""
    return format_datetime(now, usegmt=True).encode()
