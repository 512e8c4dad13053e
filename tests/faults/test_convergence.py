"""The law of `sync`: done often enough it comes to rest, whatever fails meanwhile; what it did is right, and all of it is explained."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.both import Both, enforced_in_both
from tests.faults.explained import unexplained
from tests.flow.enforcing import HOUR_S, LADDER, Enforced, enforced
from tests.flow.people import People
from tests.flow.practice import leadpact

ROOMY = "\n[limits]\nmoves_per_run = 1000\nmoves_per_hour = 1000\nmoves_per_day = 1000\nmoves_share = 1.0\n"
FAULTS = {
    "hubspot": [
        {"fault": "reset_after", "path": "*/batch/update", "every": 3},
        {"status": 429, "every": 19, "retry_after": 0},
        {"status": 502, "method": "GET", "every": 23},
    ],
    "salesforce": [
        {"fault": "reset_after", "path": "*/composite", "every": 3},
        {"status": 503, "method": "GET", "every": 23},
    ],
}
STEPS_OF_TIME_S = (60, 15 * 60, HOUR_S, 2 * HOUR_S)
OVER_THE_WEEKEND_S = 76 * HOUR_S
SHARE_ACTED_ON = 0.95


@dataclass(kw_only=True)
class Story:
    """A lead that was handed over, and whether somebody did what keeps it where it is."""

    lead: str
    owner: str
    is_kept: bool = False
    passed_on_to: str | None = None


def call_in_time(one: Enforced, story: Story) -> None:
    one.call(story.lead, story.owner)
    story.is_kept = True


def pass_on(one: Enforced, story: Story) -> None:
    """A person gives it to somebody else: an owner set by a person is not changed."""
    story.passed_on_to = next(owner for owner in one.present() if owner != story.owner)
    people = one.world.people
    if isinstance(people, People):
        people.give_by_hand(story.lead, story.passed_on_to)
    else:
        one.pass_on(story.lead, story.passed_on_to)
    story.is_kept = True


def nothing(_: Enforced, __: Story) -> None:
    """Nobody cares for it."""


DEEDS: tuple[Callable[[Enforced, Story], None], ...] = (call_in_time, pass_on, nothing, nothing)


def enrich(one: Enforced, stories: list[Story], moments: random.Random) -> None:
    """Change what no rule is about on every lead, as a tool that enriches them does."""
    people = one.world.people
    for story in stories:
        city = f"City {moments.randint(1, 9)}"
        if isinstance(people, People):
            people.ask("PATCH", f"/crm/v3/objects/contacts/{story.lead}", {"properties": {"city": city}})
        else:
            people.write("Lead", {"City": city}, id_=story.lead)
        if isinstance(one, Both):
            one.marketing.ask("PATCH", f"/crm/v3/objects/contacts/{one.named_by(story.lead)}", {"properties": {"city": city}})


def company(crm: str, folder: Path, seed: int) -> AbstractContextManager[Enforced]:
    """Serve a company that works with `crm`, which may be `both`, and has no leads yet."""
    if crm == "both":
        return enforced_in_both(folder, seed=seed, ladder=LADDER)
    return enforced(crm, folder, leads=0, seed=seed)


@contextmanager
def failing(one: Enforced) -> Iterator[None]:
    crms = tuple(FAULTS) if isinstance(one, Both) else (one.world.crm,)
    one.world.people.ask("POST", "/_sandbox/faults", [{**rule, "crm": crm} for crm in crms for rule in FAULTS[crm]])
    yield
    one.world.people.ask("DELETE", "/_sandbox/faults")


def synced(one: Enforced) -> list[dict[str, object]]:
    """Run `sync` while calls fail, however it ends; return its calls."""
    before = one.world.calls()
    with failing(one):
        done = leadpact("sync", "--config", str(one.files / "config.toml"))
    assert done.returncode in (0, 1, 4), done.stderr
    return list(one.world.people.ask("GET", f"/_sandbox/requests?after={before}")["requests"])


def free_steps(one: Enforced, path: Path) -> list[dict[str, object]]:
    one.run("sync", "--dry-run", "--out", str(path))
    return [step for step in json.loads(path.read_text())["steps"] if not step["blocked_by"] and step["action"] != "remind"]


@pytest.mark.parametrize(
    ("crm", "seed", "rounds"),
    [
        ("hubspot", 1, 2),
        pytest.param("salesforce", 2, 3, marks=pytest.mark.campaign),
        *(pytest.param(crm, seed, 12, marks=pytest.mark.campaign) for crm in ("hubspot", "salesforce", "both") for seed in (3, 4)),
    ],
)
def test_syncing_comes_to_rest_having_done_what_was_due_and_nothing_else(crm: str, seed: int, rounds: int, tmp_path: Path) -> None:
    moments, stories, calls = random.Random(seed), list[Story](), []
    with company(crm, tmp_path, seed) as one:
        with (one.files / "config.toml").open("a", encoding="utf-8") as config:
            config.write(ROOMY)
        for number in range(rounds):
            for place in range(4):
                owner = moments.choice(one.present())
                stories.append(Story(lead=one.hand_over(owner, 10 * number + place), owner=owner))
            one.world.people.rest(60)
            for story in stories[-4:]:
                moments.choice(DEEDS)(one, story)
            one.world.people.rest(moments.choice(STEPS_OF_TIME_S))
            enrich(one, stories, moments)
            calls += synced(one)
        one.world.people.rest(OVER_THE_WEEKEND_S)  # so that every rep had the hours that were agreed
        for _ in range(4):
            calls += synced(one)
            one.world.people.rest(60)

        assert not free_steps(one, tmp_path / "rest.json")
        before = one.world.writes()
        one.run("sync")
        assert one.world.writes() == before, "what is at rest is left alone"
        assert not unexplained(one.files / "leadpact.db", calls)
        owners = {story.lead: one.owner(story.lead) for story in stories}
        for story in stories:
            if story.is_kept:
                assert owners[story.lead] == (story.passed_on_to or story.owner)
        broken = [story for story in stories if not story.is_kept]
        moved = [story for story in broken if owners[story.lead] != story.owner and owners[story.lead] in one.members()]
        assert len(moved) >= SHARE_ACTED_ON * len(broken), f"{len(moved)} of {len(broken)} were given to somebody else"
