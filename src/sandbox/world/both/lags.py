"""When the program that keeps two CRMs in step copies a change from one to the other. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.world.draft import Draft
from sandbox.world.passage import DoesNotFit
from sandbox.world.salesforce.seconds import to_second

SECOND = timedelta(seconds=1)
LAGS = ((2, 50), (2, 50), (60, 360), (60, 360), (400, 1_500))  # seconds: always less than what is allowed


def whole_second(at: datetime) -> datetime:
    """`at`, or the next whole second."""
    return at if at == to_second(at) else to_second(at) + SECOND


class Lags:
    """Draws one lag for everything that changed at one moment."""

    def __init__(self, draft: Draft) -> None:
        """Draw when the Lead is created, too. Raises DoesNotFit where that has not come yet."""
        self._draft = draft
        self._drawn: dict[datetime, timedelta] = {}
        self._copied_until, self.born = self._delivery()
        if not draft.has_come(self.born):
            raise DoesNotFit

    def _delivery(self) -> tuple[datetime, datetime]:
        """Up to when the Lead was created with what HubSpot held, and when it was created."""
        draft, how = self._draft, self._draft.sync.delivered or self._draft.rng.choice(("early", "on handoff"))
        opened = min((passage.opened_at for passage in draft.passages if passage.handoff == "sdr"), default=None)
        if isinstance(how, timedelta) and opened is not None:
            born = whole_second(opened) + how
            return max(opened, born - 5 * SECOND), born
        asked = opened if how == "on handoff" and opened is not None else draft.contact.written_at
        return asked, whole_second(asked) + to_second_span(self.draw())

    def draw(self) -> timedelta:
        """A lag of seconds to minutes, to the millisecond."""
        low, high = self._draft.rng.choice(LAGS)
        return timedelta(milliseconds=self._draft.rng.randint(low * 1000, high * 1000))

    def to_salesforce(self, at: datetime) -> datetime:
        """When a change that HubSpot saw at `at` arrives: with the Lead, or later."""
        if at <= self._copied_until:
            return self.born
        return max(self.born, whole_second(at) + to_second_span(self._of(at)))

    def to_hubspot(self, at: datetime) -> datetime:
        """When a change that Salesforce saw at `at`, a whole second, arrives."""
        return at + self._of(at)

    def _of(self, at: datetime) -> timedelta:
        return self._drawn.setdefault(at, self.draw())


def to_second_span(span: timedelta) -> timedelta:
    """`span` without what is smaller than a second."""
    return span - timedelta(microseconds=span.microseconds)
