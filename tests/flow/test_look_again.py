"""Right before a write a lead is read by association: what no pull told is in."""

from __future__ import annotations

from pathlib import Path

from sync.known import eras_at, gather_terms
from sync.look_again import LookAgain
from sync.plan import Planner
from sync.policy import policy_at
from sync.route import Routing
from sync.wiring import open_context
from tests.flow.enforcing import enforced


def test_a_call_that_was_linked_after_the_pull_is_seen_before_the_write(tmp_path: Path) -> None:
    with enforced("hubspot", tmp_path, leads=1, has_stray_call=True) as one:
        one.run("sync", "--dry-run")
        (lead,) = one.leads
        one.link(lead, one.stray_call)
        with open_context(one.files / "config.toml", tell=lambda _: None) as run:
            now = run.connectors[0].account().server_now
            terms = gather_terms(run.known, eras_at(run.known, upto=None))
            policy = policy_at(run, run.known.agreement, now)
            planner = Planner(agreement=run.known.agreement, terms=terms, policy=policy, routing=Routing(seats={}), now=now)
            rows = LookAgain(known=run.known, writers=run.writers, closed={}, planner=planner).read([one.key(lead)], now=now)

    assert [activity.key.id for activity in rows[one.key(lead)].activities] == [one.stray_call]
