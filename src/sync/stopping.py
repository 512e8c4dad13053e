"""Asks the store and the config what is stopped now: as a plan is made, and again right before each call that writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from sync.agreement.model import OFFBOARD
from sync.brakes import Brakes
from sync.freeze import frozen_by
from sync.journal import Place
from sync.known import Known
from sync.remedies.manager_task import ESCALATE
from sync.steps import Step
from sync.stops import Subject
from sync.store.journal import UNDO
from sync.terms import Terms


@dataclass(frozen=True, slots=True)
class Now:
    """One moment by two clocks."""

    run: datetime  # by the clock of the CRMs, where this machine's is off
    machine: datetime  # by which people pause


def brakes_at(known: Known, now: Now, zone: tzinfo) -> Brakes:
    """Return what is stopped at a moment: paused, set to observe, frozen."""
    frozen = tuple(frozen_by(known.config.freezes, now.run, zone))
    return Brakes(stops=known.stops.active(now.machine), frozen=frozen, zone=zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """Says of the steps of one plan whether they may be sent; looks anew each time it is asked."""

    known: Known
    now: Callable[[], Now]
    zone: tzinfo
    subjects: Mapping[str, Subject]  # key of a finding -> what a stop may speak of
    heedless: bool = False  # a person wants it all the same

    def look(self) -> Callable[[Step], str | None]:
        """Read what is stopped now; return what says why a step must not be sent, None if it may."""
        brakes = brakes_at(self.known, self.now(), self.zone)

        def why_not(step: Step) -> str | None:
            subject = self._subject(step)
            return brakes.stops_undoing(subject) if step.action == UNDO else brakes.stops_sending(subject)

        return (lambda _: None) if self.heedless or brakes.are_off else why_not

    def all_of(self, steps: Iterable[Step]) -> str | None:
        """Say why none of some steps may be sent now; None if any may, or there are none."""
        why_not, why = self.look(), None
        for step in steps:
            why = why_not(step)
            if why is None:
                return None
        return why

    def _subject(self, step: Step) -> Subject:
        ours = (step.lead, str(step.record))
        found = self.subjects.get(step.finding)
        return Subject(rule=step.rule, team=found.team if found else None, leads=(*ours, *(found.leads if found else ())))


def subjects_of(known: Known, terms: Terms, steps: Iterable[Step]) -> dict[str, Subject]:
    """Return what a stop may speak of, by the findings of steps: the team of whom each names, and the records of its lead."""
    told = list(steps)
    rules = {step.finding: step.rule for step in told}
    found = {
        key: Subject(rule=rules[key], team=terms.team_of(terms.owning_crm(records), owner), leads=tuple(map(str, records)))
        for key, (owner, records) in known.findings.owners(rules).items()
    }
    return found | {step.finding: leaver_of(step, terms, _owner_now(known, step, terms)) for step in told if step.rule == OFFBOARD}


def _owner_now(known: Known, step: Step, terms: Terms) -> str | None:
    """Return who has the lead of a task: it writes no owner, as a move does."""
    if step.action != ESCALATE:
        return None
    for rows in known.reader.leads(upto=None, bulk_within=timedelta(), keys=[step.lead]):
        for person in rows.people:
            if person.key == step.record:
                return person.values.get(terms.crms[person.key.crm].vocabulary.owner)
    return None


def leaver_of(step: Step, terms: Terms, owner: str | None = None) -> Subject:
    """Return what a stop may speak of where somebody leaves: the team is that of the owner who has the lead."""
    owned = terms.crms[step.record.crm].vocabulary.owner
    owner = next((write.before for write in step.fields if write.field == owned), owner)
    return Subject(rule=step.rule, team=terms.team_of(step.record.crm, owner), leads=(step.lead, str(step.record)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Is asked right before each call, and keeps what it said."""

    stopping: Stopping
    steps: Mapping[Place, Step]
    said: dict[Place, str] = field(default_factory=dict)

    def closed_to(self, places: Iterable[Place]) -> dict[Place, str]:
        """Return which of some writes must not be sent now, and why."""
        why_not = self.stopping.look()
        closed = {place: why for place in places if (why := why_not(self.steps[place])) is not None}
        self.said.update(closed)
        return closed
