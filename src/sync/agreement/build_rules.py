"""Makes clocks, cadences, handoffs and goals out of their tables. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sync.agreement.compiling import score_key
from sync.agreement.criteria import Criterion
from sync.agreement.goals import Goal
from sync.agreement.model import Cadence, Clock, Handoff, HandRaise, Nurtured, ScoreCrossed, StageEntered, Trigger
from sync.agreement.references import ATTAINMENT
from sync.agreement.schema import CadenceTable, ClockTable, HandoffTable, NurturedTable
from sync.agreement.schema_people import GoalTable
from sync.agreement.spans import parse_span
from sync.agreement.words import ScoreText

HAND_OVER_WITHIN = "24 hours"
REOPEN_AFTER = timedelta(minutes=15)


def build_clock(table: ClockTable) -> Clock:
    """Return the clock of `table`, its warnings ascending and each once."""
    return Clock(
        name=table.name,
        starts=table.starts,
        kept_by=table.kept_by,
        by=table.by,
        within=table.within,
        calendar=table.calendar,
        warn_at=tuple(sorted(set(table.warn_at))),
        ladder=table.ladder,
        owed_by=table.owed_by,
        handoff=table.handoff,
        counts_sequence=table.counts_sequence,
        meaning=table.meaning,
    )


def build_cadence(table: CadenceTable) -> Cadence:
    """Return the cadence of `table`."""
    return Cadence(
        name=table.name,
        stage=table.stage,
        attempts=table.attempts,
        within=table.within,
        gap_at_least=table.gap.at_least,
        gap_at_most=table.gap.at_most,
        channels={str(kind): count for kind, count in table.channels.items()},
        calendar=table.calendar,
        recycle=table.then,
        content=table.content,
    )


def build_handoff(table: HandoffTable, criteria: Mapping[str, Criterion]) -> Handoff:
    """Return the handoff of `table`; `criteria` holds those of its scores."""
    triggers = tuple(_trigger(trigger, table.name, number, criteria) for number, trigger in enumerate(table.opens_on, start=1))
    return Handoff(
        name=table.name,
        opens_on=triggers,
        pool=table.pool,
        assigned_by=table.assigned_by,
        ownership=table.ownership,
        required=table.required,
        tell=table.tell,
        nurtured=_nurtured(table.nurtured) if table.nurtured else None,
        reopen_after=table.reopen_after or REOPEN_AFTER,
        hand_over_within=table.hand_over_within or parse_span(HAND_OVER_WITHIN),
        kept_until_handoff=table.kept_until_handoff,
        if_premature=table.if_premature,
        if_missed=table.if_missed,
    )


def build_goal(table: GoalTable, scope: Criterion | None) -> Goal:
    """Return the goal of `table`, `scope` being its compiled criterion."""
    rule = table.metric.removeprefix(ATTAINMENT).strip() if table.metric.startswith(ATTAINMENT) else None
    return Goal(
        name=table.name,
        side=table.side,
        metric=table.metric,
        measures=rule,
        scope=scope,
        target=table.target,
        period=table.period,
        split={str(side): share for side, share in table.split.items()},
        baseline=table.baseline,
        by=table.by,
        owner=table.owner,
        serves=table.serves,
        soft=table.soft,
        contingency=table.contingency,
    )


def _trigger(trigger: StageEntered | HandRaise | ScoreText, handoff: str, number: int, criteria: Mapping[str, Criterion]) -> Trigger:
    if isinstance(trigger, ScoreText):
        return ScoreCrossed(criteria[score_key(handoff, number)])
    return trigger


def _nurtured(table: NurturedTable) -> Nurtured:
    return Nurtured(at_least=table.at_least, kinds=table.kinds, unless=table.unless)
