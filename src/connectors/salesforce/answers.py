"""What Salesforce's error answers mean for the caller. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import Conflict, ConnectorError, Denied, Exhausted, Forbidden, Misconfigured, Rejected
from connectors.pacing import TryAgain
from connectors.wire import retry_after_s

_TRANSIENT = frozenset({406, 408, 420, 425, 429})  # beside all from 500 on
_TRANSIENT_CODES = frozenset(
    {"UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE", "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"}
)
_UNTOUCHED_CODES = _TRANSIENT_CODES - {"QUERY_TIMEOUT"}
_UNTOUCHED = frozenset({420, 425})  # no way to the org yet, too early: what was asked was not begun
_API_OFF = frozenset({"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"})
_CONFLICTS = frozenset({"PRECONDITION_FAILED", "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE"})
_OF_THE_RECORD = frozenset(
    {
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "DUPLICATES_DETECTED",
        "DUPLICATE_VALUE",
        "ENTITY_IS_LOCKED",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "INACTIVE_OWNER_OR_USER",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INVALID_CROSS_REFERENCE_KEY",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "OP_WITH_INVALID_USER_TYPE_EXCEPTION",
        "REQUIRED_FIELD_MISSING",
        "STRING_TOO_LONG",
        "TRANSFER_REQUIRES_READ",
    }
)
_SAFE = re.compile(r"[A-Za-z0-9_.:\-]{1,120}")
_NO_COLUMN = re.compile(r"No such column '([\w.]{1,100})' on (?:entity|sobject of type) '?(\w{1,80})'?")
_NO_RELATION = re.compile(r"Didn't understand relationship '(\w{1,80})'")
_NO_OBJECT = re.compile(r"sObject type '(\w{1,80})' is not supported")


_OF_EVERY_ROW = frozenset({"INVALID_FIELD", "LIMIT_EXCEEDED", "EXCEEDED_ID_LIMIT"})


class SessionOver(Exception):
    """Salesforce does not know the session (any more): it expired, or somebody ended it."""


class BatchRefused(Exception):
    """Salesforce refuses a call that writes whole, for what some of its rows say; nothing of it was done."""

    def __init__(self, answer: ErrorAnswer) -> None:
        super().__init__(_said(answer))
        self.answer = answer


class CursorLost(Misconfigured):
    """Salesforce does not know the place in a list from which to read on: it keeps one for two days."""


class Absent(Misconfigured):
    """Salesforce has nothing at this path: a record or job that is gone, or a path it does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """An answer that is no 2xx: its body may be a list of errors, an object, HTML or nothing."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes | str | None
    path: str
    goes_on: str = "later"  # when there are calls again
    writes: bool = False  # it answers a write

    def errors(self) -> list[Mapping[str, Any]]:
        """Read the body's errors; empty where it has none of Salesforce's shape."""
        try:
            parsed = json.loads(self.body or "")
        except ValueError:
            return []
        entries = parsed if isinstance(parsed, list) else [parsed]
        return [entry for entry in entries if isinstance(entry, dict)]

    def codes(self) -> list[str]:
        """Name the error codes, in order; an item of Collections says `statusCode`, old Bulk `exceptionCode`."""
        return [code for error in self.errors() if (code := _code(error)) and _SAFE.fullmatch(code)]


def _code(error: Mapping[str, Any]) -> str:
    return str(error.get("errorCode") or error.get("statusCode") or error.get("exceptionCode") or "")


def refusal_of(answer: ErrorAnswer) -> ConnectorError | TryAgain | SessionOver:
    """Translate an error answer into what the caller does next.

    Only status, error codes, and names of objects and fields of the body reach the message, never its text.
    Source: crm-facts, Salesforce, sections 3 and 8.
    """
    codes, said = set(answer.codes()), _said(answer)
    if "INVALID_SESSION_ID" in codes or "InvalidSessionId" in codes:
        return SessionOver(said)
    if "REQUEST_LIMIT_EXCEEDED" in codes:
        return _limit_reached(answer, said)
    if codes & _TRANSIENT_CODES or answer.status in _TRANSIENT or answer.status >= 500:
        after_s, slowed = retry_after_s(answer.headers), answer.status == 429
        return TryAgain(said, after_s=after_s, slowed=slowed, untouched=_is_untouched(answer, codes))
    if codes & _API_OFF:
        return Denied(
            f"the API is switched off in this org, or its edition has none ({said})",
            fix="ask Salesforce, or whoever runs the org, to enable API access; the user needs the permission API Enabled",
        )
    if answer.status == 412 or codes & _CONFLICTS:
        return Conflict(f"the record changed meanwhile ({said})", fix="read the record again")
    return _by_status(answer, codes, said)


def refusal_of_write(answer: ErrorAnswer) -> ConnectorError | TryAgain | SessionOver | BatchRefused:
    """Translate the refusal of a call that writes as `refusal_of` does, but for one that is about rows: other rows can be sent again.

    What names a field or object that the user does not see concerns all rows.
    """
    refused = refusal_of(answer)
    codes = set(answer.codes())
    is_of_rows = isinstance(refused, Rejected | Conflict) or (isinstance(refused, Misconfigured) and answer.status == 400)
    is_of_rows = is_of_rows or "ENTITY_IS_DELETED" in codes
    return BatchRefused(answer) if is_of_rows and codes and not codes & _OF_EVERY_ROW else refused


def _by_status(answer: ErrorAnswer, codes: set[str], said: str) -> ConnectorError:
    match answer.status:
        case 401:
            return Denied(f"Salesforce does not accept the session ({said})", fix="check the credentials of the app in the secrets")
        case 403:
            right = "write" if answer.writes else "read"
            return Forbidden(
                f"Salesforce does not let this user {right} {answer.path} ({said})",
                fix=f"give the integration user's permission set {right} access to it",
            )
        case 404:
            return Absent(f"Salesforce has nothing at {answer.path} ({said})", fix="check salesforce.my_domain and salesforce.api_version")
        case status if 300 <= status < 400:
            return Misconfigured(f"{answer.path} leads elsewhere ({said})", fix="set salesforce.my_domain to the org's present My Domain")
        case 414 | 431:
            return Misconfigured(f"a request was too long for Salesforce ({said})", fix="name fewer fields in the agreement")
    return _by_code(answer, codes, said)


def _is_untouched(answer: ErrorAnswer, codes: set[str]) -> bool:
    """Whether a server's trouble shows that it did nothing: by its code, or by a time to come again. A bare page of a gateway does not."""
    names_a_time = answer.status == 503 and "retry-after" in answer.headers
    return bool(codes & _UNTOUCHED_CODES) or answer.status in _UNTOUCHED or names_a_time


def _by_code(answer: ErrorAnswer, codes: set[str], said: str) -> ConnectorError:
    if "INVALID_QUERY_LOCATOR" in codes:
        return CursorLost(f"Salesforce has forgotten where the list stood ({said})", fix="run again")
    if "INVALID_TYPE" in codes:
        return _object_hidden(answer, said)
    if "INVALID_FIELD" in codes:
        return _field_hidden(answer, said)
    if "OPERATION_TOO_LARGE" in codes:
        return Misconfigured(
            f"Salesforce checks the sharing of too many records for this user ({said})",
            fix="give the integration user the permission View All Data",
        )
    if codes & _OF_THE_RECORD:
        return Rejected(f"Salesforce refuses this record ({said})", fix="look at the record in Salesforce")
    return Misconfigured(
        f"Salesforce refuses what we asked of {answer.path} ({said})", fix="check salesforce.api_version and the agreement's fields"
    )


def _said(answer: ErrorAnswer) -> str:
    """Say status, codes and the fields they name: `400 INVALID_FIELD`."""
    words = [str(answer.status), *dict.fromkeys(answer.codes())]
    if fields := sorted(set(_fields(answer))):
        words.append(f"of {', '.join(fields)}")
    return " ".join(words)


def _fields(answer: ErrorAnswer) -> Iterator[str]:
    for error in answer.errors():
        named = error.get("fields")
        yield from (str(field) for field in (named if isinstance(named, list) else ()) if _SAFE.fullmatch(str(field)))


def _messages(answer: ErrorAnswer) -> str:
    return "\n".join(str(error.get("message") or "") for error in answer.errors())


def _limit_reached(answer: ErrorAnswer, said: str) -> Exhausted | TryAgain:
    """Tell too many calls at a time, which passes, from too many calls of a day. Source: crm-facts, Salesforce, section 3."""
    if "concurrent" in _messages(answer).casefold():
        return TryAgain(f"{said}: too many long calls at a time", after_s=max(5.0, retry_after_s(answer.headers)), slowed=True)
    return Exhausted(
        f"the Salesforce org's API calls of the last 24 hours are used up ({said})",
        fix=f"run again {answer.goes_on}; what was read so far is kept",
    )


def _object_hidden(answer: ErrorAnswer, said: str) -> Forbidden:
    found = _NO_OBJECT.search(_messages(answer))
    name = found[1] if found else "what was asked for"
    return Forbidden(
        f"Salesforce has no object {name}, or hides it from this user ({said})",
        fix=f"give the integration user's permission set read access to {name}",
    )


def _field_hidden(answer: ErrorAnswer, said: str) -> Misconfigured:
    messages = _messages(answer)
    if found := _NO_COLUMN.search(messages):
        field, owner = found[1], found[2]
    elif found := _NO_RELATION.search(messages):
        field, owner = found[1], "an object"
    else:
        field, owner = "a field", "an object"
    return Misconfigured(
        f"Salesforce has no {field} on {owner}, or hides it from this user ({said})",
        fix=f"check the name in the agreement; if {owner} has it, let the integration user's permission set read it: "
        "field-level security hides a field as if it were not there",
    )
