"""Why a lead may be reported, reminded and escalated, but not moved. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from connectors.records import Activity, ActivityKind, ActivityStatus, Direction, Record
from sync.agreement.model import Agreement, Protection
from sync.confusion import several_records
from sync.facts import OwnerSet
from sync.history import local_text
from sync.rows import LeadRows
from sync.terms import Terms
from sync.timeline import Timeline

TWO_WAY = frozenset({ActivityStatus.CONNECTED, ActivityStatus.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shielded:
    """A lead as its protection sees it; `since` is the beginning of the passage that asks for the move."""

    rows: LeadRows
    timeline: Timeline
    agreement: Agreement
    terms: Terms
    since: datetime | None
    now: datetime

    @property
    def owner(self) -> str | None:
        """Who owns the lead now."""
        owners = [fact.owner for fact in self.timeline.facts if isinstance(fact, OwnerSet)]
        return owners[-1] if owners else None


def protections(lead: Shielded) -> Iterator[str]:
    """Yield every reason of the agreement that protects the lead, as a sentence with what shows it."""
    for protection in lead.agreement.protect.when:
        reason = _reason(lead, protection)
        if reason is not None:
            yield f"protected: {reason}"
    if confusion := _confusion(lead):
        yield f"protected: {confusion}"


def _reason(lead: Shielded, protection: Protection) -> str | None:
    match protection.what:
        case "open deal":
            return _open_deal(lead)
        case "customer":
            return _customer(lead)
        case "future meeting":
            return _future_meeting(lead)
        case "conversation":
            return _conversation(lead, protection)
        case "named account":
            return _named_account(lead)
        case "owner set by a person":
            return _set_by_hand(lead)
        case _:
            return _held(lead)


def _confusion(lead: Shielded) -> str | None:
    """Say what leaves open which records are this person's: which of them would be moved?"""
    if several := several_records(lead.rows, lead.terms):
        return f"several open records of one person: {', '.join(map(str, several))}"
    if lead.rows.doubts:
        return f"perhaps the same person as {', '.join(map(str, lead.rows.doubts))}"
    return next((f"{one.sort}: {one.source}" for one in lead.timeline.confusions), None)


def _open_deal(lead: Shielded) -> str | None:
    deal = next(open_deals(lead.rows, lead.terms), None)
    return f"open deal {deal.key}" if deal is not None else None


def open_deals(rows: LeadRows, terms: Terms) -> Iterator[Record]:
    """Yield the deals of a lead that are neither closed nor gone, by key."""
    for deal in rows.deals:
        crm = terms.crms[deal.key.crm]
        closed = (deal.values.get(crm.vocabulary.deal_closed) or "").casefold() == "true"
        closed = closed or deal.values.get(crm.vocabulary.deal_stage) in crm.closed_stages
        if not closed and deal.key not in rows.gone_at:
            yield deal


def _customer(lead: Shielded) -> str | None:
    for person in lead.rows.people:
        words = lead.terms.crms[person.key.crm].vocabulary
        if (person.values.get(words.ladder or "") or "").casefold() in words.customers:
            return f"a customer ({words.ladder})"
    return None


def _future_meeting(lead: Shielded) -> str | None:
    for activity in lead.timeline.activities:
        booked = activity.kind is ActivityKind.MEETING and _status(activity) is ActivityStatus.BOOKED and activity.archived_at is None
        if booked and activity.happened_at > lead.now and activity.owner is not None and activity.owner == lead.owner:
            return f"meeting {activity.key} on {local_text(activity.happened_at, lead.agreement.zone)}"
    return None


def _conversation(lead: Shielded, protection: Protection) -> str | None:
    calendar = lead.agreement.calendars["default"]
    for activity in reversed(lead.timeline.activities):
        at = activity.happened_at
        if at.date() <= calendar.since or protection.within is None:
            return None  # older than the calendars: so are all before it
        recent = at <= lead.now <= protection.within.after(at, calendar)
        if recent and _is_two_way(activity) and activity.archived_at is None:
            return f"conversation {activity.key} on {local_text(at, lead.agreement.zone)}"
    return None


def _is_two_way(activity: Activity) -> bool:
    came_in = activity.direction is Direction.IN and not activity.auto_reply and not activity.marketing
    return came_in or _status(activity) in TWO_WAY


def _status(activity: Activity) -> ActivityStatus | None:
    return activity.statuses[-1].status if activity.statuses else None


def _named_account(lead: Shielded) -> str | None:
    for person in lead.rows.people:
        address = person.values.get(lead.terms.crms[person.key.crm].vocabulary.email) or ""
        domain = address.rpartition("@")[2].casefold()
        if domain and domain in lead.agreement.protect.named_accounts:
            return "a named account"
    return None


def _set_by_hand(lead: Shielded) -> str | None:
    owners = [fact for fact in lead.timeline.facts if isinstance(fact, OwnerSet)]
    last = owners[-1] if owners else None
    if last is None or last.owner is None or (lead.since is not None and last.at < lead.since) or not _by_a_person(last, lead.terms):
        return None
    return f"its owner was set by a person on {local_text(last.at, lead.agreement.zone)}"


def _by_a_person(fact: OwnerSet, terms: Terms) -> bool:
    """Whether the CRM says that a person did it; where it tells no sources, whether somebody of the roster did, and not leadpact."""
    crm = fact.source.partition("/")[0]
    if terms.crms[crm].vocabulary.by_hand:
        return fact.by_hand
    return not fact.ours and fact.actor is not None and terms.roster.person_of(crm, fact.actor) is not None


def _held(lead: Shielded) -> str | None:
    """Say that somebody holds the lead; a box whose tick was taken away says `false`."""
    for person in lead.rows.people:
        field = lead.terms.crms[person.key.crm].vocabulary.hold
        if (person.values.get(field) or "").casefold() not in ("", "false"):
            return f"{field} is set"
    return None
