"""People edit and call while a plan is made and carried out: no edit of theirs stands overwritten, and no lead that was called is moved."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.interjecting import between
from tests.flow.enforcing import Enforced, enforced
from tests.flow.people import BY_HAND, People

OWNER = "hubspot_owner_id"
LIMITS = "\n[limits]\nmoves_at_least = 50\nmoves_per_run = 50\nmoves_per_hour = 500\nmoves_per_day = 500\n"


@dataclass(kw_only=True)
class Reps:
    """People who work with the leads at random; `gave` and `called` tell what they did last with which."""

    one: Enforced
    rng: random.Random
    gave: dict[str, str] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)

    @property
    def people(self) -> People:
        assert isinstance(self.one.world.people, People)
        return self.one.world.people

    def work(self, is_write: bool, path: str) -> None:
        """Do something, or nothing, right before a call of leadpact's is served.

        Between the reading of a lead's calls and the write lies a gap that no CRM closes: nobody begins a call in it.
        """
        if self.rng.random() > (0.9 if is_write else 0.1):
            return
        self.people.rest(1)
        lead = self.rng.choice(self.one.leads)
        match self.rng.choice(("give", "call", "score", "score") if path.endswith("/search") else ("give", "score", "score")):
            case "give":
                self.gave[lead] = self.rng.choice(self.one.members())
                self.people._plant(lead, {OWNER: self.gave[lead]}, BY_HAND)
            case "call":
                self.called.setdefault(lead, str(self.one.owner(lead)))
                self.one.call(lead, self.called[lead])
            case _:
                self.people._plant(lead, {"hubspotscore": str(self.rng.randrange(100))}, {"sourceType": "CALCULATED"})
        self.people.rest(1)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(8))
def test_no_edit_of_a_person_stands_overwritten_and_no_lead_that_was_called_is_moved(seed: int, tmp_path: Path) -> None:
    with enforced("hubspot", tmp_path, leads=12) as one, between(one.files, "hubspot") as somebody:
        with (one.files / "config.toml").open("a", encoding="utf-8") as config:
            config.write(LIMITS)
        before, reps, plan = one.owners(), Reps(one=one, rng=random.Random(seed)), tmp_path / "plan.json"
        somebody.at_each = reps.work
        for command in (("sync", "--dry-run", "--out", str(plan)), ("apply", str(plan)), ("sync",)):
            one.run_to_any_end(*command)
        somebody.at_each = None
        one.run_to_any_end("sync")

        owners = one.owners()
        assert {lead: owners[lead] for lead in reps.gave} == reps.gave
        called = {lead: owner for lead, owner in reps.called.items() if lead not in reps.gave}
        assert {lead: owners[lead] for lead in called} == called, "who called it first keeps it"
        assert any(owners[lead] != before[lead] for lead in one.leads if lead not in reps.gave), "some were moved"
