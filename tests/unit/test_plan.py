"""Which remedy is due, for whom, and what holds it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.records import FieldChange, RecordKey
from sync.agreement.model import Agreement
from sync.agreement.promises import Rung
from sync.agreement.spans import parse_span
from sync.backlog import is_backlog
from sync.brakes import NO_BRAKES, Brakes, Latch
from sync.judge.findings import Status
from sync.judge.judge import judge_lead
from sync.orders import Backlog
from sync.plan import Planner, Policy
from sync.reversals import Fought
from sync.route import Book, Routing, Seat
from sync.steps import Step
from sync.stops import Stop, StopKind, Target
from tests.builders import (
    ANN,
    BEN,
    BORN,
    SF_ANN,
    SF_BEN,
    SF_CONTACT,
    SF_LEAD,
    a_call,
    a_finding,
    both_rows,
    both_terms,
    fits,
    mql,
    ny,
    owned_by,
    set_to,
    sf_owned_by,
    sf_status,
    status,
    the_agreement,
    the_practice_agreement,
    the_rows,
    the_terms,
)
from tests.builders import LEAD as LEAD_KEY

HANDOFF = ny("2026-11-18 10:00")
DUE = ny("2026-11-18 12:00")
SEATS = {"sdr": (Seat(owner=ANN, weight=1), Seat(owner=BEN, weight=1), Seat(owner="13", weight=1))}


Seats = Mapping[str, tuple[Seat, ...]]


def steps(
    changes: list[FieldChange],
    now: datetime,
    *,
    mode: str = "enforce",
    not_enforcing: str | None = None,
    seats: Seats = SEATS,
    touched: datetime | None = None,
    judged_by: Agreement | None = None,
    in_force: Agreement | None = None,
    fired: frozenset[tuple[str, int]] = frozenset(),
    fought: Mapping[tuple[RecordKey, str], Fought] | None = None,
    brakes: Brakes = NO_BRAKES,
) -> tuple[Step, ...]:
    rows, terms = the_rows(changes, [a_call(touched)] if touched else []), the_terms(upto=now, agreement=judged_by)
    planner = Planner(
        agreement=in_force or the_agreement(),
        terms=terms,
        policy=Policy(
            mode_of=lambda _rule, _team: mode,
            not_enforcing=not_enforcing,
            max_act_age=parse_span("2 business days"),
            enforced_since=lambda _: BORN,
            fired=fired,
            fought=fought or {},
            brakes=brakes,
        ),
        routing=Routing(seats=seats),
        now=now,
    )
    return planner.steps(rows, judge_lead(rows, terms, now).findings)


LEAD = [mql(HANDOFF), owned_by(ANN, HANDOFF), status("IN_PROGRESS", HANDOFF + timedelta(minutes=5))]


def test_a_broken_first_touch_gives_the_lead_to_the_next_of_the_pool_never_back() -> None:
    (step,) = steps(LEAD, DUE + timedelta(hours=1))
    assert (step.action, step.rung, step.blocked_by) == ("reassign", 1, ())
    assert [(w.field, w.before, w.after) for w in step.fields] == [("hubspot_owner_id", ANN, BEN)]


def test_a_field_that_something_keeps_setting_back_is_left_alone_and_it_is_said_by_whom() -> None:
    fought = Fought(by="workflow 123", times=2, last_at=DUE)
    (step,) = steps(LEAD, DUE + timedelta(hours=1), fought={(LEAD_KEY, "hubspot_owner_id"): fought})
    assert step.blocked_by == (
        "workflow 123 set hubspot_owner_id back twice, seen last on Wed 2026-11-18 12:00 EST: leadpact leaves it alone",
    )
    assert not step.is_pending, "no limit counts it"
    (step,) = steps(LEAD, DUE + timedelta(hours=1), fought={(LEAD_KEY, "hs_lead_status"): fought})
    assert step.blocked_by == ()


def first_touch_answered_by(*actions: str) -> Agreement:
    agreement = the_agreement()
    ladder = tuple(Rung(action=action, detail=None) for action in actions)
    clocks = tuple(replace(clock, ladder=ladder) if clock.name == "first_touch" else clock for clock in agreement.clocks)
    return replace(agreement, clocks=clocks)


@pytest.mark.parametrize(("then", "now"), [("remind", "reassign"), ("reassign", "remind")])
def test_of_two_versions_the_milder_remedy_is_planned(then: str, now: str) -> None:
    judged_by, in_force = first_touch_answered_by(then), first_touch_answered_by(now)
    (step,) = steps(LEAD, DUE + timedelta(hours=1), judged_by=judged_by, in_force=in_force)
    assert step.action == "remind"


def test_nothing_is_planned_for_what_was_kept_late() -> None:
    assert steps(LEAD, DUE + timedelta(hours=1), touched=DUE + timedelta(minutes=1)) == ()


def test_nothing_is_planned_for_a_cycle_that_is_over() -> None:
    assert steps([*LEAD, status("RECYCLED", DUE + timedelta(minutes=10))], DUE + timedelta(hours=1)) == ()


def test_a_move_waits_for_late_news() -> None:
    (step,) = steps(LEAD, DUE + timedelta(minutes=29, seconds=59))
    assert any("late news" in why for why in step.blocked_by)
    (step,) = steps(LEAD, DUE + timedelta(minutes=30))
    assert step.blocked_by == ()


def test_each_reason_that_holds_a_step_back_is_named() -> None:
    (step,) = steps(LEAD, ny("2026-11-25 10:00"), mode="observe", not_enforcing="not signed by sales")
    assert ["mode of first_touch is observe" in step.blocked_by[0], step.blocked_by[1], "digest" in step.blocked_by[2]] == [
        True,
        "not signed by sales",
        True,
    ]


def test_a_rung_fires_once_and_the_next_one_is_free() -> None:
    (step,) = steps(LEAD, DUE + timedelta(hours=1))
    assert steps(LEAD, DUE + timedelta(hours=1), fired=frozenset({(step.finding, step.rung)})) == ()
    assert steps(LEAD, DUE + timedelta(hours=1), fired=frozenset({(step.finding, step.rung + 1)})) == (step,)


def stopped(kind: StopKind) -> Brakes:
    until = DUE + timedelta(days=1) if kind is StopKind.PAUSE else None
    return Brakes(stops=(Stop(number=1, kind=kind, target=Target(), since=DUE, until=until, who="ann", why="why"),))


HELD = Brakes(held={("first_touch", str(LEAD_KEY)): Latch(17, DUE)})


@pytest.mark.parametrize(
    ("brakes", "why"),
    [
        (stopped(StopKind.PAUSE), "paused until Thu 2026-11-19 17:00 UTC (pause 1 of everything, see leadpact held)"),
        (Brakes(frozen=("frozen until Christmas",)), "frozen until Christmas"),
        (HELD, "held in plan 17 since Wed 2026-11-18 17:00 UTC, see leadpact held"),
    ],
)
def test_what_is_stopped_or_held_is_planned_with_the_reason_and_counts_for_no_limit(brakes: Brakes, why: str) -> None:
    (step,) = steps(LEAD, DUE + timedelta(hours=1), brakes=brakes)
    assert (step.blocked_by, step.is_pending) == ((why,), False)


def test_of_mode_and_observe_the_stricter_speaks() -> None:
    observed = stopped(StopKind.OBSERVE)
    (step,) = steps(LEAD, DUE + timedelta(hours=1), brakes=observed)
    assert step.blocked_by == ("mode of first_touch is observe (observe 1 of everything, see leadpact held)",)
    (step,) = steps(LEAD, DUE + timedelta(hours=1), brakes=observed, mode="remind")
    assert ["mode of first_touch is remind (config.toml" in step.blocked_by[0], step.blocked_by[1][:30]] == [
        True,
        "mode of first_touch is observe",
    ]


def test_a_held_plan_has_the_moves_of_its_leads_alone() -> None:
    (step,) = steps(LEAD, DUE + timedelta(hours=1), brakes=HELD, in_force=first_touch_answered_by("escalate"))
    assert not any("held in plan" in why for why in step.blocked_by)


def test_nobody_left_in_the_pool_is_said() -> None:
    (step,) = steps(LEAD, DUE + timedelta(hours=1), seats={"sdr": (Seat(owner=ANN, weight=1),)})
    assert step.fields == ()
    assert "nobody in pool sdr" in step.blocked_by[0]


def test_only_the_owner_who_has_the_lead_now_is_reminded() -> None:
    changes = [mql(HANDOFF), owned_by(ANN, HANDOFF), owned_by(BEN, HANDOFF + timedelta(hours=30))]
    found = [step for step in steps(changes, HANDOFF + timedelta(hours=31)) if step.rule == "accept_or_reject"]
    assert found == []
    found = [step for step in steps(changes, HANDOFF + timedelta(hours=55)) if step.rule == "accept_or_reject"]
    assert [(step.action, step.rung) for step in found] == [("escalate", 2)]


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(1, 4)), min_size=1, unique_by=lambda seat: seat[0]), st.integers(1, 200))
def test_after_any_number_of_leads_nobody_is_more_than_one_from_their_share(pool: list[tuple[str, int]], leads: int) -> None:
    seats = tuple(Seat(owner=owner, weight=weight) for owner, weight in pool)
    received, book = Counter[str](), Book()
    for _ in range(leads):
        given = book.next("sdr", seats, failed=())
        assert given is not None
        book.count(given)
        received[given.owner] += 1
    whole = sum(seat.weight for seat in seats)
    assert all(abs(received[seat.owner] - leads * seat.weight / whole) <= 1 + 1e-9 for seat in seats)


@pytest.mark.parametrize(("shown", "owner", "planned"), [("NEW", ANN, ["return"]), ("recycled", ANN, ["return"]), ("recycled", "90", [])])
def test_no_move_is_planned_that_the_record_shows_already(shown: str, owner: str, planned: list[str]) -> None:
    agreement = the_practice_agreement()
    changes = [mql(HANDOFF), status(shown, HANDOFF - timedelta(days=90)), owned_by(owner, HANDOFF)]
    now = HANDOFF + timedelta(minutes=40)
    assert [step.action for step in steps(changes, now, judged_by=agreement, in_force=agreement)] == planned


def both_steps(changes: list[FieldChange], now: datetime, *, seats: Seats, **more: object) -> tuple[Step, ...]:
    """Plan for a lead in both CRMs: HubSpot's records are Marketing's, Salesforce's those of Sales."""
    rows, terms = both_rows(changes, **more), both_terms(upto=now)  # type: ignore[arg-type]
    policy = Policy(
        mode_of=lambda *_: "enforce", not_enforcing=None, max_act_age=parse_span("2 business days"), enforced_since=lambda _: BORN
    )
    planner = Planner(agreement=the_practice_agreement(), terms=terms, policy=policy, routing=Routing(seats=seats), now=now)
    return planner.steps(rows, judge_lead(rows, terms, now).findings)


SF_SEATS = {"sdr": (Seat(owner=SF_ANN, weight=1), Seat(owner=SF_BEN, weight=1))}
BOTH_LEAD = [mql(HANDOFF), owned_by(ANN, HANDOFF), *fits(BORN)]


def test_a_lead_in_both_crms_is_given_to_the_next_where_the_owner_has_the_last_word() -> None:
    changes = [*BOTH_LEAD, sf_owned_by(SF_ANN, HANDOFF), sf_status("Accepted", HANDOFF)]
    (step,) = (one for one in both_steps(changes, DUE + timedelta(hours=1), seats=SF_SEATS) if one.action == "reassign")
    assert step.record == SF_LEAD
    assert [(w.field, w.before, w.after) for w in step.fields] == [("OwnerId", SF_ANN, SF_BEN)]


def test_a_lead_in_one_crm_alone_is_given_to_the_same_person_by_the_id_there() -> None:
    (step,) = (
        one for one in both_steps(BOTH_LEAD, DUE + timedelta(hours=1), seats=SF_SEATS, born={LEAD_KEY: BORN}) if one.action == "reassign"
    )
    assert step.record == LEAD_KEY
    assert [(w.field, w.before, w.after) for w in step.fields] == [("hubspot_owner_id", ANN, BEN)]


def test_a_converted_lead_is_not_written_but_its_contact() -> None:
    changes = [*BOTH_LEAD, sf_owned_by(SF_ANN, HANDOFF), set_to("OwnerId", SF_ANN, HANDOFF, record=SF_CONTACT)]
    changes += [set_to("ConvertedContactId", SF_CONTACT.id, HANDOFF, record=SF_LEAD)]
    born = {LEAD_KEY: BORN, SF_LEAD: BORN, SF_CONTACT: HANDOFF}
    found = [one for one in both_steps(changes, DUE + timedelta(hours=1), seats=SF_SEATS, born=born) if one.action == "reassign"]
    assert [(one.record, one.fields[0].after) for one in found] == [(SF_CONTACT, SF_BEN)]


def test_who_has_no_id_in_the_crm_that_would_be_written_is_said() -> None:
    seats = {"sdr": (Seat(owner="0059", weight=1),)}
    (step,) = (
        one for one in both_steps(BOTH_LEAD, DUE + timedelta(hours=1), seats=seats, born={LEAD_KEY: BORN}) if one.action == "reassign"
    )
    assert (step.fields, step.blocked_by[0]) == ((), "owner 0059 of salesforce is nobody in hubspot")


@pytest.mark.parametrize(
    ("backlog", "held"),
    [(None, ["backlog", "digest"]), (Backlog(), ["digest"]), (Backlog(any_age=True), [])],
    ids=["run", "ordered", "any age"],
)
def test_what_a_person_orders_of_the_backlog_is_held_by_neither_its_passage_nor_if_they_say_so_its_age(
    backlog: Backlog | None, held: list[str]
) -> None:
    now = ny("2026-11-25 10:00")
    rows, terms = the_rows(LEAD), the_terms(upto=now)
    policy = Policy(
        mode_of=lambda _rule, _team: "enforce",
        not_enforcing=None,
        max_act_age=parse_span("2 business days"),
        enforced_since=lambda _: now,
        backlog=backlog,
    )
    planner = Planner(agreement=the_agreement(), terms=terms, policy=policy, routing=Routing(seats=SEATS), now=now)
    step = next(one for one in planner.steps(rows, judge_lead(rows, terms, now).findings) if one.rule == "first_touch")
    assert [word for word in ("backlog", "digest") if any(word in why for why in step.blocked_by)] == held
    assert step.is_pending == (not held)


def test_what_is_backlog_is_broken_owed_and_opened_before_its_rule_was_enforced() -> None:
    broken = a_finding("first_touch", HANDOFF)
    assert is_backlog(broken, None)
    assert is_backlog(broken, HANDOFF + timedelta(seconds=1))
    assert not is_backlog(broken, HANDOFF)
    assert not is_backlog(replace(broken, owed=False), None)
    assert not is_backlog(replace(broken, status=Status.RUNNING), None)
    assert is_backlog(replace(broken, cycle=replace(broken.cycle, opened_at=None)), HANDOFF)
