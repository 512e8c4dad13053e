"""Whose task an escalation becomes, what the task says, and what reading it tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from connectors.changes import Task
from connectors.records import RecordKey
from sync.agreement.promises import Rung
from sync.agreement.spans import parse_span
from sync.fresh import why_not_now
from sync.journal import Entry, Event, Place
from sync.judge.judge import judge_lead
from sync.plan import Planner, Policy
from sync.remedies.manager_task import (
    ARRIVES_WITHIN,
    INTRO,
    LONGEST,
    is_of_manager,
    is_ours,
    line_of,
    mark_of,
    subject_of,
    text_with,
    token_of,
    what_tasks_tell,
)
from sync.roster import Absence, Person, Roster
from sync.route import Routing
from sync.steps import Step
from tests.builders import ANN, BEN, BORN, CRM, LEAD, mql, ny, owned_by, set_to, the_agreement, the_roster, the_rows, the_terms

HANDOFF, NOW = ny("2026-11-18 10:00"), ny("2026-11-18 13:00")
MOMENTS_AGO = NOW - timedelta(minutes=1)
BOSS = "99"
DAY = date(2026, 11, 18)


def a_roster(*, manager: str | None = "boss", **boss: object) -> Roster:
    """A roster in which Ann's manager is `boss`, who has an id in the CRM unless told otherwise."""
    roster = the_roster()
    told = {"email": None, "ids": {CRM: BOSS}, "manager": None, "team": None, "calendar": None, "hours": None, "absences": ()}
    people = {**roster.people, ANN: replace(roster.people[ANN], manager=manager), "boss": Person(name="boss", **(told | boss))}  # type: ignore[arg-type]
    return replace(roster, people=people)


def the_step(roster: Roster, *, owner: str | None = ANN, role: str | None = None, mode: str = "enforce", **crm_terms: object) -> Step:
    """Plan for a lead on hold whose first touch is broken, and answered by an escalation."""
    agreement = the_agreement()
    ladder = (Rung(action="escalate", detail=role),)
    agreement = replace(agreement, clocks=tuple(replace(clock, ladder=ladder) for clock in agreement.clocks if clock.name == "first_touch"))
    rows = the_rows([mql(HANDOFF), owned_by(owner, HANDOFF), set_to("leadpact_hold", "true", HANDOFF)])
    terms = the_terms(upto=NOW, agreement=agreement, roster=roster, **crm_terms)
    policy = Policy(
        mode_of=lambda _rule, _team: mode, not_enforcing=None, max_act_age=parse_span("2 business days"), enforced_since=lambda _: BORN
    )
    planner = Planner(agreement=agreement, terms=terms, policy=policy, routing=Routing(seats={}), now=NOW)
    (step,) = (one for one in planner.steps(rows, judge_lead(rows, terms, NOW).findings) if one.rule == "first_touch")
    return step


def test_an_escalation_is_the_task_of_the_owners_manager_also_about_a_protected_lead_and_at_once() -> None:
    step = the_step(a_roster())
    assert (step.action, step.record, step.fields, step.manager, step.blocked_by) == ("escalate", LEAD, (), BOSS, ())


def test_a_manager_without_an_id_there_is_known_by_the_address() -> None:
    roster = a_roster(ids={}, email="boss@us.example")
    assert the_step(roster, emails={BOSS: "boss@us.example", "98": ""}).manager == BOSS


def test_where_the_roster_names_no_manager_the_crm_does() -> None:
    assert the_step(a_roster(manager=None), managers={ANN: BOSS}).manager == BOSS
    assert the_step(a_roster(), managers={ANN: BEN}).manager == BOSS, "the roster has the last word"


def test_whom_the_agreement_names_gets_the_task_instead() -> None:
    assert the_step(a_roster(manager=None), role="Boss").manager == BOSS


@pytest.mark.parametrize(
    ("roster", "told", "why"),
    [
        (Roster(), {}, "owner 11 is not in roster.toml: add them, with their `manager`"),
        (a_roster(manager=None), {}, "owner 11 has no manager: add `manager` to them in roster.toml"),
        (a_roster(ids={}), {}, "the manager of owner 11 has no hubspot id: add it in roster.toml"),
        (
            a_roster(),
            {"gone": {BOSS: (None, NOW)}},
            "the manager of owner 11, 99, has left hubspot: name somebody else in roster.toml",
        ),
        (
            a_roster(),
            {"owner": None},
            "nobody owns it, so it has no manager: name in the agreement who is told, `escalate: NAME`",
        ),
        (
            a_roster(),
            {"role": "sales ops"},
            "nobody is named `sales ops` in roster.toml: add them, or write `escalate` for the owner's manager",
        ),
    ],
    ids=["unknown owner", "no manager", "no id", "has left", "no owner", "unknown role"],
)
def test_where_nobody_can_get_the_task_the_step_says_what_to_add(roster: Roster, told: dict[str, object], why: str) -> None:
    step = the_step(roster, **told)  # type: ignore[arg-type]
    assert (step.manager, step.blocked_by) == (None, (why,))


def with_head(roster: Roster, **head: object) -> Roster:
    """The roster, in which the boss reports to a head who has an id in the CRM unless told otherwise."""
    told = {"email": None, "ids": {CRM: "98"}, "manager": None, "team": None, "calendar": None, "hours": None, "absences": ()}
    people = {**roster.people, "boss": replace(roster.people["boss"], manager="head"), "head": Person(name="head", **(told | head))}  # type: ignore[arg-type]
    return replace(roster, people=people)


AWAY = (Absence(since=NOW - timedelta(days=1), upto=NOW + timedelta(days=1), why=None),)
UNTIL = "the manager of owner 11 is absent until Thu 2026-11-19 13:00 EST"


def test_the_task_of_a_manager_who_is_away_is_that_of_the_next_above_who_is_there() -> None:
    step = the_step(with_head(a_roster(absences=AWAY)))
    assert (step.manager, step.blocked_by) == ("98", ())
    assert step.reason.endswith(f"; {UNTIL}: the task goes to their manager")
    assert the_step(with_head(a_roster())).manager == BOSS


@pytest.mark.parametrize("head", [{"absences": AWAY}, {"ids": {}}])
def test_who_is_away_gets_the_task_all_the_same_where_nobody_above_them_is_there(head: dict[str, object]) -> None:
    step = the_step(with_head(a_roster(absences=AWAY), **head))
    assert (step.manager, step.blocked_by) == (BOSS, ())
    assert step.reason.endswith(f"; {UNTIL}, and nobody above them is there")


def test_nothing_is_escalated_unless_the_rule_is_enforced() -> None:
    assert the_step(a_roster(), mode="remind").blocked_by == ("mode of first_touch is remind (config.toml, [mode])",)


def test_an_escalation_whose_manager_changed_since_the_plan_is_not_carried_out() -> None:
    step = the_step(a_roster())
    assert why_not_now(step, [replace(step, manager=BEN)], []) == f"its manager is {BEN} now"
    assert why_not_now(step, [step], []) is None


MARK = mark_of("62515", BOSS, DAY)
STEP = the_step(a_roster())
INTENT = Entry(
    place=Place(1, 0),
    event=Event.INTENDED,
    at=MOMENTS_AGO,
    before={},
    after={"task": MARK, "line": token_of(STEP), "about": str(LEAD)},
)


def a_task(**values: object) -> Task:
    told: dict[str, object] = {
        "record": RecordKey(CRM, "task", "8"),
        "subject": subject_of(MARK, DAY),
        "body": None,
        "owner": BOSS,
        "about": (LEAD,),
        "created_at": MOMENTS_AGO,
        "changed_at": MOMENTS_AGO,
        "is_open": True,
    }
    return Task(**(told | values))  # type: ignore[arg-type]


def test_the_mark_of_a_task_is_that_of_an_account_a_manager_and_a_day() -> None:
    assert mark_of("62515", BOSS, DAY) == MARK
    assert len({MARK, mark_of("62516", BOSS, DAY), mark_of("62515", BEN, DAY), mark_of("62515", BOSS, date(2026, 11, 19))}) == 4
    assert subject_of(MARK, DAY) == f"Leads that wait for somebody, 2026-11-18 {MARK}"


@pytest.mark.parametrize(
    ("subject", "ours", "managers"),
    [
        (subject_of(MARK, DAY), True, True),
        ("[leadpact 3f9a1c2e] Call", True, False),
        ("Call about leadpact", False, False),
        (None, False, False),
    ],
)
def test_ours_is_a_task_with_our_mark_and_some_are_a_managers(subject: str | None, ours: bool, managers: bool) -> None:
    task = a_task(subject=subject)
    assert (is_ours(task), is_of_manager(task)) == (ours, managers)


def test_a_line_tells_the_lead_its_page_its_owner_and_the_promise_and_nothing_that_a_page_could_run() -> None:
    step = replace(STEP, reason="first_touch: broken, due <b>Wed</b>\x1b[31m")
    line = line_of(step, page="https://app.hubspot.com/contacts/62515/record/0-1/1", owner="Ann <script>")
    assert line == (
        "• hubspot/contact/1 https://app.hubspot.com/contacts/62515/record/0-1/1, owner: Ann script."
        f" first_touch: broken, due bWed/b[31m {token_of(step)}"
    )
    assert line_of(STEP, page=None, owner=None).startswith("• hubspot/contact/1, owner: nobody. first_touch: broken")


def test_lines_are_added_below_what_a_manager_wrote_and_none_twice() -> None:
    other = replace(STEP, finding="another")
    first = text_with(None, [(STEP, f"• one {token_of(STEP)}")]).body
    assert first == f"{INTRO}\n• one {token_of(STEP)}"
    lines = [(STEP, f"• one {token_of(STEP)}"), (other, f"• two {token_of(other)}")]
    assert text_with(f"{first}\nAnn is ill", lines).body == f"{first}\nAnn is ill\n• two {token_of(other)}"


def test_what_finds_no_room_in_a_task_is_told() -> None:
    other = replace(STEP, finding="another")
    text = text_with("x" * (LONGEST - 20), [(STEP, f"• {'y' * 50}"), (other, "• z")])
    assert (text.left_out, text.body[-4:]) == ((STEP,), "\n• z")


@pytest.mark.parametrize(
    ("newest", "tasks", "event"),
    [
        (Event.UNKNOWN, [a_task(body=f"… {token_of(STEP)}")], Event.VERIFIED),
        (Event.UNKNOWN, [a_task(body=f"… {token_of(STEP)}", is_open=False)], Event.VERIFIED),
        (Event.UNKNOWN, [], None),
        (Event.DONE, [], None),
        (Event.UNKNOWN, [a_task()], None),
        (Event.UNKNOWN, [a_task(), a_task(record=RecordKey(CRM, "task", "9"))], Event.OVERWRITTEN),
    ],
)
def test_a_task_that_is_not_seen_may_still_arrive(newest: Event, tasks: list[Task], event: Event | None) -> None:
    told, said = what_tasks_tell(INTENT, newest, tasks, NOW)
    assert told is event
    if event is None:
        assert said == "not seen yet; the next run looks again"
    if event is Event.OVERWRITTEN:
        assert said == "there twice: hubspot/task/8, hubspot/task/9; complete all but one"


@pytest.mark.parametrize("newest", [Event.INTENDED, Event.UNKNOWN, Event.DONE])
def test_what_is_not_there_in_time_was_never_written_unless_the_crm_said_so(newest: Event) -> None:
    in_time, late = MOMENTS_AGO + ARRIVES_WITHIN - timedelta(seconds=1), MOMENTS_AGO + ARRIVES_WITHIN
    assert what_tasks_tell(INTENT, newest, [], in_time)[0] is None
    assert what_tasks_tell(INTENT, newest, [], late)[0] is (Event.OVERWRITTEN if newest is Event.DONE else Event.NOT_WRITTEN)
