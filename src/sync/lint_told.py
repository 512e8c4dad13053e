"""People and channels whom the agreement has told something, and whom no `[[notify]]` of the config serves. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sync.agreement.lint_escalations import ESCALATE, ladders
from sync.agreement.model import Agreement
from sync.messages import MANAGER, MARKETING, OPS, OWNER, TEAM
from sync.problems import listed
from sync.remarks import Level, Remark
from sync.roster import Roster

REMIND = "remind"
_REMINDED = {"marketing": MARKETING, "manager": MANAGER}  # by who owes it; else the owner
_OF_OPS = ("held plans", "changes that do not stand", "CRMs that do not answer")


def untold(agreement: Agreement, roster: Roster, served: frozenset[str], *, file: str) -> Iterator[Remark]:
    """Yield a warning for each reader who would hear of nothing, by name; one note where nobody is told anything at all."""
    where = f"{file}: notify"
    if not served:
        what = "no [[notify]]: nobody is told anything, whatever the agreement says"
        yield Remark(level=Level.NOTE, where=where, what=what, fix="add one for each place: docs/how-to/notify.md")
        return
    named: dict[str, list[str]] = {}
    for reader, what in _named(agreement, roster):
        if reader not in served and what not in named.setdefault(reader, []):
            named[reader].append(what)
    for reader, missed in sorted(named.items()):
        yield Remark(
            level=Level.WARNING,
            where=where,
            what=f"no [[notify]] serves `{reader}`, who would hear of {listed(missed)}",
            fix=f'add "{reader}" to `for` of one, or leave them out of the agreement',
        )


def _named(agreement: Agreement, roster: Roster) -> Iterator[tuple[str, str]]:
    """Yield each reader who is to be told something, and of what."""
    tell, teams = agreement.tell, _teams(agreement, roster)
    lists = {f"new owners (`tell` of {one.name})": one.tell for one in agreement.handoffs} | {
        "promises at risk (`tell.at_risk`)": tell.at_risk,
        "broken promises (`tell.broken`)": tell.broken,
        "leads that are back (`tell.recycled`)": tell.recycled,
        "the daily digest (`tell.daily`)": tell.daily,
        "reports (`tell.reports`)": tell.reports if agreement.meetings else (),
    }
    for what, words in lists.items():
        for word in words:
            yield from ((team, what) for team in teams) if word == TEAM else [(word, what)]
    yield from ((reader, "reminders") for reader in _reminded(agreement))
    if any(rung.action == ESCALATE for _, ladder in ladders(agreement) for rung in ladder):
        yield MANAGER, "escalations"
    yield from ((OPS, what) for what in _OF_OPS)


def _teams(agreement: Agreement, roster: Roster) -> Iterable[str]:
    found = list(agreement.teams) or sorted({person.team for person in roster.people.values() if person.team})
    return [f"{TEAM} {name}" for name in found]


def _reminded(agreement: Agreement) -> Iterator[str]:
    clocks = [*agreement.clocks, *(clock for level in agreement.levels for clock in level.clocks)]
    for clock in clocks:
        if clock.warn_at or any(rung.action == REMIND for rung in clock.ladder):
            yield _REMINDED.get(clock.owed_by, OWNER)
    for handoff in agreement.handoffs:
        if any(rung.action == REMIND for rung in (*handoff.if_premature, *handoff.if_missed)):
            yield MARKETING
