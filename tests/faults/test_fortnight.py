"""A daemon is left alone with a CRM for days: reps work, people edit, calls fail, power fails; at the end every promise was kept to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.deeds import deeds_of, messages_of, owners_of, standing_of
from tests.faults.due import SLACK, Looks, what_is_due
from tests.faults.explained import unexplained
from tests.faults.life import MINUTE_S, Life, a_life
from tests.faults.reps import NOT_IN, PLANS, Story
from tests.flow.enforcing import HOUR_S, tasks_of

MONDAY = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
LINES_A_DAY = 2000
DAYS, RESTLESS_DAYS = 14, 10  # of those power fails in the latter
KILLS = 0.7  # at each look of the clock
IS_DOWN = (datetime(2026, 11, 24, 20, tzinfo=UTC), datetime(2026, 11, 30, 15, tzinfo=UTC))  # for longer than breaches are acted on
GROWN_KIB = 16 * 1024


def misses(life: Life) -> Iterator[str]:
    """Yield what was done and ought not to be, or not then, and what was not done, a sentence each."""
    for story in life.reps.stories:
        yield from (f"{what}: {story}" for what in (*_misses_of(life, story), *_untold(life, story)))


def _misses_of(life: Life, story: Story) -> Iterator[str]:
    owned, looks = owners_of(life.one, story.lead), Looks(at=life.served.kept_up_at)
    due, done = list(what_is_due(story, owned, looks)), deeds_of(life.store, story.named_by)
    for one in done:  # each owner has a promise of their own to accept, with rungs of the same names
        asked = next((rung for rung in due if rung.name == one.name and rung.since <= one.at <= rung.upto + SLACK), None)
        if asked is None:
            yield f"{one}, for which nobody asked then, or not again"
        else:
            due.remove(asked)
    yield from (f"nothing for {rung}" for rung in due if rung.must)
    moves = sum(one.name[1] == "reassign" for one in done)
    if len(owned) != 1 + moves + (story.passed_at is not None):
        yield f"owned by {owned}, and moved {moves} times"


def _untold(life: Life, story: Story) -> Iterator[str]:
    """Yield that a broken promise is not told, be the lead moved or not, or that a kept one is told as broken."""
    if life.served.kept_up_at[-1] > story.due_at:
        status = standing_of(life.store, story.named_by, "first_touch")
        is_kept = story.called_at is not None and (story.unlinked is not None or story.called_at <= story.due_at)
        if status != ("kept" if is_kept else "breached"):
            yield f"first_touch is {status}"


def told_twice(life: Life) -> list[object]:
    """Return the messages that arrived more than once."""
    arrived = Counter((one["title"], one["message"]) for box in life.to.got.values() for one in box)
    return [message for message, times in arrived.items() if times > 1]


def escalated(life: Life) -> dict[str, int]:
    """Count how often each lead stands in the tasks of managers."""
    tasks = {task.id: task.body for story in life.reps.stories for task in tasks_of(life.one, story.lead)}
    counts = {story.lead: sum(body.count(f"• {life.one.key(story.lead)}") for body in tasks.values()) for story in life.reps.stories}
    return {lead: count for lead, count in counts.items() if count}


def check(life: Life) -> None:
    """Hold what was done against what was due."""
    life.served.stop()
    assert "\n".join(misses(life)) == ""
    assert not unexplained(life.store, life.calls)
    asked = [story.lead for story in life.reps.stories for one in deeds_of(life.store, story.named_by) if one.name[1] == "escalate"]
    assert escalated(life) == dict.fromkeys(asked, 1)
    assert not told_twice(life)
    assert len("".join(life.served.said).splitlines()) < LINES_A_DAY * life.days


@pytest.mark.campaign
@pytest.mark.parametrize("crm", ["hubspot", "salesforce", "both"])
def test_over_a_weekend_every_promise_is_acted_on_once_and_in_time(crm: str, tmp_path: Path) -> None:
    with a_life(crm, tmp_path, seed=5) as life:
        life.served.start()
        life.served.keep_up()
        for plan in sorted(PLANS.keys() - NOT_IN[life.one.world.crm]):
            life.reps.hand_over(plan)
        life.pass_time(35 * MINUTE_S)
        life.cut_off_while_it_tells(40 * MINUTE_S)
        for minutes in (45, 20, 20):
            life.pass_time(minutes * MINUTE_S)
        life.pass_time(20 * MINUTE_S, kill=True)
        life.reps.hand_over("left")
        life.served.stop()
        life.pass_time((MONDAY - life.reps.now()).total_seconds())
        life.served.start()
        life.served.keep_up()
        for minutes in (45, 60, 60, 60):
            life.pass_time(minutes * MINUTE_S)
        life.pass_time(24 * HOUR_S)
        life.pass_time(20 * MINUTE_S)

        check(life)
        assert "unknown" in messages_of(life.store), "what was in flight when it was cut off is told"
        done = {one.name for story in life.reps.stories for one in deeds_of(life.store, story.named_by)}
        assert {("first_touch", "reassign", 1), ("accept_or_reject", "escalate", 2)} < done


@pytest.mark.campaign
@pytest.mark.parametrize(("crm", "seed"), [("hubspot", 11), ("salesforce", 12), ("both", 13)])
def test_over_a_fortnight_every_promise_is_acted_on_once_and_in_time(crm: str, seed: int, tmp_path: Path) -> None:
    with a_life(crm, tmp_path, seed=seed, nightly_at="03:00") as life:
        life.one.run_to_any_end("reconcile")  # the night that comes is counted from it, by the CRM's clock
        life.served.start()
        life.served.keep_up()
        memory: list[int] = []
        while life.days <= DAYS:
            if IS_DOWN[0] <= life.reps.now() < IS_DOWN[1]:
                life.served.stop()
            elif life.served.process is None:
                life.served.start()
                life.served.keep_up()
            life.an_hour(kills=KILLS if life.days <= RESTLESS_DAYS else 0)
            if life.days > RESTLESS_DAYS + 1:
                memory.append(life.served.memory_kib())

        check(life)
        assert life.served.kills >= 100
        assert memory[-1] - memory[0] < GROWN_KIB
