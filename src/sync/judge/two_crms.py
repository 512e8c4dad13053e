"""What is between two CRMs: leads that did not arrive, and leads about which the CRMs disagree. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from sync.history import local_text
from sync.judge.case import Case
from sync.judge.conclude import AFTER, Judged, Promise, Told, conclude, fixed_side
from sync.judge.findings import Side, Status
from sync.judge.verdict import Kept, Start, Verdict, first_excuse, weigh
from sync.shown import Showing, Shown
from sync.timeline import Timeline


def judge_delivery(case: Case) -> Iterator[Judged]:
    """Yield the finding on a lead of the marketing CRM that was handed over before the sales CRM had it."""
    authority, opened_at = case.terms.authority, case.cycle.opened_at
    presence = case.timeline.presence
    is_marketings = any(one.record.crm == authority.marketing and one.since <= opened_at for one in presence)
    there = [one for one in presence if one.record.crm == authority.sales]
    if not authority.is_shared or not is_marketings or any(one.holds(opened_at) for one in there):
        return
    arrived = sorted((one for one in there if one.since > opened_at), key=lambda one: one.since)
    start = Start(
        at=opened_at,
        name=case.cycle.name,
        calendar=case.pool_calendar,
        ends_at=case.cycle.closed_at,
        ends_by=case.cycle.closed_by,
        what=f"not in {authority.sales}",
        source=str(case.timeline.records[0]),
    )
    verdict = weigh(
        start,
        due=opened_at + authority.delivered_within,
        kept=[Kept(at=one.since, what=f"arrived in {authority.sales}", source=str(one.record)) for one in arrived],
        excused=first_excuse(case.timeline, opened_at),
        now=case.now,
    )
    promise = Promise(rule="not_delivered", kind="delivery", words=f"{authority.delivered_within} to {authority.sales}")
    yield conclude(case, promise, start, verdict, Told(owner=None, side=fixed_side(Side.SYSTEM)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A span in which two CRMs show different things."""

    since: datetime
    until: datetime | None  # None: still
    name: str
    source: str
    last: Showing  # the last change after which they differed
    ahead: str  # the CRM in which that change happened


def judge_drift(cases: Sequence[Case], now: datetime) -> tuple[list[Judged], list[datetime]]:
    """Judge where the CRMs disagree about a lead for longer than the lag; with the moments at which a younger stretch becomes too long."""
    judged: list[Judged] = []
    pending: list[datetime] = []
    if not cases or (window := _window(cases, now)) is None:
        return judged, pending
    timeline, lag = cases[0].timeline, cases[0].terms.authority.lag
    for sort, shown in (("stage", timeline.stages_shown), ("owner", timeline.owners_shown)):
        for found in find_stretches(shown, window.since, window.until or now):
            stretch = replace(found, until=found.until or window.until)
            if (stretch.until or now) - stretch.since > lag:
                judged.append(_judge(sort, stretch, cases))
            elif stretch.until is None:
                pending.append(stretch.since + lag + AFTER)
    return judged, pending


@dataclass(frozen=True, slots=True)
class _Window:
    """When both CRMs have the lead, and it was handed over."""

    since: datetime
    until: datetime | None  # None: still


def _window(cases: Sequence[Case], now: datetime) -> _Window | None:
    """Return from when to when both CRMs have the lead, and it was handed over; None if never, or if one has it more than once."""
    timeline = cases[0].timeline
    if len(timeline.stages_shown) != 2 or timeline.is_doubled:
        return None
    opened = min(case.cycle.opened_at for case in cases)
    since = max(opened, *(_there(timeline, crm)[0] for crm in timeline.stages_shown))
    until = min((gone for crm in timeline.stages_shown if (gone := _there(timeline, crm)[1]) is not None), default=None)
    return _Window(since, until) if since < (until or now) else None


def _there(timeline: Timeline, crm: str) -> tuple[datetime, datetime | None]:
    """Return from when to when one CRM has a record of the lead."""
    theirs = [one for one in timeline.presence if one.record.crm == crm]
    ends = [one.until for one in theirs]
    return min(one.since for one in theirs), None if None in ends else max(end for end in ends if end is not None)


def find_stretches(shown: Shown, since: datetime, until: datetime) -> Iterator[Stretch]:
    """Yield the spans from `since` on in which two CRMs show different things; one that lasts to `until` is open."""
    one, other = sorted(shown)
    changes = sorted(((showing.at, crm, showing) for crm in (one, other) for showing in shown[crm]), key=lambda change: change[:2])
    now_shown: dict[str, Showing | None] = {one: None, other: None}
    begun: Stretch | None = None
    for at, together in groupby(changes, key=lambda change: max(change[0], since)):
        if at > until:
            break
        for _, crm, showing in together:
            now_shown[crm] = last = showing
            ahead = crm
        shows = {showing.what if showing is not None else None for showing in now_shown.values()}
        if len(shows) == 1:
            if begun is not None:
                yield replace(begun, until=at)
            begun = None
        elif begun is None:
            begun = Stretch(since=at, until=None, name=last.name, source=last.source, last=last, ahead=ahead)
        else:
            begun = replace(begun, last=last, ahead=ahead)
    if begun is not None:
        yield begun


def _judge(sort: str, stretch: Stretch, cases: Sequence[Case]) -> Judged:
    opened = [case for case in cases if case.cycle.opened_at <= stretch.since]
    case = max(opened or cases, key=lambda one: one.cycle.opened_at)
    behind = next(crm for crm in case.timeline.stages_shown if crm != stretch.ahead)
    zone, shows = case.agreement.zone, _word(sort, stretch.last.what, case)
    told = f"drift: {sort} is {shows} in {stretch.ahead} since {local_text(stretch.last.at, zone)}, and another in {behind}"
    if stretch.until is not None:
        told = f"drift: {sort} differed between the CRMs from {local_text(stretch.since, zone)} to {local_text(stretch.until, zone)}"
    told += f"; {behind} {'is' if stretch.until is None else 'was'} behind"
    start = Start(
        at=stretch.since,
        name=f"{sort}|{stretch.name}",
        calendar=case.pool_calendar,
        what=f"{sort} differs between the CRMs",
        source=stretch.source,
    )
    verdict = Verdict(status=Status.BREACHED, due_at=stretch.since + case.terms.authority.lag, settled_at=stretch.until)
    promise = Promise(rule="drift", kind="drift", words="", of_passage=False, told=told)
    return conclude(case, promise, start, verdict, Told(owner=None, side=fixed_side(Side.SYSTEM)))


def _word(sort: str, what: str | None, case: Case) -> str:
    if sort == "owner" and what is not None:
        return case.terms.crms[case.terms.authority.owner].names.get(what, what)
    return what or ("nobody" if sort == "owner" else "none of the agreement's")
