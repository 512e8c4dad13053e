"""Which steps go with another one of their lead: of two records the second is written only once the first was. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sync.ladder import MOVES
from sync.steps import Step

NOT_ALONE = "it goes with the step of the lead's other record, which was not written"
STANDS_NOT = "it goes with the step of the lead's other record, which does not stand"


def goes_with(steps: Iterable[tuple[int, Step]]) -> Mapping[int, int]:
    """Return of each move that is not the first one for its lead and finding the place of that first one; `steps` in a plan's order."""
    first: dict[tuple[str, str], int] = {}
    found: dict[int, int] = {}
    for position, step in steps:
        if step.action in MOVES and (place := first.setdefault((step.lead, step.finding), position)) != position:
            found[position] = place
    return found
