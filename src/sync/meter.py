"""Keeps the store's count of API calls up to date while a run goes on, so that the next run knows what is left of the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from weakref import WeakKeyDictionary

from connectors.protocol import Connector
from connectors.records import Usage
from sync.store.usage import ApiUsage

EVERY = 100  # calls


_noted: WeakKeyDictionary[Connector, int] = WeakKeyDictionary()  # calls of each connector that are in a store by now
_noting = Lock()


class Meter:
    """Reads the calls of all connectors. Several may read one connector, each in a thread of its own: none counts a call twice."""

    def __init__(self, connectors: Sequence[Connector], usage: ApiUsage) -> None:
        self._connectors = connectors
        self._usage = usage

    def start(self, connector: Connector) -> None:
        """Tell a connector that knows its account what others than itself called today; again and again, if it lives long."""
        with _noting:
            told = connector.usage()
            if told.day is not None:
                self._tell(connector, told, self._usage.calls_on(connector.crm, told.day))

    def save(self, *, every: int = 1) -> None:
        """Note the calls of each connector that made at least `every` since, and tell it those that another run made beside this one."""
        for connector in self._connectors:
            with _noting:
                self._save(connector, every)

    def _save(self, connector: Connector, every: int) -> None:
        told = connector.usage()
        new = told.calls - _noted.get(connector, 0)
        if told.day is not None and new >= every:
            all_runs = self._usage.add(connector.crm, told.day, new)
            _noted[connector] = told.calls
            self._tell(connector, told, all_runs)

    def _tell(self, connector: Connector, told: Usage, all_runs: int) -> None:
        ours = told.today - (told.calls - _noted.get(connector, 0))  # of those that are noted
        if all_runs > ours:
            connector.add_earlier_calls(all_runs - ours)

    def told(self) -> Mapping[str, Usage]:
        """Return what each CRM was called for, by its name."""
        return {connector.crm: connector.usage() for connector in self._connectors}
