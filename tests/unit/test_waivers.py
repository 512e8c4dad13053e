"""Promises that a person excused: how they are judged, who may excuse them, and how many."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.records import FieldChange
from sync.agreement.model import Agreement
from sync.agreement.words import read_budget
from sync.errors import UsageError
from sync.judge.findings import Finding, Side, Status
from sync.judge.judge import judge_lead
from sync.ladder import due_remedies
from sync.roster import Member, Person, Roster
from sync.waivers import (
    Waiver,
    Withdrawal,
    counted,
    excusable,
    next_free,
    one_of,
    refuse_if_not_theirs,
    refuse_if_spent,
    the_one_given,
    who_decides,
)
from tests.builders import ANN, BEN, CRM, a_call, mql, ny, owned_by, status, the_agreement, the_practice_agreement, the_rows, the_terms

HANDOFF = ny("2026-11-18 10:00")
DUE = ny("2026-11-18 12:00")
LEAD = [mql(HANDOFF), owned_by(ANN, HANDOFF), status("IN_PROGRESS", HANDOFF + timedelta(minutes=5))]


def judged(
    now: datetime,
    *waivers: Waiver,
    changes: list[FieldChange] = LEAD,
    touched: datetime | None = None,
    agreement: Agreement | None = None,
) -> dict[str, list[Finding]]:
    terms = replace(the_terms(upto=now, agreement=agreement), waivers={one.finding: one for one in waivers})
    found: dict[str, list[Finding]] = {}
    for finding in judge_lead(the_rows(changes, [a_call(touched)] if touched else []), terms, now).findings:
        found.setdefault(finding.rule, []).append(finding)
    return found


def waiver(finding: Finding, at: datetime, number: int = 3) -> Waiver:
    return Waiver(number=number, finding=finding.key, lead=finding.lead, rule=finding.rule, at=at, by="Max", why="the portal was down")


@pytest.mark.parametrize("now", [HANDOFF + timedelta(hours=1), DUE + timedelta(hours=1), DUE + timedelta(days=9)])
def test_a_waived_promise_is_excused_with_its_reason_and_owed_no_more(now: datetime) -> None:
    (open_,) = judged(now)["first_touch"]
    (excused,) = judged(now, waiver(open_, now))["first_touch"]
    assert (excused.status, excused.side, excused.owed, excused.late_by_s) == (Status.EXCUSED, Side.NONE, False, None)
    assert "waived on" in excused.message
    assert "the portal was down" in excused.message
    assert [(one.what, one.at) for one in excused.evidence if one.source == "waiver/3"] == [("waived", now)]


def test_a_waiver_is_for_one_promise_and_leaves_the_others() -> None:
    now = DUE + timedelta(hours=1)
    before = judged(now)
    after = judged(now, waiver(before["first_touch"][0], now))
    assert {rule for rule in before if before[rule] != after[rule]} == {"first_touch"}


def test_what_was_kept_in_time_stays_kept() -> None:
    now = DUE + timedelta(hours=1)
    (open_,) = judged(HANDOFF)["first_touch"]
    (kept,) = judged(now, waiver(open_, HANDOFF), touched=HANDOFF + timedelta(minutes=20))["first_touch"]
    assert kept.status is Status.KEPT


def test_a_promise_of_which_it_is_not_known_whether_it_was_kept_is_excused_too() -> None:
    observed = replace(owned_by(BEN, HANDOFF + timedelta(hours=30)), since=HANDOFF)
    changes = [mql(HANDOFF), owned_by(ANN, HANDOFF), observed]
    now = HANDOFF + timedelta(hours=40)
    unknown = [one for ones in judged(now, changes=changes).values() for one in ones if one.status is Status.UNKNOWN]
    assert unknown
    after = judged(now, waiver(unknown[0], now), changes=changes)
    assert [one.status for one in after[unknown[0].rule] if one.key == unknown[0].key] == [Status.EXCUSED]


def test_a_stage_whose_staleness_is_waived_gives_no_reason_to_recycle() -> None:
    agreement, now = the_practice_agreement(), HANDOFF + timedelta(days=80)
    before = judged(now, changes=[*LEAD], agreement=agreement)
    (rule,) = (rule for rule in before if rule.startswith("stale") and before[rule][-1].status is Status.BREACHED)
    stale = before[rule][-1]
    caused = {one.key for one in before["recycle_due"] if "stale" in one.message}
    assert caused
    after = judged(now, waiver(stale, now), changes=[*LEAD], agreement=agreement)
    assert caused.isdisjoint(one.key for one in after.get("recycle_due", []))


def test_a_rung_that_a_waived_breach_had_reached_is_not_climbed_again() -> None:
    changes = [mql(HANDOFF), owned_by(ANN, HANDOFF), owned_by(BEN, HANDOFF + timedelta(hours=30))]
    now = HANDOFF + timedelta(hours=55)
    before = judged(now, changes=changes)["accept_or_reject"]
    assert [one.status for one in before] == [Status.BREACHED, Status.BREACHED]
    agreement = the_agreement()

    def rungs(*waivers: Waiver) -> list[int]:
        found = judged(now, *waivers, changes=changes)["accept_or_reject"]
        return [due.rung for due in due_remedies(found, now=agreement, then=lambda _: agreement)]

    assert rungs() == [2]
    assert rungs(waiver(before[0], now)) == [2]
    assert rungs(waiver(before[0], before[0].due_at or now)) == [1], "waived before it was broken: no rung was reached"


def test_only_what_runs_or_is_broken_in_the_present_passage_can_be_waived() -> None:
    again = HANDOFF + timedelta(days=3)
    changes = [*LEAD, status("RECYCLED", DUE + timedelta(hours=1)), mql(again), owned_by(ANN, again)]
    findings = [one for ones in judged(again + timedelta(days=1), changes=changes).values() for one in ones]
    assert len([one for one in findings if one.rule == "first_touch"]) == 1, "the cool-off opens no second passage"
    (one,) = excusable(findings, "first_touch")
    older = replace(one, key="0ld", cycle=replace(one.cycle, number=0))
    newer = replace(one, key="new", cycle=replace(one.cycle, number=2))
    assert [f.key for f in excusable([one, newer], "first_touch")] == ["new"]
    assert {f.key for f in excusable([older, newer], "first_touch")} == {"0ld", "new"}
    assert excusable([replace(one, status=Status.KEPT)], "first_touch") == ()
    assert excusable([replace(one, kind="data")], "first_touch") == ()


def test_of_several_promises_the_one_that_is_meant_must_be_said() -> None:
    (one,) = judged(HANDOFF)["first_touch"]
    other = replace(one, key="ffff")
    with pytest.raises(UsageError, match=rf"promised 2 times: {one.key} \(.*; ffff \(.*"):
        one_of([one, other], lead="hubspot/contact/1", rule="first_touch", key=None)
    assert one_of([one, other], lead="hubspot/contact/1", rule="first_touch", key="fff") is other
    with pytest.raises(UsageError, match="nothing of first_touch runs or is broken in the present passage of hubspot/contact/1"):
        one_of([], lead="hubspot/contact/1", rule="first_touch", key=None)


def person(name: str, *, manager: str | None = None, team: str | None = None, email: str | None = None, id_: str = "") -> Person:
    ids = {CRM: id_} if id_ else {}
    return Person(name=name, email=email, ids=ids, manager=manager, team=team, calendar=None, hours=None, absences=())


ROSTER = Roster(
    people={
        one.name: one
        for one in (
            person("Ann", manager="Max Mild", team="SDR", id_=ANN),
            person("Ben", id_=BEN),
            person("Max Mild", email="max@corp.example"),
            person("Zoe", team="RevOps"),
        )
    },
    pools={"sdr": (Member(person="Ann", weight=1), Member(person="Ben", weight=1))},
)


@pytest.mark.parametrize(
    ("name", "logins", "found"),
    [("max mild", [], "Max Mild"), ("max@corp.example", [], "Max Mild"), (None, ["max"], "Max Mild"), (None, ["zoe"], "Zoe")],
)
def test_who_excuses_is_a_person_of_the_roster(name: str | None, logins: list[str], found: str) -> None:
    assert who_decides(name, logins, ROSTER).name == found


def test_who_is_not_in_the_roster_excuses_nothing() -> None:
    with pytest.raises(UsageError, match=r"does not know who you are \(root\)") as error:
        who_decides(None, ["root"], ROSTER)
    assert error.value.fix == "name a person of it: --by NAME; it has Ann, Ben, Max Mild, Zoe"
    with pytest.raises(UsageError, match="does not know `max`"):
        who_decides("max", ["zoe"], ROSTER)


def refused(by: str, owner: str | None, *, role: str = "manager") -> str | None:
    agreement = the_agreement(('by     = "manager"', f'by     = "{role}"'))
    (promise,) = judged(HANDOFF)["first_touch"]
    try:
        owned = replace(promise, owner={"Ann": ANN, "Ben": BEN}.get(owner or ""))
        refuse_if_not_theirs(ROSTER.people[by], owned, ROSTER.people.get(owner or ""), agreement=agreement, roster=ROSTER)
    except UsageError as error:
        return f"{error}; {error.fix}"
    return None


def test_the_manager_of_the_owner_excuses_and_nobody_else() -> None:
    assert refused("Max Mild", "Ann") is None
    assert refused("Zoe", "Ann") == "Zoe may not excuse this: the agreement lets `manager` do it; let them do it: Max Mild"
    assert "Ben has no manager in the roster" in (refused("Max Mild", "Ben") or "")
    assert refused("Max Mild", None) is None, "of what nobody owns, a manager of the pool"
    assert refused("Zoe", "Ann", role="RevOps") is None
    assert refused("Zoe", "Ann", role="zoe") is None
    assert "nobody is `steward` in the roster" in (refused("Zoe", "Ann", role="steward") or "")


def test_an_agreement_without_waivers_excuses_nothing() -> None:
    (promise,) = judged(HANDOFF)["first_touch"]
    agreement = replace(the_agreement(), waivers=None)
    with pytest.raises(UsageError, match="lets nobody excuse a promise"):
        refuse_if_not_theirs(ROSTER.people["Zoe"], promise, None, agreement=agreement, roster=ROSTER)


def test_what_was_taken_back_uses_nothing_of_the_budget() -> None:
    (promise,) = judged(HANDOFF)["first_touch"]
    agreement, now = the_agreement(), ny("2026-11-18 10:00")
    waivers = [waiver(promise, ny(f"2026-11-{day:02} 09:00"), day) for day in (3, 5, 9, 10, 11)]
    taken_back = replace(waivers[0], withdrawn=Withdrawal(at=now, by="Max", why="another lead was meant"))
    budget = agreement.waivers.budget if agreement.waivers else None
    assert budget is not None
    with pytest.raises(UsageError, match="so many stand"):
        refuse_if_spent(waivers, agreement, now)
    refuse_if_spent([taken_back, *waivers[1:]], agreement, now)
    assert [counted(given, budget, now, agreement.zone) for given in (waivers, [taken_back, *waivers[1:]])] == [5, 4]


def test_the_waiver_that_is_meant_is_the_leads_or_the_one_of_whom_it_was_merged_with() -> None:
    (promise,) = judged(HANDOFF)["first_touch"]
    mine, other = waiver(promise, HANDOFF), replace(waiver(promise, HANDOFF, 4), lead="hubspot/contact/9", finding="other")
    assert the_one_given([mine, other], [], lead=mine.lead, rule="first_touch", key=None) == mine
    assert the_one_given([mine, other], [promise], lead="hubspot/contact/7", rule="first_touch", key=None) == mine
    with pytest.raises(UsageError, match="no waiver of first_touch stands for hubspot/contact/7"):
        the_one_given([mine, other], [], lead="hubspot/contact/7", rule="first_touch", key=None)
    twice = [mine, replace(mine, number=5, finding="second")]
    with pytest.raises(UsageError, match="first_touch is waived 2 times"):
        the_one_given(twice, [], lead=mine.lead, rule="first_touch", key=None)
    assert the_one_given(twice, [], lead=mine.lead, rule="first_touch", key="sec").number == 5


def test_beyond_the_budget_the_day_of_the_next_is_told() -> None:
    (promise,) = judged(HANDOFF)["first_touch"]
    given_at = [ny(f"2026-11-{day:02} 23:30") for day in (1, 3, 5, 9, 10)]
    waivers = [waiver(promise, at, number) for number, at in enumerate(given_at)]
    refuse_if_spent(waivers[1:], the_agreement(), ny("2026-11-18 10:00"))
    with pytest.raises(UsageError, match="5 waivers in 1 month are agreed, and so many stand; the next is free on 2026-12-02"):
        refuse_if_spent(waivers, the_agreement(), ny("2026-11-18 10:00"))
    refuse_if_spent(waivers, the_agreement(), ny("2026-12-02 00:00"))
    refuse_if_spent(waivers * 9, replace(the_agreement(), waivers=None), ny("2026-11-18 10:00"))


MOMENTS = st.integers(0, 2 * 365 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours))


@given(
    given_at=st.lists(MOMENTS, max_size=8),
    now=MOMENTS,
    budget=st.sampled_from(["1 a month", "2 a month", "3 in 12 months", "1 in 1 day", "2 in 2 weeks"]),
)
def test_the_day_that_is_told_is_the_first_on_which_one_is_free(given_at: list[datetime], now: datetime, budget: str) -> None:
    zone, agreed = ZoneInfo("America/New_York"), read_budget(budget)
    made = [at for at in given_at if at <= now]

    def is_free(day: date) -> bool:
        since = agreed.per.before(day)
        return sum(at.astimezone(zone).date() >= since for at in made) < agreed.count

    today = now.astimezone(zone).date()
    free = next_free(made, agreed, now, zone)
    assert (free is None) == is_free(today)
    if free is not None:
        assert is_free(free)
        assert not is_free(free - timedelta(days=1))
