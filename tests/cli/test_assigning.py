"""Leads that become sales-ready without an owner, from outside: given away at once, told, counted, held, undone once and for all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_apply import run_in
from tests.cli.test_notify import tell
from tests.flow.enforcing import Enforced, enforced
from tests.flow.practice import leadpact
from tests.flow.receiver import receiver

BY_US = 'assigned_by = "leadpact"\ntell     ='


def come_in(one: Enforced, *numbers: int) -> list[str]:
    """Let leads be handed over that nobody has, and a moment pass: what changed right now waits for the next run."""
    nobody = "" if one.world.crm == "hubspot" else one.queue()
    found = [one.hand_over(nobody, number) for number in numbers]
    one.world.people.rest(60)
    return found


@pytest.mark.parametrize("crm", [pytest.param("hubspot", marks=pytest.mark.campaign), "salesforce"])
def test_leads_without_an_owner_are_shared_out_at_once_and_those_who_get_them_are_told(
    crm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with enforced(crm, tmp_path, leads=0, hours=0, tell=BY_US) as one, receiver() as to:
        tell(one, to)
        nobody = one.owner(come_in(one, 1)[0])
        theirs = one.hand_over(one.members()[0], 2)
        one.world.people.rest(16 * 60)
        assert "0 written" in one.run_to_any_end("sync"), (
            "a quarter of an hour has passed: the promise is broken, and no ladder asks for more"
        )

        assert [text.splitlines()[0] for text in to.take("desk")] == [f"A lead is yours now: {one.key(theirs)}"], "a person gave it to them"
        assert len(to.take("channel")) == 1

        file, (first, second, taken) = tmp_path / "plan.json", come_in(one, 3, 4, 5)
        one.run("sync", "--dry-run", "--out", str(file))
        steps = [step for step in json.loads(file.read_text())["steps"] if not step["blocked_by"]]
        assert {(step["lead"], step["action"], step["rung"]) for step in steps} == {
            (one.key(lead), "assign", 0) for lead in (first, second, taken)
        }
        one.pass_on(taken, one.members()[-1])
        one.world.people.rest(60)

        said = one.run("apply", str(file))

        assert "2 written and read back, 1 skipped, 0 failed" in said
        assert f"{one.key(taken)}: assign skipped: speed_to_assign is not owed any more: kept" in said
        after = {lead: one.owner(lead) for lead in (first, second)}
        assert len(set(after.values())) == 2, "each is the turn of another"
        assert set(after.values()) <= set(one.present())
        assert (one.owner(taken), one.owner(theirs)) == (one.members()[-1], one.members()[0])
        desk, channel = to.take("desk"), to.take("channel")
        assert {text.splitlines()[0] for text in desk} == {f"A lead is yours now: {one.key(lead)}" for lead in after}
        assert all("This lead was given to you, because nobody had it." in text for text in desk)
        assert len(channel) == 2
        config = ("--config", str(one.files / "config.toml"))
        shown = leadpact("show", run_in(said), "--action", "assign", *config).stdout
        assert shown.count("assign (for speed_to_assign)") == 3, "the one that was skipped too"

        assert "0 written" in one.run_to_any_end("sync")
        one.world.people.rest(60)
        undone = one.run("undo", run_in(said))
        assert "2 written and read back" in undone
        assert {one.owner(lead) for lead in after} == {nobody}
        ledger = json.loads(leadpact("route", "sdr", "--replay", "--format", "json", *config).stdout)
        assert (ledger["given_back"], ledger["unprovable"], ledger["wrong"]) == (2, 0, [])
        assert "0 written" in one.run_to_any_end("sync"), "what a person undid is not done again"

        more = come_in(one, 6, 7)
        monkeypatch.setenv("LEADPACT_LIMITS__ASSIGNMENTS_PER_RUN", "1")
        held = one.run("sync", code=3)
        assert "the plan makes 2 assignments, 1 are allowed a run" in held
        assert {one.owner(lead) for lead in more} == {nobody}
        assert "2 written and read back" in one.run("apply", held.rpartition("leadpact apply ")[2].split()[0])
        assert {one.owner(lead) for lead in more} <= set(one.present())
