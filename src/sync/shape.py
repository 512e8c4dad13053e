"""Checks the shape of a document that people wrote, and turns pydantic's errors into problems. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from sync.problems import Problem, choose_fix, listed, quoted

SECRET_WORDS = ("token", "secret", "password", "credential", "private_key", "session_id")

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Count = Annotated[int, Field(strict=True, ge=1)]
Loc = Sequence[str | int]
Model = TypeVar("Model", bound=BaseModel)

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_USER_IN_ADDRESS = re.compile(r"//[^/@\s]*@")
_NO_TABLE = {"dict_type", "model_type", "model_attributes_type"}
_OF_KEY = "[key]"  # how pydantic says that the key is wrong, not its value
_FIRST_YEAR, _LAST_YEAR = 1980, 2150
_MOST_ROUNDS = 10  # leaving out one wrong value can uncover another, one level up
_EXPECTED = {
    "string_type": "text in quotes",
    "string_too_short": "text that is not empty",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "date_type": "a day without quotes, such as 2026-12-31",
    "datetime_type": "a moment without quotes, such as 2026-01-02T10:00:00-05:00",
    "timezone_aware": "a moment with its offset, such as 2026-01-02T10:00:00-05:00",
    "dict_type": "a table",
    "model_type": "a table",
    "list_type": "a list",
    "tuple_type": "a list",
    "too_short": "at least one entry",
}


class Table(BaseModel):
    """A table of a file in which every key is known."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True)


def wrong(expected: str, *, fix: str) -> PydanticCustomError:
    """Return the error that a validator raises for a value of the right type and a wrong meaning."""
    return PydanticCustomError("wrong", "{expected}", {"expected": expected, "fix": fix})


def _within_reach(day: date) -> date:
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise wrong(f"a day from {_FIRST_YEAR} to {_LAST_YEAR}", fix="correct the year")
    return day


Day = Annotated[date, Field(strict=True), AfterValidator(_within_reach)]


def matching(pattern: str, expected: str, *, fix: str) -> AfterValidator:
    """Return the validator of a text that must match `pattern` as a whole."""
    whole = re.compile(pattern)

    def check(text: str) -> str:
        if not whole.fullmatch(text):
            raise wrong(expected, fix=fix)
        return text

    return AfterValidator(check)


def read_shape(
    model: type[Model], document: Mapping[str, Any], *, file: str, stand_ins: Mapping[str, Any] | None = None
) -> tuple[Model | None, list[Problem]]:
    """Read `document` as `model`, with everything that is wrong with its shape.

    What is wrong is left out and the rest is read all the same, so that its meaning can be checked in the same go;
    `stand_ins` take the place of missing keys, at any depth. None if too little is left. With a problem in the
    list the model serves for checking only.
    """
    rest = deepcopy(dict(document))
    problems: list[Problem] = []
    for _ in range(_MOST_ROUNDS):
        try:
            return model.model_validate(rest), problems
        except ValidationError as error:
            problems = problems or shape_problems(error, model=model, document=document, file=file)
            for details in error.errors(include_url=False):
                _leave_out(rest, details, stand_ins or {})
            rest = _without_holes(rest)
    return None, problems


def shape_problems(error: ValidationError, *, model: type[BaseModel], document: Mapping[str, Any], file: str) -> list[Problem]:
    """Turn every error of `model.model_validate(document)` into a problem, in the order of the model."""
    return [_problem(details, model=model, document=document, file=file) for details in error.errors(include_url=False)]


def place(document: Mapping[str, Any], loc: Loc) -> str:
    """Return the dotted key of `loc`; an entry of a list goes by its name where it has one, else by its number from 1."""
    parts: list[str] = []
    value: Any = document
    for step in loc:
        inside = _inside(value, step)
        name = inside.get("name", inside.get("side")) if isinstance(inside, Mapping) else None
        if isinstance(step, str):
            parts.append(key_of(step))
        elif isinstance(name, str):
            parts.append(key_of(name))
        elif isinstance(value, list):
            parts[-1] += f"[{step + 1}]"
        value = inside
    return ".".join(parts)


def key_of(name: str) -> str:
    """Return `name` as it stands in a dotted key: in quotes if TOML asks for them."""
    return name if _BARE_KEY.fullmatch(name) else f'"{name}"'


def _inside(value: Any, step: str | int) -> Any:
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def _problem(details: ErrorDetails, *, model: type[BaseModel], document: Mapping[str, Any], file: str) -> Problem:
    loc = details["loc"]
    where = place(document, loc[:-1] if loc[-1] == _OF_KEY else loc)
    if details["type"] == "extra_forbidden":
        known = _keys_at(model, loc[:-1])
        fix = choose_fix(str(loc[-1]), known, otherwise=f"remove it; the keys here are {listed(known)}")
        return Problem(file=file, where=where, found=f"the unknown key `{loc[-1]}`", expected="a known key", fix=fix)
    if details["type"] == "missing":
        return Problem(file=file, where=where, found="nothing", expected=f"the key `{loc[-1]}`", fix=f"add `{loc[-1]} = …`")
    expected, fix = _advice(details)
    found = "no table" if details["type"] in _NO_TABLE else shown(loc, details["input"])  # a token may stand where its table belongs
    return Problem(file=file, where=where, found=found, expected=expected, fix=fix)


def _advice(details: ErrorDetails) -> tuple[str, str]:
    context = details.get("ctx", {})
    if details["type"] in {"literal_error", "enum"}:
        words = re.findall(r"'([^']*)'", context["expected"])
        fix = choose_fix(str(details["input"]), words, otherwise="write one of these words")
        return f"one of {listed(words)}", fix
    told = details["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    expected = str(context.get("expected") or _EXPECTED.get(details["type"]) or told)
    return expected, str(context.get("fix") or f"write {expected}")


def shown(loc: Loc, value: object) -> str:
    """Return a found value for a message, without what may be a secret."""
    if any(word in str(step).lower() for step in loc for word in SECRET_WORDS):
        return "a value that is not shown"
    if isinstance(value, Mapping):
        return f"a table with {listed(str(key) for key in value)}"
    return _USER_IN_ADDRESS.sub("//…@", quoted(value))


def _keys_at(model: type[BaseModel], loc: Loc) -> frozenset[str]:
    """Return the keys that the table at `loc` may have."""
    here: Any = model
    for step in loc:
        table = _table_in(here)
        if table is not None and isinstance(step, str) and (info := _field(table, step)) is not None:
            here = info
        else:
            here = get_args(_bare(here))[-1 if get_origin(_bare(here)) is not tuple else 0]
    table = _table_in(here)
    return frozenset(info.alias or name for name, info in table.model_fields.items()) if table else frozenset()


def _field(table: type[BaseModel], key: str) -> Any:
    for name, info in table.model_fields.items():
        if key in {name, info.alias}:
            return info.annotation
    return None


def _bare(annotation: Any) -> Any:
    """Return an annotation without `Annotated[…]` and `| None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    options = [option for option in get_args(annotation) if option is not type(None)]
    if type(None) in get_args(annotation) and len(options) == 1:
        return _bare(options[0])
    return annotation


def _table_in(annotation: Any) -> type[BaseModel] | None:
    bare = _bare(annotation)
    return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None


def _leave_out(document: dict[str, Any], details: ErrorDetails, stand_ins: Mapping[str, Any]) -> None:
    """Cut from `document` what an error is about: the value, or the table in which a key is missing and has no stand-in."""
    *path, last = details["loc"]
    if details["type"] != "missing":
        _cut(*_reach(document, [*path, last]))
    elif last in stand_ins:
        table, step = _reach(document, [*path, last])
        table[step] = stand_ins[str(last)]
    elif path:
        _cut(*_reach(document, path))


def _reach(document: dict[str, Any], loc: Loc) -> tuple[Any, str | int]:
    """Return the table or list that holds the value at `loc`, and its key there; a text is as deep as it goes."""
    parent: Any = document
    for step in loc[:-1]:
        child = _inside(parent, step)
        if not isinstance(child, dict | list):
            return parent, step
        parent = child
    return parent, loc[-1]


def _cut(parent: Any, step: str | int) -> None:
    if isinstance(parent, dict):
        parent.pop(step, None)
    elif isinstance(step, int) and step < len(parent):
        parent[step] = None  # a hole: TOML has no null, and the places of the others must stay


def _without_holes(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_holes(inside) for key, inside in value.items()}
    if isinstance(value, list):
        return [_without_holes(inside) for inside in value if inside is not None]
    return value


def prefixed(problem: Problem, where: str) -> Problem:
    """Return a problem of a part as a problem of the whole, in which the part stands at `where`."""
    return replace(problem, where=f"{where}.{problem.where}" if problem.where else where)
