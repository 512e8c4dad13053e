"""What is special about this company's org: its own fields, its picklists, and which fields have a history. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from random import Random
from types import MappingProxyType
from typing import Any

from sandbox.salesforce.ids import Mint, checksum
from sandbox.world.campaigns import CAMPAIGNS, INDUSTRIES
from sandbox.world.picklists import RECYCLE_FIELD, REJECT_FIELD
from sandbox.world.promises import COMPETITOR_INDUSTRY
from sandbox.world.salesforce.course import REASONS
from sandbox.world.salesforce.fields import LEAD_FIELDS, UNTRACKED, SalesforceField, moment
from sandbox.world.salesforce.status import CONVERTED, OPEN, STATUSES

PICKLISTS: Mapping[str, tuple[str, ...]] = MappingProxyType(  # Lead field -> its values
    {
        "LeadSource": tuple(campaign.source for campaign in CAMPAIGNS),
        "Industry": tuple(sorted({*INDUSTRIES, COMPETITOR_INDUSTRY})),
        "Reject_Reason__c": tuple(REASONS[REJECT_FIELD].values()),
        "Recycle_Reason__c": tuple(REASONS[RECYCLE_FIELD].values()),
    }
)
STAGES = (  # name, probability, closed, won
    ("Qualification", 20, False, False),
    ("Proposal", 60, False, False),
    ("Closed Won", 100, True, True),
    ("Closed Lost", 0, True, False),
)
ALSO_TRACKED = (("Lead", "OwnerId"), ("Contact", "OwnerId"), ("Opportunity", "StageName"))


def org_lines(since: datetime, mint: Mint, rng: Random) -> Iterator[dict[str, Any]]:
    """The org, with an id of its own for every world, its fields and its picklists."""
    short = f"00DgK0{rng.randrange(10**9):09d}"
    named = {"Name": "Northgate", "TimeZoneSidKey": "America/New_York", "OrganizationType": "Developer Edition"}
    yield {"attributes": {"type": "Organization"}, "Id": short + checksum(short), **named, **_dated(since)}
    yield from (_field(field, tracked=name not in UNTRACKED) for name, field in LEAD_FIELDS.items())
    for sobject, field in ALSO_TRACKED:
        yield {"attributes": {"type": "StandardField"}, "object": sobject, "name": field, "tracked": True}
    yield from _lead_statuses(since, mint)
    yield from _stages(since, mint)


def _field(field: SalesforceField, *, tracked: bool) -> dict[str, Any]:
    """A field of the Lead; of a standard one only what this org sets about it."""
    sort = "CustomField" if field.name.endswith("__c") else "StandardField"
    line: dict[str, Any] = {"attributes": {"type": sort}, "object": "Lead", "name": field.name, "tracked": tracked}
    if picklist := PICKLISTS.get(field.name):
        line["picklist"] = list(picklist)
    if sort == "CustomField":
        type_ = "picklist" if field.name in PICKLISTS else field.type
        line |= {"type": type_, "label": field.name.removesuffix("__c").replace("_", " ")}
    return line


def _lead_statuses(since: datetime, mint: Mint) -> Iterator[dict[str, Any]]:
    for order, (value, label) in enumerate(STATUSES.items(), start=1):
        marks = {"SortOrder": order, "IsDefault": value == OPEN, "IsConverted": value == CONVERTED}
        yield {
            "attributes": {"type": "LeadStatus"},
            "Id": mint.new("01J"),
            "MasterLabel": label,
            "ApiName": label,
            **marks,
            **_dated(since),
        }


def _stages(since: datetime, mint: Mint) -> Iterator[dict[str, Any]]:
    for order, (name, probability, closed, won) in enumerate(STAGES, start=1):
        marks = {"SortOrder": order, "IsActive": True, "IsClosed": closed, "IsWon": won, "DefaultProbability": probability}
        yield {
            "attributes": {"type": "OpportunityStage"},
            "Id": mint.new("01J"),
            "MasterLabel": name,
            "ApiName": name,
            **marks,
            **_dated(since),
        }


def _dated(at: datetime) -> dict[str, str]:
    return {"CreatedDate": moment(at), "LastModifiedDate": moment(at), "SystemModstamp": moment(at)}
