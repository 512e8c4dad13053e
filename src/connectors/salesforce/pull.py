"""Pulls one stream of rows page by page: everything by id, or what changed since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.records import Page
from connectors.salesforce import soql
from connectors.salesforce.ahead import Ahead, Opened, Opening, open_together
from connectors.salesforce.answers import CursorLost
from connectors.salesforce.bulk import JobLost, JobRefused, bulk_slices
from connectors.salesforce.client import Client
from connectors.salesforce.cursor import Cursor, Phase, resume
from connectors.salesforce.known import Words
from connectors.salesforce.mapping import ID
from connectors.salesforce.pages import page_of
from connectors.salesforce.reading import PAGE, Rows, ask, ask_on
from connectors.salesforce.soql import Query, select
from connectors.salesforce.streams import RowStream
from connectors.salesforce.values import Item, id_in, moment_or_refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What the walks through all streams share."""

    client: Client
    words: Words
    ahead: Ahead
    overlap: timedelta
    bulk_above: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What one page brought, and where the pull stands after it."""

    at: Cursor
    rows: Sequence[Item] = ()
    live: int | None = None  # rows that Salesforce says it holds


def row_pages(walk: Walk, stream: RowStream, cursor: str | None) -> Iterator[Page]:
    """Yield the stream's pages from `cursor` on: at least one, the last of them marked."""
    at = resume(cursor, stream.asked())
    opened = walk.ahead.take(stream.name, cursor)
    while at.phase is not Phase.DONE:
        for step in _steps(walk, stream, at, opened):
            at = step.at if step.at.phase is not Phase.DONE else step.at.finished(walk.overlap)
            page = page_of(stream, step.rows, walk.words, began_at=at.complete_upto)
            yield replace(page, cursor=at.text(), last=at.phase is Phase.DONE, total=at.total, live=step.live)
        opened = None


def opening_of(stream: RowStream, cursor: str | None) -> Opening | None:
    """Give what a stream asks first from `cursor`; None where it goes on from a place that Salesforce keeps."""
    at = resume(cursor, stream.asked())
    if at.phase is Phase.LIST and at.more is None:
        return Opening(stream=stream.name, cursor=cursor, query=_all(stream, at))
    if at.phase is Phase.CHANGED:
        return Opening(stream=stream.name, cursor=cursor, query=_changes(stream, at), count=_live(stream) if at.at is None else None)
    return None


def changes_since(stream: RowStream, cursor: str | None) -> datetime | None:
    """Give since when a walk from `cursor` reads changes; None where it reads all rows."""
    at = resume(cursor, stream.asked())
    return at.since if at.phase is Phase.CHANGED else None


def count_of(stream: RowStream, *conditions: str) -> Query:
    """Give the query that counts the live rows of a stream which meet all of `conditions`."""
    return Query(soql=soql.count(stream.name, stream.where_live, *conditions), deleted_too=stream.has_archive)


def _live(stream: RowStream) -> Query | None:
    return count_of(stream) if stream.kind is not None else None


def _steps(walk: Walk, stream: RowStream, at: Cursor, opened: Opened | None) -> Iterator[_Step]:
    match at.phase:
        case Phase.BULK:
            return _bulk(walk, stream, at)
        case Phase.CHANGED:
            return iter((_changed(walk, stream, at, opened),))
        case _:
            return iter((_list(walk, stream, at, opened),))


def _list(walk: Walk, stream: RowStream, at: Cursor, opened: Opened | None) -> _Step:
    """Read one page of all live rows, by id; where there are many, the rest comes by a bulk query."""
    rows = opened.rows.rows() if opened is not None else _list_page(walk.client, stream, at)
    at = replace(
        at,
        began=at.began or rows.asked_at,
        after=_last_id(rows.items) or at.after,
        more=rows.more,
        listed=at.listed + len(rows.items),
        total=at.total or at.listed + rows.total,
        phase=Phase.LIST if rows.more is not None else Phase.DONE,
    ).with_seen(stream, rows.items, walk.overlap)
    if rows.more is not None and rows.total > walk.bulk_above and not at.paged:
        at = replace(at, phase=Phase.BULK, more=None)
    return _Step(at=at, rows=rows.items, live=_listed(stream, at))


def _list_page(client: Client, stream: RowStream, at: Cursor) -> Rows:
    """Go on where Salesforce keeps the list, or, if it has forgotten it, after the last id."""
    if at.more is not None:
        try:
            return ask_on(client, at.more)
        except CursorLost:
            pass
    return ask(client, _all(stream, at))


def _bulk(walk: Walk, stream: RowStream, at: Cursor) -> Iterator[_Step]:
    """Read the rest of all live rows by a bulk query; where that ends early, page by page or by another one."""
    try:
        for part in bulk_slices(walk.client, _all(stream, at), job=at.job, locator=at.more, after=at.after):
            at = replace(
                at,
                after=_last_id(part.items) or at.after,
                job=part.job,
                more=part.locator,
                listed=at.listed + len(part.items),
                phase=Phase.DONE if part.last else Phase.BULK,
            ).with_seen(stream, part.items, walk.overlap)
            yield _Step(at=at, rows=part.items, live=_listed(stream, at))
    except JobLost:
        yield _Step(at=replace(at, phase=Phase.LIST, job=None, more=None))
    except JobRefused:
        yield _Step(at=replace(at, phase=Phase.LIST, job=None, more=None, paged=True))


def _changed(walk: Walk, stream: RowStream, at: Cursor, opened: Opened | None) -> _Step:
    """Read the next rows that changed since, by the time of their change and id, each page by a query of its own.

    So equal times do no harm, and a row that changes meanwhile moves behind the pull's beginning, where the next pull finds it.
    """
    rows, live = _ask_changes(walk.client, stream, at, opened)
    at = replace(at, began=at.began or rows.asked_at, total=at.total or rows.total)
    if at.is_ahead:  # by a clock that was wrong once, nothing since then would be found
        return _Step(at=Cursor(asked=at.asked, began=at.began))
    new = [row for row in rows.items if not at.knows(stream, row)]
    is_all = rows.more is None and not (at.at is not None and len(rows.items) == PAGE)
    at = at.with_seen(stream, rows.items, walk.overlap)
    if is_all:
        at = replace(at, phase=Phase.DONE)
    else:
        at = replace(at, after=_last_id(rows.items), at=moment_or_refuse(rows.items[-1], stream.moved))
    return _Step(at=at, rows=new, live=live)


def _ask_changes(client: Client, stream: RowStream, at: Cursor, opened: Opened | None) -> tuple[Rows, int | None]:
    """Ask for changes, and at the first page, in the same call, for how many rows are live; None where counting took too long."""
    query, live = _changes(stream, at), _live(stream) if at.at is None else None
    if opened is None and live is None:
        return ask(client, query), None
    if opened is None:
        (opened,) = open_together(client, [Opening(stream=stream.name, cursor=None, query=query, count=live)])
    is_counted = opened.count is not None and opened.count.refused is None
    return opened.rows.rows(), opened.count.rows().total if opened.count is not None and is_counted else None


def _all(stream: RowStream, at: Cursor) -> Query:
    """Every live row behind the last one; archived activities too."""
    beyond = f"{ID} > {soql.text(at.after)}" if at.after else ""
    conditions = (stream.where_live, stream.where, beyond)
    return Query(soql=select(stream.select, stream.name, *conditions, order=ID), deleted_too=stream.has_archive)


def _changes(stream: RowStream, at: Cursor) -> Query:
    """Every row that changed since, deleted and archived ones too; behind the last one, and no later than the pull's beginning."""
    assert at.since is not None, "what changed is read after a full pull"
    moved, order = stream.moved, f"{stream.moved}, {ID}"
    if at.at is None or at.after is None or at.began is None:
        query = select(stream.select, stream.name, f"{moved} >= {soql.moment(at.since)}", stream.where, order=order)
        return Query(soql=query, deleted_too=stream.kind is not None)
    conditions = (
        f"{moved} >= {soql.moment(at.at)}",
        f"({moved} > {soql.moment(at.at)} OR {ID} > {soql.text(at.after)})",
        f"{moved} <= {soql.moment(at.began)}",
        stream.where,
    )
    return Query(soql=select(stream.select, stream.name, *conditions, order=order, limit=PAGE), deleted_too=stream.kind is not None)


def _last_id(items: Sequence[Item]) -> str | None:
    return id_in(items[-1]) if items else None


def _listed(stream: RowStream, at: Cursor) -> int | None:
    """At the end of a full pull there are as many live rows as it listed."""
    return at.listed if at.phase is Phase.DONE and stream.kind is not None else None
