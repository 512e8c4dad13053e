"""The lines of a portal file: what each must look like, and what to say of one that does not. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NotRequired
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
    with_config,
)
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from sandbox.clock import as_millis, as_moment
from sandbox.kinds import KINDS

_SHOWN = 60  # characters of a wrong value that a problem repeats


def _moment(text: str) -> str:
    try:
        if text.isdigit():
            return as_moment(text)
        as_millis(text)
    except ValueError:
        raise ValueError("a moment such as 2026-11-20T15:00:00Z") from None
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone such as America/New_York") from None
    return text


def _kind(text: str) -> str:
    """The plural name of an object type that is given by its plural, its singular or its type id."""
    kind = next((kind for kind in KINDS.values() if text.lower() in {kind.plural, kind.singular, kind.type_id}), None)
    if kind is None:
        raise ValueError(f"one of {', '.join(KINDS)}")
    return kind.plural


def _as_hubspot_sends(value: object) -> object:
    """HubSpot sends every value as text: `true`, `42`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else repr(value)
    return value


Id = Annotated[str, Field(pattern=r"^[0-9]{1,18}$")]
PropertyValue = Annotated[str | None, BeforeValidator(_as_hubspot_sends)]
Moment = Annotated[str, AfterValidator(_moment)]
Zone = Annotated[str, AfterValidator(_zone)]
KindName = Annotated[str, AfterValidator(_kind)]


# Keys of HubSpot's own answers that a portal works out itself: a recorded answer can be loaded as it is.
_TOLD_BY_HUBSPOT = frozenset(
    {
        "createdAt",
        "updatedAt",
        "archivedAt",
        "archived",
        "url",
        "userIdIncludingInactive",
        "createdUserId",
        "updatedUserId",
        "displayOrder",
        "hidden",
        "description",
        "externalOptions",
        "hubspotDefined",
        "calculated",
        "calculationFormula",
        "formField",
        "dataSensitivity",
        "referencedObjectType",
        "writePermissions",
        "showCurrencySymbol",
        "uiDomain",
        "utcOffset",
        "utcOffsetMilliseconds",
        "dataHostingLocation",
        "additionalCurrencies",
        "modificationMetadata",
        "objectWriteTraceId",
    }
)


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True, coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_what_hubspot_tells(cls, line: object) -> object:
        if not isinstance(line, dict):
            return line
        known = {to_camel(name) for name in cls.model_fields}
        return {key: value for key, value in line.items() if key in known or key not in _TOLD_BY_HUBSPOT}


@with_config(ConfigDict(extra="forbid"))
class Version(TypedDict):
    """One version in a property's history, in HubSpot's own words."""

    value: str | None
    timestamp: Moment
    sourceType: NotRequired[str]
    sourceId: NotRequired[str | None]
    sourceLabel: NotRequired[str | None]
    updatedByUserId: NotRequired[int | None]


class RecordLine(_Line):
    """A record of any kind."""

    object: Literal["contacts", "companies", "deals", "tickets", "leads", "calls", "emails", "meetings", "communications", "tasks", "notes"]
    id: Id
    properties: dict[str, PropertyValue] = {}
    history: dict[str, list[Version]] = {}
    associations: dict[KindName, list[Id]] = {}
    archived: bool = False
    archived_at: Moment | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None


class Membership(_Line):
    """A team that an owner is in."""

    id: Id
    name: str
    primary: bool = False


class OwnerLine(_Line):
    """An owner; `type` QUEUE for a queue."""

    object: Literal["owners"]
    id: Id
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    user_id: int | None = None
    type: Literal["PERSON", "QUEUE"] = "PERSON"
    archived: bool = False
    teams: list[Membership] = []
    created_at: Moment | None = None
    updated_at: Moment | None = None


class TeamLine(_Line):
    """A team and the user ids in it."""

    object: Literal["teams"]
    id: Id
    name: str
    user_ids: list[str] = []
    secondary_user_ids: list[str] = []


class OptionLine(_Line):
    """One option of a picklist."""

    value: str
    label: str | None = None
    display_order: int | None = None
    hidden: bool = False
    description: str = ""


class PropertyLine(_Line):
    """A property definition, new or in the place of a built-in one."""

    object: Literal["properties"]
    object_type: KindName
    name: Annotated[str, Field(min_length=1)]
    label: str | None = None
    type: Literal["string", "number", "date", "datetime", "enumeration", "bool", "phone_number"] = "string"
    field_type: str = "text"
    group_name: str = "portal"
    description: str = ""
    options: list[OptionLine] = []
    has_unique_value: bool = False
    read_only_value: bool = False


class StageLine(_Line):
    """One stage of a pipeline; `metadata` values are strings, as HubSpot has them."""

    id: str
    label: str
    display_order: int | None = None
    metadata: dict[str, str] = {}


class PipelineLine(_Line):
    """A pipeline, new or in the place of a built-in one."""

    object: Literal["pipelines"]
    object_type: KindName
    id: str
    label: str
    display_order: int = 0
    stages: list[StageLine]


class AccountLine(_Line):
    """The account; what is not given stays as it was."""

    object: Literal["account"]
    portal_id: int | None = None
    time_zone: Zone | None = None
    account_type: Literal["STANDARD", "SANDBOX", "DEVELOPER_TEST", "APP_DEVELOPER"] | None = None
    company_currency: str | None = None
    app_id: int | None = None


class ListLine(_Line):
    """A list of records, without members."""

    object: Literal["lists"]
    id: Id
    name: Annotated[str, Field(min_length=1)]
    object_type: KindName = "contacts"
    processing_type: Literal["MANUAL", "SNAPSHOT", "DYNAMIC"] = "MANUAL"


OtherLine = OwnerLine | TeamLine | PropertyLine | PipelineLine | AccountLine | ListLine
_LINE: TypeAdapter[RecordLine | OtherLine] = TypeAdapter(Annotated[RecordLine | OtherLine, Field(discriminator="object")])


class BadLines(ValueError):
    """Lines that cannot be loaded; `problems` names all of them, each with place, found and expected."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_line(line: object, where: str) -> RecordLine | OtherLine:
    """Check one line. Raises BadLines naming `where` and everything that is wrong with it."""
    try:
        return _LINE.validate_python(line)
    except ValidationError as error:
        raise BadLines(list(_problems(error, where))) from None


def problem(where: str, found: object, expected: str, key: str = "") -> str:
    """One problem as a sentence: place, key, what was found, what was expected."""
    named = f"{key}: " if key else ""
    return f"{where}: {named}found {_short(found)}, expected {expected}"


def _problems(error: ValidationError, where: str) -> Iterator[str]:
    for item in error.errors(include_url=False):
        path = [str(part) for part in item["loc"]]
        key = ".".join(path[1:] if path[:1] and path[0] in _TAGS else path)
        yield _problem(item["type"], item["msg"], item["input"], where, key)


def _problem(sort: str, message: str, found: Any, where: str, key: str) -> str:
    match sort:
        case "missing":
            return f"{where}: {key}: found nothing, expected a value"
        case "extra_forbidden":
            return f"{where}: {key}: found a key that this object does not have, expected only those of docs/reference/portal-file.md"
        case "union_tag_not_found":
            return f'{where}: found no "object", expected one of {", ".join(_TAGS)}'
        case "union_tag_invalid":
            return problem(where, found.get("object"), f"one of {', '.join(_TAGS)}", "object")
        case "string_pattern_mismatch":
            return problem(where, found, "an id of digits", key)
        case "model_attributes_type" | "model_type" | "dict_type":
            return problem(where, found, "a JSON object", key)
        case "literal_error":
            message = message.replace("'", '"')
    expected = message.removeprefix("Input should be ").removeprefix("Value error, ")
    return problem(where, found, expected[:1].lower() + expected[1:], key)


def _short(found: object) -> str:
    text = json.dumps(found, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


_TAGS = (*KINDS, "owners", "teams", "properties", "pipelines", "account")
