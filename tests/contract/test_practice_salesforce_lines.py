"""Salesforce lines of a portal file: what is taken as it is, what is filled in, what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from sandbox.lines import BadLines
from sandbox.load import load, load_both, load_org
from sandbox.salesforce.org import Org
from tests.contract.practice_org import ADA, ANN, EVE, IVY, LINES, NINE, NOW, QUEUE, a_line, a_user, an_id, an_org

HUBSPOT = {"object": "contacts", "id": "1", "properties": {"email": "a@example.com"}}


def problems_of(*lines: object) -> list[str]:
    with pytest.raises(BadLines) as found:
        Org.from_lines(lines, now=NOW)  # type: ignore[arg-type]
    return found.value.problems


def a_file(tmp_path: Path, *lines: object) -> Path:
    file = tmp_path / "portal.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return file


def get(org: Org, sobject: str, id_: str) -> dict[str, Any]:
    return org.get(sobject, id_, org.caller())


def by_id(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(lines, key=lambda line: (line["attributes"]["type"], line.get("Id", "")))


def test_an_answer_of_the_api_is_a_line() -> None:
    recorded = {
        "attributes": {"type": "Lead", "url": "/services/data/v42.0/sobjects/Lead/00Q4S000002sSacUAE"},
        "Id": "00Q4S000002sSacUAE",
        "LastName": "Smith",
        "Name": "Smith",
        "Company": "SmithCorp",
        "Owner": {"attributes": {"type": "Name"}, "Name": "Ann"},
        "Address": None,
        "OwnerId": ANN[:15],
        "CreatedDate": "2021-12-02T18:23:39.000+0000",
        "LastModifiedDate": "2021-12-03T18:23:39.000+0000",
        "SystemModstamp": "2021-12-04T18:23:39.000+0000",
        "Tasks": {"totalSize": 0, "done": True, "records": []},
    }
    lead = get(an_org(recorded), "Lead", "00Q4S000002sSacUAE")
    assert {name: lead[name] for name in recorded if name not in ("attributes", "Owner", "OwnerId", "Tasks")} == {
        name: recorded[name] for name in recorded if name not in ("attributes", "Owner", "OwnerId", "Tasks")
    }
    assert lead["OwnerId"] == ANN


def test_what_is_missing_is_filled_in_and_what_is_given_stays() -> None:
    task, event, deal = an_id("00T", 5), an_id("00U", 5), an_id("006", 5)
    org = an_org(
        a_line("Task", task, Subject="Call", WhoId=IVY, Status="Completed", LastModifiedDate="2026-11-07T10:00:00Z"),
        a_line("Task", an_id("00T", 6), Subject="Old", Status="Completed", CompletedDateTime=None, IsClosed=False),
        a_line("Event", event, Subject="Demo", StartDateTime="2026-11-25T10:00:00Z", DurationInMinutes=30),
        a_line("Opportunity", deal, Name="Deal", StageName="Closed Lost", CloseDate="2026-11-01", Probability=5),
        a_line("LeadHistory", an_id("017", 1), LeadId=IVY, Field="Status", OldValue="a", NewValue="b", CreatedDate="2026-11-08T10:00:00Z"),
    )
    lead = get(org, "Lead", IVY)
    assert (lead["Name"], lead["Status"], lead["LastModifiedDate"], lead["SystemModstamp"], lead["LastActivityDate"]) == (
        "Ivy",
        "Open - Not Contacted",
        "2026-11-03T10:00:00.000+0000",
        "2026-11-03T10:00:00.000+0000",
        None,
    )
    assert get(org, "Lead", EVE)["CreatedById"] == org.integration_user
    call = get(org, "Task", task)
    assert (call["IsClosed"], call["CompletedDateTime"], call["CreatedDate"]) == (
        True,
        "2026-11-07T10:00:00.000+0000",
        "2026-11-07T10:00:00.000+0000",
    )
    old = get(org, "Task", an_id("00T", 6))
    assert (old["IsClosed"], old["CompletedDateTime"]) == (False, None)
    assert get(org, "Event", event)["EndDateTime"] == "2026-11-25T10:30:00.000+0000"
    shown = get(org, "Opportunity", deal)
    assert (shown["IsClosed"], shown["IsWon"], shown["Probability"]) == (True, False, 5)
    history = org.select("SELECT Field, OldValue, NewValue FROM LeadHistory", org.caller())
    assert [list(row.values())[1:] for row in history.rows(0, 9)] == [["Status", "a", "b"]]  # none is invented


def test_custom_fields_are_defined_by_their_lines_or_by_their_values() -> None:
    org = Org.from_lines(
        [
            a_line("Lead", ADA, LastName="Ada", Company="x", Score__c=5, Hot__c=True, Note__c=None, Mixed__c=5, Tier__c="A"),
            a_line("Lead", EVE, LastName="Eve", Company="x", Score__c=None, Note__c="hi", Mixed__c="five"),
            {
                "attributes": {"type": "CustomField"},
                "object": "lead",
                "name": "Tier__c",
                "type": "picklist",
                "label": "Tier",
                "picklist": ["A", "B"],
                "restricted": True,
                "tracked": True,
            },
        ],
        now=NOW,
    )
    fields = {field["name"]: field for field in org.describe("Lead", org.caller())["fields"] if field["custom"]}
    assert {name: field["type"] for name, field in fields.items()} == {
        "Score__c": "double",
        "Hot__c": "boolean",
        "Note__c": "string",
        "Mixed__c": "string",
        "Tier__c": "picklist",
    }
    assert (fields["Score__c"]["label"], fields["Tier__c"]["restrictedPicklist"]) == ("Score", True)
    assert [get(org, "Lead", id_)["Mixed__c"] for id_ in (ADA, EVE)] == ["5", "five"]
    assert "Lead.Tier__c" in org.switches()["tracked"]


def test_lines_of_status_values_and_of_the_organization_stand_for_all_of_them() -> None:
    org = an_org(
        a_line("LeadStatus", an_id("01J", 1), MasterLabel="New", IsDefault=True),
        a_line("LeadStatus", an_id("01J", 2), MasterLabel="Converted", IsConverted=True),
        a_line("Organization", an_id("00D", 1), Name="Acme", TimeZoneSidKey="Europe/Berlin", IsSandbox=True),
    )
    assert (org.org_id, get(org, "Organization", org.org_id)["Name"]) == (an_id("00D", 1), "Acme")
    status = next(field for field in org.describe("Lead", org.caller())["fields"] if field["name"] == "Status")
    assert [each["value"] for each in status["picklistValues"]] == ["New", "Converted"]
    made = org.create("Lead", {"LastName": "x", "Company": "y"}, org.caller())
    assert get(org, "Lead", made)["Status"] == "New"


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert problems_of(
        a_line("Lead", "00Q12", LastName="x"),
        a_line("Lead", NINE, LastName="x"),
        a_line("Leed", ADA),
        {"attributes": {}, "Id": ADA},
        a_line("Lead", ADA, Foo=1, CreatedDate="yesterday", IsDeleted="no", AnnualRevenue="much", OwnerId="ann"),
        {"attributes": {"type": "CustomField"}, "object": "Lead", "name": "Foo", "type": "text", "color": 1},
        {"attributes": {"type": "CustomField"}, "object": "Leed", "name": "Foo__c"},
        [],
    ) == [
        'line 6: name: found "Foo", expected a name ending in __c',
        'line 6: type: found "text", expected "string", "textarea", "double", "currency", "percent", "boolean", "date", "datetime", '
        '"email", "phone", "url", "picklist", "multipicklist" or "reference"',
        "line 6: color: found a key that a CustomField line does not have, expected only those of docs/reference/portal-file.md",
        'line 7: object: found "Leed", expected an object such as Lead',
        'line 1: Id: found "00Q12", expected an id of 15 characters, or of 18 with its checksum, that begins with 00Q',
        f'line 2: Id: found "{NINE}", expected an id of 15 characters, or of 18 with its checksum, that begins with 00Q',
        *(f"line {n}: attributes.type: found {found}, expected one of {_OBJECTS}" for n, found in ((3, '"Leed"'), (4, "null"))),
        "line 5: Foo: found a field that Lead does not have, expected only its own or one ending in __c",
        'line 5: CreatedDate: found "yesterday", expected a moment such as 2026-11-20T15:00:00.000+0000',
        'line 5: IsDeleted: found "no", expected true or false',
        'line 5: AnnualRevenue: found "much", expected a number',
        'line 5: OwnerId: found "ann", expected an id of 15 characters, or of 18 with its checksum',
        "line 8: found [], expected a JSON object",
    ]


_OBJECTS = (
    "CustomField, StandardField, Lead, Contact, Account, Opportunity, Task, Event, Campaign, CampaignMember, CampaignMemberStatus, User, "
    "UserRole, UserLogin, Group, GroupMember, QueueSobject, AssignmentRule, LeadStatus, TaskStatus, OpportunityStage, LeadHistory, "
    "ContactHistory, AccountHistory, OpportunityFieldHistory, Organization"
)


def test_bad_lines_leave_the_org_as_it_was() -> None:
    org = an_org()
    before = list(org.lines())
    with pytest.raises(BadLines):
        org.plant([a_line("Lead", ADA, LastName="Changed", Wrong__c=1, Nope=1)])
    assert list(org.lines()) == before


def test_the_lines_of_an_org_make_the_same_org() -> None:
    org = an_org(a_line("Campaign", an_id("701", 1), Name="Spring"))
    org.create("CampaignMember", {"CampaignId": an_id("701", 1), "LeadId": ADA}, org.caller())
    org.update("Lead", ADA, {"OwnerId": QUEUE}, org.caller())
    org.convert(IVY, org.caller(), opportunity_name="Deal")
    org.delete("Lead", EVE, org.caller())
    lines = json.loads(json.dumps(list(org.lines())))
    assert by_id(Org.from_lines(lines, now=NOW).lines()) == by_id(lines)


def test_a_file_may_hold_lines_of_both_crms_and_each_takes_its_own(tmp_path: Path) -> None:
    file = a_file(tmp_path, HUBSPOT, "", *LINES)
    portal, org = load_both(file, now=NOW)
    assert portal.clock is org.clock
    assert (portal.find("contacts", 1) is not None, get(org, "Lead", ADA)["LastName"]) == (True, "Ada")
    assert load(file, now=NOW).find("contacts", 1) is not None
    assert get(load_org(file, now=NOW), "Lead", ADA)["LastName"] == "Ada"


def test_wrong_lines_of_both_crms_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = a_file(tmp_path, a_line("Lead", "x", LastName="x"), {"object": "contact"}, "{", a_user(ANN, "Ann", IsActive="yes"))
    with pytest.raises(BadLines) as found:
        load_both(file, now=NOW)
    told = [text.removeprefix(f"{tmp_path}/").split(": found")[0] for text in found.value.problems]
    assert [text.split(":", 2)[1] for text in told] == ["1", "2", "3", "4"]
    with pytest.raises(BadLines) as found:
        load_org(a_file(tmp_path, {"neither": 1}), now=NOW)
    assert "attributes.type: found null, expected one of CustomField, StandardField, Lead" in found.value.problems[0]
