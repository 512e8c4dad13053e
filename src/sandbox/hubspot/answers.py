"""Bodies and headers of HubSpot's answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.portal import Portal
from sandbox.refusals import Missing, Refusal

_PAGE = "<html>\n<head>\n<title>Error {status}</title>\n</head>\n<body><h2>HTTP ERROR {status}</h2>\n<p>{reason}</p>\n</body>\n</html>\n"


class Json(Response):
    """A JSON answer with HubSpot's content type."""

    media_type = "application/json;charset=utf-8"
    results: int | None = None

    def render(self, content: Any) -> bytes:
        """Encode; history that is kept as JSON text goes out as it is."""
        if isinstance(content, dict) and isinstance(results := content.get("results"), list):
            self.results = len(results)
        return orjson.dumps(content)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and tell the log how many results it has."""
        scope["call"].results = self.results
        await super().__call__(scope, receive, send)


def portal_of(request: Request) -> Portal:
    """The portal that a request is about."""
    portal = request.app.state.portal
    assert isinstance(portal, Portal)
    return portal


def batch_answer(request: Request, results: list[Any], errors: list[dict[str, Any]] | None = None, *, status: int = 200) -> Json:
    """The answer of a batch: `status`, or 207 where part of it failed."""
    now = portal_of(request).clock.text()
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return Json(body, 207 if errors else status)


def error_body(scope: Scope, members: Mapping[str, Any]) -> dict[str, Any]:
    """HubSpot's error envelope around `members`."""
    return {"status": "error", "correlationId": scope["correlation_id"], **members}


def refusal(scope: Scope, said: Refusal) -> Json:
    """The answer that a Refusal becomes."""
    return Json(error_body(scope, said.members), said.status)


async def refused(request: Request, error: Exception) -> Response:
    """Answer a Refusal."""
    assert isinstance(error, Refusal)
    return refusal(request.scope, error)


async def missing(_request: Request, error: Exception) -> Response:
    """Answer for a record that is not there: 404 and a short page, as seen on the wire."""
    assert isinstance(error, Missing)
    return page(404, "Not Found")


async def not_served(_request: Request, error: Exception) -> Response:
    """Answer for an unknown path or a wrong method: a short page too."""
    status = getattr(error, "status_code", 500)
    return page(status, {404: "Not Found", 405: "Method Not Allowed"}.get(status, "Server Error"))


def page(status: int, reason: str) -> HTMLResponse:
    """A short HTML page."""
    return HTMLResponse(_PAGE.format(status=status, reason=reason), status)
