"""Salesforce's shapes and ours: small literals in the shape of recorded answers."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.csv_rows import rows_of_csv
from connectors.errors import Misconfigured
from connectors.records import Wanted
from connectors.salesforce.mapping import (
    definition_from,
    key_of,
    links_of,
    merge_of,
    owner_from_queue,
    owner_from_user,
    record_from_row,
    team_from_user,
    vocabulary,
)
from connectors.salesforce.soql import count, moment, select, texts
from connectors.salesforce.streams import row_streams
from connectors.salesforce.values import id18, is_id, is_true, moment_of, text_of, value_of

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
LEAD, CONTACT, ACCOUNT, DEAL = "00Q4S000002sSacUAE", "0034S000001AbcdQAC", "0014S000001AbcdQAC", "0064S000001AbcdQAC"
USER = "0054S000000JFmhQAG"


def a_row(**fields: Any) -> dict[str, Any]:
    return {
        "attributes": {"type": "Lead", "url": f"/services/data/v62.0/sobjects/Lead/{LEAD}"},
        "Id": LEAD,
        "IsDeleted": False,
        "CreatedDate": "2026-11-01T10:00:00.000+0000",
        "SystemModstamp": "2026-11-02T12:00:00.000+0000",
        **fields,
    }


@pytest.mark.parametrize("text", ["2026-11-02T12:00:00.000+0000", "2026-11-02T12:00:00.000Z", "2026-11-02T13:00:00+01:00"])
def test_times_are_read_in_every_documented_form(text: str):
    assert moment_of(text) == NOON


@pytest.mark.parametrize("value", [None, "", "soon", 17, True])
def test_what_is_no_time_is_none(value: object):
    assert moment_of(value) is None


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("00Q4S000002sSac", LEAD),
        ("0054S000000JFmh", USER),
        ("0TO4S000000GuXc", "0TO4S000000GuXcWAK"),
        ("a00D0000008pQRA", "a00D0000008pQRAIA2"),
    ],
)
def test_an_id_of_15_characters_is_told_in_its_form_of_18(short: str, long: str):
    assert id18(short) == long
    assert id18(long) == long
    assert is_id(short)
    assert is_id(long)


@given(st.from_regex(r"[0-9A-Za-z]{15}", fullmatch=True))
def test_ids_that_differ_in_case_alone_differ_in_their_long_form_whatever_the_case(short: str):
    assert (id18(short).casefold() == id18(short.swapcase()).casefold()) == (short == short.swapcase())


@pytest.mark.parametrize("text", ["Ann Ng", "999999999", "00Q4S000002sSacUAF", ""])
def test_a_name_a_number_and_a_wrong_checksum_are_no_ids(text: str):
    assert not is_id(text)


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (False, "false"), (7, "7"), (1000.5, "1000.5"), ("A;B", "A;B"), ("", None), (None, None)]
)
def test_values_are_kept_as_text(value: object, text: str | None):
    assert text_of(value) == text


def test_a_flag_is_read_from_json_and_from_csv():
    assert [is_true(value) for value in (True, "true", False, "false", "", None)] == [True, True, False, False, False, False]


def test_a_field_of_another_record_is_read_from_both_apis():
    assert value_of({"Account": {"Industry": "Retail"}}, "Account.Industry") == "Retail"
    assert value_of({"Account.Industry": "Retail"}, "Account.Industry") == "Retail"
    assert value_of({"Account": None}, "Account.Industry") is None


def test_a_record_keeps_the_wanted_fields_alone_and_its_ids_are_long():
    row = a_row(OwnerId=USER[:15], Email="Ann@Example.com", IsConverted=False, Secret="x")
    record = record_from_row("Lead", row, ("OwnerId", "Email", "IsConverted", "Status"))
    assert record.values == {"OwnerId": USER, "Email": "Ann@Example.com", "IsConverted": "false", "Status": None}
    assert str(record.key) == f"salesforce/Lead/{LEAD}"
    assert (record.created_at, record.changed_at, record.history) == (datetime(2026, 11, 1, 10, tzinfo=UTC), NOON, {})


def test_a_row_without_time_is_refused_with_a_fix():
    with pytest.raises(Misconfigured, match="has no CreatedDate") as refused:
        record_from_row("Lead", {"Id": LEAD}, ())
    assert "my_domain" in refused.value.fix


def test_a_loser_of_a_merge_names_its_survivor():
    merge = merge_of("Lead", a_row(IsDeleted=True, MasterRecordId="00Q4S000002sSahUAE"))
    assert merge is not None
    assert (merge.gone, merge.into.id, merge.at) == (key_of("Lead", LEAD), "00Q4S000002sSahUAE", NOON)
    assert merge_of("Lead", a_row(IsDeleted=True, MasterRecordId=None)) is None


def test_a_converted_lead_links_its_opportunity_to_itself_and_to_its_contact():
    links = list(links_of("Lead", a_row(ConvertedOpportunityId=DEAL, ConvertedContactId=CONTACT, ConvertedAccountId=ACCOUNT)))
    assert [(link.left.kind, link.right.id) for link in links] == [("Lead", DEAL), ("Contact", DEAL)]
    assert list(links_of("Lead", a_row(ConvertedOpportunityId=None))) == []


def test_contacts_and_opportunities_are_linked_to_their_account():
    for kind in ("Contact", "Opportunity"):
        (link,) = links_of(kind, a_row(AccountId=ACCOUNT))
        assert (link.left.kind, link.right, link.primary) == (kind, key_of("Account", ACCOUNT), True)


@pytest.mark.parametrize(
    ("active", "sort", "can_own"),
    [(True, "Standard", True), (False, "Standard", False), (True, "CsnOnly", False), (True, "PowerCustomerSuccess", False)],
)
def test_only_an_active_user_of_the_standard_type_can_own_a_lead(active: bool, sort: str, can_own: bool):
    row = {"Id": USER, "Name": "Ann Ng", "Email": "Ann@Example.com", "IsActive": active, "UserType": sort, "UserRoleId": None}
    owner = owner_from_user(row)
    assert (owner.active, owner.user_id, owner.email, owner.teams, owner.is_queue) == (can_own, USER, "ann@example.com", (), False)


def test_a_users_role_is_the_team():
    row = {"Id": USER, "UserRoleId": "00E4S000001AbcdUAC", "UserRole": {"Name": "SDR"}}
    team = team_from_user(row)
    assert team is not None
    assert (owner_from_user(row).teams, team.name) == ((team.id,), "SDR")
    assert team_from_user({"Id": USER, "UserRoleId": None, "UserRole": None}) is None


def test_a_queue_is_an_owner_as_long_as_it_may_hold_leads():
    row = {"Id": "00G4S000001AbcdUAC", "Name": "Unassigned", "Email": None}
    assert owner_from_queue(row, {"00G4S000001AbcdUAC"}).active
    assert not owner_from_queue(row, ()).active
    assert owner_from_queue(row, ()).is_queue


def test_a_picklist_comes_in_display_order_without_values_that_are_switched_off():
    values = [
        {"value": "B", "label": "b", "active": True},
        {"value": "Old", "active": False},
        {"value": "A", "label": None, "active": True},
    ]
    item = {"name": "Status", "label": "Lead Status", "type": "picklist", "updateable": True, "picklistValues": values}
    definition = definition_from("Lead", item, tracked=True, closed={"A": True, "B": False})
    assert [(one.value, one.label, one.order, one.closed) for one in definition.options] == [("B", "b", 0, False), ("A", "A", 1, True)]
    assert (definition.label, definition.read_only, definition.tracked) == ("Lead Status", False, True)


def test_the_fields_of_a_form_are_the_orgs_own():
    words = vocabulary(form_date_field="Last_Form_At__c", form_name_field="Last_Form__c")
    assert (words.hand_raise_at, words.hand_raise_form) == ("Last_Form_At__c", "Last_Form__c")
    lead = row_streams(Wanted(fields={}, history={}), ("Last_Form_At__c", "Last_Form__c"))
    assert {"Last_Form_At__c", "Last_Form__c"} <= set(lead["Lead"].shown) & set(lead["LeadHistory"].tells)


def test_only_what_is_wanted_is_read_beyond_what_every_lead_needs():
    plain = row_streams(Wanted(fields={}, history={}))
    deals = ("Opportunity", "OpportunityFieldHistory")
    assert tuple(plain) == ("Lead", "LeadHistory", "Contact", "ContactHistory", "Account", *deals, "Task", "Event")
    assert plain["ContactHistory"].tells == {"Owner": "OwnerId", "OwnerId": "OwnerId"}
    assert "Status" not in plain["Lead"].select
    more = row_streams(Wanted(fields={"Contact": frozenset({"Title"})}, history={"Contact": frozenset({"Title"})}))
    assert "Title" in more["ContactHistory"].tells
    assert more["Contact"].asked() != plain["Contact"].asked()
    assert more["Lead"].asked() == plain["Lead"].asked()


def test_values_cannot_leave_their_quotes_in_a_query():
    assert texts(["O'Neil \\ \n"]) == r"('O\'Neil \\ \n')"


def test_a_field_that_is_no_name_is_refused_before_it_reaches_a_query():
    with pytest.raises(Misconfigured, match="no field"):
        select(("Id FROM User--",), "Lead")


def test_a_query_is_written_from_its_parts():
    text = select(("Id", "Name"), "Lead", "", f"CreatedDate < {moment(NOON)}", order="Id", limit=5)
    assert text == "SELECT Id, Name FROM Lead WHERE CreatedDate < 2026-11-02T12:00:00Z ORDER BY Id LIMIT 5"
    assert count("Task", "IsDeleted = false") == "SELECT COUNT() FROM Task WHERE IsDeleted = false"


def test_csv_keeps_quotes_commas_and_line_breaks_within_values():
    data = b'"Id","Name","Note"\n"1","Acme, ""Inc""","two\nlines"\n"2","",""\n'
    assert list(rows_of_csv(data)) == [
        {"Id": "1", "Name": 'Acme, "Inc"', "Note": "two\nlines"},
        {"Id": "2", "Name": "", "Note": ""},
    ]
    assert list(rows_of_csv(b"")) == []


@pytest.mark.parametrize("data", [b'"Id","Name"\n"1"\n', b'"Id","Name"\n"1","Ac'])
def test_a_csv_that_broke_off_is_no_csv(data: bytes):
    with pytest.raises(ValueError, match=r".+"):
        list(rows_of_csv(data))


@pytest.mark.parametrize("told", ["2026-11-20T15:00:00.000+0000", "2026-11-20T15:00:00.000Z"])
def test_a_moment_is_one_text_whether_it_came_by_page_or_in_bulk(told: str) -> None:
    record = record_from_row("Lead", a_row(Last_Form_At__c=told), ("Last_Form_At__c",))
    assert text_of(told) == record.values["Last_Form_At__c"] == "2026-11-20T15:00:00.000+0000"


@pytest.mark.parametrize("text", ["A title of twenty-four Z", "2026-11-20 15:00:00.000Z"])
def test_a_text_that_is_no_moment_stays_as_it_is(text: str) -> None:
    assert text_of(text) == record_from_row("Lead", a_row(Title=text), ("Title",)).values["Title"] == text
