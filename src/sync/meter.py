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
        """Tell a connector that knows its account what others than itself called today; again and again, if it lives long."""
        told = connector.usage()
        if told.day is not None:
            self._tell(connector, told, self._usage.calls_on(connector.crm, told.day))

    def save(self, *, every: int = 1) -> None:
        """Note the calls of each connector that made at least `every` since, and tell it those that another run made beside this one."""
        for connector in self._connectors:
            told = connector.usage()
            new = self._unsaved(connector, told)
            if told.day is not None and new >= every:
                noted = self._usage.add(connector.crm, told.day, new)
                self._saved[connector.crm] = told.calls
                self._tell(connector, told, noted)

    def _unsaved(self, connector: Connector, told: Usage) -> int:
        return told.calls - self._saved.get(connector.crm, 0)

    def _tell(self, connector: Connector, told: Usage, noted: int) -> None:
        if (by_others := noted - (told.today - self._unsaved(connector, told))) > 0:
            connector.add_earlier_calls(by_others)

    def told(self) -> Mapping[str, Usage]:
        """Return what each CRM was called for, by its name."""
        return {connector.crm: connector.usage() for connector in self._connectors}
