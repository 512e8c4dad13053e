"""Records that somebody else holds."""

from __future__ import annotations

from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.store import Store


def refuse_if_held(store: Store, id_: str) -> None:
    """Raise Refused if somebody else holds the record."""
    if store.is_held(id_):
        told = f"unable to obtain exclusive access to this record or 1 records: {id_}"
        raise Refused("UNABLE_TO_LOCK_ROW", told, fields=())
