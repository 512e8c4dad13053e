"""Faults at the door: what a rule asks for, done to a call."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.faults import Faults, Rule
from sandbox.hubspot.answers import page, refusal
from sandbox.hubspot.limiting import policy_of, too_many
from sandbox.limits import Allowance
from sandbox.refusals import Refusal

_RESET = struct.pack("ii", 1, 0)  # linger for 0 s: the connection ends with RST
_PIECES = 20  # of a slow body
_SLOW_S, _MIGRATION_S = 3.0, 2  # where the rule does not say
_JSON = {
    401: Refusal("Authentication credentials not found.", status=401, category="INVALID_AUTHENTICATION"),
    403: Refusal("This app hasn't been granted all required scopes to make this call.", status=403, category="MISSING_SCOPES"),
    423: Refusal("This resource is locked by another call.", status=423, category=None),
    477: Refusal("The account is being moved to another hosting location.", status=477, category=None),
    500: Refusal("internal error", status=500, category=None),
}
_PAGES = {404: "Not Found", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out", 524: "A timeout occurred"}


class Faulting:
    """`app`, but what a rule of `faults` chooses goes wrong. A refusal by a fault comes before the door, as a gateway's does."""

    def __init__(self, app: ASGIApp, *, faults: Faults, allowance: Allowance) -> None:
        self._app = app
        self._faults = faults
        self._allowance = allowance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call, well or not."""
        rule = self._faults.fire(scope["method"], scope["asked"])
        if rule is None:
            await self._app(scope, receive, send)
            return
        scope["call"].fault = rule.name
        if rule.status is not None:
            await self._told(rule, rule.status, scope)(scope, receive, send)
        elif rule.fault == "reset_before":
            await _reset(scope, receive)
        else:
            await self._spoiled(rule, scope, receive, send)

    def _told(self, rule: Rule, status: int, scope: Scope) -> Response:
        """The answer with a status, as HubSpot or the gateway before it sends it. Source: crm-facts, HubSpot, sections 2 and 5."""
        if status == 429:
            return too_many(scope, policy_of(scope["asked"]), rule.form or self._allowance.limits.form, rule.retry_after)
        answer = refusal(scope, _JSON[status]) if status in _JSON else page(status, _PAGES[status])
        wait_s = rule.retry_after if rule.retry_after is not None or status != 477 else _MIGRATION_S
        if wait_s is not None:
            answer.headers["Retry-After"] = str(wait_s)
        return answer

    async def _spoiled(self, rule: Rule, scope: Scope, receive: Receive, send: Send) -> None:
        """Do the work, and then spoil its answer."""
        said = await _answer_of(self._app, scope, receive)
        match rule.fault:
            case "reset_after":
                await _reset(scope, receive)
            case "slow":
                await _dribble(said, rule.seconds or _SLOW_S, receive, send)
            case "cut_body":
                await send(said.start())
                await send({"type": "http.response.body", "body": said.body[: len(said.body) // 2], "more_body": True})
                await _hang_up(scope, receive)
            case "cut_json":
                await replace(said, body=said.body[: len(said.body) // 2]).send(send)
            case "stale_search":
                await replace(said, body=_without_results(said.body)).send(send)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
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


async def _answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> _Said:
    """What `app` answers, whole and not zipped."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    await app({**scope, "headers": plain}, receive, keep)
    start, *rest = messages
    headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    return _Said(status=start["status"], headers=headers, body=b"".join(message.get("body", b"") for message in rest))


async def _dribble(said: _Said, seconds: float, receive: Receive, send: Send) -> None:
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


def _without_results(body: bytes) -> bytes:
    """A search's answer whose total counts records that it does not show. Source: crm-facts, HubSpot, section 11.3."""
    found = orjson.loads(body)
    return orjson.dumps({"total": found["total"], "results": []}) if "total" in found else body


async def _reset(scope: Scope, receive: Receive) -> None:
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


def _transport(state: Mapping[str, object]) -> asyncio.Transport:
    transport = state["transport"]
    assert isinstance(transport, asyncio.Transport)
    return transport


async def _gone(receive: Receive) -> None:
    """Wait until the server knows that the connection is no more."""
    while (await receive())["type"] != "http.disconnect":
        pass
