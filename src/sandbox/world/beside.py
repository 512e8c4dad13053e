"""What each of two CRMs shows of one lead. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

Shown = Sequence[tuple[datetime, str]]  # what is shown since when, oldest first; empty: nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What one CRM shows of a lead."""

    since: datetime  # when its first record was created
    stages: Shown  # a way out of the lead, or the last of the agreement's stages
    owners: Shown  # an owner id, as stories name it


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The lead in Marketing's CRM and in Sales', as far as it is there."""

    marketing: Face | None = None
    sales: Face | None = None
    confusions: Sequence[str] = ()  # why nobody can say for certain which records are one person


def at(shown: Shown, moment: datetime) -> str:
    """What is shown at `moment`."""
    held = [what for since, what in shown if since <= moment]
    return held[-1] if held else ""
