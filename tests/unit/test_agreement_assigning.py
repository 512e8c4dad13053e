"""Handoffs whose leads leadpact assigns, as the agreement writes them, as its lint tells them, and in a diff."""

from __future__ import annotations

import pytest

from sync.agreement.changes import changes_between
from sync.agreement.load import agreement_of
from sync.problems import Problems
from sync.remarks import Level
from sync.report.agreement_changes import change_lines
from tests.unit.test_agreement_lint import EXAMPLE, Edit, told

BY_US: Edit = ('# assigned_by = "leadpact"', 'assigned_by = "leadpact"')
ONLY_ON_SHIFT = "\n[pool.sdr]\nonly_on_shift = true\n"


def test_others_assign_where_nothing_is_said_and_nobody_else_can_be_named() -> None:
    (handoff,) = agreement_of(EXAMPLE, file="agreement.toml").handoffs
    assert handoff.assigned_by == "others"
    with pytest.raises(Problems) as caught:
        agreement_of(EXAMPLE.replace(BY_US[0], 'assigned_by = "hubspot"'), file="agreement.toml")
    (problem,) = caught.value.problems
    assert problem.where == 'handoff."Marketing to SDR".assigned_by'
    assert "leadpact" in f"{problem.expected} {problem.fix}"


def test_a_diff_tells_who_assigns() -> None:
    changed = list(change_lines(changes_between(EXAMPLE, EXAMPLE.replace(*BY_US))))
    assert changed == ["handoffs", "  `Marketing to SDR`: now says assigned by leadpact"]


def flaws(*edits: Edit, more: str = "") -> list[tuple[Level, str, str]]:
    """What is told of assigning: level, last key and sentence."""
    told_of = [(level, where.rpartition(".")[2], what) for level, where, what in told(BY_US, *edits, more=more)]
    quiet = {what for _, _, what in told(*edits, more=more)}
    return [one for one in told_of if one[2] not in quiet]


def test_a_handoff_with_pool_clock_and_owner_told_is_sound() -> None:
    assert flaws() == []


def test_without_a_pool_nobody_can_be_chosen() -> None:
    assert flaws(('pool     = "sdr"\n', "")) == [
        (Level.ERROR, "assigned_by", "leadpact has nobody to choose from: the handoff has no pool")
    ]


@pytest.mark.parametrize(
    "edit", [('kept_by = "assigned"\n', 'kept_by = "touch"\n'), ('kept_by = "assigned"', 'kept_by = "assigned"\nhandoff = "x"')]
)
def test_without_a_clock_of_the_handoff_that_an_owner_keeps_nothing_is_ever_assigned(edit: Edit) -> None:
    second = '\n[[handoff]]\nname = "x"\nopens_on = "hand-raise: Demo request"\npool = "sdr"\n'
    assert (Level.ERROR, "assigned_by", "no lead is ever assigned: no clock promises an owner from the handoff on") in flaws(
        edit, more=second
    )
    assert flaws(more=second) == []


def test_an_owner_who_is_not_told_is_a_warning() -> None:
    assert flaws(('tell     = ["owner", "#new-mqls"]', 'tell     = ["#new-mqls"]')) == [
        (Level.WARNING, "tell", "who is given a lead is not told: `tell` does not name the owner")
    ]


def test_where_only_the_pool_counts_it_is_noted_that_leads_of_others_stay_with_them() -> None:
    what = "a lead that somebody outside the pool has is not assigned: it is taken from nobody before its promise is broken"
    assert flaws(('pool     = "sdr"\n', 'pool     = "sdr"\nownership = "pool"\n')) == [(Level.NOTE, "ownership", what)]


def test_a_pool_that_waits_for_its_shift_asks_for_a_promise_in_business_time() -> None:
    what = "`15 minutes` is wall time, and pool sdr gets no lead while it is closed: by night it is broken"
    assert flaws(more=ONLY_ON_SHIFT) == [(Level.WARNING, "within", what)]
    assert flaws(('within  = "15 minutes"', 'within  = "15 business minutes"'), more=ONLY_ON_SHIFT) == []
