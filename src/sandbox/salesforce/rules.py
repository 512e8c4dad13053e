"""What the admin's rules do to a write: validation, duplicates, assignment."""

from __future__ import annotations

from sandbox.salesforce.change import Change
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.soql import condition_test
from sandbox.salesforce.soql_parse import parse_condition
from sandbox.salesforce.switches import Assignment


def refuse_if_invalid(change: Change) -> None:
    """Raise Refused with the messages of all validation rules whose condition holds for the row to be."""
    found = []
    for rule in change.store.switches.validations:
        if rule.sobject == change.sobject.name and holds(change, rule.condition):
            fields = (rule.field,) if rule.field else ()
            found.append(Refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields=fields))
    if found:
        raise Refused(found[0].code, found[0].message, fields=found[0].fields, more=tuple(found[1:]))


def refuse_if_duplicate(change: Change) -> None:
    """Raise Refused if a duplicate rule finds another record; an alert is passed over by callers that allow it."""
    for rule in change.store.switches.duplicates:
        if rule.sobject != change.sobject.name or not change.sets(rule.field):
            continue
        if change.caller.allow_duplicates and not rule.blocks:
            continue
        wanted = str(change.new[rule.field]).casefold()
        for row in change.store.tables[rule.sobject].rows.values():
            if str(row.get(rule.field)).casefold() == wanted and row["Id"] != change.new.get("Id") and not row.get("IsDeleted"):
                raise Refused("DUPLICATES_DETECTED", "Use one of these records?", fields=())


def assign(change: Change) -> None:
    """Let the assignment rule that the caller asks for, or the active one, set the owner of the lead in `new`."""
    rule = _rule_for(change)
    owner = next((owner for criteria, owner in rule.entries if not criteria or holds(change, criteria)), None) if rule else None
    if owner is not None:
        change.new["OwnerId"] = owner


def _rule_for(change: Change) -> Assignment | None:
    asked, rules = change.caller.auto_assign, change.store.switches.assignments
    if isinstance(asked, str):
        if asked not in rules:
            raise Refused("INVALID_CROSS_REFERENCE_KEY", f"invalid assignment rule id: {asked}", fields=())
        return rules[asked]
    return next((rule for rule in rules.values() if rule.active), None) if asked else None


def holds(change: Change, criteria: str) -> bool:
    """Whether a SOQL condition holds for the row to be."""
    condition = parse_condition(criteria)
    test = condition_test(change.store, change.sobject, criteria, condition, change.caller)
    return test({"Id": "", **change.new})
