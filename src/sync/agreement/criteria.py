"""Criteria: the agreement's SQL conditions, compiled to be asked about a lead at any moment. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sync.agreement.criteria_check import find_problems, infer_types
from sync.agreement.criteria_compile import Compiler, Test
from sync.agreement.criteria_parse import Parsed, parse_criterion
from sync.agreement.criteria_tree import Among, Compare, Literal, Name, Node, walk
from sync.agreement.criteria_types import Conjunct, CriterionError, Explanation, FieldType, Row, Value, read_value

__all__ = [
    "Conjunct",
    "Criterion",
    "CriterionError",
    "Explanation",
    "FieldType",
    "Row",
    "compile_criterion",
    "compile_mapping",
    "read_value",
]

DEEPEST_DEFINES = 20  # defines within defines
MOST_CONDITIONS = 5_000  # nodes, each define counted as often as it is named


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One of the conditions joined by AND."""

    text: str
    test: Test
    fields: frozenset[str]
    define: Criterion | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Criterion:
    """A condition over the fields of one lead, with SQL's three values.

    As SQLite answers it, but for three things: text compares without case; `<>`, NOT IN and NOT LIKE
    are true for a blank; a date literal is a day in the agreement's zone. Of two fields, `<>` is true
    if either is blank. Division by zero is blank.
    """

    text: str
    fields: frozenset[str]  # those of the defines it names included
    types: Mapping[str, FieldType]  # of each of `fields`
    picklist: tuple[str, frozenset[str]] | None  # (field, values as written) if it is field = 'x' or field IN ('x', …) alone
    named: Mapping[
        str, frozenset[str]
    ]  # text field -> the values, as written, that it is compared with for equality; without those of defines
    _test: Test
    _parts: tuple[_Part, ...]
    _needs: tuple[tuple[str, Test], ...]
    _size: int
    _depth: int

    def truth(self, values: Row) -> bool | None:
        """Whether it holds; None where a blank leaves it unknown. A name that is missing is blank."""
        return self._test(values)

    def can_hold(self, values_of: Callable[[str], Iterable[Value]]) -> bool:
        """Whether it may be true at some moment, where `values_of` gives every value that a field ever had; never a wrong no.

        Each condition that rests on one field alone must be true of one of its values.
        """
        for field, test in self._needs:
            for value in values_of(field):
                if test({field: value}) is True:
                    break
            else:
                return False
        return True

    def explain(self, values: Row) -> Explanation:
        """The answer, with each condition's own answer and the values it rests on; a define is one condition."""
        return Explanation(truth=self._test(values), conjuncts=tuple(_explained(part, values) for part in self._parts))


def compile_criterion(text: str, *, fields: Mapping[str, FieldType], defines: Mapping[str, str] | None = None, zone: ZoneInfo) -> Criterion:
    """Compile a condition over declared fields and defines, which may use one another.

    Raises CriterionError; its `problems` are all that were found in one text.
    """
    return _Library(fields=fields, defines=defines or {}, zone=zone).compile(text)


def compile_mapping(text: str, *, zone: ZoneInfo) -> Criterion:
    """Compile a condition over a CRM's own field names, their types inferred from how they are used.

    Compared with a text it is text, with a number or in a calculation a number, with DATE '…' a time,
    alone as a condition a boolean; a name that is only asked IS NULL, or only compared with other
    such names, is text. Raises CriterionError.
    """
    try:
        types = infer_types(parse_criterion(text).tree)
    except CriterionError as error:
        raise error.within(text, None) from None
    return compile_criterion(text, fields=types, zone=zone)


class _Library:
    """Compiles one criterion and the defines it needs, each define once."""

    def __init__(self, *, fields: Mapping[str, FieldType], defines: Mapping[str, str], zone: ZoneInfo) -> None:
        self._fields = fields
        self._texts = defines
        self._zone = zone
        self._ready: dict[str, Criterion] = {}
        self._open: list[str] = []  # defines being compiled, the outermost first

    def compile(self, text: str, *, define: str | None = None) -> Criterion:
        try:
            parsed = parse_criterion(text)
            self._refuse_problems(parsed.tree, text)
        except CriterionError as error:
            for problem in error.problems:
                problem.within(text, define)
            raise
        used = {
            node.name: self._define(node, text, define) for node in walk(parsed.tree) if isinstance(node, Name) and node.name in self._texts
        }
        return self._criterion(text, parsed, used)

    def _refuse_problems(self, tree: Node, text: str) -> None:
        problems = find_problems(tree, text=text, fields=self._fields, defines=self._texts)
        if problems:
            first = problems[0]
            first.problems = tuple(problems)
            raise first

    def _define(self, node: Name, text: str, define: str | None) -> Criterion:
        name = node.name
        if name in self._open:
            cycle = " -> ".join([*self._open[self._open.index(name) :], name])
            raise _place(node, f"the defines go in a circle: {cycle}", "take one of them out of the circle").within(text, define)
        if name not in self._ready:
            self._open.append(name)
            self._ready[name] = self.compile(self._texts[name], define=name)
            self._open.pop()
        ready = self._ready[name]
        if ready._depth >= DEEPEST_DEFINES:
            raise _place(node, f"defines stand more than {DEEPEST_DEFINES} deep in one another", "join some of them").within(text, define)
        return ready

    def _criterion(self, text: str, parsed: Parsed, used: Mapping[str, Criterion]) -> Criterion:
        names = [node.name for node in walk(parsed.tree) if isinstance(node, Name)]
        size = sum(1 for _ in walk(parsed.tree)) + sum(used[name]._size for name in names if name in used)
        if size > MOST_CONDITIONS:
            message = f"with its defines the criterion has {size:,} parts; at most {MOST_CONDITIONS:,} are read"
            raise CriterionError(message, position=0, found=text[:20], fix="name each define once").within(text, None)
        types = {name: self._fields[name] for name in names if name in self._fields}
        for criterion in used.values():
            types |= criterion.types
        compiler = Compiler(types=self._fields, defines={name: criterion._test for name, criterion in used.items()}, zone=self._zone)
        parts = tuple(_part(node, written, compiler, used) for node, written in parsed.conjuncts)
        return Criterion(
            text=text,
            fields=frozenset(types),
            types=types,
            picklist=_picklist(parsed.tree, types),
            named=_named(parsed.tree, types),
            _test=compiler.test(parsed.tree),
            _parts=parts,
            _needs=tuple(_needs_of(parts)),
            _size=size,
            _depth=1 + max((criterion._depth for criterion in used.values()), default=0),
        )


def _place(node: Name, message: str, fix: str) -> CriterionError:
    return CriterionError(message, position=node.at, found=node.name, fix=fix)


def _part(node: Node, text: str, compiler: Compiler, used: Mapping[str, Criterion]) -> _Part:
    names = [part.name for part in walk(node) if isinstance(part, Name)]
    fields = frozenset(names).difference(used).union(*(used[name].fields for name in names if name in used))
    name = node.name if isinstance(node, Name) and node.name in used else None
    return _Part(text=text, test=compiler.test(node), fields=fields, define=used[name] if name else None, name=name)


def _needs_of(parts: Iterable[_Part]) -> Iterator[tuple[str, Test]]:
    """Yield the conditions that rest on one field alone, those of defines included; all of them must hold at once."""
    for part in parts:
        if len(part.fields) == 1:
            yield next(iter(part.fields)), part.test
        elif part.define is not None:
            yield from part.define._needs


def _explained(part: _Part, values: Row) -> Conjunct:
    return Conjunct(
        text=part.text,
        truth=part.test(values),
        values={name: values.get(name) for name in sorted(part.fields)},
        define=part.name,
        parts=part.define.explain(values).conjuncts if part.define else (),
    )


def _named(tree: Node, types: Mapping[str, FieldType]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for node in walk(tree):
        match node:
            case Compare(operator="=" | "<>" | "!=", left=Name(name=name), right=Literal(value=str() as value)):
                values = frozenset({value})
            case Among(operand=Name(name=name), items=items):
                values = frozenset(item.value for item in items if isinstance(item, Literal) and isinstance(item.value, str))
            case _:
                continue
        if types.get(name) is FieldType.TEXT:
            found[name] = found.get(name, frozenset()) | values
    return found


def _picklist(tree: Node, types: Mapping[str, FieldType]) -> tuple[str, frozenset[str]] | None:
    match tree:
        case Compare(operator="=", left=Name(name=name), right=Literal() as item):
            items: tuple[Node, ...] = (item,)
        case Compare(operator="=", left=Literal() as item, right=Name(name=name)):
            items = (item,)
        case Among(operand=Name(name=name), items=items, negated=False):
            pass
        case _:
            return None
    values = frozenset(item.value for item in items if isinstance(item, Literal) and isinstance(item.value, str))
    return (name, values) if types.get(name) is FieldType.TEXT else None
