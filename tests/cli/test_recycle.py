"""`leadpact sync` gives leads back to Marketing, `show` tells it and `undo` puts it back; in both CRMs."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.flow.going_back import GoingBack, going_back
from tests.flow.practice import PROGRAM

pytestmark = pytest.mark.xdist_group("recycle")  # one world for all

BY_STAGE = '{ owner = "marketing queue", status = "Recycled", stage = "lead", nurture_list = "Nurture 2026" }\nby = "stage"'
BY_STATUS = '{ owner = "Inbound queue", status = "Recycled", campaign = "Nurture 2026" }'


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoingBack]:
    with going_back("hubspot", tmp_path_factory.mktemp("portal"), to=BY_STAGE) as one:
        yield one


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoingBack]:
    with going_back("salesforce", tmp_path_factory.mktemp("org"), to=BY_STATUS) as one:
        yield one


def run_until(one: GoingBack, path: str, *, then_s: float) -> None:
    """Start a run and kill it a moment after it has sent the write that is slow."""
    rule = {"path": path, "fault": "slow", "seconds": 1.5, "count": 1}
    one.world.people.ask("POST", "/_sandbox/faults", [rule])
    command = [*PROGRAM, "sync", "--config", str(one.files / "config.toml")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not one.world.people.ask("GET", "/_sandbox/faults")["faults"][0]["fired"]:
        time.sleep(0.02)
    time.sleep(then_s)
    process.kill()
    process.wait()
    time.sleep(1.5)
    one.world.people.ask("DELETE", "/_sandbox/faults")


def test_a_recycling_that_was_killed_between_clearing_and_setting_the_stage_is_finished_and_can_be_undone(portal: GoingBack) -> None:
    before = portal.all_shown()
    run_until(portal, "*/contacts/batch/update", then_s=0.3)
    assert {one["lifecyclestage"] for one in portal.all_shown().values()} == {None}, "cleared, and not set yet"

    portal.run("sync")

    back = {"lifecyclestage": "lead", "hs_lead_status": "RECYCLED", "hubspot_owner_id": "901", "list:1": "member"}
    expected = {lead: before[lead] | back for lead in portal.early}
    expected |= {lead: before[lead] | back | {"lead_recycle_reason": "NO_RESPONSE"} for lead in portal.worked}
    assert portal.all_shown() == expected
    assert "0 written" in portal.run("sync"), "nothing is left to do"
    (_, _, killed, *_) = portal.runs("sync")
    told = portal.told("show", killed, "--lead", portal.key(portal.worked[0]), "--format", "json")
    assert '"hs_lifecyclestage_marketingqualifiedlead_date"' in told, "the dates that clearing may lose are kept"
    assert "joins list `Nurture 2026`" in told

    portal.world.people.rest(60)
    assert "4 written and read back" in portal.run("undo", killed)
    assert portal.all_shown() == before


def test_leads_of_salesforce_go_back_to_a_queue_and_join_a_campaign_unless_they_opted_out(org: GoingBack) -> None:
    before, people = org.all_shown(), org.world.people
    opted_out, *_ = org.worked
    member, *_ = org.early
    people.write("Lead", {"HasOptedOutOfEmail": True}, id_=opted_out)
    people.write("CampaignMember", {"CampaignId": org.nurture.partition(":")[2], "LeadId": member})
    people.rest(60)

    said = org.run("sync")

    assert "4 written and read back, 0 skipped, 0 failed" in said
    queue = org.shown(member)["OwnerId"]
    assert queue is not None
    assert queue.startswith("00G")
    back = {"Status": "Recycled", "OwnerId": queue, org.nurture: "member"}
    expected = {lead: before[lead] | back for lead in org.early}
    expected |= {lead: before[lead] | back | {"Recycle_Reason__c": "No response"} for lead in org.worked}
    expected[opted_out] |= {org.nurture: None}
    assert org.all_shown() == expected
    assert "joins no campaign: they opted out of e-mail" in org.told("show", "last", "--lead", org.key(opted_out))

    people.rest(60)
    assert "4 written and read back" in org.run("undo", org.runs("sync")[0])
    assert org.all_shown() == before | {member: before[member] | {org.nurture: "member"}}, "who was a member before stays one"
