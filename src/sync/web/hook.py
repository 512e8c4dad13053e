"""The endpoint of one CRM's webhooks: verifies before it parses, and wakes the daemon for what changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from connectors.webhooks import Delivery, Doubt, Unreadable, Webhooks
from sync.web.bodies import TooLarge, TooSlow, read_body
from sync.web.complaints import Complaints
from sync.web.guard import CLOSE
from sync.web.metrics import Metrics
from sync.web.settings import ServingSettings
from sync.web.watched import Hints, Watched

MOST_REMEMBERED = 10_000  # signatures; of more the oldest are forgotten, and a replay is a hint once more


class Outcome(StrEnum):
    """What became of a delivery."""

    TAKEN = "taken"
    REPLAYED = "replayed"  # this very delivery was taken before
    OTHER_ACCOUNT = "other_account"
    UNSIGNED = "unsigned"
    OLD = "old"
    FORGED = "forged"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"


CODES = {
    Outcome.UNSIGNED: 401,
    Outcome.OLD: 401,
    Outcome.FORGED: 401,
    Outcome.UNREADABLE: 400,
    Outcome.TOO_LARGE: 413,
    Outcome.TOO_SLOW: 408,
}  # whatever is answered with another code than these the CRM need not send again
_DOUBTS = {Doubt.UNSIGNED: Outcome.UNSIGNED, Doubt.OLD: Outcome.OLD, Doubt.FORGED: Outcome.FORGED}


class Hook:
    """Takes deliveries in; `account` answers which account of the CRM the store is of, None while it has none."""

    def __init__(
        self,
        settings: ServingSettings,
        webhooks: Webhooks,
        watched: Watched,
        metrics: Metrics,
        account: Callable[[], Awaitable[str | None]],
    ) -> None:
        self._settings = settings
        self._webhooks = webhooks
        self._watched = watched
        self._metrics = metrics
        self._ask_account = account
        self._account: str | None = None
        self._taken: dict[str, None] = {}
        self._complaints = Complaints(_tell_refused, settings.monotonic)

    async def answer(self, request: Request) -> Response:
        """Answer a delivery; what is wrong with it is counted, and told once a minute."""
        try:
            outcome = await self._outcome(request)
        except ClientDisconnect:  # nobody is there to be answered
            outcome = Outcome.TOO_SLOW
        self._metrics.delivered(self._webhooks.crm, outcome)
        code = CODES.get(outcome)
        if code is None:
            return Response(status_code=204)
        self._complaints.add(outcome)
        headers = CLOSE if outcome in (Outcome.TOO_LARGE, Outcome.TOO_SLOW) else None
        return PlainTextResponse(f"{outcome.replace('_', ' ')}\n", status_code=code, headers=headers)

    async def _outcome(self, request: Request) -> Outcome:
        try:
            delivery = await self._delivery(request)
        except TooLarge:
            return Outcome.TOO_LARGE
        except TooSlow:
            return Outcome.TOO_SLOW
        doubt = self._webhooks.doubt(delivery, now=self._settings.clock())
        if doubt is not None:
            return _DOUBTS[doubt]
        if delivery.signature in self._taken:
            return Outcome.REPLAYED
        try:
            outcome = await self._take(delivery.body)
        except Unreadable:
            return Outcome.UNREADABLE
        self._remember(delivery.signature or "")
        return outcome

    async def _delivery(self, request: Request) -> Delivery:
        """Return the call as the CRM made it: what stands before this server may know it by another address."""
        query = f"?{asked}" if (asked := request.scope["query_string"].decode("latin-1")) else ""
        return Delivery(
            method=request.method,
            url=f"{self._settings.public_url}{request.scope['raw_path'].decode('ascii')}{query}",
            body=await read_body(request, within_s=self._settings.patience.body_s),
            signature=request.headers.get(self._webhooks.signature_header),
            signed_at=request.headers.get(self._webhooks.time_header),
        )

    async def _take(self, body: bytes) -> Outcome:
        events = self._webhooks.read(body)
        ours = self._account = self._account or await self._ask_account()
        told = [event for event in events if ours is None or event.account == ours]
        if hints := Hints.of(record for event in told for record in event.records):
            self._watched.hint(self._webhooks.crm, hints)
        return Outcome.TAKEN if told or not events else Outcome.OTHER_ACCOUNT

    def _remember(self, signature: str) -> None:
        self._taken[signature] = None
        if len(self._taken) > MOST_REMEMBERED:
            del self._taken[next(iter(self._taken))]


def _tell_refused(counts: Mapping[str, int]) -> None:
    structlog.get_logger().warning("webhooks_refused", **counts)
