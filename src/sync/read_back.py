"""Reads records as they are now, past any cache, into the mirror."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from connectors.memberships import is_membership
from connectors.records import FieldChange, Page, RecordKey
from sync.joined import read_memberships
from sync.send import Sender
from sync.store.mirror import Mirror
from sync.tried import Seen, Tried, Values

Changes = dict[RecordKey, dict[str, tuple[FieldChange, ...]]]


def read_back(sender: Sender, mirror: Mirror, records: Iterable[RecordKey]) -> dict[RecordKey, Seen]:
    """Read records, with what is kept of their histories, and return those that are there."""
    held: dict[RecordKey, Values] = {}
    history: Changes = defaultdict(dict)
    for crm, group in groupby(sorted(set(records)), key=lambda key: key.crm):
        for page in sender.writers[crm].read_now(list(group)):
            mirror.save_page(crm, page, seen_at=sender.now)
            held |= {record.key: record.values for record in page.records}
            gather(page, history)
    return {key: Seen(values=values, history=history.get(key, {})) for key, values in held.items()}


def read_tried(sender: Sender, mirror: Mirror, tried: Sequence[Tried]) -> dict[RecordKey, Seen]:
    """Read the records of steps, and which of the lists and campaigns they are on that a step is about.

    Where these are closed to us, what the CRM said that it did is believed.
    """
    seen = read_back(sender, mirror, (one.step.record for one in tried))
    names = ((one.step.record, (name for part in one.intents for name in part.after or {})) for one in tried)
    joined = read_memberships(sender.writers, ((record, fields) for record, fields in names if record in seen))
    on_lists = dict(joined.values)
    on_lists |= {one.step.record: _believed(one) for one in tried if one.step.record.crm in joined.closed}
    return {key: replace(one, values={**one.values, **on_lists.get(key, {})}) for key, one in seen.items()}


def _believed(tried: Tried) -> Values:
    """Return which lists and campaigns a record is on by what the CRM answered to the parts of a step."""
    told = [(part.after if tried.is_done else part.before) or {} for part in tried.intents]
    return {name: value for values in told for name, value in values.items() if is_membership(name)}


def gather(page: Page, history: Changes) -> None:
    """Take in the histories of a page: they come with the records, or in pages of their own, which are in order of time."""
    for record in page.records:
        history[record.key] |= record.history
    for change in page.changes:
        told = history[change.record]
        told[change.field] = (*told.get(change.field, ()), change)
