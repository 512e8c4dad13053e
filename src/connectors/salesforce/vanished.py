"""Finds what vanished: the recycle bin, all ids that are live, and what became of some."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from connectors.errors import Forbidden, Misconfigured
from connectors.records import Page, RecordKey
from connectors.salesforce.client import Client
from connectors.salesforce.evidence import IDS_AT_ONCE
from connectors.salesforce.histories import Known
from connectors.salesforce.mapping import CREATED, DELETED, ID, MOVED, key_of
from connectors.salesforce.pages import page_of
from connectors.salesforce.reading import Part, Rows, all_pages, all_rows, ask, path_of, together
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
        yield replace(page, erased=_erased(stream, some, found))


def _erased(stream: RowStream, ids: Sequence[str], found: Collection[str | None]) -> tuple[RecordKey, ...]:
    return tuple(key_of(stream.kind or stream.name, id_) for id_ in ids if id_ not in found)


def _read(client: Client, stream: RowStream, ids: Sequence[str]) -> Rows | None:
    return ask(client, _by_id(stream, ids)) if ids else None


def _by_id(stream: RowStream, ids: Sequence[str]) -> Query:
    return Query(soql=select(stream.select, stream.name, f"{ID} IN {texts(ids)}", order=ID), deleted_too=True)


def as_they_are(client: Client, stream: RowStream, histories: Sequence[RowStream], ids: Sequence[str], known: Known) -> Iterator[Page]:
    """Yield what `ids` are now and what `histories` keep of them, five hundred a call; what became of the others as `looked_up` does.

    A history that is closed to us tells nothing.
    """
    given = [id_ for id_ in map(id18, ids) if is_id(id_)]
    yield from looked_up(client, stream, [id_ for id_ in ids if not is_id(id18(id_))], known)
    for start in range(0, len(given), IDS_AT_ONCE):
        some = given[start : start + IDS_AT_ONCE]
        queries = [_by_id(stream, some), *(_of_parents(history, some) for history in histories)]
        first, *rest = together(client, [path_of(client, query) for query in queries])
        rows = first.rows()
        page = page_of(stream, rows.items, known, began_at=rows.asked_at)
        yield replace(page, erased=_erased(stream, some, {id_in(row) for row in rows.items}))
        yield from _told(client, histories, rest, known)


def kept_of(client: Client, histories: Sequence[RowStream], ids: Sequence[str], known: Known) -> Iterator[Page]:
    """Yield what `histories` keep of some records, however old, five hundred records a call."""
    for start in range(0, len(ids) if histories else 0, IDS_AT_ONCE):
        queries = [_of_parents(history, ids[start : start + IDS_AT_ONCE]) for history in histories]
        yield from _told(client, histories, together(client, [path_of(client, query) for query in queries]), known)


def _told(client: Client, histories: Sequence[RowStream], parts: Sequence[Part], known: Known) -> Iterator[Page]:
    for history, part in zip(histories, parts, strict=True):
        if not isinstance(part.refused, Forbidden | Misconfigured):
            for told in all_pages(client, part.rows()):
                yield page_of(history, told.items, known, began_at=told.asked_at)


def _of_parents(history: RowStream, ids: Sequence[str]) -> Query:
    named = f"{history.parent} IN {texts(ids)}"
    return Query(soql=select(history.select, history.name, named, history.where, order=f"{history.moved}, {ID}"))
