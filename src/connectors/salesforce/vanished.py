"""Finds what vanished: the recycle bin, all ids that are live, and what became of some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connectors.records import Page
from connectors.salesforce.client import Client
from connectors.salesforce.evidence import IDS_AT_ONCE
from connectors.salesforce.histories import Known
from connectors.salesforce.mapping import CREATED, DELETED, ID, MOVED, key_of
from connectors.salesforce.pages import page_of
from connectors.salesforce.reading import Rows, all_rows, ask
from connectors.salesforce.soql import Query, select, texts
from connectors.salesforce.streams import RowStream
from connectors.salesforce.values import id18, id_in, is_id


def bin_pages(client: Client, stream: RowStream, known: Known) -> Iterator[Page]:
    """Yield the deleted rows as gone or merged; Salesforce keeps them for days only. Source: crm-facts, Salesforce, section 4."""
    fields = [name for name in stream.select if name in (ID, DELETED, CREATED, MOVED, "MasterRecordId")]
    query = Query(soql=select(fields, stream.name, f"{DELETED} = true", order=ID), deleted_too=True)
    for rows in all_rows(client, query) if stream.kind is not None else ():
        yield page_of(stream, rows.items, known, began_at=rows.asked_at)


def live_ids(client: Client, stream: RowStream) -> Iterator[tuple[str, ...]]:
    """Yield the ids of all live rows, archived ones too, ascending, two thousand at a time."""
    query = Query(soql=select((ID,), stream.name, stream.where_live, order=ID), deleted_too=stream.has_archive)
    for rows in all_rows(client, query):
        yield tuple(id_ for row in rows.items if (id_ := id_in(row)) is not None)


def looked_up(client: Client, stream: RowStream, ids: Sequence[str], known: Known) -> Iterator[Page]:
    """Yield what became of `ids`: live ones whole, others as gone, merged or erased; what is no id of Salesforce's is erased too."""
    for start in range(0, len(ids), IDS_AT_ONCE):
        some = [id18(id_) for id_ in ids[start : start + IDS_AT_ONCE]]
        rows = _read(client, stream, [id_ for id_ in some if is_id(id_)])
        found = {id_in(row) for row in rows.items} if rows is not None else set()
        began_at = rows.asked_at if rows is not None else client.server_now
        assert began_at is not None, "the account was read before"
        page = page_of(stream, rows.items if rows is not None else (), known, began_at=began_at)
        yield replace(page, erased=tuple(key_of(stream.kind or stream.name, id_) for id_ in some if id_ not in found))


def _read(client: Client, stream: RowStream, ids: Sequence[str]) -> Rows | None:
    if not ids:
        return None
    return ask(client, Query(soql=select(stream.select, stream.name, f"{ID} IN {texts(ids)}", order=ID), deleted_too=True))
