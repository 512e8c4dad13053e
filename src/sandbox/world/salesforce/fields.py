"""Values under the names that stories give them, and the fields of Salesforce that hold them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal

from sandbox.world.salesforce.status import STATUSES

Json = str | int | float | bool | None
FieldType = Literal["string", "status", "double", "int", "boolean", "datetime"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesforceField:
    """One field of a Lead, Contact or Account."""

    name: str
    type: FieldType = "string"
    length: int = 255

    def value(self, text: str | None) -> Json:
        """`text` as the API's JSON has it: what a person cannot type in is cut off."""
        if not text:
            return False if self.type == "boolean" else None
        match self.type:
            case "status":
                return STATUSES[text]
            case "double":
                return float(text)
            case "int":
                return int(text)
            case "boolean":
                return text == "true"
            case "datetime":
                return moment(datetime.fromisoformat(text))
            case _:
                return text[: self.length]


def moment(at: datetime) -> str:
    """`at` as the API writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


LEAD_FIELDS: Mapping[str, SalesforceField] = MappingProxyType(
    {
        "firstname": SalesforceField(name="FirstName", length=40),
        "lastname": SalesforceField(name="LastName", length=80),
        "email": SalesforceField(name="Email", length=80),
        "phone": SalesforceField(name="Phone", length=40),
        "jobtitle": SalesforceField(name="Title", length=128),
        "company": SalesforceField(name="Company"),
        "country": SalesforceField(name="Country", length=80),
        "hs_analytics_source": SalesforceField(name="LeadSource"),
        "hs_lead_status": SalesforceField(name="Status", type="status"),
        "hs_email_optout": SalesforceField(name="HasOptedOutOfEmail", type="boolean"),
        "do_not_call": SalesforceField(name="DoNotCall", type="boolean"),
        "numberofemployees": SalesforceField(name="NumberOfEmployees", type="int"),
        "industry": SalesforceField(name="Industry"),
        "hubspotscore": SalesforceField(name="Lead_Score__c", type="double"),
        "recent_conversion_date": SalesforceField(name="Last_Form_At__c", type="datetime"),
        "recent_conversion_event_name": SalesforceField(name="Last_Form__c"),
        "lead_reject_reason": SalesforceField(name="Reject_Reason__c"),
        "lead_recycle_reason": SalesforceField(name="Recycle_Reason__c"),
    }
)
UNTRACKED = ("firstname", "lastname")  # of an org's twenty tracked fields a Lead, these would be wasted
CONTACT_FIELDS: Mapping[str, SalesforceField] = MappingProxyType(
    {
        **{name: LEAD_FIELDS[name] for name in ("firstname", "lastname", "email", "phone", "jobtitle", "hs_analytics_source")},
        **{name: LEAD_FIELDS[name] for name in ("hs_email_optout", "do_not_call")},
        "country": SalesforceField(name="MailingCountry", length=80),
    }
)
ACCOUNT_FIELDS: Mapping[str, SalesforceField] = MappingProxyType(
    {
        "Name": SalesforceField(name="Name"),
        "numberofemployees": LEAD_FIELDS["numberofemployees"],
        "industry": LEAD_FIELDS["industry"],
    }
)
