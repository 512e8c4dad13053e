"""Lines that define custom fields."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.lines import BadLines, problem
from sandbox.salesforce.fields import LONG_TEXT, Choice
from sandbox.salesforce.fields import Field as Known
from sandbox.salesforce.schema import Schema, SObject, custom_field

_TYPES = Literal[
    "string",
    "textarea",
    "double",
    "currency",
    "percent",
    "boolean",
    "date",
    "datetime",
    "email",
    "phone",
    "url",
    "picklist",
    "multipicklist",
    "reference",
]


class CustomFieldLine(BaseModel):
    """A custom field: `picklist` are its values, `default` one of them; `references` what a lookup points at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    attributes: dict[str, Any]
    object: str
    name: Annotated[str, Field(pattern=r"^[A-Za-z]\w*__c$")]
    type: _TYPES = "string"
    label: str | None = None
    length: Annotated[int, Field(ge=1, le=131_072)] | None = None
    precision: Annotated[int, Field(ge=1, le=18)] = 18
    scale: Annotated[int, Field(ge=0, le=18)] = 2
    picklist: list[str] = []
    default: str | None = None
    restricted: bool = False
    required: bool = False
    external_id: bool = False
    references: list[str] = []
    tracked: bool | None = None


def custom_field_of(schema: Schema, line: dict[str, Any], where: str) -> tuple[SObject, Known, bool | None]:
    """The field that a line defines, its object, and whether its history is kept. Raises BadLines."""
    try:
        read = CustomFieldLine.model_validate(line)
    except ValidationError as error:
        raise BadLines([problem_of(item, where, "CustomField") for item in error.errors(include_url=False)]) from None
    sobject = schema.find(read.object)
    if sobject is None or not sobject.is_stored:
        raise BadLines([problem(where, read.object, "an object such as Lead", "object")])
    unknown = [name for name in read.references if schema.find(name) is None]
    if unknown or (read.type == "reference" and not read.references):
        raise BadLines([problem(where, unknown or read.references, "the names of objects", "references")])
    return sobject, _field(read), read.tracked


def problem_of(item: Any, where: str, sort: str) -> str:
    """What is wrong with one key of a line of `sort` that defines a field, by an error of pydantic's."""
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] == "missing":
        return f"{where}: {key}: found nothing, expected a value"
    if item["type"] == "extra_forbidden":
        return f"{where}: {key}: found a key that a {sort} line does not have, expected only those of docs/reference/portal-file.md"
    if item["type"] == "string_pattern_mismatch":
        return problem(where, item["input"], "a name ending in __c", key)
    told = item["msg"].removeprefix("Input should be ").replace("'", '"')
    return problem(where, item["input"], told[:1].lower() + told[1:], key)


def _field(read: CustomFieldLine) -> Known:
    more: dict[str, Any] = {
        "choices": tuple(Choice(value=each, label=each, is_default=each == read.default) for each in read.picklist),
        "restricted": read.restricted,
        "external_id": read.external_id,
        "references": tuple(read.references),
    }
    if read.label is not None:
        more["label"] = read.label
    if read.length is not None:
        more["length"] = read.length
        more["filterable"] = read.type != "textarea" or read.length <= LONG_TEXT
    if read.type in ("double", "currency", "percent"):
        more |= {"precision": read.precision, "scale": read.scale}
    if read.type == "reference":
        more["relationship"] = read.name.removesuffix("__c") + "__r"
    if read.required:
        more["nillable"] = False
    return custom_field(read.name, read.type, **more)
