"""What a write does to a record: values checked against their definitions, history, what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sandbox import computed
from sandbox.clock import as_moment
from sandbox.computed import settle, touch
from sandbox.decimals import decimal_of
from sandbox.definitions import Definition
from sandbox.kinds import ACTIVITIES, KINDS
from sandbox.links import link, linked_live
from sandbox.record import Record
from sandbox.refusals import Refusal, bad_value, bad_values

if TYPE_CHECKING:
    from sandbox.portal import Portal

# Source: HubSpot's guides of tasks, notes and leads ("required").
REQUIRED = {"tasks": ("hs_timestamp",), "notes": ("hs_timestamp",), "leads": ("hs_lead_name",)}
_BOOLEANS = ("true", "false")
LONGEST = 65_536  # characters of a value. Source: HubSpot's guide of notes

Target = tuple[str, int, bool]  # kind, id, whether it is to be the primary one


def create(portal: Portal, kind: str, given: Mapping[str, Any], targets: Sequence[Target] = ()) -> Record:
    """Make a record with these property values, associated with `targets`.

    Raises Refusal for values that do not fit, a required one missing, an e-mail in use.
    """
    values = fit_to_create(portal, kind, given, targets)
    now = portal.clock.text()
    shape, id_ = KINDS[kind], portal.collections[kind].next_id()
    record = Record(id=id_, properties={shape.created: now, shape.modified: now, "hs_object_id": str(id_)})
    record.properties["hs_object_source"] = "INTEGRATION"
    record.properties["hs_object_source_id"] = str(portal.account.app_id)
    portal.add(kind, record)
    _write(portal, kind, record, values)
    for other_kind, other_id, primary in targets:
        associate(portal, (kind, id_), (other_kind, other_id), primary=primary)
    computed.fill(portal, kind, record)
    return record


def update(portal: Portal, kind: str, record: Record, given: Mapping[str, Any]) -> dict[str, str]:
    """Change property values of a live record; what was written, "" for what was cleared.

    A life-cycle stage that lies before the present one is left out without a word, as HubSpot does
    it, unless the field is blank. Raises Refusal for values that do not fit; nothing is changed then.
    """
    values = fit_to_change(portal, kind, record, given)
    if _is_backward(portal, kind, record, values):
        del values["lifecyclestage"]
    changes = {name: value for name, value in values.items() if value != (record.value(name) or "")}
    if changes:
        _write(portal, kind, record, changes)
        if kind in ACTIVITIES:
            _settle_worked(portal, kind, record)
    return values


def fit_to_create(portal: Portal, kind: str, given: Mapping[str, Any], targets: Sequence[Target]) -> dict[str, str]:
    """The values of a new record as they would be stored; nothing is made. Raises as `create` does."""
    values = checked(portal, kind, given)
    _refuse_if_incomplete(kind, values, targets)
    _refuse_if_taken(portal, kind, values, None)
    return values


def fit_to_change(portal: Portal, kind: str, record: Record, given: Mapping[str, Any]) -> dict[str, str]:
    """The changed values as they would be stored; nothing is changed. Raises as `update` does."""
    values = checked(portal, kind, given, record)
    _refuse_if_taken(portal, kind, values, record)
    return values


def archive(portal: Portal, kind: str, record: Record) -> None:
    """Move a live record to the archive; what others computed from it follows."""
    portal.changing(kind, record)
    portal.collections[kind].archive(record, portal.clock.text())
    for other_kind in computed.WORKED:
        for id_ in linked_live(portal, record, other_kind):
            settle(portal, other_kind, portal.record(other_kind, id_), {kind})


def restore(portal: Portal, kind: str, record: Record) -> None:
    """Bring an archived record back; it changed by that. Raises Refusal if another has its identifying value by now."""
    collection = portal.collections[kind]
    _refuse_if_taken(portal, kind, {name: record.value(name) or "" for name in collection.identifiers}, record)
    portal.changing(kind, record)
    collection.restore(record)
    computed.touch(kind, record, portal.clock.text())
    for other_kind in computed.WORKED:
        for id_ in linked_live(portal, record, other_kind):
            settle(portal, other_kind, portal.record(other_kind, id_), {kind})


def associate(portal: Portal, source: tuple[str, int], target: tuple[str, int], *, primary: bool = False) -> None:
    """Associate two records, and let both follow from it."""
    link(portal, source, target, primary=primary)
    settle_ends(portal, source, target)


def settle_ends(portal: Portal, source: tuple[str, int], target: tuple[str, int]) -> None:
    """Let both ends follow from an association that was made, changed or taken away."""
    for (kind, id_), (cause, _) in ((source, target), (target, source)):
        settle(portal, kind, portal.record(kind, id_), {cause})


def checked(portal: Portal, kind: str, given: Mapping[str, Any], record: Record | None = None) -> dict[str, str]:
    """The values as `record` (or a new one) stores them: text, moments normalised, "" for cleared. None is no change.

    A semicolon before a value of several options adds these to what the record has.

    Raises Refusal naming every value that HubSpot would not take.
    """
    values: dict[str, str] = {}
    problems: list[dict[str, Any]] = []
    for name, raw in given.items():
        if raw is None:
            continue
        text = raw if isinstance(raw, str) else _as_text(raw)
        definition = portal.definitions[kind].get(name)
        if definition is None:
            problems.append(bad_value(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
        elif definition.read_only:
            problems.append(bad_value(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'))
        else:
            fault, value = _fitted(portal, kind, definition, text)
            values[name] = _added(value, record.value(name) if record else None) if definition.is_multiple else value
            problems += [fault] if fault else []
    if problems:
        raise bad_values(problems)
    return values


def _write(portal: Portal, kind: str, record: Record, changes: Mapping[str, str]) -> None:
    now = portal.clock.text()
    portal.changing(kind, record)
    stamps = computed.stamps(portal, kind, record.value("lifecyclestage"), changes, now)
    portal.collections[kind].put(record, {**changes, **stamps})
    for name, value in changes.items():
        source = {"sourceType": "INTEGRATION", "sourceId": str(portal.account.app_id)}
        record.remember(name, {"value": value, "timestamp": now, **source})
    for name, value in stamps.items():
        record.remember(name, {"value": value, "timestamp": now, "sourceType": "CALCULATED"})
    touch(kind, record, now)
    settle(portal, kind, record, changes)


def _settle_worked(portal: Portal, kind: str, activity: Record) -> None:
    for other_kind in computed.WORKED:
        for id_ in linked_live(portal, activity, other_kind):
            settle(portal, other_kind, portal.record(other_kind, id_), {kind})


def _refuse_if_taken(portal: Portal, kind: str, values: Mapping[str, str], record: Record | None) -> None:
    """Refuse an identifying value (a contact's e-mail) that another live record has, with 409."""
    collection = portal.collections[kind]
    for name in collection.identifiers:
        holder = collection.holder(name, values.get(name) or "")
        if holder is not None and holder is not record:
            noun = KINDS[kind].singular.capitalize()
            raise Refusal(f"{noun} already exists. Existing ID: {holder.id}", status=409, category="CONFLICT")


def _refuse_if_incomplete(kind: str, values: Mapping[str, str], targets: Iterable[Target]) -> None:
    missing = [name for name in REQUIRED.get(kind, ()) if not values.get(name)]
    if missing:
        noun = KINDS[kind].singular.upper()
        detail = {"message": f"{noun} needs {', '.join(missing)}", "code": "REQUIRED_FIELD", "context": {"properties": missing}}
        raise Refusal(f"Error creating {noun}. Some required properties were not set.", errors=[detail], context={"properties": missing})
    if kind == "leads" and not any(other in ("contacts", "companies") for other, _, _ in targets):
        raise Refusal("Error creating LEAD. A lead must be associated with a primary contact or company.")


def _is_backward(portal: Portal, kind: str, record: Record, values: Mapping[str, str]) -> bool:
    order = (
        {option.value: option.order for option in portal.definitions[kind]["lifecyclestage"].options} if "lifecyclestage" in values else {}
    )
    before, after = order.get(record.value("lifecyclestage") or ""), order.get(values.get("lifecyclestage", ""))
    return before is not None and after is not None and after < before


def _fitted(portal: Portal, kind: str, definition: Definition, text: str) -> tuple[dict[str, Any] | None, str]:
    """What is wrong with `text` as a value, if anything, and how it is stored."""
    name = definition.name
    if not text:
        return None, ""
    if len(text) > LONGEST:
        return bad_value(name, "INVALID_LENGTH", f"{name} has {len(text)} characters; at most {LONGEST} are taken."), text
    if definition.is_moment:
        return _fitted_moment(kind, definition, text)
    if definition.type == "number":
        return (None if _is_number(text) else bad_value(name, "INVALID_NUMBER", f"{text} was not a valid number.")), text
    if definition.follows == "owner":
        known = text in portal.staff.owners and not portal.staff.owners[text].archived
        return (None if known else bad_value(name, "INVALID_OWNER_ID", f"Owner {text} does not exist or is not active.")), text
    if name == "email":
        return _fitted_email(portal, text)
    allowed = _BOOLEANS if definition.type == "bool" else [option.value for option in portal.options(kind, definition)]
    parts = text.removeprefix(";").split(";") if definition.is_multiple else [text]
    if not allowed or definition.open_set or all(part in allowed for part in parts):
        return None, text
    return bad_value(name, "INVALID_OPTION", f"{text} was not one of the allowed options: [{', '.join(allowed)}]"), text


def _fitted_email(portal: Portal, text: str) -> tuple[dict[str, Any] | None, str]:
    address = text.lower()
    if address in portal.blocked_emails:
        return bad_value("email", "INVALID_EMAIL", f"Email address {text} is blocked: its contact was deleted for good"), address
    return (None if _is_address(text) else bad_value("email", "INVALID_EMAIL", f"Email address {text} is invalid")), address


def _added(text: str, before: str | None) -> str:
    """`text`, or with a semicolon before it the options of `before` and of `text`, each once."""
    if not text.startswith(";"):
        return text
    return ";".join(dict.fromkeys(option for option in f"{before or ''}{text}".split(";") if option))


def _fitted_moment(kind: str, definition: Definition, text: str) -> tuple[dict[str, Any] | None, str]:
    try:
        moment = as_moment(text)
    except ValueError:
        if definition.type == "date":
            return bad_value(definition.name, "INVALID_DATE", f"{text} was not a valid date."), text
        message = f"{text} was not a valid long. Object type {KINDS[kind].type_id}"
        return bad_value(definition.name, "INVALID_LONG", message), text
    return None, moment[:10] if definition.type == "date" else moment


def _is_address(text: str) -> bool:
    before, _, domain = text.partition("@")
    return bool(before) and "." in domain.strip(".") and "@" not in domain and not any(letter.isspace() for letter in text)


def _is_number(text: str) -> bool:
    try:
        decimal_of(text)
    except ValueError:
        return False
    return True


def _as_text(raw: object) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float):
        return str(raw)
    raise Refusal("Invalid input JSON: property values must be strings, numbers or booleans.")
