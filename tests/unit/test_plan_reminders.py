"""Which reminders are planned before a deadline, for whom, and what holds them back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from connectors.records import FieldChange
from sync.agreement.spans import parse_span
from sync.judge.judge import judge_lead
from sync.plan import Planner, Policy
from sync.route import Routing, Seat
from sync.steps import Step
from tests.builders import ANN, BEN, BORN, mql, ny, owned_by, status, the_agreement, the_rows, the_terms

HANDOFF = ny("2026-11-18 10:00")  # first_touch: 2 business hours, warned at 50 % and 80 %
HALF, MOST = ny("2026-11-18 11:00"), ny("2026-11-18 11:36")
ACCEPTED = [mql(HANDOFF), owned_by(ANN, HANDOFF), status("IN_PROGRESS", HANDOFF + timedelta(minutes=5))]
SEATS = {"sdr": (Seat(owner=ANN, weight=1), Seat(owner=BEN, weight=1))}


def reminders(
    now: datetime,
    changes: list[FieldChange] = ACCEPTED,
    *,
    mode: Callable[[str, str | None], str] = lambda _rule, _team: "remind",
    told: frozenset[str] = frozenset({"owner"}),
    fired: frozenset[tuple[str, int]] = frozenset(),
    since: datetime = BORN,
) -> list[Step]:
    rows, terms = the_rows(changes), the_terms(upto=now)
    policy = Policy(
        mode_of=mode,
        not_enforcing=None,
        max_act_age=parse_span("2 business days"),
        enforced_since=lambda _: since,
        told=told,
        fired=fired,
    )
    planner = Planner(agreement=the_agreement(), terms=terms, policy=policy, routing=Routing(seats=SEATS), now=now)
    return [step for step in planner.steps(rows, judge_lead(rows, terms, now).findings) if step.action == "remind"]


def test_nobody_is_reminded_before_the_first_agreed_share_of_the_time() -> None:
    assert reminders(HALF - timedelta(milliseconds=1)) == []


def test_the_owner_is_reminded_at_each_agreed_share_once() -> None:
    (half,) = reminders(HALF)
    assert (half.rule, half.rung, half.fields, half.blocked_by) == ("first_touch", -50, (), ())
    assert half.reason.endswith("50% of its time has passed")
    fired = frozenset({(half.finding, -50)})
    assert reminders(MOST - timedelta(milliseconds=1), fired=fired) == []
    (most,) = reminders(MOST, fired=fired)
    assert (most.rung, most.reason.endswith("80% of its time has passed")) == (-80, True)
    assert reminders(MOST, fired=fired | {(half.finding, -80)}) == []


def test_of_several_shares_that_passed_meanwhile_the_last_one_speaks_and_names_the_others() -> None:
    (step,) = reminders(MOST)
    assert step.rung == -80
    assert step.reason.endswith("80% of its time has passed, the reminder at 50% is superseded")
    assert reminders(MOST, fired=frozenset({(step.finding, -80)})) == [], "the one before it is not sent afterwards"


def test_after_the_deadline_no_warning_is_sent() -> None:
    assert reminders(ny("2026-11-18 12:30")) == []


def test_without_a_target_for_owners_a_reminder_says_so() -> None:
    (step,) = reminders(HALF, told=frozenset({"ops"}))
    assert step.blocked_by == ("no [[notify]] in config.toml is for `owner`",)


def test_of_a_lead_that_nobody_has_nobody_is_reminded() -> None:
    steps = reminders(HALF, [mql(HANDOFF), owned_by(None, HANDOFF)])
    assert [step.blocked_by for step in steps if step.rule == "first_touch"] == [("nobody has the lead, so there is nobody to remind",)]


@pytest.mark.parametrize(("mode", "is_free"), [("observe", False), ("remind", True), ("enforce", True)])
def test_a_reminder_needs_a_mode_that_reminds(mode: str, is_free: bool) -> None:
    (step,) = reminders(HALF, mode=lambda _rule, _team: mode)
    assert (step.blocked_by == ()) == is_free


def test_a_passage_from_before_the_rule_was_enforced_is_backlog_for_reminders_too() -> None:
    (step,) = reminders(HALF, since=HANDOFF + timedelta(seconds=1))
    assert any("backlog" in why for why in step.blocked_by)


@pytest.mark.parametrize(("mode_of_first_touch", "reminded"), [("enforce", []), ("observe", [-50])])
def test_who_loses_the_lead_is_not_reminded_of_it_and_who_keeps_it_is(mode_of_first_touch: str, reminded: list[int]) -> None:
    steps = reminders(
        HANDOFF + timedelta(hours=13),
        [mql(HANDOFF), owned_by(ANN, HANDOFF)],
        mode=lambda rule, _team: mode_of_first_touch if rule == "first_touch" else "enforce",
    )
    assert [step.rung for step in steps if step.rule == "accept_or_reject"] == reminded
