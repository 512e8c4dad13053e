"""What an admin, or time, does to an org."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sandbox.salesforce.activities import archives
from sandbox.salesforce.caller import Caller
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.refusals import Refused, no_such_resource
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.soql import condition_test
from sandbox.salesforce.soql_parse import parse_condition
from sandbox.salesforce.store import Store
from sandbox.salesforce.switches import Assignment, Duplicates, Validation


def archive(store: Store) -> int:
    """Archive the activities that are old enough; the number of records."""
    now, count = store.clock.now(), 0
    for name in ("Task", "Event"):
        for row in list(store.tables[name].rows.values()):
            if not row.get("IsArchived") and archives(row, now):
                store.set(name, row["Id"], IsArchived=True)
                count += 1
    return count


def named(store: Store, sobject: str, field: str | None) -> tuple[str, str | None]:
    """The names of an object and of one of its fields in their canonical case. Raises Refused for unknown ones."""
    found = _sobject(store, sobject)
    if field is None:
        return found.name, None
    known = found.field(field)
    if known is None:
        raise Refused("INVALID_FIELD", f"No such column '{field}' on sobject of type {found.name}")
    return found.name, known.name


def track(store: Store, sobject: str, field: str | None, *, on: bool) -> None:
    """Switch the history of a field, or of an object, on or off."""
    name, known = named(store, sobject, field)
    if known is None:
        (store.switches.history_off.discard if on else store.switches.history_off.add)(name)
    else:
        (store.switches.tracked.add if on else store.switches.tracked.discard)((name, known))


def add_validation(store: Store, caller: Caller, sobject: str, condition: str, *, message: str, field: str | None) -> None:
    """Add a validation rule. Raises Refused if its condition cannot be asked."""
    found = _sobject(store, sobject)
    _refuse_if_unaskable(store, found, condition, caller)
    known = named(store, sobject, field)[1] if field else None
    store.switches.validations.append(Validation(sobject=found.name, condition=condition, message=message, field=known))


def add_duplicate_rule(store: Store, sobject: str, field: str, *, blocks: bool) -> None:
    """Add a duplicate rule. Raises Refused for an unknown field."""
    name, known = named(store, sobject, field)
    store.switches.duplicates.append(Duplicates(sobject=name, field=str(known), blocks=blocks))


def set_assignment(store: Store, caller: Caller, entries: Sequence[tuple[str, str]], *, rule_id: str | None, active: bool) -> str:
    """Set or drop a Lead assignment rule; its id. Raises Refused for criteria that cannot be asked and owners that are none."""
    lead, rules = store.schema.objects["Lead"], store.switches.assignments
    made = tuple((criteria, _owner(store, owner)) for criteria, owner in entries)
    for criteria, _ in made:
        if criteria:
            _refuse_if_unaskable(store, lead, criteria, caller)
    id_ = long_id(rule_id) or store.mint.new(store.schema.objects["AssignmentRule"].prefix)
    if not made:
        rules.pop(id_, None)
        store.put("AssignmentRule", id_, None)
        return id_
    for other, rule in list(rules.items()):
        if active and other != id_:
            rules[other] = Assignment(entries=rule.entries, active=False)
            store.set("AssignmentRule", other, Active=False)
    rules[id_] = Assignment(entries=made, active=active)
    store.put("AssignmentRule", id_, {"Id": id_, "Name": f"Rule {len(rules)}", "SobjectType": "Lead", "Active": active})
    return id_


def lock(store: Store, id_: str, until: datetime) -> None:
    """Hold a record until a moment. Raises Refused if there is none."""
    row = store.row(long_id(id_))
    if row is None:
        raise no_such_resource()
    store.switches.locks[row["Id"]] = until


def _owner(store: Store, id_: str) -> str:
    owner = store.row(long_id(id_))
    if owner is None or not owner["Id"].startswith(("005", "00G")):
        raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=("OwnerId",))
    return str(owner["Id"])


def _refuse_if_unaskable(store: Store, sobject: SObject, condition: str, caller: Caller) -> None:
    condition_test(store, sobject, condition, parse_condition(condition), caller)


def _sobject(store: Store, name: str) -> SObject:
    sobject = store.schema.find(name)
    if sobject is None:
        raise no_such_resource()
    return sobject
