"""What a practice org checks and does when a record is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.salesforce.org import Org
from sandbox.salesforce.refusals import Refused
from tests.contract.practice_org import ADA, ANN, BOB, EVE, GONE, IVY, NINE, QUEUE, a_line, a_user, an_id, an_org

CHATTER, OTHER_QUEUE, GROUP, SPRING = an_id("005", 8), an_id("00G", 8), an_id("00G", 9), an_id("701", 1)
MORE: list[dict[str, Any]] = [
    a_user(CHATTER, "Chatter", UserType="CsnOnly"),
    a_line("Group", OTHER_QUEUE, Name="Cases", Type="Queue"),
    a_line("Group", GROUP, Name="All", Type="Regular"),
    a_line("Campaign", SPRING, Name="Spring"),
    {
        "attributes": {"type": "CustomField"},
        "object": "Lead",
        "name": "Region__c",
        "type": "picklist",
        "label": "Region",
        "picklist": ["EMEA", "APAC"],
        "restricted": True,
        "tracked": True,
    },
]


@pytest.fixture
def org() -> Org:
    return an_org(*MORE)


def one(org: Org, soql: str, *, all_rows: bool = True) -> dict[str, Any]:
    (row,) = org.select(soql, org.caller(), all_rows=all_rows).rows(0, 2)
    return row


def refusal(act: Callable[[], object]) -> tuple[int, list[dict[str, Any]]]:
    with pytest.raises(Refused) as found:
        act()
    return found.value.status, found.value.body()


def history(org: Org, lead: str, sobject: str = "Lead") -> list[tuple[Any, ...]]:
    parent = {"Lead": "LeadId", "Opportunity": "OpportunityId"}[sobject]
    table = {"Lead": "LeadHistory", "Opportunity": "OpportunityFieldHistory"}[sobject]
    soql = f"SELECT Field, OldValue, NewValue, DataType FROM {table} WHERE {parent} = '{lead}' ORDER BY CreatedDate, Id"
    return [tuple(row.values())[1:] for row in org.select(soql, org.caller(), all_rows=True).rows(0, 99)]


# --- creating and updating


def test_a_new_record_gets_its_id_its_defaults_and_its_stamps(org: Org) -> None:
    org.clock.advance(timedelta(milliseconds=700))
    id_ = org.create(
        "lead", {"lastname": " Hopper ", "FIRSTNAME": "Grace", "Company": "Navy", "attributes": {"type": "Lead"}}, org.caller(user_id=ANN)
    )
    lead = org.get("Lead", id_[:15], org.caller())
    assert (len(id_), id_[:3], lead["Name"], lead["Status"], lead["OwnerId"], lead["IsConverted"], lead["Email"]) == (
        18,
        "00Q",
        "Grace Hopper",
        "Open - Not Contacted",
        ANN,
        False,
        None,
    )
    stamps = {name: lead[name] for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp", "CreatedById", "LastModifiedById")}
    assert stamps == {
        "CreatedDate": "2026-11-20T15:00:00.000+0000",
        "LastModifiedDate": "2026-11-20T15:00:00.000+0000",
        "SystemModstamp": "2026-11-20T15:00:00.000+0000",
        "CreatedById": ANN,
        "LastModifiedById": ANN,
    }
    assert lead["attributes"] == {"type": "Lead", "url": f"/services/data/v62.0/sobjects/Lead/{id_}"}


def test_an_update_moves_the_modified_times_even_if_nothing_changes(org: Org) -> None:
    org.clock.advance(timedelta(seconds=5))
    org.update("Lead", ADA, {"Company": "Nine"}, org.caller(user_id=BOB))
    lead = one(org, f"SELECT LastModifiedDate, LastModifiedById, SystemModstamp, CreatedDate FROM Lead WHERE Id = '{ADA}'")
    assert list(lead.values())[1:] == ["2026-11-20T15:00:05.000+0000", BOB, "2026-11-20T15:00:05.000+0000", "2026-11-01T10:00:00.000+0000"]


def test_values_are_kept_in_the_form_of_the_api(org: Org) -> None:
    values = {
        "AnnualRevenue": 12,
        "NumberOfEmployees": "40",
        "DoNotCall": "true",
        "EmailBouncedDate": "2026-11-01T12:00:00+02:00",
        "Title": "",
    }
    org.update("Lead", ADA, values, org.caller())
    lead = org.get("Lead", ADA, org.caller(), fields=["AnnualRevenue", "NumberOfEmployees", "DoNotCall", "EmailBouncedDate", "title"])
    assert list(lead.values())[1:] == [12.0, 40, True, "2026-11-01T10:00:00.000+0000", None, ADA]


@pytest.mark.parametrize(
    ("values", "body"),
    [
        ({"Foo": 1}, [{"message": "No such column 'Foo' on sobject of type Lead", "errorCode": "INVALID_FIELD"}]),
        (
            {"Email": "badone", "Title": "x" * 129},
            [
                {"message": "Email: invalid email address: badone", "errorCode": "INVALID_EMAIL_ADDRESS", "fields": ["Email"]},
                {
                    "message": f"Title: data value too large: {'x' * 129} (max length=128)",
                    "errorCode": "STRING_TOO_LONG",
                    "fields": ["Title"],
                },
            ],
        ),
        (
            {"LastName": None},
            [{"message": "Required fields are missing: [LastName]", "errorCode": "REQUIRED_FIELD_MISSING", "fields": ["LastName"]}],
        ),
        (
            {"Region__c": "Mars"},
            [
                {
                    "message": "Region: bad value for restricted picklist field: Mars",
                    "errorCode": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                    "fields": ["Region__c"],
                }
            ],
        ),
        (
            {"OwnerId": "bob"},
            [{"message": "Owner ID: id value of incorrect type: bob", "errorCode": "MALFORMED_ID", "fields": ["OwnerId"]}],
        ),
        (
            {"OwnerId": NINE},
            [{"message": f"Owner ID: id value of incorrect type: {NINE}", "errorCode": "MALFORMED_ID", "fields": ["OwnerId"]}],
        ),
        (
            {"OwnerId": an_id("005", 77)},
            [{"message": "invalid cross reference id", "errorCode": "INVALID_CROSS_REFERENCE_KEY", "fields": []}],
        ),
        (
            {"OwnerId": GONE},
            [
                {
                    "message": f"operation performed with inactive user [{GONE[:15]}] as owner of lead",
                    "errorCode": "INACTIVE_OWNER_OR_USER",
                    "fields": [],
                }
            ],
        ),
        (
            {"OwnerId": CHATTER},
            [{"message": "Operation not valid for this user type", "errorCode": "OP_WITH_INVALID_USER_TYPE_EXCEPTION", "fields": []}],
        ),
        (
            {"OwnerId": OTHER_QUEUE},
            [{"message": "Queue not associated with this SObject type", "errorCode": "INVALID_OPERATION", "fields": []}],
        ),
        ({"OwnerId": GROUP}, [{"message": "Queue not associated with this SObject type", "errorCode": "INVALID_OPERATION", "fields": []}]),
        (
            {"AnnualRevenue": 10**18},
            [
                {
                    "message": f"Annual Revenue: value outside of valid range on numeric field: {10**18}",
                    "errorCode": "NUMBER_OUTSIDE_VALID_RANGE",
                    "fields": ["AnnualRevenue"],
                }
            ],
        ),
        ({"Id": ADA}, [{"message": "The Id field should not be specified in the sobject data.", "errorCode": "INVALID_FIELD"}]),
    ],
)
def test_a_bad_value_is_refused_and_nothing_is_changed(org: Org, values: dict[str, Any], body: list[dict[str, Any]]) -> None:
    before = list(org.lines())
    org.clock.advance(timedelta(seconds=5))
    assert refusal(lambda: org.update("Lead", ADA, {"Company": "Other", **values}, org.caller())) == (400, body)
    assert list(org.lines()) == before


def test_what_salesforce_sets_itself_cannot_be_written(org: Org) -> None:
    status, (entry,) = refusal(lambda: org.update("Lead", ADA, {"CreatedDate": "2026-01-01T00:00:00Z", "IsConverted": True}, org.caller()))
    assert (status, entry["errorCode"], entry["fields"]) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE", ["CreatedDate", "IsConverted"])
    assert entry["message"].startswith("Unable to create/update fields: CreatedDate, IsConverted. Please check the security settings")
    task = an_id("00T", 1)
    assert refusal(lambda: org.update("Task", task, {"TaskSubtype": "Call"}, org.caller()))[1][0]["fields"] == ["TaskSubtype"]
    assert refusal(lambda: org.create("LeadHistory", {"LeadId": ADA}, org.caller()))[1][0] == {
        "message": "entity type cannot be inserted: Lead History",
        "errorCode": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    }


def test_a_record_needs_its_required_fields(org: Org) -> None:
    assert refusal(lambda: org.create("Lead", {"FirstName": "Ada"}, org.caller())) == (
        400,
        [
            {
                "message": "Required fields are missing: [LastName, Company]",
                "errorCode": "REQUIRED_FIELD_MISSING",
                "fields": ["LastName", "Company"],
            }
        ],
    )
    assert refusal(lambda: org.create("Account", {"Name": None}, org.caller()))[1][0]["message"] == "Required fields are missing: [Name]"


def test_records_that_are_not_there_are_told_apart(org: Org) -> None:
    nothing = [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]
    org.delete("Lead", EVE, org.caller())
    assert refusal(lambda: org.get("Lead", EVE, org.caller())) == (404, nothing)
    deleted = (404, [{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}])
    assert refusal(lambda: org.update("Lead", EVE, {"Title": "x"}, org.caller())) == deleted
    assert refusal(lambda: org.delete("Lead", EVE, org.caller())) == deleted
    assert refusal(lambda: org.update("Lead", an_id("00Q", 99), {"Title": "x"}, org.caller())) == (404, nothing)
    assert refusal(lambda: org.update("Lead", NINE, {"Name": "x"}, org.caller())) == (404, nothing)
    assert refusal(lambda: org.get("Foo", EVE, org.caller())) == (404, nothing)


def test_a_condition_on_the_modified_time_guards_an_update(org: Org) -> None:
    org.clock.advance(timedelta(seconds=1))
    org.update("Lead", ADA, {"Title": "CEO"}, org.caller())
    before, after = datetime(2026, 11, 20, 15, 0, 0, tzinfo=UTC), datetime(2026, 11, 20, 15, 0, 1, tzinfo=UTC)
    status, (entry,) = refusal(lambda: org.update("Lead", ADA, {"Title": "CTO"}, org.caller(unmodified_since=before)))
    assert (status, entry["errorCode"], org.get("Lead", ADA, org.caller())["Title"]) == (412, "PRECONDITION_FAILED", "CEO")
    org.update("Lead", ADA, {"Title": "CTO"}, org.caller(unmodified_since=after))
    assert (org.get("Lead", ADA, org.caller())["Title"], org.modified("Lead", ADA)) == ("CTO", after)


def test_all_is_undone_if_one_of_several_writes_is_refused(org: Org) -> None:
    before = list(org.lines())
    with pytest.raises(Refused), org.transaction():
        org.update("Lead", ADA, {"Status": "Working - Contacted"}, org.caller())
        org.create("Task", {"WhoId": ADA, "Subject": "x"}, org.caller())
        org.update("Lead", IVY, {"OwnerId": GONE}, org.caller())
    assert list(org.lines()) == before


# --- owners, rules, locks


def test_a_queue_that_takes_leads_may_own_one_and_history_has_names_and_ids(org: Org) -> None:
    org.update("Lead", ADA, {"OwnerId": QUEUE, "Status": "Working - Contacted", "Title": "CEO", "Region__c": "EMEA"}, org.caller())
    assert sorted(history(org, ADA)) == sorted(
        [
            ("Owner", "Ann Ng", "Inbound", "Text"),
            ("Owner", ANN, QUEUE, "EntityId"),
            ("Status", "Open - Not Contacted", "Working - Contacted", "DynamicEnum"),
            ("Region__c", None, "EMEA", "DynamicEnum"),
        ]
    )


def test_history_is_kept_of_tracked_fields_from_the_moment_they_are(org: Org) -> None:
    id_ = org.create("Lead", {"LastName": "New", "Company": "Nine"}, org.caller())
    org.track("lead", "title")
    org.track("Lead", "Status", on=False)
    org.update("Lead", id_, {"Status": "Working - Contacted", "Title": "CEO"}, org.caller())
    org.track("Lead", on=False)
    org.update("Lead", id_, {"Title": "CTO"}, org.caller())
    assert history(org, id_) == [("created", None, None, "Text"), ("Title", None, "CEO", "Text")]


def test_assignment_rules_run_unless_the_caller_says_no(org: Org) -> None:
    rule = org.set_assignment([("Company LIKE 'n%'", QUEUE), ("", BOB)])
    org.update("Lead", ADA, {"OwnerId": ANN}, org.caller(auto_assign=False))
    assert org.get("Lead", ADA, org.caller())["OwnerId"] == ANN
    org.update("Lead", ADA, {"OwnerId": BOB}, org.caller())
    assert org.get("Lead", ADA, org.caller())["OwnerId"] == QUEUE
    assert ("Owner", ANN, QUEUE, "EntityId") in history(org, ADA)
    made = org.create("Lead", {"LastName": "x", "Company": "Ten"}, org.caller())
    assert org.get("Lead", made, org.caller())["OwnerId"] == BOB
    second = org.set_assignment([("", ANN)], active=False)
    org.update("Lead", made, {"Title": "x"}, org.caller(auto_assign=second))
    assert org.get("Lead", made, org.caller())["OwnerId"] == ANN
    assert one(org, "SELECT Id FROM AssignmentRule WHERE Active = true")["Id"] == rule
    org.set_assignment([], rule_id=rule)
    org.update("Lead", made, {"OwnerId": BOB}, org.caller())
    assert org.get("Lead", made, org.caller())["OwnerId"] == BOB


def test_validation_rules_refuse_with_the_admins_words_all_at_once(org: Org) -> None:
    org.add_validation("Lead", "Title = null AND Status = 'Working - Contacted'", "Say who it is", field="title")
    org.add_validation("Lead", "Owner.Type != 'Queue' AND Status = 'Working - Contacted'", "Only queues work")
    assert refusal(lambda: org.update("Lead", ADA, {"Status": "Working - Contacted"}, org.caller())) == (
        400,
        [
            {"message": "Say who it is", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["Title"]},
            {"message": "Only queues work", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": []},
        ],
    )
    org.update("Lead", ADA, {"Status": "Closed - Not Converted"}, org.caller())
    assert refusal(lambda: org.add_validation("Lead", "Foo = 1", "x"))[1][0]["errorCode"] == "INVALID_FIELD"
    org.clear_validations()
    org.update("Lead", ADA, {"Status": "Working - Contacted"}, org.caller())


def test_duplicate_alerts_can_be_passed_over_and_blocks_cannot(org: Org) -> None:
    org.add_duplicate_rule("Lead", "Email")
    double = {"LastName": "Ada", "Company": "Ten", "Email": "ADA@example.com"}
    assert refusal(lambda: org.create("Lead", double, org.caller()))[1][0]["errorCode"] == "DUPLICATES_DETECTED"
    org.create("Lead", double, org.caller(allow_duplicates=True))
    org.add_duplicate_rule("Lead", "Email", blocks=True)
    assert refusal(lambda: org.create("Lead", double, org.caller(allow_duplicates=True)))[1][0]["errorCode"] == "DUPLICATES_DETECTED"


def test_a_held_record_cannot_be_written_until_it_is_let_go(org: Org) -> None:
    org.lock(ADA[:15], org.clock.now() + timedelta(seconds=30))
    expected = (
        400,
        [
            {
                "message": f"unable to obtain exclusive access to this record or 1 records: {ADA}",
                "errorCode": "UNABLE_TO_LOCK_ROW",
                "fields": [],
            }
        ],
    )
    assert refusal(lambda: org.update("Lead", ADA, {"Title": "x"}, org.caller())) == expected
    assert refusal(lambda: org.create("Task", {"WhoId": ADA, "Subject": "x"}, org.caller())) == expected
    assert refusal(lambda: org.delete("Lead", ADA, org.caller())) == expected
    org.clock.advance(timedelta(seconds=30))
    org.update("Lead", ADA, {"Title": "x"}, org.caller())


# --- activities


def test_a_task_is_completed_when_its_status_closes(org: Org) -> None:
    def done(id_: str) -> tuple[bool, str | None]:
        row = org.get("Task", id_, org.caller())
        return row["IsClosed"], row["CompletedDateTime"]

    id_ = org.create("Task", {"WhoId": ADA, "Subject": "Call", "Priority": "High"}, org.caller())
    assert (done(id_), org.get("Task", id_, org.caller())["IsHighPriority"]) == ((False, None), True)
    org.clock.advance(timedelta(seconds=1))
    org.update("Task", id_, {"Status": "Completed"}, org.caller())
    org.clock.advance(timedelta(seconds=1))
    org.update("Task", id_, {"Status": "Completed", "Subject": "Called"}, org.caller())
    assert done(id_) == (True, "2026-11-20T15:00:01.000+0000")
    org.update("Task", id_, {"Status": "In Progress"}, org.caller())
    assert done(id_) == (False, None)


def test_an_activity_moves_the_stamp_of_its_person_but_not_when_it_was_modified(org: Org) -> None:
    org.clock.advance(timedelta(seconds=7))
    org.create("Task", {"WhoId": ADA, "Subject": "Call", "Status": "Completed", "ActivityDate": "2026-11-10"}, org.caller())
    soql = f"SELECT SystemModstamp, LastModifiedDate, LastActivityDate FROM Lead WHERE Id = '{ADA}'"
    assert list(one(org, soql).values())[1:] == ["2026-11-20T15:00:07.000+0000", "2026-11-01T10:00:00.000+0000", "2026-11-10"]
    start = {"StartDateTime": "2026-12-24T10:00:00Z", "DurationInMinutes": 60}
    event = org.create("Event", {"WhoId": ADA, "Subject": "Demo", **start}, org.caller())
    assert one(org, soql)["LastActivityDate"] == "2026-12-24"  # of an event to come, too
    shown = org.get("Event", event, org.caller())
    assert (shown["EndDateTime"], shown["ActivityDateTime"], shown["ActivityDate"]) == (
        "2026-12-24T11:00:00.000+0000",
        "2026-12-24T10:00:00.000+0000",
        "2026-12-24",
    )
    org.delete("Event", event, org.caller())
    assert one(org, soql)["LastActivityDate"] == "2026-11-10"
    assert refusal(lambda: org.create("Event", {"Subject": "x"}, org.caller()))[1][0]["errorCode"] == "REQUIRED_FIELD_MISSING"


# --- campaigns


def test_a_person_is_in_a_campaign_once(org: Org) -> None:
    member = org.create("CampaignMember", {"CampaignId": SPRING, "LeadId": ADA}, org.caller())
    shown = org.get("CampaignMember", member, org.caller())
    assert [shown[name] for name in ("Status", "HasResponded", "Name", "Email", "Type", "LeadOrContactId", "CompanyOrAccount")] == [
        "Sent",
        False,
        "Ada",
        "ada@example.com",
        "Lead",
        ADA,
        "Nine",
    ]
    double = refusal(lambda: org.create("CampaignMember", {"CampaignId": SPRING, "LeadId": ADA}, org.caller()))
    assert double == (400, [{"message": "Already a campaign member.", "errorCode": "DUPLICATE_VALUE", "fields": []}])
    assert (
        refusal(lambda: org.create("CampaignMember", {"CampaignId": SPRING}, org.caller()))[1][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    )
    assert refusal(lambda: org.update("CampaignMember", member, {"LeadId": EVE}, org.caller()))[1][0]["fields"] == ["LeadId"]
    org.update("CampaignMember", member, {"Status": "Responded"}, org.caller())
    assert one(org, "SELECT HasResponded, FirstRespondedDate FROM CampaignMember")["HasResponded"] is True
    assert refusal(lambda: org.update("CampaignMember", member, {"Status": "Danced"}, org.caller()))[1][0]["fields"] == ["Status"]
    new = org.create("Campaign", {"Name": "Autumn"}, org.caller())
    labels = org.select(f"SELECT Label FROM CampaignMemberStatus WHERE CampaignId = '{new}' ORDER BY SortOrder", org.caller())
    assert [row["Label"] for row in labels.rows(0, 9)] == ["Sent", "Responded"]


# --- opportunities


def test_what_follows_from_a_stage_follows_and_is_in_the_history(org: Org) -> None:
    values = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-12-31", "Amount": 1000, "AccountId": NINE}
    id_ = org.create("Opportunity", values, org.caller())
    org.update("Opportunity", id_, {"StageName": "Closed Won"}, org.caller())
    deal = org.get("Opportunity", id_, org.caller())
    shown = [deal[name] for name in ("IsClosed", "IsWon", "Probability", "ForecastCategory", "ExpectedRevenue", "LastStageChangeDate")]
    assert shown == [True, True, 100.0, "Closed", 1000.0, "2026-11-20T15:00:00.000+0000"]
    assert history(org, id_, "Opportunity") == [("created", None, None, "Text"), ("StageName", "Prospecting", "Closed Won", "DynamicEnum")]
    assert refusal(lambda: org.update("Opportunity", id_, {"OwnerId": QUEUE}, org.caller()))[1][0]["errorCode"] == "MALFORMED_ID"


# --- the ends of records


def test_a_converted_lead_is_read_only_and_its_activities_are_the_contacts(org: Org) -> None:
    org.create("CampaignMember", {"CampaignId": SPRING, "LeadId": ADA}, org.caller())
    made = org.convert(ADA, org.caller(user_id=BOB), opportunity_name="Nine deal")
    lead = org.get("Lead", ADA, org.caller())
    ids = (made.account_id, made.contact_id, made.opportunity_id)
    assert tuple(lead[f"Converted{name}Id"] for name in ("Account", "Contact", "Opportunity")) == ids
    assert (lead["IsConverted"], lead["ConvertedDate"], lead["Status"]) == (True, "2026-11-20", "Closed - Converted")
    contact, deal = org.get("Contact", made.contact_id, org.caller()), org.get("Opportunity", str(made.opportunity_id), org.caller())
    assert (contact["LastName"], contact["Email"], contact["OwnerId"], contact["AccountId"]) == (
        "Ada",
        "ada@example.com",
        ANN,
        made.account_id,
    )
    assert (deal["Name"], deal["CloseDate"], org.get("Account", made.account_id, org.caller())["Name"]) == (
        "Nine deal",
        "2026-12-31",
        "Nine",
    )
    task = one(org, "SELECT WhoId, WhatId, AccountId FROM Task")
    assert list(task.values())[1:] == [made.contact_id, made.opportunity_id, made.account_id]
    assert one(org, "SELECT LeadId, ContactId FROM CampaignMember")["ContactId"] == made.contact_id
    assert {entry[0] for entry in history(org, ADA)} == {"Status", "leadConverted"}
    refused = (400, [{"message": "cannot reference converted lead", "errorCode": "CANNOT_UPDATE_CONVERTED_LEAD", "fields": []}])
    assert refusal(lambda: org.update("Lead", ADA, {"Title": "x"}, org.caller())) == refused
    assert refusal(lambda: org.create("Task", {"WhoId": ADA, "Subject": "x"}, org.caller())) == refused
    assert refusal(lambda: org.convert(ADA, org.caller())) == refused


def test_a_lead_of_a_queue_is_converted_for_a_user_that_is_named(org: Org) -> None:
    assert refusal(lambda: org.convert(EVE, org.caller()))[1][0]["fields"] == ["OwnerId"]
    made = org.convert(EVE, org.caller(), owner=BOB, account=NINE)
    assert (made.account_id, made.opportunity_id, org.get("Contact", made.contact_id, org.caller())["OwnerId"]) == (NINE, None, BOB)
    assert refusal(lambda: org.convert(IVY, org.caller(), status="Working - Contacted"))[1][0]["errorCode"] == "INVALID_STATUS"


def test_losers_of_a_merge_name_the_master_which_gets_what_was_theirs(org: Org) -> None:
    for lead in (ADA, IVY):
        org.create("CampaignMember", {"CampaignId": SPRING, "LeadId": lead}, org.caller())
    org.clock.advance(timedelta(seconds=3))
    org.merge("Lead", IVY, [ADA, EVE], org.caller())
    soql = "SELECT Id, MasterRecordId, SystemModstamp FROM Lead WHERE IsDeleted = true ORDER BY Id"
    losers = org.select(soql, org.caller(), all_rows=True).rows(0, 9)
    assert [(row["Id"], row["MasterRecordId"], row["SystemModstamp"]) for row in losers] == [
        (id_, IVY, "2026-11-20T15:00:03.000+0000") for id_ in (ADA, EVE)
    ]
    assert one(org, "SELECT WhoId FROM Task")["WhoId"] == IVY
    assert one(org, "SELECT LeadId FROM CampaignMember")["LeadId"] == IVY
    assert refusal(lambda: org.merge("Lead", IVY, [IVY], org.caller()))[1][0]["errorCode"] == "INVALID_OPERATION"


def test_what_belongs_to_a_deleted_record_goes_and_comes_back_with_it(org: Org) -> None:
    org.create("CampaignMember", {"CampaignId": SPRING, "LeadId": ADA}, org.caller())
    org.delete("Lead", ADA, org.caller())
    soqls = [f"SELECT COUNT() FROM {name}" for name in ("Task", "CampaignMember", "Lead")]
    assert [org.select(soql, org.caller()).total for soql in soqls] == [0, 0, 2]
    assert [org.select(soql, org.caller(), all_rows=True).total for soql in soqls] == [1, 1, 3]
    org.undelete("Lead", ADA, org.caller())
    assert [org.select(soql, org.caller()).total for soql in soqls] == [1, 1, 3]


def test_an_emptied_bin_leaves_only_what_get_deleted_remembers(org: Org) -> None:
    org.clock.advance(timedelta(minutes=2))
    org.delete("Lead", ADA, org.caller())
    assert org.empty_bin() == 2
    assert org.select("SELECT COUNT() FROM Lead", org.caller(), all_rows=True).total == 2
    now = org.clock.now()
    org.clock.advance(timedelta(minutes=5))
    assert org.deleted("lead", now - timedelta(minutes=10), now + timedelta(minutes=4)) == {
        "deletedRecords": [{"id": ADA, "deletedDate": "2026-11-20T15:02:00.000+0000"}],
        "earliestDateAvailable": "2026-11-05T15:07:00.000+0000",
        "latestDateCovered": "2026-11-20T15:06:00.000+0000",
    }


def test_updated_ids_are_those_of_whole_minutes(org: Org) -> None:
    start = org.clock.now()
    org.clock.advance(timedelta(seconds=90))
    org.update("Lead", ADA, {"Title": "x"}, org.caller())
    org.clock.advance(timedelta(hours=1))
    found = org.updated("Lead", start + timedelta(seconds=59), start + timedelta(minutes=2, seconds=30))
    assert found == {"ids": [ADA], "latestDateCovered": "2026-11-20T15:02:00.000+0000"}
    assert org.updated("Lead", start, start + timedelta(minutes=1))["ids"] == []
    for first, last in ((start, start + timedelta(seconds=30)), (start - timedelta(days=31), start)):
        assert refusal(lambda a=first, b=last: org.updated("Lead", a, b))[1][0]["errorCode"] == "INVALID_REPLICATION_DATE"
    assert refusal(lambda: org.updated("Group", start, start + timedelta(minutes=5)))[0] == 404
