"""`held`, `drop`, `pause`, `observe`, `resume` and freeze windows from outside: what waits, what is stopped, and what is said."""

from __future__ import annotations

import json
import os
import re
from contextlib import redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from sync.cli.program import app
from sync.errors import UsageError
from tests.flow.enforcing import Enforced, enforced
from tests.flow.practice import leadpact


def output(one: Enforced, *arguments: str) -> str:
    """Run a command that asks no CRM within this process, which is quicker; return what it said."""
    with TextIOWrapper(BytesIO()) as told, redirect_stdout(told):
        assert not app([*arguments, "--config", str(one.files / "config.toml")], standalone_mode=False)
        told.flush()
        return told.buffer.getvalue().decode()  # type: ignore[attr-defined]


def refused(one: Enforced, *arguments: str) -> str:
    """Run a command within this process that must be refused; return what it said."""
    with pytest.raises(UsageError) as caught:
        output(one, *arguments)
    return f"{caught.value}\n{caught.value.fix}"


def stopped(one: Enforced) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(output(one, "held", "--format", "json"))
    return document


def held_plans(one: Enforced) -> list[int]:
    return [plan["id"] for plan in stopped(one)["plans"]]


def test_a_plan_beyond_a_limit_waits_once_and_what_is_stopped_is_not_sent(tmp_path: Path) -> None:
    with enforced("hubspot", tmp_path, leads=6) as one:
        before = one.owners()

        _is_not_written_where_a_pull_shrank(one)
        _is_held_once(one)
        _is_dropped_for_good(one)
        _is_made_anew_once_dropped(one)
        _is_not_applied_while_everything_is_paused(one)
        assert one.owners() == before, "nothing was written so far"

        left = one.leads[0]
        applied_by = _is_applied_but_for_a_paused_lead(one, left)
        assert [lead for lead, owner in one.owners().items() if owner == before[lead]] == [left]

        _is_only_observed(one)
        _is_frozen(one, applied_by)
        assert one.owners() == before


def _is_not_written_where_a_pull_shrank(one: Enforced) -> None:
    """One contact of many is gone, of whom we want to see all; limits are wide."""
    people, writes = one.world.people, one.world.writes()
    people.ask("DELETE", f"/crm/v3/objects/contacts/{people.contacts[0]}")
    limits = {"LEADPACT_LIMITS__SMALLEST_PULL_SHARE": "1", "LEADPACT_LIMITS__MOVES_AT_LEAST": "100"}
    done = leadpact("sync", "--config", str(one.files / "config.toml"), env=os.environ | limits)
    assert (done.returncode, "hubspot/contacts holds 25 rows, and held 26" in done.stderr) == (3, True), done.stderr
    assert one.world.writes() == writes + 1, "the person's alone"


def _is_held_once(one: Enforced) -> None:
    said = one.run("sync", code=3)
    assert re.findall(r"leadpact (apply \d+|drop \d+)", said) == ["apply 3", "drop 3"]
    assert "6 moves for first_touch, 5 are allowed" in said

    assert "0 written and read back, 0 skipped" in one.run("sync"), "its leads are latched"
    (plan,) = stopped(one)["plans"]
    assert (plan["id"], plan["apply"]) == (3, "leadpact apply 3")
    assert [(held["rule"], held["moves"]) for held in plan["held"]] == [("first_touch", 6)]
    assert "5 are allowed" in plan["held"][0]["limit"]
    assert output(one, "show", "last", "--action", "reassign").count("blocked: held in plan 3 since ") == 6
    assert "held in plan 3 since " in output(one, "explain", one.key(one.leads[0]))


def _is_dropped_for_good(one: Enforced) -> None:
    assert "--reason is empty" in refused(one, "drop", "3", "--reason", " ")
    assert "no limit holds a plan 404" in refused(one, "drop", "404", "--reason", "why")
    assert "plan 3 is dropped" in output(one, "drop", "3", "--reason", "looks wrong")
    for said in (refused(one, "drop", "3", "--reason", "again"), one.run("apply", "3", code=64)):
        assert re.search(r"plan 3 was dropped by \S+ at \S+: looks wrong", said)


def _is_made_anew_once_dropped(one: Enforced) -> None:
    one.run("sync", code=3)
    assert held_plans(one) == [5]


def _is_not_applied_while_everything_is_paused(one: Enforced) -> None:
    assert "everything: paused until " in output(one, "pause", "--for", "4h", "--reason", "quarter end")
    assert re.search(r"pause 1 of everything, until .* by \S+: quarter end\n    end it: leadpact resume\n", output(one, "held"))

    said = one.run("apply", "5", code=3)

    assert "nothing of it may be written now: paused until " in said
    assert "see what is stopped" in said
    assert "paused until " in output(one, "explain", one.key(one.leads[0]))
    assert "nothing stops rule first_touch" in refused(one, "resume", "--rule", "first_touch")
    output(one, "resume")


def _is_applied_but_for_a_paused_lead(one: Enforced, left: str) -> str:
    """Return the run that applied it."""
    output(one, "pause", "--lead", left, "--for", "30 minutes", "--reason", "asked us to wait")
    said = one.run("apply", "5", code=3)
    assert "5 written and read back, 1 skipped, 0 failed" in said
    assert re.search(rf"{one.key(left)}: reassign skipped: paused until .* \(pause 2 of lead {one.key(left)}, see leadpact held\)", said)
    output(one, "resume", "--lead", left)
    assert "plan 5 was carried out by run" in one.run("apply", "5", code=64)
    assert "plan 5 was carried out by run" in refused(one, "drop", "5", "--reason", "too late")
    assert "Nothing is held, paused or frozen." in output(one, "held")
    return re.findall(r"^run (\S+):", said, re.MULTILINE)[-1]


def _is_only_observed(one: Enforced) -> None:
    assert "did you mean `first_touch`" in refused(one, "observe", "--rule", "first_tuch", "--reason", "why")
    output(one, "observe", "--rule", "first_touch", "--reason", "we look first")
    assert "0 written and read back, 0 skipped" in one.run("sync")
    assert "blocked: mode of first_touch is observe (observe 3 of rule first_touch" in output(one, "show", "last")
    output(one, "resume", "--rule", "first_touch")


def _is_frozen(one: Enforced, run: str) -> None:
    config = one.files / "config.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(f'{text}\n[[freeze]]\nfrom = 2026-11-01T00:00:00Z\nto = 2026-12-31T00:00:00Z\nwhy = "year end"\n')
    one.run("sync")
    assert re.search(r"blocked: frozen until .*: year end \(config.toml, \[\[freeze\]\]\)", output(one, "show", "last"))
    assert "frozen until " in one.run("undo", run, code=3)
    assert "5 written and read back" in one.run("undo", run, "--even-paused")
    config.write_text(text)


@pytest.mark.campaign
def test_four_hundred_moves_are_held_under_the_limits_of_the_default_and_let_pass_by_the_command_that_is_named(tmp_path: Path) -> None:
    with enforced("hubspot", tmp_path, leads=400) as one:
        before, writes = one.owners(), one.world.writes()

        said = one.run("sync", code=3)

        assert "400 moves for first_touch, 40 are allowed (10% of its 403 open passages, at least 5)" in said
        assert (one.world.writes(), one.owners()) == (writes, before)
        (command,) = re.findall(r"leadpact (apply \d+)", said)
        assert "400 written and read back, 0 skipped, 0 failed" in one.run(*command.split())
        assert all(owner not in (None, before[lead]) for lead, owner in one.owners().items())
