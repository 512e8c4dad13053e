"""`leadpact route` from outside: who gets the next lead and why not the others, and the ledger that is given again."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.flow.enforcing import Enforced, enforced
from tests.flow.practice import leadpact


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enforced]:
    """A practice HubSpot with three late leads of the pool's first member; a person gave the first of them to its third."""
    with enforced("hubspot", tmp_path_factory.mktemp("route"), leads=3) as world:
        world.pass_on(world.leads[0], world.members()[2])
        world.world.people.rest(60)
        yield world


def route(one: Enforced, *arguments: str, code: int = 0) -> str:
    done = leadpact("route", *arguments, "--config", str(one.files / "config.toml"))
    assert done.returncode == code, done.stderr
    return done.stdout


def next_lead(one: Enforced, *arguments: str) -> dict[str, Any]:
    return dict(json.loads(route(one, "sdr", *arguments, "--format", "json")))


def replayed(one: Enforced) -> dict[str, Any]:
    return dict(json.loads(route(one, "sdr", "--replay", "--format", "json")))


def received(told: dict[str, Any]) -> dict[str, int]:
    return {member["owner"]: member["received"] for member in told["members"] if member["received"]}


def members(told: dict[str, Any]) -> dict[str, Any]:
    return {member["owner"]: member for member in told["members"]}


@pytest.mark.xdist_group("route")
def test_the_ledger_counts_what_people_gave_and_what_was_moved_and_gives_back_what_was_undone(one: Enforced) -> None:
    before, pool = replayed(one), one.members()
    said = one.run("sync")
    run = re.findall(r"^run (\S+):", said, re.MULTILINE)[-1]
    moved = {lead: owner for lead, owner in one.owners().items() if owner not in (pool[0], pool[2])}
    assert len(moved) == 3, "never back to who failed it, nor to whom it was passed on"

    after = replayed(one)

    assert after["wrong"] == []
    assert after["unprovable"] == 0
    assert after["entries"] - before["entries"] >= 3 + 1 + len(moved), "three handed over, one passed on, the others moved"
    assert received(after)[pool[0]] >= 3
    assert received(after)[pool[2]] >= 1
    assert sum(member["difference"] for member in after["members"]) == pytest.approx(0, abs=1e-6)
    assert abs(members(next_lead(one))[pool[0]]["owed"] + members(after)[pool[0]]["difference"]) < 1e-6

    one.world.people.rest(60)  # a record that changed a moment ago is left for the next run
    assert f"{len(moved)} written and read back, 0 skipped" in one.run("undo", run)

    undone = replayed(one)
    assert (undone["entries"], undone["given_back"], undone["wrong"]) == (after["entries"], after["given_back"] + len(moved), [])
    for owner in moved.values():
        assert received(undone).get(owner, 0) == received(after)[owner] - list(moved.values()).count(owner)


@pytest.mark.xdist_group("route")
def test_each_member_hears_why_they_do_not_get_the_next_lead(one: Enforced) -> None:
    told = next_lead(one)
    standing = members(told)
    assert standing[told["owner"]]["is_next"]
    away = [member["why"] for member in told["members"] if member["why"]]
    assert away
    assert all(why.startswith("absent until ") for why in away)
    of_lead = next_lead(one, "--lead", one.key(one.leads[1]))
    assert members(of_lead)[one.members()[0]]["why"] == "had this lead already"
    assert not members(of_lead)[one.members()[0]]["is_next"]
    lines = route(one, "sdr").splitlines()
    assert lines[0] == f"pool sdr, the next lead: {told['name']}"
    assert sum(line.endswith("gets the next lead") for line in lines) == 1
    assert lines[-1].startswith("As known on ")


@pytest.mark.xdist_group("route")
def test_who_owns_as_many_as_they_may_gets_no_more(one: Enforced) -> None:
    """The practice company's leads are owned already; the open passages of each are counted."""
    roster = one.files / "roster.toml"
    text = roster.read_text(encoding="utf-8")
    roster.write_text(text.replace('name    = "sdr"', 'name    = "sdr"\nat_most = { owned = 3 }', 1), encoding="utf-8")
    try:
        told = next_lead(one)
        lines = route(one, "sdr")
    finally:
        roster.write_text(text, encoding="utf-8")
    first = members(told)[one.members()[0]]
    assert first["load"]["owned"] >= 3, "the three late leads, which the undone run gave back to them"
    assert first["why"] == f"owns {first['load']['owned']} of 3"
    assert not first["is_next"]
    assert f"owned {first['load']['owned']} of 3" in lines


@pytest.mark.xdist_group("route")
def test_what_cannot_be_answered_says_what_to_do(one: Enforced) -> None:
    assert "the roster has no pool `sdrs`" in one.run("route", "sdrs", code=64)
    assert "the store knows no lead `nobody@nowhere.example`" in one.run("route", "sdr", "--lead", "nobody@nowhere.example", code=1)
    assert "--replay proves the ledger; it explains no lead" in one.run("route", "sdr", "--replay", "--explain", code=64)


@pytest.mark.xdist_group("route")
def test_an_entry_that_is_not_what_the_rule_makes_it_is_told_and_the_exit_code_says_so(one: Enforced) -> None:
    one.run("sync", "--dry-run")
    with closing(sqlite3.connect(one.files / "leadpact.db")) as store, store:
        store.execute("DROP TRIGGER assignment_is_never_changed")
        store.execute("UPDATE assignment SET owner = ? WHERE id = (SELECT max(id) FROM assignment)", (one.members()[0],))

    said = route(one, "sdr", "--replay", code=1)

    assert "its step gave that lead otherwise" in said
    assert "Not every turn is what the ledger makes it." in said
