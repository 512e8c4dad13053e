"""What an admin sets and what people do in the org, past the API: none of it is a call, none is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from sandbox.salesforce.caller import Caller
from sandbox.salesforce.org import Org

Text = Annotated[str, Field(min_length=1)]
Seconds = Annotated[float, Field(ge=0, le=31_536_000)]
Told = dict[str, Any]


class _Deed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Personal(_Deed):
    """What a person does: `user` is the id of a User, the integration's if none is named."""

    user: Text | None = None


class Write(_Personal):
    """Make a record, or change the one with `id`; it is seen `commits_after_s` later. Assignment rules run if `auto_assign`."""

    sobject: Text
    id: Text | None = None
    values: dict[str, Any]
    auto_assign: bool = False
    commits_after_s: Seconds = 0


class OneRecord(_Personal):
    """A record."""

    id: Text


class Merge(_Personal):
    """Merge `losers` into `master`."""

    sobject: Text
    master: Text
    losers: Annotated[list[Text], Field(min_length=1, max_length=2)]


class Convert(_Personal):
    """Convert a lead into what is named, or into new records; an opportunity only if it has a name."""

    lead: Text
    account: Text | None = None
    contact: Text | None = None
    opportunity_name: Text | None = None
    owner: Text | None = None
    status: Text | None = None


class Validation(_Deed):
    """Refuse records for which the SOQL `condition` holds."""

    sobject: Text
    condition: Text
    message: Text
    field: Text | None = None


class Duplicates(_Deed):
    """Refuse records whose `field` another one has; callers may pass over it unless it `blocks`."""

    sobject: Text
    field: Text
    blocks: bool = False


class Assignment(_Deed):
    """The Lead assignment rule: pairs of SOQL criteria and an owner; none of them takes the rule away."""

    entries: list[tuple[str, Text]]
    id: Text | None = None
    active: bool = True


class Lock(_Deed):
    """Hold a record for some seconds."""

    id: Text
    seconds: Seconds


class History(_Deed):
    """Switch the history of a field (without one: of the object) on or off."""

    sobject: Text
    field: Text | None = None
    on: bool


class Hidden(_Deed):
    """Hide a field (without one: the object), or show it again."""

    sobject: Text
    field: Text | None = None
    hidden: bool = True


class Nothing(_Deed):
    """Nothing more is to be said."""


def write(org: Org, order: Write) -> Told:
    """Write as a person does."""
    late = timedelta(seconds=order.commits_after_s)
    caller = _person(org, order, auto_assign=order.auto_assign, commits_after=late)
    if order.id is None:
        return {"id": org.create(order.sobject, order.values, caller)}
    org.update(order.sobject, order.id, order.values, caller)
    return {"id": order.id}


def delete(org: Org, order: OneRecord) -> Told:
    """Put a record into the recycle bin."""
    org.delete(_sobject(org, order.id), order.id, _person(org, order))
    return {"deleted": order.id}


def undelete(org: Org, order: OneRecord) -> Told:
    """Take it out again."""
    org.undelete(_sobject(org, order.id), order.id, _person(org, order))
    return {"undeleted": order.id}


def merge(org: Org, order: Merge) -> Told:
    """Merge records."""
    org.merge(order.sobject, order.master, order.losers, _person(org, order))
    return {"merged": order.losers}


def convert(org: Org, order: Convert) -> Told:
    """Convert a lead."""
    named = order.model_dump(exclude={"lead", "user"}, exclude_none=True)
    return asdict(org.convert(order.lead, _person(org, order), **named))


def archive(org: Org, _order: Nothing) -> Told:
    """Archive old activities, as the nightly job does."""
    return {"archived": org.archive_activities()}


def empty_bin(org: Org, _order: Nothing) -> Told:
    """Purge the recycle bin."""
    return {"purged": org.empty_bin()}


def validation(org: Org, order: Validation) -> Told:
    """Add a validation rule."""
    org.add_validation(order.sobject, order.condition, order.message, field=order.field)
    return org.switches()


def duplicates(org: Org, order: Duplicates) -> Told:
    """Add a duplicate rule."""
    org.add_duplicate_rule(order.sobject, order.field, blocks=order.blocks)
    return org.switches()


def clear_rules(org: Org, _order: Nothing) -> Told:
    """Drop all validation and duplicate rules."""
    org.clear_validations()
    org.clear_duplicate_rules()
    return org.switches()


def assignment(org: Org, order: Assignment) -> Told:
    """Set an assignment rule."""
    return {"id": org.set_assignment(order.entries, rule_id=order.id, active=order.active)}


def lock(org: Org, order: Lock) -> Told:
    """Hold a record."""
    org.lock(order.id, org.clock.now() + timedelta(seconds=order.seconds))
    return org.switches()


def history(org: Org, order: History) -> Told:
    """Switch history on or off."""
    org.track(order.sobject, order.field, on=order.on)
    return org.switches()


def hidden(org: Org, order: Hidden) -> Told:
    """Hide or show."""
    (org.hide if order.hidden else org.show)(order.sobject, order.field)
    return org.switches()


def _person(org: Org, order: _Personal, **more: Any) -> Caller:
    return org.caller(**({"user_id": order.user} if order.user else {}), **({"auto_assign": False} | more))


def _sobject(org: Org, id_: str) -> str:
    return org.sobject_of(id_) or "?"


DEEDS: Mapping[str, tuple[TypeAdapter[Any], Callable[[Org, Any], Told]]] = {
    "write": (TypeAdapter(Write), write),
    "delete": (TypeAdapter(OneRecord), delete),
    "undelete": (TypeAdapter(OneRecord), undelete),
    "merge": (TypeAdapter(Merge), merge),
    "convert": (TypeAdapter(Convert), convert),
    "archive": (TypeAdapter(Nothing), archive),
    "empty-bin": (TypeAdapter(Nothing), empty_bin),
    "validation": (TypeAdapter(Validation), validation),
    "duplicates": (TypeAdapter(Duplicates), duplicates),
    "clear-rules": (TypeAdapter(Nothing), clear_rules),
    "assignment": (TypeAdapter(Assignment), assignment),
    "lock": (TypeAdapter(Lock), lock),
    "history": (TypeAdapter(History), history),
    "hidden": (TypeAdapter(Hidden), hidden),
}
