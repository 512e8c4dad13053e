"""Ids, objects and fields of a practice org, and what it says of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.salesforce.ids import Mint, long_id
from sandbox.salesforce.org import Org
from sandbox.salesforce.refusals import Refused
from tests.contract.practice_org import ADA, NOW, an_org

RECORDED = ["0014S000007NxmlQAC", "0014S000007Nx5BQAS", "00Q4S000002sSacUAE", "0054S000000JFmhQAG", "0039H00000BbbFBQAZ"]


@pytest.mark.parametrize("known", RECORDED)
def test_the_checksum_is_that_of_real_ids_and_mends_their_case(known: str) -> None:
    assert (long_id(known[:15]), long_id(known), long_id(known.lower()), long_id(known.upper())) == (known,) * 4


@pytest.mark.parametrize(
    "text", ["", "00Q", "0014S000007NxmlQA!", "0014S000007NxmlQA", "0014S000007Nxml0AC", None, 5, "0014S000007Nxml QAC"]
)
def test_what_is_no_id_is_none(text: object) -> None:
    assert long_id(text) is None


@settings(deadline=None)
@given(st.lists(st.sampled_from(["00Q", "003", "001"]), max_size=200))
def test_ids_are_given_out_once_and_in_order(prefixes: list[str]) -> None:
    mint = Mint()
    ids = [mint.new(prefix) for prefix in prefixes]
    assert len(set(ids)) == len(ids)
    assert [id_ for id_ in ids if id_.startswith("00Q")] == sorted(id_ for id_ in ids if id_.startswith("00Q"))
    assert all(long_id(id_) == id_ for id_ in ids)


def test_new_records_get_other_ids_than_planted_ones() -> None:
    first = Org(NOW)
    planted = [first.create("Lead", {"LastName": str(n), "Company": "x"}, first.caller()) for n in range(70)]
    second = Org.from_lines(list(first.lines()), now=NOW)
    assert second.create("Lead", {"LastName": "New", "Company": "x"}, second.caller()) not in planted


def test_an_object_is_described_with_fields_picklists_and_children() -> None:
    org = an_org()
    lead = org.describe("lead", org.caller(version="58.0"))
    fields = {field["name"]: field for field in lead["fields"]}
    assert (lead["name"], lead["keyPrefix"], lead["mergeable"], lead["urls"]["sobject"]) == (
        "Lead",
        "00Q",
        True,
        "/services/data/v58.0/sobjects/Lead",
    )
    owner, status, notes = fields["OwnerId"], fields["Status"], fields["Description"]
    assert (owner["type"], owner["referenceTo"], owner["relationshipName"], owner["polymorphicForeignKey"]) == (
        "reference",
        ["Group", "User"],
        "Owner",
        True,
    )
    assert [(each["value"], each["defaultValue"]) for each in status["picklistValues"]] == [
        ("Open - Not Contacted", True),
        ("Working - Contacted", False),
        ("Closed - Converted", False),
        ("Closed - Not Converted", False),
    ]
    assert (notes["filterable"], notes["length"], fields["Ref__c"]["custom"], fields["Ref__c"]["externalId"]) == (False, 32000, True, True)
    assert (fields["IsConverted"]["updateable"], fields["LastName"]["nillable"], fields["Name"]["nameField"]) == (False, False, True)
    children = {each["relationshipName"]: (each["childSObject"], each["field"]) for each in lead["childRelationships"]}
    assert children["Histories"] == ("LeadHistory", "LeadId")
    assert children["Tasks"] == ("Task", "WhoId")


def test_all_objects_are_listed_but_hidden_ones() -> None:
    org = an_org()
    org.hide("Campaign")
    names = {each["name"] for each in org.describe_global(org.caller())["sobjects"]}
    wanted = {"Lead", "Contact", "Account", "Opportunity", "Task", "Event", "User", "Group", "GroupMember", "QueueSobject", "LeadStatus"}
    assert wanted | {"LeadHistory", "OpportunityFieldHistory", "CampaignMember", "CampaignMemberStatus", "Organization"} <= names
    assert "Campaign" not in names
    with pytest.raises(Refused):
        org.describe("Campaign", org.caller())


def test_records_are_counted_and_found_by_their_external_id() -> None:
    org = an_org()
    org.delete("Lead", ADA, org.caller())
    assert org.counts(["lead", "Account"]) == [{"count": 2, "name": "Lead"}, {"count": 1, "name": "Account"}]
    assert org.find("Lead", "Ref__c", "R-2") is not None
    assert org.find("Lead", "Ref__c", "r-9") is None
    with pytest.raises(Refused, match="Provided external ID field does not exist"):
        org.find("Lead", "Title", "x")


def test_the_status_values_are_rows_and_say_what_they_mean() -> None:
    org = an_org()
    converted = org.select("SELECT ApiName FROM LeadStatus WHERE IsConverted = true", org.caller())
    assert [row["ApiName"] for row in converted.rows(0, 9)] == ["Closed - Converted"]
    won = org.select("SELECT ApiName, SortOrder FROM OpportunityStage WHERE IsWon = true AND IsActive = true", org.caller())
    assert [(row["ApiName"], row["SortOrder"]) for row in won.rows(0, 9)] == [("Closed Won", 9)]
    closed = org.select("SELECT MasterLabel FROM TaskStatus WHERE IsClosed = true", org.caller())
    assert [row["MasterLabel"] for row in closed.rows(0, 9)] == ["Completed"]
