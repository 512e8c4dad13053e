"""The plan of a tick: begun only where there is something that no earlier plan names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sync.begin import Begun
from sync.context import Context
from sync.daemon.lazy_routing import LazyRouting
from sync.ladder import REMIND
from sync.limits import Toll
from sync.policy import moves_before
from sync.steps import Step

TICK = "tick"
MOST_NOTED = 100_000  # steps that are remembered; beyond that all are forgotten, and named once more


@dataclass(slots=True)
class Noted:
    """Which steps the plans of earlier ticks name already; what is forgotten is only named once more."""

    known: set[tuple[str, int, str]] = field(default_factory=set)  # (finding, rung, action)

    def is_new(self, step: Step) -> bool:
        """Whether a step is to be carried out, or is in no plan yet and held back by nothing but mode and agreement, or as nobody is left.

        A reminder is sent once, so it is new once.
        """
        if not step.blocked_by and step.action != REMIND:
            return True
        return (step.is_pending or step.nobody_left is not None) and _name(step) not in self.known

    def note(self, steps: Iterable[Step]) -> None:
        """Remember what stands in a plan."""
        if len(self.known) > MOST_NOTED:
            self.known.clear()
        self.known.update(_name(step) for step in steps if step.blocked_by or step.action == REMIND)

    def forget(self, steps: Iterable[Step]) -> None:
        """Have steps that could not be carried out named once more."""
        self.known.difference_update(map(_name, steps))


def _name(step: Step) -> tuple[str, int, str]:
    return step.finding, step.rung, step.action


@dataclass(slots=True, kw_only=True)
class Draft:
    """Gathers the steps of a tick; the first new one makes it a run of its own."""

    run: Context
    watch: Begun
    noted: Noted
    routing: LazyRouting
    toll: Toll = field(default_factory=Toll)
    plan: int | None = None
    begun: Begun = field(init=False)
    _known: list[Step] = field(default_factory=list)  # of earlier plans; they go along, as each may have taken a turn of a pool

    def __post_init__(self) -> None:
        self.begun = self.watch

    def add(self, steps: Iterable[Step]) -> None:
        """Take in the steps of a lead: those that would be carried out, but for mode and agreement, and those that nobody is left for."""
        wanted = [step for step in steps if not step.blocked_by or step.is_pending or step.nobody_left is not None]
        self.toll.add((), wanted)
        if self.plan is None and not any(map(self.noted.is_new, wanted)):
            self._known += [step for step in wanted if step.given is not None]
            return
        if self.plan is None:
            self._begin()
        self._put(wanted)

    def _begin(self) -> None:
        run, watch = self.run, self.watch
        run_id = run.runs.start(TICK, mode=run.known.config.mode.default, as_of=None, now=watch.now, agreement_hash=watch.agreement.hash)
        self.begun, self.plan = replace(watch, run_id=run_id, kind=TICK), run.plans.begin(run_id)
        self._put(self._known)

    def _put(self, steps: list[Step]) -> None:
        assert self.plan is not None
        self.run.plans.add(self.plan, steps)
        self.noted.note(steps)

    def close(self) -> Mapping[str, str]:
        """Seal the plan, if there is one; return of the rules that go beyond a limit what holds their moves back."""
        if self.plan is None:
            return {}
        run = self.run
        self.toll.open_passages = Counter(run.known.findings.open_passages())
        trips = self.toll.trips(run.known.config.limits, moves_before(run, self.watch.now))
        if (gathered := self.routing.begun) is not None:
            run.ledger.note_book(self.plan, gathered.owed, unsaved=gathered.unsaved)
        run.plans.close(self.plan, trips)
        return trips
