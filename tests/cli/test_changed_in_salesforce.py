"""What an admin or the org's own rules change between a plan and its `apply`: told, done by halves nowhere, forgotten never."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.flow.going_back import GoingBack, going_back
from tests.flow.org_people import OrgPeople

pytestmark = pytest.mark.xdist_group("changed_in_salesforce")  # one world for all

TO = '{ owner = "Inbound queue", status = "Recycled", campaign = "Nurture 2026" }'
UNTIL_DEFINITIONS_ARE_OLD_S = 3700


@dataclass(kw_only=True)
class Org:
    """Two leads that were handed over too early, two that were worked in vain, four that nobody called; and a plan for all of them."""

    one: GoingBack
    plan: Path

    @property
    def people(self) -> OrgPeople:
        assert isinstance(self.one.world.people, OrgPeople)
        return self.one.world.people

    def make_plan(self) -> dict[str, str]:
        """Save a plan, and let a minute pass; return the action of each free step, by lead."""
        self.one.run("sync", "--dry-run", "--out", str(self.plan))
        self.people.rest(60)
        return {step["lead"]: step["action"] for step in self._steps() if not step["blocked_by"]}

    def planned_owner(self, lead: str) -> str:
        """Return who gets a lead by the plan."""
        return next(str(step["fields"][0]["after"]) for step in self._steps() if step["lead"] == self.one.key(lead))

    def _steps(self) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = json.loads(self.plan.read_text())["steps"]
        return steps

    def admin(self, deed: str, **order: Any) -> None:
        self.people.ask("POST", f"/_sandbox/salesforce/{deed}", order)

    def rename_status(self, old: str, new: str) -> None:
        """Give a value of Lead.Status another name, on no record."""
        rows = self.people.rows("LeadStatus")
        renamed = [row | {"ApiName": new, "MasterLabel": new} if row["ApiName"] == old else row for row in rows]
        assert renamed != rows
        self.people.ask("POST", "/_sandbox/records", renamed)


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    folder = tmp_path_factory.mktemp("org")
    with going_back("salesforce", folder, to=TO, late=4) as one:
        yield Org(one=one, plan=folder / "plan.json")


def test_a_status_that_was_renamed_since_the_plan_stops_everything_though_the_field_takes_any_text(org: Org) -> None:
    one, writes = org.one, org.one.world.writes()
    assert sorted(org.make_plan().values()) == ["reassign"] * 4 + ["recycle"] * 2 + ["return"] * 2
    org.rename_status("Recycled", "Nurturing")

    said = one.run("apply", str(org.plan), code=78)

    assert "recycle.salesforce.Lead: `Recycled` is no value of salesforce Lead field `Status`" in said
    assert "correct each line above, then run `leadpact check`" in said
    assert one.world.writes() == writes
    assert "Misfit" in one.told("runs", "--last", "1"), "the run that was stopped is told as such"
    org.rename_status("Nurturing", "Recycled")


def test_a_rep_who_left_and_a_queue_that_takes_no_leads_any_more_get_none(org: Org) -> None:
    one, before = org.one, org.one.all_shown()
    org.make_plan()
    leaver = org.planned_owner(one.leads[0])
    org.people.write("User", {"IsActive": False}, id_=leaver)
    (row,) = org.people.rows("QueueSobject")
    org.admin("delete", id=row["Id"])

    said = one.run("apply", str(org.plan))

    assert "3 written and read back, 5 skipped, 0 failed" in said
    assert f"{one.key(one.leads[0])}: reassign skipped: {leaver} may not get this lead any more" in said
    assert said.count("skipped: owner `Inbound queue` of salesforce takes no leads: it is not active, or no queue of leads") == 4
    assert one.all_shown() == before
    assert "name another; a queue of Salesforce must list Lead among its objects" in one.told("check")
    assert len({one.owner(lead) for lead in one.leads}) == len(one.leads)
    org.people.write("QueueSobject", {"QueueId": row["QueueId"], "SobjectType": "Lead"})


def test_a_campaign_that_was_deleted_since_the_plan_keeps_whoever_would_join_it_where_they_are(org: Org) -> None:
    one, before = org.one, org.one.all_shown()
    assert set(org.make_plan().values()) == {"return", "recycle", "reassign"}
    org.admin("delete", id=one.nurture.partition(":")[2])

    said = one.run("apply", str(org.plan))

    assert "1 written and read back, 4 skipped, 0 failed" in said
    assert said.count("skipped: salesforce has no campaign `Nurture 2026`") == 4
    assert one.owner(one.leads[0]) not in (None, one.members()[0]), "somebody else gets what the one who left was to have"
    assert one.all_shown() == before
    org.admin("undelete", id=one.nurture.partition(":")[2])
    org.people.rest(UNTIL_DEFINITIONS_ARE_OLD_S)


def test_what_the_orgs_rules_refuse_is_told_in_their_own_words_and_the_others_go_on(org: Org) -> None:
    one, before, words = org.one, org.one.all_shown(), "Ask Marketing Operations first"
    (refused, other), (first, second) = one.early, one.worked
    org.admin("validation", sobject="Lead", condition="LastName = 'Back 0'", message=words, field="Status")
    org.admin("duplicates", sobject="Lead", field="Recycle_Reason__c", blocks=True)
    org.admin("lock", id=other, seconds=600)

    said = one.run("sync", code=4)

    assert "1 written and read back, 0 skipped, 3 failed" in said
    assert f"{one.key(refused)}: return refused: FIELD_CUSTOM_VALIDATION_EXCEPTION of Status: {words}" in said
    assert f"{one.key(other)}: return later: UNABLE_TO_LOCK_ROW: " in said
    assert f"{one.key(second)}: recycle refused: DUPLICATES_DETECTED: Use one of these records?" in said
    assert [lead for lead, shown in one.all_shown().items() if shown != before[lead]] == [first]


def test_a_permission_that_is_missing_for_campaigns_keeps_those_who_would_join_one_and_no_others(org: Org) -> None:
    one, before = org.one, org.one.all_shown()
    org.admin("clear-rules")
    org.people.rest(601)
    org.admin("hidden", sobject="CampaignMember")
    (opted_out, *_), writes = one.early, one.world.writes()
    org.people.write("Lead", {"HasOptedOutOfEmail": True}, id_=opted_out)
    org.people.rest(60)

    said = one.run("sync", code=4)

    assert "1 written and read back, 0 skipped, 2 failed" in said
    assert said.count("give the integration user's permission set read access to CampaignMember") == 2
    assert one.world.writes() == writes + 1
    assert {lead: shown for lead, shown in one.all_shown().items() if shown != before[lead]}.keys() == {opted_out}

    org.admin("hidden", sobject="CampaignMember", hidden=False)
    assert "2 written and read back, 0 skipped, 0 failed" in one.run("sync")
    assert {shown["Status"] for shown in one.all_shown().values()} == {"Recycled"}
    assert [lead for lead, shown in one.all_shown().items() if shown[one.nurture] is None] == [opted_out]
    assert {org.people.changes(lead, "Owner") for lead in (*one.early, *one.worked, *one.leads)} == {1}, "nobody was moved twice"
