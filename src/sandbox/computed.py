"""Properties that HubSpot sets itself, and what each follows from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.clock import as_millis, as_moment, as_text, from_millis
from sandbox.kinds import ACTIVITIES, KINDS
from sandbox.links import linked_live
from sandbox.record import Record

if TYPE_CHECKING:
    from sandbox.portal import Portal

CONTACTING = ("calls", "emails", "meetings", "communications")
WORKED = ("contacts", "companies", "deals")
_PLANNED = {"tasks": ("hs_task_status", "NOT_STARTED"), "meetings": ("hs_meeting_outcome", "SCHEDULED")}
_OUTBOUND = {"calls": ("hs_call_direction", "OUTBOUND"), "emails": ("hs_email_direction", "EMAIL")}
Values = dict[str, str]  # "" where there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """What `values` gives must be set again on a record of `kinds` when one of `causes` changed.

    A cause is a property's name or the kind of a record that it is (or was) associated with. Rules
    stand in such an order that a computed cause comes before what follows from it.
    """

    kinds: Collection[str]
    causes: frozenset[str]
    values: Callable[[Portal, str, Record], Values]


def follow(portal: Portal, kind: str, record: Record, causes: Collection[str]) -> Values:
    """Computed values of `record` after `causes` changed; only properties that are defined."""
    found: Values = {}
    for rule in _RULES_OF[kind]:
        if not rule.causes.isdisjoint(causes):
            found |= rule.values(portal, kind, record)
    return {name: value for name, value in found.items() if name in portal.definitions[kind]}


def settle(portal: Portal, kind: str, record: Record, causes: Collection[str], *, unseen: bool = False) -> None:
    """Set what follows from `causes` on a live record, with history, and what follows from that.

    If `unseen`, the record does not count as changed by it.
    """
    if record.archived_at is not None:
        return
    values = follow(portal, kind, record, causes)
    changed = {name: value for name, value in values.items() if value != (record.value(name) or "")}
    if not changed:
        return
    now = portal.clock.text()
    portal.changing(kind, record)
    for name, value in changed.items():
        record.put(name, value)
        record.remember(name, {"value": value, "timestamp": now, "sourceType": "CALCULATED"})
    if not unseen:
        touch(kind, record, now)
    settle(portal, kind, record, changed, unseen=unseen)


def touch(kind: str, record: Record, now: str) -> None:
    """Note that `record` changed at `now`."""
    record.properties[KINDS[kind].modified] = now
    record.properties["hs_lastmodifieddate"] = now


def fill(portal: Portal, kind: str, record: Record) -> None:
    """Set every computed value that `record` has not, without history: as if it had always been there."""
    known = portal.definitions[kind]
    portal.changing(kind, record)
    for rule in _RULES_OF[kind]:
        for name, value in rule.values(portal, kind, record).items():
            if value and name in known:
                record.properties.setdefault(name, value)


def stamps(portal: Portal, kind: str, before: str | None, changes: Mapping[str, str], at: str) -> Values:
    """Moments that HubSpot notes when owner or stage change at `at`; `before` is the former life-cycle stage.

    Source: default contact properties in HubSpot's knowledge base.
    """
    found: Values = {}
    if "hubspot_owner_id" in changes:
        found["hubspot_owner_assigneddate"] = at if changes["hubspot_owner_id"] else ""
    if "lifecyclestage" in changes:
        found |= _stage_stamps(before, changes["lifecyclestage"], at)
    if kind == "leads" and "hs_pipeline_stage" in changes:
        found["hs_pipeline_stage_last_updated"] = at
    if kind == "deals" and "dealstage" in changes:
        found["hs_v2_date_entered_current_stage"] = at
    return {name: value for name, value in found.items() if name in portal.definitions[kind]}


def stamps_from_history(history: Mapping[str, Sequence[Mapping[str, Any]]]) -> Values:
    """The same moments, from versions that a portal file gives."""
    found: Values = {}
    versions = sorted(history.get("lifecyclestage", ()), key=_moment_of)
    before: str | None = None
    for version in versions:
        found |= _stage_stamps(before, version["value"] or "", as_moment(version["timestamp"]))
        before = version["value"]
    owners = sorted(history.get("hubspot_owner_id", ()), key=_moment_of)
    if owners and owners[-1]["value"]:
        found["hubspot_owner_assigneddate"] = as_moment(owners[-1]["timestamp"])
    return found


def _moment_of(version: Mapping[str, Any]) -> int:
    return as_millis(version["timestamp"])


def _stage_stamps(before: str | None, stage: str, at: str) -> Values:
    left = {f"hs_v2_date_exited_{before}": at} if before else {}
    if not stage:
        return left
    return left | {f"hs_lifecyclestage_{stage}_date": at, f"hs_v2_date_entered_{stage}": at, "hs_v2_date_entered_current_stage": at}


def _of_owner(portal: Portal, _kind: str, record: Record) -> Values:
    owner = record.value("hubspot_owner_id")
    team = portal.staff.main_team(owner) or ""
    return {"hubspot_team_id": team, "hs_all_team_ids": team, "hs_all_owner_ids": owner or ""}


def _of_email(_portal: Portal, _kind: str, record: Record) -> Values:
    _, at, domain = (record.value("email") or "").rpartition("@")
    return {"hs_email_domain": domain if at else "", "hs_is_contact": "true"}


def _of_deal_stage(portal: Portal, kind: str, record: Record) -> Values:
    stage = portal.stage(kind, record.value("dealstage"))
    closed, won = (stage.is_closed, stage.is_won) if stage else (False, False)
    return {"hs_is_closed": _yes(closed), "hs_is_closed_won": _yes(won), "hs_is_closed_lost": _yes(closed and not won)}


def _of_task_status(_portal: Portal, _kind: str, record: Record) -> Values:
    return {"hs_task_is_completed": _yes(record.value("hs_task_status") == "COMPLETED")}


def _of_deals(portal: Portal, _kind: str, record: Record) -> Values:
    count = len(linked_live(portal, record, "deals"))
    return {"num_associated_deals": str(count) if count else ""}


def _of_contacts(portal: Portal, _kind: str, record: Record) -> Values:
    return {"num_associated_contacts": str(len(linked_live(portal, record, "contacts")))}


def _of_companies(_portal: Portal, _kind: str, record: Record) -> Values:
    primary = next((id_ for id_, is_primary in record.links.get("companies", {}).items() if is_primary), None)
    return {"associatedcompanyid": "" if primary is None else str(primary)}


def _of_activities(portal: Portal, _kind: str, record: Record) -> Values:
    """Counts and times of what was logged; a meeting or call still to come has not happened.

    An incoming e-mail is no contact by a rep; tasks count but are not dated.
    """
    now = portal.clock.millis()
    contacts = [at for each in CONTACTING for at in _moments(portal, record, each) if at <= now]
    notes = [at for at in _moments(portal, record, "notes") if at <= now]
    logged = len(contacts) + len(notes) + sum(1 for _ in _moments(portal, record, "tasks"))
    return {
        "notes_last_contacted": _text(max(contacts, default=None)),
        "notes_last_updated": _text(max(contacts + notes, default=None)),
        "num_contacted_notes": str(len(contacts)) if contacts else "",
        "num_notes": str(logged) if logged else "",
    }


def _of_plans(portal: Portal, _kind: str, record: Record) -> Values:
    """When the next open task falls due or the next meeting begins."""
    now = portal.clock.millis()
    planned = [_moment(each, plan) for each, (status, still) in _PLANNED.items() for plan in _linked(portal, record, each, status, still)]
    return {"notes_next_activity_date": _text(min((at for at in planned if at > now), default=None))}


def _of_replies(portal: Portal, _kind: str, record: Record) -> Values:
    received = _linked(portal, record, "emails", "hs_email_direction", "INCOMING_EMAIL")
    return {"hs_sales_email_last_replied": _text(max(_upto_now(portal, "emails", received), default=None))}


def _of_outreach(portal: Portal, _kind: str, record: Record) -> Values:
    """When the first call, e-mail or message went out to a contact."""
    sent = [at for each, (name, out) in _OUTBOUND.items() for at in _upto_now(portal, each, _linked(portal, record, each, name, out))]
    sent += _upto_now(portal, "communications", _linked(portal, record, "communications"))
    return {"hs_first_outreach_date": _text(min(sent, default=None))}


def _moments(portal: Portal, record: Record, kind: str) -> Iterator[int]:
    for activity in _linked(portal, record, kind):
        if activity.value("hs_email_direction") != "INCOMING_EMAIL":
            yield _moment(kind, activity, begins=False)


def _upto_now(portal: Portal, kind: str, activities: Iterable[Record]) -> list[int]:
    now = portal.clock.millis()
    return [at for each in activities if (at := _moment(kind, each, begins=False)) <= now]


def _moment(kind: str, activity: Record, *, begins: bool = True) -> int:
    """When an activity took place or, if it `begins`, when a meeting will."""
    start = activity.value("hs_meeting_start_time") if begins else None
    return as_millis(start or activity.value("hs_timestamp") or activity.properties[KINDS[kind].created])


def _linked(portal: Portal, record: Record, kind: str, name: str = "", value: str = "") -> Iterator[Record]:
    """Live activities of a record; with `name` only those that have this `value`."""
    records = (portal.record(kind, id_) for id_ in linked_live(portal, record, kind))
    return (each for each in records if not name or each.value(name) == value)


def _of_work(_portal: Portal, _kind: str, record: Record) -> Values:
    last, since = record.value("notes_last_contacted"), record.value("hubspot_owner_assigneddate")
    if not record.value("hubspot_owner_id") or last is None:
        return {"hs_is_unworked": "true"}
    return {"hs_is_unworked": _yes(since is not None and as_millis(last) < as_millis(since))}


def _text(millis: int | None) -> str:
    return "" if millis is None else as_text(from_millis(millis))


def _yes(answer: bool) -> str:
    return "true" if answer else "false"


_OF_WORK = frozenset({"hubspot_owner_id", "hubspot_owner_assigneddate", "notes_last_contacted"})
_RULES = (
    _Rule(kinds=KINDS, causes=frozenset({"hubspot_owner_id"}), values=_of_owner),
    _Rule(kinds=("contacts",), causes=frozenset({"email"}), values=_of_email),
    _Rule(kinds=("deals",), causes=frozenset({"dealstage"}), values=_of_deal_stage),
    _Rule(kinds=("tasks",), causes=frozenset({"hs_task_status"}), values=_of_task_status),
    _Rule(kinds=("contacts", "companies"), causes=frozenset({"deals"}), values=_of_deals),
    _Rule(kinds=("companies", "deals"), causes=frozenset({"contacts"}), values=_of_contacts),
    _Rule(kinds=("contacts",), causes=frozenset({"companies"}), values=_of_companies),
    _Rule(kinds=WORKED, causes=frozenset(ACTIVITIES), values=_of_activities),
    _Rule(kinds=WORKED, causes=frozenset(_PLANNED), values=_of_plans),
    _Rule(kinds=("contacts",), causes=frozenset({"emails"}), values=_of_replies),
    _Rule(kinds=("contacts",), causes=frozenset({*_OUTBOUND, "communications"}), values=_of_outreach),
    _Rule(kinds=("contacts",), causes=_OF_WORK, values=_of_work),
)
_RULES_OF = {kind: tuple(rule for rule in _RULES if kind in rule.kinds) for kind in KINDS}
