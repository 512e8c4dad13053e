"""The paths of the Salesforce API: its versions, and which calls write. Pure."""

from __future__ import annotations

import re
from typing import Any

import orjson

DATA = "/services/data"
VERSIONS = range(31, 68)
_VERSIONED = re.compile(r"/services/data/v(\d{1,3}\.\d)(/.*)?")
_SEASONS = ("Winter", "Spring", "Summer")
_READING_POST = re.compile(r"/composite/sobjects/\w+|/jobs/query")  # retrieving many, and a query's job
_ABOUT_TOKENS = ("/services/oauth2/", "/services/Soap/", "/id/")
_TOO_LONG = 16_384  # bytes of a URI


def split(path: str) -> tuple[str, str] | None:
    """The version and what follows it (empty: nothing) of a path of the data API; None for a path or version that is not served."""
    found = _VERSIONED.fullmatch(path.rstrip("/"))
    if found is None or found[1] not in _KNOWN:
        return None
    return found[1], found[2] or ""


def labelled() -> list[dict[str, str]]:
    """The versions that are served, as `/services/data` lists them."""
    return [{"label": _label(number), "url": f"{DATA}/v{number}.0", "version": f"{number}.0"} for number in VERSIONS]


def is_about_tokens(path: str) -> bool:
    """Whether a call is for a token, or about one: its body is never kept."""
    return path.startswith(_ABOUT_TOKENS)


def is_too_long(path: bytes, query: bytes) -> bool:
    """Whether a URI is refused for its length. Source: crm-facts, Salesforce, section 3."""
    return len(path) + len(query) + bool(query) > _TOO_LONG


def is_write(method: str, path: str, body: bytes) -> bool:
    """Whether a call changes records: of a composite, whether one of its parts does."""
    found = split(path)
    if method in ("GET", "HEAD") or found is None:
        return False
    rest = found[1]
    if rest in ("/composite", "/composite/batch"):
        return any(str(part.get("method", "")).upper() != "GET" for part in _parts(body))
    if rest.startswith("/jobs/query"):
        return False
    return method != "POST" or not _READING_POST.fullmatch(rest)


def _parts(body: bytes) -> list[dict[str, Any]]:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    if not isinstance(asked, dict):
        return []
    parts = asked.get("compositeRequest") or asked.get("batchRequests")
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _label(number: int) -> str:
    """The release of a version: 32 is that of the winter to 2015, and three come every year."""
    return f"{_SEASONS[(number - 32) % 3]} '{15 + (number - 32) // 3}"


_KNOWN = frozenset(f"{number}.0" for number in VERSIONS)
