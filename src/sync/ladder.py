"""Which remedy each broken promise of a lead asks for, and which of them go together. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sync.agreement.model import Agreement, Rung
from sync.judge.findings import Finding
from sync.judge.waived import was_broken

MOVES = ("return", "recycle", "promote", "reassign")  # the one that is listed first speaks: a lead that goes back needs no new owner
CARRIED_OUT = ("return", "recycle", "promote", "reassign", "stamp")  # of these, what this version does; the others it plans only
SEVERITY = ("remind", "stamp", "promote", "escalate", "reassign", "return", "recycle")  # the mildest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A broken promise and the rung of its ladder that it has reached."""

    finding: Finding
    rung: int  # 1 is the ladder's first
    remedy: Rung


def ladder_of(finding: Finding, agreement: Agreement) -> tuple[Rung, ...]:
    """Return the remedies that `agreement` has for a broken promise, in order; none where it has none, or no longer knows it."""
    match finding.kind:
        case "clock":
            clocks = [clock for level in agreement.levels if level.name == finding.level for clock in level.clocks]
            return next((clock.ladder for clock in (*clocks, *agreement.clocks) if clock.name == finding.rule), ())
        case "handoff":
            return _handoff_ladder(finding, agreement)
        case "cover":
            return agreement.cover.ladder if agreement.cover is not None else ()
        case "recycle" if finding.reason in agreement.recycle.returns:
            return (Rung(action="recycle", detail=finding.reason),)
        case _:
            return ()


def _handoff_ladder(finding: Finding, agreement: Agreement) -> tuple[Rung, ...]:
    for handoff in agreement.handoffs:
        if handoff.name == finding.cycle.handoff:
            ladders = {"premature_handoff": handoff.if_premature, "missed_handoff": handoff.if_missed}
            return ladders.get(finding.rule, ())
    return ()


def due_remedies(findings: Iterable[Finding], *, now: Agreement, then: Callable[[Finding], Agreement]) -> Iterator[Due]:
    """Yield the next rung of every broken promise that is still owed: an owner clock climbs with every breach of its cycle.

    The remedy is that of the version in force `now`, or of the one that judged it `then` if that is milder.
    """
    broken: Counter[tuple[str, str, int]] = Counter()
    for finding in sorted(findings, key=_by_start):
        if not was_broken(finding):
            continue
        place = (finding.rule, finding.cycle.handoff, finding.cycle.number)
        broken[place] += 1
        ladder = ladder_of(finding, now)
        if finding.owed and ladder:
            ladders = [one for one in (ladder, ladder_of(finding, then(finding))) if one]
            rungs = [_rung(one, broken[place]) for one in ladders]
            yield Due(finding=finding, rung=broken[place], remedy=min(rungs, key=lambda rung: SEVERITY.index(rung.action)))


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
    dropped = {*moves[1:], *(("remind",) if moves else ())}
    return tuple(one for action, one in chosen.items() if action not in dropped)
