"""Staleness: stretches in which nothing happened to a lead that stands in a stage. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.agreement.model import STALE, Stage
from sync.agreement.spans import Span
from sync.facts import StageEntered, StageLeft
from sync.history import shared_name
from sync.judge.case import BY_OWNER, Case
from sync.judge.conclude import AFTER, Judged, Promise, Told, conclude, due_owner, lead_side, refused
from sync.judge.cycles import stays
from sync.judge.findings import Status
from sync.judge.verdict import Kept, Start, Verdict, deadline, first_excuse, suspended_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """Something that happened to the lead: an entry into the stage, a touch that counts, a reply."""

    at: datetime
    name: str
    what: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """The time in which the lead stood in a stage within the cycle."""

    begin: Sign
    until: datetime | None  # None: still
    why: str | None
    left_again_at: datetime | None = None  # it was just left, and counts as left from this moment on


def judge_staleness(case: Case) -> Iterator[Judged]:
    """Yield the stretches that were broken, and the last one, of every stage that may not go stale."""
    for stage in case.agreement.stages:
        if stage.stale_after is not None:
            stays_in = list(_stays(case, stage))
            for stay in stays_in:
                yield from _judge_stay(case, stage, stage.stale_after, stay, is_last=stay is stays_in[-1])


def _stays(case: Case, stage: Stage) -> Iterator[Stay]:
    cycle, gap = case.cycle, case.cycle.handoff.reopen_after
    for entry, left in stays(case.timeline.facts, starts=StageEntered, ends=StageLeft, stage=stage.name, gap=gap):
        pending = left is not None and case.now - left <= gap
        ends = [(left, f"left {stage.name}")] if left is not None and not pending else []
        if cycle.closed_at is not None:
            ends.append((cycle.closed_at, cycle.closed_by or ""))
        begin = max(entry.at, cycle.opened_at)
        if (reached := case.reached_after(stage.name, begin)) is not None:
            ends.append((reached.at, f"reached {reached.stage}"))
        until, why = min(ends, default=(None, None))
        if (until is None or until > begin) and cycle.holds(begin):
            name = entry.name if entry.at >= cycle.opened_at else f"{cycle.name}|{stage.name}"
            again = left + gap + AFTER if pending and left is not None else None
            what = f"entered {stage.name}" if entry.at >= cycle.opened_at else f"stood in {stage.name}"
            yield Stay(begin=Sign(at=begin, name=name, what=what, source=entry.source), until=until, why=why, left_again_at=again)


def _judge_stay(case: Case, stage: Stage, span: Span, stay: Stay, *, is_last: bool) -> Iterator[Judged]:
    signs = [stay.begin, *_signs(case, stay)]
    for sign, following in zip(signs, [*signs[1:], None], strict=True):
        calendar = case.calendar_at(None, sign.at)
        start = Start(
            at=sign.at, name=sign.name, calendar=calendar, ends_at=stay.until, ends_by=stay.why, what=sign.what, source=sign.source
        )
        suspensions = suspended_by(span, start, case.meetings)
        due = deadline(span, start, suspensions)
        verdict = _verdict(case, start, due, following)
        if verdict.status is not Status.BREACHED and not (following is None and is_last):
            continue
        attempts = case.attempts(BY_OWNER)
        told = Told(
            owner=due_owner(case, start, verdict),
            side=lead_side(case, start, verdict),
            evidence=refused([a for a in attempts if sign.at <= a.at <= due]),
            suspensions=suspensions,
            moments=[*(a.at for a in attempts), *([stay.left_again_at] if stay.left_again_at else [])],
        )
        promise = Promise(rule=STALE + stage.name, kind="stale", words=span.text, by_touch=True)
        yield conclude(case, promise, start, verdict, told)


def _signs(case: Case, stay: Stay) -> Sequence[Sign]:
    """Return the touches that count and the replies within a stay, in order; of several at one moment the first."""
    persons = case.timeline.records
    found = [
        Sign(at=a.at, name=shared_name(persons, a.activity.key.crm, str(a.activity.key)), what=a.what, source=str(a.activity.key))
        for a in case.attempts(BY_OWNER)
        if a.refused is None
    ]
    found += [Sign(at=reply.at, name=reply.name, what="the lead replied", source=reply.source) for reply in case.replies]
    inside = [s for s in found if s.at >= stay.begin.at and (stay.until is None or s.at <= stay.until)]
    by_moment: dict[datetime, Sign] = {}
    for sign in sorted(inside, key=lambda s: (s.at, s.name)):
        by_moment.setdefault(sign.at, sign)
    return [sign for at, sign in by_moment.items() if at > stay.begin.at]


def _verdict(case: Case, start: Start, due: datetime, following: Sign | None) -> Verdict:
    """Decide what became of one stretch: a sign of life, an excuse, the end of the stay, or none of them in time."""
    excused = first_excuse(case.timeline, start.at)
    if following is not None:
        if following.at <= due or (excused is not None and excused[0] <= due):
            return Verdict(status=Status.KEPT, due_at=due, settled_at=following.at)
        proof = Kept(at=following.at, what=following.what, source=following.source)
        return Verdict(status=Status.BREACHED, due_at=due, settled_at=following.at, evidence=(proof.evidence,))
    ended = start.ends_at is not None and start.ends_at <= due
    if excused is not None and excused[0] <= due and not (ended and start.ends_at is not None and start.ends_at <= excused[0]):
        return Verdict(status=Status.EXCUSED, due_at=due, stopped_at=excused[0], why=excused[1])
    if ended:
        return Verdict(status=Status.KEPT, due_at=due, settled_at=start.ends_at)
    return Verdict(status=Status.RUNNING if case.now <= due else Status.BREACHED, due_at=due)
