"""What keeps leadpact from acting for a while, whatever rules and config allow: the strictest that speaks wins. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from sync.history import local_text
from sync.stops import Scope, Stop, StopKind, Subject, Target


@dataclass(frozen=True, slots=True)
class Latch:
    """The plan that holds the moves of a lead for a rule."""

    plan: int
    since: datetime
    undoes: bool = False  # the move would be taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class Brakes:
    """All that is stopped at one moment."""

    stops: tuple[Stop, ...] = ()
    frozen: tuple[str, ...] = ()  # why nothing may be written
    held: Mapping[tuple[str, str], Latch] = field(default_factory=dict)  # (rule, key of a lead or its record) -> its plan
    zone: tzinfo = UTC  # in which moments are told

    @property
    def are_off(self) -> bool:
        """Whether nothing is stopped, whatever it speaks of; what is held is another matter."""
        return not self.stops and not self.frozen

    def observes(self, subject: Subject) -> str | None:
        """Say which observe sets the mode down; None if none does."""
        return next((f"mode of {subject.rule} is observe {_told(stop)}" for stop in self._of(StopKind.OBSERVE, subject)), None)

    def observes_whole(self, rule: str) -> bool:
        """Whether the mode of a rule is set down to observe for everybody."""
        targets = {stop.target for stop in self.stops if stop.kind is StopKind.OBSERVE}
        return bool(targets & {Target(), Target(scope=Scope.RULE, name=rule)})

    def pauses(self, subject: Subject) -> Iterator[str]:
        """Yield what pauses a step, and the windows in which nothing is written."""
        for stop in self._of(StopKind.PAUSE, subject):
            yield f"paused until {local_text(stop.until, self.zone)} {_told(stop)}" if stop.until else f"paused {_told(stop)}"
        yield from self.frozen

    def latched(self, subject: Subject) -> str | None:
        """Say which held plan already has the moves of a lead for a rule; None if none does."""
        latch = next((found for lead in subject.leads if (found := self.held.get((subject.rule, lead))) is not None), None)
        return f"held in plan {latch.plan} since {local_text(latch.since, self.zone)}, see leadpact held" if latch else None

    def stops_sending(self, subject: Subject) -> str | None:
        """Say why a step must not be sent now; None if it may."""
        return next(self.pauses(subject), None) or self.observes(subject)

    def stops_undoing(self, subject: Subject) -> str | None:
        """Say why a step must not be taken back now: a pause of a rule or a team lets that pass, as does observe."""
        broad = (stop for stop in self._of(StopKind.PAUSE, subject) if stop.target.scope in (Scope.ALL, Scope.LEAD))
        return next(Brakes(stops=tuple(broad), frozen=self.frozen, zone=self.zone).pauses(subject), None)

    def _of(self, kind: StopKind, subject: Subject) -> Iterator[Stop]:
        return (stop for stop in self.stops if stop.kind is kind and stop.target.covers(subject))


NO_BRAKES = Brakes()


def _told(stop: Stop) -> str:
    """Name a stop, never who gave it or why: these words go into plans and journal."""
    return f"({stop.kind.value} {stop.number} of {stop.target}, see leadpact held)"
