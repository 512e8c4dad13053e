"""How many messages one recipient gets: at most so many an hour, and one that holds the rest. Pure."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)
WITHIN = timedelta(hours=1)
MANY = 5  # of a morning: what waited for it goes by itself up to so many


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """What a recipient got within the hour before, digests apart from the rest."""

    alone: int = 0
    digests: int = 0
    first_at: datetime | None = None  # of all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares(Generic[T]):
    """What is sent now, in the order in which it came; what is in neither waits."""

    alone: Sequence[T] = ()
    together: Sequence[T] = ()  # as one digest


def share_out(waiting: Sequence[T], *, lately: Lately, most: int, held: Collection[T] = ()) -> Shares[T]:
    """Let `most` messages an hour go by themselves and the rest as one digest; an hour has one digest, what comes after it waits.

    Of `held`, those among them that waited for the morning, more than a few go together, too.
    """
    late = frozenset(held) if len(held) > MANY else frozenset()
    alone = [one for one in waiting if one not in late][: max(0, most - lately.alone)]
    gone = frozenset(alone)
    return Shares(alone=alone, together=[one for one in waiting if one not in gone] if not lately.digests else ())
