"""Reads the body of a call: no more of it than is allowed, and for no longer."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

MOST_BYTES = 1_048_576  # HubSpot sends up to 100 events, some 50 kB


class TooLarge(Exception):
    """A body is larger than any that is expected; the rest of it is not read."""


class TooSlow(Exception):
    """A body did not arrive in time."""


async def read_body(request: Request, *, within_s: float, most: int = MOST_BYTES) -> bytes:
    """Return the body; raises TooLarge, before it is read where it says its length, TooSlow, or starlette's ClientDisconnect."""
    told = request.headers.get("content-length", "0")
    if told.isdecimal() and int(told) > most:
        raise TooLarge
    body = bytearray()
    try:
        async with asyncio.timeout(within_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise TooLarge
    except TimeoutError:
        raise TooSlow from None
    return bytes(body)
