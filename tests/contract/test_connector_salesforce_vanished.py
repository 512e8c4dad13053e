"""What vanished from a practice org, was merged, converted, archived, or belongs to another person now."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.records import ActivityKind, RecordKey
from tests.contract.connector_suite import MANY, records
from tests.contract.practice_salesforce import (
    BOB,
    FIRST,
    PracticeSalesforce,
    an_id,
    gone,
    ids,
    last_cursor,
    line,
    practice_salesforce,
    stamps,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def practice() -> Iterator[PracticeSalesforce]:
    with practice_salesforce() as practice:
        yield practice


def test_a_deleted_lead_is_told_as_gone_and_comes_back_when_it_is_undeleted(practice: PracticeSalesforce):
    connector = practice.connector()
    cursor = last_cursor(connector, "Lead")
    practice.pass_time(HOUR)
    practice.deed("delete", id=practice.persons[0])
    deleted_at = practice.now
    practice.pass_time(HOUR)
    (away,) = connector.pages("Lead", cursor)
    practice.deed("undelete", id=practice.persons[0])
    practice.pass_time(HOUR)
    (back,) = connector.pages("Lead", away.cursor)
    assert ([(key.id, at) for key, at in away.gone], away.live) == ([(practice.persons[0], deleted_at)], MANY - 1)
    assert (ids([back]), back.live) == ([practice.persons[0]], MANY)


def test_what_is_purged_before_it_is_seen_to_be_deleted_is_noticed_by_the_count(practice: PracticeSalesforce):
    connector = practice.connector()
    cursor = last_cursor(connector, "Lead")
    practice.pass_time(HOUR)
    practice.deed("delete", id=practice.persons[0])
    practice.deed("empty-bin")
    (page,) = connector.pages("Lead", cursor)
    assert (gone([page]), page.live) == ([], MANY - 1)
    (looked_up,) = connector.look_up("Lead", practice.persons[:2])
    assert ([key.id for key in looked_up.erased], ids([looked_up])) == (practice.persons[:1], practice.persons[1:2])


def test_a_merged_lead_names_its_survivor_everywhere(practice: PracticeSalesforce):
    connector = practice.connector()
    cursor = last_cursor(connector, "Lead")
    practice.pass_time(HOUR)
    master, loser = practice.persons[:2]
    practice.deed("merge", sobject="Lead", master=master, losers=[loser])
    pulled = list(connector.pages("Lead", cursor))
    for pages in (pulled, list(connector.archived("Lead")), list(connector.look_up("Lead", [loser]))):
        assert [(merge.gone.id, merge.into.id) for page in pages for merge in page.merged] == [(loser, master)]
        assert gone(pages) == []


def test_a_conversion_is_told_by_lead_history_contact_and_opportunity(practice: PracticeSalesforce):
    connector = practice.connector()
    streams = connector.streams()[2:]
    cursors = {stream: last_cursor(connector, stream) for stream in streams}
    practice.pass_time(HOUR)
    made = practice.deed("convert", lead=practice.persons[0], opportunity_name="Acme, first order")
    converted_at = practice.now
    practice.pass_time(HOUR)
    told = {stream: list(connector.pages(stream, cursors[stream])) for stream in streams}

    (lead,) = records(told["Lead"])
    assert (lead.values["IsConverted"], lead.values["ConvertedContactId"]) == ("true", made["contact_id"])
    assert [
        (one.field, one.before, one.value, one.at) for page in told["LeadHistory"] for one in page.changes if one.field == "IsConverted"
    ] == [("IsConverted", "false", "true", converted_at)]
    assert ids(told["Contact"]) == [made["contact_id"]]
    assert ids(told["Opportunity"]) == [made["opportunity_id"]]
    links = {(link.left.kind, link.left.id, link.right.id) for link in told["Lead"][0].links}
    assert links == {
        ("Lead", practice.persons[0], made["opportunity_id"]),
        ("Contact", made["contact_id"], made["opportunity_id"]),
    }
    assert [(link.right.id, link.primary) for link in told["Contact"][0].links] == [(made["account_id"], True)]


def test_a_stage_that_closes_an_opportunity_is_told_with_its_moment(practice: PracticeSalesforce):
    deal = practice.call("POST", "/sobjects/Opportunity", {"Name": "x", "StageName": "Prospecting", "CloseDate": "2026-12-01"})["id"]
    connector = practice.connector()
    cursor = last_cursor(connector, "OpportunityFieldHistory")
    practice.pass_time(HOUR)
    practice.call("PATCH", f"/sobjects/Opportunity/{deal}", {"StageName": "Closed Won"})
    practice.pass_time(HOUR)
    changes = [change for page in connector.pages("OpportunityFieldHistory", cursor) for change in page.changes]
    assert [(one.record.id, one.field, one.before, one.value) for one in changes] == [
        (deal, "StageName", "Prospecting", "Closed Won"),
        (deal, "IsClosed", "false", "true"),
    ]


def test_archived_activities_come_with_the_others_and_are_counted():
    old = {"Status": "Completed", "ActivityDate": "2024-01-10", "CompletedDateTime": "2024-01-10T09:00:00Z", "TaskSubtype": "Email"}
    task = line("Task", an_id("00T", 7), WhoId=an_id("00Q", 1), OwnerId=BOB, Subject="Hello", **old, **stamps(FIRST))
    with practice_salesforce(task) as practice:
        practice.deed("archive")
        connector = practice.connector()
        pages = list(connector.pages("Task", None))
        assert (sorted(ids(pages)), pages[-1].live) == ([an_id("00T", 1), an_id("00T", 7)], 2)
        assert connector.count("Task", created_before=practice.now) == 2
        assert [id_ for some in connector.live_ids("Task") for id_ in some] == sorted(ids(pages))
        (found,) = [page for page in connector.evidence([RecordKey("salesforce", "Lead", an_id("00Q", 1))]) if page.activities]
        assert [activity.kind for activity in found.activities] == [ActivityKind.EMAIL]


def test_a_deleted_task_is_gone_and_no_evidence(practice: PracticeSalesforce):
    connector = practice.connector()
    cursor = last_cursor(connector, "Task")
    practice.pass_time(HOUR)
    practice.deed("delete", id=practice.activity.id)
    assert gone(connector.pages("Task", cursor)) == [practice.activity.id]
    assert ids(connector.evidence([RecordKey("salesforce", "Lead", practice.persons[0])])) == []


def test_a_task_that_names_another_person_is_found_by_that_person(practice: PracticeSalesforce):
    contact = practice.call("POST", "/sobjects/Contact", {"LastName": "Ivy"})["id"]
    practice.call("PATCH", f"/sobjects/Task/{practice.activity.id}", {"WhoId": contact})
    connector = practice.connector()
    persons = [RecordKey("salesforce", "Lead", practice.persons[0]), RecordKey("salesforce", "Contact", contact)]
    pages = list(connector.evidence(persons))
    assert ids(pages) == [practice.activity.id]
    assert [(link.left, link.right) for page in pages for link in page.links] == [(persons[1], practice.activity)]
    assert {(page.cursor, page.linked_kinds) for page in pages} == {(None, frozenset())}


def test_evidence_of_a_thousand_persons_costs_two_calls_and_streams_can_be_left_out(practice: PracticeSalesforce):
    persons = [RecordKey("salesforce", "Lead", an_id("00Q", number)) for number in range(1_000)]
    before = practice.calls()
    assert ids(practice.connector().evidence(persons)) == [practice.activity.id]
    assert practice.calls() - before == 2
    assert list(practice.connector().evidence(persons, without={"Task", "Event"})) == []
    assert list(practice.connector().evidence([])) == []


def test_a_lead_that_is_restored_after_its_history_was_read_is_told_with_its_past(practice: PracticeSalesforce):
    """What was deleted while histories were read is in none of them, and what was kept of it is too old for the next reading."""
    lead, connector = practice.persons[0], practice.connector()
    practice.deed("delete", id=lead)
    leads, history = last_cursor(connector, "Lead"), last_cursor(connector, "LeadHistory")
    practice.pass_time(HOUR)
    practice.deed("undelete", id=lead)
    practice.pass_time(HOUR)

    pages = [*connector.pages("Lead", leads), *connector.pages("LeadHistory", history)]

    told = {(change.value, change.at) for page in pages for change in page.changes if change.record.id == lead}
    assert set(practice.owner_history[1:]) <= told
