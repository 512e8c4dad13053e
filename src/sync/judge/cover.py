"""Owners who are not there: leads that are nobody's, or whose owner is away or has left; and leads that change hands too often. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from sync.agreement import model
from sync.agreement.model import Cover
from sync.judge.case import Case
from sync.judge.conclude import AFTER, Judged, Promise, Told, conclude, fixed_side, handed_over
from sync.judge.findings import Finding, Side, Status, finding_key
from sync.judge.owners import Assignment
from sync.judge.unknown import agree
from sync.judge.verdict import Kept, Start, first_excuse, weigh


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A span in which nobody who is there owns the lead."""

    since: datetime
    until: datetime | None  # None: up to the end of the cycle, or still
    owner: str | None  # who is away; None: nobody owns it
    name: str
    why: str
    sure_at: datetime  # when it had begun for certain: the first by this gives a joined stretch its name, in every reading


def judge_cover(case: Case) -> Iterator[Judged]:
    """Yield a finding for every stretch; where it is not known since when somebody is gone, what holds either way."""
    cover = case.agreement.cover
    if cover is None:
        return
    readings = [_judge_all(case, cover, earliest=earliest) for earliest in ((True, False) if _gone(case) else (False,))]
    findings = agree([[judged.finding for judged in reading] for reading in readings])
    moments = [judged.next_at for reading in readings for judged in reading if judged.next_at is not None]
    changes = min([*moments, *_absences_to_come(case)], default=None)
    for finding in findings:
        yield Judged(finding, finding.started_at or case.cycle.opened_at, changes)


def pending_absence(case: Case) -> datetime | None:
    """Return when the owner of an open cycle goes away next."""
    return min(_absences_to_come(case), default=None) if case.agreement.cover is not None else None


def _judge_all(case: Case, cover: Cover, *, earliest: bool) -> list[Judged]:
    return [_judge(case, cover, stretch) for stretch in _joined(sorted(_stretches(case, earliest=earliest), key=lambda s: s.since))]


def _judge(case: Case, cover: Cover, stretch: Stretch) -> Judged:
    cycle = case.cycle
    closes = stretch.until is None
    start = Start(
        at=stretch.since,
        name=stretch.name,
        calendar=case.pool_calendar,
        ends_at=cycle.closed_at if closes else None,
        ends_by=cycle.closed_by if closes else None,
        what=stretch.why,
        source=_owner_field(case),
    )
    kept = [Kept(at=stretch.until, what="somebody who is there owns it", source=_owner_field(case))] if stretch.until else []
    verdict = weigh(
        start, due=cover.within.after(start.at, start.calendar), kept=kept, excused=first_excuse(case.timeline, start.at), now=case.now
    )
    side = fixed_side(Side.MANAGER if stretch.owner is not None else Side.SYSTEM)
    words = f"{cover.within.text}; {stretch.why}"
    return conclude(case, Promise(rule="covered", kind="cover", words=words), start, verdict, Told(owner=stretch.owner, side=side))


def _owner_field(case: Case) -> str:
    person = next(record for record in case.timeline.records if record.crm == case.timeline.crm)
    return f"{person}#{case.terms.crms[person.crm].vocabulary.owner}"


def _stretches(case: Case, *, earliest: bool) -> Iterator[Stretch]:
    yield from _unowned(case)
    for assignment in case.assignments:
        yield from _absent(case, assignment)
        yield from _deactivated(case, assignment, earliest=earliest)


def _unowned(case: Case) -> Iterator[Stretch]:
    """Yield the gaps between owners; the one before the first only where no clock of the agreement is about it."""
    since: datetime | None = None if _has_assign_clock(case) else case.cycle.opened_at
    name = case.cycle.name
    for assignment in case.assignments:
        if since is not None and since < assignment.at:
            yield _nobodys(since, assignment.at, name)
        since, name = assignment.until, assignment.name
    if since is not None:
        yield _nobodys(since, None, name)


def _nobodys(since: datetime, until: datetime | None, name: str) -> Stretch:
    return Stretch(since=since, until=until, owner=None, name=f"unowned|{name}", why="nobody owns it", sure_at=since)


def _has_assign_clock(case: Case) -> bool:
    return any(
        clock.handoff in (None, case.cycle.handoff.name) and clock.starts is model.StartWord.HANDOFF and model.Assigned() in clock.kept_by
        for clock in case.agreement.clocks
    )


def _absent(case: Case, assignment: Assignment) -> Iterator[Stretch]:
    person = case.terms.roster.person_of(case.timeline.crm, assignment.owner)
    over = assignment.until or case.cycle.closed_at
    for away in person.absences if person is not None else ():
        since, until = max(away.since, assignment.at), away.upto
        if since < until and since <= case.now and (over is None or since < over):
            lasts = assignment.until if over is not None and until >= over else until
            shown = lasts if lasts is None or lasts <= case.now else None
            name = f"away|{assignment.name}|{since}"
            yield Stretch(since=since, until=shown, owner=assignment.owner, name=name, why="its owner is away", sure_at=since)


def _deactivated(case: Case, assignment: Assignment, *, earliest: bool) -> Iterator[Stretch]:
    gone = case.terms.crms[case.timeline.crm].gone.get(assignment.owner)
    over = assignment.until or case.cycle.closed_at or case.now
    if gone is None or min(gone[1], case.now) > over:
        return
    after, by = gone[0], min(gone[1], case.now)
    sure_at = max(by, assignment.at)
    since = max(after or assignment.at, assignment.at) if earliest else sure_at
    name = f"gone|{assignment.name}"
    yield Stretch(since=since, until=assignment.until, owner=assignment.owner, name=name, why="its owner has left", sure_at=sure_at)


def _joined(stretches: list[Stretch]) -> Iterator[Stretch]:
    """Join stretches that follow one another without a gap, or lie within one another; the first that is certain gives its name."""
    open_: Stretch | None = None
    for stretch in stretches:
        if open_ is None:
            open_ = stretch
        elif open_.until is None or stretch.since <= open_.until:
            longer = open_.until is not None and (stretch.until is None or stretch.until > open_.until)
            first = min(open_, stretch, key=lambda one: one.sure_at)
            open_ = replace(open_, until=stretch.until if longer else open_.until, name=first.name, sure_at=first.sure_at)
        else:
            yield open_
            open_ = stretch
    if open_ is not None:
        yield open_


def _gone(case: Case) -> bool:
    gone = case.terms.crms[case.timeline.crm].gone
    return any(assignment.owner in gone for assignment in case.assignments)


def is_gone(case: Case, owner: str | None) -> bool:
    """Whether `owner` is deactivated in the CRM."""
    return owner is not None and owner in case.terms.crms[case.timeline.crm].gone


def _absences_to_come(case: Case) -> Iterator[datetime]:
    """Yield when the present owner of an open cycle goes away, or comes back."""
    if case.cycle.closed_at is not None or not case.assignments or case.assignments[-1].until is not None:
        return
    person = case.terms.roster.person_of(case.timeline.crm, case.assignments[-1].owner)
    for away in person.absences if person is not None else ():
        yield from (at for at in (away.since, away.upto) if at > case.now)


def judge_bounces(case: Case) -> Iterator[Judged]:
    """Yield the finding on a lead that changed hands as often as agreed, or more often."""
    limit = case.agreement.recycle.bounce_limit
    changes = [later for earlier, later in pairwise(case.assignments) if later.owner != earlier.owner]
    if limit == 0 or len(changes) < limit:
        return
    reached, exceeded = changes[limit - 1], changes[limit] if len(changes) > limit else None
    at_limit = Status.AT_RISK if case.cycle.closed_at is None else Status.KEPT
    status = Status.BREACHED if exceeded is not None else at_limit
    told = f"changed hands {len(changes)} times; {limit} are agreed"
    finding = Finding(
        key=finding_key(rule="bounce_limit", fact=f"{case.cycle.handoff.name}|{case.cycle.name}"),
        lead=case.timeline.lead,
        records=case.timeline.records,
        cycle=case.reference(),
        rule="bounce_limit",
        kind="bounces",
        status=status,
        side=Side.MANAGER,
        owner=changes[-1].owner,
        started_at=reached.at,
        due_at=exceeded.at if exceeded is not None else None,
        settled_at=None,
        late_by_s=0 if exceeded is not None else None,
        evidence=tuple(handed_over(case, Start(at=reached.at, name="", calendar=case.pool_calendar))),
        message=f"bounce_limit: {told}",
    )
    settling = exceeded.at + case.terms.settle + AFTER if exceeded is not None else None
    yield Judged(finding, case.cycle.opened_at, settling if settling is not None and settling > case.now else None)
