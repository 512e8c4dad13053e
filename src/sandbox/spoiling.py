"""Answers that are spoiled on their way: connections that break, bodies that are slow or cut."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.faults import Rule

_RESET = struct.pack("ii", 1, 0)  # linger for 0 s: the connection ends with RST
_PIECES = 20  # of a slow body
_SLOW_S = 3.0  # where the rule does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer that was not sent yet."""

    status: int
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    def start(self) -> Message:
        """Its first message; the length is that of the body."""
        length = [(b"content-length", b"%d" % len(self.body))] if self.body else []
        return {"type": "http.response.start", "status": self.status, "headers": self.headers + length}

    async def send(self, send: Send) -> None:
        """Send it whole."""
        await send(self.start())
        await send({"type": "http.response.body", "body": self.body})


async def answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> Said:
    """What `app` answers, whole and not zipped."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    await app({**scope, "headers": plain}, receive, keep)
    start, *rest = messages
    headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    return Said(status=start["status"], headers=headers, body=b"".join(message.get("body", b"") for message in rest))


async def spoil(said: Said, rule: Rule, scope: Scope, receive: Receive, send: Send) -> None:
    """Send `said` as `rule` wants it: lost, slow or cut; whole if it wants none of these."""
    match rule.fault:
        case "reset_after":
            await reset(scope, receive)
        case "slow":
            await _dribble(said, rule.seconds or _SLOW_S, receive, send)
        case "cut_body":
            await send(said.start())
            await send({"type": "http.response.body", "body": said.body[: len(said.body) // 2], "more_body": True})
            await _hang_up(scope, receive)
        case "cut_json":
            await replace(said, body=said.body[: len(said.body) // 2]).send(send)
        case _:
            await said.send(send)


async def reset(scope: Scope, receive: Receive) -> None:
    """Break the connection: the client gets an RST and no further byte."""
    transport = _transport(scope["state"])
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
    await _gone(receive)


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection after what was sent."""
    _transport(scope["state"]).close()
    await _gone(receive)


async def _dribble(said: Said, seconds: float, receive: Receive, send: Send) -> None:
    """Send the body in pieces, with a wait before each; stop if the client goes away."""
    await send(said.start())
    gone = asyncio.ensure_future(_gone(receive))
    size = max(-(-len(said.body) // _PIECES), 1)
    for begin in range(0, len(said.body), size):
        await asyncio.wait({gone}, timeout=seconds / _PIECES)
        if gone.done():
            return
        await send({"type": "http.response.body", "body": said.body[begin : begin + size], "more_body": True})
    gone.cancel()
    await send({"type": "http.response.body", "body": b""})


def _transport(state: Mapping[str, object]) -> asyncio.Transport:
    transport = state["transport"]
    assert isinstance(transport, asyncio.Transport)
    return transport


async def _gone(receive: Receive) -> None:
    """Wait until the server knows that the connection is no more."""
    while (await receive())["type"] != "http.disconnect":
        pass
