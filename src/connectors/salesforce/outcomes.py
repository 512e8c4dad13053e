"""What Salesforce's answers to writes say of each change. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.changes import Change, Fate, Outcome
from connectors.salesforce.answers import ErrorAnswer
from connectors.salesforce.values import id18
from connectors.sending import Told, halves
from connectors.wire import date_in
from connectors.words import plain_words

_GONE_OR_CHANGED = frozenset({"ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE", "ENTITY_IS_DELETED", "NOT_FOUND", "PRECONDITION_FAILED"})
_PASSES = frozenset(
    {
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
        "INVALID_SESSION_ID",
        "PROCESSING_HALTED",
        "REQUEST_LIMIT_EXCEEDED",
        "SERVER_UNAVAILABLE",
        "UNABLE_TO_LOCK_ROW",
    }
)
_TELLS_NOTHING = frozenset({"UNKNOWN_EXCEPTION"})
_NO_SUCH_ID = "INVALID_CROSS_REFERENCE_KEY"
_SAFE = re.compile(r"[A-Za-z0-9_.]{1,120}")
_GARBLED = "the answer is not Salesforce's"

Item = Mapping[str, Any]


def reference(place: int) -> str:
    """Name a part of a composite call."""
    return f"change{place}"


def outcomes_of_composite(batch: Sequence[Change], told: Any, at: datetime | None) -> list[Outcome]:
    """Read the parts of a composite call by their references; one that is missing is unknown.

    Shape: {"compositeResponse": [{"body", "httpStatusCode", "referenceId"}]}. Source: crm-facts, Salesforce, section 8.
    """
    answered = told.get("compositeResponse") if isinstance(told, dict) else None
    rows = [part for part in answered if isinstance(part, dict)] if isinstance(answered, list) else []
    parts = {str(part.get("referenceId")): part for part in rows}
    return [_of_part(change, parts.get(reference(place)), at) for place, change in enumerate(batch)]


def _of_part(change: Change, part: Item | None, at: datetime | None) -> Outcome:
    status = part.get("httpStatusCode") if part is not None else None
    if part is None or not isinstance(status, int):
        return Outcome(change=change, fate=Fate.UNKNOWN, said=_GARBLED, at=at)
    if 200 <= status < 300:
        return Outcome(change=change, fate=Fate.DONE, at=at)
    body = part.get("body")
    return _refused(change, body if isinstance(body, list) else [], at, status=status)


def outcomes_of_collection(batch: Sequence[Change], told: Any, at: datetime | None) -> list[Outcome]:
    """Read the items of a Collections call by their position; of another number of items nothing can be told.

    Shape: [{"id"?, "success", "errors": [{"statusCode", "message", "fields"}]}]; `success` alone counts, and a failed item has no id.
    Source: crm-facts, Salesforce, sections 8 and 14.
    """
    if not isinstance(told, list) or len(told) != len(batch) or not all(isinstance(item, dict) for item in told):
        return [Outcome(change=change, fate=Fate.UNKNOWN, said=_GARBLED, at=at) for change in batch]
    return [_of_item(change, item, at) for change, item in zip(batch, told, strict=True)]


def _of_item(change: Change, item: Item, at: datetime | None) -> Outcome:
    if item.get("success") is not True:
        errors = item.get("errors")
        return _refused(change, errors if isinstance(errors, list) else [], at)
    is_ours = id18(str(item.get("id"))) == id18(change.record.id)
    return Outcome(change=change, fate=Fate.DONE if is_ours else Fate.UNKNOWN, said=None if is_ours else _GARBLED, at=at)


def sort_out(batch: Sequence[Change], answer: ErrorAnswer) -> Told:
    """Read the refusal of a whole call, of which nothing was done: it names no row, so it is halved until one is left."""
    if len(batch) > 1:
        return Told(outcomes=(), again=halves(batch))
    at = date_in(answer.headers.get("date"))
    return Told(outcomes=[_refused(batch[0], answer.errors(), at, status=answer.status)])


def _refused(change: Change, errors: Sequence[Any], at: datetime | None, *, status: int = 400) -> Outcome:
    """Read the errors of one row: one that stays outweighs those that pass."""
    told = [error for error in errors if isinstance(error, dict)]
    fate, said = refusal_in(told, change.values.values(), status=status)
    if fate is Fate.REFUSED and any(_is_of_the_row(change, error) for error in told):
        fate = Fate.CHANGED
    return Outcome(change=change, fate=fate, said=said, at=at)


def refusal_in(errors: Sequence[Item], sent: Iterable[str | None], *, status: int) -> tuple[Fate, str]:
    """Tell what became of one row that has errors, and what Salesforce says, without the values that were sent."""
    values = tuple(sent)
    fates = [_fate(_code(error), status) for error in errors] or [_fate("", status)]
    fate = next(fate for fate in (Fate.CHANGED, Fate.REFUSED, Fate.UNKNOWN, Fate.LATER) if fate in fates)
    return fate, "; ".join(_said(error, values) for error in errors) or str(status)


def _fate(code: str, status: int) -> Fate:
    if status in (404, 412) or code in _GONE_OR_CHANGED:
        return Fate.CHANGED
    if code in _PASSES:
        return Fate.LATER
    return Fate.UNKNOWN if status >= 500 or code in _TELLS_NOTHING or not code else Fate.REFUSED


def _is_of_the_row(change: Change, error: Item) -> bool:
    """Whether an id that nobody has can only be the row's own: no field is named, and none that is set refers to anything."""
    return _code(error) == _NO_SUCH_ID and not error.get("fields") and not any(name.endswith("Id") for name in change.values)


def _code(error: Item) -> str:
    code = str(error.get("errorCode") or error.get("statusCode") or "")
    return code if _SAFE.fullmatch(code) else ""


def _said(error: Item, sent: Iterable[str | None]) -> str:
    """Say Salesforce's code, the fields it names, and its words without the values that were sent."""
    fields = error.get("fields")
    named = ", ".join(str(field) for field in (fields if isinstance(fields, list) else ()) if _SAFE.fullmatch(str(field)))
    words = plain_words(error.get("message"), hide=sent)
    return f"{_code(error) or 'error'}{f' of {named}' if named else ''}: {words}"
