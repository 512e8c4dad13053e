"""Values that a call wants to write -> values as rows hold them. Raises Refused for those that do not fit. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from typing import Any

from sandbox.salesforce.fields import Field
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.moments import canonical_date, canonical_moment
from sandbox.salesforce.refusals import Refused

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>.]+(?:\.[^@\s,;<>.]+)+\Z")


def cast(field: Field, value: Any, choices: Collection[str]) -> Any:
    """`value` as a row holds it; None where it is blank. `choices` are what a restricted picklist takes."""
    if value is None or value == "":
        return False if field.type == "boolean" and value == "" else None
    family = "text" if field.is_text else "number" if field.is_number else field.type
    if family not in _CASTS:
        raise _wrong_type(field, value)
    found = _CASTS[family](field, value)
    if field.type == "email" and not _EMAIL.match(found):
        raise Refused("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {found}", fields=(field.name,))
    if field.restricted and (wrong := [each for each in _choices_of(field, found) if each not in choices]):
        told = f"{field.label}: bad value for restricted picklist field: {';'.join(wrong)}"
        raise Refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", told, fields=(field.name,))
    return found


def _choices_of(field: Field, value: str) -> list[str]:
    return value.split(";") if field.type == "multipicklist" else [value]


def _text(field: Field, value: Any) -> str | None:
    if isinstance(value, dict | list):
        raise _wrong_type(field, value)
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    text = text if field.type == "textarea" else text.strip()
    if len(text) > field.length:
        told = f"{field.label}: data value too large: {text} (max length={field.length})"
        raise Refused("STRING_TOO_LONG", told, fields=(field.name,))
    return text or None


def _number(field: Field, value: Any) -> float | int:
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None or not math.isfinite(number):
        raise _wrong_type(field, value)
    whole = 10.0 ** (field.precision - field.scale if field.precision else field.length)
    if abs(number) >= whole:
        told = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise Refused("NUMBER_OUTSIDE_VALID_RANGE", told, fields=(field.name,))
    if field.type == "int":
        if not number.is_integer():
            raise _wrong_type(field, value)
        return int(number)
    return round(number, field.scale)


def _boolean(field: Field, value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false", "1", "0"):
        return value.lower() in ("true", "1")
    if not isinstance(value, bool):
        raise _wrong_type(field, value)
    return value


def _date(field: Field, value: Any) -> str:
    try:
        return canonical_date(value)
    except (ValueError, TypeError, OverflowError):
        raise _wrong_type(field, value) from None


def _moment(field: Field, value: Any) -> str:
    try:
        return canonical_moment(value)
    except (ValueError, TypeError):
        raise _wrong_type(field, value) from None


def _reference(field: Field, value: Any) -> str:
    found = long_id(value)
    if found is None:
        raise Refused("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", fields=(field.name,))
    return found


def _wrong_type(field: Field, value: Any) -> Refused:
    sort = "BOOLEAN" if isinstance(value, bool) else "NUMBER" if isinstance(value, int | float) else "STRING"
    told = f"Cannot deserialize instance of {field.type} from VALUE_{sort} value {value} or request may be missing a required field"
    return Refused("JSON_PARSER_ERROR", told)


_CASTS: dict[str, Callable[[Field, Any], Any]] = {
    "text": _text,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "datetime": _moment,
    "reference": _reference,
    "id": _reference,
}
