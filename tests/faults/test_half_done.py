"""A lead that goes back in two CRMs: where only one of its records could be written, the other follows, or nothing does."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.faults.interjecting import Between, between
from tests.flow.going_back_both import BackInBoth, Shown, going_back_in_both
from tests.flow.practice import PROGRAM

pytestmark = pytest.mark.xdist_group("half_done")  # one world for all

OF_SALESFORCE, OF_HUBSPOT = "*/composite*", "*/contacts/batch/update"
WITH_SALES: Shown = {"stage": "marketingqualifiedlead", "list": None, "status": "Marketing Qualified", "owner": "005"}
HALF = WITH_SALES | {"status": "Recycled", "owner": "00G"}
BACK = HALF | {"stage": "lead", "list": "1"}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackInBoth]:
    with going_back_in_both(tmp_path_factory.mktemp("both")) as one:
        yield one


@pytest.fixture(scope="module")
def at_the_first(both: BackInBoth) -> Iterator[Between]:
    """Stand where somebody may act around the write to Salesforce, which is the first."""
    with between(both.files, "salesforce") as somebody:
        yield somebody


def test_what_was_killed_between_the_two_records_is_finished_by_the_next_run(both: BackInBoth, at_the_first: Between) -> None:
    pair = both.hand_over_early(1)
    runs: list[subprocess.Popen[bytes]] = []
    at_the_first.after = [lambda: runs.pop().kill()]
    command = [*PROGRAM, "sync", "--config", str(both.files / "config.toml")]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    runs.append(run)
    assert run.wait() == -signal.SIGKILL
    assert both.shown(pair) == HALF

    assert "0 failed" in both.run("sync")

    assert both.shown(pair) == BACK
    assert "0 written" in both.run("sync")


def test_where_the_answer_about_the_first_is_lost_reading_tells_and_the_second_follows(both: BackInBoth, at_the_first: Between) -> None:
    pair = both.hand_over_early(2)
    at_the_first.before = [lambda: both.fault(path=OF_SALESFORCE, fault="reset_after", count=1)]

    assert "2 written and read back, 0 skipped, 0 failed" in both.run("sync")

    assert both.shown(pair) == BACK


@pytest.mark.campaign
def test_where_the_first_record_is_refused_the_second_is_left_too(both: BackInBoth, at_the_first: Between) -> None:
    pair = both.hand_over_early(3)
    at_the_first.before = [lambda: both.fault(path=OF_SALESFORCE, status=403, code="INSUFFICIENT_ACCESS", count=1)]

    said = both.run("sync", code=4)

    assert "return skipped: it goes with the step of the lead's other record, which was not written" in said
    assert both.shown(pair) == WITH_SALES
    assert "2 written and read back" in both.run("sync")
    assert both.shown(pair) == BACK


@pytest.mark.campaign
def test_a_second_record_whose_crm_is_away_follows_once_it_is_back(both: BackInBoth) -> None:
    pair = both.hand_over_early(4)
    both.fault(path=OF_HUBSPOT, status=503)
    both.run_to_any_end("sync")
    assert both.shown(pair) == HALF
    both.run_to_any_end("sync")
    both.well()

    both.run("sync")

    assert both.shown(pair) == BACK
    assert "0 written" in both.run("sync")


@pytest.mark.campaign
def test_it_does_not_where_somebody_took_the_lead_up_again_meanwhile(both: BackInBoth) -> None:
    pair = both.hand_over_early(5)
    both.fault(path=OF_HUBSPOT, status=503)
    both.run_to_any_end("sync")
    both.salesforce.write("Lead", {"Status": "Accepted", "OwnerId": both.rep()["salesforce"]}, id_=pair.lead)
    both.well()
    both.hubspot.rest(60)

    said = both.run_to_any_end("sync")

    assert both.shown(pair) == WITH_SALES | {"status": "Accepted"}
    assert "it goes with the step of the lead's other record, which does not stand" in said
    assert "which does not stand" not in both.run_to_any_end("sync"), "that is said once"
