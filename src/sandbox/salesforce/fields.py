"""What one field of an object is, and how Salesforce compares its values. Pure."""

from __future__ import annotations

from dataclasses import dataclass

TEXT_TYPES = frozenset({"string", "textarea", "picklist", "multipicklist", "combobox", "email", "phone", "url", "encryptedstring"})
NUMBER_TYPES = frozenset({"double", "currency", "percent", "int", "long"})
LONG_TEXT = 255  # a textarea beyond this cannot be filtered


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value of a picklist."""

    value: str
    label: str
    is_default: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. `references` name the objects it may point at; `children` is what each of them calls the way back."""

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    createable: bool = False
    updateable: bool = False
    nillable: bool = False
    defaulted: bool = False
    filterable: bool = True
    restricted: bool = False
    tracked: bool = False  # in a new org
    is_name: bool = False
    derived: bool = False  # computed when it is read
    external_id: bool = False
    references: tuple[str, ...] = ()
    relationship: str | None = None
    children: str | None = None
    choices: tuple[Choice, ...] = ()

    @property
    def custom(self) -> bool:
        """Whether the org's admin made it."""
        return self.name.endswith("__c")

    @property
    def required(self) -> bool:
        """Whether a record cannot be made without it."""
        return self.createable and not self.nillable and not self.defaulted

    @property
    def is_text(self) -> bool:
        """Whether its values are text, which compares without case."""
        return self.type in TEXT_TYPES

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.type in NUMBER_TYPES

    @property
    def is_id(self) -> bool:
        """Whether its values are ids."""
        return self.type in ("id", "reference")

    @property
    def is_polymorphic(self) -> bool:
        """Whether it may point at more than one object."""
        return len(self.references) > 1
