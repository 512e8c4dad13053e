"""Converting a Lead into an account, a contact and, if one is named, an opportunity.

Source: crm-facts, Salesforce, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.salesforce.activities import set_relations, touch
from sandbox.salesforce.caller import Caller
from sandbox.salesforce.change import Change
from sandbox.salesforce.dates import days_of
from sandbox.salesforce.history import Entry, note, note_changes
from sandbox.salesforce.locks import refuse_if_held
from sandbox.salesforce.references import converted_lead, refuse_if_bad_references
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.rows import Row
from sandbox.salesforce.store import Store
from sandbox.salesforce.writing import create, live_row, stamp

_TO_ACCOUNT = {
    "Company": "Name",
    "Phone": "Phone",
    "Fax": "Fax",
    "Website": "Website",
    "Industry": "Industry",
    "Rating": "Rating",
    "AnnualRevenue": "AnnualRevenue",
    "NumberOfEmployees": "NumberOfEmployees",
    "Street": "BillingStreet",
    "City": "BillingCity",
    "State": "BillingState",
    "PostalCode": "BillingPostalCode",
    "Country": "BillingCountry",
    "LeadSource": "AccountSource",
}
_SAME_IN_CONTACT = ("LastName", "FirstName", "Salutation", "Title", "Phone", "MobilePhone", "Fax", "Email", "Description", "LeadSource")
_TO_CONTACT = {name: name for name in (*_SAME_IN_CONTACT, "HasOptedOutOfEmail", "DoNotCall")} | {
    "Street": "MailingStreet",
    "City": "MailingCity",
    "State": "MailingState",
    "PostalCode": "MailingPostalCode",
    "Country": "MailingCountry",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What a Lead is to become: ids of records that are there already, or None for new ones."""

    lead: str
    account: str | None = None
    contact: str | None = None
    opportunity_name: str | None = None  # no opportunity without it
    owner: str | None = None  # of the new records; a user. Needed for a lead that a queue owns
    status: str | None = None  # one of the converted ones; the first without


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What a conversion made or used."""

    account_id: str
    contact_id: str
    opportunity_id: str | None


def convert(store: Store, wish: Conversion, caller: Caller) -> Converted:
    """Convert a Lead. Raises Refused."""
    sobject = store.schema.objects["Lead"]
    lead = live_row(store, sobject, wish.lead)
    if lead.get("IsConverted"):
        raise converted_lead()
    refuse_if_held(store, lead["Id"])
    status, owner = _status(store, wish.status), _owner(lead, wish.owner)
    made = _make(store, wish, lead, owner, caller)
    new = {
        **lead,
        "Status": status,
        "OwnerId": wish.owner or lead["OwnerId"],
        "IsConverted": True,
        "ConvertedDate": store.today(),
        "ConvertedAccountId": made.account_id,
        "ConvertedContactId": made.contact_id,
        "ConvertedOpportunityId": made.opportunity_id,
    }
    change = Change(store=store, sobject=sobject, caller=caller, old=lead, new=new)
    refuse_if_bad_references(change)
    stamp(sobject, new, store.now(), caller.user_id, is_new=False)
    store.put("Lead", lead["Id"], new)
    note_changes(change)
    note(store, "Lead", lead["Id"], Entry(field="leadConverted"), user_id=caller.user_id)
    _move_activities(store, lead["Id"], made)
    return made


def _status(store: Store, wanted: str | None) -> str:
    rows = [row for row in store.tables["LeadStatus"].rows.values() if row.get("IsConverted")]
    found = [row["ApiName"] for row in rows if wanted in (None, row["ApiName"], row.get("MasterLabel"))]
    if not found:
        raise Refused("INVALID_STATUS", f"invalid convertedStatus: {wanted}", fields=("Status",))
    return str(found[0])


def _owner(lead: Row, wanted: str | None) -> str:
    owner = wanted or str(lead["OwnerId"])
    if not owner.startswith("005"):
        told = (
            "Converted objects can only be owned by users. If the lead is not owned by a user, you must specify a user for the Owner field."
        )
        raise Refused("INVALID_OPERATION", told, fields=("OwnerId",))
    return owner


def _make(store: Store, wish: Conversion, lead: Row, owner: str, caller: Caller) -> Converted:
    account, contact = wish.account, wish.contact
    if account is None:
        account = create(store, "Account", _renamed(lead, _TO_ACCOUNT) | {"OwnerId": owner}, caller)
    else:
        account = live_row(store, store.schema.objects["Account"], account)["Id"]
    if contact is None:
        contact = create(store, "Contact", _renamed(lead, _TO_CONTACT) | {"OwnerId": owner, "AccountId": account}, caller)
    else:
        contact = live_row(store, store.schema.objects["Contact"], contact)["Id"]
    opportunity = (
        _opportunity(store, wish.opportunity_name, lead, caller, AccountId=account, OwnerId=owner) if wish.opportunity_name else None
    )
    return Converted(account_id=str(account), contact_id=str(contact), opportunity_id=opportunity)


def _opportunity(store: Store, name: str, lead: Row, caller: Caller, **values: str | None) -> str:
    stages = sorted(store.tables["OpportunityStage"].rows.values(), key=lambda row: row.get("SortOrder") or 0)
    _, behind = days_of("THIS_QUARTER", None, store.clock.now().date())
    close = days_of("YESTERDAY", None, behind)[0].isoformat()
    row = {"Name": name, "StageName": stages[0]["ApiName"], "CloseDate": close, "LeadSource": lead.get("LeadSource"), **values}
    return create(store, "Opportunity", row, caller)


def _renamed(lead: Row, names: dict[str, str]) -> Row:
    return {new: lead[old] for old, new in names.items() if lead.get(old) is not None}


def _move_activities(store: Store, lead: str, made: Converted) -> None:
    for name in ("Task", "Event"):
        for row in list(store.tables[name].children("WhoId", lead)):
            moved = {**row, "WhoId": made.contact_id, "SystemModstamp": store.now()}
            if moved.get("WhatId") is None:
                moved["WhatId"] = made.opportunity_id or made.account_id
            set_relations(store, moved)
            store.put(name, row["Id"], moved)
    for row in list(store.tables["CampaignMember"].children("LeadId", lead)):
        store.set("CampaignMember", row["Id"], ContactId=made.contact_id, SystemModstamp=store.now())
    for id_ in (made.contact_id, made.account_id, made.opportunity_id):
        if id_:
            touch(store, id_, always=False)
