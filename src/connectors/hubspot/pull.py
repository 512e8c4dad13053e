"""Pulls one stream of objects page by page: everything by id, or what changed since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from connectors.hubspot import incremental
from connectors.hubspot.activities import activity_from_object
from connectors.hubspot.client import Client
from connectors.hubspot.cursor import Cursor, Phase, resume
from connectors.hubspot.incremental import Hits
from connectors.hubspot.mapping import archived_at_of, key_of, links_from_inline, merges_of, record_from_object
from connectors.hubspot.reading import (
    NOTHING,
    PAGE,
    PAGE_WITH_HISTORY,
    Found,
    Item,
    next_of,
    read_by_ids,
    read_links,
    results_of,
    server_time,
)
from connectors.hubspot.streams import PLURALS, ObjectStream
from connectors.hubspot.values import id_of
from connectors.records import Link, Merge, Page

_LONGEST_QUERY = 8_000  # a GET of twice that length is a 414 (crm-facts, HubSpot, section 1.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What one page brought, and where the pull stands after it."""

    at: Cursor
    found: Found = NOTHING
    links: Sequence[Link] = ()
    live: int | None = None  # objects that HubSpot says it holds


def object_pages(client: Client, stream: ObjectStream, cursor: str | None) -> Iterator[Page]:
    """Yield the stream's pages from `cursor` on: at least one, the last of them marked."""
    read = {Phase.LIST: _list, Phase.NEWEST: _newest, Phase.CHANGED: _changed}
    at = resume(cursor, stream.asked())
    while at.phase is not Phase.DONE:
        step = read[at.phase](client, stream, at)
        at = step.at if step.at.phase is not Phase.DONE else step.at.finished()
        page = page_of(stream, step.found, step.links, began_at=at.complete_upto)
        yield replace(page, cursor=at.text(), last=at.phase is Phase.DONE, total=at.total, live=step.live)


def _list(client: Client, stream: ObjectStream, at: Cursor) -> _Step:
    """Read one page of all live objects; the list is keyed by id, so nothing slips while it is walked."""
    linked_plural = PLURALS[stream.linked_kind] if stream.linked_kind else None
    answer, whole = _ask(client, stream, at, {"associations": linked_plural} if linked_plural else {})
    items, after = results_of(answer, stream.name), next_of(answer, asked=at.after)
    at = replace(_told_time(client, at), after=after, phase=Phase.LIST if after else Phase.DONE, listed=at.listed + len(items))
    if after is not None and at.total is None:
        at = replace(at, total=incremental.count(client, stream))
    links = _links(client, stream, items, linked_plural)
    found = Found(items=tuple(items)) if whole else read_by_ids(client, stream, [id_of(item) for item in items])
    return _Step(at=at.with_seen(found.items), found=found, links=links, live=None if after else at.listed)


def _newest(client: Client, stream: ObjectStream, at: Cursor) -> _Step:
    """Read what changed last; where that is not all that changed, read on by id."""
    hits, is_whole = incremental.newest(client, stream, at)
    at = _told_time(client, at)
    if at.is_ahead:  # by a clock that was wrong once, nothing since then would be found
        return _Step(at=Cursor(asked=at.asked, began=at.began))
    if is_whole:
        return _read(client, stream, hits, replace(at, phase=Phase.DONE), live=hits.count)
    return _Step(at=replace(at, phase=Phase.CHANGED, after=None), live=hits.count)


def _changed(client: Client, stream: ObjectStream, at: Cursor) -> _Step:
    """Read one page of what changed: ids from the search index, everything else from the records themselves."""
    hits = incremental.changed(client, stream, at)
    at = replace(at, lagging=at.lagging or hits.lagging, total=at.total or hits.total)
    if hits.is_all:
        return _read(client, stream, hits, replace(at, phase=Phase.DONE, after=None))
    return _read(client, stream, hits, replace(at, after=hits.last_id))


def _read(client: Client, stream: ObjectStream, hits: Hits, at: Cursor, *, live: int | None = None) -> _Step:
    """Read the objects of a search that are not in yet as they were last changed, and their links."""
    found = read_by_ids(client, stream, [id_of(item) for item in hits.items if not at.knows(item)])
    links = read_links(client, stream, [id_of(item) for item in found.items])
    return _Step(at=at.with_seen(found.items), found=found, links=links, live=live)


def _told_time(client: Client, at: Cursor) -> Cursor:
    """Note the pull's beginning: the server's time of its first answer."""
    return replace(at, began=at.began or server_time(client))


def _ask(client: Client, stream: ObjectStream, at: Cursor, extra: dict[str, str]) -> tuple[dict[str, Any], bool]:
    """Ask for one page of the list, with all that the stream wants; False if that made the address too long, and it is ids alone."""
    wanted = {"limit": str(PAGE), "properties": ",".join(stream.fields)}
    if stream.history:
        wanted |= {"limit": str(PAGE_WITH_HISTORY), "propertiesWithHistory": ",".join(stream.history)}
    whole = len(urlencode(wanted)) <= _LONGEST_QUERY
    query = (wanted if whole else {"limit": str(PAGE)}) | extra | ({"after": at.after} if at.after else {})
    return client.get(client.paths.objects(stream.name), query), whole


def _links(client: Client, stream: ObjectStream, items: Sequence[Item], linked_plural: str | None) -> list[Link]:
    """Read the links that came with a list page; those of an object with more than fit are read apart."""
    if stream.linked_kind is None or linked_plural is None:
        return []
    links: list[Link] = []
    overfull: list[str] = []
    for item in items:
        block = (item.get("associations") or {}).get(linked_plural) or {}
        if next_of(block) is not None:
            overfull.append(id_of(item))
        else:
            links.extend(links_from_inline(key_of(stream.kind, id_of(item)), stream.linked_kind, block))
    return links + read_links(client, stream, overfull)


def page_of(stream: ObjectStream, found: Found, links: Sequence[Link], *, began_at: datetime) -> Page:
    """Make a page that is no part of a walk yet.

    An archived object is only named as gone: what it was linked to is not told any more, so it cannot be judged anew. One that can
    be found nowhere is gone too where HubSpot lists no archive of its kind; where it does, it is erased.
    """
    nowhere = tuple(key_of(stream.kind, id_) for id_ in found.nowhere)
    fields, history = stream.fields, stream.history
    return Page(
        stream=stream.name,
        kind=stream.kind,
        began_at=began_at,
        records=() if stream.is_activity else tuple(record_from_object(stream.kind, item, fields, history) for item in found.items),
        activities=tuple(activity_from_object(stream.kind, item) for item in found.items) if stream.is_activity else (),
        links=tuple(links),
        linked_kinds=frozenset({stream.linked_kind} if stream.linked_kind else ()),
        gone=(
            *((key_of(stream.kind, id_of(item)), archived_at_of(item)) for item in found.archived),
            *((key, None) for key in nowhere if not stream.has_bin),
        ),
        erased=nowhere if stream.has_bin else (),
        merged=tuple(_merges(stream, found)),
        cursor=None,
        last=False,
    )


def _merges(stream: ObjectStream, found: Found) -> Iterator[Merge]:
    """Yield the merges that the survivors name, then those of ids that another object answered for."""
    told = {merge.gone: merge for item in found.items if not stream.is_activity for merge in merges_of(stream.kind, item)}
    for id_, survivor in found.merged:
        told.setdefault(key_of(stream.kind, id_), Merge(gone=key_of(stream.kind, id_), into=key_of(stream.kind, survivor)))
    yield from told.values()
