"""The records of persons and of what was done to them, as lines of an org's file. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.world.salesforce.course import OWNER
from sandbox.world.salesforce.fields import ACCOUNT_FIELDS, CONTACT_FIELDS, LEAD_FIELDS, Json, moment
from sandbox.world.salesforce.histories import values_of
from sandbox.world.salesforce.roll import Roll
from sandbox.world.salesforce.shown import OnSalesforce
from sandbox.world.sheet import Sheet

CLOSED_STAGES = {"Closed Won": True, "Closed Lost": False}  # and whether they are won


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What all lines of one org share."""

    roll: Roll
    persons: Mapping[int, OnSalesforce]  # id() of the contact that stories know -> what became of it
    touched: Mapping[str, datetime]  # id of a person -> when an activity on it was last written


def lines_of(shown: OnSalesforce, written: Written) -> Iterator[dict[str, Any]]:
    """The records of one lead: those that others point at first."""
    if shown.account is not None:
        yield _account(shown.account, written.roll)
    if shown.contact is not None:
        yield _contact(shown, shown.contact, written)
    if shown.opportunity is not None:
        yield _opportunity(shown, shown.opportunity, written.roll)
    if shown.lead is not None:
        yield _lead(shown, shown.lead, written)
    yield from (_activity(activity, written) for activity in shown.activities)


def _lead(shown: OnSalesforce, lead: Sheet, written: Written) -> dict[str, Any]:
    firm = shown.course.company
    values = values_of(lead, LEAD_FIELDS)
    if firm is not None:
        values |= values_of(firm, {name: LEAD_FIELDS[name] for name in firm.history})
    changed = max(lead.last_change(), firm.last_change() if firm else lead.written_at)
    touched = written.touched.get(shown.person.id, changed)
    line = _line(lead, values, written.roll.automation, changed=changed, stamped=max(changed, touched))
    line["OwnerId"] = written.roll.owner(str(lead.value(OWNER)))
    return {**line, **_conversion(shown)}


def _conversion(shown: OnSalesforce) -> dict[str, Json]:
    """What tells of the conversion; without one, that there was none."""
    found = {"Account": shown.account, "Contact": shown.contact, "Opportunity": shown.opportunity}
    ids: dict[str, Json] = {f"Converted{name}Id": sheet.id if sheet else None for name, sheet in found.items()}
    at = shown.contact.written_at if shown.contact else None
    return {"IsConverted": at is not None, "ConvertedDate": at.date().isoformat() if at else None, **ids}


def _contact(shown: OnSalesforce, contact: Sheet, written: Written) -> dict[str, Any]:
    changed = contact.last_change()
    stamped = max(changed, written.touched.get(contact.id, changed))
    line = _line(contact, values_of(contact, CONTACT_FIELDS), written.roll.automation, changed=changed, stamped=stamped)
    line["OwnerId"] = written.roll.owner(str(contact.value(OWNER)))
    line["AccountId"] = shown.account.id if shown.account else None
    return line


def _account(account: Sheet, roll: Roll) -> dict[str, Any]:
    line = _line(account, values_of(account, ACCOUNT_FIELDS), roll.automation, changed=account.written_at)
    return {**line, "OwnerId": roll.owner(str(account.plain["OwnerId"]))}


def _opportunity(shown: OnSalesforce, opportunity: Sheet, roll: Roll) -> dict[str, Any]:
    stage = str(opportunity.value("StageName"))
    changed = opportunity.last_change()
    values: dict[str, Json] = {
        "Name": str(opportunity.plain["Name"])[:120],
        "StageName": stage,
        "Amount": float(opportunity.plain["Amount"] or 0),
    }
    values |= {"CloseDate": changed.date().isoformat(), "IsClosed": stage in CLOSED_STAGES, "IsWon": CLOSED_STAGES.get(stage, False)}
    values |= {"AccountId": shown.account.id if shown.account else None, "ContactId": shown.person.id}
    line = _line(opportunity, values, roll.automation, changed=changed)
    return {**line, "OwnerId": roll.owner(str(opportunity.plain["OwnerId"]))}


def _activity(activity: Sheet, written: Written) -> dict[str, Any]:
    owner = written.roll.owner(str(activity.plain["OwnerId"]))
    who = written.persons[id(activity.links[0])].person
    ends = activity.plain.get("CompletedDateTime")
    changed = max(activity.written_at, datetime.fromisoformat(ends)) if ends else activity.written_at
    values = {name: _told(name, value) for name, value in activity.plain.items()}
    values |= {"WhoId": who.id, "OwnerId": owner}
    if activity.kind == "Task":
        values |= {"IsClosed": ends is not None, "ActivityDate": changed.date().isoformat()}
    else:
        values |= {"ActivityDateTime": values["StartDateTime"]}
    line = _line(activity, values, owner, changed=who.archived_at or changed)
    return {**line, "IsDeleted": who.archived_at is not None}


def _told(name: str, value: str | None) -> Json:
    if value is None:
        return None
    if name in ("CallDurationInSeconds", "DurationInMinutes"):
        return int(value)
    return moment(datetime.fromisoformat(value)) if name.endswith("DateTime") else value


def _line(sheet: Sheet, values: Mapping[str, Json], author: str, *, changed: datetime, stamped: datetime | None = None) -> dict[str, Any]:
    gone = sheet.archived_at
    return {
        "attributes": {"type": sheet.kind},
        "Id": sheet.id,
        **values,
        "IsDeleted": gone is not None,
        "CreatedDate": moment(sheet.written_at),
        "CreatedById": author,
        "LastModifiedDate": moment(gone or changed),
        "LastModifiedById": author,
        "SystemModstamp": moment(gone or stamped or changed),
    }
