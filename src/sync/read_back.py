"""Reads records as they are now, past any cache, into the mirror."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby

from connectors.records import FieldChange, Page, RecordKey
from sync.send import Sender
from sync.store.mirror import Mirror
from sync.tried import Seen, Values

Changes = dict[RecordKey, dict[str, tuple[FieldChange, ...]]]


def read_back(sender: Sender, mirror: Mirror, records: Iterable[RecordKey]) -> dict[RecordKey, Seen]:
    """Read records, with what is kept of their histories, and return those that are there."""
    held: dict[RecordKey, Values] = {}
    history: Changes = defaultdict(dict)
    for crm, group in groupby(sorted(set(records)), key=lambda key: key.crm):
        for page in sender.writers[crm].read_now(list(group)):
            mirror.save_page(crm, page, seen_at=sender.now)
            held |= {record.key: record.values for record in page.records}
            _gather(page, history)
    return {key: Seen(values=values, history=history.get(key, {})) for key, values in held.items()}


def _gather(page: Page, history: Changes) -> None:
    """Take in the histories of a page: they come with the records, or in pages of their own, which are in order of time."""
    for record in page.records:
        history[record.key] |= record.history
    for change in page.changes:
        told = history[change.record]
        told[change.field] = (*told.get(change.field, ()), change)
