"""Pulling a practice org page by page: by id, in bulk, what changed since, what vanished, what was converted or merged."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest

from connectors.errors import Forbidden, Misconfigured
from connectors.records import ActivityKind, Page, RecordKey, Wanted
from connectors.salesforce.connector import Salesforce
from tests.contract.connector_suite import MANY, Reader, owners_told, records
from tests.contract.practice_salesforce import (
    ANN,
    BOB,
    FIRST,
    GONE,
    QUEUE,
    SECOND,
    PracticeSalesforce,
    a_lead,
    an_id,
    at,
    line,
    practice_salesforce,
    stamps,
)

LONG = 4_500  # leads; more than two pages
HOUR = timedelta(hours=1)


@pytest.fixture
def practice() -> Iterator[PracticeSalesforce]:
    with practice_salesforce() as practice:
        yield practice


@pytest.fixture(scope="module")
def large() -> Iterator[PracticeSalesforce]:
    """An org with many leads, in which nothing is changed."""
    with practice_salesforce(*(a_lead(number) for number in range(MANY, LONG))) as practice:
        yield practice


def ids(pages: Iterable[Page]) -> list[str]:
    return [row.key.id for page in pages for row in (*page.records, *page.activities)]


def gone(pages: Iterable[Page]) -> list[str]:
    return [key.id for page in pages for key, _ in page.gone]


def last(connector: Salesforce, stream: str) -> str:
    cursor = list(connector.pages(stream, None))[-1].cursor
    assert cursor is not None
    return cursor


def queries(practice: PracticeSalesforce, *, after: int) -> list[str]:
    return [f"{one['path']} {one['query']}" for one in practice.requests()[after:]]


# --- everything, by id


def test_a_full_pull_takes_a_call_a_page_and_tells_in_the_end_how_many_are_live(large: PracticeSalesforce):
    before = large.calls()
    pages = list(large.connector().pages("Lead", None))
    assert [len(page.records) for page in pages] == [2_000, 2_000, 500]
    assert large.calls() - before == 3
    assert ids(pages) == [an_id("00Q", number) for number in range(LONG)]
    assert [(page.live, page.total) for page in pages] == [(None, LONG), (None, LONG), (LONG, None)]
    assert {page.began_at for page in pages} == {large.now}


def test_a_full_pull_goes_on_from_any_of_its_pages(large: PracticeSalesforce):
    whole = list(large.connector().pages("Lead", None))
    for saved in (1, 2):
        rest = list(large.connector().pages("Lead", whole[saved - 1].cursor))
        assert ids(rest) == ids(whole[saved:])
        assert (rest[-1].live, {page.began_at for page in rest}) == (LONG, {whole[0].began_at})


def test_a_list_that_salesforce_has_forgotten_goes_on_behind_the_last_id(large: PracticeSalesforce):
    whole = list(large.connector().pages("Lead", None))
    pages = large.connector().pages("Lead", None)
    first = next(pages)
    large.deed("cursors", lose=True)
    assert ids([first, *pages]) == ids(whole)


def test_first_pages_of_five_streams_come_by_one_call(practice: PracticeSalesforce):
    connector = practice.connector()
    alone = {stream: list(connector.pages(stream, None)) for stream in connector.streams()[2:]}
    before = practice.calls()
    connector.expect(dict.fromkeys(alone))
    assert {stream: list(connector.pages(stream, None)) for stream in alone} == alone
    assert practice.calls() - before == 2


def test_what_was_fetched_ahead_is_handed_out_once(practice: PracticeSalesforce):
    connector = practice.connector()
    connector.expect({"Lead": None})
    first = list(connector.pages("Lead", None))
    practice.deed("delete", id=practice.persons[0])
    assert len(ids(connector.pages("Lead", None))) == len(ids(first)) - 1


def test_what_was_fetched_ahead_from_elsewhere_is_not_taken(practice: PracticeSalesforce):
    connector = practice.connector()
    cursor = last(connector, "Lead")
    connector.expect({"Lead": None})
    assert ids(connector.pages("Lead", cursor)) == []


# --- in bulk


@pytest.mark.parametrize("bulk_above", [4_499, 1_000])
def test_many_rows_come_by_a_bulk_query_and_are_the_same(large: PracticeSalesforce, bulk_above: int):
    by_page = list(large.connector().pages("Lead", None))
    before = large.calls()
    in_bulk = list(large.connector(bulk_above=bulk_above).pages("Lead", None))
    assert records(in_bulk) == records(by_page)
    assert [link for page in in_bulk for link in page.links] == [link for page in by_page for link in page.links]
    assert in_bulk[-1].live == LONG
    assert large.calls() - before == 4  # the first page, the job, its state, its results


def test_a_pull_in_bulk_goes_on_from_any_of_its_pages(large: PracticeSalesforce):
    whole = list(large.connector(bulk_above=1_000).pages("Lead", None))
    for saved in range(1, len(whole)):
        assert ids(large.connector(bulk_above=1_000).pages("Lead", whole[saved - 1].cursor)) == ids(whole[saved:])


def test_a_bulk_query_that_was_lost_is_followed_by_another_behind_the_last_id(large: PracticeSalesforce):
    pages = large.connector(bulk_above=1_000).pages("Lead", None)
    first = [next(pages), next(pages)]
    large.deed("jobs", lose=True)
    rest = list(large.connector(bulk_above=1_000).pages("Lead", first[-1].cursor))
    assert ids([*first, *rest]) == [an_id("00Q", number) for number in range(LONG)]


def test_a_bulk_query_that_fails_leaves_the_rest_to_be_read_page_by_page(large: PracticeSalesforce):
    large.deed("jobs", fail="InternalServerError")
    before = len(large.requests())
    pages = list(large.connector(bulk_above=1_000).pages("Lead", None))
    assert ids(pages) == [an_id("00Q", number) for number in range(LONG)]
    assert sum(one.startswith("/services/data/v62.0/jobs/query ") for one in queries(large, after=before)) == 1


def test_a_bulk_query_is_waited_for(large: PracticeSalesforce):
    large.deed("jobs", waits=3)
    large.slept.clear()
    pages = list(large.connector(bulk_above=1_000).pages("Lead", None))
    large.deed("jobs", waits=0)
    assert (len(ids(pages)), large.slept) == (LONG, [1, 2, 4])


def test_activities_come_in_bulk_with_the_archived_and_without_the_deleted():
    tasks = [line("Task", an_id("00T", number), WhoId=an_id("00Q", 0), Subject="x", **stamps(FIRST)) for number in range(10, 2_500)]
    with practice_salesforce(*tasks) as practice:
        practice.deed("delete", id=an_id("00T", 2_400))
        by_page = list(practice.connector().pages("Task", None))
        in_bulk = list(practice.connector(bulk_above=1_000).pages("Task", None))
    assert ids(in_bulk) == ids(by_page)
    assert an_id("00T", 2_400) not in ids(in_bulk)


# --- what changed since


def test_many_changes_in_one_second_come_page_by_page_and_none_is_lost():
    with practice_salesforce(*(a_lead(number) for number in range(MANY, LONG))) as practice:
        cursor = last(practice.connector(), "Lead")
        practice.pass_time(HOUR)
        practice.reassign([an_id("00Q", number) for number in range(LONG)])
        practice.pass_time(HOUR)
        pages = list(practice.connector().pages("Lead", cursor))
        assert sorted(ids(pages)) == sorted(an_id("00Q", number) for number in range(LONG))
        assert [len(page.records) for page in pages] == [2_000, 2_000, 500]
        for saved in (1, 2):
            assert ids(practice.connector().pages("Lead", pages[saved - 1].cursor)) == ids(pages[saved:])


def test_what_is_in_as_it_was_last_changed_is_not_handed_out_again_within_the_overlap(practice: PracticeSalesforce):
    connector = practice.connector()
    cursor = last(connector, "Lead")
    practice.pass_time(HOUR)
    practice.reassign(practice.persons[:2])
    practice.pass_time(timedelta(seconds=5))
    (first,) = connector.pages("Lead", cursor)
    practice.pass_time(timedelta(seconds=5))
    practice.reassign(practice.persons[1:2])
    practice.pass_time(timedelta(seconds=5))
    (second,) = connector.pages("Lead", first.cursor)
    assert (sorted(ids([first])), ids([second])) == (sorted(practice.persons[:2]), practice.persons[1:2])


def test_what_changed_in_the_second_in_which_a_pull_began_is_read_again_for_it_may_have_changed_once_more_in_it(
    practice: PracticeSalesforce,
):
    connector = practice.connector()
    cursor = last(connector, "Lead")
    practice.pass_time(HOUR)
    practice.reassign(practice.persons[:1])
    (first,) = connector.pages("Lead", cursor)
    practice.deed("write", sobject="Lead", id=practice.persons[0], values={"Country": "FR"})
    (second,) = connector.pages("Lead", first.cursor)
    assert [record.values["Country"] for record in (*first.records, *second.records)] == ["US", "FR"]


def test_a_row_that_commits_late_is_found_although_it_carries_an_earlier_time(practice: PracticeSalesforce):
    connector = practice.connector()
    cursor = last(connector, "Lead")
    practice.pass_time(HOUR)
    practice.deed("write", sobject="Lead", id=practice.persons[0], values={"Country": "FR"}, commits_after_s=300)
    practice.pass_time(timedelta(seconds=60))
    (early,) = connector.pages("Lead", cursor)
    practice.pass_time(timedelta(seconds=300))
    (late,) = connector.pages("Lead", early.cursor)
    assert ids([early]) == []
    assert [(record.key.id, record.values["Country"]) for record in late.records] == [(practice.persons[0], "FR")]


def test_a_history_that_commits_late_is_found_too(practice: PracticeSalesforce):
    reader = Reader(practice)
    before = reader.read()
    practice.pass_time(HOUR)
    practice.deed("write", sobject="Lead", id=practice.persons[0], values={"OwnerId": ANN}, commits_after_s=300)
    practice.pass_time(timedelta(seconds=60))
    early = reader.read()
    practice.pass_time(timedelta(seconds=300))
    late = reader.read()
    assert [change for page in early for change in page.changes] == []
    assert owners_told([*before, *late], practice.vocabulary)[practice.persons[0]][-1][0] == ANN


def test_a_cursor_that_is_ahead_of_the_server_makes_a_full_pull():
    with practice_salesforce() as ahead:
        ahead.pass_time(timedelta(days=2))
        cursor = last(ahead.connector(), "Lead")
    with practice_salesforce() as practice:
        assert len(ids(practice.connector().pages("Lead", cursor))) == MANY


@pytest.mark.parametrize("cursor", ["][", "{}", '{"asked": 1, "phase": "no"}'])
def test_a_cursor_that_cannot_be_read_makes_a_full_pull(practice: PracticeSalesforce, cursor: str):
    assert len(ids(practice.connector().pages("Lead", cursor))) == MANY


def test_a_field_that_is_wanted_anew_makes_the_next_pull_a_full_one(practice: PracticeSalesforce):
    cursor = last(practice.connector(), "Lead")
    more = practice.connector(Wanted(fields={"Lead": frozenset({"Title"})}, history={}))
    assert len(ids(more.pages("Lead", cursor))) == MANY


def test_an_idle_poll_of_everything_costs_three_calls(practice: PracticeSalesforce):
    connector = practice.connector()
    cursors = {stream: last(connector, stream) for stream in connector.streams()}
    practice.pass_time(HOUR)
    before, waking = practice.calls(), practice.connector()
    waking.account()
    waking.expect({stream: cursors[stream] for stream in cursors if stream not in ("definitions", "owners")})
    pages = {stream: list(waking.pages(stream, cursors[stream])) for stream in cursors if stream != "definitions"}
    assert practice.calls() - before == 3
    assert all(not ids(found) and found[-1].last for found in pages.values())
    assert pages["Lead"][-1].live == MANY


# --- what vanished, moved, or became something else


def test_a_deleted_lead_is_told_as_gone_and_comes_back_when_it_is_undeleted(practice: PracticeSalesforce):
    connector = practice.connector()
    cursor = last(connector, "Lead")
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
    cursor = last(connector, "Lead")
    practice.pass_time(HOUR)
    practice.deed("delete", id=practice.persons[0])
    practice.deed("empty-bin")
    (page,) = connector.pages("Lead", cursor)
    assert (gone([page]), page.live) == ([], MANY - 1)
    (looked_up,) = connector.look_up("Lead", practice.persons[:2])
    assert ([key.id for key in looked_up.erased], ids([looked_up])) == (practice.persons[:1], practice.persons[1:2])


def test_a_merged_lead_names_its_survivor_everywhere(practice: PracticeSalesforce):
    connector = practice.connector()
    cursor = last(connector, "Lead")
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
    cursors = {stream: last(connector, stream) for stream in streams}
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
    cursor = last(connector, "OpportunityFieldHistory")
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
    cursor = last(connector, "Task")
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


def test_evidence_of_a_thousand_persons_costs_two_calls_and_streams_can_be_left_out(large: PracticeSalesforce):
    persons = [RecordKey("salesforce", "Lead", an_id("00Q", number)) for number in range(1_000)]
    before = large.calls()
    assert ids(large.connector().evidence(persons)) == [large.activity.id]
    assert large.calls() - before == 2
    assert list(large.connector().evidence(persons, without={"Task", "Event"})) == []
    assert list(large.connector().evidence([])) == []


# --- what is hidden or switched off


def test_a_field_that_is_hidden_is_named_and_stops_nobody_elses_reading(practice: PracticeSalesforce):
    practice.deed("hidden", sobject="Lead", field="Country")
    connector = practice.connector()
    connector.expect({"Lead": None, "Task": None})
    with pytest.raises(Misconfigured, match="no Country on Lead, or hides it"):
        list(connector.pages("Lead", None))
    assert ids(connector.pages("Task", None)) == [practice.activity.id]


def test_a_history_that_is_hidden_is_closed_and_leaves_changes_to_be_observed(practice: PracticeSalesforce):
    practice.deed("hidden", sobject="LeadHistory")
    connector = practice.connector()
    with pytest.raises(Forbidden, match="known only from what leadpact sees itself") as refused:
        list(connector.pages("LeadHistory", None))
    assert "Set History Tracking for Lead" in refused.value.fix
    assert tracked(connector) == {("Contact", "OwnerId"), ("Opportunity", "StageName"), ("Opportunity", "IsClosed")}


def test_an_object_that_is_hidden_is_closed(practice: PracticeSalesforce):
    practice.deed("hidden", sobject="Event")
    with pytest.raises(Forbidden, match="Event"):
        list(practice.connector().pages("Event", None))


def tracked(connector: Salesforce) -> set[tuple[str, str]]:
    return {(one.kind, one.name) for page in connector.pages("definitions", None) for one in page.definitions if one.tracked}


def test_a_field_whose_history_is_off_is_not_told_as_tracked(practice: PracticeSalesforce):
    owner = {("Lead", "OwnerId"), ("Lead", "IsConverted")}
    others = {("Contact", "OwnerId"), ("Opportunity", "StageName"), ("Opportunity", "IsClosed")}
    assert tracked(practice.connector()) == {*owner, ("Lead", "Status"), *others}
    practice.deed("history", sobject="Lead", field="Status", on=False)
    assert tracked(practice.connector()) == {*owner, *others}
    practice.deed("history", sobject="Lead", on=False)
    assert tracked(practice.connector()) == others


def test_where_the_org_does_not_tell_what_it_tracks_it_is_that_of_which_it_holds_a_history(practice: PracticeSalesforce):
    practice.deed("hidden", sobject="FieldDefinition")
    assert tracked(practice.connector()) == {("Lead", "OwnerId"), ("Lead", "IsConverted")}


# --- owners


def test_owners_are_users_with_their_roles_and_queues(practice: PracticeSalesforce):
    pages = list(practice.connector().pages("owners", None))
    owners = {owner.id: owner for page in pages for owner in page.owners}
    assert (owners[ANN].active, owners[GONE].active, owners[QUEUE].active, owners[QUEUE].is_queue) == (True, False, True, True)
    assert {team.name for page in pages for team in page.teams} == {"SDR"}
    assert owners[ANN].teams[0] in {team.id for page in pages for team in page.teams}


def test_owners_who_are_as_they_were_are_not_read_again(practice: PracticeSalesforce):
    connector = practice.connector()
    cursor = last(connector, "owners")
    before = practice.calls()
    (page,) = connector.pages("owners", cursor)
    assert (page.owners, page.last, practice.calls() - before) == ((), True, 1)
    practice.pass_time(HOUR)
    practice.deed("write", sobject="User", id=ANN, values={"IsActive": False})
    found = {owner.id: owner.active for page in connector.pages("owners", cursor) for owner in page.owners}
    assert found[ANN] is False


def test_a_queue_that_may_hold_no_leads_any_more_is_not_active(practice: PracticeSalesforce):
    practice.deed("delete", id=an_id("03g", 1))
    owners = {owner.id: owner for page in practice.connector().pages("owners", None) for owner in page.owners}
    assert not owners[QUEUE].active


def test_a_queue_serves_its_members_and_those_of_its_groups_and_roles():
    group, role = an_id("00G", 5), an_id("00G", 6)
    members = [(QUEUE, group), (QUEUE, GONE), (group, ANN), (group, QUEUE), (group, role)]
    lines = [
        line("Group", group, Name="Inner", DeveloperName="Inner", Type="Regular"),
        line("Group", role, Name="Closers", DeveloperName="Closers", Type="RoleAndSubordinates", RelatedId=an_id("00E", 8)),
        line("UserRole", an_id("00E", 8), Name="Head", DeveloperName="Head"),
        line("UserRole", an_id("00E", 9), Name="Closer", DeveloperName="Closer", ParentRoleId=an_id("00E", 8)),
        line("User", an_id("005", 9), LastName="Dee", Username="dee@example.com", Email="dee@example.com", UserRoleId=an_id("00E", 9)),
        *(line("GroupMember", an_id("011", number), GroupId=of, UserOrGroupId=who) for number, (of, who) in enumerate(members)),
    ]
    with practice_salesforce(*lines) as practice:
        assert practice.connector().queue_members() == {QUEUE: {ANN, an_id("005", 9)}}


def test_an_owners_change_told_by_names_alone_is_understood():
    row = {"LeadId": an_id("00Q", 0), "Field": "Owner", "OldValue": "Bob Doe", "NewValue": "Ann Ng", "CreatedById": BOB}
    with practice_salesforce(line("LeadHistory", an_id("017", 9_000), **row, CreatedDate=at(SECOND + HOUR))) as practice:
        assert owners_told(Reader(practice).read(), practice.vocabulary)[practice.persons[0]] == [
            (ANN, FIRST),
            (BOB, SECOND),
            (ANN, SECOND + HOUR),
        ]
