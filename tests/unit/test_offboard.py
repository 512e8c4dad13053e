"""The leads of somebody who leaves: which are given on, to whom, and which stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from connectors.records import FieldChange, RecordKey
from sync.fresh import back, why_not_now
from sync.judge.judge import judge_lead
from sync.offboard import Offboarding, offboarding_beyond
from sync.orders import Backlog, Offboard, Order, command_of, order_from, order_json
from sync.reversals import Fought
from sync.roster import Person, Roster
from sync.route import Routing, Seat
from sync.steps import Step
from sync.stopping import leaver_of
from sync.stops import Subject
from sync.terms import Terms
from tests.builders import (
    ANN,
    BEN,
    BORN,
    CRM,
    DEAL,
    LEAD,
    SF_ANN,
    SF_BEN,
    SF_LEAD,
    both_rows,
    both_terms,
    fits,
    judged,
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
    without_stream,
)

HANDOFF = ny("2026-11-18 10:00")
NOW = HANDOFF + timedelta(hours=1)
SEATS = {"sdr": (Seat(owner=ANN, weight=1), Seat(owner=BEN, weight=1)), "ae": (Seat(owner="13", weight=1),)}
OWNED = [mql(HANDOFF), owned_by(ANN, HANDOFF)]
DEAL_OPEN = set_to("dealstage", "appointmentscheduled", HANDOFF, record=DEAL)


def planned(
    changes: Sequence[FieldChange] = OWNED,
    *,
    order: Offboard = Offboard(owner=ANN),  # noqa: B008 - frozen
    seats: Mapping[str, tuple[Seat, ...]] = SEATS,
    terms: Terms | None = None,
    not_enforcing: str | None = None,
    fired: frozenset[tuple[str, int]] = frozenset(),
    fought: Mapping[tuple[RecordKey, str], Fought] = {},
    now: datetime = NOW,
) -> tuple[Step, ...]:
    rows, terms = the_rows(changes), terms or the_terms(upto=now)
    offboarding = Offboarding(
        order=order,
        agreement=the_agreement(),
        terms=terms,
        not_enforcing=not_enforcing,
        routing=Routing(seats=seats),
        fired=fired,
        now=now,
        fought=fought,
    )
    return offboarding.steps(rows, judge_lead(rows, terms, now).findings)


def test_an_open_lead_goes_to_another_of_its_pool_though_no_promise_is_broken() -> None:
    (step,) = planned()
    assert (step.rule, step.action, step.blocked_by, step.is_pending) == ("offboard", "reassign", (), True)
    assert [(write.field, write.before, write.after) for write in step.fields] == [("hubspot_owner_id", ANN, BEN)]
    assert step.reason == "owner 11 leaves, and has had it since Wed 2026-11-18 10:00 EST"


def test_the_pool_that_is_ordered_gets_it() -> None:
    (step,) = planned(order=Offboard(owner=ANN, pool="ae"))
    assert (step.given.pool if step.given else None, step.fields[0].after) == ("ae", "13")


@pytest.mark.parametrize(
    "changes",
    [
        [mql(HANDOFF), owned_by(BEN, HANDOFF)],
        [*OWNED, owned_by(BEN, HANDOFF + timedelta(minutes=5))],
        [*OWNED, status("RECYCLED", HANDOFF + timedelta(minutes=5))],
        [owned_by(ANN, HANDOFF)],
    ],
    ids=["another's", "given on", "recycled", "never handed over"],
)
def test_what_is_not_theirs_or_in_no_open_passage_is_left(changes: list[FieldChange]) -> None:
    assert planned(changes) == ()


def with_boss(**boss: object) -> Roster:
    roster = the_roster()
    told = {"email": None, "ids": {CRM: "99"}, "manager": None, "team": None, "calendar": None, "hours": None, "absences": ()}
    people = {**roster.people, ANN: replace(roster.people[ANN], manager="boss"), "boss": Person(name="boss", **(told | boss))}  # type: ignore[arg-type]
    return replace(roster, people=people)


def test_of_a_protected_lead_the_manager_of_whom_leaves_gets_a_task_once() -> None:
    terms = the_terms(upto=NOW, roster=with_boss())
    stays, task = planned([*OWNED, DEAL_OPEN], terms=terms)
    assert (stays.action, stays.blocked_by) == ("reassign", (f"protected: open deal {DEAL}",))
    assert (task.rule, task.action, task.manager, task.fields, task.blocked_by) == ("offboard", "escalate", "99", (), ())
    assert task.reason == f"owner 11 leaves, and has had it since Wed 2026-11-18 10:00 EST; protected: open deal {DEAL}"
    again = planned([*OWNED, DEAL_OPEN], terms=terms, fired=frozenset({(task.finding, task.rung)}))
    assert [step.action for step in again] == ["reassign"]


def test_a_task_that_nobody_could_get_says_what_to_add() -> None:
    _, task = planned([*OWNED, DEAL_OPEN])
    assert task.blocked_by == ("owner 11 is not in roster.toml: add them, with their `manager`",)
    _, task = planned([*OWNED, DEAL_OPEN], terms=the_terms(upto=NOW, roster=with_boss()), not_enforcing="not signed by sales")
    assert task.blocked_by == ("not signed by sales",)


def test_right_before_the_task_is_made_the_lead_must_still_be_protected_and_theirs() -> None:
    terms = the_terms(upto=NOW, roster=with_boss())
    _, task = planned([*OWNED, DEAL_OPEN], terms=terms)
    assert why_not_now(task, planned([*OWNED, DEAL_OPEN], terms=terms), ()) is None
    told = "nothing protects it any more, or its owner does not have it any more: plan it anew"
    assert why_not_now(task, planned(terms=terms), ()) == told


def test_an_owner_that_something_keeps_setting_back_is_left_alone() -> None:
    fought = {(LEAD, "hubspot_owner_id"): Fought(by="workflow 7", times=2, last_at=HANDOFF)}
    (step,) = planned(fought=fought)
    told = "workflow 7 set hubspot_owner_id back twice, seen last on Wed 2026-11-18 10:00 EST: leadpact leaves it alone"
    assert (step.blocked_by, step.is_pending) == ((told,), False)


def test_a_protected_lead_is_listed_and_stays() -> None:
    step, _ = planned([*OWNED, DEAL_OPEN])
    assert step.blocked_by == (f"protected: open deal {DEAL}",)
    assert not step.is_pending


def test_a_protected_lead_takes_nobodys_turn() -> None:
    routing = Routing(seats={"sdr": (Seat(owner=BEN, weight=1), Seat(owner="13", weight=1))})
    rows, terms = the_rows([*OWNED, DEAL_OPEN]), the_terms(upto=NOW)
    order = Offboard(owner=ANN)
    offboarding = Offboarding(
        order=order, agreement=the_agreement(), terms=terms, not_enforcing=None, routing=routing, fired=frozenset(), now=NOW
    )
    assert offboarding.steps(rows, ())[0].fields[0].after == BEN
    assert routing.book.owed == {"sdr": {BEN: 0.0, "13": 0.0}}


def test_what_holds_it_back_is_said() -> None:
    (step,) = planned(seats={"sdr": (Seat(owner=ANN, weight=1),)})
    assert step.blocked_by[0].startswith("nobody in pool sdr is left who may get this lead")
    (step,) = planned(not_enforcing="not signed by sales")
    assert step.blocked_by == ("not signed by sales",)
    (step,) = planned(terms=without_stream(the_terms(upto=NOW), "calls"))
    assert step.blocked_by == ("calls must first be read: what protects the lead may stand there",)


def test_who_gets_the_lead_back_and_leaves_again_is_another_reason() -> None:
    again = [*OWNED, owned_by(BEN, HANDOFF + timedelta(minutes=5)), owned_by(ANN, HANDOFF + timedelta(minutes=10))]
    assert planned(again)[0].finding != planned()[0].finding


def test_right_before_the_write_the_lead_must_still_be_theirs_and_free() -> None:
    (step,) = planned()
    assert why_not_now(step, planned(), ()) is None
    left = planned([*OWNED, owned_by(BEN, HANDOFF + timedelta(minutes=5))])
    assert why_not_now(step, left, ()) == "its owner does not have it any more, it is in no open passage, or what is owed to it changed"
    held = planned([*OWNED, DEAL_OPEN])
    assert why_not_now(step, held, ()) == f"protected: open deal {DEAL}"
    nobody = planned(seats={"sdr": (Seat(owner=ANN, weight=1),)})
    assert why_not_now(step, nobody, ()) == f"{BEN} may not get this lead any more"


def test_a_lead_of_two_crms_is_theirs_by_the_crm_that_says_who_owns() -> None:
    changes = [*OWNED, *fits(BORN), sf_owned_by(SF_ANN, HANDOFF), sf_status("Accepted", HANDOFF)]
    terms, seats = both_terms(upto=NOW), {"sdr": (Seat(owner=SF_ANN, weight=1), Seat(owner=SF_BEN, weight=1))}

    def steps(changes: Sequence[FieldChange], owner: str, **more: object) -> tuple[Step, ...]:
        offboarding = Offboarding(
            order=Offboard(owner=owner),
            agreement=the_practice_agreement(),
            terms=terms,
            not_enforcing=None,
            routing=Routing(seats=seats),
            fired=frozenset(),
            now=NOW,
        )
        return offboarding.steps(both_rows(changes, **more), ())  # type: ignore[arg-type]

    (step,) = steps(changes, SF_ANN)
    assert (step.record, step.fields[0].after) == (SF_LEAD, SF_BEN)
    assert steps(changes, SF_BEN) == ()
    (alone,) = steps(OWNED, SF_ANN, born={LEAD: BORN})
    assert (alone.record, alone.fields[0].before, alone.fields[0].after) == (LEAD, ANN, BEN)


@dataclass
class Limits:
    moves_per_run: int = 25
    moves_per_hour: int = 40
    moves_per_day: int = 100
    moves_share: float = 0.1
    moves_at_least: int = 5
    assignments_per_run: int = 50
    assignments_per_hour: int = 100
    assignments_per_day: int = 400
    offboard_moves: int = 2


def test_more_than_the_limit_of_its_own_is_told_with_the_way_out() -> None:
    assert offboarding_beyond(2, Limits()) is None
    told = "the plan makes 3 moves, 2 are allowed for one who leaves; to let it pass: [limits] offboard_moves = 3 in config.toml"
    assert offboarding_beyond(3, Limits()) == told


def test_a_broken_promise_that_asks_for_the_same_is_answered_by_it_and_moves_the_lead_no_second_time() -> None:
    late = HANDOFF + timedelta(hours=5)
    broken = judged(OWNED, now=late, rule="first_touch")
    (step,) = planned(now=late)
    assert (step.rule, step.finding, step.rung) == ("offboard", broken.key, 1)
    (again,) = planned(now=late, fired=frozenset({(broken.key, 1)}))
    assert again.finding != broken.key


def test_a_team_that_is_paused_is_the_one_of_whom_leaves() -> None:
    terms = the_terms(upto=NOW, teams={ANN: "SDR", BEN: "AE"})
    (step,) = planned(terms=terms)
    assert leaver_of(step, terms) == Subject(rule="offboard", team="SDR", leads=(str(LEAD), str(LEAD)))
    assert leaver_of(back(step), terms).team == "AE"
    assert leaver_of(replace(step, action="escalate", fields=()), terms, ANN).team == "SDR"


@pytest.mark.parametrize(
    ("order", "command"),
    [
        (None, "leadpact sync --dry-run --out plan.json"),
        (Backlog(), "leadpact backlog --plan --out plan.json"),
        (Backlog(any_age=True), "leadpact backlog --plan --older --out plan.json"),
        (Offboard(owner="7"), "leadpact offboard 7 --out plan.json"),
        (Offboard(owner="7", pool="sdr"), "leadpact offboard 7 --to sdr --out plan.json"),
    ],
)
def test_a_plan_that_is_no_good_any_more_is_made_anew_by_the_same_command(order: Order | None, command: str) -> None:
    assert command_of(order) == command


@pytest.mark.parametrize("order", [None, Backlog(), Backlog(any_age=True), Offboard(owner="7"), Offboard(owner="7", pool="sdr")])
def test_an_order_is_kept_as_it_was_given(order: Order | None) -> None:
    assert order_from(order_json(order)) == order
