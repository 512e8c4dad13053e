"""The Lead that a plan becomes, and what happened to it, ready for a verdict. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from types import MappingProxyType

from sandbox.world.deeds import Deed
from sandbox.world.draft import ENDINGS, Draft
from sandbox.world.ownership import Ownership, Turn
from sandbox.world.passage import Course, DoesNotFit, Passage
from sandbox.world.picklists import LABELS, REJECT_FIELD
from sandbox.world.promises import QUALIFIED_STAGE
from sandbox.world.salesforce.seconds import in_seconds, sheet_in_seconds, to_second
from sandbox.world.salesforce.status import statuses
from sandbox.world.sheet import FORM, WORKFLOW, Sheet, Version

OWNER = "hubspot_owner_id"
NO_COMPANY = "[not provided]"  # what people type where a Company is asked for and they know none
REASONS: Mapping[str, Mapping[str, str]] = MappingProxyType(  # field -> as stories say it -> as its picklist does: labels
    {**LABELS, REJECT_FIELD: {**LABELS[REJECT_FIELD], "ALREADY-IN-AN-OPEN-DEAL": "Already in an open deal"}}
)
_FIRM = ("numberofemployees", "industry")


def lead_sheet(draft: Draft, *, upto: datetime | None) -> Sheet:
    """The Lead, under the names that stories give its values; it changes no more after its conversion at `upto`."""
    born = to_second(draft.contact.written_at)
    lead = sheet_in_seconds(draft.contact, "Lead", since=born, upto=upto)
    lead.archived_at = to_second(draft.contact.archived_at) if draft.contact.archived_at else None
    lead.history["lifecyclestage"] = [Version("lead", born, FORM)]
    if upto is not None:
        lead.history["lifecyclestage"].append(Version(QUALIFIED_STAGE, upto, WORKFLOW))
    lead.history["hs_lead_status"] = in_seconds(list(statuses(draft)), since=born, upto=upto)
    lead.history["company"] = in_seconds(_companies(draft.contact), since=born, upto=upto)
    for name, words in REASONS.items():
        told = [replace(one, value=words.get(one.value, one.value)) for one in draft.contact.versions(name)]
        lead.history[name] = in_seconds(told, since=born, upto=upto)
    lead.history[OWNER] = in_seconds(owners(draft, draft.scene.staff.queue_id), since=born, upto=upto)
    return lead


def _companies(contact: Sheet) -> list[Version]:
    """Each value of Company: it cannot be blank."""
    first = Version(NO_COMPANY, contact.written_at, FORM)
    return [first, *(replace(version, value=version.value or NO_COMPANY) for version in contact.versions("company"))]


def owners(draft: Draft, nobody: str) -> list[Version]:
    """Each owner, `nobody` where it is nobody's: every record has one."""
    first = Version(nobody, draft.contact.written_at, WORKFLOW)
    return [first, *(replace(version, value=version.value or nobody) for version in draft.contact.versions(OWNER))]


def firm_sheet(draft: Draft, lead: Sheet, *, upto: datetime | None) -> Sheet | None:
    """What the Lead says of its company: that stands on the Lead itself."""
    employer = draft.course().company
    if employer is None:
        return None
    firm = Sheet(kind="companies", written_at=lead.written_at)
    for name in _FIRM:
        firm.history[name] = in_seconds(employer.versions(name), since=lead.written_at, upto=upto)
    return firm


def course_of(draft: Draft, lead: Sheet, deeds: Sequence[Deed], *, upto: datetime | None) -> Course:
    """What happened to the Lead. Raises DoesNotFit where something ends it after its conversion that cannot."""
    turns = [Turn(to_second(turn.at), turn.rep) for turn in sorted(draft.turns, key=lambda turn: turn.at)]
    excused = to_second(draft.excused_at) if draft.excused_at else None
    return Course(
        contact=lead,
        company=firm_sheet(draft, lead, upto=upto),
        ownership=Ownership(turns),
        passages=_passages(draft, upto),
        deeds=sorted(deeds, key=lambda deed: deed.at),
        hours=draft.scene.hours,
        excused_at=None if excused and upto and excused > upto else excused,
        deals_closed=[to_second(at) for at in draft.deals_closed],
    )


def _passages(draft: Draft, upto: datetime | None) -> list[Passage]:
    """Nothing returns a lead here, so what was returned goes on until it is handed over again."""
    told = sorted((_in_seconds(passage) for passage in draft.passages), key=lambda passage: passage.opened_at)
    if upto and any(one.ended_at and one.ended_at > upto and one.ending in ENDINGS.values() for one in told):
        raise DoesNotFit
    for earlier, later in pairwise(passage for passage in told if passage.handoff == "sdr"):
        if earlier.ended_at is None:
            earlier.ended_at, earlier.ending = later.opened_at, "handed over again"
    return told


def _in_seconds(passage: Passage) -> Passage:
    ended = None if passage.ended_at is None or passage.ending == "returned" else to_second(passage.ended_at)
    return replace(passage, opened_at=to_second(passage.opened_at), ended_at=ended, ending=passage.ending if ended else "", tenures=[])
