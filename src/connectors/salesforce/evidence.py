"""The activities of some persons, by the person they name: what polling by modified time can miss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connectors.records import Link, Page
from connectors.salesforce.client import Client
from connectors.salesforce.histories import Known
from connectors.salesforce.pages import page_of
from connectors.salesforce.reading import all_pages, path_of, together
from connectors.salesforce.soql import Query, select, texts
from connectors.salesforce.streams import RowStream

IDS_AT_ONCE = 500  # an address may have 16,384 bytes, and an id takes 27 of them (crm-facts, Salesforce, section 3)


def evidence_pages(client: Client, streams: Sequence[RowStream], persons: Sequence[str], known: Known) -> Iterator[Page]:
    """Yield the live activities that name one of `persons`, archived ones too, with the links that show whose they are."""
    for start in range(0, len(persons) if streams else 0, IDS_AT_ONCE):
        named = f"WhoId IN {texts(persons[start : start + IDS_AT_ONCE])}"
        queries = [
            Query(soql=select(stream.select, stream.name, stream.where_live, named, order="Id"), deleted_too=True) for stream in streams
        ]
        parts = together(client, [path_of(client, query) for query in queries])
        for stream, part in zip(streams, parts, strict=True):
            for rows in all_pages(client, part.rows()):
                page = page_of(stream, rows.items, known, began_at=rows.asked_at)
                yield replace(page, links=tuple(map(_turned, page.links)), linked_kinds=frozenset())


def _turned(link: Link) -> Link:
    """Name the person first: it is the person that was asked about."""
    return replace(link, left=link.right, right=link.left)
