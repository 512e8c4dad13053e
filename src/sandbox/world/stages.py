"""Which stage of the agreement a lead stood in when, from the histories that were written for it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sandbox.world.promises import ACCEPTED_STATUS, BACK_WITHIN, HANDOFF_STAGE, LADDER, QUALIFIED_STAGE
from sandbox.world.sheet import Sheet

Span = tuple[datetime, datetime | None]  # entered, left; None: not left yet


def spans(sheet: Sheet, name: str, wanted: Callable[[str], bool]) -> list[Span]:
    """When `name` held a value that is `wanted`; what was left and back within fifteen minutes was never left."""
    found: list[Span] = []
    for version in sheet.versions(name):
        inside = bool(found) and found[-1][1] is None
        if wanted(version.value) and not inside:
            back = found and found[-1][1] is not None and version.at - found[-1][1] <= BACK_WITHIN
            found.append((found.pop()[0], None) if back else (version.at, None))
        elif inside and not wanted(version.value):
            found.append((found.pop()[0], version.at))
    return found


def moments(sheet: Sheet, value: str) -> list[datetime]:
    """When the lead status turned to `value`."""
    return [since for since, _ in spans(sheet, "hs_lead_status", lambda status: status == value)]


def accepted_spans(sheet: Sheet) -> list[Span]:
    """When Sales had accepted the lead and was working it."""
    return spans(sheet, "hs_lead_status", lambda status: status == ACCEPTED_STATUS)


def beyond_spans(sheet: Sheet) -> list[Span]:
    """When the lead stood where Sales had qualified it, or further on."""
    return spans(sheet, "lifecyclestage", lambda stage: _rank(stage) >= _rank(QUALIFIED_STAGE))


def gone_back(sheet: Sheet) -> list[datetime]:
    """When the lead went back from the handoff stage or a later one, for more than fifteen minutes."""
    handed = spans(sheet, "lifecyclestage", lambda stage: _rank(stage) >= _rank(HANDOFF_STAGE))
    return [until for _, until in handed if until is not None]


def stands(span: Span, at: datetime) -> bool:
    """Whether `at` lies in `span`; the moment it was left does not."""
    return span[0] <= at and (span[1] is None or at < span[1])


def first_within(moments: list[datetime], since: datetime, upto: datetime | None) -> datetime | None:
    """The first of `moments` from `since` to `upto`, both included."""
    return min((at for at in moments if since <= at and (upto is None or at <= upto)), default=None)


def _rank(stage: str) -> int:
    return LADDER.index(stage) if stage in LADDER else -1
