"""The activities of a lead, each once: the two CRMs copy what the other logged. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from connectors.records import Activity
from sync.terms import Terms

Alike = tuple[object, ...]


def each_once(activities: Sequence[Activity], terms: Terms, *, crm: str) -> tuple[Activity, ...]:
    """Return activities with the owner ids of `crm`; of one that both CRMs hold, that which was logged first.

    A copy is of the same kind, owner and direction, stands in the other CRM, and happened within the lag that is allowed between the
    CRMs. Each activity is the copy of one other at most, the nearest in time: two calls remain two. What was deleted is nobody's copy.
    """
    if not terms.authority.is_shared:
        return tuple(activities)
    ours = [_owned_in(activity, terms, crm) for activity in activities]
    apart: dict[Alike, list[Activity]] = defaultdict(list)
    for activity in (one for one in ours if one.archived_at is None):
        apart[activity.kind, activity.owner, activity.direction].append(activity)
    copies = {copy.key for alike in apart.values() for copy in _copies(alike, terms.authority.lag)}
    return tuple(activity for activity in ours if activity.key not in copies)


def _owned_in(activity: Activity, terms: Terms, crm: str) -> Activity:
    if activity.owner is None or activity.key.crm == crm:
        return activity
    return replace(activity, owner=terms.owner_in(crm, activity.owner, of=activity.key.crm))


def _copies(alike: Sequence[Activity], lag: timedelta) -> list[Activity]:
    """Return which of some activities of one kind, owner and direction are copies: of the pairs within `lag` the nearest first."""
    crms = sorted({activity.key.crm for activity in alike})
    if len(crms) < 2:
        return []
    one, other = ([activity for activity in alike if activity.key.crm == crm] for crm in crms)
    pairs = [(abs(a.happened_at - b.happened_at), a, b) for a in one for b in other if abs(a.happened_at - b.happened_at) <= lag]
    paired: set[object] = set()
    copies = []
    for _, a, b in sorted(pairs, key=lambda pair: (pair[0], pair[1].key, pair[2].key)):
        if paired.isdisjoint((a.key, b.key)):
            paired |= {a.key, b.key}
            copies.append(max(a, b, key=lambda activity: (activity.logged_at, activity.key)))
    return copies
