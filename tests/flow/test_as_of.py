"""Looking back finds what was found then: `--as-of T` is what a store says that stopped pulling at T."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.flow.people import People
from tests.flow.practice import practice_hubspot
from tests.flow.stores import Leads, opened


@pytest.mark.parametrize(
    ("leads", "seed", "steps"), [pytest.param(120, 6, 4, id="a handful"), pytest.param(300, 7, 100, id="many", marks=pytest.mark.campaign)]
)
def test_looking_back_finds_what_was_found_then(leads: int, seed: int, steps: int, tmp_path: Path) -> None:
    """People do only what a CRM tells the moment of: an activity's present owner, time and length, and an old link, are not dated.

    Left out are leads with changes that were only observed: later pulls tell more about when they happened.
    """
    then: dict[datetime, Leads] = {}
    with (
        practice_hubspot(tmp_path, "--leads", str(leads), "--seed", str(seed), "--now", "2026-11-18T14:00Z") as files,
        opened(files) as store,
    ):
        assert store.run.known.config.hubspot is not None
        people = People(store.run.known.config.hubspot.base_url, seed)
        for _ in range(steps):
            moment = store.tick()
            then[moment] = store.judged_at(moment)
            people.work(people.lasting_deeds)
        left_out = store.unsure(store.tick())

        for moment, found in then.items():
            now = store.judged_at(moment, as_of=True)
            assert {lead: told for lead, told in now.items() if lead not in left_out} == {
                lead: told for lead, told in found.items() if lead not in left_out
            }, moment
        assert all(len(found) > 2 * len(left_out) for found in then.values())
