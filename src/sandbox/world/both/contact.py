"""The contact that HubSpot shows of somebody who is in Salesforce too. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sandbox.world.both.copies import SYNC, Arrived, not_overtaken, set_back
from sandbox.world.both.lags import Lags
from sandbox.world.both.words import Word, lead_status
from sandbox.world.draft import Draft
from sandbox.world.passage import DoesNotFit
from sandbox.world.picklists import RECYCLE_FIELD, REJECT_FIELD
from sandbox.world.promises import QUALIFIED_STAGE
from sandbox.world.salesforce.course import OWNER
from sandbox.world.salesforce.seconds import to_second
from sandbox.world.salesforce.status import BEYOND
from sandbox.world.sheet import Sheet, Version


def contact_of(draft: Draft, words: Sequence[Word], lags: Lags, *, upto: datetime | None) -> Sheet:
    """The contact: Marketing's values as they were written, Sales' owner, status and conversion (at `upto`) as copies.

    Why a lead went back is noted in Salesforce alone.
    """
    planned = draft.contact
    sheet = Sheet(kind="contacts", written_at=planned.written_at, plain=dict(planned.plain), links=list(planned.links))
    sheet.history = {name: list(versions) for name, versions in planned.history.items() if name not in (REJECT_FIELD, RECYCLE_FIELD)}
    told = {"lifecyclestage": _stages(draft, lags, upto), "hs_lead_status": lead_status(draft, words, lags), OWNER: _owners(draft, lags)}
    sheet.history |= told
    sheet.history = {name: versions for name, versions in sheet.history.items() if versions}
    return sheet


def marketing_stages(draft: Draft) -> list[Version]:
    """The lifecycle stages that are Marketing's to set. Raises DoesNotFit where one comes after a conversion."""
    told = draft.contact.versions("lifecyclestage")
    before = [version for version in told if version.value not in BEYOND]
    if before and any(version.value in BEYOND and version.at <= before[-1].at for version in told):
        raise DoesNotFit
    return before


def _stages(draft: Draft, lags: Lags, upto: datetime | None) -> list[Version]:
    stages, hitch = marketing_stages(draft), draft.sync.hitch
    if upto is None:
        return stages
    copied = lags.to_hubspot(upto)
    if hitch is not None and hitch.of == "conversion":
        if hitch.lasts is None:
            return stages
        copied = upto + hitch.lasts
    return [*stages, *([Version(QUALIFIED_STAGE, copied, SYNC)] if draft.has_come(copied) else [])]


def _owners(draft: Draft, lags: Lags) -> list[Version]:
    """Each owner: who had it before Salesforce knew it as it was, later ones as copies."""
    told: list[Arrived] = []
    versions = draft.contact.versions(OWNER)
    for version in versions:
        arrived = _owner_arrives(draft, lags, version, is_slow=version is versions[-1])
        if arrived is not None:
            told.append((arrived, version))
    found = [Version(version.value, when, SYNC if when > version.at else version.source) for when, version in not_overtaken(told)]
    undone = draft.sync.set_back
    return [*found, *(set_back(draft, found, undone) if undone is not None and undone.of == "owner" else ())]


def _owner_arrives(draft: Draft, lags: Lags, version: Version, *, is_slow: bool) -> datetime | None:
    if version.at < lags.born:
        return version.at
    hitch, at = draft.sync.hitch, to_second(version.at)
    arrived = lags.to_hubspot(at)
    if hitch is not None and hitch.of == "owner" and is_slow:
        if hitch.lasts is None:
            return None
        arrived = at + hitch.lasts
    return arrived if draft.has_come(arrived) else None
