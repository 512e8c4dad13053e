"""Lines that say what an org's admin changed about a standard field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.lines import BadLines, problem
from sandbox.salesforce.custom_lines import problem_of
from sandbox.salesforce.fields import Choice, Field
from sandbox.salesforce.schema import Schema, SObject


class StandardFieldLine(BaseModel):
    """A field that every org has: the values it offers here, and whether its history is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    attributes: dict[str, Any]
    object: str
    name: str
    picklist: list[str] | None = None
    restricted: bool | None = None
    tracked: bool | None = None


def standard_field_of(schema: Schema, line: dict[str, Any], where: str) -> tuple[SObject, Field, bool | None]:
    """The field as a line changes it, its object, and whether its history is kept. Raises BadLines."""
    try:
        read = StandardFieldLine.model_validate(line)
    except ValidationError as error:
        raise BadLines([problem_of(item, where, "StandardField") for item in error.errors(include_url=False)]) from None
    sobject = schema.find(read.object)
    if sobject is None or not sobject.is_stored:
        raise BadLines([problem(where, read.object, "an object such as Lead", "object")])
    known = sobject.field(read.name)
    if known is None or known.custom:
        raise BadLines([problem(where, read.name, f"a field that every {sobject.name} has", "name")])
    if read.picklist is not None and known.type != "picklist":
        raise BadLines([problem(where, read.picklist, f"no values: {known.name} is no picklist", "picklist")])
    return sobject, _changed(known, read), read.tracked


def _changed(known: Field, read: StandardFieldLine) -> Field:
    choices = known.choices if read.picklist is None else tuple(Choice(value=each, label=each) for each in read.picklist)
    return replace(known, choices=choices, restricted=known.restricted if read.restricted is None else read.restricted)


def standard_lines(sobject: SObject, before: SObject, tracked: set[str]) -> list[dict[str, Any]]:
    """A line for each standard field of `sobject` that differs from what it is in a new org."""
    standard = (field for field in sobject.fields.values() if not field.custom)
    lines = (_line(sobject, field, before.fields[field.name], is_tracked=field.name in tracked) for field in standard)
    return [line for line in lines if line is not None]


def _line(sobject: SObject, field: Field, was: Field, *, is_tracked: bool) -> dict[str, Any] | None:
    line: dict[str, Any] = {}
    if field.choices != was.choices:
        line["picklist"] = [choice.value for choice in field.choices]
    if field.restricted != was.restricted:
        line["restricted"] = field.restricted
    if is_tracked != was.tracked:
        line["tracked"] = is_tracked
    return {"attributes": {"type": "StandardField"}, "object": sobject.name, "name": field.name, **line} if line else None
