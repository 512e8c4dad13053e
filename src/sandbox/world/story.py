"""One kind of lead, and how many of it a complete world has. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sandbox.world.draft import Draft

Tell = Callable[[Draft], None]
SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)
NEAR_MISSES = (-SECOND, timedelta(0), SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One kind of lead."""

    title: str
    tell: Tell
    least: int = 1
    needs_readers: bool = False
