"""`leadpact sync`, `apply` and `undo` from outside: what is done in the CRM, what is left alone, and how it ends."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.flow.enforcing import Enforced, add_task, enforced, tasks_of
from tests.flow.practice import leadpact

SECOND = """
[[clock]]
name = "second_look"
starts = "handoff"
kept_by = "touch"
by = "owner"
within = "2 business hours"
calendar = "owner"
ladder = ["escalate"]
"""


def saved_plan(one: Enforced, path: Path) -> dict[str, object]:
    one.run("sync", "--dry-run", "--out", str(path))
    return json.loads(path.read_text())


def run_in(said: str) -> str:
    return re.findall(r"^run (\S+):", said, re.MULTILINE)[-1]


@pytest.mark.parametrize(("crm", "act"), [("hubspot", "move_open_tasks = true"), ("salesforce", "")])
def test_a_saved_plan_is_carried_out_once_and_can_be_undone_tasks_and_all(crm: str, act: str, tmp_path: Path) -> None:
    with enforced(crm, tmp_path, leads=3, act=act) as one:
        before, file = one.owners(), tmp_path / "plan.json"
        rep, lead = one.members()[0], one.leads[1]
        subjects = ("[leadpact 0a1b2c3d] Call", "Send the offer", "[leadpact escalation 0a1b2c3d]")
        mine, theirs, _ = [add_task(one, lead, rep, subject) for subject in subjects]
        one.world.people.rest(60)
        planned = {step["lead"]: step["fields"][0]["after"] for step in saved_plan(one, file)["steps"] if not step["blocked_by"]}
        assert planned.keys() == {one.key(lead) for lead in one.leads}
        assert one.owners() == before, "a dry run writes nothing"

        said = one.run_to_any_end("apply", str(file))

        assert "3 written and read back, 0 skipped, 0 failed" in said
        logged = [json.loads(line) for line in said.splitlines() if '"step_done"' in line]
        assert {line["lead"]: (line["action"], line["run"]) for line in logged} == dict.fromkeys(planned, ("reassign", run_in(said)))
        assert one.owners() == {lead: planned[one.key(lead)] for lead in one.leads}
        assert set(planned.values()) <= {*one.members()[1:]}, "never back to who failed the lead"
        gone = {task.id for task in tasks_of(one, lead) if task.owner == planned[one.key(lead)]}
        assert gone == ({mine, theirs} if act else {mine}), "a manager's task lists other leads too, and stays"
        assert f"was carried out by run {run_in(said)}" in one.run("apply", str(file), code=64)

        assert "0 written" in one.run("sync"), "no rung fires twice"

        moved_on, (somebody, *_) = one.leads[0], {*one.members()} - set(before.values()) - set(planned.values())
        one.pass_on(moved_on, somebody)
        one.world.people.rest(60)
        assert "there is no run" in one.run("undo", "nonsense", code=64)
        there, would = one.owners(), leadpact("undo", run_in(said), "--dry-run", "--config", str(one.files / "config.toml"))
        assert (would.returncode, would.stdout.count("undo (for first_touch, rung 1)"), would.stdout.count("blocked: ")) == (0, 3, 1)
        assert one.owners() == there, "a dry run puts nothing back"
        undone = one.run("undo", run_in(said))

        assert "2 written and read back, 1 skipped" in undone
        assert f"{one.key(moved_on)}: undo skipped: " in undone
        assert one.owners() == before | {moved_on: somebody}
        assert {task.owner for task in tasks_of(one, lead)} == {rep}
        again = leadpact("sync", "--config", str(one.files / "config.toml"))
        assert "0 written" in again.stderr, "what a person undid is not done again"
        assert "Nothing was written" not in again.stdout, "a run that may write says by itself what it wrote"


@pytest.mark.parametrize("crm", ["hubspot", pytest.param("salesforce", marks=pytest.mark.campaign)])
def test_a_lead_that_moved_on_since_the_plan_is_left_alone_and_says_why(crm: str, tmp_path: Path) -> None:
    with enforced(crm, tmp_path, leads=3) as one:
        before, file = one.owners(), tmp_path / "plan.json"
        saved_plan(one, file)
        called, passed_on, other = one.leads
        one.call(called, one.members()[0])
        one.pass_on(passed_on, one.members()[2])
        one.world.people.rest(60)

        said = one.run("apply", str(file))

        assert "1 written and read back, 2 skipped, 0 failed" in said
        assert re.search(f"{one.key(called)}: reassign skipped: first_touch is not owed any more", said)
        assert re.search(f"{one.key(passed_on)}: reassign skipped: ", said)
        owners = one.owners()
        assert (owners[called], owners[passed_on]) == (before[called], one.members()[2])
        assert owners[other] not in (None, before[other])


def test_a_call_that_is_linked_after_the_plan_and_of_which_no_stream_tells_keeps_the_lead_where_it_is(tmp_path: Path) -> None:
    with enforced("hubspot", tmp_path, leads=2, has_stray_call=True) as one:
        before, file = one.owners(), tmp_path / "plan.json"
        saved_plan(one, file)
        one.link(one.leads[0], one.stray_call)

        said = one.run("apply", str(file))

        assert "1 written and read back, 1 skipped, 0 failed" in said
        assert one.owners()[one.leads[0]] == before[one.leads[0]]


def test_more_moves_than_the_limit_are_held_whole_and_let_pass_by_the_command_that_is_named(tmp_path: Path) -> None:
    with enforced("hubspot", tmp_path, leads=6, ladder=f'["reassign"]\n{SECOND}') as one:
        before = one.owners()

        said = one.run("sync", code=3)

        assert "6 moves for first_touch, 5 are allowed" in said
        assert one.owners() == before
        assert "6 written and read back" in said, "no limit of moves holds the escalations"
        (command,) = re.findall(r"leadpact (apply \d+)", said)
        assert "6 written and read back, 0 skipped" in one.run(*command.split())
        assert all(owner not in (None, before[lead]) for lead, owner in one.owners().items())
        (task,) = [task for lead in one.leads for task in tasks_of(one, lead)]
        assert [task.body.count(f"• {one.key(lead)}") for lead in one.leads] == [1] * 6
        assert "0 written" in one.run("sync"), "none of them is due again"


def test_a_write_whose_answer_is_lost_is_settled_by_reading(tmp_path: Path) -> None:
    with enforced("hubspot", tmp_path, leads=2) as one:
        people, report = one.world.people, tmp_path / "report.json"
        people.ask("POST", "/_sandbox/faults", [{"path": "*/contacts/batch/update", "fault": "reset_after", "count": 1}])

        said = one.run("sync", "--format", "json", "--output", str(report))

        assert "2 written and read back, 0 skipped, 0 failed" in said
        assert json.loads(report.read_text())["run"]["mode"] == "sync"
        assert one.world.people.ask("GET", "/_sandbox/faults")["faults"][0]["fired"] == 1
