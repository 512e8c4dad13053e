"""What one text of the agreement says otherwise than another, by name rather than by place. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sync.agreement.versions import canonical, content_of

Entry = Mapping[str, Any]

HEAD = ""  # the section of the keys that stand before all tables
NAMED_TABLES = frozenset({"fields", "define", "calendar", "pool"})  # sections that are a table of named tables
# By which keys two entries are one and the same, the first that finds one; elsewhere by `name`.
_KNOWN_BY = {
    "party": ("side",),
    "exclude": ("when", "why"),
    "excuse": ("when", "why"),
    "consequence": ("if", "then"),
}


class How(StrEnum):
    """How a text differs from an earlier one."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    REORDERED = "reordered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference: a key, a whole entry (no `key`), or the order of a section's entries."""

    section: str  # clock, stage, calendar, ...; HEAD for a key above all tables
    name: str | None  # of the entry, as it was called before; None where the section is one table
    key: tuple[str, ...]  # below the entry: ("gap", "at_least")
    how: How
    before: Any  # as TOML holds it; None: not written. Of an order: the names
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    section: str
    name: str | None = None
    key: tuple[str, ...] = ()

    def below(self, step: str) -> _Place:
        return _Place(section=self.section, name=self.name, key=(*self.key, step))

    def change(self, before: Any, after: Any) -> Change:
        how = How.ADDED if before is None else How.REMOVED if after is None else How.CHANGED
        return Change(section=self.section, name=self.name, key=self.key, how=how, before=before, after=after)


def find_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what `after` says otherwise than `before`, both TOML documents of an agreement; signatures do not count.

    Sections come in the order of `after`, those that are gone last. Empty if, and only if, both have one content hash.
    """
    old, new = content_of(before), content_of(after)
    return tuple(change for section in _keys(new, old) for change in _of_section(section, old.get(section), new.get(section)))


def changes_between(before: str, after: str) -> tuple[Change, ...]:
    """Return what one agreement's text says otherwise than another's; both must be TOML."""
    return find_changes(tomllib.loads(before), tomllib.loads(after))


def _of_section(section: str, old: Any, new: Any) -> Iterator[Change]:
    if _are_entries(old) and _are_entries(new) and (old or new):
        yield from _or_whole(_Place(section=section), old, new, _of_entries(section, old or [], new or []))
    elif section in NAMED_TABLES and _are_tables(old) and _are_tables(new) and (old or new):
        yield from _or_whole(_Place(section=section), old, new, _of_named(section, old or {}, new or {}))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _of_values(_Place(section=section), old, new)
    else:
        is_table = any(isinstance(value, Mapping | list) for value in (old, new))
        yield from _of_values(_Place(section=section) if is_table else _Place(section=HEAD, key=(section,)), old, new)


def _of_values(place: _Place, old: Any, new: Any) -> Iterator[Change]:
    """Yield the differences of two values, key by key where both are tables."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in _keys(new, old):
            yield from _of_values(place.below(key), old.get(key), new.get(key))
    elif not _same(old, new):
        yield place.change(old, new)


def _of_named(section: str, old: Entry, new: Entry) -> Iterator[Change]:
    for name in _keys(new, old):
        yield from _of_values(_Place(section=section, name=name), old.get(name), new.get(name))


def _of_entries(section: str, old: Sequence[Entry], new: Sequence[Entry]) -> Iterator[Change]:
    partners = _partners(section, old, new)
    for at, entry in enumerate(new):
        former = old[partners[at]] if at in partners else None
        name = label(section, former if former is not None else entry)
        yield from _of_values(_Place(section=section, name=name), former, entry)
    for at, entry in enumerate(old):
        if at not in partners.values():
            yield _Place(section=section, name=label(section, entry)).change(entry, None)
    if list(partners.values()) != sorted(partners.values()):
        yield Change(
            section=section,
            name=None,
            key=(),
            how=How.REORDERED,
            before=[label(section, old[at]) for at in sorted(partners.values())],
            after=[label(section, old[at]) for at in partners.values()],
        )


def _partners(section: str, old: Sequence[Entry], new: Sequence[Entry]) -> dict[int, int]:
    """Return which entry of `new` is which of `old`, by their places, in the order of `new`.

    An entry that differs in nothing but its name was renamed.
    """
    found: dict[int, int] = {}

    def pair(at: int, alike: Callable[[Entry, Entry], bool]) -> None:
        free = (place for place, former in enumerate(old) if place not in found.values() and alike(former, new[at]))
        if (place := next(free, None)) is not None:
            found[at] = place

    ways = [_same, *(_same_at(key) for key in _KNOWN_BY.get(section, ("name",))), _same_but_for_name]
    for alike in ways:
        for at in range(len(new)):
            if at not in found:
                pair(at, alike)
    return dict(sorted(found.items()))


def _same_at(key: str) -> Callable[[Entry, Entry], bool]:
    return lambda old, new: key in old and key in new and _same(old[key], new[key])


def _same_but_for_name(old: Entry, new: Entry) -> bool:
    rests = [{key: value for key, value in entry.items() if key != "name"} for entry in (old, new)]
    return _same(*rests)


def label(section: str, entry: Entry) -> str:
    """Return what an entry of a list is called: its name, or what stands for one."""
    known_by = _KNOWN_BY.get(section, ("name",))[0]
    return str(entry.get(known_by, "?")).strip()


def _or_whole(place: _Place, old: Any, new: Any, found: Iterable[Change]) -> Iterator[Change]:
    """Yield what was found; the section whole where it differs in nothing that has a name, such as an empty table that is not written."""
    inside = list(found)
    if not inside and not _same(old, new):
        inside.append(place.change(old, new))
    yield from inside


def _keys(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys([*first, *second]))


def _are_entries(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value))


def _are_tables(value: Any) -> bool:
    return value is None or (isinstance(value, Mapping) and all(isinstance(entry, Mapping) for entry in value.values()))


def _same(old: Any, new: Any) -> bool:
    return canonical(old) == canonical(new)
