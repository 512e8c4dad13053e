"""Stops that a person gave: pauses, and modes that were set down to observe. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class StopKind(StrEnum):
    """What a stop does."""

    PAUSE = "pause"  # nothing is sent until it ends; then it goes on where it stood
    OBSERVE = "observe"  # the mode is observe until it is resumed: what opens meanwhile is backlog


class Scope(StrEnum):
    """Of what kind of thing a stop speaks."""

    ALL = "all"
    RULE = "rule"
    TEAM = "team"
    LEAD = "lead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a step is about, as far as a stop may speak of it."""

    rule: str
    team: str | None  # of the owner whom the finding names
    leads: Collection[str]  # the keys of its lead and of that lead's records


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a stop speaks of: everything, or one rule, team or lead."""

    scope: Scope = Scope.ALL
    name: str = ""  # of the rule or team, or the lead's key; empty for everything

    def covers(self, subject: Subject) -> bool:
        """Whether a step is meant."""
        match self.scope:
            case Scope.ALL:
                return True
            case Scope.RULE:
                return self.name == subject.rule
            case Scope.TEAM:
                return self.name == subject.team
            case Scope.LEAD:
                return self.name in subject.leads

    @property
    def option(self) -> str:
        """Return the option by which a command names it, with a space before; empty for everything."""
        return "" if self.scope is Scope.ALL else f" --{self.scope.value} {quoted_for_shell(self.name)}"

    def __str__(self) -> str:
        return "everything" if self.scope is Scope.ALL else f"{self.scope.value} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A pause or an observe that is in effect, by this machine's clock."""

    number: int
    kind: StopKind
    target: Target
    since: datetime
    until: datetime | None  # None: until it is resumed
    who: str  # as whom the operating system knows them
    why: str


def quoted_for_shell(text: str) -> str:
    """Return a name as a person types it behind an option."""
    is_plain = text and all(letter.isalnum() or letter in "_-./@" for letter in text)
    return text if is_plain else '"' + text.replace('"', '\\"') + '"'
