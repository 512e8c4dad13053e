"""Whether the parts of an agreement fit together: names that exist, names given once, sums that come out. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sync.agreement.goals import Change, Solve
from sync.agreement.levels import overridden
from sync.agreement.model import OFFBOARD, STALE, UNNAMED_RULES, Rung, StageEntered, StageReached
from sync.agreement.schema import AgreementTable, CadenceTable, ClockTable, HandoffTable, LevelTable
from sync.agreement.schema_people import GoalTable
from sync.agreement.schema_words import BUILT_IN
from sync.agreement.words import ACTIONS
from sync.problems import Problem, choose_fix, listed, quoted
from sync.shape import key_of

ATTAINMENT = "attainment:"
_OF_SALES = ("reassign", "recycle", "return")  # remedies for a lead that Sales has
_NOT_FOR_OWNERS = ("recycle", "return", "promote")  # remedies that give a lead nobody to look after it
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class References:
    """Checks one agreement; the names come from the document as written, so that a rule with a slip in it still counts as known."""

    def __init__(self, table: AgreementTable, document: Mapping[str, Any], *, file: str) -> None:
        self._table = table
        self._document = document
        self._file = file
        self._stages = _names(document, "stage")
        self._calendars = _names(document, "calendar")
        self._handoffs = _names(document, "handoff")
        self._rules = [*_names(document, "clock"), *_names(document, "cadence")]
        self._goals = _names(document, "goal")
        self._pools = _names(document, "pool")
        self._teams = _names(document, "team")
        self._fields = [*_names(document, "fields"), *BUILT_IN]
        self._reasons = _names(document.get("recycle", {}), "reasons")

    def problems(self) -> list[Problem]:
        """Return everything that does not fit, section by section."""
        table = self._table
        found = [*self._header(), *self._doubles(), *self._taken_names(), *self._calendar_names(), *self._field_names()]
        found += self._ways_out()
        for stage in table.stage:
            found += self._known(f"stage.{key_of(stage.name)}.required", stage.required, self._fields, "a field of [fields]")
        for handoff in table.handoff:
            found += self._handoff(f"handoff.{key_of(handoff.name)}", handoff)
        for clock in table.clock:
            found += self._clock(f"clock.{key_of(clock.name)}", clock)
        for cadence in table.cadence:
            found += self._cadence(f"cadence.{key_of(cadence.name)}", cadence)
        for goal in table.goal:
            found += self._goal(f"goal.{key_of(goal.name)}", goal)
        for number, consequence in enumerate(table.consequence, start=1):
            found += self._known(f"consequence[{number}].if", [consequence.condition.goal], self._goals, "the name of a goal")
        found += self._tell()
        for level in table.level:
            found += self._level(f"level.{key_of(level.name)}", level)
        return found

    def _problem(self, where: str, *, found: str, expected: str, fix: str) -> Problem:
        return Problem(file=self._file, where=where, found=found, expected=expected, fix=fix)

    def _known(self, where: str, words: Iterable[str | None], known: Collection[str], expected: str) -> Iterator[Problem]:
        """Yield a problem for each of `words` that is not in `known`; None refers to nothing."""
        for word in words:
            if word is not None and word not in known:
                fix = choose_fix(word, known, otherwise=f"known are: {listed(known)}")
                yield self._problem(where, found=quoted(word), expected=expected, fix=fix)

    def _header(self) -> Iterator[Problem]:
        table = self._table
        for section in ("stage", "handoff"):
            if not self._document.get(section):
                yield self._problem(section, found="nothing", expected=f"at least one {section}", fix=f"add a table [[{section}]]")
        if table.expires_on is not None and table.expires_on < table.effective:
            yield self._problem(
                "expires_on", found=str(table.expires_on), expected=f"a day after {table.effective}", fix="correct one of the two days"
            )
        for where, zone in [
            ("timezone", table.timezone),
            *((f"calendar.{key_of(name)}.timezone", one.timezone) for name, one in table.calendar.items()),
        ]:
            if not is_zone(zone):
                yield self._problem(where, found=quoted(zone), expected="an IANA time zone", fix="write for example `Europe/Berlin`")

    def _ways_out(self) -> Iterator[Problem]:
        """Yield fields that hold no reason, reasons that are not listed, and fields of reasons where none is."""
        table = self._table
        for where, way in (("reject", table.reject), ("recycle", table.recycle), ("disqualify", table.disqualify)):
            yield from self._known(f"{where}.reason", [way.reason], self._fields, "a field of [fields]")
            if way.reason is not None and not way.reasons:
                yield self._problem(
                    f"{where}.reasons",
                    found="nothing",
                    expected="the reasons that are permitted",
                    fix=f"list them, or take out `{where}.reason`",
                )
        for cause, reason in table.recycle.when.items():
            yield from self._known(f"recycle.when.{key_of(cause)}", [reason], self._reasons, "a reason of [recycle]")
        if "owner gone" in table.recycle.when and table.cover is None:
            yield self._problem(
                "cover", found="nothing", expected="[cover], as `recycle.when` names `owner gone`", fix="add a table [cover]"
            )
        if table.cover is not None:
            yield from self._remedies("cover.ladder", table.cover.ladder, without=_NOT_FOR_OWNERS, of="has no owner who is there")

    def _taken_names(self) -> Iterator[Problem]:
        """Yield rules that bear the name of a promise which is judged without one."""
        for section in ("clock", "cadence"):
            for name in _names(self._document, section):
                if name in (*UNNAMED_RULES, OFFBOARD) or name.startswith(STALE):
                    fix = "rename it: what an agreement says of handoffs, reasons and owners is told under this name"
                    yield self._problem(f"{section}.{key_of(name)}", found=quoted(name), expected="another name", fix=fix)

    def _doubles(self) -> Iterator[Problem]:
        """Yield names that are given twice; clocks and cadences share one list, as both are rules."""
        lists = {"clock": self._rules}
        lists |= {section: _names(self._document, section) for section in ("stage", "handoff", "goal", "team", "persona", "level")}
        lists["party"] = [party.side for party in self._table.party]
        for section, names in lists.items():
            for name, count in Counter(names).items():
                if count > 1:
                    yield self._problem(
                        f"{section}.{key_of(name)}",
                        found=f"the name {quoted(name)} {count} times",
                        expected="a name of its own",
                        fix="rename one",
                    )

    def _calendar_names(self) -> Iterator[Problem]:
        if "default" not in self._calendars:
            yield self._problem(
                "calendar.default", found="nothing", expected="the calendar `default`", fix="add a table [calendar.default]"
            )
        if "owner" in self._calendars:
            yield self._problem(
                "calendar.owner",
                found="a calendar named `owner`",
                expected="another name",
                fix="rename it: `owner` means the owner's calendar",
            )
        places: list[tuple[str, str | None]] = [(f"pool.{key_of(name)}.calendar", pool.calendar) for name, pool in self._table.pool.items()]
        places += [(f"team.{key_of(team.name)}.calendar", team.calendar) for team in self._table.team]
        for where, calendar in places:
            yield from self._known(where, [calendar], self._calendars, "the name of a calendar")
        for name, pool in self._table.pool.items():
            yield from self._team(f"pool.{key_of(name)}.team", pool.team)

    def _field_names(self) -> Iterator[Problem]:
        """Yield names that a criterion could not use, and fields that no CRM holds."""
        table = self._table
        for where, name in [
            *((f"fields.{key_of(name)}", name) for name in table.fields),
            *((f"define.{key_of(name)}", name) for name in table.define),
        ]:
            if not _IDENTIFIER.fullmatch(name):
                yield self._problem(
                    where, found=quoted(name), expected="a name of letters, digits and _", fix="rename it so that criteria can use it"
                )
        for name in table.define:
            if name in self._fields:
                yield self._problem(
                    f"define.{key_of(name)}", found=f"{quoted(name)}, a field too", expected="a name of its own", fix="rename one"
                )
        for name, field in table.fields.items():
            if not any(field.by_crm().values()):
                yield self._problem(
                    f"fields.{key_of(name)}", found="no CRM", expected="where the field lives", fix='add for example `hubspot = "country"`'
                )

    def _team(self, where: str, team: str | None) -> Iterator[Problem]:
        if self._teams:  # an agreement that lists no teams leaves them to the roster
            yield from self._known(where, [team], self._teams, "the name of a team")

    def _handoff(self, where: str, handoff: HandoffTable) -> Iterator[Problem]:
        triggers = [*handoff.opens_on, *([handoff.nurtured.unless] if handoff.nurtured and handoff.nurtured.unless else [])]
        stages = [trigger.stage for trigger in triggers if isinstance(trigger, StageEntered)]
        yield from self._known(f"{where}.opens_on", stages, self._stages, "the name of a stage")
        yield from self._known(f"{where}.required", handoff.required, self._fields, "a field of [fields]")
        yield from self._remedies(f"{where}.if_premature", handoff.if_premature, without=("promote",), of="was handed over too soon")
        yield from self._remedies(f"{where}.if_missed", handoff.if_missed, without=_OF_SALES, of="was not handed over")
        if handoff.kept_until_handoff and handoff.pool is None:
            fix = "name the pool whose members may not own a lead before, or take out `kept_until_handoff`"
            yield self._problem(f"{where}.pool", found="nothing", expected="the name of a pool", fix=fix)
        if self._pools:  # an agreement that lists no pools leaves them to the roster
            yield from self._known(f"{where}.pool", [handoff.pool], self._pools, "the name of a pool")

    def _clock(self, where: str, clock: ClockTable) -> Iterator[Problem]:
        starts = [clock.starts.stage] if isinstance(clock.starts, StageEntered) else []
        yield from self._known(f"{where}.starts", starts, self._stages, "the name of a stage")
        kept = [fact.stage for fact in clock.kept_by if isinstance(fact, StageReached)]
        yield from self._known(f"{where}.kept_by", kept, self._stages, "the name of a stage")
        yield from self._known(f"{where}.calendar", [clock.calendar], [*self._calendars, "owner"], "the name of a calendar, or `owner`")
        yield from self._known(f"{where}.handoff", [clock.handoff], self._handoffs, "the name of a handoff")
        yield from self._recyclings(f"{where}.ladder", clock.ladder)

    def _recyclings(self, where: str, ladder: Iterable[Rung]) -> Iterator[Problem]:
        reasons = [rung.detail for rung in ladder if rung.action == "recycle"]
        yield from self._known(where, reasons, self._reasons, "a reason of [recycle]")

    def _remedies(self, where: str, ladder: Iterable[Rung], *, without: Collection[str], of: str) -> Iterator[Problem]:
        """Yield the rungs that cannot help a lead which `of` tells of, and reasons that do not exist."""
        rungs = list(ladder)
        fitting = listed(action for action in ACTIONS if action not in without)
        for rung in rungs:
            if rung.action in without:
                found = quoted(f"{rung.action}: {rung.detail}" if rung.detail else rung.action)
                yield self._problem(
                    where, found=found, expected=f"what helps a lead that {of}", fix=f"take it out; possible are: {fitting}"
                )
        yield from self._recyclings(where, [rung for rung in rungs if rung.action not in without])

    def _cadence(self, where: str, cadence: CadenceTable) -> Iterator[Problem]:
        yield from self._known(f"{where}.stage", [cadence.stage], self._stages, "the name of a stage")
        yield from self._known(f"{where}.calendar", [cadence.calendar], [*self._calendars, "owner"], "the name of a calendar, or `owner`")
        yield from self._known(f"{where}.then", [cadence.then], self._reasons, "a reason of [recycle]")
        if (wanted := sum(cadence.channels.values())) > cadence.attempts:
            yield self._problem(
                f"{where}.channels",
                found=f"{wanted} attempts by channel",
                expected=f"at most the {cadence.attempts} of `attempts`",
                fix="raise `attempts` or ask for fewer",
            )

    def _goal(self, where: str, goal: GoalTable) -> Iterator[Problem]:
        others = [name for name in self._goals if name != goal.name]
        if goal.metric.startswith(ATTAINMENT):
            rule = goal.metric.removeprefix(ATTAINMENT).strip()
            yield from self._known(f"{where}.metric", [rule], self._rules, "the name of a clock or cadence")
        if isinstance(goal.target, Solve):
            yield from self._known(f"{where}.target", [goal.target.goal], others, "the name of another goal")
        if isinstance(goal.target, Change) and goal.baseline is None:
            yield self._problem(f"{where}.baseline", found="nothing", expected="what the change is measured from", fix="add `baseline = …`")
        yield from self._known(f"{where}.serves", [goal.serves], others, "the name of another goal")
        if sum(goal.split.values()) > 1.0001:
            yield self._problem(
                f"{where}.split", found=f"{sum(goal.split.values()):.0%} in all", expected="at most 100%", fix="lower one of the shares"
            )

    def _tell(self) -> Iterator[Problem]:
        if "owner" in self._table.tell.at_risk:
            yield self._problem(
                "tell.at_risk",
                found=quoted("owner"),
                expected="others than the owner, who is reminded at `warn_at` of the clock",
                fix="take it out, and give the clock `warn_at`",
            )

    def _level(self, where: str, level: LevelTable) -> Iterator[Problem]:
        said = [key for key, value in (("team", level.team), ("segment", level.segment), ("source", level.source)) if value]
        if len(said) != 1:
            yield self._problem(
                where, found=listed(said), expected="one of team, segment, source", fix="say for whom the level holds, in one way"
            )
        yield from self._team(f"{where}.team", level.team)
        yield from self._fixed(where, level)
        rules, problems = overridden(self._document, level, where=where, file=self._file)
        yield from problems
        for clock in rules.clocks:
            yield from self._clock(f"{where}.clock.{key_of(clock.name)}", clock)
        for cadence in rules.cadences:
            yield from self._cadence(f"{where}.cadence.{key_of(cadence.name)}", cadence)
        for goal in rules.goals:
            yield from self._goal(f"{where}.goal.{key_of(goal.name)}", goal)

    def _fixed(self, where: str, level: LevelTable) -> Iterator[Problem]:
        """Yield what a level may not change: which level holds is decided when the rule starts."""
        for section, overrides, fixed in (("clock", level.clock, ("starts", "handoff")), ("cadence", level.cadence, ("stage",))):
            for name, override in overrides.items():
                for key in fixed:
                    if key in override:
                        yield self._problem(
                            f"{where}.{section}.{key_of(name)}.{key}",
                            found=quoted(str(override[key])),
                            expected=f"the `{key}` of the rule itself",
                            fix=f"take it out, or make it a {section} of its own",
                        )


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _names(document: Any, section: str) -> list[str]:
    """Return the names given in a section: of its entries if it is a list, of its keys if it is a table."""
    value = document.get(section) if isinstance(document, Mapping) else None
    if isinstance(value, Mapping):
        return list(value)
    entries = value if isinstance(value, list) else []
    return [str(entry["name"]).strip() for entry in entries if isinstance(entry, Mapping) and "name" in entry]
