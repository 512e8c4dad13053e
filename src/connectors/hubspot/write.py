"""Changes HubSpot's objects, up to a hundred of one type a call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.batches import cut
from connectors.changes import Change, Outcome
from connectors.hubspot.answers import BatchRefused
from connectors.hubspot.client import Client
from connectors.hubspot.outcomes import outcomes_of, sort_out
from connectors.hubspot.reading import PAGE
from connectors.hubspot.streams import PLURALS
from connectors.sending import Told, send_once


def batches(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """Cut changes into a hundred of one type each; HubSpot has no write that depends on what the record holds."""
    return cut(changes, most=PAGE, kinds=1)


def write(client: Client, batch: Sequence[Change]) -> list[Outcome]:
    """Send a batch, in smaller parts again only if HubSpot refused it whole; raises as `connectors.protocol.Writer.write` says."""
    return send_once(batch, lambda part: _send(client, part))


def _send(client: Client, part: Sequence[Change]) -> Told:
    path = client.paths.batch_update(PLURALS[part[0].record.kind])
    try:
        answer = client.write(path, {"inputs": [_input(change) for change in part]})
    except BatchRefused as refused:
        return sort_out(part, refused.answer)
    return Told(outcomes=outcomes_of(part, answer.told, answer.at))


def _input(change: Change) -> dict[str, object]:
    """Write one row. Its trace, its own id, lets HubSpot refuse it alone. Source: crm-facts, HubSpot, sections 3 and 5.3."""
    id_ = change.record.id
    return {"id": id_, "objectWriteTraceId": id_, "properties": {name: value or "" for name, value in change.values.items()}}
