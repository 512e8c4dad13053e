"""Salesforce's records, owners and definitions, and ours. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from connectors.records import FieldChange, FieldDefinition, Link, Merge, Option, Owner, Record, RecordKey, Reference, Team, Vocabulary
from connectors.salesforce.values import BULK_MOMENT, Item, id18, id_in, is_true, moment_or_refuse, text_of, value_of

CRM = "salesforce"
ID, CREATED, MOVED, DELETED, SURVIVOR = "Id", "CreatedDate", "SystemModstamp", "IsDeleted", "MasterRecordId"
CONVERTED = ("IsConverted", "ConvertedDate", "ConvertedAccountId", "ConvertedContactId", "ConvertedOpportunityId")
_SHORT = 15  # characters of an id in its short form
_IN_SEVERAL_FORMS = frozenset({_SHORT, BULK_MOMENT})  # lengths of texts that may be an id or a moment

VOCABULARY = Vocabulary(
    crm=CRM,
    persons=("Lead", "Contact"),
    company="Account",
    deal="Opportunity",
    owner="OwnerId",
    email="Email",
    hand_raise_at=None,
    hand_raise_form=None,
    deal_closed="IsClosed",
    deal_stage="StageName",
    ladder=None,
    person_streams=("Lead", "Contact"),
    touch_streams=("Task", "Event"),
    context_streams=("Account", "Opportunity"),
    history_streams=("LeadHistory", "ContactHistory", "AccountHistory", "OpportunityFieldHistory"),
    hold="Leadpact_Hold__c",
    opted_out="HasOptedOutOfEmail",
    references=(Reference(kind="Lead", field="ConvertedContactId", to_crm=CRM, to_kind="Contact"),),
)
NO_HISTORY: Mapping[str, tuple[FieldChange, ...]] = MappingProxyType({})


def vocabulary(*, form_date_field: str | None, form_name_field: str | None) -> Vocabulary:
    """Give the vocabulary of an org whose Leads say in two fields of their own when a form was last submitted, and which."""
    return replace(VOCABULARY, hand_raise_at=form_date_field, hand_raise_form=form_name_field)


def key_of(kind: str, id_: str) -> RecordKey:
    """Name a Salesforce record by its id of 18 characters: `salesforce/Lead/00Q…`."""
    return RecordKey(CRM, kind, id18(id_))


def key_in(kind: str, row: Item, field: str = ID) -> RecordKey:
    """Name the record of a row, or the one that a field of it refers to."""
    return RecordKey(CRM, kind, id_in(row, field) or "")


def record_from_row(kind: str, row: Item, fields: Iterable[str], history: Mapping[str, tuple[FieldChange, ...]] = NO_HISTORY) -> Record:
    """Read one Lead, Contact, Account or Opportunity of a query; `fields` are those to keep.

    Ids in values have 18 characters. Its changes come by another stream: `history` only names the fields of which they are asked for.
    Shape: {"Id", "CreatedDate", "SystemModstamp", field: value | nested row}. Source: crm-facts, Salesforce, sections 4 and 14.
    """
    return Record(
        key=key_in(kind, row),
        values={name: _value(name, row) for name in fields},
        history=history,
        created_at=moment_or_refuse(row, CREATED),
        changed_at=changed_at_of(row),
    )


def _value(name: str, row: Item) -> str | None:
    value = row.get(name)
    if isinstance(value, str) and len(value) not in _IN_SEVERAL_FORMS:  # as most are
        return value or None
    text = text_of(value_of(row, name))
    return id18(text) if text is not None and len(text) == _SHORT and name.endswith("Id") else text


def changed_at_of(row: Item) -> datetime:
    """Give the server's time of the last change, by whomever."""
    return moment_or_refuse(row, MOVED, CREATED)


def is_deleted(row: Item) -> bool:
    """Whether a row lies in the recycle bin."""
    return is_true(row.get(DELETED))


def merge_of(kind: str, row: Item) -> Merge | None:
    """Give into which record a deleted row was merged; None where it was simply deleted. Source: crm-facts, Salesforce, section 4."""
    survivor = id_in(row, SURVIVOR)
    return Merge(gone=key_in(kind, row), into=key_of(kind, survivor), at=changed_at_of(row)) if survivor else None


LINKED: Mapping[str, frozenset[str]] = {  # kinds whose links a row of a kind lists in full
    "Lead": frozenset({"Opportunity"}),
    "Contact": frozenset({"Account"}),
    "Opportunity": frozenset({"Account"}),
}


def links_of(kind: str, row: Item) -> Iterator[Link]:
    """Yield what a record refers to: its Account; of a converted Lead the Opportunity, for itself and for its Contact.

    That Lead and Contact are one person is told by the vocabulary's references, not by a link.
    """
    key = key_in(kind, row)
    if account := id_in(row, "AccountId") if kind in ("Contact", "Opportunity") else None:
        yield Link(left=key, right=key_of("Account", account), primary=True)
    if kind == "Lead" and (opportunity := id_in(row, "ConvertedOpportunityId")):
        yield Link(left=key, right=key_of("Opportunity", opportunity))
        if contact := id_in(row, "ConvertedContactId"):
            yield Link(left=key_of("Contact", contact), right=key_of("Opportunity", opportunity))


def owner_from_user(row: Item) -> Owner:
    """Read one User; only an active one of the standard type can be given a Lead. Source: crm-facts, Salesforce, section 6."""
    id_, email, role = id_in(row) or "", text_of(row.get("Email")), id_in(row, "UserRoleId")
    return Owner(
        crm=CRM,
        id=id_,
        user_id=id_,
        email=email.lower() if email else None,
        name=text_of(row.get("Name")) or email or id_,
        is_queue=False,
        active=is_true(row.get("IsActive")) and row.get("UserType") == "Standard",
        teams=(role,) if role else (),
        manager=id_in(row, "ManagerId"),
    )


def owner_from_queue(row: Item, holding_leads: Collection[str]) -> Owner:
    """Read one Group of type Queue; it is active if it is among those that may hold Leads."""
    id_, email = id_in(row) or "", text_of(row.get("Email"))
    return Owner(
        crm=CRM,
        id=id_,
        user_id=None,
        email=email.lower() if email else None,
        name=text_of(row.get("Name")) or id_,
        is_queue=True,
        active=id_ in holding_leads,
    )


def team_from_user(row: Item) -> Team | None:
    """Read the role of a User: Salesforce's teams of people; None where the user has none."""
    role = id_in(row, "UserRoleId")
    return Team(crm=CRM, id=role, name=text_of(value_of(row, "UserRole.Name")) or role) if role else None


def definition_from(kind: str, item: Mapping[str, Any], *, tracked: bool, closed: Mapping[str, bool]) -> FieldDefinition:
    """Read one field of a describe; the active values of its picklist come in display order.

    `closed` tells of values whether what stands in them is over: an Opportunity's stages, a Lead's statuses.
    """
    name = str(item.get("name") or "")
    active = [option for option in item.get("picklistValues") or () if option.get("active")]
    return FieldDefinition(
        crm=CRM,
        kind=kind,
        name=name,
        label=text_of(item.get("label")) or name,
        type=text_of(item.get("type")) or "string",
        options=tuple(_option(option, order, closed) for order, option in enumerate(active)),
        read_only=not item.get("updateable"),
        tracked=tracked,
    )


def _option(option: Mapping[str, Any], order: int, closed: Mapping[str, bool]) -> Option:
    value = str(option.get("value") or "")
    return Option(value=value, label=text_of(option.get("label")) or value, order=order, closed=closed.get(value))
