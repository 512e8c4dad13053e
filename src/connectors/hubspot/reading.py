"""Reads HubSpot's objects by id, past the search index: values, histories, associations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
    """What a read by ids found: each id is among one of these."""

    items: tuple[Item, ...] = ()  # live
    archived: tuple[Item, ...] = ()  # in the recycle bin
    merged: tuple[tuple[str, str], ...] = ()  # ids that others answered for, with the id of each
    nowhere: tuple[str, ...] = ()  # neither live, archived nor merged


NOTHING = Found()


def results_of(answer: Mapping[str, Any], what: str) -> list[Item]:
    """Give the rows of an answer; Misconfigured where it has none of HubSpot's shape."""
    rows = answer.get("results")
    if not isinstance(rows, list):
        raise Misconfigured(f"the answer about {what} has no results", fix="check hubspot.base_url and hubspot.api_version")
    return rows


def server_time(client: Client) -> datetime:
    """Give the server's time at its last answer; Misconfigured where none was told."""
    if client.server_now is None:
        raise Misconfigured("HubSpot's answers carry no time", fix="check hubspot.base_url, and that no proxy drops the Date header")
    return client.server_now


def next_of(answer: Mapping[str, Any], *, asked: str | None = None) -> str | None:
    """Give the paging token; None on the last page. Misconfigured if it is the one that was `asked` for: that list has no end."""
    after = ((answer.get("paging") or {}).get("next") or {}).get("after")
    if after is not None and str(after) == asked:
        raise Misconfigured("a list names the same next page again and again", fix="check that no proxy drops the query of an address")
    return None if after is None else str(after)


def id_rows(client: Client, stream: ObjectStream, *, archived: bool) -> Iterator[list[Item]]:
    """Yield all objects, live or archived, with little more than their ids, a hundred at a time, by ascending id."""
    after: str | None = ""
    while after is not None:
        query = {"limit": str(PAGE), "properties": "hs_object_id", "archived": str(archived).lower()} | ({"after": after} if after else {})
        answer = client.get(client.paths.objects(stream.name), query)
        after = next_of(answer, asked=after)
        yield results_of(answer, stream.name)


def read_by_ids(client: Client, stream: ObjectStream, ids: Sequence[str]) -> Found:
    """Read objects with all that the stream asks for, in the order of `ids`, past the search index.

    A batch read leaves out what it cannot find, without always naming it: each id that is left out is asked for singly.
    Source: crm-facts, HubSpot, sections 5.3, 6.4 and 11.7.
    """
    items = _by_id(client, stream, ids)
    left_out = [id_ for id_ in ids if id_ not in items]
    archived = _by_id(client, stream, left_out, archived=True) if len(left_out) > 1 and stream.has_bin else {}
    merged, nowhere = [], []
    for id_ in left_out:
        if id_ in archived:
            continue
        single = _single(client, stream, id_)
        if single is None:
            nowhere.append(id_)
        elif (survivor := id_of(single)) != id_:
            merged.append((id_, survivor))
        else:
            (archived if single.get("archived") else items)[id_] = single
    live = tuple(items[id_] for id_ in ids if id_ in items)
    return Found(items=live, archived=tuple(archived.values()), merged=tuple(merged), nowhere=tuple(nowhere))


def _by_id(client: Client, stream: ObjectStream, ids: Sequence[str], *, archived: bool = False) -> dict[str, Item]:
    """Read what a batch finds of `ids`, live or archived."""
    found: dict[str, Item] = {}
    for chunk in _chunks(ids, PAGE_WITH_HISTORY if stream.history else PAGE):
        body = {
            "properties": list(stream.fields),
            "propertiesWithHistory": list(stream.history),
            "inputs": [{"id": id_} for id_ in chunk],
        }
        answer = client.post(client.paths.batch_read(stream.name), body, {"archived": "true"} if archived else None)
        found |= {id_of(item): item for item in results_of(answer, stream.name)}
    return found


def _single(client: Client, stream: ObjectStream, id_: str) -> Item | None:
    """Read one object, live or else archived (where HubSpot keeps an archive); None if it is neither.

    If it was merged, its survivor answers in its place. Raises Misconfigured for an answer that names nobody.
    """
    wanted = {"properties": ",".join(stream.fields), "propertiesWithHistory": ",".join(stream.history)}
    for archived in ("false", "true") if stream.has_bin else ("false",):
        try:
            found = client.get(client.paths.one(stream.name, id_), wanted | {"archived": archived})
        except Absent:
            continue
        if not id_of(found):
            raise Misconfigured(f"the answer about one of the {stream.name} is not HubSpot's", fix="check hubspot.base_url")
        return found
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
        inputs.extend(_more(results, now))
    return links


def _more(results: Iterable[Item], asked: Iterable[Mapping[str, str]]) -> Iterator[dict[str, str]]:
    """Ask on for each object whose associations did not fit."""
    before = {one["id"]: one.get("after") for one in asked}
    for result in results:
        id_ = id_of(result.get("from") or {})
        if (after := next_of(result, asked=before.get(id_))) is not None:
            yield {"id": id_, "after": after}


def _chunks(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
