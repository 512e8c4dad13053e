"""One planned lead as Salesforce shows it: a Lead, what it was converted into, what was done to it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.world.deeds import Deed
from sandbox.world.draft import Draft
from sandbox.world.passage import Course, PlanError
from sandbox.world.salesforce.course import NO_COMPANY, OWNER, course_of, lead_sheet, owners
from sandbox.world.salesforce.doings import activity_of, deed_shown
from sandbox.world.salesforce.seconds import in_seconds, sheet_in_seconds, to_second
from sandbox.world.salesforce.status import converted_at, is_customer
from sandbox.world.sheet import WORKFLOW, Sheet, Version
from sandbox.world.touches import by

HANDED_ON = ("firstname", "lastname", "email", "phone", "jobtitle", "country", "hs_analytics_source", "hs_email_optout", "do_not_call")
STAGES = {"appointmentscheduled": "Qualification", "closedwon": "Closed Won", "closedlost": "Closed Lost"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSalesforce:
    """One lead as its records show it; values of persons stand under the names that stories give them."""

    draft: Draft
    course: Course  # its contact is the Lead, or the Contact of a customer who never was one
    contact: Sheet | None = None
    account: Sheet | None = None
    opportunity: Sheet | None = None
    activities: Sequence[Sheet] = ()  # linked to persons as they were planned

    @property
    def silent(self) -> bool:
        """Whether nothing is promised about it."""
        return self.draft.silent or self.lead is None

    @property
    def apart(self) -> tuple[()]:
        """Nothing else came of it."""
        return ()

    @property
    def lead(self) -> Sheet | None:
        """The Lead."""
        return self.course.contact if self.course.contact.kind == "Lead" else None

    @property
    def person(self) -> Sheet:
        """What activities hang on: conversion hands them on to the Contact."""
        return self.contact or self.course.contact

    def sheets(self) -> list[Sheet]:
        """Every record that it brings along."""
        found = (self.account, self.contact, self.lead, self.opportunity, *self.activities)
        return [sheet for sheet in found if sheet is not None]


def show(draft: Draft) -> OnSalesforce:
    """What Salesforce shows of `draft`. Raises DoesNotFit where it cannot."""
    if is_customer(draft):
        return _customer(draft)
    end = converted_at(draft)
    upto = None if end is None else to_second(end)
    lead = lead_sheet(draft, upto=upto)
    activities, deeds = _doings(draft, since=lead.written_at)
    return with_conversion(draft, course_of(draft, lead, deeds, upto=upto), activities, upto=upto)


def with_conversion(draft: Draft, course: Course, activities: Sequence[Sheet], *, upto: datetime | None) -> OnSalesforce:
    """The Lead of `course` with what it was converted into at `upto`, if it was."""
    if upto is None:
        return OnSalesforce(draft=draft, course=course, activities=activities)
    lead = course.contact
    contact = _contact(draft, lead, upto)
    return OnSalesforce(
        draft=draft,
        course=course,
        contact=contact,
        account=_account(draft, contact, str(lead.value("company"))),
        opportunity=_opportunity(draft, contact),
        activities=activities,
    )


def _customer(draft: Draft) -> OnSalesforce:
    """A Contact that never was a Lead; a manager looks after it."""
    contact = sheet_in_seconds(draft.contact, "Contact", since=to_second(draft.contact.written_at))
    contact.history[OWNER] = [Version(draft.scene.staff.managers[0].owner_id, contact.written_at, WORKFLOW)]
    activities, _ = _doings(draft, since=contact.written_at)
    account = _account(draft, contact, contact.value("company") or NO_COMPANY)
    return OnSalesforce(
        draft=draft, course=course_of(draft, contact, (), upto=None), contact=contact, account=account, activities=activities
    )


def _doings(draft: Draft, *, since: datetime) -> tuple[list[Sheet], list[Deed]]:
    """The Tasks and Events, none created before the person, and the deeds they show."""
    deeds = {id(deed.sheet): deed for deed in draft.deeds}
    activities, shown_deeds = [], []
    for sheet in draft.others:
        shown = None if sheet.kind == "deals" else activity_of(sheet, draft.rng)
        if shown is None:
            continue
        if shown.kind == "Task":
            shown.written_at = max(shown.written_at, since)
        activities.append(shown)
        if deed := deeds.get(id(sheet)):
            shown_deeds.append(deed_shown(deed, shown, draft.now))
    return activities, shown_deeds


def _contact(draft: Draft, lead: Sheet, at: datetime) -> Sheet:
    """The Contact that the Lead became at `at`; from then on its owner is the person's, and no queue can be."""
    staff = draft.scene.staff
    contact = Sheet(kind="Contact", written_at=at)
    contact.put(**{name: lead.value(name) for name in HANDED_ON})
    nobody = {staff.queue_id: staff.placeholder_id}
    told = [Version(nobody.get(one.value, one.value), one.at, one.source) for one in owners(draft, staff.placeholder_id)]
    contact.history[OWNER] = in_seconds(told, since=at)
    return contact


def _account(draft: Draft, contact: Sheet, name: str) -> Sheet:
    account = Sheet(kind="Account", written_at=contact.written_at)
    employer = draft.course().company
    for value in ("numberofemployees", "industry"):
        account.plain[value] = employer.value(value) if employer else None
    account.put(Name=name, OwnerId=contact.history[OWNER][0].value)
    return account


def _opportunity(draft: Draft, contact: Sheet) -> Sheet | None:
    """The deal that the story has; without one, every second conversion opens one that goes on."""
    deals = [sheet for sheet in draft.others if sheet.kind == "deals"]
    if len(deals) > 1 or any(deal.written_at < contact.written_at for deal in deals):
        raise PlanError("a Lead has one Opportunity at most, from its conversion on")
    if not deals and draft.rng.random() < 0.5:
        return None
    opportunity = Sheet(kind="Opportunity", written_at=contact.written_at)
    opportunity.put(Name=f"{contact.plain['lastname']}: planning", Amount=str(draft.rng.randint(3, 90) * 1000))
    opportunity.put(OwnerId=contact.history[OWNER][0].value)
    for version in deals[0].versions("dealstage") if deals else ():
        opportunity.set("StageName", STAGES[version.value], max(to_second(version.at), contact.written_at), version.source)
    if not deals:
        opportunity.set("StageName", STAGES["appointmentscheduled"], contact.written_at, by(draft.scene.staff.managers[0]))
    return opportunity
