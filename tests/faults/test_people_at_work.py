"""People edit and call while a plan is made and carried out: no edit of theirs stands overwritten, and no lead that was called is moved."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.interjecting import Called, between
from tests.flow.enforcing import Enforced, enforced
from tests.flow.people import People

OWNER = "hubspot_owner_id"
LIMITS = "\n[limits]\nmoves_at_least = 50\nmoves_per_run = 50\nmoves_per_hour = 500\nmoves_per_day = 500\n"
DEEDS = ("give", "call", "score", "score")


@dataclass(kw_only=True)
class Reps:
    """People who work with the leads at random; `gave` and `called` tell what they did last with which.

    Between the reading of a lead's calls and the write lies a gap that no CRM closes: nobody begins a call in it.
    """

    one: Enforced
    rng: random.Random
    gave: dict[str, str] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)
    is_gap: bool = False

    def work(self, call: Called) -> None:
        """Do something, or nothing, right before a call of leadpact's is served."""
        may_call = self._may_call(call)
        if self.rng.random() > (0.9 if call.is_write else 0.1):
            return
        self.one.world.people.rest(1)
        lead = self.rng.choice(self.one.leads)
        match self.rng.choice(DEEDS if may_call else [deed for deed in DEEDS if deed != "call"]):
            case "give":
                has = self.one.owner(lead)  # to give somebody what they have is no change, and no history tells of it
                self.gave[lead] = self.rng.choice([owner for owner in self.one.members() if owner != has])
                self._give(lead, self.gave[lead])
            case "call":
                self.called.setdefault(lead, str(self.one.owner(lead)))
                self.one.call(lead, self.called[lead])
            case _:
                self._score(lead)
        self.one.world.people.rest(1)

    def _may_call(self, call: Called) -> bool:
        """Whether the calls of leads are read once more before the next of them is written."""
        if self.one.world.crm == "hubspot":
            return call.path.endswith("/search")
        if call.is_write or (call.asks("FROM Lead") and call.asks("Id IN (")):
            self.is_gap = False
        was_gap, self.is_gap = self.is_gap, self.is_gap or call.asks("WhoId IN (")
        return not was_gap and not call.is_write

    def _give(self, lead: str, owner: str) -> None:
        people = self.one.world.people
        if isinstance(people, People):
            people.give_by_hand(lead, owner)
        else:
            self.one.pass_on(lead, owner)

    def _score(self, lead: str) -> None:
        people, score = self.one.world.people, self.rng.randrange(100)
        if isinstance(people, People):
            people._plant(lead, {"hubspotscore": str(score)}, {"sourceType": "CALCULATED"})
        else:
            people.write("Lead", {"City": f"City {score}"}, id_=lead)


@pytest.mark.campaign
@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
@pytest.mark.parametrize("seed", range(8))
def test_no_edit_of_a_person_stands_overwritten_and_no_lead_that_was_called_is_moved(crm: str, seed: int, tmp_path: Path) -> None:
    with enforced(crm, tmp_path, leads=12) as one, between(one.files, crm) as somebody:
        with (one.files / "config.toml").open("a", encoding="utf-8") as config:
            config.write(LIMITS)
        before, reps, plan = one.owners(), Reps(one=one, rng=random.Random(seed)), tmp_path / "plan.json"
        somebody.at_each = reps.work
        for command in (("sync", "--dry-run", "--out", str(plan)), ("apply", str(plan)), ("sync",)):
            one.run_to_any_end(*command)
        somebody.at_each = None
        one.world.people.rest(60)
        one.run_to_any_end("sync")

        owners = one.owners()
        assert {lead: owners[lead] for lead in reps.gave} == reps.gave
        called = {lead: owner for lead, owner in reps.called.items() if lead not in reps.gave}
        assert {lead: owners[lead] for lead in called} == called, "who called it first keeps it"
        assert any(owners[lead] != before[lead] for lead in one.leads if lead not in reps.gave), "some were moved"
