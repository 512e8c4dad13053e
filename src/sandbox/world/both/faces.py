"""What HubSpot and what Salesforce shows of one lead since when: its stage and its owner. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sandbox.world.beside import Face, Shown
from sandbox.world.people import Staff
from sandbox.world.promises import (
    ACCEPTED_STATUS,
    DISQUALIFIED_STATUS,
    HANDOFF_STAGE,
    QUALIFIED_STAGE,
    RECYCLED_STATUS,
    REJECTED_STATUS,
)
from sandbox.world.salesforce.course import OWNER
from sandbox.world.sheet import Sheet, Version

WAYS_OUT = (RECYCLED_STATUS, REJECTED_STATUS, DISQUALIFIED_STATUS)


def hubspots_face(contact: Sheet, staff: Staff) -> Face:
    """What a contact shows."""
    changes = {version.at for name in ("lifecyclestage", "hs_lead_status") for version in contact.versions(name)}
    stages = [(at, _stage(contact, at)) for at in sorted(changes)]
    return Face(since=contact.written_at, stages=stages, owners=_owners(contact.versions(OWNER), staff))


def _stage(contact: Sheet, at: datetime) -> str:
    """A way out, else the last of the agreement's stages that one of the two fields says."""
    stage, status = contact.value_at("lifecyclestage", at), contact.value_at("hs_lead_status", at)
    if status in WAYS_OUT:
        return str(status)
    if stage == QUALIFIED_STAGE:
        return QUALIFIED_STAGE
    if status == ACCEPTED_STATUS:
        return ACCEPTED_STATUS
    return HANDOFF_STAGE if stage == HANDOFF_STAGE else ""


def salesforces_face(lead: Sheet, contact: Sheet | None, staff: Staff) -> Face:
    """What a Lead shows, and the Contact that it was converted into."""
    told = {*WAYS_OUT, HANDOFF_STAGE, ACCEPTED_STATUS}
    converted = contact.written_at if contact else None
    stages = [(one.at, one.value if one.value in told else "") for one in lead.versions("hs_lead_status") if one.at != converted]
    if converted is not None:
        stages.append((converted, QUALIFIED_STAGE))
    owners = [*lead.versions(OWNER), *(contact.versions(OWNER) if contact else ())]
    return Face(since=lead.written_at, stages=stages, owners=_owners(owners, staff))


def _owners(versions: Iterable[Version], staff: Staff) -> Shown:
    """Each owner; queues, placeholders and nobody are the same."""
    nobody = ("", staff.queue_id, staff.placeholder_id)
    return [(version.at, "" if version.value in nobody else version.value) for version in versions]
