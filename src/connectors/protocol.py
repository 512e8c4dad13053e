"""What a CRM must offer; tests/contract holds every connector to this text. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from connectors.records import Account, Page, RecordKey, Usage


class Connector(Protocol):
    """One account of one CRM.

    Every call may raise one of the families of `connectors.errors`; what was yielded before stays
    good. A connector keeps no state between calls but its connections and its budget.
    """

    @property
    def crm(self) -> str:
        """The CRM's short name, first part of its record keys: `hubspot`, `salesforce`."""
        ...

    def account(self) -> Account:
        """Read which account this is and what time its server has (one or two calls)."""
        ...

    def streams(self) -> tuple[str, ...]:
        """Name the streams in the order in which they should be pulled; definitions and owners first."""
        ...

    def pages(self, stream: str, cursor: str | None) -> Iterator[Page]:
        """Yield what changed in `stream` since `cursor` (everything for None), with overlap.

        Rows may come again; they carry CRM ids and times, so saving them twice adds nothing. The last
        page has `last` set, also when nothing changed. A cursor of a page that was saved resumes there.
        """
        ...

    def evidence(self, persons: Sequence[RecordKey]) -> Iterator[Page]:
        """Yield the activities that are associated with `persons` now, whatever their modified time.

        An old activity can be associated with a person without being modified, so that no stream tells of it.
        The pages have no cursor, and list no links in full. Raises Forbidden for the streams that are closed to us.
        """
        ...

    def usage(self) -> Usage:
        """Tell what this connector has cost so far."""
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...
