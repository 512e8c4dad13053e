"""Steps back on HubSpot's ladder of life-cycle stages. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.changes import Change
from connectors.hubspot.mapping import LIFECYCLE_STAGE
from connectors.hubspot.values import text_of


def in_order(change: Change, held: Mapping[str, str | None], ladder: Sequence[str]) -> tuple[Change, ...]:
    """Clear the stage first, and set it then, unless it is blank already or surely moves up the `ladder`.

    HubSpot passes over a step back without a word. A stage that `held` does not tell of, or that is not on the ladder (any more),
    may be one. Source: crm-facts, HubSpot, section 6.1.
    """
    wanted = text_of(change.values.get(LIFECYCLE_STAGE))
    present = text_of(held.get(LIFECYCLE_STAGE, "?"))
    if wanted is None or present in (None, wanted) or _is_up(present, wanted, ladder):
        return (change,)
    return replace(change, values={LIFECYCLE_STAGE: None}), change


def _is_up(present: str | None, wanted: str, ladder: Sequence[str]) -> bool:
    return present in ladder and wanted in ladder and ladder.index(wanted) > ladder.index(present)
