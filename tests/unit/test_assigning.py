"""Leads that nobody has, where the agreement leaves it to leadpact to name the first owner: planned, held back, told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import event, given, settings

from connectors.records import FieldChange, RecordKey
from sync.agreement.model import Agreement
from sync.agreement.spans import parse_span
from sync.brakes import Brakes, Latch
from sync.judge.judge import judge_lead
from sync.ladder import MOVES
from sync.orders import Backlog
from sync.plan import Planner, Policy
from sync.report.shadow import shadow_lines
from sync.reversals import Fought
from sync.route import FALLBACK, PoolRules, Routing, Seat
from sync.shadow import Meant, what_became
from sync.steps import Step
from sync.stops import Stop, StopKind, Target
from tests.builders import (
    ANN,
    BEN,
    BORN,
    DEAL,
    LEAD,
    SF_ANN,
    SF_BEN,
    SF_LEAD,
    a_reply,
    both_rows,
    both_terms,
    mql,
    ny,
    owned_by,
    set_to,
    sf_owned_by,
    sf_status,
    status,
    the_agreement,
    the_practice_agreement,
    the_roster,
    the_rows,
    the_terms,
)
from tests.unit.test_judge_laws import MOMENTS, STORIES, Story

HANDOFF = ny("2026-11-18 10:00")
NOW, DUE = HANDOFF + timedelta(minutes=1), HANDOFF + timedelta(minutes=15)
BY_US = ('# assigned_by = "leadpact"', 'assigned_by = "leadpact"')
OURS, OTHERS = the_agreement(BY_US), the_agreement()
LADDER = ('warn_at = ["80%"]\n\n[[clock]]\nname     = "first_touch"', 'ladder = ["reassign"]\n\n[[clock]]\nname     = "first_touch"')
SEATS = {"sdr": (Seat(owner=ANN, weight=1), Seat(owner=BEN, weight=1))}
FIRST = "speed_to_assign: running, due Wed 2026-11-18 10:15 EST (15 minutes)"


def policy(**more: object) -> Policy:
    usual = Policy(
        mode_of=lambda _rule, _team: "enforce", not_enforcing=None, max_act_age=parse_span("2 business days"), enforced_since=lambda _: BORN
    )
    return replace(usual, **more)  # type: ignore[arg-type]


def steps(
    changes: Sequence[FieldChange],
    now: datetime = NOW,
    *,
    agreement: Agreement = OURS,
    routing: Routing | None = None,
    activities: Sequence[object] = (),
    **more: object,
) -> tuple[Step, ...]:
    rows, terms = the_rows(changes, activities), the_terms(upto=now, agreement=agreement)  # type: ignore[arg-type]
    planner = Planner(agreement=agreement, terms=terms, policy=policy(**more), routing=routing or Routing(seats=SEATS), now=now)
    return planner.steps(rows, judge_lead(rows, terms, now).findings)


def assigned(*found: Step) -> list[tuple[str, str | None]]:
    return [(step.action, step.fields[0].after if step.fields else None) for step in found if not step.blocked_by]


@pytest.mark.parametrize("nobody", [None, "90", "91"], ids=["blank", "placeholder", "queue"])
def test_a_lead_that_nobody_has_goes_to_the_next_of_the_pool_at_once(nobody: str | None) -> None:
    (step,) = steps([mql(HANDOFF), *([owned_by(nobody, BORN)] if nobody else [])])
    assert (step.action, step.rule, step.rung, step.blocked_by, step.is_pending) == ("assign", "speed_to_assign", 0, (), True)
    assert [(w.field, w.before, w.after) for w in step.fields] == [("hubspot_owner_id", nobody, ANN)]
    assert step.given is not None
    assert (step.given.owner, step.given.took_turn) == (ANN, True)
    assert step.reason == f"{FIRST}; nobody has it, and leadpact assigns the leads of Marketing to SDR"


def test_others_assign_unless_the_agreement_says_otherwise() -> None:
    assert steps([mql(HANDOFF)], agreement=OTHERS) == ()


def test_nobody_is_reminded_of_a_lead_that_is_assigned_at_that_moment() -> None:
    assert assigned(*steps([mql(HANDOFF)], HANDOFF + timedelta(minutes=13))) == [("assign", ANN)]


@pytest.mark.parametrize("source", ["CRM_UI", "AUTOMATION_PLATFORM"])
def test_a_lead_that_somebody_has_is_left_with_them_also_where_only_the_pool_counts(source: str) -> None:
    outside = set_to("hubspot_owner_id", "77", HANDOFF, source=source)
    assert steps([mql(HANDOFF), outside]) == ()
    only_pool = the_agreement(BY_US, ('pool     = "sdr"\n', 'pool     = "sdr"\nownership = "pool"\n'))
    assert steps([mql(HANDOFF), outside], agreement=only_pool) == ()


def test_a_lead_that_was_taken_from_its_first_owner_is_not_assigned_again() -> None:
    assert steps([mql(HANDOFF), owned_by(ANN, HANDOFF), owned_by(None, HANDOFF + timedelta(seconds=20))]) == ()


def test_a_lead_is_assigned_once_whatever_became_of_it() -> None:
    (step,) = steps([mql(HANDOFF)])
    assert steps([mql(HANDOFF)], fired=frozenset({(step.finding, step.rung)})) == ()


def test_once_the_promise_is_broken_its_ladder_goes_on() -> None:
    agreement = the_agreement(BY_US, LADDER)
    assert assigned(*steps([mql(HANDOFF)], DUE, agreement=agreement)) == [("assign", ANN)]
    late = DUE + timedelta(minutes=31)
    assert [(one.rung, *assigned(one)) for one in steps([mql(HANDOFF)], late, agreement=agreement)] == [(1, ("reassign", ANN))]
    fired = frozenset({(steps([mql(HANDOFF)])[0].finding, 0)})
    assert assigned(*steps([mql(HANDOFF)], late, agreement=agreement, fired=fired)) == [("reassign", ANN)], "the rungs are others"


PAUSE = Stop(number=1, kind=StopKind.PAUSE, target=Target(), since=HANDOFF, until=DUE, who="ann", why="why")
FOUGHT: Mapping[tuple[RecordKey, str], Fought] = {(LEAD, "hubspot_owner_id"): Fought(by="workflow 123", times=2, last_at=HANDOFF)}


@pytest.mark.parametrize(
    ("more", "why", "is_pending"),
    [
        ({"mode_of": lambda _rule, _team: "remind"}, "mode of speed_to_assign is remind (config.toml, [mode])", True),
        ({"not_enforcing": "not signed by sales"}, "not signed by sales", True),
        ({"enforced_since": lambda _: None}, "no run has enforced speed_to_assign yet", False),
        ({"enforced_since": lambda _: NOW}, "its passage opened before Wed 2026-11-18 10:01 EST, when enforcement began: backlog", False),
        ({"brakes": Brakes(stops=(PAUSE,))}, "paused until", False),
        ({"brakes": Brakes(frozen=("frozen until Christmas",))}, "frozen until Christmas", False),
        ({"brakes": Brakes(held={("speed_to_assign", str(LEAD)): Latch(17, NOW)})}, "held in plan 17", False),
        ({"fought": FOUGHT}, "workflow 123 set hubspot_owner_id back twice", False),
    ],
    ids=["mode", "unsigned", "not yet", "backlog", "paused", "frozen", "held", "fought over"],
)
def test_what_holds_any_move_back_holds_this_one(more: dict[str, object], why: str, is_pending: bool) -> None:
    (step,) = steps([mql(HANDOFF)], **more)
    assert (step.action, len(step.blocked_by), step.is_pending) == ("assign", 1, is_pending)
    assert why in step.blocked_by[0]


def test_protected_leads_are_for_a_person_to_assign() -> None:
    (step,) = steps([mql(HANDOFF), set_to("dealstage", "open", BORN, record=DEAL)])
    assert (step.blocked_by, step.is_pending) == ((f"protected: open deal {DEAL}",), False)
    (step,) = steps([mql(HANDOFF)], activities=[a_reply(HANDOFF - timedelta(days=1))])
    assert "protected: conversation" in step.blocked_by[0]


def test_nobody_who_could_get_it_is_said_and_it_waits() -> None:
    off = Routing(seats={}, rules={"sdr": PoolRules(off_shift={ANN: "Thu 2026-11-19 09:00 EST"})})
    (step,) = steps([mql(HANDOFF)], routing=off)
    assert step.blocked_by == ("nobody in pool sdr who may get this lead is on shift before Thu 2026-11-19 09:00 EST",)
    falls_back = Routing(seats={"rest": (Seat(owner=BEN, weight=1),)}, rules={"sdr": PoolRules(fallback="rest")})
    (step,) = steps([mql(HANDOFF)], routing=falls_back)
    assert (assigned(step), step.given.by if step.given else None) == ([("assign", BEN)], FALLBACK)


def test_a_lead_that_comes_back_goes_to_who_had_it_last() -> None:
    roster = the_roster(pools={"sdr": [ANN, BEN]})
    earlier = [mql(BORN), owned_by(BEN, BORN), status("RECYCLED", BORN + timedelta(hours=1)), owned_by("90", BORN + timedelta(hours=1))]
    back = [set_to("lifecyclestage", "lead", BORN + timedelta(days=2)), status("NEW", HANDOFF), mql(HANDOFF)]
    rows, terms = (
        the_rows([*earlier, *back]),
        the_terms(upto=NOW, agreement=OURS, roster=replace(roster, placeholders={"hubspot": frozenset({"90"})})),
    )
    planner = Planner(agreement=OURS, terms=terms, policy=policy(), routing=Routing(seats=SEATS), now=NOW)
    (step,) = (one for one in planner.steps(rows, judge_lead(rows, terms, NOW).findings) if one.action == "assign")
    assert [(w.before, w.after) for w in step.fields] == [("90", BEN)]
    assert step.given is not None
    assert step.given.by == "previous owner"


def too_soon(now: datetime, returning: str, assigning: str = "enforce") -> list[tuple[str, bool]]:
    """Plan for a lead that was handed over without qualifying, with a mode for what that asks for and one for the owner; what is free."""
    agreement = the_practice_agreement(('tell     = ["owner"', 'assigned_by = "leadpact"\ntell     = ["owner"'))
    modes = {"premature_handoff": returning, "speed_to_assign": assigning}
    found = steps([mql(HANDOFF)], now, agreement=agreement, mode_of=lambda rule, _team: modes.get(rule, "enforce"))
    return [(one.action, not one.blocked_by) for one in found]


def test_a_lead_that_goes_back_needs_no_owner_but_where_its_return_is_only_watched_it_gets_one() -> None:
    assert too_soon(NOW, "enforce") == [("return", False)], "late news is awaited; it is not given to anybody meanwhile"
    assert too_soon(NOW, "observe") == [("assign", True)]
    assert too_soon(NOW, "observe", "observe") == [("return", False)]
    assert too_soon(NOW, "enforce", "observe") == [("return", False)]


@given(STORIES, MOMENTS)
@settings(max_examples=40, deadline=None)
def test_of_leads_with_any_past_only_those_that_nobody_has_are_assigned_once_and_by_one_move(story: Story, now: datetime) -> None:
    past = [change for change in story.changes if change.at <= now - timedelta(days=1)]
    handed_over = [set_to("lifecyclestage", "lead", now - timedelta(hours=20)), mql(now - timedelta(minutes=5))]

    def planned(*more: FieldChange, at: datetime) -> list[Step]:
        return [step for step in steps([*past, *handed_over, *more], at, activities=story.upto(now).activities) if step.action in MOVES]

    found = planned(at=now)
    owner = next((c.value for c in sorted(past, key=lambda c: c.at, reverse=True) if c.field == "hubspot_owner_id"), None)
    first = [step for step in found if step.action == "assign"]
    event(f"assigned: {bool(assigned(*first))}, held: {bool(first) and not assigned(*first)}")
    assert sum(not step.blocked_by for step in found) <= 1
    assert not first or owner in (None, "90", "91")
    for step in first:
        for write in step.fields:
            assert not [one for one in planned(owned_by(write.after, now), at=now + timedelta(minutes=1)) if one.action == "assign"]


def test_a_plan_of_the_backlog_assigns_nothing() -> None:
    assert steps([mql(HANDOFF)], backlog=Backlog()) == ()


def test_of_two_crms_the_one_that_says_who_owns_leads_says_whether_nobody_does() -> None:
    seats = {"sdr": (Seat(owner=SF_ANN, weight=1), Seat(owner=SF_BEN, weight=1))}
    agreement = the_practice_agreement(
        ('tell     = ["owner"', 'assigned_by = "leadpact"\ntell     = ["owner"'), ('if_premature = ["return"]\n', "")
    )

    def planned(*changes: FieldChange) -> list[tuple[RecordKey, str | None, str | None] | str]:
        rows, terms = both_rows([mql(HANDOFF), *changes]), both_terms(upto=NOW)
        terms = replace(terms, spans=(replace(terms.spans[0], agreement=agreement),))
        planner = Planner(agreement=agreement, terms=terms, policy=policy(), routing=Routing(seats=seats), now=NOW)
        found = planner.steps(rows, judge_lead(rows, terms, NOW).findings)
        free = [(one.record, one.fields[0].before, one.fields[0].after) for one in found if not one.blocked_by]
        return [*free, *(why for one in found for why in one.blocked_by)]

    in_queue = [sf_owned_by("00G1", BORN), sf_status("Marketing Qualified", HANDOFF)]
    assert planned(owned_by(ANN, BORN), *in_queue) == [(SF_LEAD, "00G1", SF_ANN)]
    assert planned(owned_by(None, BORN), sf_owned_by(SF_BEN, BORN)) == []
    said = "hubspot shows an owner since Wed 2026-11-18 10:00 EST: whether salesforce will is awaited until Wed 2026-11-18 10:30 EST"
    assert planned(owned_by(ANN, HANDOFF), *in_queue) == [said], "somebody has just set it, where it is not believed at once"
    assert planned(owned_by(None, HANDOFF), *in_queue) == [(SF_LEAD, "00G1", SF_ANN)]


def test_what_would_have_been_assigned_and_what_people_did_instead_is_told() -> None:
    (step,) = steps([mql(HANDOFF)], mode_of=lambda *_: "observe")
    later = HANDOFF + timedelta(minutes=6)
    rows, terms = the_rows([mql(HANDOFF), set_to("hubspot_owner_id", BEN, later, source="CRM_UI")]), the_terms(upto=DUE, agreement=OURS)
    shadow = what_became(Meant(at=NOW, step=step, is_beyond=False), rows, judge_lead(rows, terms, DUE).findings, terms, now=DUE)
    names = {("hubspot", "hubspot_owner_id"): {ANN: "Ann", BEN: "Ben"}}
    lines = list(shadow_lines([shadow], since=HANDOFF, upto=DUE, names=names, zone=ZoneInfo("America/New_York")))
    assert lines[2:4] == [
        "hubspot/contact/1  would have been assigned from nobody to Ann at Wed 2026-11-18 10:01 EST, for speed_to_assign",
        "    then: given to Ben by a person, 5 min later",
    ]
