"""Filters, sorts and queries of a search -> functions over records.

Source: HubSpot's guide "Search the CRM".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from sandbox.clock import as_millis
from sandbox.decimals import decimal_of
from sandbox.definitions import Definition
from sandbox.hubspot.asked import id_of, member
from sandbox.kinds import Kind, kind_named
from sandbox.portal import Portal
from sandbox.record import Record
from sandbox.refusals import Refusal

GROUPS, FILTERS, FILTERS_IN_ALL = 5, 6, 18

Test = Callable[[Record], bool]
Value = str | Decimal | int
Reading = Callable[[str], Value]

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda value, wanted: bool(value == wanted),
    "LT": lambda value, wanted: bool(value < wanted),
    "LTE": lambda value, wanted: bool(value <= wanted),
    "GT": lambda value, wanted: bool(value > wanted),
    "GTE": lambda value, wanted: bool(value >= wanted),
}
_NEGATIONS = {"NEQ": "EQ", "NOT_IN": "IN", "NOT_CONTAINS_TOKEN": "CONTAINS_TOKEN", "NOT_HAS_PROPERTY": "HAS_PROPERTY"}
_WORD = re.compile(r"[^\W_]+")


def search_test(portal: Portal, kind: Kind, body: dict[str, Any]) -> Test:
    """Whether a record is found: all filters of any group hold, and the query's words stand in it.

    Raises Refusal for too many groups or filters, an unknown property or operator, a value of the
    wrong type.
    """
    groups = [_filters(group) for group in member(body, "filterGroups", list, [])]
    if loose := member(body, "filters", list, []):
        groups.append(loose)  # the short form of a single group, seen on the wire
    _refuse_if_too_many(groups)
    tests = [[_filter_test(portal, kind, each) for each in group] for group in groups]
    words = member(body, "query", str, "").casefold().split()

    def holds(record: Record) -> bool:
        if tests and not any(all(test(record) for test in group) for group in tests):
            return False
        return not words or _mentions(kind, record, words)

    return holds


def sort_key(portal: Portal, kind: Kind, body: dict[str, Any]) -> tuple[Callable[[Record], Any], bool]:
    """Key and direction of the one sort; by creation without any. Unset values come last.

    Raises Refusal for more than one sort or an unknown property.
    """
    name, falling = sort_name(kind, body)
    if name == "hs_object_id":
        return lambda record: record.id, falling
    read = _reading(_definition(portal, kind, name))
    blank = not falling

    def key(record: Record) -> tuple[bool, Any, int]:
        value = _seen(record, name, read)
        return (blank, 0, record.id) if value is None else (not blank, value, record.id)

    return key, falling


def sort_name(kind: Kind, body: dict[str, Any]) -> tuple[str, bool]:
    """The property that the one sort is by, and whether it falls. Raises Refusal for more than one sort."""
    sorts = member(body, "sorts", list, [])
    if len(sorts) > 1:
        raise Refusal("Only one sort is supported.")
    return _sort_asked(sorts[0]) if sorts else (kind.created, False)


def _sort_asked(sort: Any) -> tuple[str, bool]:
    if isinstance(sort, str):
        return sort.removeprefix("-"), sort.startswith("-")
    if not isinstance(sort, dict) or not isinstance(sort.get("propertyName"), str):
        raise Refusal("Invalid input JSON: a sort needs `propertyName`.")
    return sort["propertyName"], member(sort, "direction", str, "ASCENDING").upper() == "DESCENDING"


def _filters(group: Any) -> list[Any]:
    if not isinstance(group, dict):
        raise Refusal("Invalid input JSON: `filterGroups` must be a list of objects.")
    filters: list[Any] = member(group, "filters", list, [])
    return filters


def _refuse_if_too_many(groups: Sequence[Sequence[Any]]) -> None:
    counts = [len(group) for group in groups]
    if len(counts) > GROUPS or max(counts, default=0) > FILTERS or sum(counts) > FILTERS_IN_ALL:
        raise Refusal(f"Too many filters: at most {GROUPS} filterGroups of {FILTERS} filters, {FILTERS_IN_ALL} filters in all.")


def _filter_test(portal: Portal, kind: Kind, asked: Any) -> Test:
    if not isinstance(asked, dict) or not all(isinstance(asked.get(key), str) for key in ("propertyName", "operator")):
        raise Refusal("Invalid input JSON: a filter needs `propertyName` and `operator`.")
    name, operator = asked["propertyName"], asked["operator"]
    if (opposite := _NEGATIONS.get(operator)) is not None:
        test = _positive(portal, kind, name, opposite, asked)
        return lambda record: not test(record)
    return _positive(portal, kind, name, operator, asked)


def _positive(portal: Portal, kind: Kind, name: str, operator: str, asked: dict[str, Any]) -> Test:
    """A test that a record without the property never passes."""
    if name.startswith("associations."):
        return _association_test(portal, name, operator, asked)
    definition = _definition(portal, kind, name)
    if operator == "HAS_PROPERTY":
        return lambda record: record.value(name) is not None
    read = _reading(definition)
    accepts = _acceptance(definition, operator, asked, read)
    if name == "hs_object_id":
        return lambda record: accepts(Decimal(record.id))
    if definition.is_multiple and operator in ("EQ", "IN"):
        return lambda record: any(accepts(each) for each in _alternatives(record.value(name)))

    def test(record: Record) -> bool:
        value = _seen(record, name, read)
        return value is not None and accepts(value)

    return test


def _seen(record: Record, name: str, read: Reading) -> Value | None:
    """The value as it is compared; None where it is unset, or not of the type that its definition has now."""
    value = record.value(name)
    try:
        return None if value is None else read(value)
    except ValueError:
        return None


def _alternatives(value: str | None) -> tuple[str, ...]:
    """What a value of several options is found by: all of it, and each option."""
    return () if value is None else (value, *value.split(";"))


def _acceptance(definition: Definition, operator: str, asked: dict[str, Any], read: Reading) -> Callable[[Value], bool]:
    match operator:
        case "EQ" | "LT" | "LTE" | "GT" | "GTE":
            compare, wanted = _COMPARISONS[operator], _operand(asked, "value", read)
            return lambda value: compare(value, wanted)
        case "BETWEEN":
            low: Any = _operand(asked, "value", read)
            high: Any = _operand(asked, "highValue", read)
            return lambda value: low <= value <= high
        case "IN":
            return _membership(definition, asked, read)
        case "CONTAINS_TOKEN":
            tokens = _text(asked.get("value", "")).casefold().split()
            return lambda value: all(_has_token(str(value).casefold(), token) for token in tokens)
    raise Refusal(f"Invalid filter operator: {operator}")


def _membership(definition: Definition, asked: dict[str, Any], read: Reading) -> Callable[[Value], bool]:
    """IN; on texts only values given in lower case are ever found (HubSpot's guide)."""
    given = [_text(value) for value in member(asked, "values", list, [])]
    if not given:
        raise Refusal("The operator IN needs `values`.")
    exact = definition.type in ("string", "phone_number")
    wanted = set(given) if exact else {_read_operand(text, read) for text in given}
    return lambda value: value in wanted


def _association_test(portal: Portal, name: str, operator: str, asked: dict[str, Any]) -> Test:
    target = kind_named(name.removeprefix("associations."))
    if target is None:
        raise Refusal(f"Unknown property in filter: {name}")
    if operator == "HAS_PROPERTY":
        return lambda record: any(portal.find(target.plural, id_) for id_ in record.links.get(target.plural, ()))
    if operator not in ("EQ", "IN"):
        raise Refusal(f"Invalid filter operator for {name}: {operator}")
    given = [asked.get("value")] if operator == "EQ" else member(asked, "values", list, [])
    wanted = {id_ for id_ in map(id_of, map(_text, given)) if portal.find(target.plural, id_) is not None}
    return lambda record: not wanted.isdisjoint(record.links.get(target.plural, ()))


def _definition(portal: Portal, kind: Kind, name: str) -> Definition:
    definition = portal.definitions[kind.plural].get(name)
    if definition is None:
        raise Refusal(f"Unknown property in filter or sort of {kind.plural}: {name}")
    return definition


def _reading(definition: Definition) -> Reading:
    """How values of a property are compared: numbers and moments as such, picklists exactly, texts without case."""
    match definition.type:
        case "number":
            return decimal_of
        case "datetime" | "date":
            return as_millis
        case "enumeration":
            return str
    return str.casefold


def _operand(asked: dict[str, Any], name: str, read: Reading) -> Value:
    if asked.get(name) is None:
        raise Refusal(f"The operator {asked.get('operator')} needs `{name}`.")
    return _read_operand(_text(asked[name]), read)


def _text(raw: object) -> str:
    """An operand as text. Raises Refusal for one that is no text, number or truth value."""
    if not isinstance(raw, str | int | float):
        raise Refusal("Invalid input JSON: the values of a filter must be strings, numbers or booleans.")
    return str(raw).lower() if isinstance(raw, bool) else str(raw)


def _read_operand(text: str, read: Reading) -> Value:
    try:
        return read(text)
    except ValueError:
        raise Refusal(f"Invalid filter value: {text}") from None


def _has_token(text: str, token: str) -> bool:
    """Whether a word of `text`, or all of it, is `token`; `*` stands for anything."""
    words = {text, *text.replace(";", " ").split(), *_WORD.findall(text)}
    if "*" not in token:
        return token in words or set(_WORD.findall(token)) <= words != set()
    pattern = token.replace("[", "[[]").replace("?", "[?]")
    return any(fnmatchcase(word, pattern) for word in words)


def _mentions(kind: Kind, record: Record, words: Sequence[str]) -> bool:
    text = " ".join(value.casefold() for name in kind.searched if (value := record.value(name)))
    return all(word in text for word in words)
