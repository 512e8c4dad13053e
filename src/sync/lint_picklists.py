"""Values of the agreement that the CRM's picklists do not have. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from connectors.records import FieldDefinition
from sync.agreement.criteria import Criterion
from sync.agreement.model import Agreement
from sync.crm_words import words_of
from sync.judge.reasons import folded
from sync.problems import choose_fix
from sync.remarks import Level, Remark

Known = Mapping[tuple[str, str], FieldDefinition]  # (kind, name) -> definition

MOST_SHOWN = 12  # values of a picklist that a message lists


def picklist_remarks(agreement: Agreement, crm: str, known: Known) -> Iterator[Remark]:
    """Yield a remark for each value over the agreement's own fields that no record of `crm` will ever show."""
    yield from _criteria(agreement, crm, known)
    yield from _sources(agreement, crm, known)
    yield from _reasons(agreement, crm, known)


def unlisted(values: Iterable[str], definition: FieldDefinition, *, where: str, level: Level) -> Iterator[Remark]:
    """Yield a remark for each of `values` that is none of a picklist's; a field that is no picklist may hold anything."""
    permitted = {option.value.casefold() for option in definition.options}
    for value in sorted(values):
        if permitted and value.casefold() not in permitted:
            yield Remark(
                level=level,
                where=where,
                what=f"`{value}` is no value of {_name(definition)}",
                fix=choose_fix(value, [option.value for option in definition.options], otherwise=_values(definition)),
            )


def _criteria(agreement: Agreement, crm: str, known: Known) -> Iterator[Remark]:
    """Warn only: a criterion may name values of several CRMs."""
    places = [(f"define.{define.name}", define.criterion) for define in agreement.defines.values()]
    places += [("exclude", exclude.criterion) for exclude in agreement.excludes]
    places += [("excuse", excuse.criterion) for excuse in agreement.excuses]
    places += [(f"stage.{stage.name}.criteria", stage.criteria) for stage in agreement.stages if stage.criteria is not None]
    places += [(f"level.{level.name}.segment", level.applies) for level in agreement.levels if level.applies and not level.by_source]
    for place, criterion in places:
        for field, values in sorted(criterion.named.items()):
            for definition in _definitions_of(agreement, field, crm, known):
                yield from unlisted(values, definition, where=f"agreement.toml: {place}", level=Level.WARNING)


def _sources(agreement: Agreement, crm: str, known: Known) -> Iterator[Remark]:
    """A level of which no source exists holds for nobody: an error; of which one does not, a warning."""
    for level in agreement.levels:
        for field, values in sorted(_named(level.applies).items()) if level.by_source else ():
            for definition in _definitions_of(agreement, field, crm, known):
                found = list(unlisted(values, definition, where="", level=Level.WARNING))
                how_bad = Level.ERROR if len(found) == len(values) else Level.WARNING
                yield from unlisted(values, definition, where=f"agreement.toml: level.{level.name}.source", level=how_bad)


def _named(criterion: Criterion | None) -> Mapping[str, frozenset[str]]:
    return criterion.named if criterion is not None else {}


def _reasons(agreement: Agreement, crm: str, known: Known) -> Iterator[Remark]:
    """Yield the reasons that nobody can choose, as neither a value nor a label of the picklist is called so."""
    ways_out = {"reject": agreement.reject, "recycle": agreement.recycle, "disqualify": agreement.disqualify}
    for name, way in ways_out.items():
        for definition in _definitions_of(agreement, way.reason, crm, known) if way.reason is not None else ():
            said = {folded(text) for option in definition.options for text in (option.value, option.label)}
            for reason in way.reasons:
                if said and folded(reason) not in said:
                    yield Remark(
                        level=Level.ERROR,
                        where=f"agreement.toml: {name}.reasons",
                        what=f"`{reason}` is no value and no label of {_name(definition)}, so nobody can choose it",
                        fix=choose_fix(reason, [option.label for option in definition.options], otherwise=_values(definition)),
                    )


def _definitions_of(agreement: Agreement, field: str, crm: str, known: Known) -> Iterator[FieldDefinition]:
    for (of, kind), name in agreement.fields[field].sources.items() if field in agreement.fields else ():
        if of == crm and (kind, name) in known:
            yield known[kind, name]


def _name(definition: FieldDefinition) -> str:
    return f"{definition.crm} {definition.kind} {words_of(definition.crm).field} `{definition.name}`"


def _values(definition: FieldDefinition) -> str:
    shown = [f"{option.value} ({option.label})" if option.label != option.value else option.value for option in definition.options]
    more = f" and {len(shown) - MOST_SHOWN} more" if len(shown) > MOST_SHOWN else ""
    return f"use one of its values: {', '.join(shown[:MOST_SHOWN])}{more}"
