"""What a request asks for: who asks, its headers, its JSON, its moments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
from starlette.requests import Request

from sandbox.salesforce.caller import Caller
from sandbox.salesforce.checks import Checks
from sandbox.salesforce.org import Org
from sandbox.salesforce.refusals import Refused

_JSON = ("application/json", "")


def org_of(request: Request) -> Org:
    """The org that a request is about."""
    org = request.app.state.org
    assert isinstance(org, Org)
    return org


def checks_of(request: Request) -> Checks:
    """What the request was held against."""
    checks = request.app.state.checks
    assert isinstance(checks, Checks)
    return checks


def version_of(request: Request) -> str:
    """The version of the API that is asked, such as 62.0."""
    return str(request.scope["version"])


def caller_of(request: Request) -> Caller:
    """Who asks, and what the headers change. Raises Refused (400) for a date that is none."""
    return Caller(
        user_id=request.scope["user_id"],
        version=version_of(request),
        auto_assign=_auto_assign(request.headers.get("sforce-auto-assign")),
        unmodified_since=http_moment(request, "if-unmodified-since"),
        allow_duplicates=_options(request.headers.get("sforce-duplicate-rule-header", "")).get("allowsave") == "true",
        commits_after=checks_of(request).commits_after,
    )


def http_moment(request: Request, header: str) -> datetime | None:
    """The moment that a header names; None without it. Raises Refused (400)."""
    text = request.headers.get(header)
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        raise Refused("MALFORMED_DATE", f"{header}: expected a date as RFC 1123 writes it", status=400) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def batch_size(request: Request) -> int:
    """How many rows a page has: as many as were asked for, or fewer. Source: crm-facts, Salesforce, section 3."""
    text = _options(request.headers.get("sforce-query-options", "")).get("batchsize", "")
    asked = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 2_000
    return min(max(asked, 200), 2_000, checks_of(request).page_rows)


async def json_object(request: Request) -> dict[str, Any]:
    """The JSON object of the body. Raises Refused (415 or 400)."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() not in _JSON:
        raise Refused("UNSUPPORTED_MEDIA_TYPE", "The content type is not supported: application/json is", status=415)
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise Refused("JSON_PARSER_ERROR", f"Unexpected character: {error}") from None
    if not isinstance(body, dict):
        raise Refused("JSON_PARSER_ERROR", "expected a JSON object")
    return body


def records_of(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The `records` of a Collections call. Raises Refused."""
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise Refused("JSON_PARSER_ERROR", "expected records: a list of objects")
    return records


def moment_of(text: str, name: str) -> datetime:
    """A moment of the query with its zone. Raises Refused."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that was not encoded
    except ValueError:
        raise Refused("INVALID_REPLICATION_DATE", f"{name}: expected a moment as ISO 8601 writes it", status=400) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def names(request: Request, parameter: str) -> list[str] | None:
    """The names that a query parameter lists with commas; None without it."""
    text = request.query_params.get(parameter)
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def truth(value: object) -> bool:
    """A flag, as JSON or a query writes it."""
    return value is True or str(value).lower() == "true"


def texts(value: object) -> Sequence[str]:
    """`value` if it is a list of texts, else an empty one."""
    return value if isinstance(value, list) and all(isinstance(each, str) for each in value) else []


def _auto_assign(text: str | None) -> bool | str:
    if text is None or text.strip().lower() == "true":
        return True
    return False if text.strip().lower() == "false" else text.strip()


def _options(header: str) -> dict[str, str]:
    """`name=value` pairs, split at commas or semicolons; all in lower case."""
    pairs = (pair.partition("=") for pair in header.lower().replace(";", ",").split(","))
    return {name.strip(): value.strip() for name, _, value in pairs}
