"""Criteria that no lead can meet, that every lead meets, or that contradict each other. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from sync.agreement.criteria import Criterion, FieldType
from sync.agreement.criteria_parse import parse_criterion
from sync.agreement.criteria_reach import Reach, unplaced
from sync.agreement.criteria_tree import Any, Between, Blank, Literal, Name, Negative, Node, walk
from sync.agreement.flaws import Flaw, error, warning
from sync.agreement.lines import Path
from sync.agreement.model import Agreement, ScoreCrossed

_MOST_PAIRED = 20  # conditions of which each two are held against each other, to name the pair
_FIX_NEVER = "correct the values, or join the conditions with OR"
_FIX_ALWAYS = "correct it: `<>` joined with OR is true of everything, write NOT IN ('a', 'b'); or leave it out"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """One criterion of the agreement, where it stands, and what it is about."""

    path: Path
    criterion: Criterion
    over_crm: bool = False  # over a CRM's own fields, where defines are unknown
    only_leads: bool = True  # asked of leads in scope: what [[exclude]] takes out never comes here
    required: tuple[str, ...] = ()  # fields that must not be blank when it is asked


def criteria_flaws(agreement: Agreement) -> Iterator[Flaw]:
    """What can be shown to be wrong with each criterion by itself, and with those that must hold together."""
    return _CriteriaLint(agreement).flaws()


def implies(narrow: Criterion, wide: Criterion, agreement: Agreement) -> bool:
    """Whether every lead that meets `narrow`, as some may, is certain to meet `wide`."""
    lint = _CriteriaLint(agreement)
    return lint.can_hold(narrow) and not lint.can_hold(narrow, without=wide)


class _CriteriaLint:
    """Reads every criterion once; a define that is wrong is told at the define, and may be anything where it is named."""

    def __init__(self, agreement: Agreement) -> None:
        self._agreement = agreement
        self._defines: dict[str, Node] = {}  # those without a flaw, free of other defines
        self._define_flaws: dict[str, list[Flaw]] = {}
        for name in agreement.defines:
            self._read_define(name)

    def flaws(self) -> Iterator[Flaw]:
        """Defines first, then the criteria that name them."""
        for name in self._agreement.defines:
            yield from self._define_flaws[name]
        excludes = []
        for number, exclude in enumerate(self._agreement.excludes, start=1):
            found = list(self._alone(_Site(path=("exclude", number, "when"), criterion=exclude.criterion, only_leads=False)))
            excludes += [] if found else [exclude.criterion]
            yield from found
        for site in _sites(self._agreement):
            found = list(self._alone(site))
            yield from found or self._together(site, excludes)

    def can_hold(self, criterion: Criterion, *, without: Criterion | None = None) -> bool:
        """Whether some lead may meet `criterion` and not `without`; False is certain."""
        others = [without] if without is not None else []
        return self._reach(criterion, *others).can_hold(self._tree(criterion), without=[self._tree(other) for other in others])

    def _read_define(self, name: str) -> Node | None:
        """The define's tree without names of defines; None if it has a flaw of its own."""
        if name not in self._define_flaws:
            criterion = self._agreement.defines[name].criterion
            found = list(self._alone(_Site(path=("define", name, "is"), criterion=criterion, only_leads=False)))
            self._define_flaws[name] = found
            if not found:
                self._defines[name] = self._tree(criterion)
        return self._defines.get(name)

    def _tree(self, criterion: Criterion, *, over_crm: bool = False) -> Node:
        tree = parse_criterion(criterion.text).tree
        return self._inlined(tree, over_crm=over_crm)

    def _inlined(self, tree: Node, *, over_crm: bool) -> Node:
        names = {node.name for node in walk(tree) if isinstance(node, Name)}
        known: dict[str, Node] = {}
        for name in names & set(self._agreement.defines) if not over_crm else ():
            if (inner := self._read_define(name)) is not None:
                known[name] = inner
        return unplaced(tree, known)

    def _alone(self, site: _Site) -> Iterator[Flaw]:
        criterion, tree = site.criterion, self._tree(site.criterion, over_crm=site.over_crm)
        if swapped := next(_swapped_bounds(criterion), None):
            yield error(site.path, swapped, fix="write the lower bound first")
            return
        reach = self._reach(criterion)
        if not reach.can_hold(tree):
            yield self._never(site, reach)
        elif reach.always_holds(tree):
            yield self._always(site)
        else:
            yield from self._dead_branches(site, reach)

    def _reach(self, *criteria: Criterion, more: Mapping[str, FieldType] | None = None) -> Reach:
        types = {name: type_ for criterion in criteria for name, type_ in criterion.types.items()}
        return Reach(types=types | dict(more or {}), zone=self._agreement.zone)

    def _never(self, site: _Site, reach: Reach) -> Flaw:
        written = site.criterion.text.strip()
        if not site.criterion.fields:
            return warning(site.path, f"`{written}` names no field, and is never true", fix="say which leads are meant, or leave it out")
        parts = [(text, self._inlined(node, over_crm=site.over_crm)) for node, text in parse_criterion(site.criterion.text).conjuncts]
        for text, node in parts:
            if not reach.can_hold(node):
                return error(site.path, f"`{text}` is never true of a lead", fix=_FIX_NEVER)
        for (one, left), (other, right) in combinations(parts[:_MOST_PAIRED], 2):
            if not reach.can_hold(left, right):
                return error(site.path, f"`{one}` and `{other}` are never true of one lead", fix=_FIX_NEVER)
        return error(site.path, f"`{written}` is never true of a lead", fix=_FIX_NEVER)

    def _always(self, site: _Site) -> Flaw:
        what = f"`{site.criterion.text.strip()}` is true of every lead"
        takes_all = site.path[0] in ("exclude", "excuse")
        return error(site.path, f"{what}, so none is judged", fix=_FIX_ALWAYS) if takes_all else warning(site.path, what, fix=_FIX_ALWAYS)

    def _dead_branches(self, site: _Site, reach: Reach) -> Iterator[Flaw]:
        text = site.criterion.text
        for node in walk(parse_criterion(text).tree):
            for part in node.parts if isinstance(node, Any) else ():
                if not reach.can_hold(self._inlined(part, over_crm=site.over_crm)):
                    start = min(inner.at for inner in walk(part))
                    what = f"what stands at character {start + 1} (`{_excerpt(text[start:])}`) is never true"
                    yield warning(site.path, what, fix="correct the values, or leave it out")

    def _together(self, site: _Site, excludes: Sequence[Criterion]) -> Iterator[Flaw]:
        """Whether a lead in scope, with its required fields filled, can meet the criterion."""
        if site.over_crm or not site.only_leads:
            return
        tree = self._tree(site.criterion)
        filled = [Blank(at=0, operand=Name(at=0, name=name), negated=True) for name in site.required]
        more = {name: self._agreement.fields[name].type for name in site.required if name in self._agreement.fields}
        reach = self._reach(site.criterion, *excludes, more=more)
        if not reach.can_hold(tree, *filled):
            what = f"`{site.criterion.text}` asks for a blank field that is also required"
            yield error(site.path, what, fix="take the field out of `required`, or out of the criterion")
            return
        for exclude in excludes:
            if not reach.can_hold(tree, without=[self._tree(exclude)]):
                what = f"every lead that meets it is out of scope by [[exclude]] `{exclude.text}`"
                yield error(site.path, what, fix="correct one of the two")
                return
        yield from self._excused(site)

    def _excused(self, site: _Site) -> Iterator[Flaw]:
        """Stages in which every lead that qualifies has its clocks stopped."""
        for excuse in self._agreement.excuses if site.path[0] == "stage" else ():
            if any(self._alone(_Site(path=("excuse",), criterion=excuse.criterion, only_leads=False))):
                continue  # told at the excuse
            if not self.can_hold(site.criterion, without=excuse.criterion):
                what = f"every lead that meets it is excused by [[excuse]] `{excuse.criterion.text}`, so no clock of it runs"
                yield warning(site.path, what, fix="correct one of the two")


def _sites(agreement: Agreement) -> Iterator[_Site]:
    for number, excuse in enumerate(agreement.excuses, start=1):
        yield _Site(path=("excuse", number, "when"), criterion=excuse.criterion, only_leads=False)
    for stage in agreement.stages:
        if stage.criteria is not None:
            yield _Site(path=("stage", stage.name, "criteria"), criterion=stage.criteria, required=stage.required)
    yield from _trigger_sites(agreement)
    for goal in agreement.goals:
        if goal.scope is not None:
            yield _Site(path=("goal", goal.name, "scope"), criterion=goal.scope)
    yield from _level_sites(agreement)
    yield from _crm_sites(agreement)


def _trigger_sites(agreement: Agreement) -> Iterator[_Site]:
    for handoff in agreement.handoffs:
        for trigger in handoff.opens_on:
            if isinstance(trigger, ScoreCrossed):
                yield _Site(path=("handoff", handoff.name, "opens_on"), criterion=trigger.criterion, required=handoff.required)


def _level_sites(agreement: Agreement) -> Iterator[_Site]:
    scopes = {goal.scope.text for goal in agreement.goals if goal.scope is not None}
    for level in agreement.levels:
        if level.applies is not None:
            yield _Site(path=("level", level.name), criterion=level.applies)
        for goal in level.goals:
            if goal.scope is not None and goal.scope.text not in scopes:
                yield _Site(path=("level", level.name, "goal", goal.name, "scope"), criterion=goal.scope)


def _crm_sites(agreement: Agreement) -> Iterator[_Site]:
    places: list[tuple[Path, Mapping[tuple[str, str], Criterion]]] = [(("stage", one.name), one.recognised) for one in agreement.stages]
    ways_out = {"reject": agreement.reject, "recycle": agreement.recycle, "disqualify": agreement.disqualify}
    places += [((name,), way_out.recognised) for name, way_out in ways_out.items()]
    for path, recognised in places:
        for (crm, kind), criterion in recognised.items():
            yield _Site(path=(*path, crm, kind), criterion=criterion, over_crm=True, only_leads=False)


def _swapped_bounds(criterion: Criterion) -> Iterator[str]:
    for node in walk(parse_criterion(criterion.text).tree):
        if isinstance(node, Between):
            low, high = _number(node.low), _number(node.high)
            if low is not None and high is not None and low > high:
                yield f"`BETWEEN {low:g} AND {high:g}` has its bounds swapped, so nothing lies between them"


def _number(node: Node) -> float | None:
    match node:
        case Literal(value=int() | float() as value):
            return value
        case Negative(operand=Literal(value=int() | float() as value)):
            return -value
        case _:
            return None


def _excerpt(text: str, most: int = 40) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
