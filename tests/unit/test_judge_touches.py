"""What counts as a touch, when, and why the rest does not: false refusals are as bad as false acceptances."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.records import Activity, ActivityKind, ActivityStatus, Direction, StatusChange
from sync.agreement.load import agreement_of
from sync.judge.findings import Finding, Status
from sync.judge.judge import judge_lead
from tests.builders import (
    ANN,
    BEN,
    a_call,
    a_mail,
    a_meeting,
    an_activity,
    judged,
    mql,
    ny,
    owned_by,
    raised,
    status_in,
    the_agreement,
    the_rows,
    the_terms,
)

HANDOFF = ny("2026-11-18 10:00")
THEN = ny("2026-11-18 11:00")
NOW = ny("2026-11-18 18:00")
LEAD = [mql(HANDOFF), owned_by(ANN, HANDOFF)]


def touch(*activities: Activity) -> Finding:
    return judged(LEAD, activities, now=NOW, rule="first_touch")


@pytest.mark.parametrize(
    "activity",
    [
        a_call(THEN, ActivityStatus.NO_ANSWER),
        a_call(THEN, ActivityStatus.VOICEMAIL, seconds=4),
        a_call(THEN, ActivityStatus.BUSY, seconds=0),
        a_call(THEN, ActivityStatus.CONNECTED, seconds=20),
        a_call(THEN, ActivityStatus.CONNECTED),
        a_call(THEN, ActivityStatus.OTHER, seconds=1),
        a_call(THEN, None),
        a_call(THEN, ActivityStatus.CONNECTED, direction=Direction.IN, seconds=95),
        a_mail(THEN),
        replace(a_mail(THEN), sequence="77"),
        an_activity(ActivityKind.MESSAGE, THEN, outcome=ActivityStatus.SENT),
        a_meeting(THEN, booked=THEN - timedelta(minutes=20), outcome=ActivityStatus.HELD),
        a_meeting(THEN, booked=THEN - timedelta(minutes=20), outcome=ActivityStatus.NO_SHOW),
    ],
    ids=lambda a: f"{a.kind}-{a.statuses[-1].status}-{a.direction}",
)
def test_what_a_person_did_counts(activity: Activity) -> None:
    assert (touch(activity).status, touch(activity).settled_at) == (Status.KEPT, THEN)


@pytest.mark.parametrize(
    ("activity", "why"),
    [
        (a_call(THEN, ActivityStatus.CONNECTED, seconds=19.999), "too short"),
        (a_call(THEN, ActivityStatus.FAILED), "failed"),
        (a_call(THEN, ActivityStatus.PLANNED), "not done"),
        (a_call(THEN, ActivityStatus.MISSED, direction=Direction.IN), "inbound"),
        (a_mail(THEN, direction=Direction.IN), "inbound"),
        (a_mail(THEN, ActivityStatus.BOUNCED), "bounced"),
        (replace(a_mail(THEN), marketing=True), "automated"),
        (replace(a_mail(THEN), auto_reply=True), "automated"),
        (a_call(THEN, owner=BEN), "somebody else"),
        (a_call(THEN, owner=None), "somebody else"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_count_is_listed_with_its_reason(activity: Activity, why: str) -> None:
    finding = touch(activity)
    assert finding.status is Status.BREACHED
    refused = [e for e in finding.evidence if not e.counted]
    assert [e.source for e in refused] == [str(activity.key)]
    assert why in refused[0].what


@pytest.mark.parametrize("kind", [ActivityKind.TASK, ActivityKind.NOTE])
def test_tasks_and_notes_are_never_touches(kind: ActivityKind) -> None:
    assert touch(an_activity(kind, THEN, outcome=ActivityStatus.DONE)).status is Status.BREACHED


def test_a_sequence_does_not_answer_a_hand_raise() -> None:
    mail = replace(a_mail(THEN), sequence="77")
    finding = judged([*raised("Demo request", HANDOFF), owned_by(ANN, HANDOFF)], [mail], now=NOW, rule="first_touch")
    assert finding.status is Status.BREACHED


def test_ten_alike_in_minutes_are_bulk_and_nine_are_not() -> None:
    mail, terms = a_mail(THEN), the_terms(upto=NOW)
    found = {count: status_in(the_rows(LEAD, [mail], alike={mail.key: count}), terms, now=NOW) for count in (9, 10)}
    assert found == {9: Status.KEPT, 10: Status.BREACHED}


def test_a_call_logged_four_business_hours_later_counts_when_it_happened() -> None:
    assert touch(a_call(THEN, logged=ny("2026-11-18 15:00"))).settled_at == THEN


def test_a_call_logged_later_than_that_counts_when_it_was_logged() -> None:
    logged = ny("2026-11-18 15:00") + timedelta(milliseconds=1)
    finding = touch(a_call(THEN, logged=logged))
    assert (finding.status, finding.settled_at) == (Status.BREACHED, logged)
    assert any("logged late" in e.what for e in finding.evidence)


def test_a_trusted_source_is_never_late() -> None:
    text = the_agreement().text.replace("trusted       = []", 'trusted       = ["INTEGRATION:99"]')
    terms = the_terms(upto=NOW, agreement=agreement_of(text, file="agreement.toml"))
    call = replace(a_call(THEN, logged=ny("2026-11-18 17:45")), source="INTEGRATION", source_id="99")
    (finding,) = [f for f in judge_lead(the_rows(LEAD, [call]), terms, NOW).findings if f.rule == "first_touch"]
    assert (finding.status, finding.settled_at) == (Status.KEPT, THEN)


def test_what_happened_before_the_handoff_counts_for_nothing_in_it() -> None:
    before = HANDOFF - timedelta(milliseconds=1)
    assert touch(a_call(before)).status is Status.BREACHED
    assert touch(a_call(before, logged=ny("2026-11-18 17:00"))).settled_at is None
    assert touch(a_call(HANDOFF)).status is Status.KEPT


def test_a_touch_dated_in_the_future_has_not_happened_yet() -> None:
    finding = touch(a_call(NOW + timedelta(hours=1), logged=THEN))
    assert finding.settled_at is None


def test_a_bounce_takes_back_a_touch_that_had_counted() -> None:
    told = ny("2026-11-18 14:00")
    bounced = replace(
        a_mail(THEN), statuses=(StatusChange(status=ActivityStatus.SENT, at=THEN), StatusChange(status=ActivityStatus.BOUNCED, at=told))
    )
    assert touch(bounced).status is Status.BREACHED


def test_a_second_unverified_call_within_half_an_hour_does_not_count() -> None:
    calls = [a_call(THEN + timedelta(minutes=m), None, id=str(m)) for m in (0, 29, 30)]
    refused = [e.source.rsplit("/", 1)[1] for e in touch(*calls).evidence if not e.counted]
    assert refused == ["29"]


def test_a_call_of_a_team_mate_counts_where_the_rule_says_team() -> None:
    text = the_agreement().text.replace('by       = "owner"', 'by       = "team"')
    terms = the_terms(upto=NOW, agreement=agreement_of(text, file="agreement.toml"))
    crm = replace(terms.crms["hubspot"], teams={ANN: "3", BEN: "3", "13": "4"})
    terms = replace(terms, crms={"hubspot": crm})
    by = {owner: status_in(the_rows(LEAD, [a_call(THEN, owner=owner)]), terms, now=NOW) for owner in (ANN, BEN, "13")}
    assert by == {ANN: Status.KEPT, BEN: Status.KEPT, "13": Status.BREACHED}


def test_a_call_before_the_handoff_that_was_logged_after_it_is_shown_and_does_not_count() -> None:
    finding = touch(a_call(HANDOFF - timedelta(minutes=5), logged=THEN))
    assert finding.status is Status.BREACHED
    assert [(e.what, e.counted) for e in finding.evidence if "call" in e.what] == [("call: before the handoff", False)]
