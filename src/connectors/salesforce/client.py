"""Calls to one org for one purpose."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectors.budget import Purpose
from connectors.pacing import Waiting
from connectors.records import Usage
from connectors.salesforce.addresses import Paths
from connectors.salesforce.settings import SalesforceSettings

if TYPE_CHECKING:
    from connectors.salesforce.line import Answer


class Client:
    """Calls to one org for one purpose; `on` gives those for another over the same line."""

    def __init__(self, settings: SalesforceSettings, waiting: Waiting) -> None:
        from connectors.salesforce.line import Line  # noqa: PLC0415 - requests and simple-salesforce are slow to import

        self.paths = Paths(version=settings.api_version)
        self.line = Line(settings, waiting)
        self._purpose = Purpose.DELTA

    def on(self, purpose: Purpose) -> Client:
        """Return the client whose calls count as made for `purpose`."""
        other = copy(self)
        other._purpose = purpose
        return other

    @property
    def server_now(self) -> datetime | None:
        """The server's time (whole seconds, UTC) at its last answer; None before the first."""
        return self.line.server_now

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """Read `path`; raises any family of `connectors.errors`."""
        return self._insist(method="GET", path=path, query=query or {})

    def get_csv(self, path: str, query: Mapping[str, str]) -> Answer:
        """Read a page of CSV; raises any family of `connectors.errors`."""
        return self._insist(method="GET", path=path, query=query, headers={"Accept": "text/csv"}, csv=True)

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Read by POST (several queries in one call, a bulk query); raises any family of `connectors.errors`."""
        return self._insist(method="POST", path=path, body=body)

    def write(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, query: Mapping[str, str] | None = None) -> Answer:
        """Write, once. Raises TryAgain where it failed in a way that may pass, BatchRefused, and any family of `connectors.errors`."""
        from connectors.salesforce.line import Call  # noqa: PLC0415

        return self.line.once(Call(method=method, path=path, body=body, query=query or {}, writes=True), self._purpose)

    def pause(self, seconds: float) -> None:
        """Wait before asking the same again."""
        self.line.pause(seconds)

    def usage(self) -> Usage:
        """Count the calls made, failed ones included."""
        return self.line.budget.usage()

    def close(self) -> None:
        """Close the pooled connections."""
        self.line.close()

    def _insist(self, **call: Any) -> Answer:
        from connectors.salesforce.line import Call  # noqa: PLC0415

        return self.line.insist(Call(**call), self._purpose)
