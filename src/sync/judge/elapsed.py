"""How the time of a promise went. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from sync.facts import OwnerSet
from sync.judge.case import Case
from sync.judge.findings import Elapsed
from sync.judge.touches import Suspension


def split_elapsed(case: Case, since: datetime, upto: datetime, suspensions: Sequence[Suspension]) -> Elapsed:
    """Split the time from `since` to `upto`; what the calendars do not know is off hours."""
    excuses = [(excuse.since, excuse.until or upto) for excuse in case.timeline.excuses]
    meetings = [(meeting.since, meeting.until) for meeting in suspensions]
    changes = {fact.at for fact in case.timeline.facts if isinstance(fact, OwnerSet)}.union(*excuses, *meetings)
    edges = sorted({since, upto} | {at for at in changes if since < at < upto})
    excused = suspended = system = owned = timedelta()
    for begin, end in pairwise(edges):
        if _covers(excuses, begin):
            excused += end - begin
        elif _covers(meetings, begin):
            suspended += end - begin
        elif (owner := case.owner_at(begin)) is None:
            system += end - begin
        else:
            calendar = case.terms.calendar_of(case.timeline.crm, owner, case.agreement)
            owned += calendar.between(begin, min(end, case.latest)) if begin < case.latest else timedelta()
    parts = [_seconds(part) for part in (excused, suspended, system, owned)]
    rest = max(0, _seconds(upto - since) - sum(parts)) if upto > since else 0
    return Elapsed(excused_s=parts[0], suspended_s=parts[1], system_s=parts[2], owner_s=parts[3], off_hours_s=rest)


def _covers(spans: Sequence[tuple[datetime, datetime]], at: datetime) -> bool:
    return any(since <= at < until for since, until in spans)


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
