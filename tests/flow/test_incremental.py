"""A store that was kept up to date finds what an empty one finds that is pulled at that moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.flow.people import People
from tests.flow.practice import practice_hubspot
from tests.flow.stores import Kept, Leads, emptied, opened

WORLD = ("--leads", "300", "--now", "2026-11-18T14:00Z")
LEAST_COMPARED = 0.5  # of the leads with findings; else a comparison says little

Judge = Callable[[Kept], datetime]
JUDGES: Mapping[str, Judge] = {"tick": Kept.tick, "audit": Kept.audit}


def fresh_findings(kept: Kept, path: Path, moment: datetime) -> tuple[Leads, set[str]]:
    """Pull everything into an empty store; return what judging finds in it, and the leads it is unsure of."""
    path.unlink(missing_ok=True)
    with emptied(kept, path) as store:
        assert store.pull().moment == moment
        return store.judged_at(moment), store.unsure(moment)


def only(leads: Leads, left_out: set[str]) -> Leads:
    return {lead: told for lead, told in leads.items() if lead not in left_out}


def on_both(*world: int, id: str) -> list[Any]:
    return [pytest.param(judge, *world, id=f"{id}, {name}", marks=pytest.mark.campaign) for name, judge in JUDGES.items()]


@pytest.mark.parametrize(
    ("judge", "seed", "steps", "most"),
    [
        pytest.param(Kept.tick, 10, 2, 80, id="two busy days, tick"),
        pytest.param(Kept.audit, 4, 1, 80, id="a busy day, audit"),
        *on_both(10, 3, 80, id="a few busy days"),
        *on_both(4, 500, 12, id="many steps"),
        *on_both(5, 500, 12, id="as many others"),
    ],
)
def test_a_kept_store_finds_what_a_fresh_one_finds(judge: Judge, seed: int, steps: int, most: int, tmp_path: Path) -> None:
    """Left out are leads of which the one that watched must know more, or cannot know as much.

    - Changes that were only observed (see `Kept.unsure`): who watches knows better when they happened.
    - Deleted leads: the CRM no longer tells what they were linked to, so one that was deleted before the first pull has no findings.
    - An old call that was linked without being modified, as long as no promise to the lead fell due: no stream tells of it.
    """
    with practice_hubspot(tmp_path, "--seed", str(seed), *WORLD) as files, opened(files) as store:
        assert store.run.known.config.hubspot is not None
        people = People(store.run.known.config.hubspot.base_url, seed)
        judge(store)
        for step in range(steps):
            people.work(people.deeds, most=most)
            moment = judge(store)
            people.told_by_link -= store.re_read
            fresh, unsure = fresh_findings(store, tmp_path / "empty.db", moment)
            kept = store.standing()
            left_out = unsure | store.unsure(moment) | {f"hubspot/contact/{id_}" for id_ in people.told_by_link | people.deleted}
            assert only(kept, left_out) == only(fresh, left_out), f"step {step}"
            assert len(only(fresh, left_out)) > LEAST_COMPARED * len(fresh), f"step {step}"
        assert people.done.keys() >= {"merge", "reply", "reject", "recycle", "book", "link_a_company", "link_an_old_call", "close_a_deal"}
