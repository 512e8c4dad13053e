"""Why a lead may be reported, reminded and escalated, but not moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.hubspot.mapping import VOCABULARY
from connectors.records import Activity, ActivityKind, ActivityStatus, Direction, FieldChange
from sync.protect import Shielded, protections
from sync.roster import Person, Roster
from sync.timeline import build_timeline
from tests.builders import (
    ANN,
    BEN,
    CRM,
    DEAL,
    MS,
    a_call,
    a_mail,
    a_meeting,
    a_reply,
    an_activity,
    mql,
    ny,
    owned_by,
    set_to,
    the_agreement,
    the_rows,
    the_terms,
)

OPENED = ny("2026-09-14 10:00")
NOW = ny("2026-09-25 16:00")  # a Friday
RECENT = ny("2026-09-18 16:00")  # 5 business days before
OLD = "conversation in 5 business days"
LEAD = [mql(OPENED), owned_by(ANN, OPENED)]

HOLD = "leadpact_hold"


def reasons(
    when: str,
    changes: Sequence[FieldChange] = (),
    activities: Sequence[Activity] = (),
    *,
    since: datetime | None = OPENED,
    more: str = "",
    deal_gone: bool = False,
    closed_stages: frozenset[str] = frozenset(),
) -> list[str]:
    """Return what protects a lead under an agreement that knows one protection, without the leading word."""
    protect = 'when = ["open deal", "customer", "future meeting", "conversation in 5 business days", "owner set by a person"]'
    agreement = the_agreement((protect, f'when = ["{when}"]\n{more}'))
    rows = the_rows([*LEAD, *changes], activities, gone_at={DEAL: OPENED} if deal_gone else None)
    terms = the_terms(upto=NOW, agreement=agreement, closed_stages=closed_stages)
    timeline = build_timeline(rows, agreement, terms, now=NOW)
    lead = Shielded(rows=rows, timeline=timeline, agreement=agreement, terms=terms, since=since, now=NOW)
    return [reason.removeprefix("protected: ") for reason in protections(lead)]


def deal(*, closed: str | None = None, stage: str = "talking") -> list[FieldChange]:
    return [set_to("hs_is_closed", closed, OPENED, record=DEAL), set_to("dealstage", stage, OPENED, record=DEAL)]


@pytest.mark.parametrize(
    ("changes", "closed_stages", "gone", "protected"),
    [
        ([], frozenset(), False, False),
        (deal(), frozenset(), False, True),
        (deal(closed="false"), frozenset({"won"}), False, True),
        (deal(closed="true"), frozenset(), False, False),
        (deal(closed="TRUE"), frozenset(), False, False),
        (deal(stage="won"), frozenset({"won"}), False, False),
        (deal(), frozenset(), True, False),
    ],
    ids=["none", "open", "open by its flag", "closed", "closed in capitals", "in a closed stage", "deleted"],
)
def test_an_open_deal_protects(changes: list[FieldChange], closed_stages: frozenset[str], gone: bool, protected: bool) -> None:
    found = reasons("open deal", changes, deal_gone=gone, closed_stages=closed_stages)
    assert found == (["open deal hubspot/deal/5"] if protected else [])


@pytest.mark.parametrize(("stage", "protected"), [("customer", True), ("Evangelist", True), ("opportunity", False), (None, False)])
def test_a_customer_is_protected(stage: str | None, protected: bool) -> None:
    assert bool(reasons("customer", [set_to("lifecyclestage", stage, NOW)])) is protected


@pytest.mark.parametrize(
    ("meeting", "protected"),
    [
        (a_meeting(NOW + MS, booked=OPENED), True),
        (a_meeting(NOW, booked=OPENED), False),
        (a_meeting(NOW + MS, booked=OPENED, owner=BEN), False),
        (a_meeting(NOW + MS, booked=OPENED, owner=None), False),
        (a_meeting(NOW + MS, booked=OPENED, outcome=ActivityStatus.CANCELLED), False),
        (a_meeting(NOW + MS, booked=OPENED, outcome=ActivityStatus.RESCHEDULED), False),
        (replace(a_meeting(NOW + MS, booked=OPENED), archived_at=OPENED), False),
        (a_call(NOW + MS, ActivityStatus.BOOKED), False),
    ],
    ids=["to come", "has begun", "with a colleague", "with nobody", "cancelled", "rescheduled", "deleted", "a call"],
)
def test_a_meeting_to_come_with_the_owner_protects(meeting: Activity, protected: bool) -> None:
    assert bool(reasons("future meeting", activities=[meeting])) is protected


def test_a_meeting_with_nobody_protects_no_lead_of_nobody() -> None:
    assert reasons("future meeting", [owned_by(None, NOW)], [a_meeting(NOW + MS, booked=OPENED, owner=None)]) == []


@pytest.mark.parametrize(
    ("activity", "protected"),
    [
        (a_reply(RECENT), True),
        (a_reply(RECENT - MS), False),
        (a_reply(NOW), True),
        (a_reply(NOW + MS), False),
        (a_call(RECENT, ActivityStatus.CONNECTED), True),
        (a_call(RECENT, ActivityStatus.VOICEMAIL), False),
        (a_mail(RECENT), False),
        (a_meeting(RECENT, booked=OPENED, outcome=ActivityStatus.HELD), True),
        (a_meeting(RECENT, booked=OPENED, outcome=ActivityStatus.NO_SHOW), False),
        (an_activity(ActivityKind.MESSAGE, RECENT, direction=Direction.IN), True),
        (replace(a_reply(RECENT), auto_reply=True), False),
        (replace(a_reply(RECENT), marketing=True), False),
        (replace(a_reply(RECENT), archived_at=NOW), False),
    ],
    ids=[
        "a reply five business days ago",
        "a moment longer ago",
        "a reply now",
        "still to come",
        "a call that was answered",
        "a voicemail",
        "our mail",
        "a meeting held",
        "a no-show",
        "a message that came in",
        "an automatic reply",
        "marketing",
        "deleted",
    ],
)
def test_a_conversation_of_the_last_five_business_days_protects(activity: Activity, protected: bool) -> None:
    assert bool(reasons(OLD, activities=[activity])) is protected


def test_one_conversation_among_others_that_are_none_protects() -> None:
    activities = [a_call(NOW, id="1"), a_reply(RECENT, id="2"), a_mail(NOW, id="3"), a_reply(RECENT - timedelta(days=9), id="4")]
    assert reasons(OLD, activities=activities) == ["conversation hubspot/email/2 on Fri 2026-09-18 16:00 EDT"]


@pytest.mark.parametrize(
    ("email", "protected"),
    [
        ("eve@big.example", True),
        ("EVE@Big.Example", True),
        ("eve@notbig.example", False),
        ("eve@big.example.org", False),
        ("", False),
        (None, False),
    ],
)
def test_a_named_account_is_protected_by_its_domain(email: str | None, protected: bool) -> None:
    found = reasons("named account", [set_to("email", email, OPENED)], more='named_accounts = ["big.example"]')
    assert found == (["a named account"] if protected else [])


def by_hand(owner: str | None, at: datetime, source: str = "CRM_UI") -> FieldChange:
    return set_to("hubspot_owner_id", owner, at, source=source)


@pytest.mark.parametrize(
    ("changes", "protected"),
    [
        ([by_hand(BEN, OPENED + MS)], True),
        ([by_hand(BEN, NOW, "MOBILE_IOS")], True),
        ([by_hand(BEN, NOW, "AUTOMATION_PLATFORM")], False),
        ([by_hand(BEN, NOW - MS), by_hand(ANN, NOW, "AUTOMATION_PLATFORM")], False),
        ([by_hand(None, NOW)], False),
        ([by_hand("90", NOW)], False),
    ],
    ids=["in the CRM", "in its app", "by a workflow", "by a workflow afterwards", "cleared", "a placeholder"],
)
def test_an_owner_whom_a_person_set_in_the_passage_is_protected(changes: list[FieldChange], protected: bool) -> None:
    assert bool(reasons("owner set by a person", changes)) is protected


@pytest.mark.parametrize(("since", "protected"), [(OPENED + MS, True), (OPENED + 2 * MS, False), (None, True)])
def test_one_whom_a_person_set_before_the_passage_is_not(since: datetime | None, protected: bool) -> None:
    assert bool(reasons("owner set by a person", [by_hand(BEN, OPENED + MS)], since=since)) is protected


@pytest.mark.parametrize(("actor", "protected"), [("500", True), ("900", False), ("7", False), (None, False)])
def test_where_a_crm_tells_no_sources_somebody_of_the_roster_is_a_person(actor: str | None, protected: bool) -> None:
    max_ = Person(name="Max", email=None, ids={CRM: "500"}, manager=None, team=None, calendar=None, hours=None, absences=())
    roster = Roster(people={"Max": max_}, by_id={(CRM, "500"): "Max", (CRM, "7"): "Max"})  # 7 is leadpact's own user
    change = replace(set_to("hubspot_owner_id", BEN, NOW), source=None, source_id=actor, actor=actor)
    rows, agreement = the_rows([*LEAD, change]), the_agreement()
    terms = the_terms(upto=NOW, roster=roster, vocabulary=replace(VOCABULARY, by_hand=frozenset()), own_app="7")
    timeline = build_timeline(rows, agreement, terms, now=NOW)
    lead = Shielded(rows=rows, timeline=timeline, agreement=agreement, terms=terms, since=OPENED, now=NOW)
    assert any("set by a person" in reason for reason in protections(lead)) is protected


@pytest.mark.parametrize(("value", "protected"), [("true", True), ("until Friday", True), ("", False), (None, False), ("false", False)])
def test_a_hold_protects_and_a_box_that_is_not_ticked_does_not(value: str | None, protected: bool) -> None:
    assert reasons("hold", [set_to(HOLD, value, OPENED)]) == ([f"{HOLD} is set"] if protected else [])


def test_every_reason_that_holds_is_told() -> None:
    protect = 'when = ["open deal", "customer", "future meeting", "conversation in 5 business days", "owner set by a person"]'
    assert protect in the_agreement().text
    rows = the_rows([*LEAD, *deal(), set_to("lifecyclestage", "customer", NOW), by_hand(BEN, NOW)], [a_reply(NOW)])
    terms = the_terms(upto=NOW)
    timeline = build_timeline(rows, the_agreement(), terms, now=NOW)
    lead = Shielded(rows=rows, timeline=timeline, agreement=the_agreement(), terms=terms, since=OPENED, now=NOW)
    assert [reason.split()[1] for reason in protections(lead)] == ["open", "a", "conversation", "its"]
    assert all(reason.startswith("protected: ") for reason in protections(lead))


def test_a_conversation_from_before_all_calendars_protects_nobody() -> None:
    assert reasons(OLD, activities=[a_call(datetime(2009, 5, 5, 15, tzinfo=UTC), ActivityStatus.CONNECTED, seconds=95)]) == []
