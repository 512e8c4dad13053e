"""Records too many: of somebody whose address another has, of one person twice, or one that was merged away. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sandbox.world.draft import Draft
from sandbox.world.names import person_name
from sandbox.world.ownership import Ownership
from sandbox.world.passage import Course, DoesNotFit
from sandbox.world.salesforce.course import NO_COMPANY, OWNER
from sandbox.world.salesforce.seconds import to_second
from sandbox.world.salesforce.shown import OnSalesforce
from sandbox.world.salesforce.status import OPEN
from sandbox.world.sheet import FORM, Sheet, iso
from sandbox.world.sync import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What else there is of a person, and how the two CRMs name each other's records."""

    link: Link = "pointer"
    contacts: Sequence[Sheet] = ()  # that point at the same Lead
    leads: Sequence[OnSalesforce] = ()  # of nobody who was handed over
    merged: bool = False  # whether these were merged into the Lead

    @property
    def confusions(self) -> tuple[str, ...]:
        """Why nobody can say for certain which records are one person."""
        told = {
            "address of several records": bool(self.leads) and not self.merged,
            "several records of one person": bool(self.contacts),
            "pointer to nothing": self.link == "pointer to nothing",
        }
        return tuple(why for why, is_so in told.items() if is_so)


def extras_of(draft: Draft, lead: Sheet | None, contact: Sheet | None = None) -> Extras:
    """Write the records that the story asks for beside `contact` and `lead`; None: there is no Lead."""
    link = _link(draft, lead, contact)
    match draft.sync.extra:
        case "second contact" if contact is not None:
            return Extras(link=link, contacts=[_second_contact(draft, contact)])
        case "lead with its address":
            email = draft.contact.value("email") or ""
            return Extras(link=link, leads=[_another_lead(draft, email)])
        case "two leads with its address":
            return Extras(link=link, leads=[_another_lead(draft, draft.contact.value("email") or "")])
        case "merged lead" if lead is not None:
            other = _another_lead(draft, f"{draft.rng.getrandbits(44):x}@old-mail.example")
            return Extras(link=link, leads=[_merged(draft, other, lead)], merged=True)
        case _:
            return Extras(link=link)


def _link(draft: Draft, lead: Sheet | None, contact: Sheet | None) -> Link:
    """Three in four know each other's ids; an address links only who has the same in both."""
    known: Link = draft.rng.choice(("pointer", "pointer", "pointer", "address"))
    link = draft.sync.link or known
    if link == "pointer" or lead is None or contact is None:
        return link
    email = contact.value("email")
    if email and email.casefold() == (lead.value("email") or "").casefold():
        return link
    if draft.sync.link is not None:
        raise DoesNotFit
    return "pointer"


def _second_contact(draft: Draft, contact: Sheet) -> Sheet:
    """The same person under another address, written by an import that knew the Lead; it has the same owner."""
    at = contact.written_at + draft.some(0.1, 1)
    sheet = Sheet(kind="contacts", written_at=at)
    sheet.put(firstname=contact.plain["firstname"], lastname=contact.plain["lastname"], createdate=iso(at))
    sheet.set("email", f"{draft.rng.getrandbits(44):x}@second-mail.example", at, FORM)
    sheet.set("lifecyclestage", "lead", at, FORM)
    if OWNER in contact.history:
        sheet.history[OWNER] = list(contact.history[OWNER])
    return sheet


def _another_lead(draft: Draft, email: str) -> OnSalesforce:
    """A Lead that somebody else wrote down, and nobody ever worked."""
    other = Draft(scene=draft.scene, rng=draft.rng, title=draft.title)
    first, last = person_name(draft.rng)
    at = to_second(draft.contact.written_at - timedelta(days=draft.rng.uniform(1, 30)))
    other.contact = Sheet(kind="contacts", written_at=at)
    lead = Sheet(kind="Lead", written_at=at)
    lead.put(firstname=first, lastname=last)
    for name, value in (("email", email), ("company", NO_COMPANY), ("hs_lead_status", OPEN), (OWNER, draft.scene.staff.queue_id)):
        lead.set(name, value, at, FORM)
    course = Course(contact=lead, company=None, ownership=Ownership([]), passages=(), deeds=(), hours=draft.scene.hours)
    return OnSalesforce(draft=other, course=course)


def _merged(draft: Draft, other: OnSalesforce, lead: Sheet) -> OnSalesforce:
    """Merged into `lead` some time after both were there."""
    at = to_second(lead.written_at + (draft.now - lead.written_at) * draft.rng.uniform(0.05, 0.95))
    if not lead.written_at < at:
        raise DoesNotFit
    other.course.contact.archived_at = at
    return other
