"""Which remedy each broken promise of a lead asks for, and which of them go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.agreement.model import Agreement, Rung
from sync.judge.findings import Finding, Status
from sync.ladder import MOVES, SEVERITY, Due, due_assignments, due_remedies, go_together, ladder_of
from tests.builders import a_finding, ny, the_agreement, the_practice_agreement

NOW = ny("2026-09-14 10:00")
HOUR = timedelta(hours=1)
PRACTICE = the_practice_agreement(('clock.first_touch.within = "1 business hour"', 'clock.first_touch.ladder = ["escalate"]'))


def actions(ladder: Sequence[Rung]) -> list[str]:
    return [f"{rung.action}: {rung.detail}" if rung.detail else rung.action for rung in ladder]


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (a_finding("first_touch", NOW), ["reassign", "reassign", "escalate"]),
        (a_finding("first_touch", NOW, level="Enterprise"), ["escalate"]),
        (a_finding("accept_or_reject", NOW, level="Enterprise"), ["remind", "escalate"]),
        (a_finding("decide", NOW), ["remind", "recycle: stale"]),
        (a_finding("speed_to_assign", NOW), []),
        (a_finding("a clock of another age", NOW), []),
        (a_finding("premature_handoff", NOW, kind="handoff"), ["return"]),
        (a_finding("missed_handoff", NOW, kind="handoff", number=0), ["promote"]),
        (a_finding("early_pull", NOW, kind="handoff", number=0), []),
        (a_finding("premature_handoff", NOW, kind="handoff", handoff="SDR to AE"), []),
        (a_finding("premature_handoff", NOW, kind="handoff", handoff="of another age"), []),
        (a_finding("covered", NOW, kind="cover"), ["reassign"]),
        (a_finding("recycle_due", NOW, kind="recycle", reason="timing"), ["recycle: timing"]),
        (a_finding("recycle_due", NOW, kind="recycle", reason="of another age"), []),
        (a_finding("work_the_lead", NOW, kind="cadence"), []),
        (a_finding("stale SAL", NOW, kind="stale"), []),
        (a_finding("reject_reason", NOW, kind="reason"), []),
        (a_finding("bounce_limit", NOW, kind="bounces"), []),
        (a_finding("crm_data", NOW, kind="data"), []),
    ],
    ids=lambda value: f"{value.rule}-{value.level or value.reason or value.cycle.handoff}" if isinstance(value, Finding) else "",
)
def test_each_kind_of_promise_has_the_remedies_that_the_agreement_writes(finding: Finding, expected: list[str]) -> None:
    assert actions(ladder_of(finding, PRACTICE)) == expected


def test_an_agreement_without_cover_has_no_remedy_for_it() -> None:
    assert ladder_of(a_finding("covered", NOW, kind="cover"), replace(PRACTICE, cover=None)) == ()


def due(*findings: Finding, now: Agreement | None = None, then: Agreement | None = None) -> list[tuple[str, int, str]]:
    """Return key, rung and action of what is due, by the practice agreement unless said otherwise."""
    remedies = due_remedies(findings, now=now or PRACTICE, then=lambda _: then or PRACTICE)
    return [(one.finding.key, one.rung, one.remedy.action) for one in remedies]


@pytest.mark.parametrize("status", [Status.RUNNING, Status.AT_RISK, Status.KEPT, Status.EXCUSED, Status.UNKNOWN])
def test_only_what_is_broken_has_a_remedy(status: Status) -> None:
    assert due(a_finding("first_touch", NOW, status=status)) == []


def at_risk(*warned: int, key: str = "1", **more: object) -> Finding:
    return a_finding("first_touch", NOW, key=key, status=Status.AT_RISK, warned=warned, **more)  # type: ignore[arg-type]


def test_of_the_warnings_that_have_passed_the_last_one_is_due_and_stands_for_the_others() -> None:
    assert due(at_risk()) == []
    assert due(at_risk(50)) == [("1", -50, "remind")]
    (one,) = due_remedies([at_risk(50, 80)], now=PRACTICE, then=lambda _: PRACTICE)
    assert (one.rung, one.instead_of) == (-80, (50,))


@pytest.mark.parametrize("status", [Status.KEPT, Status.EXCUSED, Status.UNKNOWN])
def test_nobody_is_warned_of_what_does_not_run_any_more(status: Status) -> None:
    assert due(replace(at_risk(50), status=status)) == []
    assert due(at_risk(50, owed=False)) == []


def test_what_still_runs_climbs_no_rung() -> None:
    assert due(at_risk(50), a_finding("first_touch", NOW + HOUR, key="2")) == [("1", -50, "remind"), ("2", 1, "reassign")]


def test_each_breach_of_a_rule_in_a_passage_climbs_one_rung_and_the_last_rung_stays() -> None:
    breaches = [a_finding("first_touch", NOW + number * HOUR, key=str(number)) for number in range(4)]
    assert due(*breaches) == [("0", 1, "reassign"), ("1", 2, "reassign"), ("2", 3, "escalate"), ("3", 4, "escalate")]


def test_what_was_kept_late_is_a_rung_already_climbed_and_asks_for_nothing_itself() -> None:
    settled = a_finding("accept_or_reject", NOW, key="1", owed=False)
    assert due(settled, a_finding("accept_or_reject", NOW + HOUR, key="2")) == [("2", 2, "escalate")]
    assert due(settled) == []


@pytest.mark.parametrize("other", [{"number": 2}, {"handoff": "SDR to AE"}])
def test_a_rung_is_climbed_in_one_passage_only(other: dict[str, object]) -> None:
    earlier = a_finding("accept_or_reject", NOW, key="1", **other)  # type: ignore[arg-type]
    assert ("2", 1, "remind") in due(earlier, a_finding("accept_or_reject", NOW + HOUR, key="2"))


def test_another_rule_of_the_passage_climbs_no_rung() -> None:
    assert ("2", 1, "remind") in due(a_finding("decide", NOW, key="1"), a_finding("accept_or_reject", NOW + HOUR, key="2"))


def test_a_breach_without_a_known_start_comes_first() -> None:
    unknown = a_finding("accept_or_reject", NOW + HOUR, key="1", started_at=None)
    assert due(a_finding("accept_or_reject", NOW, key="2"), unknown) == [("1", 1, "remind"), ("2", 2, "escalate")]


def laddered(*ladder: str) -> Agreement:
    rungs = tuple(Rung(action=action, detail=None) for action in ladder)
    agreement = the_agreement()
    return replace(agreement, clocks=tuple(replace(c, ladder=rungs) if c.name == "first_touch" else c for c in agreement.clocks))


@pytest.mark.parametrize(("mild", "strong"), list(pairwise(SEVERITY)))
def test_of_the_remedies_now_and_then_the_milder_one_is_due(mild: str, strong: str) -> None:
    breach = a_finding("first_touch", NOW, key="1")
    assert due(breach, now=laddered(mild), then=laddered(strong)) == [("1", 1, mild)]
    assert due(breach, now=laddered(strong), then=laddered(mild)) == [("1", 1, mild)]


def test_a_rule_that_is_in_force_no_more_asks_for_nothing() -> None:
    breach = a_finding("first_touch", NOW, key="1")
    assert due(breach, now=laddered(), then=laddered("reassign")) == []


OTHERS, OURS = the_agreement(), the_agreement(('# assigned_by = "leadpact"', 'assigned_by = "leadpact"'))


def assignments(finding: Finding, *, now: Agreement = OURS, then: Agreement = OURS) -> list[tuple[str, int]]:
    return [(one.remedy.action, one.rung) for one in due_assignments([finding], now=now, then=lambda _: then)]


def unowned(**more: object) -> Finding:
    return a_finding("speed_to_assign", NOW, **({"status": Status.RUNNING, "owner": None} | more))  # type: ignore[arg-type]


@pytest.mark.parametrize("status", list(Status))
def test_a_first_owner_is_due_while_the_promise_of_one_runs(status: Status) -> None:
    runs = status in (Status.RUNNING, Status.AT_RISK)
    assert assignments(unowned(status=status)) == ([("assign", 0)] if runs else [])
    assert assignments(unowned(status=status, owed=False)) == []


@pytest.mark.parametrize(("now", "then"), [(OTHERS, OURS), (OURS, OTHERS), (OTHERS, OTHERS)], ids=["before", "lately", "never"])
def test_a_first_owner_is_left_to_others_unless_both_versions_say_otherwise(now: Agreement, then: Agreement) -> None:
    assert assignments(unowned(), now=now, then=then) == []


@pytest.mark.parametrize(
    "other",
    [
        replace(unowned(), rule="first_touch"),
        replace(unowned(), kind="cover", rule="covered"),
        replace(unowned(), rule="a clock of another age"),
        replace(unowned(), cycle=replace(unowned().cycle, handoff="of another age")),
    ],
    ids=lambda finding: f"{finding.rule} of {finding.cycle.handoff}",
)
def test_a_first_owner_is_due_by_a_clock_that_an_owner_keeps_and_of_a_known_handoff_alone(other: Finding) -> None:
    assert assignments(other) == []


def asks(*actions: str) -> list[Due]:
    return [
        Due(finding=a_finding(f"rule {number}", NOW, key=str(number)), rung=1, remedy=Rung(action=action, detail=None))
        for number, action in enumerate(actions)
    ]


@pytest.mark.parametrize(
    ("asked", "together"),
    [
        ([], []),
        (["remind"], ["remind"]),
        (["remind", "escalate"], ["remind", "escalate"]),
        (["remind", "remind"], ["remind"]),
        (["reassign", "remind"], ["reassign"]),
        (["remind", "escalate", "reassign"], ["escalate", "reassign"]),
        (["reassign", "recycle"], ["recycle"]),
        (["reassign", "promote"], ["promote"]),
        (["reassign", "assign", "remind"], ["assign"]),
        (["assign", "return"], ["return"]),
        (["promote", "recycle"], ["recycle"]),
        (["recycle", "return"], ["return"]),
        (["reassign", "recycle", "return", "promote", "remind", "escalate", "stamp"], ["return", "escalate", "stamp"]),
    ],
)
def test_a_lead_gets_one_move_at_most_and_nobody_who_loses_it_a_reminder(asked: list[str], together: list[str]) -> None:
    for order in permutations(asked) if len(asked) < 5 else [tuple(asked)]:
        assert sorted(one.remedy.action for one in go_together(asks(*order))) == sorted(together)


def test_of_two_that_ask_for_the_same_the_first_speaks() -> None:
    assert [one.finding.key for one in go_together(asks("remind", "remind", "escalate"))] == ["0", "2"]


@given(st.lists(st.sampled_from(SEVERITY), max_size=10))
def test_what_goes_together_never_contradicts_itself(asked: list[str]) -> None:
    chosen = [one.remedy.action for one in go_together(asks(*asked))]
    moves = [action for action in chosen if action in MOVES]
    assert len(chosen) == len(set(chosen))
    assert len(moves) == (1 if set(asked) & set(MOVES) else 0)
    assert not (moves and "remind" in chosen)
    assert set(asked) - set(MOVES) - {"remind"} <= set(chosen)
