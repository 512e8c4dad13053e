"""What a search finds, and how that is kept for its next pages.

The index shows a portal as it was when its lag began (see `sandbox.changes`): what changed since is left out as it
is now, and put in as it was.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.clock import as_millis
from sandbox.hubspot.asked import id_of
from sandbox.hubspot.filters import Test, search_test, sort_key, sort_name
from sandbox.hubspot.spans import EARLIEST, LATEST, Span, span_of
from sandbox.kinds import Kind, kind_named
from sandbox.links import linked_live
from sandbox.portal import Portal
from sandbox.record import SMALLEST_ID, Record

REACH = 10_000  # records of one search that pages lead to
_KEPT = 8  # searches that are kept for their next pages

Key = tuple[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How many records a search found, and the ids of the first of them, at most as many as pages lead to."""

    total: int
    ids: Sequence[int]


@dataclass(slots=True, kw_only=True)
class _Kept:
    """What was found when `count` changes had been told: all ids in a walk by id, else the first."""

    count: int
    found: Found
    ids: array[int]


class SearchIndex:
    """What the last few searches found.

    A walk by id keeps all ids that its filters find, without the bound of the id, and then follows every change; so
    each of its pages costs a bisection, however many records have one moment. Any other search is kept until the next change.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()

    def find(self, portal: Portal, kind: Kind, body: dict[str, Any]) -> Found:
        """What `body` asks for. Raises Refusal for filters and sorts that HubSpot refuses."""
        portal.changes.catch_up()
        holds = search_test(portal, kind, body)
        sort_key(portal, kind, body)
        span, sort = span_of(kind, body), sort_name(kind, body)
        if sort == ("hs_object_id", False):
            return self._walked(portal, kind, span)
        key = _key(kind, {**body, "after": None, "limit": None, "properties": None})
        kept = self._kept.get(key)
        if kept is None or kept.count != portal.changes.count:
            found = (
                _head(portal, kind, span, falling=sort[1]) if _is_head(kind, span, sort[0]) else _sorted(portal, kind, body, span, holds)
            )
            kept = self._keep(key, _Kept(count=portal.changes.count, found=found, ids=array("q")))
        return kept.found

    def _walked(self, portal: Portal, kind: Kind, span: Span) -> Found:
        key = _key(kind, {"low": span.low, "high": span.high, "rest": span.rest})
        holds = _in_span(kind, span, search_test(portal, kind, span.rest))
        kept = self._kept.get(key)
        if kept is None or not _follow(portal, kind, kept, holds):
            ids = array("q", _all_ids(portal, kind, span, holds))
            kept = self._keep(key, _Kept(count=portal.changes.count, found=Found(total=len(ids), ids=()), ids=ids))
        at = bisect_left(kept.ids, span.first)
        return Found(total=len(kept.ids) - at, ids=kept.ids[at : at + REACH])

    def _keep(self, key: Key, kept: _Kept) -> _Kept:
        self._kept[key] = kept
        self._kept.move_to_end(key)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return kept


def as_indexed(portal: Portal, kind: Kind) -> Callable[[int], Record | None]:
    """How the index shows a record that it knows by its id; None for one it has not."""
    hidden = portal.changes.hidden(kind.plural)
    return lambda id_: hidden[id_] if id_ in hidden else portal.find(kind.plural, id_)


def _key(kind: Kind, asked: Mapping[str, Any]) -> Key:
    return kind.plural, orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)


def _is_head(kind: Kind, span: Span, sort: str) -> bool:
    """Whether the order of changes alone answers a search sorted by `sort`."""
    return span.is_whole and span.first <= SMALLEST_ID and sort == kind.modified


def _head(portal: Portal, kind: Kind, span: Span, *, falling: bool) -> Found:
    shelf, hidden = portal.collections[kind.plural].shelf, portal.changes.hidden(kind.plural)
    moments = shelf.moments(span.low, span.high, falling=falling, most=REACH + len(hidden))
    of_hidden = [(at, record.id) for record in hidden.values() if record and span.low <= (at := _changed(kind, record)) <= span.high]
    passed_over = sum(1 for id_ in hidden if (now := portal.find(kind.plural, id_)) and span.low <= _changed(kind, now) <= span.high)
    order = sorted([each for each in moments if each[1] not in hidden] + of_hidden, reverse=falling)
    now_there = shelf.count() if span.is_open else shelf.count_between(span.low, span.high)
    total = now_there - passed_over + len(of_hidden)
    return Found(total=total, ids=[id_ for _, id_ in order[:REACH]])


def _sorted(portal: Portal, kind: Kind, body: dict[str, Any], span: Span, holds: Test) -> Found:
    key, falling = sort_key(portal, kind, body)
    found = sorted(((key(record), record.id) for record in _matching(portal, kind, span, holds)), reverse=falling)
    return Found(total=len(found), ids=[id_ for _, id_ in found[:REACH]])


def _all_ids(portal: Portal, kind: Kind, span: Span, holds: Test) -> Sequence[int]:
    """Ids of all that the index finds, ascending."""
    if not span.is_whole:
        return sorted(record.id for record in _matching(portal, kind, span, holds))
    hidden = portal.changes.hidden(kind.plural)
    ids = portal.collections[kind.plural].shelf.between(span.low, span.high)
    if not hidden:
        return ids
    return sorted([id_ for id_ in ids if id_ not in hidden] + [record.id for record in hidden.values() if record and holds(record)])


def _matching(portal: Portal, kind: Kind, span: Span, holds: Test) -> Iterator[Record]:
    hidden = portal.changes.hidden(kind.plural)
    yield from (record for record in _candidates(portal, kind, span) if record.id not in hidden and holds(record))
    yield from (record for record in hidden.values() if record and holds(record))


def _candidates(portal: Portal, kind: Kind, span: Span) -> Iterable[Record]:
    """Live records among which all that are found stand: as few as an identifying value, an association or the span tells."""
    collection = portal.collections[kind.plural]
    for each in span.rest.get("filters") or []:
        if each["operator"] != "EQ":
            continue
        name, value = each["propertyName"], str(each["value"])
        if name == "hs_object_id":
            return [record] if (record := collection.find(id_of(value))) else []
        if name in collection.identifiers:
            return [record] if (record := collection.holder(name, value)) else []
        if name.startswith("associations."):
            return _associated(portal, kind, name, value)
    return collection if span.is_open else (collection[id_] for id_ in collection.shelf.between(span.low, span.high))


def _associated(portal: Portal, kind: Kind, name: str, value: str) -> list[Record]:
    """The live records of `kind` that the one record that an association filter names is associated with."""
    other_kind = kind_named(name.removeprefix("associations."))
    other = portal.find(other_kind.plural, id_of(value)) if other_kind else None
    return [] if other is None else [portal.record(kind.plural, id_) for id_ in linked_live(portal, other, kind.plural)]


def _in_span(kind: Kind, span: Span, rest: Test) -> Test:
    if (span.low, span.high) == (EARLIEST, LATEST):
        return rest
    return lambda record: span.low <= _changed(kind, record) <= span.high and rest(record)


def _follow(portal: Portal, kind: Kind, kept: _Kept, holds: Test) -> bool:
    """Bring a walk up to date, record by record; False where too much has changed for that."""
    news = portal.changes.since(kept.count)
    if news is None:
        return False
    shown = as_indexed(portal, kind)
    for plural, id_ in news:
        if plural == kind.plural:
            record = shown(id_)
            _set(kept.ids, id_, there=record is not None and holds(record))
    kept.count = portal.changes.count
    return True


def _set(ids: array[int], id_: int, *, there: bool) -> None:
    at = bisect_left(ids, id_)
    is_there = at < len(ids) and ids[at] == id_
    if there and not is_there:
        ids.insert(at, id_)
    elif is_there and not there:
        ids.pop(at)


def _changed(kind: Kind, record: Record) -> int:
    return as_millis(record.properties[kind.modified])
