"""What working out one field of a remedy can come to. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sync.steps import FieldWrite


@dataclass(frozen=True, slots=True)
class Missing:
    """It cannot be named, so the remedy is not carried out."""

    why: str


@dataclass(frozen=True, slots=True)
class Note:
    """It is left out, or needs a word."""

    what: str


Told = FieldWrite | Missing | Note
