"""One planned lead as two CRMs show it: in both, or in one of them alone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.world.beside import Beside
from sandbox.world.both.contact import contact_of
from sandbox.world.both.doings import share_out
from sandbox.world.both.extras import Extras, extras_of
from sandbox.world.both.faces import hubspots_face, salesforces_face
from sandbox.world.both.lags import Lags
from sandbox.world.both.lead import firm_on_lead, lead_of
from sandbox.world.both.merged import Records, course_of_both
from sandbox.world.both.places import place_of
from sandbox.world.both.words import words_of
from sandbox.world.draft import Draft
from sandbox.world.ownership import Ownership
from sandbox.world.passage import Course, DoesNotFit
from sandbox.world.salesforce.seconds import to_second
from sandbox.world.salesforce.shown import OnSalesforce, show, with_conversion
from sandbox.world.salesforce.status import converted_at
from sandbox.world.sheet import Sheet
from sandbox.world.verdicts.between import in_step


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBoth:
    """One lead as its records in two CRMs show it."""

    draft: Draft
    course: Course  # as it is judged
    contact: Sheet | None = None  # in HubSpot
    activities: Sequence[Sheet] = ()  # in HubSpot
    salesforce: OnSalesforce | None = None
    extras: Extras
    apart: Sequence[OnBoth] = ()  # other leads that came of the same plan

    @property
    def silent(self) -> bool:
        """Whether nothing is promised about it."""
        return self.draft.silent

    def hubspots(self) -> list[Sheet]:
        """Every record that it brings along in HubSpot, the company first."""
        if self.contact is None:
            return []
        company = [self.draft.company] if self.draft.company is not None else []
        return [*company, self.contact, *self.extras.contacts, *self.activities]


def show_both(draft: Draft) -> OnBoth:
    """What the two CRMs show of `draft`. Raises DoesNotFit where they cannot."""
    match place_of(draft):
        case "hubspot":
            return _in_hubspot(draft)
        case "salesforce":
            shown = show(draft)
            if shown.silent:
                raise DoesNotFit
            return OnBoth(draft=draft, course=shown.course, salesforce=shown, extras=Extras())
        case _:
            return _in_both(draft)


def _in_hubspot(draft: Draft) -> OnBoth:
    """It never came to Salesforce, so all is judged by HubSpot's word."""
    extras = extras_of(draft, None)
    face = hubspots_face(draft.contact, draft.scene.staff)
    course = draft.course()
    course.beside = Beside(marketing=face, confusions=extras.confusions)
    apart = [_known_apart(draft, extras.confusions)] if draft.sync.extra == "two leads with its address" else []
    return OnBoth(draft=draft, course=course, contact=draft.contact, activities=draft.others, extras=extras, apart=apart)


def _known_apart(draft: Draft, confusions: Sequence[str]) -> OnBoth:
    """The same plan as Salesforce has it, in a Lead that nothing links to the contact: a lead of its own."""
    shown = show(draft)
    shown.course.beside = Beside(confusions=confusions)
    return OnBoth(draft=draft, course=shown.course, salesforce=shown, extras=Extras())


def _in_both(draft: Draft) -> OnBoth:
    lags, words, end = Lags(draft), words_of(draft), converted_at(draft)
    upto = None if end is None else to_second(end)
    if upto is not None and upto <= lags.born:
        raise DoesNotFit
    lead = lead_of(draft, words, lags, upto=upto)
    doings = share_out(draft, lags.born)
    alone = Course(
        contact=lead,
        company=firm_on_lead(draft, lags, upto=upto),
        ownership=Ownership([]),
        passages=(),
        deeds=(),
        hours=draft.scene.hours,
    )
    salesforce = with_conversion(draft, alone, doings.salesforce, upto=upto)
    contact = contact_of(draft, words, lags, upto=upto)
    extras = extras_of(draft, lead, contact)
    beside = Beside(
        marketing=hubspots_face(contact, draft.scene.staff),
        sales=salesforces_face(lead, salesforce.contact, draft.scene.staff),
        confusions=extras.confusions,
    )
    course = course_of_both(draft, Records(contact=contact, lead=lead, converted_at=upto), doings.deeds, beside)
    if extras.contacts and any(in_step(course, draft.now)):
        raise DoesNotFit  # it is not said which of several contacts is compared
    return OnBoth(draft=draft, course=course, contact=contact, activities=doings.hubspot, salesforce=salesforce, extras=extras)
