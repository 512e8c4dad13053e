"""What a person decides, from outside: `shadow`, `waive`, `backlog` and `offboard`, and that nothing else is done."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sync.cli.program import app
from sync.errors import UsageError
from sync.known import eras_at, gather_terms
from sync.wiring import open_known
from tests.flow.enforcing import Enforced, enforced, tasks_of
from tests.flow.practice import leadpact
from tests.flow.stores import opened

pytestmark = pytest.mark.xdist_group("deciding")  # one world for all


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enforced]:
    """Serve a company of which a run planned what it would do, had its mode let it."""
    with enforced("hubspot", tmp_path_factory.mktemp("deciding"), leads=4) as world:
        with pytest.MonkeyPatch.context() as observing:
            observing.setenv("LEADPACT_MODE__DEFAULT", "observe")
            world.run("sync", "--dry-run")
        yield world


@pytest.fixture
def say(one: Enforced, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that asks no CRM, in this process; return what it wrote to standard output."""

    def said(*arguments: str) -> str:
        app([*arguments, "--config", str(one.files / "config.toml")], standalone_mode=False)
        return capfd.readouterr().out

    return said


def document(said: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(said)
    return told


def person(one: Enforced, owner: str) -> dict[str, str]:
    """Return what the roster says of an owner."""
    roster = tomllib.loads((one.files / "roster.toml").read_text(encoding="utf-8"))
    (found,) = [one_ for one_ in roster["person"] if str(one_.get(one.world.crm)) == owner]
    return dict(found)


def id_of(one: Enforced, name: str) -> str:
    """Return the owner id of somebody of the roster."""
    roster = tomllib.loads((one.files / "roster.toml").read_text(encoding="utf-8"))
    (found,) = [str(one_[one.world.crm]) for one_ in roster["person"] if one_["name"] == name]
    return found


def test_what_would_have_been_moved_is_told_with_what_people_did_instead(one: Enforced, say: Callable[..., str]) -> None:
    owner, other, *_ = one.members()
    called, passed_on, waived, untouched = one.leads
    one.world.people.rest(1800)
    one.call(called, owner)
    one.pass_on(passed_on, other)
    one.world.people.rest(60)
    one.run("sync", "--dry-run")

    shadow = document(say("shadow", "--last", "14d", "--format", "json"))

    became = {
        move["lead"]: (move["outcome"], move["fields"][0]["before"], [then["owner"] for then in move["then"]])
        for move in shadow["moves"]
        if move["rule"] == "first_touch"
    }
    assert became == {
        one.key(called): ("owner_touched", owner, [owner]),
        one.key(passed_on): ("passed_on", owner, [other]),
        one.key(waived): ("nothing", owner, []),
        one.key(untouched): ("nothing", owner, []),
    }
    assert (shadow["counts"]["owner_touched"], shadow["counts"]["passed_on"]) == (1, 1)
    text = say("shadow")
    assert re.search(
        rf"{one.key(called)}  would have been given from .* to .* at .*, for first_touch\n    then: call by .*, its owner, 30 min later",
        text,
    )


def test_a_promise_is_excused_by_whom_the_agreement_lets_and_asks_for_nothing_any_more(
    one: Enforced, say: Callable[..., str], tmp_path: Path
) -> None:
    owner, lead, report = one.members()[0], one.key(one.leads[2]), tmp_path / "report.json"
    order = ("waive", lead, "first_touch", "--reason", "the portal was down", "--by")
    with pytest.raises(UsageError, match="may not excuse this: the agreement lets `manager` do it"):
        say(*order, person(one, owner)["name"])
    with pytest.raises(UsageError, match="a waiver names a lead, a rule and a reason"):
        say("waive", lead, "first_touch")
    with pytest.raises(UsageError, match="the reason has 201 letters; at most 200 are kept"):
        say("waive", lead, "first_touch", "--reason", "x" * 201)
    with pytest.raises(UsageError, match=r"the store knows no lead `nobody@x\.example`"):
        say("waive", "nobody@x.example", "first_touch", "--reason", "x", "--by", person(one, owner)["manager"])
    assert "Nothing was waived." in say("waive", "--list")

    assert f"waiver 1: first_touch of {lead} is excused" in one.run(*order, person(one, owner)["manager"])

    with opened(one.files) as kept:
        marked = kept.run.known.dirty.count(kept.run.clock())
        moment = kept.tick()
        told = kept.standing()[lead], kept.judged_at(moment)[lead]
    assert marked
    assert told[0] == told[1], "a tick finds what judging every lead finds"
    assert re.search(r"first_touch: waived on .* \(the portal was down\)", say("explain", lead))
    one.run("sync", "--dry-run", "--format", "json", "--output", str(report))
    audit = document(report.read_text())
    (finding,) = [one_ for one_ in audit["findings"] if (one_["lead"], one_["rule"]) == (lead, "first_touch")]
    assert (finding["status"], finding["side"]) == ("excused", "none")
    assert finding["message"].endswith("(the portal was down)")
    assert not [step for step in audit["steps"] if (step["lead"], step["rule"]) == (lead, "first_touch")]
    with pytest.raises(UsageError, match=f"nothing of first_touch runs or is broken in the present passage of {lead}"):
        say(*order, person(one, owner)["manager"])
    with open_known(one.files / "config.toml") as known:
        (waiver,) = known.waivers.given()
        terms = [gather_terms(known, eras_at(known, upto=at), upto=at) for at in (waiver.at - timedelta(seconds=1), waiver.at)]
    assert [list(each.waivers) for each in terms] == [[], [finding["key"]]], "a waiver is known from its moment on"
    (given,) = document(say("waive", "--list", "--format", "json"))["waivers"]
    assert (given["lead"], given["finding"], given["by"]) == (lead, finding["key"], person(one, owner)["manager"])
    assert given["withdrawn"] is None


def test_what_was_excused_is_owed_again_once_it_is_taken_back(one: Enforced, say: Callable[..., str], tmp_path: Path) -> None:
    owner, lead, report = one.members()[0], one.key(one.leads[2]), tmp_path / "report.json"
    manager, order = person(one, owner)["manager"], ("waive", "--withdraw", lead, "first_touch", "--reason", "another lead was meant")
    assert "Agreed are 5 in 1 month; 1 count now." in say("waive", "--list")
    with pytest.raises(UsageError, match="may not excuse this"):
        say(*order, "--by", person(one, owner)["name"])
    with pytest.raises(UsageError, match=f"no waiver of covered stands for {lead}"):
        say("waive", "--withdraw", lead, "covered", "--reason", "x", "--by", manager)
    with pytest.raises(UsageError, match="a waiver names a lead, a rule and a reason"):
        say("waive", "--withdraw", lead, "first_touch", "--by", manager)

    assert f"waiver 1: first_touch of {lead} is owed as if it had never been excused" in one.run(*order, "--by", manager)

    one.run("sync", "--dry-run", "--format", "json", "--output", str(report))
    audit = document(report.read_text())
    (finding,) = [one_ for one_ in audit["findings"] if (one_["lead"], one_["rule"]) == (lead, "first_touch")]
    assert (finding["status"], finding["side"]) == ("breached", "owner")
    assert [step["action"] for step in audit["steps"] if (step["lead"], step["rule"]) == (lead, "first_touch")] == ["reassign"]
    listed = say("waive", "--list")
    assert f"by {manager}: another lead was meant" in listed
    assert "; 0 count now" in listed
    with pytest.raises(UsageError, match=f"no waiver of first_touch stands for {lead}"):
        say(*order, "--by", manager)


def test_the_backlog_is_moved_by_the_plan_that_a_person_applies_and_by_nothing_else(
    one: Enforced, say: Callable[..., str], tmp_path: Path
) -> None:
    file, only = tmp_path / "backlog.json", ("--only", "rule:first_touch", "--only", "rule:covered")
    owed = {finding["lead"] for finding in document(say("backlog", *only, "--format", "json"))["findings"]}
    assert owed.isdisjoint(map(one.key, one.leads)), "what was handed over since is no backlog"

    one.run("backlog", "--plan", "--older", *only, "--out", str(file))

    planned = {step["lead"]: step["fields"][0] for step in json.loads(file.read_text())["steps"] if not step["blocked_by"]}
    assert planned
    assert planned.keys() <= owed
    moved = {lead.rpartition("/")[2]: write["after"] for lead, write in planned.items()}
    assert all(one.owner(id_) == planned[f"hubspot/contact/{id_}"]["before"] for id_ in moved), "a plan changes nothing"
    assert f"{len(moved)} written and read back, 0 skipped, 0 failed" in one.run("apply", str(file))
    assert {id_: one.owner(id_) for id_ in moved} == moved
    assert "covered: " in say("backlog")
    with pytest.raises(UsageError, match="--out and --older go with --plan"):
        say("backlog", "--older")


def test_the_leads_of_somebody_who_leaves_go_to_others_but_those_that_moved_on(
    one: Enforced, say: Callable[..., str], tmp_path: Path
) -> None:
    leaver, other = one.members()[2:4]
    before = one.leads
    gone, talked, *free = leads = [one.hand_over(leaver, number) for number in range(90, 94)]
    busy = one.hand_over(leaver, 94)
    one.leads = leads
    one.world.people.rest(60)
    one.call(busy, leaver)
    one.world.people.rest(60)
    file = tmp_path / "offboard.json"
    with pytest.raises(UsageError, match="hubspot has no owner `Nobody Here`"):
        say("offboard", "Nobody Here")
    with pytest.raises(UsageError, match="the roster has no pool `sdx`"):
        say("offboard", leaver, "--to", "sdx")

    one.run("offboard", person(one, leaver)["email"], "--to", "sdr", "--out", str(file))

    steps = document(file.read_text())["steps"]
    planned = {step["lead"]: step["fields"][0]["after"] for step in steps if step["fields"] and not step["blocked_by"]}
    assert planned.keys() >= set(map(one.key, leads))
    assert [step["action"] for step in steps if step["lead"] == one.key(busy)] == ["reassign", "escalate"]
    assert {step["rule"] for step in steps} == {"offboard"}
    assert leaver not in planned.values()
    one.pass_on(gone, other)
    one.call(talked, leaver)
    one.world.people.rest(60)
    said = one.run("apply", str(file))
    assert re.search(rf"{one.key(gone)}: reassign skipped: its owner does not have it any more", said)
    assert re.search(rf"{one.key(talked)}: reassign skipped: protected: conversation", said)
    assert one.owner(busy) == leaver
    (task,) = tasks_of(one, busy)
    assert (task.owner, "protected: conversation" in task.body) == (id_of(one, person(one, leaver)["manager"]), True)
    owners = one.owners()
    assert (owners[gone], owners[talked]) == (other, leaver)
    assert {lead: owners[lead] for lead in free} == {lead: planned[one.key(lead)] for lead in free}
    (run,) = re.findall(r"^run (\S+):", said, re.MULTILINE)
    one.run("undo", run, "--lead", one.key(free[0]))
    assert one.owner(free[0]) == leaver
    one.leads = before


def test_the_leads_of_a_salesforce_user_who_leaves_go_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with enforced("salesforce", tmp_path, leads=2) as one:
        leaver = one.members()[0]
        monkeypatch.setenv("LEADPACT_LIMITS__OFFBOARD_MOVES", "1")
        done = leadpact("offboard", leaver, "--config", str(one.files / "config.toml"))
        assert done.returncode == 3, done.stderr
        assert re.search(
            r"beyond a limit, which applying it lets pass: the plan makes \d+ moves, 1 are allowed for one who leaves", done.stdout
        )
        (command,) = re.findall(r"leadpact (apply \d+)", done.stdout)
        assert set(one.owners().values()) == {leaver}
        assert " 0 failed" in one.run(*command.split())
        moved = one.owners()
        assert leaver not in moved.values()
        assert "0 written" in one.run("sync"), "what asked for a next owner too was answered by it"
        assert one.owners() == moved
