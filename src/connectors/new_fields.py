"""Fields of persons that a CRM shall have and does not: CRM-neutral. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Holds(StrEnum):
    """What sort of value a field holds."""

    WORD = "word"  # one of a few
    TEXT = "text"
    NUMBER = "number"  # whole
    DAY = "day"
    MOMENT = "moment"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewField:
    """One field that is to be."""

    kind: str  # of the records that get it: contact, Lead, ...
    name: str
    label: str
    description: str
    holds: Holds
    words: tuple[tuple[str, str], ...] = ()  # the values it may hold, each with its label


@runtime_checkable
class FieldMaker(Protocol):
    """A connector whose CRM lets us define fields."""

    def create_field(self, new: NewField) -> None:
        """Define a field, once. Raises any family of `connectors.errors`; Conflict where there is one of that name by now."""
        ...
