"""One cycle of one lead, with all that its promises are judged by. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import dropwhile

from sync.agreement.calendar import Calendar
from sync.agreement.model import Agreement
from sync.facts import Fact, Left, Replied, StageEntered, StageReached
from sync.judge.cycles import Cycle
from sync.judge.findings import CycleRef
from sync.judge.owners import Assignment, find_assignments, owner_at
from sync.judge.touches import Attempt, Suspension, TouchRule, find_attempts, find_suspensions
from sync.terms import Terms
from sync.timeline import Timeline

BY_OWNER = TouchRule(by="owner")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A cycle, what was known of it, and the moment of judging; `latest` is the end of what the calendars know."""

    timeline: Timeline
    cycle: Cycle
    next_opened_at: datetime | None  # when the lead was handed over again
    follows_at_once: bool = False  # the passage before it closed at the very moment at which it opened
    agreement: Agreement
    terms: Terms
    now: datetime
    latest: datetime
    _attempts: dict[tuple[TouchRule, datetime, datetime | None], tuple[Attempt, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        """Who was assigned in the cycle, in order."""
        return find_assignments(self.timeline, self.cycle)

    @cached_property
    def meetings(self) -> tuple[Suspension, ...]:
        """The spans in which a booked meeting stops what a touch keeps."""
        return find_suspensions(self.timeline, self.cycle, latest=self.latest)

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """The facts of the cycle, both its ends included; each belongs to one cycle alone."""
        return tuple(fact for fact in self.timeline.facts if self.cycle.holds(fact.at) and not self._is_of_another(fact))

    def _is_of_another(self, fact: Fact) -> bool:
        """Where one cycle closes as the next opens, the way out is of the one that closes and all else of the next."""
        if isinstance(fact, Left):
            return self.follows_at_once and fact.at == self.cycle.opened_at
        return fact.at == self.cycle.closed_at == self.next_opened_at

    @cached_property
    def replies(self) -> tuple[Replied, ...]:
        """What came in from the person in the cycle, in order."""
        return tuple(fact for fact in self.facts if isinstance(fact, Replied))

    def attempts(self, rule: TouchRule, within: Cycle | None = None) -> tuple[Attempt, ...]:
        """Return the activities of the cycle (or of `within`) as `rule` counts them."""
        window = within or self.cycle
        key = rule, window.opened_at, window.closed_at
        if key not in self._attempts:
            self._attempts[key] = find_attempts(self.timeline, window, rule, agreement=self.agreement, terms=self.terms, now=self.now)
        return self._attempts[key]

    def owner_at(self, at: datetime) -> str | None:
        """Return who owned the lead at `at`."""
        return owner_at(self.timeline, at)

    def holder_at(self, at: datetime) -> str | None:
        """Return who was assigned at `at`; whom the closing write itself set is not."""
        held = [a.owner for a in self.assignments if a.at <= at and (a.until is None or at < a.until)]
        return held[-1] if held else None

    def team_at(self, at: datetime) -> str | None:
        """Return the team of the owner at `at`; of the pool if nobody owned the lead."""
        owner = self.owner_at(at)
        if owner is not None:
            return self.terms.team_of(self.timeline.crm, owner)
        pool = self.agreement.pools.get(self.cycle.handoff.pool or "")
        return pool.team if pool else None

    def calendar_at(self, named: str | None, at: datetime) -> Calendar:
        """Return the calendar of a promise to the lead: the named one, else the owner's at `at`, the pool's, the default."""
        if named not in (None, "owner"):
            return self.agreement.calendars[named or "default"]
        owner = self.owner_at(at)
        return self.pool_calendar if owner is None else self.terms.calendar_of(self.timeline.crm, owner, self.agreement)

    @property
    def pool_calendar(self) -> Calendar:
        """The calendar of the handoff's pool, else the default."""
        pool = self.agreement.pools.get(self.cycle.handoff.pool or "")
        return self.agreement.calendars[(pool.calendar if pool else None) or "default"]

    def stage_entry(self, stage: str) -> Fact | None:
        """Return when `stage` was first entered in the cycle; None if it was passed over, or stood before."""
        return next((fact for fact in self.facts if isinstance(fact, StageEntered) and fact.stage == stage), None)

    def stages_from(self, stage: str) -> list[str]:
        """Return `stage` and the stages after it, in order."""
        return list(dropwhile(lambda name: name != stage, (one.name for one in self.agreement.stages)))

    def reached_after(self, stage: str, since: datetime) -> StageReached | None:
        """Return when a stage later than `stage` was first reached, at or after `since` and within the cycle."""
        later = self.stages_from(stage)[1:]
        reached = (fact for fact in self.facts if isinstance(fact, StageReached) and fact.stage in later and fact.at >= since)
        return next(reached, None)

    def exits_after(self, since: datetime, upto: datetime | None) -> Iterator[Left]:
        """Yield how the lead left, after `since` and before `upto`, whether a cycle was open or not."""
        for fact in self.timeline.facts:
            if isinstance(fact, Left) and since < fact.at and (upto is None or fact.at < upto):
                yield fact

    def reference(self) -> CycleRef:
        """Return the cycle as findings name it."""
        cycle = self.cycle
        return CycleRef(
            handoff=cycle.handoff.name,
            number=cycle.number,
            opened_at=cycle.opened_at,
            opened_by=cycle.opened_by,
            closed_at=cycle.closed_at,
            closed_by=cycle.closed_by,
        )
