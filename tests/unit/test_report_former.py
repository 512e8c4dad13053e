from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from connectors.records import RecordKey
from sync.report.former import ShownStep, plan_json, run_lines, runs_json, step_lines
from sync.steps import FieldWrite, Step
from sync.store.plans import NotedPlan
from sync.store.runs import NotedRun

NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)
RUN = NotedRun(
    id="20261120T090000Z-0001",
    kind="dry-run",
    mode="observe",
    as_of=None,
    began_at=NINE,
    agreement_hash="abc",
    outcome="ok",
    summary={"leads": 3000, "findings": 9, "took_s": 2.5},
)
PLAN = NotedPlan(id=7, hash="f" * 64, free=1, blocked=2)
STEP = Step(
    lead="hubspot/contact/1",
    record=RecordKey("hubspot", "contact", "1"),
    action="reassign",
    fields=(FieldWrite(field="hubspot_owner_id", before="77", after="78"), FieldWrite(field="score", before=None, after="77")),
    finding="f1",
    rule="first touch",
    rung=1,
    reason="due 2026-11-20 11:00, no touch",
    blocked_by=("observe only", "not signed by sales"),
)
NAMES = {("hubspot", "hubspot_owner_id"): {"77": "Ann Lee"}}


def test_a_warning_tells_at_which_share_of_the_time_it_is_sent() -> None:
    assert next(step_lines(0, replace(STEP, action="remind", rung=-80), NAMES)) == "1  hubspot/contact/1  remind (for first touch, at 80%)"


def test_a_run_is_two_lines() -> None:
    assert list(run_lines(RUN, [PLAN])) == [
        "20261120T090000Z-0001  dry-run, observe  2026-11-20 09:00:00 UTC, took 2.5 s  ok",
        "    3,000 leads, 9 findings; plan 7 (ffffffffffff): 3 steps, 1 free, 2 blocked",
    ]


def test_a_run_says_what_is_not_known_of_it_by_leaving_it_out() -> None:
    killed = replace(RUN, outcome=None, summary={})
    stopped = replace(RUN, outcome="Denied", summary={"took_s": 0.1}, as_of=NINE)
    assert list(run_lines(killed, [])) == [
        "20261120T090000Z-0001  dry-run, observe  2026-11-20 09:00:00 UTC  no end noted: it still runs, or was killed",
        "    nothing was judged",
    ]
    assert next(run_lines(stopped, [])).endswith("took 0.1 s, as of 2026-11-20 09:00:00 UTC  stopped: Denied")
    assert list(run_lines(killed, [replace(PLAN, hash=None, free=0, blocked=0)]))[1] == "    plan 7 (not sealed): 0 steps"


def test_a_step_tells_each_field_from_old_to_new_with_the_names_of_owners_why_and_what_held_it_back() -> None:
    assert list(step_lines(0, STEP, NAMES)) == [
        "1  hubspot/contact/1  reassign (for first touch, rung 1)",
        "    hubspot_owner_id: 77 (Ann Lee) -> 78",
        "    score: blank -> 77",
        "    because: due 2026-11-20 11:00, no touch",
        "    blocked: observe only",
        "    blocked: not signed by sales",
    ]
    other = replace(STEP, record=RecordKey("salesforce", "Lead", "00Q1"), fields=())
    assert next(step_lines(4, other, NAMES)) == "5  hubspot/contact/1, record salesforce/Lead/00Q1  reassign (for first touch, rung 1)"


def test_hostile_values_cannot_move_the_cursor_or_add_lines() -> None:
    hostile = "\x1b[2J\x9b1A\u202eevil\r\n9  hubspot/contact/2  recycle"
    step = replace(STEP, fields=(FieldWrite(field="name", before=hostile, after=hostile),), reason=hostile, blocked_by=(hostile,))
    lines = [*step_lines(0, step, {}), *run_lines(replace(RUN, outcome=hostile), [PLAN])]
    assert all(line.isprintable() for line in lines)
    assert len(lines) == 6


def test_the_documents_are_json_with_an_entry_a_line() -> None:
    text = b"".join(runs_json([(RUN, [PLAN]), (replace(RUN, as_of=NINE), [])])).decode()
    assert [run["plans"] for run in json.loads(text)["runs"]] == [[{"id": 7, "hash": "f" * 64, "steps": 3, "free": 1, "blocked": 2}], []]
    assert len(text.splitlines()) == 6
    assert json.loads(b"".join(runs_json([]))) == {"runs": []}

    document = json.loads(b"".join(plan_json(RUN, [PLAN], [ShownStep(plan=7, place=0, step=STEP)])))
    assert (document["run"]["id"], document["run"]["took_s"]) == (RUN.id, 2.5)
    assert [(step["plan"], step["place"], step["fields"][1]) for step in document["steps"]] == [
        (7, 1, {"field": "score", "before": None, "after": "77"})
    ]
