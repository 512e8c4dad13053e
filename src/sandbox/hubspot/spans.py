"""What part of a search the order of changes and of ids answers by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sandbox.clock import as_millis
from sandbox.hubspot.asked import id_of
from sandbox.kinds import Kind
from sandbox.record import LARGEST_ID

EARLIEST, LATEST = -(10**15), 10**15  # milliseconds since 1970 before and after every record
_ID = "hs_object_id"

Filter = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Live records last changed from `low` to `high` (milliseconds since 1970) with ids from `first` on.

    `rest` is what else is asked: the body of the same search without those filters.
    """

    low: int = EARLIEST
    high: int = LATEST
    first: int = 0
    rest: dict[str, Any]

    @property
    def is_whole(self) -> bool:
        """Whether nothing else is asked."""
        return not (self.rest.get("filterGroups") or self.rest.get("filters") or self.rest.get("query"))

    @property
    def is_open(self) -> bool:
        """Whether it spans all moments."""
        return (self.low, self.high) == (EARLIEST, LATEST)


def span_of(kind: Kind, body: dict[str, Any]) -> Span:
    """The span of a search whose body was found good; alternatives have none."""
    groups = [group.get("filters") or [] for group in body.get("filterGroups") or []]
    groups += [body["filters"]] if body.get("filters") else []
    rest = {name: body.get(name) for name in ("filterGroups", "filters", "query")}
    if len(groups) != 1:
        return Span(rest=rest)
    span, left = Span(rest=rest), []
    for each in groups[0]:
        narrower = _narrowed(kind, span, each)
        left += [each] if narrower is None else []
        span = narrower or span
    return replace(span, rest={"filters": left, "query": body.get("query")})


def _narrowed(kind: Kind, span: Span, asked: Filter) -> Span | None:
    """`span` within one filter; None for a filter that it cannot hold."""
    if asked["propertyName"] == kind.modified:
        return _within(span, asked)
    if asked["propertyName"] == _ID and asked["operator"] in ("GT", "GTE") and str(asked["value"]).isdigit():
        id_ = id_of(str(asked["value"]))
        first = LARGEST_ID + 1 if id_ < 0 else id_ + (asked["operator"] == "GT")
        return replace(span, first=max(span.first, first))
    return None


def _within(span: Span, asked: Filter) -> Span | None:
    at = _moment(asked.get("value"))
    match asked["operator"]:
        case "GTE" | "GT" as operator:
            return replace(span, low=max(span.low, at + (operator == "GT")))
        case "LTE" | "LT" as operator:
            return replace(span, high=min(span.high, at - (operator == "LT")))
        case "EQ":
            return replace(span, low=max(span.low, at), high=min(span.high, at))
        case "BETWEEN":
            return replace(span, low=max(span.low, at), high=min(span.high, _moment(asked["highValue"])))
    return None


def _moment(value: object) -> int:
    """An operand, no further away than any record can be; 0 for an operator that has none."""
    return 0 if value is None else min(max(as_millis(str(value)), EARLIEST), LATEST)
