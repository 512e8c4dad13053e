"""`[own_fields]`: which fields of persons leadpact may fill in, by CRM; and what is wrong with them beside the agreement. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated

from sync.agreement.model import Agreement
from sync.problems import Problem, listed, quoted
from sync.shape import Table, Text, matching

_PROPERTY = matching(
    r"(?!hs_|hubspot)[a-z][a-z0-9_]{0,99}",
    "the internal name of a property of your own, such as leadpact_sla_status",
    fix="name one in small letters, digits and _; those of HubSpot's own begin with hs_ or hubspot",
)
_CUSTOM_FIELD = matching(
    r"[A-Za-z][A-Za-z0-9_]*__c",
    "the API name of a custom field, such as Leadpact_SLA_Status__c",
    fix="write its API name, which ends in __c",
)
_Property = Annotated[Text, _PROPERTY]
_CustomField = Annotated[Text, _CUSTOM_FIELD]


class HubSpotFields(Table):
    """`[own_fields.hubspot]`: properties of contacts."""

    recycle_reason: _Property | None = None
    recycle_count: _Property | None = None
    return_on: _Property | None = None
    sla_status: _Property | None = None
    sla_deadline: _Property | None = None
    first_touch: _Property | None = None
    breaches: _Property | None = None


class SalesforceFields(Table):
    """`[own_fields.salesforce]`: fields that both Lead and Contact have."""

    recycle_reason: _CustomField | None = None
    recycle_count: _CustomField | None = None
    return_on: _CustomField | None = None
    sla_status: _CustomField | None = None
    sla_deadline: _CustomField | None = None
    first_touch: _CustomField | None = None
    breaches: _CustomField | None = None


class OwnFieldsSection(Table):
    """`[own_fields]`."""

    hubspot: HubSpotFields = HubSpotFields()
    salesforce: SalesforceFields = SalesforceFields()

    def of(self, crm: str) -> Mapping[str, str]:
        """Return the fields that are named for a CRM: purpose -> field."""
        table: Table = self.hubspot if crm == "hubspot" else self.salesforce
        return {purpose: name for purpose, name in table.model_dump().items() if name is not None}


def own_field_problems(own: OwnFieldsSection, agreement: Agreement, *, crms: Collection[str], file: str) -> Iterator[Problem]:
    """Yield a problem for each field that leadpact must not write: one it judges by, one named twice, one of a CRM not connected."""
    for crm in type(own).model_fields:
        named, judged = own.of(crm), frozenset[str]().union(*agreement.crm_fields(crm).values())
        for place, (purpose, name) in enumerate(named.items()):
            where, before = f"own_fields.{crm}.{purpose}", list(named.values())[:place]
            if crm not in crms:
                fix = f"take the table out; connected are: {listed(crms)}"
                yield Problem(
                    file=file, where=where, found=quoted(name), expected=f"a field of a connected CRM, and {crm} is none", fix=fix
                )
            elif name in before:
                fix = "name another field: each is written for one purpose"
                yield Problem(file=file, where=where, found=f"{quoted(name)} a second time", expected="a field of its own", fix=fix)
            elif name in judged:
                fix = "name another field, which nobody else fills in: leadpact would judge by what it wrote itself"
                yield Problem(
                    file=file, where=where, found=f"{quoted(name)}, which the agreement names", expected="a field that it does not", fix=fix
                )
