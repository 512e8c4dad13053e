"""Acting in a Salesforce org, from outside: what waits, what is stopped, who is told, and what a rule of the org refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.test_notify import tell
from tests.cli.test_own_fields import NAMES, STAMPED, add_fields, name_fields
from tests.flow.enforcing import Enforced, enforced
from tests.flow.org_people import OrgPeople
from tests.flow.practice import leadpact
from tests.flow.receiver import Receiver, receiver

pytestmark = pytest.mark.xdist_group("salesforce_acting")  # one world for all


@pytest.fixture(scope="module")
def to() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory, to: Receiver) -> Iterator[Enforced]:
    """Serve an org with six late leads of one rep, whose run went beyond a limit."""
    with enforced("salesforce", tmp_path_factory.mktemp("org"), leads=6) as world:
        tell(world, to)
        yield world


def output(one: Enforced, *arguments: str) -> str:
    """Return what a command that must go well says on standard output."""
    done = leadpact(*arguments, "--config", str(one.files / "config.toml"))
    assert done.returncode == 0, done.stderr
    return done.stdout


def held(one: Enforced) -> list[dict[str, Any]]:
    return list(json.loads(output(one, "held", "--format", "json"))["plans"])


def test_what_goes_beyond_a_limit_waits_and_ops_are_told_how_to_let_it_pass(one: Enforced, to: Receiver) -> None:
    before = one.owners()

    said = one.run("sync", code=3)

    (plan,) = held(one)
    assert [(rule["rule"], rule["moves"]) for rule in plan["held"]] == [("first_touch", 6)]
    assert plan["apply"] in said
    (letter,) = [text for text in to.take("desk") if "was handed over to you" not in text]
    to.take("channel")
    assert "6 moves for first_touch, 5 are allowed" in letter and plan["apply"] in letter
    assert one.owners() == before
    assert "0 written and read back" in one.run("sync"), "its leads are latched"


def test_a_pause_of_everything_stops_the_plan_and_one_of_a_lead_only_that(one: Enforced, to: Receiver) -> None:
    before, left, (plan,) = one.owners(), one.leads[0], held(one)
    command = plan["apply"].split()[1:]
    output(one, "pause", "--for", "4h", "--reason", "quarter end")
    assert "nothing of it may be written now: paused until " in one.run(*command, code=3)
    output(one, "resume")
    output(one, "pause", "--lead", one.key(left), "--for", "2d", "--reason", "asked us to wait")

    said = one.run(*command, code=3)

    assert "5 written and read back, 1 skipped, 0 failed" in said
    assert re.search(rf"{one.key(left)}: reassign skipped: paused until ", said)
    assert [lead for lead, owner in one.owners().items() if owner == before[lead]] == [left]
    mine, rooms = to.take("desk"), to.take("channel")
    assert (len(mine), len(rooms)) == (5, 5), "each new owner, and the channel of each"
    assert {lead for lead in one.leads if any(lead in letter for letter in mine)} == set(one.leads[1:])
    assert all("is yours now" in letter.splitlines()[0] for letter in mine)
    assert not held(one)
    output(one, "resume", "--lead", one.key(left))


def test_a_stamp_that_a_rule_of_the_org_refuses_twice_is_left_alone_and_told(one: Enforced) -> None:
    people, owner = one.world.people, one.present()[1]
    assert isinstance(people, OrgPeople)
    add_fields(people)
    name_fields(one, {purpose: NAMES["salesforce"][purpose] for purpose in STAMPED})
    people.rest(60)
    lead = one.hand_over(owner, 99)
    people._deed("validation", sobject="Lead", condition="LastName = 'Late 99'", message="Ask Ops first")
    people.rest(60)
    for _ in range(2):
        said = one.run("sync", code=4)
        assert re.search(rf"{one.key(lead)}: stamp refused: .*Ask Ops first", said)
    writes = one.world.writes()

    assert "0 failed" in one.run("sync")

    assert one.world.writes() == writes
    told = output(one, "show", "last", "--lead", one.key(lead))
    words = r"blocked: salesforce refused .*Leadpact_Sla_Status__c twice \(.*Ask Ops first.*\): leadpact leaves it alone until "
    assert re.search(words, told), told
