"""Right before a write a lead is read by association: what no pull told is in, whosever clock is ahead."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from sync.known import eras_at, gather_terms
from sync.look_again import LookAgain
from sync.plan import Planner
from sync.policy import policy_at
from sync.route import Routing
from sync.wiring import open_context
from tests.flow.enforcing import enforced

MACHINE_IS_BEHIND = timedelta(seconds=20)  # less than what is corrected by the CRM's clock


def test_a_call_that_was_linked_or_made_after_the_pull_is_seen_before_the_write(tmp_path: Path) -> None:
    with enforced("hubspot", tmp_path, leads=2, has_stray_call=True) as one:
        one.run("sync", "--dry-run", "--out", str(tmp_path / "plan.json"))
        plan = json.loads((tmp_path / "plan.json").read_text())["id"]
        linked, called = one.leads
        one.link(linked, one.stray_call)
        made = one.call(called, one.members()[0])
        with open_context(one.files / "config.toml", tell=lambda _: None) as run:
            now = run.connectors[0].account().server_now - MACHINE_IS_BEHIND
            terms = gather_terms(run.known, eras_at(run.known, upto=None))
            policy = policy_at(run, run.known.agreement, now)
            planner = Planner(agreement=run.known.agreement, terms=terms, policy=policy, routing=Routing(seats={}), now=now)
            look = LookAgain(known=run.known, writers=run.writers, closed={}, planner=planner)
            again = look.read([one.key(lead) for lead in one.leads], now=now)
            why = {step.lead: again.why_not(step) for step in run.plans.steps(plan) if not step.blocked_by}

    assert {lead: [activity.key.id for activity in again.rows[one.key(lead)].activities] for lead in one.leads} == {
        linked: [one.stray_call],
        called: [made],
    }
    not_owed = "first_touch is not owed any more"
    assert why == {one.key(linked): f"{not_owed}: kept", one.key(called): f"{not_owed}: breached"}
