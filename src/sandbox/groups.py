"""Groups of properties: what belongs together on a record's page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sandbox.definitions import Definition


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group of one kind."""

    name: str
    label: str
    order: int = -1  # HubSpot's "at the end"


def groups_of(definitions: Iterable[Definition]) -> dict[str, Group]:
    """The groups in which properties stand: name -> group."""
    names = dict.fromkeys(definition.group for definition in definitions)
    return {name: Group(name=name, label=name) for name in names}


def built_in(definitions: Mapping[str, Mapping[str, Definition]]) -> dict[str, dict[str, Group]]:
    """The groups of a new portal: kind -> name -> group."""
    return {kind: groups_of(known.values()) for kind, known in definitions.items()}
