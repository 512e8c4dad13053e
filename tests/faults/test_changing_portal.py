"""A portal that changes while it is pulled: once it stands still, one more run holds it record by record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.crowd import crowd
from tests.faults.portal_now import Holding, differences, mirror_holding, portal_holding
from tests.flow.people import People
from tests.flow.practice import audit_json, base_url, practice_hubspot, store_bytes

ROOM = ("--burst", "100000")  # or we would leave all calls to the crowd

ALL_MAY_GO = ("--accept-shrunken", "hubspot/contacts")  # more are erased here in a minute than elsewhere in a year


@pytest.mark.parametrize(
    ("seed", "runs", "lag_s"),
    [
        pytest.param(1, 2, 3, id="two runs, a lagging index"),
        pytest.param(1, 2, 0, id="two runs", marks=pytest.mark.campaign),
        *(
            pytest.param(seed, 10, lag_s, id=f"many runs {seed}, lag {lag_s}", marks=pytest.mark.campaign)
            for seed in (2, 3)
            for lag_s in (0, 3)
        ),
    ],
)
def test_what_changed_while_it_was_pulled_is_in_after_one_more_run(seed: int, runs: int, lag_s: int, tmp_path: Path) -> None:
    """Left to `--full`: what is linked to a record that was deleted and restored, as nothing tells of links that come back."""
    world = ("--leads", "120", "--seed", str(seed), "--now", "2026-11-20T15:00Z", "--live", "--index-lag", str(lag_s), *ROOM)
    with practice_hubspot(tmp_path, *world) as files:
        people = People(base_url(files), seed)
        with crowd(people, people.restless_deeds, per_s=50):
            for _ in range(runs):
                audit_json(files, *ALL_MAY_GO)
        people.ask("POST", "/_sandbox/clock", {"advance_s": lag_s + 1})

        audit_json(files, *ALL_MAY_GO)

        portal, mirror = portal_holding(people, files), mirror_holding(files / "leadpact.db")
        assert differences(*(without_links_of(people.restored, held) for held in (portal, mirror))) == []
        assert people.done.keys() >= {"merge", "delete", "restore", "forget", "create_and_call", "delete_an_activity", "edit", "pass_on"}
        held = store_bytes(files / "leadpact.db")
        audit_json(files, "--full")
        assert differences(portal, mirror_holding(files / "leadpact.db")) == []
        assert [email for email in people.forgotten if email.encode() in held] == []


def without_links_of(contacts: set[str], held: Holding) -> Holding:
    names = {f"contact/{id_}" for id_ in contacts}
    return replace(held, links={pair for pair in held.links if names.isdisjoint(pair)})
