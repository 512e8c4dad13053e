"""Reads HubSpot's objects by id, past the search index: values, histories, associations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.errors import Misconfigured
from connectors.hubspot.answers import Absent
from connectors.hubspot.client import Client
from connectors.hubspot.mapping import links_from_batch
from connectors.hubspot.streams import PLURALS, ObjectStream
from connectors.hubspot.values import id_of
from connectors.records import Link

PAGE = 100
PAGE_WITH_HISTORY = 50  # more is a 400 (crm-facts, HubSpot, section 1.2)
ASSOCIATIONS_PAGE = 1_000

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a read by ids found: the objects, the ids that are gone, and those that were merged, with their survivors."""

    items: tuple[Item, ...] = ()
    gone: tuple[str, ...] = ()
    merged: tuple[tuple[str, str], ...] = ()


def results_of(answer: Mapping[str, Any], what: str) -> list[Item]:
    """Give the rows of an answer; Misconfigured where it has none of HubSpot's shape."""
    rows = answer.get("results")
    if not isinstance(rows, list):
        raise Misconfigured(f"the answer about {what} has no results", fix="check hubspot.base_url and hubspot.api_version")
    return rows


def next_of(answer: Mapping[str, Any]) -> str | None:
    """Give the paging token; None on the last page."""
    after = ((answer.get("paging") or {}).get("next") or {}).get("after")
    return None if after is None else str(after)


def read_by_ids(client: Client, stream: ObjectStream, ids: Sequence[str], *, archived: bool = False) -> Found:
    """Read objects with all that the stream asks for, in the order of `ids`.

    A batch read leaves out what it cannot find, without always naming it: each id that is left out is asked for singly.
    Source: crm-facts, HubSpot, sections 5.3 and 11.7.
    """
    size = PAGE_WITH_HISTORY if stream.history else PAGE
    items: dict[str, Item] = {}
    for chunk in _chunks(ids, size):
        items |= {id_of(item): item for item in _batch(client, stream, chunk, archived=archived)}
    gone, merged = [], []
    for id_ in ids:
        if id_ in items:
            continue
        single = _single(client, stream, id_, archived=archived)
        if single is None:
            gone.append(id_)
        elif (survivor := id_of(single)) != id_:
            merged.append((id_, survivor))
        else:
            items[id_] = single
    return Found(items=tuple(items[id_] for id_ in ids if id_ in items), gone=tuple(gone), merged=tuple(merged))


def _batch(client: Client, stream: ObjectStream, ids: Sequence[str], *, archived: bool) -> list[Item]:
    body = {
        "properties": list(stream.fields),
        "propertiesWithHistory": list(stream.history),
        "inputs": [{"id": id_} for id_ in ids],
    }
    answer = client.post(client.paths.batch_read(stream.name), body, {"archived": "true"} if archived else None)
    return results_of(answer, stream.name)


def _single(client: Client, stream: ObjectStream, id_: str, *, archived: bool) -> Item | None:
    """Read one object; None if it is gone. If it was merged, its survivor answers in its place."""
    query = {"properties": ",".join(stream.fields), "propertiesWithHistory": ",".join(stream.history), "archived": str(archived).lower()}
    try:
        return client.get(client.paths.one(stream.name, id_), query)
    except Absent:
        return None


def read_links(client: Client, stream: ObjectStream, ids: Sequence[str]) -> list[Link]:
    """Read all associations of the objects `ids` to the stream's linked kind."""
    return read_associations(client, stream.kind, stream.linked_kind, ids) if stream.linked_kind is not None else []


def read_associations(client: Client, kind: str, linked_kind: str, ids: Sequence[str]) -> list[Link]:
    """Read all associations of the objects `ids` of `kind` to objects of `linked_kind`.

    An object that the answer leaves out has none. Source: crm-facts, HubSpot, section 1.3.
    """
    path = client.paths.associations(PLURALS[kind], PLURALS[linked_kind])
    links: list[Link] = []
    inputs: list[dict[str, str]] = [{"id": id_} for id_ in ids]
    while inputs:
        now, inputs = inputs[:ASSOCIATIONS_PAGE], inputs[ASSOCIATIONS_PAGE:]
        results = results_of(client.post(path, {"inputs": now}), f"associations of {PLURALS[kind]}")
        links.extend(links_from_batch(kind, linked_kind, results))
        inputs.extend(_more(results))
    return links


def _more(results: Iterable[Item]) -> Iterator[dict[str, str]]:
    """Ask on for each object whose associations did not fit."""
    for result in results:
        if (after := next_of(result)) is not None:
            yield {"id": id_of(result.get("from") or {}), "after": after}


def _chunks(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
