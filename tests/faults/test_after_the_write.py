"""What people and programs do around a write: no edit of theirs stands overwritten, and nothing is fought over."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from tests.faults.interjecting import Between, between
from tests.flow.enforcing import Enforced, enforced
from tests.flow.people import BY_HAND, People
from tests.flow.practice import leadpact

pytestmark = pytest.mark.xdist_group("after_the_write")  # one world for all

OWNER = "hubspot_owner_id"
WORKFLOW = {"sourceType": "AUTOMATION_PLATFORM", "sourceId": "123"}
LIMITS = "\n[limits]\nmoves_at_least = 50\nmoves_per_run = 50\nmoves_per_hour = 500\nmoves_per_day = 500\n"
FRIDAY = 4
AFTER_THE_LAG_S = 31 * 60


@dataclass(kw_only=True)
class Story:
    """What happened to the leads of one rep, one after the other, and what leadpact said."""

    one: Enforced
    between: Between
    names: tuple[str, ...] = ("edited", "set back", "set back later", "scored", "left alone")
    said: str = ""

    def lead(self, name: str) -> str:
        return self.one.leads[self.names.index(name)]

    def set(self, name: str, field: str, value: str, source: dict[str, str]) -> None:
        self.people.rest(1)
        self.people._plant(self.lead(name), {field: value}, source)
        self.people.rest(1)

    @property
    def people(self) -> People:
        assert isinstance(self.one.world.people, People)
        return self.one.world.people

    def journal(self, name: str) -> list[tuple[str, dict[str, str] | None, dict[str, str] | None, str | None]]:
        """Return what is noted about a lead, in order."""
        with closing(sqlite3.connect(self.one.files / "leadpact.db")) as store:
            rows = store.execute(
                """
                SELECT event, before, after, said FROM journal JOIN plan_step USING (plan, position)
                JOIN object ON object.id = plan_step.lead WHERE crm_id = ? ORDER BY journal.id
                """,
                (self.lead(name),),
            )
            return [(event, before and json.loads(before), after and json.loads(after), said) for event, before, after, said in rows]

    def events(self, name: str) -> list[str]:
        return [event for event, *_ in self.journal(name)]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Let a run write five leads while people and programs are at work."""
    with enforced("hubspot", tmp_path_factory.mktemp("hubspot"), leads=5) as one, between(one.files, "hubspot") as somebody:
        with (one.files / "config.toml").open("a", encoding="utf-8") as config:
            config.write(LIMITS)
        story = Story(one=one, between=somebody)
        was = one.members()[0]
        somebody.before = [
            lambda: story.set("edited", OWNER, one.members()[3], BY_HAND),
            lambda: story.set("scored", "hubspotscore", "97", {"sourceType": "CALCULATED"}),
        ]
        somebody.after = [lambda: story.set("set back", OWNER, was, WORKFLOW)]
        somebody.skips = 1
        one.world.people.ask("POST", "/_sandbox/faults", [{"path": "*/contacts/batch/update", "status": 429, "form": "policy", "count": 1}])
        story.said = one.run("sync", code=4)
        yield story


def test_what_the_crm_was_too_busy_for_is_looked_at_and_tried_again_in_the_same_run(story: Story) -> None:
    for name in story.names:
        first, second, *_ = story.journal(name)
        assert (first[0], second[0]) == ("intended", "later")
        assert second[3] is not None, "the CRM's own words are kept"
        assert "429" in second[3] or "limit" in second[3]


def test_an_edit_between_the_reading_and_the_write_is_put_back_and_told(story: Story) -> None:
    lead, persons = story.lead("edited"), story.one.members()[3]
    assert story.one.owner(lead) == persons
    assert story.events("edited")[2:] == ["intended", "done", "intended", "done", "put_back", "verified"]
    (ours,) = {after[OWNER] for event, _, after, said in story.journal("edited") if event == "intended" and said is None and after}
    (put_back,) = [line for line in story.journal("edited") if line[0] == "put_back"]
    assert put_back[1:] == ({OWNER: ours}, {OWNER: persons}, f"written right before: {OWNER} by user 1001")
    assert f"{story.one.key(lead)}: reassign put back: written right before: {OWNER} by user 1001" in story.said


def test_what_a_workflow_sets_back_at_once_has_arrived_and_is_no_write_that_failed_to(story: Story) -> None:
    assert story.events("set back")[2:] == ["intended", "done", "reversed"]
    assert f"{story.one.key(story.lead('set back'))}: reassign reversed: workflow 123" in story.said


def test_an_edit_of_another_field_is_no_reason_to_take_a_write_back(story: Story) -> None:
    assert story.events("scored")[2:] == ["intended", "done", "verified"]
    assert "3 written and read back, 0 skipped, 2 failed" in story.said


def test_after_the_lag_each_write_is_read_once_more_and_who_set_it_back_is_named(story: Story) -> None:
    one = story.one
    one.world.people.rest(AFTER_THE_LAG_S)
    story.set("set back later", OWNER, one.members()[0], WORKFLOW)
    said = one.run("sync")
    assert "of earlier runs: 1 writes did not last" in said
    assert f"{one.key(story.lead('set back later'))}: reassign reversed: workflow 123" in said
    assert story.events("set back later")[2:] == ["intended", "done", "verified", "reversed"]
    assert story.events("left alone")[2:] == ["intended", "done", "verified", "stands"]
    assert story.events("edited")[-1] == "verified", "what was put back is nobody's but theirs"
    assert "of earlier runs" not in one.run("sync"), "each is looked at twice, not three times"


def test_what_is_set_back_twice_is_left_alone_and_plan_and_explain_say_by_whom(story: Story) -> None:
    one, lead = story.one, story.one.key(story.lead("set back"))
    hand_over_again(story, "set back")
    story.between.after = [lambda: story.set("set back", OWNER, one.members()[0], WORKFLOW)]
    assert f"{lead}: reassign reversed: workflow 123" in one.run("sync", code=4)

    hand_over_again(story, "set back")
    assert "0 written and read back" in one.run("sync")

    told = f"workflow 123 set {OWNER} back twice, seen last on Mon 2026-11-23 17:02 EST: leadpact leaves it alone"
    config = ("--config", str(one.files / "config.toml"))
    assert f"blocked: {told}" in leadpact("show", "last", "--lead", lead, *config).stdout
    assert f"Not written any more: {told}" in leadpact("explain", lead, *config).stdout


def hand_over_again(story: Story, name: str) -> None:
    """Let a lead go back and raise a hand again on the next working day, and let its first touch be missed."""
    people, lead = story.people, story.lead(name)
    now = datetime.fromisoformat(people.now())
    days = 3 if now.weekday() == FRIDAY else 1
    people.rest((now.replace(hour=16, minute=0) + timedelta(days=days) - now).total_seconds())
    people._change("contacts", lead, hs_lead_status="NEW")
    people.rest(60)
    people.recycle(lead)
    people.rest(60)
    people.raise_a_hand(lead)
    people.rest(6 * 3600)
