"""The dates at which a contact entered and left its life-cycle stages: HubSpot keeps them itself, and nobody can write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.changes import Change
from connectors.definitions import Definitions
from connectors.hubspot.client import Client
from connectors.hubspot.mapping import LIFECYCLE_STAGE, key_of
from connectors.hubspot.reading import PAGE, results_of
from connectors.hubspot.streams import PLURALS
from connectors.hubspot.values import id_of, text_of
from connectors.records import RecordKey

_PREFIXES = ("hs_lifecyclestage_", "hs_v2_date_entered_", "hs_v2_date_exited_")  # what follows is mangled: names are found, never built


def lost_dates(client: Client, changes: Sequence[Change], defined: Definitions) -> Mapping[RecordKey, Mapping[str, str | None]]:
    """Read the dates of stages of contacts whose stage is cleared: by hand that clears the later ones, by the API it may.

    Source: crm-facts, HubSpot, sections 6.1 and 6.2.
    """
    clearing = [change.record for change in changes if LIFECYCLE_STAGE in change.values and not change.values[LIFECYCLE_STAGE]]
    found: dict[RecordKey, Mapping[str, str | None]] = {}
    for kind in dict.fromkeys(record.kind for record in clearing):
        names = [name for name in defined.names_of(kind) if name.startswith(_PREFIXES)]
        ids = [record.id for record in clearing if record.kind == kind]
        found |= _read(client, kind, ids, names) if names else {}
    return found


def _read(client: Client, kind: str, ids: Sequence[str], names: Sequence[str]) -> dict[RecordKey, Mapping[str, str | None]]:
    found: dict[RecordKey, Mapping[str, str | None]] = {}
    for start in range(0, len(ids), PAGE):
        body = {"properties": list(names), "inputs": [{"id": id_} for id_ in ids[start : start + PAGE]]}
        for item in results_of(client.post(client.paths.batch_read(PLURALS[kind]), body), PLURALS[kind]):
            dates = {name: text for name in names if (text := text_of((item.get("properties") or {}).get(name))) is not None}
            found |= {key_of(kind, id_of(item)): dates} if dates else {}
    return found
