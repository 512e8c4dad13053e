"""What a tick leaves alone while a CRM does not answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.pacing import Waiting
from connectors.records import RecordKey
from sync.carry_out import Numbered, Tally
from sync.context import Context
from sync.daemon.draft import Noted
from sync.daemon.tick import News, reached
from sync.daemon.unfinished import Unreached, for_a_while, undone, waiting
from sync.journal import Event
from sync.judge.findings import Judgement
from sync.ladder import REMIND
from sync.stamps import STAMP
from tests.builders import a_finding
from tests.flow.receiver import receiver
from tests.flow.test_post import NOW, REASSIGNED, opened

CONTACT, LEAD = RecordKey("hubspot", "contact", "1"), RecordKey("salesforce", "Lead", "00Q000000000001AAA")
OTHER = RecordKey("hubspot", "contact", "2")
STEPS = [(0, replace(REASSIGNED, finding="both")), (1, replace(REASSIGNED, finding="one", lead=str(OTHER), record=OTHER))]


STAMPED = replace(REASSIGNED, action=STAMP, fields=())


def test_leads_are_judged_again_for_steps_that_were_not_tried_and_for_stamps_that_were_put_off() -> None:
    stamps = [replace(STAMPED, lead=str(number), record=RecordKey("hubspot", "contact", str(number))) for number in range(5)]
    moves = [replace(one, action="reassign", lead=f"{one.lead} moved") for one in stamps]
    tally = Tally(
        stand=[stamps[0], moves[0]],
        told=[
            (one, event, None)
            for of in (stamps, moves)
            for one, event in zip(of[1:4], (Event.LATER, Event.REFUSED, Event.SKIPPED), strict=True)
        ],
    )
    reminders = [replace(stamps[0], action=REMIND, lead="reminded")]
    assert undone(enumerate([*stamps, *moves, *reminders]), tally) == {"1", "4", "4 moved"}


@pytest.mark.parametrize("action", [STAMP, REMIND])
def test_a_lead_whose_stamp_or_reminder_waited_for_a_crm_is_judged_again_once(run: Context, action: str) -> None:
    unreached = Unreached(waiting(enumerate([replace(STAMPED, action=action, lead=str(CONTACT)), REASSIGNED])))
    assert unreached.leads == {str(CONTACT)}
    before = run.known.dirty.newest()
    for _ in range(2):
        unreached.take_up(run, now=NOW)
        assert (unreached.leads, run.known.dirty.newest()) == (set(), before + 1)


def test_a_tick_begins_no_further_batch_after_a_minute(run: Context) -> None:
    seconds = [0.0]
    its = for_a_while(replace(run, waiting=Waiting(monotonic=lambda: seconds[0], sleep=lambda _: None)))
    assert its.goes_on()
    seconds[0] = 59.9
    assert its.goes_on()
    seconds[0] = 60.0
    assert not its.goes_on()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Context]:
    """A store with a lead that has records in both CRMs, and one that has its only one in HubSpot."""
    with receiver() as to, opened(tmp_path, to) as run:
        run_id = run.runs.start("daemon", mode="enforce", as_of=None, now=NOW, agreement_hash="a")
        findings = [
            a_finding("first_touch", NOW, key="both", lead=str(CONTACT), records=(CONTACT, LEAD)),
            a_finding("first_touch", NOW, key="one", lead=str(OTHER), records=(OTHER,)),
        ]
        judged = [Judgement(lead=finding.lead, findings=(finding,), next_at=None) for finding in findings]
        run.known.findings.save(run_id, judged, judged_at=NOW)
        yield run


def news(*, down: tuple[str, ...] = (), behind: tuple[str, ...] = ()) -> News:
    return News(now=NOW, machine_at=NOW, facts={}, closed={}, down=frozenset(down), behind=frozenset(behind))


def positions(parted: Sequence[Sequence[Numbered]]) -> list[list[int]]:
    return [[position for position, _ in steps] for steps in parted]


@pytest.mark.parametrize(("down", "done"), [((), [0, 1]), (("salesforce",), [1]), (("hubspot",), []), (("hubspot", "salesforce"), [])])
def test_a_lead_with_a_record_in_a_crm_that_is_down_is_left_alone_and_others_are_not(
    run: Context, down: tuple[str, ...], done: list[int]
) -> None:
    assert positions(reached(run, STEPS, news(down=down))) == [done, [position for position in (0, 1) if position not in done]]


@pytest.mark.parametrize(("behind", "wait"), [((), []), (("salesforce",), [2]), (("hubspot",), [2, 3])])
def test_nobody_is_reminded_of_what_may_be_done_already_in_a_crm_that_was_not_read_for_a_while(
    run: Context, behind: tuple[str, ...], wait: list[int]
) -> None:
    reminders = [(2 + position, replace(step, action=REMIND, fields=())) for position, step in STEPS]
    done = [position for position in range(4) if position not in wait]
    assert positions(reached(run, [*STEPS, *reminders], news(behind=behind))) == [done, wait]


def test_a_reminder_that_could_not_be_sent_is_named_once_more() -> None:
    noted, reminder = Noted(), replace(REASSIGNED, action=REMIND, fields=())
    noted.note([reminder])
    assert not noted.is_new(reminder)
    noted.forget([reminder])
    assert noted.is_new(reminder)
