"""How many messages one recipient gets: at most so many an hour, and one that holds the rest. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

T = TypeVar("T")
WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """What a recipient got within the hour before, digests apart from the rest."""

    alone: int = 0
    digests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares(Generic[T]):
    """What is sent now, in the order in which it came; what is in neither waits."""

    alone: Sequence[T] = ()
    together: Sequence[T] = ()  # as one digest


def share_out(waiting: Sequence[T], *, lately: Lately, most: int) -> Shares[T]:
    """Let `most` messages an hour go by themselves and the rest as one digest; an hour has one digest, what comes after it waits."""
    free = max(0, most - lately.alone)
    rest = waiting[free:] if not lately.digests else ()
    return Shares(alone=waiting[:free], together=rest)
