"""Rows of histories as changes of fields."""

from datetime import UTC, datetime
from typing import Any

from connectors.records import FieldChange, Wanted
from connectors.salesforce.histories import changes_of
from connectors.salesforce.streams import row_streams

LEAD, DEAL = "00Q4S000002sSacUAE", "0064S000001AbcdQAC"
ANN, BOB, QUEUE = "0054S000000JFmhQAG", "0054S000000JFmiQAG", "00G4S000001AbcdUAC"
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
STREAMS = row_streams(
    Wanted(
        fields={},
        history={"Lead": frozenset({"Status", "Score__c", "Opted_Out__c", "Phone"}), "Opportunity": frozenset({"Amount", "AccountId"})},
    )
)


class Known:
    """An org with two people, a queue, and stages."""

    def owner_named(self, name: str) -> str | None:
        return {"Ann Ng": ANN, "Bob Doe": BOB, "Unassigned": QUEUE}.get(name)

    def is_closed(self, stage: str) -> bool | None:
        return {"Prospecting": False, "Closed Won": True, "Closed Lost": True}.get(stage)


def a_row(field: str, old: Any, new: Any, *, at: str = "2026-11-02T12:00:00.000+0000", of: str = LEAD) -> dict[str, Any]:
    return {"Id": "017", "LeadId": of, "Field": field, "OldValue": old, "NewValue": new, "CreatedDate": at, "CreatedById": BOB[:15]}


def lead_changes(*rows: dict[str, Any]) -> list[FieldChange]:
    return list(changes_of(STREAMS["LeadHistory"], rows, Known()))


def deal_changes(*rows: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    rows = tuple({**row, "OpportunityId": DEAL} for row in rows)
    return [(one.field, one.before, one.value) for one in changes_of(STREAMS["OpportunityFieldHistory"], rows, Known())]


def values(changes: list[FieldChange]) -> list[tuple[str, str | None, str | None]]:
    return [(one.field, one.before, one.value) for one in changes]


def test_a_change_tells_before_and_after_when_and_by_whom():
    (change,) = lead_changes(a_row("Status", "Open", "Accepted"))
    assert (change.record.id, change.field, change.before, change.value) == (LEAD, "Status", "Open", "Accepted")
    assert (change.at, change.since, change.actor, change.source_id, change.source) == (NOON, None, BOB, BOB, None)


def test_numbers_and_flags_are_told_as_the_record_tells_them():
    changes = lead_changes(a_row("Score__c", 50.0, 70.0), a_row("Opted_Out__c", False, True), a_row("Score__c", 70.0, None))
    assert values(changes) == [("Score__c", "50.0", "70.0"), ("Opted_Out__c", "false", "true"), ("Score__c", "70.0", None)]


def test_a_long_number_that_looks_like_an_id_stays_as_it_is():
    assert values(lead_changes(a_row("Phone", None, "001234567890123"))) == [("Phone", None, "001234567890123")]


def test_of_the_two_rows_of_an_owners_change_the_ids_are_taken_whatever_their_order():
    ids, names = a_row("Owner", ANN[:15], BOB), a_row("Owner", "Ann Ng", "Bob Doe")
    for rows in ((ids, names), (names, ids)):
        assert values(lead_changes(*rows)) == [("OwnerId", ANN, BOB)]


def test_an_owners_change_told_by_names_alone_is_taken_where_they_name_one():
    assert values(lead_changes(a_row("Owner", "Ann Ng", "Unassigned"))) == [("OwnerId", ANN, QUEUE)]
    assert values(lead_changes(a_row("Owner", "Somebody Else", "Bob Doe"))) == [("OwnerId", None, BOB)]
    assert values(lead_changes(a_row("Owner", "Ann Ng", "Two Of That Name"))) == []


def test_the_same_change_is_told_by_a_row_with_names_as_by_the_one_with_ids_on_another_page():
    assert lead_changes(a_row("Owner", "Ann Ng", "Bob Doe")) == lead_changes(a_row("Owner", ANN, BOB))


def test_a_conversion_is_the_moment_at_which_the_lead_is_converted():
    assert values(lead_changes(a_row("leadConverted", None, None))) == [("IsConverted", "false", "true")]


def test_rows_that_tell_of_no_field_that_is_read_are_passed_over():
    assert lead_changes(a_row("created", None, None), a_row("leadMerged", None, None), a_row("Rating", "Hot", "Cold")) == []


def test_a_stage_that_closes_or_reopens_an_opportunity_tells_so():
    assert deal_changes(a_row("StageName", "Prospecting", "Closed Won"), a_row("StageName", "Closed Won", "Prospecting")) == [
        ("StageName", "Prospecting", "Closed Won"),
        ("IsClosed", "false", "true"),
        ("StageName", "Closed Won", "Prospecting"),
        ("IsClosed", "true", "false"),
    ]


def test_a_stage_that_changes_nothing_about_it_or_is_not_known_tells_nothing_more():
    assert deal_changes(a_row("StageName", "Closed Won", "Closed Lost"), a_row("StageName", "Gone Stage", "Closed Lost")) == [
        ("StageName", "Closed Won", "Closed Lost"),
        ("StageName", "Gone Stage", "Closed Lost"),
    ]


def test_of_another_reference_the_row_with_ids_alone_is_taken():
    ids, names = a_row("Account", "0014S000001AbcdQAC", "0014S000001AbceQAC"), a_row("Account", "Acme", "Globex")
    assert deal_changes(names, ids) == [("AccountId", "0014S000001AbcdQAC", "0014S000001AbceQAC")]
