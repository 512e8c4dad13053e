"""What HubSpot's error answers mean for the caller. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import Conflict, ConnectorError, Denied, Exhausted, Forbidden, Misconfigured
from connectors.pacing import TryAgain
from connectors.wire import retry_after_s

_TRANSIENT = frozenset({408, 423, 425, 477})
_UNTOUCHED = frozenset({423, 425, 477})  # locked, too early, being moved: what was asked was not begun
_OF_ROWS = frozenset({400, 404})
_WINDOW_WAIT_S = {"SECONDLY": 1.0, "TEN_SECONDLY": 10.0}
_LOCKED_WAIT_S = 2.0  # 423: at least two seconds, says HubSpot's error guide
_NAMED = re.compile(r'"name":\s*"([A-Za-z0-9_]{1,100})"')  # in the JSON that a validation message embeds
_SAFE = re.compile(r"^[A-Za-z0-9_.:\-]{1,120}$")


class Absent(Misconfigured):
    """HubSpot has nothing at this path: a record that is gone, or a path it does not know."""


class BatchRefused(Exception):
    """HubSpot refuses a batch of writes whole, for what some of its rows say; nothing of it was done."""

    def __init__(self, answer: ErrorAnswer) -> None:
        super().__init__(_said(answer))
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """An answer that is no 2xx: every member of its body is optional, and the body may be HTML."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes | str | None
    path: str
    goes_on: str = "after midnight in the account's time zone"  # when the day's calls begin anew
    writes: bool = False  # it answers a write

    def told(self) -> Mapping[str, Any]:
        """Read the body's JSON object; empty where it is none."""
        try:
            parsed = json.loads(self.body or "")
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}


def refusal_of(answer: ErrorAnswer) -> ConnectorError | TryAgain:
    """Translate an error answer into what the caller does next.

    Only category, correlation id, scope and property names of the body reach the message, never its text.
    Source: crm-facts, HubSpot, sections 2, 5 and 11.
    """
    said = _said(answer)
    match answer.status:
        case 401:
            return Denied(
                f"HubSpot does not accept the token ({said})",
                fix="put a valid private-app token or service key into the secret for hubspot.token",
            )
        case 403:
            return _forbidden(answer, said)
        case 404:
            return Absent(
                f"HubSpot has nothing at {answer.path} ({said})",
                fix="check hubspot.base_url and hubspot.api_version",
            )
        case 409:
            return Conflict(f"HubSpot holds something else already ({said})", fix="read the record again")
        case 429:
            return _too_many(answer, said)
        case status if status in _TRANSIENT or status >= 500:
            return TryAgain(said, after_s=_asked_wait_s(answer), untouched=_is_untouched(answer))
    return _misconfigured(answer, said)


def refusal_of_write(answer: ErrorAnswer) -> ConnectorError | TryAgain | BatchRefused:
    """Translate the refusal of a call that writes as `refusal_of` does, but for one that is about rows: other rows can be sent again."""
    is_of_rows = answer.status == 409 or (answer.status in _OF_ROWS and answer.told().get("category"))
    return BatchRefused(answer) if is_of_rows else refusal_of(answer)


def _is_untouched(answer: ErrorAnswer) -> bool:
    """Whether a server's trouble shows that it did nothing: a 503 does if it is HubSpot's own, or names a time to come again.

    A bare page of a gateway does not: it may have passed the call on before it lost the answer.
    """
    says_so = bool(answer.told()) or "retry-after" in answer.headers
    return answer.status in _UNTOUCHED or (answer.status == 503 and says_so)


def _said(answer: ErrorAnswer) -> str:
    """Say status, category and correlation id: `400 VALIDATION_ERROR, correlation id 6828d000`."""
    told = answer.told()
    category = str(told.get("category") or told.get("errorType") or "")
    correlation = str(told.get("correlationId") or answer.headers.get("x-hubspot-correlation-id") or "")
    words = [str(answer.status)]
    if _SAFE.match(category):
        words.append(category)
    return " ".join(words) + (f", correlation id {correlation}" if _SAFE.match(correlation) else "")


def _forbidden(answer: ErrorAnswer, said: str) -> Forbidden:
    scopes, right = ", ".join(_scopes_in(answer.told())), "write" if answer.writes else "read"
    return Forbidden(
        f"HubSpot does not let this token {right} {answer.path} ({said})",
        fix=f"give the app the scope {scopes}" if scopes else f"give the app the {right} scope of this object",
    )


def _scopes_in(told: Mapping[str, Any]) -> list[str]:
    """Name the scopes that errors[].context lists as required."""
    contexts = [told.get("context"), *(error.get("context") for error in told.get("errors") or () if isinstance(error, dict))]
    scopes = {
        str(scope)
        for context in contexts
        if isinstance(context, dict)
        for name in ("requiredGranularScopes", "requiredScopes")
        for scope in context.get(name) or ()
    }
    return sorted(scope for scope in scopes if _SAFE.match(scope))


def _too_many(answer: ErrorAnswer, said: str) -> Exhausted | TryAgain:
    """Tell the three limits apart, by `policyName` or, where that is missing, by the message."""
    told = answer.told()
    policy = str(told.get("policyName") or told.get("message") or "").upper()
    if "DAILY" in policy or answer.headers.get("x-hubspot-ratelimit-daily-remaining") == "0":
        return Exhausted(
            f"the HubSpot account's API calls of today are used up ({said})",
            fix=f"run again {answer.goes_on}; what was read so far is kept",
        )
    window = "TEN_SECONDLY" if "TEN_SECONDLY" in policy else "SECONDLY" if "SECONDLY" in policy else "TEN_SECONDLY"
    return TryAgain(said, after_s=max(_WINDOW_WAIT_S[window], retry_after_s(answer.headers)), slowed=True)


def _asked_wait_s(answer: ErrorAnswer) -> float:
    floor = _LOCKED_WAIT_S if answer.status == 423 else 0.0
    return max(floor, retry_after_s(answer.headers))


def _misconfigured(answer: ErrorAnswer, said: str) -> Misconfigured:
    told = answer.told()
    names = ", ".join(sorted(set(_NAMED.findall(str(told.get("message") or "")))))
    if 300 <= answer.status < 400:
        return Misconfigured(f"{answer.path} leads elsewhere ({said})", fix="set hubspot.base_url to the address itself")
    return Misconfigured(
        f"HubSpot refuses what we asked of {answer.path} ({said})" + (f": {names}" if names else ""),
        fix=f"check these fields in the agreement: {names}" if names else "check hubspot.api_version and the agreement's fields",
    )
