"""Makes the frozen agreement out of a checked table and its compiled criteria. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sync.agreement import model
from sync.agreement.build_paper import build_paper
from sync.agreement.build_rules import build_cadence, build_clock, build_goal, build_handoff
from sync.agreement.compiling import Compiled, recognised_keys, recognising
from sync.agreement.criteria import Criterion, FieldType
from sync.agreement.levels import overridden
from sync.agreement.parties import Raci
from sync.agreement.schema import AgreementTable, ExitTable, LevelTable, PerCrm, StageTable
from sync.agreement.schema_words import BUILT_IN
from sync.agreement.spans import parse_span
from sync.shape import key_of

LATE_LOGGING = "4 business hours"
SHORTEST_CALL = timedelta(seconds=20)
BACK_WITHIN = "1 business day"
COVERED_WITHIN = "1 business day"
BULK_WITHIN = timedelta(minutes=5)

Criteria = Mapping[str, Criterion]  # by dotted key


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The file that an agreement comes from."""

    file: str
    text: str
    document: Mapping[str, Any]
    hash: str


def build_agreement(table: AgreementTable, compiled: Compiled, source: Source) -> model.Agreement:
    """Return the agreement; `table` and `compiled` must be free of problems."""
    zone, criteria = ZoneInfo(table.timezone), compiled.criteria
    return model.Agreement(
        title=table.title,
        effective=_start_of(table.effective, zone),
        expires_at=_start_of(table.expires_on + timedelta(days=1), zone) if table.expires_on else None,
        review_every=table.review_every,
        zone=zone,
        fiscal_year_starts=table.fiscal_year_starts,
        steward=table.steward,
        count=table.count,
        fields=_fields(table, criteria),
        defines=_defines(table, criteria),
        excludes=tuple(
            model.Exclude(criterion=criteria[f"exclude[{n}].when"], why=one.why) for n, one in enumerate(table.exclude, start=1)
        ),
        excuses=tuple(model.Excuse(criterion=criteria[f"excuse[{n}].when"], why=one.why) for n, one in enumerate(table.excuse, start=1)),
        stages=tuple(_stage(one, criteria) for one in table.stage),
        calendars=compiled.calendars,
        calendar_words=_calendar_words(table),
        calendar_span=compiled.span,
        pools=_pools(table),
        handoffs=tuple(build_handoff(one, criteria) for one in table.handoff),
        clocks=tuple(build_clock(one) for one in table.clock),
        cadences=tuple(build_cadence(one) for one in table.cadence),
        levels=tuple(_level(one, criteria, source) for one in table.level),
        touches=_touches(table),
        reject=_exit("reject", table.reject, criteria),
        disqualify=_exit("disqualify", table.disqualify, criteria),
        recycle=_recycle(table, criteria),
        cover=_cover(table),
        protect=_protect(table),
        goals=tuple(build_goal(one, criteria.get(f"goal.{key_of(one.name)}.scope")) for one in table.goal),
        hash=source.hash,
        text=source.text,
        **build_paper(table),
    )


def _start_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def _fields(table: AgreementTable, criteria: Criteria) -> dict[str, model.Field]:
    """Return the declared fields, and of the built-in ones those that something names."""
    fields: dict[str, model.Field] = {}
    for name, one in table.fields.items():
        sources = {(crm, kind): field for crm, kinds in one.by_crm().items() for kind, field in kinds.items()}
        fields[name] = model.Field(name=name, type=one.type, sources=sources)
    mappings = {where for place, part in recognising(table).items() for where, _, _ in recognised_keys(place, part)}
    named = {name for where, criterion in criteria.items() if where not in mappings for name in criterion.fields}
    named.update(*(stage.required for stage in table.stage), *(handoff.required for handoff in table.handoff))
    named.update(way.reason for way in (table.reject, table.recycle, table.disqualify) if way.reason)
    built_in = {name: model.Field(name=name, type=FieldType.TEXT, sources=where) for name, where in BUILT_IN.items() if name in named}
    return built_in | fields


def _defines(table: AgreementTable, criteria: Criteria) -> dict[str, model.Define]:
    return {
        name: model.Define(name=name, text=one.criterion, meaning=one.meaning, criterion=criteria[f"define.{key_of(name)}.is"])
        for name, one in table.define.items()
    }


def _stage(table: StageTable, criteria: Criteria) -> model.Stage:
    where = f"stage.{key_of(table.name)}"
    return model.Stage(
        name=table.name,
        side=table.side,
        meaning=table.meaning,
        criteria=criteria.get(f"{where}.criteria"),
        required=table.required,
        stale_after=table.stale_after,
        recognised=_recognised(where, table, criteria),
        raci=Raci(**table.raci.model_dump()) if table.raci else None,
    )


def _recognised(where: str, table: PerCrm, criteria: Criteria) -> dict[model.CrmKind, Criterion]:
    return {kind: criteria[key] for key, kind, _ in recognised_keys(where, table)}


def _calendar_words(table: AgreementTable) -> dict[str, model.CalendarWords]:
    return {
        name: model.CalendarWords(hours=one.hours, zone=one.timezone, holidays=one.holidays, closed=one.closed)
        for name, one in table.calendar.items()
    }


def _pools(table: AgreementTable) -> dict[str, model.Pool]:
    """Return the declared pools, and those that handoffs name where none is declared."""
    named = {handoff.pool: model.Pool(name=handoff.pool, calendar=None) for handoff in table.handoff if handoff.pool}
    declared = {
        name: model.Pool(
            name=name,
            calendar=one.calendar,
            team=one.team,
            fallback=one.fallback,
            first=one.first,
            only_on_shift=one.only_on_shift,
        )
        for name, one in table.pool.items()
    }
    return named | declared


def _level(table: LevelTable, criteria: Criteria, source: Source) -> model.Level:
    where = f"level.{key_of(table.name)}"
    rules, _ = overridden(source.document, table, where=where, file=source.file)
    return model.Level(
        name=table.name,
        team=table.team,
        applies=criteria.get(f"{where}.segment") or criteria.get(f"{where}.source"),
        by_source=bool(table.source),
        clocks=tuple(build_clock(one) for one in rules.clocks),
        cadences=tuple(build_cadence(one) for one in rules.cadences),
        goals=tuple(
            build_goal(one, criteria.get(f"{where}.goal.{key_of(one.name)}.scope") or criteria.get(f"goal.{key_of(one.name)}.scope"))
            for one in rules.goals
        ),
    )


def _touches(table: AgreementTable) -> model.Touches:
    touches = table.touches
    return model.Touches(
        late_logging=touches.late_logging or parse_span(LATE_LOGGING),
        shortest_call=touches.shortest_call or SHORTEST_CALL,
        bulk_alike=touches.bulk.alike,
        bulk_within=touches.bulk.within or BULK_WITHIN,
        trusted=frozenset(touches.trusted),
    )


def _exit(where: str, table: ExitTable, criteria: Criteria) -> model.Exit:
    return model.Exit(reasons=table.reasons, reason=table.reason, recognised=_recognised(where, table, criteria))


def _recycle(table: AgreementTable, criteria: Criteria) -> model.Recycle:
    recycle = table.recycle
    return model.Recycle(
        reasons=tuple(recycle.reasons),
        reason=recycle.reason,
        recognised=_recognised("recycle", recycle, criteria),
        when={str(cause): reason for cause, reason in recycle.when.items()},
        within=recycle.within or parse_span(BACK_WITHIN),
        returns=recycle.reasons,
        to={key: value for key, value in recycle.to.model_dump().items() if value is not None},
        by=recycle.by,
        at_most=recycle.at_most,
        cool_off=recycle.cool_off,
        bounce_limit=recycle.bounce_limit,
    )


def _cover(table: AgreementTable) -> model.Cover | None:
    if table.cover is None:
        return None
    return model.Cover(within=table.cover.within or parse_span(COVERED_WITHIN), ladder=table.cover.ladder)


def _protect(table: AgreementTable) -> model.Protect:
    return model.Protect(
        when=table.protect.when,
        named_accounts=tuple(domain.lower() for domain in table.protect.named_accounts),
    )
