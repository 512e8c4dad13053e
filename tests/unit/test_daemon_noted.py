"""Which steps make a tick of the daemon a run of its own: those that no plan of an earlier tick names."""

from __future__ import annotations

from dataclasses import replace

from connectors.records import RecordKey
from sync.daemon.draft import Noted
from sync.steps import Step

LEAD = RecordKey("hubspot", "contact", "1")
BLOCKED = Step(
    lead=str(LEAD),
    record=LEAD,
    action="reassign",
    fields=(),
    finding="f",
    rule="first_touch",
    rung=1,
    reason="no touch",
    blocked_by=("protected: open deal",),
    is_pending=False,
)


def test_what_the_lead_itself_holds_back_is_no_news_but_that_nobody_of_a_pool_may_get_it_is_once() -> None:
    noted, nobody = Noted(), replace(BLOCKED, blocked_by=("nobody in pool sdr is left who may get this lead",), nobody_left="sdr")
    assert (noted.is_new(BLOCKED), noted.is_new(nobody)) == (False, True)
    noted.note([nobody])
    assert not noted.is_new(nobody)
    assert noted.is_new(replace(nobody, finding="another"))
