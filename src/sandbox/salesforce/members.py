"""Campaign members: who is one, how often, and with what status.

Source: crm-facts, Salesforce, section 6.
"""

from __future__ import annotations

from sandbox.salesforce.change import Change
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.rows import Row
from sandbox.salesforce.store import Store


def complete_member(change: Change) -> None:
    """Check who the member is, and set what follows from the status. Raises Refused."""
    new = change.new
    if change.old is None:
        _refuse_if_no_person(new)
        _refuse_if_member(change)
    statuses = statuses_of(change.store, new["CampaignId"])
    if new.get("Status") is None:
        new["Status"] = next((row["Label"] for row in statuses if row.get("IsDefault")), "Sent")
    status = next((row for row in statuses if row.get("Label") == new["Status"]), None)
    if status is None:
        told = f"Status: bad value for restricted picklist field: {new['Status']}"
        raise Refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", told, fields=("Status",))
    new["HasResponded"] = status.get("HasResponded", False)
    if new["HasResponded"] and not new.get("FirstRespondedDate"):
        new["FirstRespondedDate"] = change.store.today()


def statuses_of(store: Store, campaign: str) -> list[Row]:
    """The member statuses of a campaign in their order."""
    rows = store.tables["CampaignMemberStatus"].children("CampaignId", campaign)
    return sorted((row for row in rows if not row.get("IsDeleted")), key=lambda row: row.get("SortOrder") or 0)


def person_of(row: Row) -> tuple[str | None, str | None]:
    """The lead and the contact of a member."""
    return row.get("LeadId"), row.get("ContactId")


def _refuse_if_no_person(new: Row) -> None:
    lead, contact = person_of(new)
    if lead is None and contact is None:
        raise Refused("REQUIRED_FIELD_MISSING", "Required fields are missing: [LeadId]", fields=("LeadId",))


def _refuse_if_member(change: Change) -> None:
    lead, contact = person_of(change.new)
    for row in change.store.tables["CampaignMember"].children("CampaignId", change.new["CampaignId"]):
        same = (lead and row.get("LeadId") == lead) or (contact and row.get("ContactId") == contact)
        if same and not row.get("IsDeleted"):
            raise Refused("DUPLICATE_VALUE", "Already a campaign member.", fields=())
