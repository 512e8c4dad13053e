"""Laws of judging, over random leads."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.records import Activity, ActivityStatus, FieldChange
from sync.judge.findings import Judgement, Status
from sync.judge.judge import judge_lead
from tests.builders import ANN, BEN, STAGES, a_call, a_mail, ny, set_to, the_rows, the_terms

START = ny("2026-11-02 08:00")
NOW = ny("2026-11-13 16:00")
MINUTES = st.integers(0, 11 * 24 * 60)
MOMENTS = MINUTES.map(lambda minutes: START + timedelta(minutes=minutes))
STATUSES = ("NEW", "IN_PROGRESS", "UNQUALIFIED", "RECYCLED", None)

CHANGES = st.lists(
    st.one_of(
        st.builds(lambda value, at: set_to("lifecyclestage", value, at), st.sampled_from((*STAGES[1:5], None)), MOMENTS),
        st.builds(lambda value, at: set_to("hubspot_owner_id", value, at), st.sampled_from((ANN, BEN, "90", "91", None)), MOMENTS),
        st.builds(lambda value, at: set_to("hs_lead_status", value, at), st.sampled_from(STATUSES), MOMENTS),
    ),
    max_size=12,
    unique_by=lambda change: (change.field, change.at),
)
ACTIVITIES = st.lists(
    st.one_of(
        st.builds(lambda at, owner, n: a_call(at, owner=owner, id=str(n)), MOMENTS, st.sampled_from((ANN, BEN)), st.integers(1, 10**6)),
        st.builds(lambda at, owner, n: a_mail(at, owner=owner, id=str(n)), MOMENTS, st.sampled_from((ANN, BEN)), st.integers(1, 10**6)),
    ),
    max_size=8,
    unique_by=lambda activity: activity.key,
)


def judge_at(changes: list[FieldChange], activities: list[Activity], now: datetime) -> Judgement:
    return judge_lead(the_rows(changes, activities), the_terms(upto=now), now)


@given(CHANGES, ACTIVITIES, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_judging_does_not_depend_on_the_order_in_which_facts_came(
    changes: list[FieldChange], activities: list[Activity], shuffle: random.Random
) -> None:
    expected = judge_at(changes, activities, NOW)
    shuffle.shuffle(changes)
    shuffle.shuffle(activities)
    assert judge_at(changes, activities, NOW) == expected


@given(CHANGES, ACTIVITIES)
@settings(max_examples=150, deadline=None)
def test_every_finding_has_a_key_of_its_own(changes: list[FieldChange], activities: list[Activity]) -> None:
    keys = [finding.key for finding in judge_at(changes, activities, NOW).findings]
    assert len(keys) == len(set(keys))


@given(CHANGES, ACTIVITIES, MOMENTS, st.sampled_from((ANN, BEN)))
@settings(max_examples=150, deadline=None)
def test_a_touch_more_never_turns_a_kept_first_touch_into_a_breach(
    changes: list[FieldChange], activities: list[Activity], at: datetime, owner: str
) -> None:
    def kept(judgement: Judgement) -> set[str]:
        return {f.key for f in judgement.findings if f.rule == "first_touch" and f.status is Status.KEPT}

    before = judge_at(changes, activities, NOW)
    after = judge_at(changes, [*activities, a_call(at, owner=owner, id="9999999")], NOW)
    assert kept(before) <= kept(after)


@given(CHANGES, ACTIVITIES)
@settings(max_examples=100, deadline=None)
def test_time_alone_never_takes_back_what_was_decided(changes: list[FieldChange], activities: list[Activity]) -> None:
    later = NOW + timedelta(days=3)
    decided = (Status.KEPT, Status.BREACHED, Status.EXCUSED)
    before = {f.key: f for f in judge_at(changes, activities, NOW).findings if f.cycle.closed_by != "returned"}
    after = {f.key: f for f in judge_at(changes, activities, later).findings}
    for key, finding in before.items():
        if finding.status in decided and after[key].cycle.closed_by != "returned":
            assert after[key].status is finding.status


@given(CHANGES, ACTIVITIES)
@settings(max_examples=100, deadline=None)
def test_nothing_changes_before_the_moment_that_was_named(changes: list[FieldChange], activities: list[Activity]) -> None:
    now = ny("2026-11-10 12:00")
    known = [c for c in changes if c.at <= now], [a for a in activities if a.happened_at <= now]
    first = judge_at(*known, now)
    just_before = first.next_at - timedelta(milliseconds=1) if first.next_at else now + timedelta(days=2)
    again = judge_at(*known, just_before)
    assert [(f.key, f.status) for f in again.findings] == [(f.key, f.status) for f in first.findings]


@given(CHANGES, ACTIVITIES, MOMENTS)
@settings(max_examples=100, deadline=None)
def test_looking_back_knows_only_what_was_known_then(changes: list[FieldChange], activities: list[Activity], then: datetime) -> None:
    past = [c for c in changes if c.at <= then], [a for a in activities if a.logged_at <= then]
    assert judge_at(changes, [a for a in activities if a.logged_at <= then], then).findings == judge_at(*past, then).findings


def test_a_bounce_told_later_is_the_only_kind_of_news_that_takes_a_touch_back() -> None:
    handed_over = [set_to("lifecyclestage", "marketingqualifiedlead", START), set_to("hubspot_owner_id", ANN, START)]
    mail = a_mail(ny("2026-11-02 09:30"))
    bounced = replace(mail, statuses=(*mail.statuses, replace(mail.statuses[0], status=ActivityStatus.BOUNCED)))
    status_of = [next(f.status for f in judge_at(handed_over, [m], NOW).findings if f.rule == "first_touch") for m in (mail, bounced)]
    assert status_of == [Status.KEPT, Status.BREACHED]
