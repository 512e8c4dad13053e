"""One lead as it is judged from the records of both CRMs: who has the last word on what. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sandbox.world.beside import Beside
from sandbox.world.both.contact import marketing_stages
from sandbox.world.deeds import Deed
from sandbox.world.draft import ENDINGS, Draft
from sandbox.world.ownership import Ownership, Turn
from sandbox.world.passage import Course, DoesNotFit, Passage
from sandbox.world.picklists import RECYCLE_FIELD, REJECT_FIELD
from sandbox.world.promises import QUALIFIED_STAGE
from sandbox.world.salesforce.seconds import to_second
from sandbox.world.sheet import WORKFLOW, Sheet
from sandbox.world.stages import moments

SALES_WORDS = ("hs_lead_status", REJECT_FIELD, RECYCLE_FIELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """One person in both CRMs."""

    contact: Sheet
    lead: Sheet
    converted_at: datetime | None


def course_of_both(draft: Draft, records: Records, deeds: Sequence[Deed], beside: Beside) -> Course:
    """What happened to the lead. Raises DoesNotFit where a way out is lost between the CRMs."""
    person = _person(draft, records)
    course = Course(
        contact=person,
        company=draft.course().company,
        ownership=_ownership(draft, records.lead),
        passages=sorted(_passages(draft, records), key=lambda passage: passage.opened_at),
        deeds=sorted(deeds, key=lambda deed: deed.at),
        hours=draft.scene.hours,
        excused_at=draft.excused_at,
        deals_closed=[to_second(at) for at in draft.deals_closed],
        beside=beside,
    )
    _refuse_if_lost(course)
    return course


def _person(draft: Draft, records: Records) -> Sheet:
    """The contact's values, with the handoff stage from HubSpot, and what is Sales' from the Lead."""
    contact, lead = records.contact, records.lead
    person = Sheet(kind="contacts", written_at=contact.written_at, plain=dict(contact.plain), links=contact.links)
    person.history = dict(contact.history)
    person.history["lifecyclestage"] = marketing_stages(draft)
    if records.converted_at is not None:
        person.set("lifecyclestage", QUALIFIED_STAGE, records.converted_at, WORKFLOW)
    for name in SALES_WORDS:
        person.history[name] = list(lead.history.get(name, ()))
    return person


def _ownership(draft: Draft, lead: Sheet) -> Ownership:
    """Salesforce's owners: whoever had the lead when it was created there has it from then on."""
    told = sorted(draft.turns, key=lambda turn: turn.at)
    return Ownership([Turn(max(to_second(turn.at), lead.written_at), turn.rep) for turn in told])


def _passages(draft: Draft, records: Records) -> Iterator[Passage]:
    for passage in draft.passages:
        opened = passage.opened_at if passage.handoff == "sdr" else to_second(passage.opened_at)
        ended = _ended(passage, records)
        if passage.handoff == "ae" and records.converted_at != opened:
            raise DoesNotFit  # only a conversion hands over to the executives
        yield replace(passage, opened_at=opened, ended_at=ended, tenures=[])


def _ended(passage: Passage, records: Records) -> datetime | None:
    if passage.ended_at is None:
        return None
    if passage.ending == "returned":
        if passage.handoff == "ae":
            raise DoesNotFit  # a conversion is never undone
        return passage.ended_at
    ended = max(to_second(passage.ended_at), records.lead.written_at)
    if passage.ending in ENDINGS.values() and records.converted_at is not None and ended > records.converted_at:
        raise DoesNotFit  # a converted lead cannot be changed
    return ended


def _refuse_if_lost(course: Course) -> None:
    """Raise DoesNotFit where a passage ends otherwise than the merged records say."""
    statuses = {how: status for status, how in ENDINGS.items()}
    for passage in course.passages:
        status = statuses.get(passage.ending)
        if status is not None and passage.ended_at not in moments(course.contact, status):
            raise DoesNotFit
        if passage.ended_at is not None and passage.ended_at < passage.opened_at:
            raise DoesNotFit
