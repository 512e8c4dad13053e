"""The activities of some contacts, by association: what polling by modified time can miss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connectors.hubspot.client import Client
from connectors.hubspot.mapping import VOCABULARY
from connectors.hubspot.pull import page_of
from connectors.hubspot.reading import read_associations, read_by_ids, server_time
from connectors.hubspot.streams import ObjectStream
from connectors.hubspot.values import id_of
from connectors.records import Page


def evidence_pages(client: Client, streams: Sequence[ObjectStream], contact_ids: Sequence[str]) -> Iterator[Page]:
    """Yield one page a stream of activities, with the links that show whose they are."""
    for stream in streams:
        links = read_associations(client, VOCABULARY.person, stream.kind, contact_ids)
        found = read_by_ids(client, stream, sorted({link.right.id for link in links}))
        live = {id_of(item) for item in found.items}
        links = [link for link in links if link.right.id in live]
        yield replace(page_of(stream, found, links, began_at=server_time(client)), linked_kinds=frozenset())
