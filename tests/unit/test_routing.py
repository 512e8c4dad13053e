"""Who gets a lead: whose it is before the pool, then the pool's turns under caps, territories, shifts and absences, then the fallback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connectors.records import FieldChange
from sync.agreement.criteria import Criterion, FieldType, compile_criterion
from sync.agreement.model import Agreement
from sync.agreement.spans import parse_span
from sync.assign import host_of
from sync.caps import Caps, Load
from sync.free_mail import company_domain
from sync.fresh import Promised
from sync.judge.judge import judge_lead
from sync.people_turns import PeopleTurn, people_turns
from sync.plan import Planner, Policy
from sync.report.summary import Summary
from sync.roster import Member, Roster
from sync.route import Book, Given, PoolRules, Routing, Seat, Sticky, given_from, given_told
from sync.seats import open_seats, routing_at, standings
from sync.steps import Step
from sync.terms import Terms
from tests.builders import (
    ANN,
    BEN,
    BORN,
    COMPANY,
    DEAL,
    NEW_YORK,
    fits,
    mql,
    ny,
    owned_by,
    set_to,
    the_agreement,
    the_roster,
    the_rows,
    the_terms,
)

HANDOFF, DUE = ny("2026-11-18 10:00"), ny("2026-11-18 12:00")
NOW = DUE + timedelta(hours=1)
CAL, DAN = "13", "14"
POOL = {"sdr": [ANN, BEN, CAL]}
HANDOFF_HEAD = '[[handoff]]\nname     = "Marketing to SDR"'


def territory(text: str) -> Criterion:
    return compile_criterion(text, fields={"country": FieldType.TEXT}, zone=NEW_YORK)


def seats(*owners: str) -> tuple[Seat, ...]:
    return tuple(Seat(owner=owner, weight=1) for owner in owners)


def give(routing: Routing, *, failed: Sequence[str] = (), here: bool = True, sticky: Sticky | None = None) -> tuple[str, str] | None:
    given = routing.give("sdr", failed=failed, takes_turn=True, fits=lambda _: here, sticky=sticky)
    return None if given is None else (given.owner, given.by)


def test_who_is_full_is_passed_over_until_nobody_is_left_and_the_message_counts_why() -> None:
    rules = {"sdr": PoolRules(at_most={ANN: Caps(day=2), BEN: Caps(owned=5)})}
    routing = Routing(seats={"sdr": seats(ANN, BEN)}, rules=rules, loads={("sdr", BEN): Load(owned=4)})
    assert [give(routing) for _ in range(4)] == [(ANN, "turn"), (BEN, "turn"), (ANN, "turn"), None]
    told = "nobody in pool sdr is left who may get this lead (1 got 2 of 2 within a day, 1 owns 5 of 5)"
    assert routing.nobody_because("sdr", failed=()) == told
    assert routing.nobody_because("sdr", failed=(ANN,)) == told.replace("got 2 of 2 within a day", "had this lead already")


def test_a_lead_that_will_not_be_moved_fills_nobody() -> None:
    routing = Routing(seats={"sdr": seats(ANN)}, rules={"sdr": PoolRules(at_most={ANN: Caps(hour=1)})})
    planned = [routing.give("sdr", failed=(), takes_turn=False) for _ in range(2)]
    assert [one.owner for one in planned if one is not None and not one.took_turn] == [ANN, ANN]
    assert give(routing) == (ANN, "turn")
    assert give(routing) is None


def test_a_territory_keeps_a_lead_from_a_member_and_owes_them_nothing_for_it() -> None:
    rules = {"sdr": PoolRules(territories={ANN: territory("country IN ('DE', 'AT')")})}
    routing = Routing(seats={"sdr": seats(ANN, BEN)}, rules=rules)
    assert [give(routing, here=False) for _ in range(3)] == [(BEN, "turn")] * 3
    assert routing.book.owed == {"sdr": {BEN: 0.0}}
    assert routing.obstacle("sdr", ANN, failed=(), fits=lambda _: False) == "territory does not fit: country IN ('DE', 'AT')"


def test_what_nobody_of_the_pool_can_take_goes_to_the_fallback() -> None:
    to_pool = Routing(seats={"sdr": seats(ANN), "rest": seats(CAL)}, rules={"sdr": PoolRules(fallback="rest")})
    assert give(to_pool) == (ANN, "turn")
    assert give(to_pool, failed=[ANN]) == (CAL, "fallback")
    assert to_pool.book.owed["rest"] == {CAL: 0.0}
    to_somebody = Routing(seats={"sdr": seats(ANN)}, rules={"sdr": PoolRules(fallback_owner=DAN)})
    assert give(to_somebody, failed=[ANN]) == (DAN, "fallback")
    assert to_somebody.book.owed == {"sdr": {ANN: 0.0}}, "it is nobody's turn"
    assert give(to_somebody, failed=[ANN, DAN]) is None


def test_a_lead_waits_for_a_member_who_is_only_off_shift_instead_of_falling_back() -> None:
    rules = PoolRules(fallback_owner=DAN, off_shift={BEN: "Thu 2026-11-19 09:00 EST"})
    routing = Routing(seats={"sdr": seats(ANN)}, rules={"sdr": rules})
    assert give(routing, failed=[ANN]) is None
    said = routing.nobody_because("sdr", failed=[ANN])
    assert said == "nobody in pool sdr who may get this lead is on shift before Thu 2026-11-19 09:00 EST"
    assert give(routing, failed=[ANN, BEN]) == (DAN, "fallback"), "nobody comes on shift who may get it"


def test_whose_a_lead_is_before_the_pool_gets_it_and_nobody_is_owed_anything_for_it() -> None:
    routing = Routing(seats={"sdr": seats(ANN, BEN)})
    assert give(routing, sticky=Sticky(owner=DAN, by="account owner", of="hubspot/company/7")) == (DAN, "account owner")
    assert {owner: owed for owner, owed in routing.book.owed.get("sdr", {}).items() if owed} == {}


def test_a_turn_reads_back_as_it_was_written() -> None:
    given = Given(pool="sdr", seats=seats(ANN, BEN, CAL), owner=BEN, without=frozenset({ANN}), by="fallback", took_turn=False)
    back = given_from(given_told(given))
    assert (back.could, back.owner, back.by, back.took_turn, back.among) == (seats(BEN, CAL), BEN, "fallback", False, 3)
    assert given_told(back) == given_told(given)


def agreed(of_pool: str) -> Agreement:
    """The example agreement with a pool that says more."""
    return the_agreement((HANDOFF_HEAD, f"[pool.sdr]\n{of_pool}\n\n{HANDOFF_HEAD}"))


def test_each_member_says_what_keeps_them_from_getting_leads() -> None:
    roster = the_roster(away=[(BEN, HANDOFF - timedelta(days=1), ny("2026-12-01 00:00"))], pools={"sdr": [ANN, BEN, CAL, DAN]})
    roster = replace(roster, people=roster.people | {DAN: replace(roster.people[DAN], ids={})})
    terms = the_terms(upto=NOW, roster=roster, gone={CAL: (None, BORN)})
    assert [one.away for one in standings(terms, "sdr", HANDOFF)] == [
        None,
        "absent until Tue 2026-12-01 00:00 EST",
        "inactive in hubspot",
        "has no id in hubspot",
    ]
    assert open_seats(roster, terms, HANDOFF) == {"sdr": seats(ANN)}


def test_where_only_those_on_shift_get_leads_the_others_say_when_they_are() -> None:
    agreement = agreed("only_on_shift = true")
    roster = the_roster(pools={"sdr": [ANN, BEN]})
    berlin = replace(roster.people[BEN], calendar="berlin")
    roster = replace(roster, people=roster.people | {BEN: berlin})
    terms = the_terms(upto=NOW, roster=roster, agreement=agreement)
    early = ny("2026-11-18 04:00")
    assert [one.away for one in standings(terms, "sdr", early)] == ["off shift until Wed 2026-11-18 09:00 EST", None]
    assert open_seats(roster, terms, early) == {"sdr": seats(BEN)}
    assert open_seats(roster, terms, HANDOFF) == {"sdr": seats(ANN, BEN)}
    routing = routing_at(terms, early, book=Book(), loads={}, accounts=lambda _: None)
    assert give(routing, failed=[BEN]) is None


def planned(
    changes: list[FieldChange],
    *,
    roster: Roster | None = None,
    accounts: Mapping[str, Sticky] | None = None,
    agreement: Agreement | None = None,
    router: object = None,
    now: datetime = NOW,
) -> Step:
    """Plan the one step for a lead of Ann's that nobody called."""
    terms = the_terms(upto=now, roster=roster or the_roster(pools=POOL), agreement=agreement)
    rows = the_rows([mql(HANDOFF), *changes])
    routing = routing_at(terms, now, book=Book(), loads={}, accounts=(accounts or {}).get)
    policy = Policy(
        mode_of=lambda _rule, _team: "enforce",
        not_enforcing=None,
        max_act_age=parse_span("2 business days"),
        enforced_since=lambda _: BORN,
    )
    planner = Planner(agreement=terms.agreement_at(now), terms=terms, policy=policy, routing=router or routing, now=now)  # type: ignore[arg-type]
    (step,) = planner.steps(rows, judge_lead(rows, terms, now).findings)
    return step


OWNED = owned_by(ANN, HANDOFF)


def test_the_owner_of_the_open_deal_comes_before_the_owner_of_the_account_and_both_before_the_pool() -> None:
    account = set_to("hubspot_owner_id", DAN, BORN, record=COMPANY)
    deal = [set_to("hubspot_owner_id", CAL, BORN, record=DEAL), set_to("dealstage", "contractsent", BORN, record=DEAL)]
    step = planned([OWNED, account])
    assert (step.fields[0].after, step.reason.rpartition("; ")[2]) == (DAN, "goes to the account owner (hubspot/company/7)")
    step = planned([OWNED, account, *deal])
    assert (step.fields[0].after, step.reason.rpartition("; ")[2]) == (CAL, "goes to the open deal owner (hubspot/deal/5)")
    closed = set_to("hs_is_closed", "true", HANDOFF - timedelta(days=1), record=DEAL)
    assert planned([OWNED, account, *deal, closed]).fields[0].after == DAN


def test_the_order_is_the_one_that_is_agreed_and_none_may_be() -> None:
    account = set_to("hubspot_owner_id", DAN, BORN, record=COMPANY)
    none = agreed("first = []")
    assert planned([OWNED, account], agreement=none).fields[0].after == BEN


@pytest.mark.parametrize(
    ("address", "goes_to"), [("eve@acme.example", DAN), ("eve@gmail.com", BEN), ("eve@elsewhere.example", BEN), ("nobody", BEN)]
)
def test_the_owner_of_the_account_is_found_by_the_domain_of_the_address_but_never_of_free_mail(address: str, goes_to: str) -> None:
    accounts = {domain: Sticky(owner=DAN, by="account owner", of="hubspot/company/8") for domain in ("acme.example", "gmail.com")}
    assert planned([OWNED, set_to("email", address, BORN)], accounts=accounts).fields[0].after == goes_to


def test_who_had_the_lead_before_gets_it_back_if_they_are_of_the_pool_and_did_not_fail_it() -> None:
    before = HANDOFF - timedelta(days=30)
    assert planned([owned_by(CAL, before), OWNED]).fields[0].after == CAL
    assert planned([owned_by("55", before), OWNED]).fields[0].after == BEN, "a marketer had it before"
    assert (
        planned([owned_by(CAL, before), OWNED], roster=the_roster(pools=POOL, away=[(CAL, BORN, NOW + timedelta(days=1))])).fields[0].after
        == BEN
    )


def test_a_lead_that_is_with_the_very_person_whose_it_is_escalates_and_is_never_passed_on() -> None:
    step = planned([OWNED, set_to("hubspot_owner_id", ANN, BORN, record=COMPANY)])
    assert (step.action, step.fields, step.given) == ("escalate", (), None)
    assert step.reason.endswith("; its owner is the account owner (hubspot/company/7): escalated, never rotated")


def test_an_account_of_somebody_who_is_away_or_gone_is_passed_over() -> None:
    account = set_to("hubspot_owner_id", DAN, BORN, record=COMPANY)
    away = the_roster(pools=POOL | {"ae": [DAN]}, away=[(DAN, BORN, NOW + timedelta(days=1))])
    assert planned([OWNED, account], roster=away).fields[0].after == BEN


def test_the_step_says_why_nobody_of_the_pool_could_take_a_lead_that_goes_to_the_fallback() -> None:
    agreement = agreed(f'fallback = "{DAN}"')
    step = planned([OWNED], roster=the_roster(pools={"sdr": [ANN], "other": [DAN]}), agreement=agreement)
    assert step.fields[0].after == DAN
    assert step.reason.endswith("; nobody in pool sdr is left who may get this lead (1 had this lead already): goes to its fallback")
    assert (step.nobody_left, step.blocked_by) == ("sdr", ())


def test_a_lead_that_nobody_may_get_and_that_no_fallback_takes_stays_and_its_step_names_the_pool() -> None:
    step = planned([OWNED], roster=the_roster(pools={"sdr": [ANN]}), agreement=agreed("only_on_shift = false"))
    assert (step.fields, step.nobody_left) == ((), "sdr")
    assert step.blocked_by == ("nobody in pool sdr is left who may get this lead (1 had this lead already)",)
    assert planned([OWNED]).nobody_left is None


def test_a_lead_that_waits_for_somebody_who_is_off_shift_is_not_one_that_nobody_may_get() -> None:
    evening = ny("2026-11-18 17:45")
    step = planned([OWNED], agreement=agreed("only_on_shift = true"), now=evening)
    assert "is on shift before Thu 2026-11-19" in step.blocked_by[0]
    assert step.nobody_left is None


def test_a_report_counts_what_nobody_may_get_by_pool_and_what_becomes_of_it() -> None:
    stays = planned([OWNED], roster=the_roster(pools={"sdr": [ANN]}), agreement=agreed("only_on_shift = false"))
    falls_back = planned([OWNED], roster=the_roster(pools={"sdr": [ANN], "other": [DAN]}), agreement=agreed(f'fallback = "{DAN}"'))
    summary = Summary()
    for step in (stays, stays, falls_back, planned([OWNED])):
        summary.add([], [step])
    assert summary.as_json()["nobody_left"] == {"sdr": {"stays": 2, "to_fallback": 1}}


def test_a_lead_of_another_territory_goes_to_whom_it_belongs() -> None:
    roster = the_roster(pools=POOL)
    germans = Member(person=BEN, weight=1, territory=territory("country = 'DE'"))
    roster = replace(roster, pools={"sdr": (Member(person=ANN, weight=1), germans, Member(person=CAL, weight=1))})
    assert planned([OWNED, set_to("country", "DE", BORN)], roster=roster).fields[0].after == BEN
    assert planned([OWNED, set_to("country", "FR", BORN)], roster=roster).fields[0].after == CAL
    assert planned([OWNED], roster=roster).fields[0].after == CAL, "a blank belongs to no territory that asks for it"


@pytest.mark.parametrize(
    ("change", "still"),
    [
        ({}, True),
        ({"sticky": Sticky(owner=DAN, by="account owner", of="hubspot/company/7")}, False),
        ({"failed": [BEN]}, False),
        ({"fits": lambda _: False}, False),
    ],
)
def test_a_turn_of_a_plan_stands_as_long_as_its_owner_may_have_the_lead(change: dict[str, object], still: bool) -> None:
    given = Given(pool="sdr", seats=seats(ANN, BEN), owner=BEN)
    now = Routing(seats={"sdr": seats(ANN, BEN)}, rules={"sdr": PoolRules(territories={BEN: territory("country = 'DE'")})})
    asked: dict[str, object] = {"failed": [ANN], "takes_turn": True} | change
    assert Promised(given, now, lambda _: True).give("sdr", **asked) == (given if still else None)  # type: ignore[arg-type]
    assert Promised(given, replace(now, seats={"sdr": seats(ANN)}), lambda _: True).give("sdr", failed=[ANN], takes_turn=True) is None


def test_a_lead_that_was_promised_by_name_stands_as_long_as_they_are_there() -> None:
    asked = {"failed": [ANN], "takes_turn": True}
    person = Given(pool="sdr", seats=(), owner=DAN, by="fallback")
    for there in (True, False):
        found = Promised(person, Routing(seats={}), lambda _, there=there: there).give("sdr", **asked)  # type: ignore[arg-type,misc]
        assert found == (person if there else None)
    account = Given(pool="sdr", seats=seats(DAN), owner=DAN, by="account owner")
    for owner in (DAN, CAL):
        sticky = Sticky(owner=owner, by="account owner", of="hubspot/company/7")
        found = Promised(account, Routing(seats={}), lambda _: True).give("sdr", **asked, sticky=sticky)  # type: ignore[arg-type]
        assert found == (account if owner == DAN else None)


def turns(changes: list[FieldChange], *, terms: Terms | None = None, since: datetime = BORN, ours: Sequence[str] = ()) -> list[PeopleTurn]:
    rows = the_rows([mql(HANDOFF), *changes])
    known = terms or the_terms(upto=NOW, roster=the_roster(pools=POOL))
    return list(people_turns(rows, known, since=since, now=NOW + timedelta(days=2), ours=lambda fact: fact.owner in ours))


def test_a_member_who_is_given_a_lead_by_somebody_else_during_its_passage_has_taken_a_turn() -> None:
    passed_on = owned_by(BEN, HANDOFF + timedelta(hours=1))
    (first, second) = turns([OWNED, passed_on])
    assert [(one.given.owner, one.given.pool, one.at) for one in (first, second)] == [(ANN, "sdr", HANDOFF), (BEN, "sdr", passed_on.at)]
    assert second.given.seats == seats(ANN, BEN, CAL)
    assert second.source == f"hubspot/contact/1#hubspot_owner_id=12@{round(passed_on.at.timestamp() * 1000)}|sdr"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (owned_by(BEN, HANDOFF - timedelta(hours=1)), "before the passage"),
        (owned_by("55", HANDOFF + timedelta(hours=1)), "nobody of the pool"),
        (owned_by(CAL, HANDOFF + timedelta(hours=1)), "our own doing"),
        (owned_by(None, HANDOFF + timedelta(hours=1)), "nobody at all"),
    ],
)
def test_what_is_no_turn_of_people(change: FieldChange, why: str) -> None:
    assert turns([change], ours=[CAL]) == [], why


def test_turns_are_counted_from_when_rules_are_enforced_and_once_an_owner() -> None:
    again = owned_by(ANN, HANDOFF + timedelta(hours=1))
    assert len(turns([OWNED, again])) == 1, "the same owner written twice"
    assert turns([OWNED], since=HANDOFF + timedelta(minutes=1)) == []


def test_who_could_have_got_a_lead_of_people_is_told_by_absences_and_territories_of_then() -> None:
    roster = the_roster(pools=POOL, away=[(BEN, HANDOFF - timedelta(days=1), HANDOFF + timedelta(minutes=30))])
    members = tuple(replace(one, territory=territory("country = 'DE'")) if one.person == CAL else one for one in roster.pools["sdr"])
    terms = the_terms(upto=NOW, roster=replace(roster, pools={"sdr": members}))
    (first, second) = turns([OWNED, owned_by(BEN, HANDOFF + timedelta(hours=1)), *fits(BORN)], terms=terms)
    assert first.given.seats == seats(ANN)
    assert second.given.seats == seats(ANN, BEN)


@pytest.mark.parametrize(
    ("text", "host"),
    [("acme.example", "acme.example"), ("https://www.Acme.example/a?b", "acme.example"), (" acme.example:8080/ ", "acme.example")],
)
def test_the_domain_of_a_company_is_read_from_an_address_too(text: str, host: str) -> None:
    assert host_of(text) == host


@pytest.mark.parametrize(
    ("address", "domain"),
    [("Eve@Acme.Example", "acme.example"), ("eve@GMX.de", None), ("eve@hey.com", None), ("", None), (None, None), ("eve@localhost", None)],
)
def test_addresses_of_free_mail_tell_of_no_company(address: str | None, domain: str | None) -> None:
    assert company_domain(address) == domain
