"""Promises that are made without naming a rule: staleness, handing over, going back, cover. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sync.agreement.flaws import Flaw, error, note, warning
from sync.agreement.lines import Path
from sync.agreement.lint_calendars import calendars_of, share_in_time, starts
from sync.agreement.lint_clocks import ladder_flaws, span_flaws, wall_flaws
from sync.agreement.model import Agreement, Cadence, Handoff, Stage, StageEntered
from sync.agreement.spans import Period, Span, Unit
from sync.problems import listed
from sync.roster import Roster

_WEEKS_TRIED = 4


def promise_flaws(agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    """What is wrong with each such promise, in the order in which the agreement is written."""
    for stage in agreement.stages:
        yield from _staleness(stage, agreement, roster)
    for handoff in agreement.handoffs:
        yield from _handing_over(handoff, agreement, roster)
    yield from _reasons(agreement)
    yield from _going_back(agreement, roster)
    yield from _cool_off(agreement)
    if agreement.cover is not None:
        yield from _worked_by_people(agreement.cover.within, ("cover", "within"), "default", agreement, roster)
        yield from ladder_flaws(agreement.cover.ladder, ("cover", "ladder"), list(agreement.handoffs), agreement)


def _worked_by_people(within: Span, path: Path, calendar: str | None, agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    """Whether people can keep a span at all, and whether it runs on while they are closed."""
    if within.unit is Unit.WALL:
        yield from wall_flaws(within, path, calendar, agreement, roster)
    yield from span_flaws(within, calendar, path, agreement, roster)


def _staleness(stage: Stage, agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    if stage.stale_after is None:
        return
    path: Path = ("stage", stage.name, "stale_after")
    if not stage.recognised:
        what = f"it is never judged: nothing says how a record shows that a lead is in {stage.name}"
        yield error(path, what, fix="add a CRM criterion to the stage")
        return
    yield from _worked_by_people(stage.stale_after, path, None, agreement, roster)
    for cadence in agreement.cadences:
        if cadence.stage == stage.name and _too_slow(cadence, stage.stale_after, agreement, roster):
            what = f"leads go stale between two attempts of {cadence.name}, which are at least `{_gap(cadence)}` apart"
            yield warning(path, what, fix="write a longer span, or a shorter gap")


def _gap(cadence: Cadence) -> str:
    return cadence.gap_at_least.text if cadence.gap_at_least is not None else ""


def _too_slow(cadence: Cadence, stale_after: Span, agreement: Agreement, roster: Roster) -> bool:
    """Whether by every calendar, from every moment, the next attempt that counts comes after the lead went stale."""
    if cadence.gap_at_least is None or cadence.attempts < 2:
        return False
    moments, calendars = starts(agreement, weeks=_WEEKS_TRIED), calendars_of(cadence.calendar, agreement, roster)
    return not any(share_in_time(cadence.gap_at_least, stale_after, hours, moments) for hours in calendars.values())


def _handing_over(handoff: Handoff, agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    path: Path = ("handoff", handoff.name)
    opening = {trigger.stage for trigger in handoff.opens_on if isinstance(trigger, StageEntered)}
    stages = [stage for stage in agreement.stages if stage.name in opening]
    if len(opening) == len(handoff.opens_on) and not any(stage.recognised for stage in stages):
        what = f"it never opens: nothing says how a record shows that a lead is in {listed(opening)}"
        yield error((*path, "opens_on"), what, fix=f"add a CRM criterion to the stage {listed(opening)}")
    if any(stage.criteria is not None for stage in stages):
        pool = agreement.pools[handoff.pool].calendar if handoff.pool is not None else None
        yield from span_flaws(handoff.hand_over_within, pool or "default", (*path, "hand_over_within"), agreement, roster)
    elif handoff.if_missed:
        what = "it never comes to that: no stage on which it opens has `criteria`, so no lead is missed"
        yield warning((*path, "if_missed"), what, fix="add `criteria` to the stage, or take it out")
    asked = handoff.required or any(stage.criteria is not None or stage.required for stage in stages)
    if handoff.if_premature and not asked:
        what = "it never comes to that: neither `criteria` nor `required` say what a lead must fulfil"
        yield warning((*path, "if_premature"), what, fix="add them to the stage, or take it out")
    yield from ladder_flaws(handoff.if_premature, (*path, "if_premature"), [handoff], agreement)


def _reasons(agreement: Agreement) -> Iterator[Flaw]:
    """Reasons that are asked for where no lead is ever seen to leave."""
    ways_out = {"reject": agreement.reject, "recycle": agreement.recycle, "disqualify": agreement.disqualify}
    for name, way in ways_out.items():
        if way.reason is not None and not way.recognised:
            what = f"it is never asked for: nothing says how a record shows {name}"
            yield warning((name, "reason"), what, fix=f"add a CRM criterion to [{name}], or take it out")


def _going_back(agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    recycle = agreement.recycle
    if not recycle.when and not any(cadence.recycle for cadence in agreement.cadences):
        return
    if not recycle.recognised:
        what = "leads must go back to Marketing, and nothing says how a record shows that one did"
        yield warning(("recycle",), what, fix="add a CRM criterion to [recycle]")
    if "rejected" in recycle.when and not agreement.reject.recognised:
        what = "no lead is ever seen rejected: nothing says how a record shows it"
        yield warning(("recycle", "when"), what, fix="add a CRM criterion to [reject], or take `rejected` out")
    if "stale" in recycle.when and not any(stage.stale_after for stage in agreement.stages):
        what = "no lead ever goes stale: no stage has `stale_after`"
        yield warning(("recycle", "when"), what, fix="add `stale_after` to a stage, or take `stale` out")
    yield from _worked_by_people(recycle.within, ("recycle", "within"), "default", agreement, roster)


def _cool_off(agreement: Agreement) -> Iterator[Flaw]:
    """Leads that may return while no score can hand them over."""
    recycle = agreement.recycle
    if recycle.cool_off is None or not recycle.returns:
        return
    sooner = sorted(reason for reason, period in recycle.returns.items() if _shorter(period, recycle.cool_off))
    path: Path = ("recycle", "cool_off")
    if len(sooner) == len(recycle.returns):
        what = f"it is longer than every return: for `{recycle.cool_off.text}` only a hand-raise or a person brings a lead back"
        yield note(path, what, fix="leave it if that is meant")
    elif sooner:
        what = f"leads recycled for {listed(sooner)} may return sooner, and no score can hand them over before `{recycle.cool_off.text}`"
        yield warning(path, what, fix="write a shorter `cool_off`, or let them return later")


def _shorter(one: Period, other: Period) -> bool:
    """Whether `one` ends first from whatever day on: tried from every day of four years."""
    first = date(2024, 1, 1)
    return all(one.after(day) < other.after(day) for day in (first + timedelta(days=number) for number in range(1461)))
