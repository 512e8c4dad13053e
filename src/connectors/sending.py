"""Sends a batch of changes once, and again in parts only where the CRM refused it whole: then nothing of it was done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from connectors.changes import Change, Fate, Outcome
from connectors.errors import ConnectorError
from connectors.pacing import TryAgain
from connectors.records import RecordKey

_NOT_SENT = "not sent: an earlier part of the batch failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one call came to: outcomes, and of a batch that was refused whole what is sent again, in smaller parts."""

    outcomes: Sequence[Outcome]
    again: Sequence[Sequence[Change]] = ()


def send_once(batch: Sequence[Change], send: Callable[[Sequence[Change]], Told]) -> list[Outcome]:
    """Send `batch`, and give an outcome for each change, by position; each record stands in it once.

    `send` makes one call; TryAgain from it ends the sending: the part that failed is told as later or unknown, what was not sent yet
    as later. Another error is raised while nothing was told; after that the rest is for later.
    """
    told: dict[RecordKey, Outcome] = {}
    waiting = [batch] if batch else []
    while waiting:
        part = waiting.pop(0)
        try:
            answer = send(part)
        except (TryAgain, ConnectorError) as error:
            if isinstance(error, ConnectorError) and not told:
                raise
            told |= _by_record(_failed(part, error))
            told |= _by_record(Outcome(change=change, fate=Fate.LATER, said=_NOT_SENT) for rest in waiting for change in rest)
            break
        told |= _by_record(answer.outcomes)
        waiting = [*answer.again, *waiting]
    return [told[change.record] for change in batch]


def fate_of(error: TryAgain | ConnectorError) -> Fate:
    """A refusal did nothing; of a call that failed otherwise that is known only if the CRM says so, or never got it."""
    return Fate.UNKNOWN if isinstance(error, TryAgain) and not error.untouched else Fate.LATER


def halves(batch: Sequence[Change]) -> tuple[Sequence[Change], Sequence[Change]]:
    """Split a batch of at least two in the middle."""
    middle = len(batch) // 2
    return batch[:middle], batch[middle:]


def _failed(part: Iterable[Change], error: TryAgain | ConnectorError) -> list[Outcome]:
    return [Outcome(change=change, fate=fate_of(error), said=str(error)) for change in part]


def _by_record(outcomes: Iterable[Outcome]) -> dict[RecordKey, Outcome]:
    return {outcome.change.record: outcome for outcome in outcomes}
