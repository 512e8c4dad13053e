"""Finds what changed since a moment, through an index that lags behind the records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.errors import Misconfigured
from connectors.hubspot.client import Client
from connectors.hubspot.cursor import Cursor
from connectors.hubspot.mapping import changed_at_of
from connectors.hubspot.reading import Item, results_of
from connectors.hubspot.streams import ObjectStream
from connectors.hubspot.values import id_of, moment_of, ms_of

_PAGE = 200
_LOOKS_AFTER_S = (0.0, 1.0, 3.0)  # a page that hides rows is asked for again, before it is taken as it is
_ID = "hs_object_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """One page of what a search found."""

    items: tuple[Item, ...]  # with id and time of change; each once, by ascending id
    total: int  # as the index counts
    lagging: bool  # the index counted rows that it did not show, or did not count

    @property
    def count(self) -> int | None:
        """How many rows there are, if the answer can be believed."""
        return None if self.lagging else self.total

    @property
    def last_id(self) -> str | None:
        """The id from which to search on; None where nothing was found."""
        return id_of(self.items[-1]) if self.items else None

    @property
    def is_all(self) -> bool:
        """Whether nothing was left for a further page."""
        return len(self.items) >= self.total or not self.items


def newest(client: Client, stream: ObjectStream, at: Cursor) -> tuple[Hits, bool]:
    """Find the objects that were changed last, and whether those are all that were changed at or after `at.since`.

    `total` counts every live object. So one call tells a portal in which nothing happened from one in which something changed or
    vanished.
    """
    assert at.since is not None, "a search follows a finished pull"
    hits = _look(client, stream, _query([_filter(_ID, "GT", "0")], sort=(stream.modified, "DESCENDING")), beyond=0)
    news = tuple(item for item in hits.items if _modified_at(stream, item) >= at.since)
    is_whole = not hits.lagging and (hits.is_all or len(news) < len(hits.items))
    return Hits(items=news, total=hits.total, lagging=hits.lagging), is_whole


def changed(client: Client, stream: ObjectStream, at: Cursor) -> Hits:
    """Find the next objects changed from `at.since` to `at.until`, by ascending id, beyond the id `at.after`.

    Each page is a query of its own, keyed by the last id: so no query nears the 10,000 rows at which search ends, equal
    change times do no harm, and an object that changes meanwhile shifts nothing: it leaves the span, and is found by the next
    pull. `total` never ends or prolongs the walk but by rows that are there. Source: crm-facts, HubSpot, sections 4 and 11.3.
    """
    assert at.since is not None, "a search follows a finished pull"
    span = [_filter(stream.modified, "GTE", str(ms_of(at.since))), _filter(stream.modified, "LTE", str(ms_of(at.until)))]
    return _look(client, stream, _query([*span, _filter(_ID, "GT", at.after or "0")], sort=(_ID, "ASCENDING")), beyond=int(at.after or 0))


def count(client: Client, stream: ObjectStream, *, before: datetime | None = None) -> int:
    """Ask how many live objects the index holds, of those created `before` if that is given."""
    filters = [_filter(stream.created, "LT", str(ms_of(before)))] if before else [_filter(_ID, "GT", "0")]
    body = _query(filters, sort=(_ID, "ASCENDING")) | {"limit": 1}
    return _total(client.search(client.paths.search(stream.name), body))


def _look(client: Client, stream: ObjectStream, body: Mapping[str, Any], *, beyond: int) -> Hits:
    """Ask for one page, again while it hides rows; an id not beyond the last one would lead round in a circle, and is left out."""
    for after_s in _LOOKS_AFTER_S:
        if after_s:
            client.pause(after_s)
        answer = client.search(client.paths.search(stream.name), body)
        items = {int(id_of(item)): item for item in results_of(answer, stream.name)}
        ours = tuple(items[id_] for id_ in sorted(items) if id_ > beyond)
        total = _total(answer)
        hits = Hits(items=ours, total=total, lagging=len(ours) < min(total, _PAGE) or total < len(items))
        if not hits.lagging:
            break
    return hits


def _modified_at(stream: ObjectStream, item: Item) -> datetime:
    """Give the moment by which the index sorts and filters."""
    return moment_of((item.get("properties") or {}).get(stream.modified)) or changed_at_of(item)


def _total(answer: Mapping[str, Any]) -> int:
    """Give how many rows match; Misconfigured where the answer does not count: then it is not HubSpot's."""
    total = answer.get("total")
    if not isinstance(total, int):
        raise Misconfigured("the answer of a search counts nothing", fix="check hubspot.base_url and hubspot.api_version")
    return total


def _filter(name: str, operator: str, value: str) -> dict[str, str]:
    return {"propertyName": name, "operator": operator, "value": value}


def _query(filters: list[dict[str, str]], *, sort: tuple[str, str]) -> dict[str, Any]:
    name, direction = sort
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": name, "direction": direction}],
        "properties": [_ID],
        "limit": _PAGE,
    }
