"""Escalations to somebody whom the roster does not know. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sync.agreement.flaws import Flaw, warning
from sync.agreement.lines import Path
from sync.agreement.model import Agreement, Rung
from sync.problems import choose_fix
from sync.roster import Roster

ESCALATE = "escalate"


def escalation_flaws(agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    """Yield each rung `escalate: NAME` whose task nobody would get."""
    known = {name.casefold() for name in roster.people}
    if not known:
        return  # none is drafted yet
    for path, ladder in ladders(agreement):
        for name in dict.fromkeys(rung.detail for rung in ladder if rung.action == ESCALATE and rung.detail is not None):
            if name.casefold() not in known:
                what = f"`escalate: {name}` names nobody of the roster: nothing is escalated by it"
                fix = choose_fix(name, roster.people, otherwise="add them to roster.toml, or write `escalate` for the owner's manager")
                yield warning(path, what, fix=fix)


def ladders(agreement: Agreement) -> Iterator[tuple[Path, Sequence[Rung]]]:
    """Yield every ladder of an agreement, with where it stands."""
    yield from ((("clock", clock.name, "ladder"), clock.ladder) for clock in agreement.clocks)
    for level in agreement.levels:
        yield from ((("level", level.name, "clock", clock.name, "ladder"), clock.ladder) for clock in level.clocks)
    for handoff in agreement.handoffs:
        yield ("handoff", handoff.name, "if_premature"), handoff.if_premature
        yield ("handoff", handoff.name, "if_missed"), handoff.if_missed
    if agreement.cover is not None:
        yield ("cover", "ladder"), agreement.cover.ladder
