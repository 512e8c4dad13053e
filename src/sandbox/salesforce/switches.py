"""What the admin of an org set: hidden fields, history tracking, validation and assignment rules; and who holds records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.salesforce.moments import moment_text
from sandbox.salesforce.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """Refuse records of an object for which a SOQL condition holds."""

    sobject: str
    condition: str
    message: str
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """Refuse records whose `field` another one has already; an alert that callers may pass over unless it `blocks`."""

    sobject: str
    field: str
    blocks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A Lead assignment rule: the first SOQL criteria that hold name the owner; an empty text always holds."""

    entries: tuple[tuple[str, str], ...]
    active: bool = True


class Switches:
    """All of them, with the defaults of a new org."""

    def __init__(self, schema: Schema) -> None:
        self.hidden: set[tuple[str, str | None]] = set()
        self.validations: list[Validation] = []
        self.duplicates: list[Duplicates] = []
        self.assignments: dict[str, Assignment] = {}  # by rule id
        self.locks: dict[str, datetime] = {}
        self.tracked = {(name, each.name) for name, sobject in schema.objects.items() for each in sobject.fields.values() if each.tracked}
        self.history_off: set[str] = set()

    def is_hidden(self, sobject: str, field: str | None = None) -> bool:
        """Whether callers cannot see the field (the object)."""
        return bool(self.hidden) and (sobject, field) in self.hidden

    def is_tracked(self, sobject: str, field: str) -> bool:
        """Whether changes of the field are written into the history."""
        return (sobject, field) in self.tracked and sobject not in self.history_off

    def is_locked(self, id_: str, now: datetime) -> bool:
        """Whether the record is held."""
        return id_ in self.locks and now < self.locks[id_]

    def shown(self) -> dict[str, Any]:
        """All of them as JSON."""
        return {
            "hidden": [_dotted(*each) for each in sorted(self.hidden, key=str)],
            "tracked": [_dotted(*each) for each in sorted(self.tracked) if each[0] not in self.history_off],
            "validations": [
                {"sobject": each.sobject, "condition": each.condition, "message": each.message, "field": each.field}
                for each in self.validations
            ],
            "duplicates": [{"sobject": each.sobject, "field": each.field, "blocks": each.blocks} for each in self.duplicates],
            "assignments": [
                {"id": id_, "active": rule.active, "entries": [list(entry) for entry in rule.entries]}
                for id_, rule in self.assignments.items()
            ],
            "locks": {id_: moment_text(until) for id_, until in self.locks.items()},
        }


def _dotted(sobject: str, field: str | None) -> str:
    return sobject if field is None else f"{sobject}.{field}"
