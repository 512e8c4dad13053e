"""Where a passage through the handoff opens, why it closes, and what belongs to it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from connectors.records import FieldChange
from sync.judge.findings import Finding
from tests.builders import ANN, judgement, mql, ny, owned_by, raised, set_to, status

MONDAY = ny("2026-11-09 10:00")
NOW = ny("2026-11-13 16:00")
QUARTER = timedelta(minutes=15)


def cycles(changes: list[FieldChange], now: datetime = NOW) -> list[tuple[datetime | None, str, datetime | None, str | None]]:
    """Return the cycles that any finding belongs to, oldest first."""
    found: dict[int, Finding] = {f.cycle.number: f for f in judgement(changes, now=now).findings}
    return [(c.opened_at, c.opened_by, c.closed_at, c.closed_by) for _, c in sorted((n, f.cycle) for n, f in found.items())]


def stage(value: str | None, when: datetime) -> FieldChange:
    return set_to("lifecyclestage", value, when)


@pytest.mark.parametrize("form", ["Demo request", "Pricing page: Demo request", "pricing: DEMO REQUEST"])
def test_a_listed_form_opens_a_cycle_whatever_page_it_stood_on(form: str) -> None:
    assert cycles(raised(form, MONDAY)) == [(MONDAY, "hand-raise Demo request", None, None)]


@pytest.mark.parametrize("form", ["Newsletter", "Demo request: Newsletter", ""])
def test_another_form_opens_none(form: str) -> None:
    assert cycles(raised(form, MONDAY)) == []


def test_the_stage_that_follows_a_hand_raise_belongs_to_its_cycle() -> None:
    assert cycles([*raised("Contact sales", MONDAY), mql(MONDAY + QUARTER)]) == [(MONDAY, "hand-raise Contact sales", None, None)]


def test_a_hand_raise_within_an_open_cycle_opens_no_other() -> None:
    assert cycles([mql(MONDAY), *raised("Demo request", MONDAY + QUARTER)]) == [(MONDAY, "stage MQL", None, None)]


def test_a_stage_entered_again_after_exactly_a_quarter_of_an_hour_was_never_left() -> None:
    back = MONDAY + timedelta(hours=1)
    assert len(cycles([mql(MONDAY), stage("lead", back), mql(back + QUARTER)])) == 1


def test_a_stage_entered_again_later_opens_a_second_cycle() -> None:
    back = MONDAY + timedelta(hours=1)
    again = back + QUARTER + timedelta(milliseconds=1)
    assert cycles([mql(MONDAY), stage("lead", back), mql(again)]) == [
        (MONDAY, "stage MQL", back, "returned"),
        (again, "stage MQL", None, None),
    ]


def test_a_stage_just_left_is_not_returned_before_the_quarter_of_an_hour_is_over() -> None:
    back = MONDAY + timedelta(hours=1)
    changes = [mql(MONDAY), stage("lead", back)]
    assert cycles(changes, now=back + QUARTER) == [(MONDAY, "stage MQL", None, None)]
    assert cycles(changes, now=back + QUARTER + timedelta(milliseconds=1)) == [(MONDAY, "stage MQL", back, "returned")]
    assert judgement(changes, now=back + QUARTER).next_at == back + QUARTER + timedelta(milliseconds=1)


def test_going_on_is_no_return_and_falling_back_from_there_is() -> None:
    on, back = MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=9)
    assert cycles([mql(MONDAY), stage("opportunity", on)]) == [(MONDAY, "stage MQL", None, None)]
    assert cycles([mql(MONDAY), stage("opportunity", on), stage("lead", back)]) == [(MONDAY, "stage MQL", back, "returned")]


def test_a_later_stage_without_the_handoff_stage_opens_no_cycle() -> None:
    assert cycles([stage("salesqualifiedlead", MONDAY)]) == []


@pytest.mark.parametrize(("value", "why"), [("RECYCLED", "recycled"), ("UNQUALIFIED", "rejected"), ("DISQUALIFIED", "disqualified")])
def test_a_lead_status_of_the_agreement_closes_the_cycle(value: str, why: str) -> None:
    closed = MONDAY + timedelta(hours=3)
    assert cycles([mql(MONDAY), status(value, closed)]) == [(MONDAY, "stage MQL", closed, why)]


def test_what_happened_before_the_handoff_closes_nothing() -> None:
    assert cycles([status("UNQUALIFIED", MONDAY - timedelta(days=3)), mql(MONDAY)]) == [(MONDAY, "stage MQL", None, None)]


def test_an_acceptance_of_the_first_cycle_does_not_keep_the_second() -> None:
    recycled, again = MONDAY + timedelta(hours=5), MONDAY + timedelta(days=2)
    changes = [
        owned_by(ANN, MONDAY - timedelta(days=1)),
        mql(MONDAY),
        status("IN_PROGRESS", MONDAY + timedelta(hours=1)),
        status("RECYCLED", recycled),
        stage("lead", recycled),
        set_to("lifecyclestage", "marketingqualifiedlead", again, source="CRM_UI"),
    ]
    accepts = [f for f in judgement(changes, now=NOW).findings if f.rule == "accept_or_reject"]
    assert [(f.cycle.number, f.status.value) for f in accepts] == [(1, "kept"), (2, "breached")]


def test_a_handoff_of_another_age_is_no_handoff_under_this_agreement() -> None:
    assert judgement([mql(ny("1970-01-01 00:00"))], now=NOW).findings == ()


def test_what_happens_as_one_passage_closes_and_the_next_opens_belongs_to_one_of_them() -> None:
    again = MONDAY + timedelta(days=1)
    first = [mql(MONDAY), owned_by(ANN, MONDAY), stage("salesqualifiedlead", MONDAY + timedelta(hours=1))]
    accepted = judgement([*first, mql(again), status("IN_PROGRESS", again)], now=NOW).findings
    assert [(f.cycle.number, f.started_at) for f in accepted if f.rule == "decide"] == [(2, again)]
    rejected = judgement([mql(MONDAY), owned_by(ANN, MONDAY), *first[2:], mql(again), status("UNQUALIFIED", again)], now=NOW).findings
    taken = [f for f in rejected if f.rule == "accept_or_reject"]
    assert [(f.cycle.number, f.cycle.closed_by, f.settled_at) for f in taken] == [
        (1, "rejected", MONDAY + timedelta(hours=1)),
        (2, None, None),
    ]
