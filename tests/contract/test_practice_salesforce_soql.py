"""SOQL over a practice org: what a query finds, in which order, how it is shown, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.salesforce.org import Org
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.soql import condition_test
from sandbox.salesforce.soql_parse import parse_condition
from tests.contract.practice_org import ADA, ANN, BOB, EVE, IVY, LINES, NINE, NOW, QUEUE, a_line, an_id, an_org

MAX, ZOE, DEAL = an_id("003", 1), an_id("003", 2), an_id("006", 1)
PEOPLE: list[dict[str, Any]] = [
    {"attributes": {"type": "CustomField"}, "object": "Lead", "name": "Tags__c", "type": "multipicklist", "picklist": ["red", "blue"]},
    {"attributes": {"type": "CustomField"}, "object": "Lead", "name": "Score__c", "type": "double"},
    a_line("Account", an_id("001", 10), Name="Ten", Industry="Banking"),
    a_line("Contact", MAX, LastName="Max", AccountId=an_id("001", 10), OwnerId=BOB),
    a_line("Contact", ZOE, LastName="Zoe"),
    a_line("Opportunity", DEAL, Name="Deal", AccountId=an_id("001", 10), StageName="Closed Won", CloseDate="2026-11-30", Amount=100.0),
    a_line(
        "Lead", ADA, LastName="Ada", Company="Nine", Email="ada@example.com", OwnerId=ANN, CreatedDate="2026-11-01T10:00:00Z",
        Score__c=5, Tags__c="red;blue",
    ),
    a_line("Lead", EVE, LastName="Eve", Company="Nine", OwnerId=QUEUE, CreatedDate="2026-11-02T10:00:00Z", Tags__c="green", Rating="Hot"),
    a_line(
        "Lead", IVY, LastName="ivy", Company="50%_Off\\", OwnerId=ANN, CreatedDate="2026-11-20T04:59:59Z", Score__c=70.5,
    ),
    a_line("Event", an_id("00U", 1), Subject="Demo", WhoId=MAX, WhatId=DEAL, StartDateTime="2026-11-25T10:00:00Z", DurationInMinutes=30),
    a_line("Task", an_id("00T", 2), Subject="Mail", WhoId=MAX, OwnerId=BOB, Status="Not Started", ActivityDate="2026-11-21"),
]  # fmt: skip


@pytest.fixture(scope="module")
def org() -> Org:
    return an_org(*PEOPLE)


def rows(org: Org, soql: str, *, all_rows: bool = False) -> list[dict[str, Any]]:
    found = org.select(soql, org.caller(), all_rows=all_rows)
    return found.rows(0, max(found.total, 1))


def names(org: Org, where: str, *, of: str = "Lead") -> list[str]:
    return [row["Name"] for row in rows(org, f"SELECT Name FROM {of} WHERE {where}")]


def refusal(org: Org, soql: str) -> tuple[str, str]:
    with pytest.raises(Refused) as found:
        org.select(soql, org.caller())
    return found.value.code, found.value.message.splitlines()[-1]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Company = 'NINE'", ["Ada", "Eve"]),
        ("Company != 'nine'", ["ivy"]),
        ("Email = null", ["Eve", "ivy"]),
        ("Email = ''", ["Eve", "ivy"]),
        ("Email != NULL", ["Ada"]),
        ("Email != 'x@example.com'", ["Ada", "Eve", "ivy"]),
        ("Score__c > 5", ["ivy"]),
        ("Score__c >= 5", ["Ada", "ivy"]),
        ("Score__c < 70.5", ["Ada"]),
        ("Score__c <> 5", ["Eve", "ivy"]),
        ("Score__c IN (5, 70.5)", ["Ada", "ivy"]),
        ("Score__c NOT IN (5)", ["Eve", "ivy"]),
        ("NOT Score__c > 5", ["Ada", "Eve"]),
        ("LastName > 'b'", ["Eve", "ivy"]),
        ("LastName IN ('ADA', 'Ivy')", ["Ada", "ivy"]),
        ("LastName NOT IN ('ada')", ["Eve", "ivy"]),
        ("Rating NOT IN ('Cold')", ["Ada", "Eve", "ivy"]),
        ("Rating IN (null, 'Hot')", ["Ada", "Eve", "ivy"]),
        ("LastName LIKE '%A'", ["Ada"]),
        ("LastName LIKE '_v_'", ["Eve", "ivy"]),
        (r"Company LIKE '50\%\__ff\\'", ["ivy"]),
        (r"Company LIKE '5\%%'", []),
        ("IsConverted = FALSE AND (Company = 'Nine' OR LastName = 'ivy')", ["Ada", "Eve", "ivy"]),
        ("(Company = 'Nine' AND Email = null) OR LastName = 'ivy'", ["Eve", "ivy"]),
        ("NOT (Company = 'Nine' AND Email = null)", ["Ada", "ivy"]),
        ("Tags__c INCLUDES ('red')", ["Ada"]),
        ("Tags__c INCLUDES ('red;green', 'BLUE')", ["Ada"]),
        ("Tags__c EXCLUDES ('red')", ["Eve", "ivy"]),
        (f"Id = '{ADA[:15]}'", ["Ada"]),
        (f"Id > '{ADA}'", ["Eve", "ivy"]),
        (f"OwnerId = '{ANN}' AND Owner.Name LIKE 'ann%'", ["Ada", "ivy"]),
        ("Owner.Type = 'Queue'", ["Eve"]),
        ("Owner.IsActive = true", ["Ada", "ivy"]),
        ("Lead.Company = 'Nine' AND lead.OWNER.NAME = 'inbound'", ["Eve"]),
        ("CreatedDate = 2026-11-01T12:00:00+02:00", ["Ada"]),
        ("CreatedDate >= 2026-11-02T10:00:00.900Z", ["Eve", "ivy"]),
        ("CreatedDate > 2026-11-01T10:00:00Z AND CreatedDate <= 2026-11-02T10:00:00Z", ["Eve"]),
        ("Id IN (SELECT WhoId FROM Task)", ["Ada"]),
        ("Id IN (SELECT WhoId FROM Task WHERE Status = 'Not Started')", []),
        ("Id NOT IN (SELECT WhoId FROM Task)", ["Eve", "ivy"]),
        ("OwnerId IN (SELECT QueueId FROM QueueSobject WHERE SobjectType = 'Lead')", ["Eve"]),
        ("DAY_ONLY(CreatedDate) = 2026-11-20", ["ivy"]),
        ("CALENDAR_MONTH(CreatedDate) = 11 AND DAY_IN_MONTH(CreatedDate) < 3", ["Ada", "Eve"]),
    ],
)  # fmt: skip
def test_a_condition_finds(org: Org, where: str, found: list[str]) -> None:
    assert sorted(names(org, where), key=str.lower) == found


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("TODAY", []),  # of the running user, in New York: there it was still the 19th
        ("YESTERDAY", ["ivy"]),
        ("LAST_N_DAYS:1", ["ivy"]),
        ("LAST_N_DAYS:30", ["Ada", "Eve", "ivy"]),
        ("N_DAYS_AGO:1", ["ivy"]),
        ("THIS_WEEK", ["ivy"]),
        ("LAST_N_WEEKS:3", ["Ada", "Eve"]),
        ("THIS_MONTH", ["Ada", "Eve", "ivy"]),
        ("LAST_MONTH", []),
        ("THIS_QUARTER", ["Ada", "Eve", "ivy"]),
        ("THIS_FISCAL_YEAR", ["Ada", "Eve", "ivy"]),
        ("NEXT_N_DAYS:7", []),
        ("LAST_90_DAYS", ["Ada", "Eve", "ivy"]),
    ],
)
def test_a_date_word_is_a_span_of_days_of_the_running_user(org: Org, word: str, found: list[str]) -> None:
    assert sorted(names(org, f"CreatedDate = {word}"), key=str.lower) == found


def test_a_date_word_has_two_ends(org: Org) -> None:
    assert [names(org, f"CreatedDate {op} YESTERDAY") for op in ("<", "<=", ">", ">=", "!=")] == [
        ["Ada", "Eve"],
        ["Ada", "Eve", "ivy"],
        [],
        ["ivy"],
        ["Ada", "Eve"],
    ]
    assert [row["Subject"] for row in rows(org, "SELECT Subject FROM Task WHERE ActivityDate = TOMORROW")] == ["Mail"]


def test_related_records_are_shown_as_objects_and_those_that_lead_to_several_as_a_name(org: Org) -> None:
    soql = "select id, ACCOUNT.name, account.Owner.Name, owner.username from contact where LastName = 'Max'"
    assert rows(org, soql) == [
        {
            "attributes": {"type": "Contact", "url": f"/services/data/v62.0/sobjects/Contact/{MAX}"},
            "Id": MAX,
            "Account": {
                "attributes": {"type": "Account", "url": f"/services/data/v62.0/sobjects/Account/{an_id('001', 10)}"},
                "Name": "Ten",
                "Owner": {
                    "attributes": {"type": "User", "url": f"/services/data/v62.0/sobjects/User/{org.integration_user}"},
                    "Name": "Integration User",
                },
            },
            "Owner": {"attributes": {"type": "User", "url": f"/services/data/v62.0/sobjects/User/{BOB}"}, "Username": "bob@example.com"},
        }
    ]
    (eve,) = rows(org, "SELECT Owner.Name FROM Lead WHERE LastName = 'Eve'")
    assert eve["Owner"] == {"attributes": {"type": "Name", "url": f"/services/data/v62.0/sobjects/Group/{QUEUE}"}, "Name": "Inbound"}
    (zoe,) = rows(org, "SELECT Account.Name FROM Contact WHERE LastName = 'Zoe'")
    assert zoe["Account"] is None


def test_typeof_shows_each_kind_its_own_fields(org: Org) -> None:
    who = "TYPEOF Who WHEN Lead THEN Company WHEN Contact THEN LastName, Email END"
    soql = f"SELECT {who}, TYPEOF What WHEN Account THEN Name ELSE Id END FROM {{}}"
    (event,) = rows(org, soql.format("Event"))
    assert (event["Who"]["LastName"], event["Who"]["attributes"]["type"], event["What"]["Id"]) == ("Max", "Contact", DEAL)
    tasks = rows(org, soql.format("Task") + " ORDER BY Subject")
    assert [(task["Who"].get("Company"), task["What"]) for task in tasks] == [("Nine", None), (None, None)]


def test_child_rows_are_shown_with_their_record_and_null_where_there_are_none(org: Org) -> None:
    soql = "SELECT Name, (SELECT Subject FROM Tasks WHERE IsClosed = true ORDER BY Subject LIMIT 5) FROM Lead ORDER BY Name"
    shown = [
        (row["Name"], row["Tasks"] and (row["Tasks"]["totalSize"], [task["Subject"] for task in row["Tasks"]["records"]]))
        for row in rows(org, soql)
    ]
    assert shown == [("Ada", (1, ["Call"])), ("Eve", None), ("ivy", None)]
    (deal,) = rows(org, "SELECT Name, (SELECT Subject FROM Events), (SELECT Subject FROM Tasks) FROM Opportunity")
    assert (deal["Events"]["records"][0]["Subject"], deal["Tasks"]) == ("Demo", None)


def test_rows_are_ordered_without_case_with_nulls_first_unless_asked(org: Org) -> None:
    def ordered(by: str) -> list[str]:
        return [row["Name"] for row in rows(org, f"SELECT Name FROM Lead ORDER BY {by}")]

    assert ordered("LastName") == ["Ada", "Eve", "ivy"]
    assert ordered("LastName DESC LIMIT 2") == ["ivy", "Eve"]
    assert ordered("Score__c") == ["Eve", "Ada", "ivy"]
    assert ordered("Score__c NULLS LAST") == ["Ada", "ivy", "Eve"]
    assert ordered("Score__c DESC NULLS LAST") == ["ivy", "Ada", "Eve"]
    assert ordered("Company ASC, CreatedDate DESC") == ["ivy", "Eve", "Ada"]
    assert ordered("CreatedDate, Id LIMIT 1 OFFSET 1") == ["Eve"]


def test_groups_and_aggregates(org: Org) -> None:
    grouped = rows(org, "SELECT Company, COUNT(Id) n, MAX(CreatedDate), AVG(Score__c) FROM Lead GROUP BY Company ORDER BY COUNT(Id) DESC")
    assert grouped == [
        {"attributes": {"type": "AggregateResult"}, "Company": "Nine", "n": 2, "expr0": "2026-11-02T10:00:00.000+0000", "expr1": 5.0},
        {"attributes": {"type": "AggregateResult"}, "Company": "50%_Off\\", "n": 1, "expr0": "2026-11-20T04:59:59.000+0000", "expr1": 70.5},
    ]
    assert [row["Name"] for row in rows(org, "SELECT Owner.Name, COUNT(Id) FROM Lead GROUP BY Owner.Name HAVING COUNT(Id) > 1")] == [
        "Ann Ng"
    ]
    (whole,) = rows(org, "SELECT COUNT(Id) a, COUNT(Email) b, COUNT_DISTINCT(Company) c, MIN(Score__c) d, SUM(Score__c) e FROM Lead")
    assert list(whole.values())[1:] == [3, 1, 2, 5, 75.5]
    assert [
        row["expr0"] for row in rows(org, "SELECT CALENDAR_MONTH(CreatedDate), COUNT(Id) FROM Lead GROUP BY CALENDAR_MONTH(CreatedDate)")
    ] == [11]
    empty = rows(org, "SELECT COUNT(Id), MAX(CreatedDate) FROM Lead WHERE LastName = 'Nobody'")
    assert [empty[0]["expr0"], empty[0]["expr1"]] == [0, None]


def test_a_bare_count_has_a_size_and_no_rows(org: Org) -> None:
    found = org.select("select count() from Lead where Company = 'Nine'", org.caller())
    assert (found.total, found.rows(0, 10)) == (2, [])


def test_all_fields_are_shown_only_of_few_rows(org: Org) -> None:
    (ada,) = rows(org, "SELECT FIELDS(ALL) FROM Lead WHERE LastName = 'Ada' LIMIT 200")
    assert {"Id", "SystemModstamp", "Score__c", "Address"} <= ada.keys()
    assert "Score__c" not in rows(org, "SELECT FIELDS(STANDARD) FROM Lead LIMIT 1")[0]
    assert rows(org, "SELECT Id, FIELDS(CUSTOM) FROM Lead LIMIT 1")[0].keys() == {"attributes", "Id", "Ref__c", "Tags__c", "Score__c"}
    assert refusal(org, "SELECT FIELDS(ALL) FROM Lead LIMIT 201") == (
        "MALFORMED_QUERY",
        "The SOQL FIELDS function must have a LIMIT of at most 200",
    )


def test_fields_are_looked_up_as_rows(org: Org) -> None:
    soql = (
        "SELECT QualifiedApiName, IsFieldHistoryTracked, DataType, EntityDefinition.QualifiedApiName FROM FieldDefinition "
        "WHERE EntityDefinition.QualifiedApiName = 'Lead' AND QualifiedApiName IN ('Status', 'Email')"
    )
    shown = {row["QualifiedApiName"]: (row["IsFieldHistoryTracked"], row["DataType"]) for row in rows(org, soql)}
    assert shown == {"Status": (True, "Picklist"), "Email": (False, "Email")}
    assert refusal(org, "SELECT QualifiedApiName FROM FieldDefinition")[0] == "EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION"


_OTHER_OBJECT = (
    "The selected field 'Id' in the subquery and the left operand field in the where expression in the outer query 'Id' "
    "should point to the same object type"
)
_NESTED = "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE expressions."


def _of_type(field: str, type_: str, *, quoted: bool = False) -> str:
    return (
        f"value of filter criterion for field '{field}' must be of type {type_} and should{'' if quoted else ' not'} be enclosed in quotes"
    )


@pytest.mark.parametrize(
    ("soql", "code", "told"),
    [
        ("SELECT Id FROM Lead WHERE Company = 'a' AND Email = 'b' OR Title = 'c'", "MALFORMED_QUERY", "unexpected token: 'OR'"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Lead WHERE Company", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Lead WHERE Company = Nine", "MALFORMED_QUERY", "unexpected token: 'Nine'"),
        ("SELECT Id FROM Lead WHERE Company = 'a' ) ", "MALFORMED_QUERY", "unexpected token: ')'"),
        ("SELECT Id FROM Lead WHERE Id IN ()", "MALFORMED_QUERY", "unexpected token: ')'"),
        (r"SELECT Id FROM Lead WHERE Company = 'a\z'", "MALFORMED_QUERY", "Illegal escape \\z"),
        ("SELECT Id FROM Lead ALL ROWS", "MALFORMED_QUERY", "unexpected token: 'ALL'"),
        ("SELECT Id FROM Lead; DROP", "MALFORMED_QUERY", "unexpected token: ';'"),
        ("SELECT * FROM Lead", "MALFORMED_QUERY", "unexpected token: '*'"),
        ("SELECT Id, id FROM Lead", "MALFORMED_QUERY", "duplicate field selected: Id"),
        ("SELECT Id, Name n FROM Lead", "MALFORMED_QUERY", "only aggregate expressions use field aliasing"),
        ("SELECT Id, COUNT(Id) FROM Lead", "MALFORMED_QUERY", "Field must be grouped or aggregated: Id"),
        ("SELECT Name FROM Lead GROUP BY Company", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
        ("SELECT SUM(Company) FROM Lead", "MALFORMED_QUERY", "field Company does not support aggregate operator SUM"),
        ("SELECT Id FROM Lead WHERE CreatedDate = LAST_N_DAYS:99999999", "MALFORMED_QUERY", "LAST_N_DAYS:99999999 is out of range"),
        ("SELECT Id FROM Lead WHERE Id IN (SELECT Id FROM Task)", "MALFORMED_QUERY", _OTHER_OBJECT),
        ("SELECT Id FROM Lead WHERE Email = null OR Id IN (SELECT WhoId FROM Task)", "MALFORMED_QUERY", _NESTED),
        ("SELECT Id FROM Lead OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
        ("SELECT Id FROM Lead WHERE Description LIKE '%x%'", "INVALID_FIELD", "field 'Description' can not be filtered in a query call"),
        ("SELECT Id FROM LeadHistory WHERE NewValue = 'x'", "INVALID_FIELD", "field 'NewValue' can not be filtered in a query call"),
        ("SELECT Id FROM Lead ORDER BY Description", "INVALID_FIELD", "field 'Description' can not be sorted in a query call"),
        ("SELECT Id FROM Lead WHERE Score__c = '5'", "INVALID_FIELD", _of_type("Score__c", "double")),
        ("SELECT Id FROM Lead WHERE Company = 5", "INVALID_FIELD", _of_type("Company", "string", quoted=True)),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-11-01", "INVALID_FIELD", _of_type("CreatedDate", "dateTime")),
        ("SELECT Id FROM Lead WHERE IsConverted = 'true'", "INVALID_FIELD", _of_type("IsConverted", "boolean")),
        ("SELECT Id FROM Lead WHERE OwnerId = 'me'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: me"),
        ("SELECT Id FROM Lead WHERE Company INCLUDES ('x')", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on string field"),
        ("SELECT Id FROM Lead WHERE OwnerId LIKE '005%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on reference field"),
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_read_is_refused_never_answered_with_all_rows(org: Org, soql: str, code: str, told: str) -> None:
    assert refusal(org, soql) == (code, told)


def test_unknown_names_are_shown_with_their_place_as_the_vendor_words_it(org: Org) -> None:
    with pytest.raises(Refused) as found:
        org.select("SELECT Id, Foo__c FROM Lead", org.caller())
    assert (found.value.status, found.value.code) == (400, "INVALID_FIELD")
    assert found.value.message == (
        "\nSELECT Id, Foo__c FROM Lead\n           ^\nERROR at Row:1:Column:12\n"
        "No such column 'Foo__c' on entity 'Lead'. If you are attempting to use a custom field, be sure to append the '__c' after the "
        "custom field name. Please reference your WSDL or the describe call for the appropriate names."
    )
    with pytest.raises(Refused) as found:
        org.select("select count() from XYZZY", org.caller())
    assert found.value.code == "INVALID_TYPE"
    assert found.value.message == (  # as recorded
        "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\n"
        "sObject type 'XYZZY' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the "
        "entity name. Please reference your WSDL or the describe call for the appropriate names."
    )
    code, told = refusal(org, "SELECT Id, Foo.Name FROM Lead")
    assert (code, told.startswith("Didn't understand relationship 'Foo' in field path.")) == ("INVALID_FIELD", True)
    code, told = refusal(org, "SELECT Owner.Company FROM Lead")
    assert (code, told.startswith("No such column 'Company' on entity 'Name'.")) == ("INVALID_FIELD", True)


def test_query_hides_deleted_and_archived_rows_and_query_all_shows_them() -> None:
    old = a_line("Task", an_id("00T", 9), Subject="Old", Status="Completed", ActivityDate="2025-11-01", WhoId=ADA)
    org = an_org(old)
    org.delete("Lead", EVE, org.caller())
    assert org.archive_activities() == 1
    assert [row["Name"] for row in rows(org, "SELECT Name FROM Lead ORDER BY Name")] == ["Ada", "Ivy"]
    assert [row["Name"] for row in rows(org, "SELECT Name FROM Lead WHERE IsDeleted = true", all_rows=True)] == ["Eve"]
    assert [row["Subject"] for row in rows(org, "SELECT Subject FROM Task")] == ["Call"]
    assert [
        (row["Subject"], row["IsArchived"])
        for row in rows(org, "SELECT Subject, IsArchived FROM Task WHERE IsArchived = true", all_rows=True)
    ] == [("Old", True)]


def test_what_was_found_stays_and_is_shown_as_it_is_when_it_is_read() -> None:
    org = an_org()
    found = org.select("SELECT Name, Status FROM Lead WHERE Status = 'Open - Not Contacted' ORDER BY Name", org.caller())
    org.update("Lead", ADA, {"Status": "Working - Contacted"}, org.caller())
    org.delete("Lead", EVE, org.caller())
    assert found.total == 3
    assert [(row["Name"], row["Status"]) for row in found.rows(0, 3)] == [("Ada", "Working - Contacted"), ("Ivy", "Open - Not Contacted")]


def test_hidden_fields_and_objects_are_unknown_to_queries() -> None:
    org = an_org()
    org.hide("lead", "email")
    org.hide("Campaign")
    assert refusal(org, "SELECT Id FROM Lead WHERE Email = null")[0] == "INVALID_FIELD"
    assert "Email" not in rows(org, "SELECT FIELDS(ALL) FROM Lead LIMIT 1")[0]
    assert refusal(org, "SELECT Id FROM Campaign")[0] == "INVALID_TYPE"
    org.show("Lead", "Email")
    assert rows(org, "SELECT Email FROM Lead WHERE LastName = 'Ada'")[0]["Email"] == "ada@example.com"


def test_a_write_of_a_slow_transaction_is_seen_late_with_its_early_stamp() -> None:
    org = an_org()
    slow = org.caller(user_id=ANN, commits_after=timedelta(seconds=90))
    org.clock.advance(timedelta(seconds=10))
    org.update("Lead", ADA, {"Title": "CEO"}, slow)
    made = org.create("Lead", {"LastName": "Late", "Company": "Nine"}, slow)
    org.clock.advance(timedelta(seconds=60))
    assert rows(org, "SELECT Id FROM Lead WHERE Title = 'CEO' OR LastName = 'Late'") == []
    assert org.updated("Lead", NOW - timedelta(hours=1), NOW + timedelta(hours=1))["latestDateCovered"] == "2026-11-20T15:00:00.000+0000"
    with pytest.raises(Refused, match="unable to obtain exclusive access"):
        org.update("Lead", ADA, {"Title": "CTO"}, org.caller())
    org.clock.advance(timedelta(seconds=30))
    seen = rows(org, "SELECT Id, SystemModstamp FROM Lead WHERE SystemModstamp >= 2026-11-20T15:00:10Z ORDER BY SystemModstamp, Id")
    assert [(row["Id"], row["SystemModstamp"]) for row in seen] == [
        (ADA, "2026-11-20T15:00:10.000+0000"),
        (made, "2026-11-20T15:00:10.000+0000"),
    ]


_PARTS = st.sampled_from(
    [
        f"Id = '{EVE}'",
        f"Id IN ('{ADA}', '{IVY}')",
        f"OwnerId = '{ANN}'",
        f"OwnerId IN ('{ANN}', '{QUEUE}')",
        f"OwnerId != '{ANN}'",
        "SystemModstamp >= 2026-11-02T10:00:00Z",
        "SystemModstamp > 2026-11-02T10:00:00Z",
        "SystemModstamp < 2026-11-02T10:00:00Z",
        "SystemModstamp <= 2026-11-02T10:00:00Z",
        "CreatedDate = LAST_N_DAYS:7",
        "CreatedDate != 2026-11-01T10:00:00Z",
        "Company = 'Nine'",
        "Score__c = null",
    ]
)
_ORDERS = st.sampled_from(["", " ORDER BY SystemModstamp, Id", " ORDER BY CreatedDate DESC", " ORDER BY SystemModstamp", " ORDER BY Id"])


@settings(deadline=None)
@given(parts=st.lists(_PARTS, min_size=1, max_size=4), order=_ORDERS)
def test_rows_are_found_whatever_index_leads_to_them(org: Org, parts: list[str], order: str) -> None:
    where = " AND ".join(parts)
    lead = org.store.schema.objects["Lead"]
    test = condition_test(org.store, lead, where, parse_condition(where), org.caller())
    held = {row["Id"] for row in org.store.tables["Lead"].rows.values() if test(row)}
    assert {row["Id"] for row in rows(org, f"SELECT Id FROM Lead WHERE {where}{order}")} == held


def test_a_page_of_changes_is_in_order_after_changes() -> None:
    org = Org.from_lines(LINES, now=NOW)
    for step, id_ in enumerate((IVY, ADA, EVE, ADA)):
        org.clock.advance(timedelta(seconds=step))
        org.update("Lead", id_, {"Title": str(step)}, org.caller())
    changed = rows(org, "SELECT Id FROM Lead WHERE SystemModstamp >= 2026-11-20T15:00:00Z ORDER BY SystemModstamp, Id")
    assert [row["Id"] for row in changed] == [IVY, EVE, ADA]
    assert rows(org, f"SELECT Name FROM Account WHERE Id = '{NINE}'")[0]["Name"] == "Nine"
