"""Rows of a stream as a page. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.records import Link, Page
from connectors.salesforce.activities import activity_from_row, person_link
from connectors.salesforce.histories import Known, changes_of
from connectors.salesforce.mapping import LINKED, VOCABULARY, changed_at_of, is_deleted, key_in, links_of, merge_of, record_from_row
from connectors.salesforce.streams import RowStream
from connectors.salesforce.values import Item

_PERSONS = frozenset(VOCABULARY.persons)


def page_of(stream: RowStream, rows: Sequence[Item], known: Known, *, began_at: datetime) -> Page:
    """Make a page that is no part of a walk yet.

    A deleted row is only named as gone, or as merged: what it was linked to is not told any more.
    """
    if stream.kind is None:
        changes = tuple(changes_of(stream, rows, known))
        return Page(stream=stream.name, began_at=began_at, changes=changes, cursor=None, last=False)
    live = [row for row in rows if not is_deleted(row)]
    deleted = [row for row in rows if is_deleted(row)] if len(live) < len(rows) else []
    merged = tuple(merge for row in deleted if (merge := merge_of(stream.kind, row)) is not None)
    away = {merge.gone for merge in merged}
    return Page(
        stream=stream.name,
        kind=stream.kind,
        began_at=began_at,
        records=() if stream.is_activity else tuple([record_from_row(stream.kind, row, stream.shown, stream.history) for row in live]),
        activities=tuple([activity_from_row(stream.kind, row) for row in live]) if stream.is_activity else (),
        links=_links(stream, stream.kind, live),
        linked_kinds=_PERSONS if stream.is_activity else LINKED.get(stream.kind, frozenset()),
        gone=tuple((key, changed_at_of(row)) for row in deleted if (key := key_in(stream.kind, row)) not in away),
        merged=merged,
        cursor=None,
        last=False,
    )


def _links(stream: RowStream, kind: str, live: Sequence[Item]) -> tuple[Link, ...]:
    if stream.is_activity:
        return tuple([link for row in live if (link := person_link(kind, row)) is not None])
    return tuple([link for row in live for link in links_of(kind, row)])
