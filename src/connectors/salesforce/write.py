"""Changes Salesforce's rows: up to 25 a call where they must not have changed, up to 200 where they may."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from connectors.batches import cut
from connectors.changes import Change, Outcome
from connectors.definitions import Definitions
from connectors.salesforce.answers import BatchRefused
from connectors.salesforce.client import Client
from connectors.salesforce.outcomes import outcomes_of_collection, outcomes_of_composite, reference, sort_out
from connectors.salesforce.values import json_of
from connectors.sending import Told, send_once
from connectors.wire import date_in

_PARTS, _ROWS, _KINDS = 25, 200, 10  # parts of a composite call; rows and kinds of a Collections call (crm-facts, Salesforce, section 3)
_NO_RULES = {"Sforce-Auto-Assign": "FALSE"}  # or an assignment rule takes the owner that was set away


def batches(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """Cut changes into those that a later change of the row forbids, 25 a call, and those that may go over it, 200 a call."""
    guarded = [change for change in changes if change.unless_changed_since is not None]
    yield from cut(guarded, most=_PARTS, kinds=_PARTS)
    yield from cut([change for change in changes if change.unless_changed_since is None], most=_ROWS, kinds=_KINDS)


def write(client: Client, batch: Sequence[Change], defined: Definitions) -> list[Outcome]:
    """Send a batch, in smaller parts again only if it was refused whole; raises as `connectors.protocol.Writer.write` says."""
    return send_once(batch, lambda part: _send(client, part, defined))


def _send(client: Client, part: Sequence[Change], defined: Definitions) -> Told:
    is_guarded = any(change.unless_changed_since is not None for change in part)
    try:
        if is_guarded:
            answer = client.write("POST", client.paths.composite(), _composite(client, part, defined))
        else:
            answer = client.write("PATCH", client.paths.collections(), _collection(part, defined))
    except BatchRefused as refused:
        return sort_out(part, refused.answer)
    at = date_in(answer.headers.get("date"))
    return Told(outcomes=(outcomes_of_composite if is_guarded else outcomes_of_collection)(part, answer.told, at))


def _composite(client: Client, part: Sequence[Change], defined: Definitions) -> dict[str, Any]:
    """Write each row as a part with its own condition. Source: crm-facts, Salesforce, sections 3 and 6."""
    parts = [
        {
            "method": "PATCH",
            "url": client.paths.row(change.record.kind, change.record.id),
            "referenceId": reference(place),
            "httpHeaders": _headers(change.unless_changed_since),
            "body": _values(change, defined),
        }
        for place, change in enumerate(part)
    ]
    return {"allOrNone": False, "compositeRequest": parts}


def _headers(unless_changed_since: datetime | None) -> dict[str, str]:
    if unless_changed_since is None:
        return _NO_RULES
    return _NO_RULES | {"If-Unmodified-Since": format_datetime(unless_changed_since.astimezone(UTC), usegmt=True)}


def _collection(part: Sequence[Change], defined: Definitions) -> dict[str, Any]:
    rows = [{"attributes": {"type": change.record.kind}, "id": change.record.id, **_values(change, defined)} for change in part]
    return {"allOrNone": False, "records": rows}


def _values(change: Change, defined: Definitions) -> dict[str, Any]:
    kind = change.record.kind
    return {name: json_of(value, defined.type_of(kind, name)) for name, value in change.values.items()}
