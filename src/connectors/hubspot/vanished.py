"""Finds what vanished: HubSpot tells of no deletion, so one looks into the recycle bin, and then at every id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connectors.hubspot.client import Client
from connectors.hubspot.pull import page_of
from connectors.hubspot.reading import PAGE, PAGE_WITH_HISTORY, Found, id_rows, read_by_ids, read_links, server_time
from connectors.hubspot.streams import ObjectStream
from connectors.hubspot.values import id_of
from connectors.records import Page


def bin_pages(client: Client, stream: ObjectStream) -> Iterator[Page]:
    """Yield the archived objects as gone, a hundred a page; none for objects that HubSpot lists no archive of.

    The bin is listed whole each time, by id and never by time. Source: crm-facts, HubSpot, sections 6.5 and 11.12.
    """
    if stream.has_bin:
        for rows in id_rows(client, stream, archived=True):
            yield page_of(stream, Found(archived=tuple(rows)), (), began_at=server_time(client))


def live_ids(client: Client, stream: ObjectStream) -> Iterator[tuple[str, ...]]:
    """Yield the ids of all live objects, ascending, a hundred at a time."""
    for rows in id_rows(client, stream, archived=False):
        yield tuple(id_of(row) for row in rows)


def looked_up(client: Client, stream: ObjectStream, ids: Sequence[str]) -> Iterator[Page]:
    """Yield what became of `ids`, a hundred a page: live ones whole, others as gone, merged or erased."""
    for start in range(0, len(ids), PAGE):
        found = read_by_ids(client, stream, ids[start : start + PAGE])
        links = read_links(client, stream, [id_of(item) for item in found.items])
        yield page_of(stream, found, links, began_at=server_time(client))


def as_they_are(client: Client, stream: ObjectStream, ids: Sequence[str]) -> Iterator[Page]:
    """Yield what `ids` are now, a call's worth a page, and what became of those that are not there; no associations are read."""
    size = PAGE_WITH_HISTORY if stream.history else PAGE
    for start in range(0, len(ids), size):
        found = read_by_ids(client, stream, ids[start : start + size])
        yield replace(page_of(stream, found, (), began_at=server_time(client)), linked_kinds=frozenset())
