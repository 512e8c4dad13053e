"""In which batches the steps of a plan are carried out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.records import RecordKey
from sync.carry_out import AT_ONCE, in_batches
from sync.steps import Step


def a_step(number: int, action: str) -> Step:
    key = RecordKey("hubspot", "contact", str(number))
    return Step(lead=str(key), record=key, action=action, fields=(), finding="f", rule="r", rung=1, reason="", blocked_by=())


@given(st.lists(st.sampled_from(["reassign", "stamp"]), max_size=2 * AT_ONCE + 5))
def test_every_step_is_in_one_batch_stamps_last_and_never_beside_a_move(actions: list[str]) -> None:
    steps = [(place, a_step(place, action)) for place, action in enumerate(actions)]
    batches = list(in_batches(steps))
    assert all(1 <= len(batch) <= AT_ONCE and len({step.action for _, step in batch}) == 1 for batch in batches)
    assert [one for batch in batches for one in batch] == sorted(steps, key=lambda one: (one[1].action == "stamp", one[0]))
