"""A run that a CRM stops while it writes: what was done is told, the rest stays planned, and the next run goes on."""

from __future__ import annotations

import json
from pathlib import Path

from tests.faults.interjecting import between
from tests.flow.enforcing import Enforced, enforced
from tests.flow.practice import leadpact

LIMITS = "\n[limits]\nmoves_at_least = 50\nmoves_per_run = 50\nmoves_per_hour = 500\nmoves_per_day = 500\n"
AT_ONCE = 25  # changes in one guarded call


def last_run(one: Enforced) -> dict[str, object]:
    told = leadpact("runs", "--last", "1", "--format", "json", "--config", str(one.files / "config.toml")).stdout
    (run,) = json.loads(told)["runs"]
    return run


def test_the_end_of_the_days_calls_and_a_locked_row_leave_the_rest_planned_and_the_next_run_goes_on(tmp_path: Path) -> None:
    with enforced("salesforce", tmp_path, leads=AT_ONCE + 2) as one, between(one.files, "salesforce") as somebody:
        with (one.files / "config.toml").open("a", encoding="utf-8") as config:
            config.write(LIMITS)
        people, before = one.world.people, one.owners()
        used_up = {"path": "*/composite*", "status": 403, "code": "REQUEST_LIMIT_EXCEEDED", "count": 1}
        people.ask("POST", "/_sandbox/salesforce/lock", {"id": one.leads[0], "seconds": 60})
        somebody.after = [lambda: people.ask("POST", "/_sandbox/faults", [used_up])]

        said = one.run("sync", code=4)

        moved = {lead for lead, owner in one.owners().items() if owner != before[lead]}
        assert len(moved) == AT_ONCE - 1
        assert f"{AT_ONCE - 1} written and read back, 0 skipped, 3 failed" in said
        assert "reassign later: UNABLE_TO_LOCK_ROW" in said
        assert "stopped: " in said
        assert "what was not written stays planned: run again" in said
        run = last_run(one)
        assert run["outcome"] == "Exhausted"
        assert run["written"] == {"later": 3, "verified": AT_ONCE - 1}

        people.rest(120)
        assert "3 written and read back, 0 skipped, 0 failed" in one.run("sync")
        assert all(owner != before[lead] for lead, owner in one.owners().items())
        assert last_run(one)["outcome"] == "ok"
