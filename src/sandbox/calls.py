"""A log of every call that reached the practice CRM."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from sandbox.clock import as_text
from sandbox.crms import Crm, crm_of

KEPT = 100_000  # calls; older ones are only counted
BODIES, BODY = 10_000, 20_000  # calls whose bodies are kept, and the longest body that is


@dataclass(slots=True, kw_only=True)
class Call:
    """One call, filled in while it is served.

    `number` counts from 1 in the order of arrival, `path` is as it was asked, without its query; `status` is None
    while there is no answer and for one that was lost, `results` None where the answer is no list. No header is kept.
    """

    number: int
    at: datetime
    since_start_s: float
    method: str
    path: str
    query: str
    is_write: bool
    request_bytes: int
    status: int | None = None
    response_bytes: int = 0  # of the body, as it was sent
    results: int | None = None
    fault: str | None = None
    limited: str | None = None  # the policy that refused it

    def shown(self, body: bytes | None) -> dict[str, Any]:
        """The call as plain values, with its body if that is JSON."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"at": as_text(self.at), "since_start_s": round(self.since_start_s, 6), "body": _parsed(body)}


class CallLog:
    """The calls so far, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._bodies: deque[tuple[int, bytes]] = deque(maxlen=BODIES)
        self._started_s = time.monotonic()
        self.total = 0
        self.writes = 0
        self._of_crm: Counter[tuple[Crm, bool]] = Counter()

    def enter(self, asked: tuple[str, str, str], *, at: datetime, is_write: bool, body: bytes, private: bool) -> Call:
        """Add the call that asks for method, path and query; a refused write counts as a write too.

        A body is kept if it is short and not `private`.
        """
        method, path, query = asked
        self.total += 1
        self.writes += is_write
        self._of_crm[crm_of(path), is_write] += 1
        call = Call(
            number=self.total,
            at=at,
            since_start_s=time.monotonic() - self._started_s,
            method=method,
            path=path,
            query=query,
            is_write=is_write,
            request_bytes=len(body),
        )
        self._calls.append(call)
        if body and len(body) <= BODY and not private:
            self._bodies.append((call.number, body))
        return call

    def of(self, crm: Crm) -> dict[str, int]:
        """How many calls, reads and writes reached one CRM."""
        reads, writes = self._of_crm[crm, False], self._of_crm[crm, True]
        return {"calls": reads + writes, "reads": reads, "writes": writes}

    def since(self, number: int) -> list[dict[str, Any]]:
        """The calls after the one of this number, as plain values."""
        bodies = dict(self._bodies)
        return [call.shown(bodies.get(call.number)) for call in self._calls if call.number > number]


def _parsed(body: bytes | None) -> Any:
    try:
        return None if body is None else orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
