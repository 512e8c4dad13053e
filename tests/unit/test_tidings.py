"""Who is told what of findings alone, and what keeps them from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sync.agreement.load import agreement_of
from sync.brakes import NO_BRAKES, Brakes
from sync.judge.findings import Finding, Side, Status
from sync.messages import Kind, Recipient
from sync.problems import Problems
from sync.stops import Stop, StopKind, Target
from sync.tidings import Gate, Teller, Told
from tests.builders import ROOT, a_finding, ny, the_agreement

NOW = ny("2026-11-18 10:00")
HOUR = timedelta(hours=1)
LEAD = "hubspot/contact/1"
ANN, BOSS = Recipient(role="owner", of="hubspot/11"), Recipient(role="manager", of="hubspot/11")
EMEA, CHANNEL = Recipient(role="team EMEA", of="hubspot/11"), Recipient(role="#new-mqls", of="hubspot/11")
TELL = '[tell]\nat_risk = ["manager", "marketing", "#late"]\nbroken = ["owner", "manager", "team", "marketing", "ops"]\n\n[recycle]\n'


def found(finding: Finding, told: Told | None = None, *, now: datetime = NOW) -> list[tuple[Kind, Recipient]]:
    teller = Teller(agreement=the_agreement(("[recycle]\n", TELL)), team_of=lambda _, owner: "EMEA" if owner else None, now=now)
    return [(one.kind, one.recipient) for one in teller.messages(finding, crm="hubspot", told=told or Told())]


def running(since: datetime = NOW - HOUR, **more: object) -> Finding:
    return a_finding("first_touch", since, status=Status.RUNNING, due_at=NOW + HOUR, **more)


def broken(**more: object) -> Finding:
    return a_finding("first_touch", NOW - HOUR, **more)


def test_of_a_clock_that_began_a_short_while_ago_hear_those_whom_the_handoff_tells() -> None:
    assert found(running()) == [(Kind.ASSIGNED, ANN), (Kind.ASSIGNED, CHANNEL)]
    assert found(running(owner=None)) == [], "nobody has it yet"
    assert found(running(NOW - 24 * HOUR)) == [], "that is no news any more"
    assert found(running(kind="cadence")) == []


def test_who_was_told_that_a_lead_was_given_to_them_is_not_told_that_they_have_it() -> None:
    assert found(running(), Told(given={LEAD: [(ANN, NOW)]})) == [(Kind.ASSIGNED, CHANNEL)]
    assert len(found(running(), Told(given={LEAD: [(ANN, NOW - 2 * HOUR)]}))) == 2, "that was in the passage before"
    assert found(running(), Told(just_moved={LEAD})) == [], "it names the owner of before"


def test_a_lead_is_somebodys_once_a_passage_whichever_of_its_clocks_says_so() -> None:
    teller = Teller(agreement=the_agreement(), team_of=lambda *_: None, now=NOW)
    keys = {
        one.key
        for finding in (running(), replace(running(), key="other", rule="accept_or_reject"))
        for one in teller.messages(finding, crm="hubspot", told=Told())
    }
    assert len(keys) == 2
    (again, *_) = teller.messages(replace(running(), cycle=replace(running().cycle, number=2)), crm="hubspot", told=Told())
    assert again.key not in keys


def test_of_a_promise_at_risk_hear_others_than_who_owes_it() -> None:
    at_risk = replace(running(NOW - 30 * HOUR), status=Status.AT_RISK)
    late = Recipient(role="#late", of="hubspot/11")
    assert found(at_risk) == [(Kind.AT_RISK, BOSS), (Kind.AT_RISK, late)]
    assert found(replace(at_risk, side=Side.MANAGER)) == [(Kind.AT_RISK, late)], "the manager is reminded of it"
    assert found(replace(at_risk, side=Side.MARKETING)) == [(Kind.AT_RISK, late)], "Marketing is reminded, and no manager of Sales hears"
    assert found(replace(at_risk, owed=False)) == []


def test_of_a_broken_promise_hear_those_whom_it_concerns() -> None:
    ops = Recipient(role="ops", of="hubspot/11")
    assert found(broken()) == [(Kind.BROKEN, ANN), (Kind.BROKEN, BOSS), (Kind.BROKEN, EMEA), (Kind.BROKEN, ops)]
    marketing = Recipient(role="marketing", of="hubspot/11")
    assert found(broken(side=Side.MARKETING)) == [(Kind.BROKEN, marketing), (Kind.BROKEN, ops)]
    assert found(broken(owner=None)) == [(Kind.BROKEN, Recipient(role="ops"))]
    reminded = Told(reminded={(broken().key, ANN)})
    assert (Kind.BROKEN, ANN) not in found(broken(), reminded), "the ladder reminded them of it"


@pytest.mark.parametrize(
    "finding", [broken(owed=False), broken(due_at=NOW - 24 * HOUR), broken(status=Status.KEPT), broken(status=Status.UNKNOWN)]
)
def test_what_was_kept_late_is_unknown_or_old_is_no_news(finding: Finding) -> None:
    assert found(finding) == []


def test_of_a_lead_that_somebody_recycled_hears_marketing_once() -> None:
    back = broken(owed=False)
    back = replace(back, cycle=replace(back.cycle, closed_at=NOW - HOUR, closed_by="recycled"))
    assert found(back) == [(Kind.RECYCLED, Recipient(role="marketing", of="hubspot/11"))]
    assert found(replace(back, cycle=replace(back.cycle, closed_by="rejected"))) == []
    assert found(back, now=NOW + 24 * HOUR) == []
    teller = Teller(agreement=the_agreement(), team_of=lambda *_: None, now=NOW)
    one, other = (next(teller.messages(replace(back, owner=owner), crm="hubspot", told=Told())) for owner in ("11", None))
    assert one.key == other.key, "whoever has it by then"


OPEN = Gate(mode_of=lambda *_: "remind", enforced_since=lambda _: NOW - 2 * HOUR, not_enforcing=None, brakes=NO_BRAKES)
PAUSED = Stop(number=1, kind=StopKind.PAUSE, target=Target(), since=NOW, until=None, who="ann", why="x")


@pytest.mark.parametrize(
    "gate",
    [
        replace(OPEN, mode_of=lambda rule, team: "observe" if (rule, team) == ("first_touch", "EMEA") else "enforce"),
        replace(OPEN, not_enforcing="it is not signed"),
        replace(OPEN, enforced_since=lambda _: None),
        replace(OPEN, enforced_since=lambda _: NOW),  # the passage opened before
        replace(OPEN, brakes=Brakes(stops=(PAUSED,))),
        replace(OPEN, brakes=Brakes(stops=(replace(PAUSED, kind=StopKind.OBSERVE),))),
        replace(OPEN, brakes=Brakes(frozen=("frozen: nobody looks",))),
    ],
)
def test_nobody_is_told_of_what_is_only_observed_stopped_or_backlog(gate: Gate) -> None:
    assert OPEN.lets(broken(), "EMEA")
    assert not gate.lets(broken(), "EMEA")


def test_an_owner_hears_of_a_promise_at_risk_by_its_warnings() -> None:
    text = (ROOT / "agreement.example.toml").read_text(encoding="utf-8")
    with pytest.raises(Problems) as caught:
        agreement_of(text.replace("[recycle]\n", '[tell]\nat_risk = ["owner"]\ndaily_at = "8:00"\n\n[recycle]\n', 1), file="a.toml")
    assert {problem.where: problem.fix for problem in caught.value.problems} == {
        "tell.at_risk": "take it out, and give the clock `warn_at`",
        "tell.daily_at": 'write "08:00"',
    }
