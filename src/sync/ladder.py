"""Which remedy each broken promise of a lead asks for, and which of them go together. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sync.agreement.model import LEADPACT, Agreement, Assigned, Clock, Rung
from sync.judge.findings import Finding, Status
from sync.judge.waived import was_broken

ASSIGN = "assign"  # gives a lead that nobody has to its first owner
MOVES = ("return", "recycle", "promote", ASSIGN, "reassign")  # the one that is listed first speaks: a lead that goes back needs no owner
GIVING = (ASSIGN, "reassign")  # of the moves those that name an owner
REMIND = "remind"
SEVERITY = ("remind", "stamp", "promote", "escalate", ASSIGN, "reassign", "return", "recycle")  # the mildest first
BEFORE_THE_LADDER = 0  # the rung of an assignment: no promise is broken yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A broken promise and the rung of its ladder that it has reached."""

    finding: Finding
    rung: int  # 1 is the ladder's first; before the deadline the percent of its time that has passed, negative; 0 assigns
    remedy: Rung
    instead_of: tuple[int, ...] = ()  # earlier warnings that have passed too: of several the last one speaks
    why: str | None = None  # it is not simply what the ladder asks for: a sentence


def ladder_of(finding: Finding, agreement: Agreement) -> tuple[Rung, ...]:
    """Return the remedies that `agreement` has for a broken promise, in order; none where it has none, or no longer knows it."""
    match finding.kind:
        case "clock":
            clock = _clock_of(finding, agreement)
            return clock.ladder if clock is not None else ()
        case "handoff":
            return _handoff_ladder(finding, agreement)
        case "cover":
            return agreement.cover.ladder if agreement.cover is not None else ()
        case "recycle" if finding.reason in agreement.recycle.returns:
            return (Rung(action="recycle", detail=finding.reason),)
        case _:
            return ()


def _clock_of(finding: Finding, agreement: Agreement) -> Clock | None:
    """Return the clock that a finding is about, as its level has it; None where `agreement` has none of that name."""
    clocks = [clock for level in agreement.levels if level.name == finding.level for clock in level.clocks]
    return next((clock for clock in (*clocks, *agreement.clocks) if clock.name == finding.rule), None)


def _handoff_ladder(finding: Finding, agreement: Agreement) -> tuple[Rung, ...]:
    for handoff in agreement.handoffs:
        if handoff.name == finding.cycle.handoff:
            ladders = {"premature_handoff": handoff.if_premature, "missed_handoff": handoff.if_missed}
            return ladders.get(finding.rule, ())
    return ()


def due_remedies(findings: Iterable[Finding], *, now: Agreement, then: Callable[[Finding], Agreement]) -> Iterator[Due]:
    """Yield the next rung of every broken promise that is still owed: an owner clock climbs with every breach of its cycle.

    Of a promise that still runs it is the last agreed warning that has passed. The remedy of a broken one is that of the version in
    force `now`, or of the one that judged it `then` if that is milder.
    """
    broken: Counter[tuple[str, str, int]] = Counter()
    for finding in sorted(findings, key=_by_start):
        if not was_broken(finding):
            yield from _warning(finding)
            continue
        place = (finding.rule, finding.cycle.handoff, finding.cycle.number)
        broken[place] += 1
        ladder = ladder_of(finding, now)
        if finding.owed and ladder:
            ladders = [one for one in (ladder, ladder_of(finding, then(finding))) if one]
            rungs = [_rung(one, broken[place]) for one in ladders]
            yield Due(finding=finding, rung=broken[place], remedy=min(rungs, key=lambda rung: SEVERITY.index(rung.action)))


def due_assignments(findings: Iterable[Finding], *, now: Agreement, then: Callable[[Finding], Agreement]) -> Iterator[Due]:
    """Yield that a lead gets its first owner for each promise of that which still runs.

    It is leadpact's to do only where both versions say so: the one in force `now`, and the one that judged the promise `then`. Whether
    nobody has the lead is for the planner to see.
    """
    for finding in findings:
        if _runs(finding) and _is_ours_to_keep(finding, now) and _is_ours_to_keep(finding, then(finding)):
            why = f"nobody has it, and leadpact assigns the leads of {finding.cycle.handoff}"
            yield Due(finding=finding, rung=BEFORE_THE_LADDER, remedy=Rung(action=ASSIGN, detail=None), why=why)


def assigning_clocks(agreement: Agreement) -> tuple[str, ...]:
    """Name the clocks that a first owner keeps, where leadpact names one."""
    if all(handoff.assigned_by != LEADPACT for handoff in agreement.handoffs):
        return ()
    clocks = (*agreement.clocks, *(clock for level in agreement.levels for clock in level.clocks))
    return tuple(sorted({clock.name for clock in clocks if Assigned() in clock.kept_by}))


def _is_ours_to_keep(finding: Finding, agreement: Agreement) -> bool:
    """Whether a promise is kept by an owner, and `agreement` has leadpact name the first one."""
    by_us = any(one.assigned_by == LEADPACT for one in agreement.handoffs if one.name == finding.cycle.handoff)
    clock = _clock_of(finding, agreement) if by_us and finding.kind == "clock" else None
    return clock is not None and Assigned() in clock.kept_by


def _runs(finding: Finding) -> bool:
    return finding.status in (Status.RUNNING, Status.AT_RISK) and finding.owed


def _warning(finding: Finding) -> Iterator[Due]:
    if _runs(finding) and finding.warned:
        *earlier, last = finding.warned
        yield Due(finding=finding, rung=-last, remedy=Rung(action=REMIND, detail=None), instead_of=tuple(earlier))


def _rung(ladder: Sequence[Rung], number: int) -> Rung:
    return ladder[min(number, len(ladder)) - 1]


def _by_start(finding: Finding) -> tuple[bool, object, str]:
    return finding.started_at is not None, finding.started_at, finding.key


def go_together(due: Iterable[Due]) -> tuple[Due, ...]:
    """Return what may be done to one lead at once: at most one step of an action, at most one move, and no reminder of who loses it."""
    chosen: dict[str, Due] = {}
    for one in due:
        chosen.setdefault(one.remedy.action, one)
    moves = [action for action in MOVES if action in chosen]
    dropped = {*moves[1:], *((REMIND,) if moves else ())}
    return tuple(one for action, one in chosen.items() if action not in dropped)
