"""Lifecycle stage and lead status told as Salesforce does: one picklist, and conversion. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from sandbox.world.draft import Draft
from sandbox.world.promises import (
    ACCEPTED_STATUS,
    DISQUALIFIED_STATUS,
    HANDOFF_STAGE,
    LADDER,
    QUALIFIED_STAGE,
    RECYCLED_STATUS,
    REJECTED_STATUS,
)
from sandbox.world.sheet import Version

OPEN, CONVERTED = "OPEN", "CONVERTED"
STATUSES: Mapping[str, str] = MappingProxyType(  # as stories say it -> as the picklist does, in its order
    {
        OPEN: "Open",
        HANDOFF_STAGE: "Marketing Qualified",
        "ATTEMPTED_TO_CONTACT": "Attempted",
        "CONNECTED": "Connected",
        ACCEPTED_STATUS: "Accepted",
        "BAD_TIMING": "Bad Timing",
        RECYCLED_STATUS: "Recycled",
        REJECTED_STATUS: "Rejected",
        DISQUALIFIED_STATUS: "Disqualified",
        CONVERTED: "Qualified",
    }
)
BEYOND = LADDER[LADDER.index(QUALIFIED_STAGE) :]


def is_customer(draft: Draft) -> bool:
    """Whether it was one from the beginning: a Contact that never was a Lead."""
    first = draft.contact.versions("lifecyclestage")[0]
    return first.value in BEYOND and first.at <= draft.contact.written_at


def converted_at(draft: Draft) -> datetime | None:
    """When Sales qualified it, or it went further; None: never."""
    return next((version.at for version in draft.contact.versions("lifecyclestage") if version.value in BEYOND), None)


def statuses(draft: Draft) -> Iterator[Version]:
    """Every value of the one picklist up to conversion, oldest first, as stories say it."""
    end = converted_at(draft)
    stages = [(version, True) for version in draft.contact.versions("lifecyclestage")]
    told = [*stages, *((version, False) for version in draft.contact.versions("hs_lead_status"))]
    value = OPEN
    for version, is_stage in sorted(told, key=lambda each: each[0].at):
        if end is not None and version.at >= end:
            yield Version(CONVERTED, end, version.source)
            return
        new = _after_stage(draft, value, version) if is_stage else _after_status(value, version)
        value = new
        yield Version(value, version.at, version.source)


def _after_stage(draft: Draft, value: str, version: Version) -> str:
    """The picklist follows the handoff, and a way back from it; a lead that is worked or closed keeps its status."""
    if version.value == HANDOFF_STAGE:
        opens = any(passage.opened_at == version.at and passage.by == "stage" for passage in draft.passages)
        return HANDOFF_STAGE if opens or value != ACCEPTED_STATUS else value
    returned = any(passage.ended_at == version.at and passage.ending == "returned" for passage in draft.passages)
    return OPEN if returned or value == HANDOFF_STAGE else value


def _after_status(value: str, version: Version) -> str:
    """NEW says no more than that it was handed over, which its own value says."""
    return value if version.value == "NEW" else version.value
