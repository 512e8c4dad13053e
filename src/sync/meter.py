"""Keeps the store's count of API calls up to date while a run goes on, so that the next run knows what is left of the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.protocol import Connector
from connectors.records import Usage
from sync.store.usage import ApiUsage

EVERY = 100  # calls


class Meter:
    """Reads the calls of all connectors."""

    def __init__(self, connectors: Sequence[Connector], usage: ApiUsage) -> None:
        self._connectors = connectors
        self._usage = usage
        self._saved: dict[str, int] = {}

    def start(self, connector: Connector) -> None:
        """Tell a connector that knows its account what earlier runs called today."""
        day = connector.usage().day
        if day is not None:
            connector.add_earlier_calls(self._usage.calls_on(connector.crm, day))

    def save(self, *, every: int = 1) -> None:
        """Save the count of each connector that made at least `every` calls since."""
        for connector in self._connectors:
            told = connector.usage()
            if told.day is not None and told.calls - self._saved.get(connector.crm, 0) >= every:
                self._usage.save(connector.crm, told.day, told.today)
                self._saved[connector.crm] = told.calls

    def told(self) -> Mapping[str, Usage]:
        """Return what each CRM was called for, by its name."""
        return {connector.crm: connector.usage() for connector in self._connectors}
