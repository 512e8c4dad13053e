"""Bodies of Salesforce's answers."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.salesforce.refusals import Refused, no_such_resource

_PAGE = "<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n<p>{reason}</p>\n</body>\n</html>\n"
_LISTS = ("records", "compositeResponse", "results", "ids", "deletedRecords", "sobjects")


class Json(Response):
    """A JSON answer with Salesforce's content type."""

    media_type = "application/json;charset=UTF-8"
    results: int | None = None

    def render(self, content: Any) -> bytes:
        """Encode, and count the rows it lists."""
        if isinstance(content, dict):
            rows = next((content[name] for name in _LISTS if isinstance(content.get(name), list)), None)
            self.results = None if rows is None else len(rows)
        return orjson.dumps(content)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and tell the log how many rows it lists."""
        scope["call"].results = self.results
        await super().__call__(scope, receive, send)


def nothing() -> Response:
    """204, as after a change or a deletion."""
    return Response(status_code=204)


def refusal(said: Refused) -> Response:
    """The answer that a Refused becomes; a precondition of a read that holds not is told without a body."""
    return Response(status_code=304) if said.status == 304 else Json(said.body(), said.status)


async def refused(_request: Request, error: Exception) -> Response:
    """Answer a Refused."""
    assert isinstance(error, Refused)
    return refusal(error)


async def not_served(request: Request, error: Exception) -> Response:
    """Answer for an unknown resource or a wrong method. Source: recorded answers; crm-facts, Salesforce, section 8."""
    status = getattr(error, "status_code", 500)
    if status != 405:
        return refusal(no_such_resource())
    allowed = (getattr(error, "headers", None) or {}).get("Allow", "").replace(" ", "").replace(",HEAD", "").replace("HEAD,", "")
    said = Refused("METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}", status=405)
    answer = refusal(said)
    answer.headers["Allow"] = allowed
    return answer


def page(status: int, title: str, reason: str = "") -> HTMLResponse:
    """A short HTML page, as the machines before the API send it."""
    return HTMLResponse(_PAGE.format(title=title, reason=reason or title), status)


def too_long() -> HTMLResponse:
    """For a URI of more than 16,384 bytes. Source: crm-facts, Salesforce, sections 3 and 8."""
    return page(414, "Bad Message 414", "reason: URI Too Long")
