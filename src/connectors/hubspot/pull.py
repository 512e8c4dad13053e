"""Pulls one stream of objects page by page: everything by id, or what changed since, then the recycle bin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from connectors.errors import Misconfigured
from connectors.hubspot.activities import activity_from_object
from connectors.hubspot.client import Client
from connectors.hubspot.cursor import Cursor, Phase, resume
from connectors.hubspot.incremental import changed_ids
from connectors.hubspot.mapping import archived_at_of, key_of, links_from_inline, merges_of, record_from_object
from connectors.hubspot.reading import PAGE, PAGE_WITH_HISTORY, Item, next_of, read_by_ids, read_links, results_of
from connectors.hubspot.streams import PLURALS, ObjectStream
from connectors.hubspot.values import id_of
from connectors.records import Link, Merge, Page

_LONGEST_QUERY = 8_000  # a GET of twice that length is a 414 (crm-facts, HubSpot, section 1.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What one page brought, and where the pull stands after it."""

    at: Cursor
    items: Sequence[Item] = ()
    gone: Sequence[str] = ()
    merged: Sequence[tuple[str, str]] = ()  # ids that others answered for, with the id of each
    links: Sequence[Link] = ()
    linked: bool = True  # whether `links` holds all links of `items`


def object_pages(client: Client, stream: ObjectStream, cursor: str | None) -> Iterator[Page]:
    """Yield the stream's pages from `cursor` on: at least one, the last of them marked."""
    read = {Phase.LIST: _list, Phase.SEARCH: _search, Phase.ARCHIVED: _bin}
    at = resume(cursor, stream.asked())
    while at.phase is not Phase.DONE:
        step = read[at.phase](client, stream, at)
        at = step.at if step.at.phase is not Phase.DONE else step.at.finished()
        yield _page(stream, step, at)


def _list(client: Client, stream: ObjectStream, at: Cursor) -> _Step:
    """Read one page of all live objects; the list is keyed by id, so nothing slips while it is walked."""
    linked_plural = PLURALS[stream.linked_kind] if stream.linked_kind else None
    answer, whole = _ask(client, stream, at, {"associations": linked_plural} if linked_plural else {})
    items = results_of(answer, stream.name)
    at = _onward(client, stream, at, next_of(answer))
    links = _links(client, stream, items, linked_plural)
    if whole:
        return _Step(at=at, items=items, links=links)
    found = read_by_ids(client, stream, [id_of(item) for item in items])
    return _Step(at=at, items=found.items, gone=found.gone, merged=found.merged, links=links)


def _search(client: Client, stream: ObjectStream, at: Cursor) -> _Step:
    """Read one page of what changed: ids from the search index, everything else from the records themselves."""
    changed = changed_ids(client, stream, at)
    at = _onward(client, stream, replace(at, lagging=at.lagging or changed.lagging), changed.after)
    found = read_by_ids(client, stream, changed.ids)
    links = read_links(client, stream, [id_of(item) for item in found.items])
    return _Step(at=at, items=found.items, gone=found.gone, merged=found.merged, links=links)


def _bin(client: Client, stream: ObjectStream, at: Cursor) -> _Step:
    """Read one page of the archived objects; an incremental pull keeps those archived since the last one.

    Their associations are gone with them, so none are told.
    """
    answer, whole = _ask(client, stream, at, {"archived": "true"})
    items = [item for item in results_of(answer, stream.name) if _is_news(item, at)]
    at = _onward(client, stream, at, next_of(answer))
    if not whole:
        items = list(read_by_ids(client, stream, [id_of(item) for item in items], archived=True).items)
    return _Step(at=at, items=items, linked=False)


def _is_news(item: Item, at: Cursor) -> bool:
    archived_at = archived_at_of(item)
    return at.since is None or archived_at is None or archived_at >= at.since


def _onward(client: Client, stream: ObjectStream, at: Cursor, after: str | None) -> Cursor:
    """Give the next position: the next page, else the recycle bin, else the end.

    The pull began at the server's time of its first answer.
    """
    began = at.began or client.server_now
    if began is None:
        raise Misconfigured("HubSpot's answers carry no time", fix="check hubspot.base_url, and that no proxy drops the Date header")
    if after is not None:
        return replace(at, began=began, after=after)
    goes_to_bin = at.phase is not Phase.ARCHIVED and stream.reads_bin(full=at.phase is Phase.LIST)
    return replace(at, began=began, after=None, phase=Phase.ARCHIVED if goes_to_bin else Phase.DONE)


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


def _page(stream: ObjectStream, step: _Step, at: Cursor) -> Page:
    """Make the page. An archived object is only named as gone: what it was linked to is not told any more, so it cannot be judged anew."""
    live = [item for item in step.items if archived_at_of(item) is None]
    archived = [(id_of(item), when) for item in step.items if (when := archived_at_of(item))]
    gone = [*archived, *((id_, None) for id_ in step.gone)]
    return Page(
        stream=stream.name,
        began_at=at.complete_upto,
        records=() if stream.is_activity else tuple(record_from_object(stream.kind, item, stream.fields, stream.history) for item in live),
        activities=tuple(activity_from_object(stream.kind, item) for item in live) if stream.is_activity else (),
        links=tuple(step.links),
        linked_kinds=frozenset({stream.linked_kind} if stream.linked_kind and step.linked else ()),
        gone=tuple((key_of(stream.kind, id_), when) for id_, when in gone),
        merged=tuple(_merges(stream, step)),
        cursor=at.text(),
        last=at.phase is Phase.DONE,
    )


def _merges(stream: ObjectStream, step: _Step) -> Iterator[Merge]:
    """Yield the merges that the survivors name, then those of ids that another record answered for."""
    told = {merge.gone: merge for item in step.items if not stream.is_activity for merge in merges_of(stream.kind, item)}
    for id_, survivor in step.merged:
        told.setdefault(key_of(stream.kind, id_), Merge(gone=key_of(stream.kind, id_), into=key_of(stream.kind, survivor)))
    yield from told.values()
