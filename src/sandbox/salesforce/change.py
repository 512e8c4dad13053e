"""One record on its way to being written."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.salesforce.caller import Caller
from sandbox.salesforce.rows import Row
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is written: `old` is the row before (None for a new record), `new` the one to be, still open to rules."""

    store: Store
    sobject: SObject
    caller: Caller
    old: Row | None
    new: Row

    def changed(self, field: str) -> bool:
        """Whether the value of `field` is another one than before."""
        return self.old is None or self.old.get(field) != self.new.get(field)

    def sets(self, field: str) -> bool:
        """Whether `field` gets a value that it did not have."""
        return self.new.get(field) is not None and self.changed(field)
