"""What a control path is told, held against what it takes; all problems at once. Pure."""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

T = TypeVar("T")


class BadOrder(ValueError):
    """An order that is not carried out; `problems` names all that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def checked(adapter: TypeAdapter[T], value: object) -> T:
    """`value` as what `adapter` takes. Raises BadOrder."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise BadOrder([_problem(item) for item in error.errors(include_url=False)]) from None


def _problem(item: ErrorDetails) -> str:
    where = ".".join(str(part) for part in item["loc"])
    said = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    expected = "no such key" if item["type"] == "extra_forbidden" else said[:1].lower() + said[1:].replace("'", '"')
    return f"{where}: expected {expected}" if where else f"expected {expected}"
