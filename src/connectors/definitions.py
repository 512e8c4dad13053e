"""How an account defines its fields, as far as a connection was told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.records import FieldDefinition, Page


class Definitions:
    """The fields of an account by kind and name; what is told later replaces what was. For several threads."""

    def __init__(self) -> None:
        self._by_name: dict[tuple[str, str], FieldDefinition] = {}

    def learn(self, definitions: Iterable[FieldDefinition]) -> None:
        """Take over how fields are defined."""
        self._by_name |= {(one.kind, one.name): one for one in definitions}

    def overheard(self, pages: Iterable[Page]) -> Iterator[Page]:
        """Pass pages on, and learn from each."""
        for page in pages:
            self.learn(page.definitions)
            yield page

    def type_of(self, kind: str, name: str) -> str | None:
        """Give the CRM's word for what a field holds; None where it was not told."""
        found = self._by_name.get((kind, name))
        return found.type if found is not None else None

    def values_of(self, kind: str, name: str) -> tuple[str, ...]:
        """Give the values of a picklist in their order; none where they were not told."""
        found = self._by_name.get((kind, name))
        return tuple(option.value for option in found.options) if found is not None else ()

    def names_of(self, kind: str) -> tuple[str, ...]:
        """Give the names of the fields of a kind; none where they were not told."""
        return tuple(name for of, name in self._by_name if of == kind)
