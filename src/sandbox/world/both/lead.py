"""The Lead that Salesforce has of somebody whom HubSpot knew first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sandbox.world.both.lags import Lags
from sandbox.world.both.words import Word, picklist
from sandbox.world.draft import Draft
from sandbox.world.picklists import RECYCLE_FIELD, REJECT_FIELD
from sandbox.world.salesforce.course import OWNER, lead_sheet
from sandbox.world.salesforce.seconds import in_seconds
from sandbox.world.sheet import Sheet, Version

OWN = (OWNER, REJECT_FIELD, RECYCLE_FIELD, "lifecyclestage", "hs_lead_status")  # what Salesforce's users set
NOT_COPIED = ("recent_conversion_date", "recent_conversion_event_name")
AS_TYPED = 0.2  # share of Leads whose address begins with a capital, which HubSpot does not keep
FIRM = ("numberofemployees", "industry")


def lead_of(draft: Draft, words: Sequence[Word], lags: Lags, *, upto: datetime | None) -> Sheet:
    """The Lead: Marketing's values as copies, owner, status and reasons as they were set; converted at `upto`."""
    moved = Draft(scene=draft.scene, rng=draft.rng, title=draft.title)
    moved.contact = Sheet(kind="contacts", written_at=lags.born, plain=dict(draft.contact.plain))
    for name, versions in draft.contact.history.items():
        if name not in NOT_COPIED:
            moved.contact.history[name] = list(versions) if name in OWN else copied(draft, lags, draft.contact.versions(name))
    lead = lead_sheet(moved, upto=upto)
    lead.history["hs_lead_status"] = picklist(draft, words, lags, upto=upto)
    if "email" in lead.history and draft.rng.random() < AS_TYPED:
        lead.history["email"] = [replace(version, value=version.value.capitalize()) for version in lead.history["email"]]
    return lead


def copied(draft: Draft, lags: Lags, versions: Sequence[Version]) -> list[Version]:
    """Values that HubSpot saw first, as they arrived by now."""
    moved = (replace(version, at=lags.to_salesforce(version.at)) for version in versions)
    return [version for version in moved if draft.has_come(version.at)]


def firm_on_lead(draft: Draft, lags: Lags, *, upto: datetime | None) -> Sheet | None:
    """What the Lead says of its company."""
    employer = draft.course().company
    if employer is None:
        return None
    firm = Sheet(kind="companies", written_at=lags.born)
    for name in FIRM:
        firm.history[name] = in_seconds(copied(draft, lags, employer.versions(name)), since=lags.born, upto=upto)
    return firm
