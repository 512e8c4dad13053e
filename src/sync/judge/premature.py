"""Leads that were handed over without qualifying. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.agreement.criteria import Criterion
from sync.agreement.model import Stage, StageEntered
from sync.judge.case import Case
from sync.judge.conclude import Judged, each_once
from sync.judge.findings import Evidence, Finding, Side, Status, finding_key
from sync.timeline import Timeline
from sync.values import Values, is_blank

RULE = "premature_handoff"
CREATING = timedelta(seconds=5)  # creating a record is several writes


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a lead must be when it is handed over."""

    criteria: Criterion | None
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: Status
    message: str


def judge_premature(case: Case) -> Iterator[Judged]:
    """Yield the finding on a handoff that a stage or a score opened, if the agreement asks anything of such a lead."""
    cycle = case.cycle
    asked = asked_of(case)
    if cycle.by_hand_raise or (asked.criteria is None and not asked.required):
        return
    answer = _answer(asked, case.timeline.values, asked_at(cycle.opened_at, case.timeline))
    finding = Finding(
        key=finding_key(rule=RULE, fact=f"{cycle.handoff.name}|{cycle.name}"),
        lead=case.timeline.lead,
        records=case.timeline.records,
        cycle=case.reference(),
        rule=RULE,
        kind="handoff",
        status=answer.status,
        side=Side.NONE if answer.status is Status.UNKNOWN else Side.MARKETING,
        owner=case.owner_at(cycle.opened_at),
        started_at=cycle.opened_at,
        due_at=cycle.opened_at,
        settled_at=cycle.opened_at if answer.status is Status.KEPT else None,
        late_by_s=0 if answer.status is Status.BREACHED else None,
        evidence=each_once(Evidence(at=cycle.opened_at, what=f"handed over: {cycle.opened_by}", source=cycle.source)),
        message=f"{RULE}: {answer.message}",
        owed=answer.status is Status.BREACHED and cycle.closed_at is None,
    )
    settling = cycle.opened_at + case.terms.settle
    unsettled = answer.status is Status.BREACHED and settling > case.now
    yield Judged(finding, cycle.opened_at, settling if unsettled else None)


def asked_of(case: Case) -> Asked:
    """Return what the agreement asks of a lead that is handed over like this one."""
    handoff = case.cycle.handoff
    names = [trigger.stage for trigger in handoff.opens_on if isinstance(trigger, StageEntered)]
    stages = [stage for stage in case.agreement.stages if stage.name in names]
    if case.cycle.stage is None:
        return Asked(criteria=None, required=_required(handoff.required, stages))
    opened_by = [stage for stage in stages if stage.name == case.cycle.stage]
    return Asked(criteria=opened_by[0].criteria, required=_required(handoff.required, opened_by))


def _required(own: tuple[str, ...], stages: Sequence[Stage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*(name for stage in stages for name in stage.required), *own)))


def asked_at(opened_at: datetime, timeline: Timeline) -> datetime:
    """Return the moment whose values count: that of the handoff, a little later if the record was created in the stage."""
    return opened_at + CREATING if abs(opened_at - timeline.created_at) <= CREATING else opened_at


def _answer(asked: Asked, values: Values, at: datetime) -> _Answer:
    blank = [name for name in asked.required if is_blank(values.value(name, at))]
    surely_blank = [name for name in blank if values.is_known(name, at)]
    truth, why = _truth(asked.criteria, values, at)
    failed = [*([why] if truth is False else []), *([f"{', '.join(surely_blank)} blank"] if surely_blank else [])]
    if failed:
        return _Answer(status=Status.BREACHED, message=f"handed over although {' and '.join(failed)}")
    unknown = [name for name in asked.required if not values.is_known(name, at)]
    if truth is None or unknown:
        told = [*([why] if truth is None else []), *([f"{', '.join(unknown)} has no history"] if unknown else [])]
        return _Answer(status=Status.UNKNOWN, message=f"unknown, because {' and '.join(told)}")
    return _Answer(status=Status.KEPT, message="handed over as agreed")


def _truth(criterion: Criterion | None, values: Values, at: datetime) -> tuple[bool | None, str]:
    """Return whether the criteria held at `at`, and which of them did not; never a value."""
    if criterion is None:
        return True, ""
    row = values.at(criterion.fields, at)
    unknown = sorted(name for name in criterion.fields if not values.is_known(name, at))
    truth = criterion.truth(row)
    if unknown and not (truth is False and criterion.truth({**row, **dict.fromkeys(unknown)}) is False):
        return None, f"{', '.join(unknown)} has no history"
    if truth is True:
        return True, ""
    conjuncts = criterion.explain(row).conjuncts
    if truth is None:
        blank = sorted({name for c in conjuncts if c.truth is None for name, value in c.values.items() if is_blank(value)})
        return None, f"{', '.join(blank)} was blank"
    return False, " and ".join(f"`{c.define or c.text}` was false" for c in conjuncts if c.truth is False)
