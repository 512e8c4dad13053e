"""Compiles every criterion and calendar of an agreement, and says at once what is wrong with any of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from sync.agreement.calendar import Calendar, CalendarError, compile_calendar
from sync.agreement.criteria import Criterion, CriterionError, FieldType, compile_criterion, compile_mapping
from sync.agreement.model import CrmKind
from sync.agreement.references import is_zone
from sync.agreement.schema import AgreementTable, CalendarTable, LevelTable, PerCrm
from sync.agreement.schema_words import BUILT_IN
from sync.agreement.words import ScoreText
from sync.problems import Problem, quoted
from sync.shape import key_of

_YEARS_BEFORE = 10  # calendars reach this far back before the agreement takes effect, for leads that are older than it
_YEARS_AFTER = 5
_YEARS_OPEN = 12  # of an agreement that does not say when it ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """The criteria and calendars of one agreement, each under its dotted key."""

    criteria: Mapping[str, Criterion]
    calendars: Mapping[str, Calendar]
    span: tuple[date, date]  # the first and the last day that the calendars cover


def compile_all(
    table: AgreementTable, *, file: str, names_are_whole: bool, span: tuple[date, date] | None
) -> tuple[Compiled, list[Problem]]:
    """Compile what `table` says; what is wrong is left out of the result and listed.

    The calendars cover `span`, by default from ten years before the agreement takes effect to five after it.
    Where a slip took a field or a define out of `table`, `names_are_whole` is False: criteria are not compiled then, as
    they would be blamed for it.
    """
    compiler = _Compiler(table=table, file=file)
    criteria = compiler.criteria() if names_are_whole and is_zone(table.timezone) else {}
    span = span or calendar_span(table.effective, table.expires_on)
    calendars = compiler.calendars(span)
    return Compiled(criteria=criteria, calendars=calendars, span=span), compiler.problems


def calendar_span(effective: date, expires_on: date | None) -> tuple[date, date]:
    """Return the first and the last day for which the calendars of an agreement are worked out: two years less is what it can judge."""
    last = effective.year + _YEARS_OPEN if expires_on is None else expires_on.year + _YEARS_AFTER
    return date(effective.year - _YEARS_BEFORE, 1, 1), date(last, 12, 31)


def score_key(handoff: str, number: int) -> str:
    """Return the key of the criterion of a handoff's trigger, counted from 1."""
    return f"handoff.{key_of(handoff)}.opens_on[{number}]"


def recognised_keys(where: str, table: PerCrm) -> Iterator[tuple[str, CrmKind, str]]:
    """Yield (dotted key, CRM and kind, text) of each criterion by which records show something."""
    for crm, kinds in table.by_crm().items():
        for kind, text in kinds.items():
            yield f"{where}.{crm}.{key_of(kind)}", (crm, kind), text


def recognising(table: AgreementTable) -> Mapping[str, PerCrm]:
    """Return every table that says how records show something, by its dotted key."""
    stages: dict[str, PerCrm] = {f"stage.{key_of(stage.name)}": stage for stage in table.stage}
    return stages | {"reject": table.reject, "disqualify": table.disqualify, "recycle": table.recycle}


@dataclass(slots=True, kw_only=True)
class _Compiler:
    table: AgreementTable
    file: str
    problems: list[Problem] = field(default_factory=list)

    def criteria(self) -> dict[str, Criterion]:
        """Compile the criteria over the agreement's fields, then those over the CRMs' own."""
        zone = ZoneInfo(self.table.timezone)
        defines = {name: one.criterion for name, one in self.table.define.items()}
        types = dict.fromkeys(BUILT_IN, FieldType.TEXT) | {name: one.type for name, one in self.table.fields.items()}
        compiled: dict[str, Criterion] = {}
        for where, text in self._criteria():
            try:
                compiled[where] = compile_criterion(text, fields=types, defines=defines, zone=zone)
            except CriterionError as error:
                self._complain(where, error)
        for where, text in self._mappings():
            try:
                compiled[where] = compile_mapping(text, zone=zone)
            except CriterionError as error:
                self._complain(where, error)
        return compiled

    def calendars(self, span: tuple[date, date]) -> dict[str, Calendar]:
        """Compile the calendars; one whose zone is unknown was complained about already."""
        compiled: dict[str, Calendar] = {}
        for name, one in self.table.calendar.items():
            if is_zone(one.timezone):
                try:
                    compiled[name] = _calendar(name, one, span)
                except CalendarError as error:
                    found = f"hours {quoted(one.hours)}, holidays {quoted(one.holidays)}"
                    self._add(f"calendar.{key_of(name)}", found=found, expected=f"a calendar, but {error}", fix=error.fix)
        return compiled

    def _criteria(self) -> Iterator[tuple[str, str]]:
        table = self.table
        yield from ((f"define.{key_of(name)}.is", one.criterion) for name, one in table.define.items())
        yield from ((f"exclude[{number}].when", one.when) for number, one in enumerate(table.exclude, start=1))
        yield from ((f"excuse[{number}].when", one.when) for number, one in enumerate(table.excuse, start=1))
        yield from ((f"stage.{key_of(stage.name)}.criteria", stage.criteria) for stage in table.stage if stage.criteria)
        for handoff in table.handoff:
            for number, trigger in enumerate(handoff.opens_on, start=1):
                if isinstance(trigger, ScoreText):
                    yield score_key(handoff.name, number), trigger
        yield from ((f"goal.{key_of(goal.name)}.scope", goal.scope) for goal in table.goal if goal.scope)
        for level in table.level:
            yield from self._level(level)

    def _level(self, level: LevelTable) -> Iterator[tuple[str, str]]:
        where = f"level.{key_of(level.name)}"
        if level.segment:
            yield f"{where}.segment", level.segment
        if level.source:
            values = ", ".join("'" + source.replace("'", "''") + "'" for source in level.source)
            yield f"{where}.source", f"original_source IN ({values})"
        for name, override in level.goal.items():
            if isinstance(scope := override.get("scope"), str):
                yield f"{where}.goal.{key_of(name)}.scope", scope

    def _mappings(self) -> Iterator[tuple[str, str]]:
        for place, table in recognising(self.table).items():
            yield from ((where, text) for where, _, text in recognised_keys(place, table))

    def _complain(self, where: str, error: CriterionError) -> None:
        """List every problem of a criterion; what is wrong within a define is told at the define."""
        for problem in error.problems:
            found = f"{quoted(problem.found)} at character {problem.position + 1} of {quoted(problem.text)}"
            place = where if problem.define is None else f"define.{key_of(problem.define)}.is"
            self._add(place, found=found, expected=f"a criterion, but {problem.message}", fix=problem.fix)

    def _add(self, where: str, *, found: str, expected: str, fix: str) -> None:
        problem = Problem(file=self.file, where=where, found=found, expected=expected, fix=fix)
        if problem not in self.problems:  # a define is compiled once for each criterion that names it
            self.problems.append(problem)


def _calendar(name: str, table: CalendarTable, span: tuple[date, date]) -> Calendar:
    """One that is never open is let be: the lint tells it, together with what else contradicts itself."""
    return compile_calendar(
        name=name,
        hours=table.hours,
        zone=table.timezone,
        holidays=table.holidays,
        closed=table.closed,
        since=span[0],
        upto=span[1],
        may_be_closed=True,
    )
