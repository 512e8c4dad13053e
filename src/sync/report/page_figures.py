"""The tables of the page: what became of the promises, by rule, side, owner and team, and what is planned. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sync.judge.findings import Side, Status
from sync.report.audit import ACTIONS, DEEDS, Audit, FromStore
from sync.report.page_words import attainment_text, cut, rule_title
from sync.report.rules import rule_text
from sync.report.summary import Summary, Tally

SIDES = {
    Side.SYSTEM: ("The system", "routing: nobody owned the lead in time"),
    Side.MARKETING: ("Marketing", "what was handed over, and when"),
    Side.OWNER: ("The owner", "whoever owned the lead"),
    Side.MANAGER: ("The manager", "who covers for whom, and how often a lead changes hands"),
}
NOBODY = "nobody"
ATTAINMENT = "attainment"
HOW_ATTAINMENT = "Attainment is kept / (kept + broken). A promise that was kept late is broken, and counted in both columns."


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One figure of a table."""

    text: str
    tone: str = ""  # class of the style sheet: good, bad, warn; blank for what needs no attention
    share: float | None = None  # 0 to 1, drawn as a bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table: who or what it is about, and its figures."""

    key: str  # the agreement's or the CRM's own name of it
    name: str
    note: str | None = None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the page."""

    id: str
    caption: str
    counted: str  # how it is counted, for people
    columns: tuple[str, ...]  # the first is the one of the names
    rows: tuple[Row, ...]
    total: Row | None = None


def tables(audit: Audit) -> Iterator[Table]:
    """Yield the tables that have something to say, in the order in which they are read."""
    yield _promises(audit)
    yield _sides(audit.summary)
    if audit.summary.breaches:
        yield _sides_by_promise(audit)
    owners = _owners(audit)
    if owners:
        yield _owner_table(audit, owners)
    if audit.teams and owners:
        yield _team_table(audit)


def _promises(audit: Audit) -> Table:
    rows = (
        Row(
            key=rule,
            name=rule_title(rule),
            note=rule_text(rule, audit.agreement),
            cells=_promise_cells(audit.summary.by_rule[rule]),
        )
        for rule in _rules(audit)
    )
    return Table(
        id="promises",
        caption="What became of each promise",
        counted=f"One promise is one rule on one passage of a lead (or one assignment). {HOW_ATTAINMENT}"
        " Promises that are still open (at risk, running), excused or unknown are left out of it. An early pull is only found where one"
        " happened, so none is ever kept.",
        columns=("Promise", "Attainment", "Kept", "Broken", "Of these kept late", "At risk", "Running", "Excused", "Unknown"),
        rows=tuple(rows),
        total=Row(key="", name="All promises", cells=_promise_cells(audit.summary.total)),
    )


def _rules(audit: Audit) -> list[str]:
    """Return the rules with findings in the agreement's order; those that it no longer has come last."""
    order = {rule: place for place, rule in enumerate(audit.agreement.rule_names)}
    return sorted(audit.summary.by_rule, key=lambda rule: (order.get(rule, len(order)), rule))


def _promise_cells(tally: Tally) -> tuple[Cell, ...]:
    rest = (Status.AT_RISK, Status.RUNNING, Status.EXCUSED, Status.UNKNOWN)
    tones = {Status.AT_RISK: "warn"}
    return (*_decided(tally), *(_number(tally.by_status[status], tones.get(status, "")) for status in rest))


def _decided(tally: Tally) -> tuple[Cell, ...]:
    return (
        Cell(text=attainment_text(tally), share=tally.attainment, tone=ATTAINMENT),
        _number(tally.kept),
        _number(tally.broken, "bad"),
        _number(tally.kept_late),
    )


def _number(count: int, tone: str = "") -> Cell:
    return Cell(text=f"{count:,}", tone=tone if count else "none")


def _sides(summary: Summary) -> Table:
    rows = (
        Row(key=side.value, name=name, note=note, cells=(*_decided(tally), _number(tally.still_open)))
        for side, (name, note) in SIDES.items()
        if (tally := summary.sides.get(side))
    )
    return Table(
        id="sides",
        caption="Which side answers for them",
        counted="A promise counts for the side that answers for it: the one that owes it, or, if it was broken, the one at fault. An owner"
        " is not blamed for the time before the lead was assigned: that is the system's."
        " Excused and unknown promises hold no side responsible and are not counted here.",
        columns=("Side", "Attainment", "Kept", "Broken", "Of these kept late", "Still open"),
        rows=tuple(rows),
    )


def _sides_by_promise(audit: Audit) -> Table:
    by_side = audit.summary.by_side
    sides = [side for side in SIDES if any(counts[side.value] for counts in by_side.values())]
    rows = (
        Row(
            key=rule,
            name=rule_title(rule),
            cells=(*(_number(by_side[rule][side.value]) for side in sides), _number(by_side[rule].total(), "bad")),
        )
        for rule in _rules(audit)
        if rule in by_side
    )
    return Table(
        id="broken",
        caption="Broken promises, by the side at fault",
        counted="Every broken promise is counted once, under the side that answers for it; those kept late are among them.",
        columns=("Promise", *(SIDES[side][0] for side in sides), "Together"),
        rows=tuple(rows),
    )


def _owners(audit: Audit) -> list[str | None]:
    """Return the owners with something decided, those with the most broken promises first."""
    summary = audit.summary
    known = set(summary.owners) | {owner for owner, count in summary.not_theirs.items() if count}
    tallies = {owner: summary.owners.get(owner, Tally()) for owner in known}
    return sorted(known, key=lambda owner: (-tallies[owner].broken, -tallies[owner].kept, owner_name(audit, owner), owner or ""))


def owner_name(audit: Audit, owner: str | None) -> str:
    """Return an owner's name, cut if it is long; the id where the CRM has no name for it."""
    return NOBODY if owner is None else cut(audit.names.get(owner) or f"owner {owner}")


def _owner_table(audit: Audit, owners: Iterable[str | None]) -> Table:
    summary = audit.summary
    rows = (
        Row(
            key=owner or "",
            name=owner_name(audit, owner),
            note=cut(team) if (team := audit.teams.get(owner or "")) else None,
            cells=_people_cells(summary.owners.get(owner, Tally()), summary.not_theirs[owner]),
        )
        for owner in owners
    )
    return Table(
        id="owners",
        caption="By owner",
        counted="Kept, broken and still open are the promises that the owner answers for. What was broken on the owner's leads by the"
        f" fault of another side stands in the last column and lowers no attainment. {NOBODY.capitalize()}: the lead had no owner then.",
        columns=("Owner", "Attainment", "Kept", "Broken", "Of these kept late", "Still open", "Broken by others"),
        rows=tuple(rows),
        total=Row(key="", name="All owners", cells=_people_cells(sum(summary.owners.values(), Tally()), summary.not_theirs.total())),
    )


def _people_cells(tally: Tally, not_theirs: int) -> tuple[Cell, ...]:
    return (*_decided(tally), _number(tally.still_open), _number(not_theirs))


def _team_table(audit: Audit) -> Table:
    tallies: dict[str | None, Tally] = {}
    for owner, tally in audit.summary.owners.items():
        team = audit.teams.get(owner) if owner is not None else None
        tallies[team] = tallies.get(team, Tally()) + tally
    order = sorted(tallies.items(), key=lambda entry: (entry[0] is None, -entry[1].broken, entry[0] or ""))
    rows = (
        Row(key=team or "", name=cut(team) if team else "no team", cells=(*_decided(tally), _number(tally.still_open)))
        for team, tally in order
    )
    return Table(
        id="teams",
        caption="By team",
        counted="The sums of the owners above, by the team that the roster (or else the CRM) names for them today.",
        columns=("Team", "Attainment", "Kept", "Broken", "Of these kept late", "Still open"),
        rows=tuple(rows),
    )


def planned(summary: Summary) -> Table | None:
    """Return what leadpact would do, by action; None where it would do nothing."""
    if not summary.steps:
        return None
    rows = (
        Row(
            key=action,
            name=action.capitalize(),
            note=ACTIONS.get(action),
            cells=_plan_cells(count, summary.held[action]),
        )
        for action, count in sorted(summary.steps.items())
    )
    return Table(
        id="planned",
        caption="What leadpact would do",
        counted="The next remedy of each broken promise that still stands, as the agreement says it; at most one of a sort for a lead."
        " What is held back would not be carried out now, for the reasons named at each lead above;"
        " the JSON names them for all leads (blocked_by).",
        columns=("Action", "Planned", "Held back", "Would go ahead"),
        rows=tuple(rows),
        total=Row(key="", name="All actions", cells=_plan_cells(summary.steps.total(), summary.blocked)),
    )


def done(kept: FromStore) -> Table | None:
    """Return what leadpact did; None where it did nothing."""
    rows = [
        Row(key=action, name=action.capitalize(), note=DEEDS[action], cells=(_number(kept.done[action]),))
        for action in DEEDS
        if kept.done.get(action)
    ]
    if not rows:
        return None
    return Table(
        id="done",
        caption="What leadpact did",
        counted="Changes that leadpact sent to the CRM in this time and read back. What each run did: leadpact runs, leadpact show RUN.",
        columns=("Action", "Changes"),
        rows=tuple(rows),
    )


def _plan_cells(count: int, held: int) -> tuple[Cell, ...]:
    return (_number(count), _number(held, "warn"), _number(count - held))
