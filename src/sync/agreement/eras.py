"""Which version of the agreement judges the clocks that start at which time. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.agreement.model import Agreement
from sync.agreement.versions import Version, in_force


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementSpan:
    """One version of the agreement and the time in which clocks start under it."""

    agreement: Agreement
    since: datetime | None  # None: from the beginning
    until: datetime | None  # exclusive; None: still

    def covers(self, at: datetime) -> bool:
        """Whether a clock that starts at `at` is judged by this version."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


def find_eras(current: Agreement, versions: Sequence[Version], read: Callable[[Version], Agreement]) -> tuple[AgreementSpan, ...]:
    """Return the spans of time with the version in force in each, oldest first.

    Where no version signed by both was in force, the current file stands in, provisionally. `read` gives
    the agreement of a version from its kept text.
    """
    bounds: list[datetime | None] = [None, *sorted({at for v in versions for at in (v.effective, v.expires_at) if at is not None})]
    spans: list[AgreementSpan] = []
    for since, until in zip(bounds, [*bounds[1:], None], strict=True):
        version = in_force(versions, since) if since is not None else None
        agreement = current if version is None or version.hash == current.hash else read(version)
        if spans and spans[-1].agreement.hash == agreement.hash:
            spans[-1] = AgreementSpan(agreement=agreement, since=spans[-1].since, until=until)
        else:
            spans.append(AgreementSpan(agreement=agreement, since=since, until=until))
    return tuple(spans)
