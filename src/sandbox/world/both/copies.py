"""Changes that arrive as copies: what is overtaken by something newer, and what a workflow undoes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sandbox.world.draft import Draft
from sandbox.world.passage import DoesNotFit
from sandbox.world.sheet import Source, Version
from sandbox.world.sync import SetBack

SYNC = Source(type="INTEGRATION", id="salesforce-sync")
TIDYING = Source(type="AUTOMATION_PLATFORM", id="enrollmentId:90211;actionExecutionIndex:1")
Arrived = tuple[datetime, Version]


def not_overtaken(told: Sequence[Arrived]) -> list[Arrived]:
    """Those that arrive before everything that is newer than they are; `told` in the order of what is copied."""
    kept: list[Arrived] = []
    for when, version in reversed(told):
        if not kept or when < kept[-1][0]:
            kept.append((when, version))
    return kept[::-1]


def set_back(draft: Draft, told: Sequence[Version], undone: SetBack) -> Iterator[Version]:
    """A workflow writes over the last value what stood before it; perhaps somebody mends that. Raises DoesNotFit where nothing did."""
    if len(told) < 2:
        raise DoesNotFit
    at = told[-1].at + undone.after
    changes = [Version(told[-2].value, at, TIDYING)]
    if undone.lasts is not None:
        changes.append(Version(told[-1].value, at + undone.lasts, SYNC))
    if not draft.has_come(changes[-1].at):
        raise DoesNotFit
    yield from changes
