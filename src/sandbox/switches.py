"""What a test can set about a portal while it is served: how it indexes, merges, answers. Each by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sandbox import writes
from sandbox.kinds import kind_named
from sandbox.portal import Portal
from sandbox.refusals import Refusal

Switch = Callable[[Portal, object], dict[str, Any]]  # the portal, the body (None: only tell) -> what is set now
LONGEST_LAG_S = 86_400


def index(portal: Portal, body: object) -> dict[str, Any]:
    """`{"lag_s": 5}`: the search index gets a change only after so many seconds of the portal's clock."""
    match body:
        case None:
            pass
        case {"lag_s": bool()}:
            raise ValueError('{"lag_s": 5}')
        case {"lag_s": int() | float() as seconds, **rest} if not rest and 0 <= seconds <= LONGEST_LAG_S:
            portal.changes.lag = timedelta(seconds=seconds)
        case _:
            raise ValueError(f'{{"lag_s": 5}}, seconds from 0 to {LONGEST_LAG_S}')
    return {"lag_s": portal.changes.lag.total_seconds()}


def merging(portal: Portal, body: object) -> dict[str, Any]:
    """`{"new_id": true}`: a merge makes a new record, to which both ids lead."""
    if body is not None:
        portal.setting_changed = True
        portal.merges_make_new_records = _truth(body, "new_id")
    return {"new_id": portal.merges_make_new_records}


def misses(portal: Portal, body: object) -> dict[str, Any]:
    """`{"named": false}`: the errors of a batch that misses records name them in no context, only in their message."""
    if body is not None:
        portal.setting_changed = True
        portal.names_misses = _truth(body, "named")
    return {"named": portal.names_misses}


def restore(portal: Portal, body: object) -> dict[str, Any]:
    """`{"kind": "contacts", "id": "104"}`: bring an archived record back, as a person does it in HubSpot's recycle bin."""
    match body:
        case {"kind": str(name), "id": str(id_), **rest} if not rest and (kind := kind_named(name)) and id_.isdigit():
            record = portal.find(kind.plural, int(id_), archived=True)
            if record is None:
                raise ValueError(f"the id of an archived record of {kind.plural}")
            try:
                writes.restore(portal, kind.plural, record)
            except Refusal as refusal:
                raise ValueError(f"a record whose identifying values no other has: {refusal}") from None
            return {"restored": id_}
    raise ValueError('{"kind": "contacts", "id": "104"}')


def _truth(body: object, name: str) -> bool:
    value = body.get(name) if isinstance(body, Mapping) and len(body) == 1 else None
    if not isinstance(value, bool):
        raise ValueError(f'{{"{name}": true}} or {{"{name}": false}}')
    return value


SWITCHES: Mapping[str, Switch] = {"index": index, "merging": merging, "misses": misses, "restore": restore}
