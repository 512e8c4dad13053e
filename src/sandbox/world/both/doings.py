"""Which CRM logs what was done to a lead, and what both log counts once. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product

from sandbox.world.deeds import Deed
from sandbox.world.draft import Draft
from sandbox.world.passage import DoesNotFit
from sandbox.world.promises import LAG
from sandbox.world.salesforce.doings import activity_of, deed_shown
from sandbox.world.salesforce.seconds import to_second
from sandbox.world.sheet import Sheet, iso

IN_SALESFORCE = ("Task", "Event")
ALIKE = ("bulk mail", "small batch of mail", "calls logged in bulk", "calls that a dialer made")  # stories whose mails and calls go to many
AT_ONCE = timedelta(hours=1)  # what is logged later, HubSpot logs
UNDONE = ("FAILED", "CANCELED", "QUEUED", "SCHEDULED", "BOUNCED", "MISSED")


@dataclass(slots=True, kw_only=True)
class Doings:
    """The activities of one lead in each CRM, and the deeds that they show."""

    hubspot: list[Sheet] = field(default_factory=list)
    salesforce: list[Sheet] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)


def share_out(draft: Draft, born: datetime) -> Doings:
    """Log each activity in HubSpot, in Salesforce (once it has the lead, at `born`), or in HubSpot with a copy in Salesforce."""
    doings, deeds = Doings(), {id(deed.sheet): deed for deed in draft.deeds}
    for sheet in draft.others:
        if sheet.kind != "deals":
            _log(draft, doings, sheet, deeds.get(id(sheet)), born)
    doings.deeds = each_once(doings.deeds)
    return doings


def _log(draft: Draft, doings: Doings, sheet: Sheet, deed: Deed | None, born: datetime) -> None:
    chance = draft.rng.random()
    shown = _in_salesforce(draft, sheet, born) if deed is not None and chance < 0.7 else None
    if deed is None or shown is None:
        doings.hubspot.append(sheet)
        doings.deeds += [deed] if deed is not None else []
    elif chance < 0.4 and not _has_outcome(sheet):
        doings.salesforce.append(shown)
        doings.deeds.append(deed_shown(deed, shown, draft.now))
    else:
        doings.hubspot.append(sheet)
        doings.deeds.append(deed)
        if copy := _copy(draft, sheet, shown):
            doings.salesforce.append(copy)
            doings.deeds.append(deed_shown(deed, copy, draft.now))


def _in_salesforce(draft: Draft, sheet: Sheet, born: datetime) -> Sheet | None:
    """The Task or Event of what was done by the lead's owner and logged soon; None where only HubSpot can tell of it."""
    happened = datetime.fromisoformat(sheet.plain["hs_timestamp"] or "")
    mailed_out = sheet.plain.get("hs_email_direction") in (None, "EMAIL") and sheet.plain["hs_object_source"] != "MARKETING_EMAIL"
    linked_in = sheet.plain.get("hs_communication_channel_type") in (None, "LINKEDIN_MESSAGE")
    told_later = sheet.kind == "emails" and len(sheet.versions("hs_email_status")) > 1
    if draft.title in ALIKE or not mailed_out or not linked_in or told_later:
        return None
    if min(happened, sheet.written_at) <= born or sheet.written_at - happened > AT_ONCE:
        return None
    return activity_of(sheet, draft.rng)


def _has_outcome(sheet: Sheet) -> bool:
    """Whether it is a meeting of which more is known than that it is in the diary."""
    return sheet.kind == "meetings" and sheet.value("hs_meeting_outcome") != "SCHEDULED"


def _copy(draft: Draft, sheet: Sheet, shown: Sheet) -> Sheet | None:
    """The same as Salesforce shows it once it was copied: minutes after it was logged; None if that has not come yet."""
    at = to_second(sheet.written_at) + timedelta(seconds=draft.rng.randint(20, 900))
    happened = datetime.fromisoformat(sheet.plain["hs_timestamp"] or "")
    status = sheet.plain.get("hs_call_status") or sheet.value("hs_email_status")
    if not draft.has_come(at) or status in UNDONE or (shown.kind == "Task" and at - happened > LAG):
        return None
    shown.written_at = at
    if shown.kind == "Task":
        shown.put(CompletedDateTime=iso(at))
    return shown


def each_once(deeds: Sequence[Deed]) -> list[Deed]:
    """Of two deeds alike, one in each CRM, the one that was logged first. Raises DoesNotFit where it is not clear which belong together."""
    copies: set[int] = set()
    paired: list[Deed] = []
    for one, other in _pairs(deeds):
        if one.logged_at == other.logged_at:
            raise DoesNotFit
        paired += [one, other]
        copies.add(id(max(one, other, key=lambda deed: deed.logged_at)))
    if len({id(deed) for deed in paired}) < len(paired):
        raise DoesNotFit
    return [deed for deed in deeds if id(deed) not in copies]


def _pairs(deeds: Sequence[Deed]) -> Iterator[tuple[Deed, Deed]]:
    theirs = [deed for deed in deeds if deed.sheet.kind in IN_SALESFORCE]
    ours = [deed for deed in deeds if deed.sheet.kind not in IN_SALESFORCE]
    for one, other in product(ours, theirs):
        if _sort(one) == _sort(other) and abs(one.at - other.at) <= LAG:
            yield one, other


def _sort(deed: Deed) -> tuple[object, ...]:
    said = deed.sheet.plain
    came_in = said.get("hs_email_direction") == "INCOMING_EMAIL" or "INBOUND" in (
        said.get("hs_call_direction"),
        str(said.get("CallType")).upper(),
    )
    return deed.channel, deed.rep.owner_id, came_in
