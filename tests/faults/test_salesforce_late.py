"""What Salesforce shows late, under the time at which it was begun, is found although a pull has passed that time."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.faults.portal_now import differences, mirror_holding
from tests.faults.worlds import practice_world
from tests.flow.org_people import OrgPeople
from tests.flow.practice import audit_json


def test_a_row_that_commits_behind_the_last_pull_is_found_by_the_next(tmp_path: Path) -> None:
    with practice_world("salesforce", tmp_path, leads=40, seed=9) as world:
        people, store = world.people, world.files / "leadpact.db"
        assert isinstance(people, OrgPeople)
        unread = shutil.copytree(world.files, tmp_path / "unread")
        audit_json(world.files)
        people.rest(600)
        changed, before = people.leads[0], mirror_holding(store)
        people.write_late(changed, {"Status": "Marketing Qualified"}, after_s=240)
        people.rest(60)
        audit_json(world.files)
        assert mirror_holding(store).changed == before.changed  # not seen yet, and the pull's end lies behind its time
        people.rest(200)
        audit_json(world.files)
        audit_json(unread)

    found = mirror_holding(store)
    name = f"Lead/{changed}"
    assert (found.values[name]["Status"], found.changed[name] > before.changed[name]) == ("Marketing Qualified", True)
    assert before.history[name] < found.history[name]
    assert differences(mirror_holding(unread / "leadpact.db"), found) == []
