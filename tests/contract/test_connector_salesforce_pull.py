"""Pulling a practice org page by page: by id, in bulk, and what changed since."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.records import Wanted
from tests.contract.connector_suite import MANY, Reader, owners_told, records
from tests.contract.practice_salesforce import (
    ANN,
    FIRST,
    PracticeSalesforce,
    a_lead,
    an_id,
    ids,
    last_cursor,
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
    cursor = last_cursor(connector, "Lead")
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
        cursor = last_cursor(practice.connector(), "Lead")
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
    cursor = last_cursor(connector, "Lead")
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
    cursor = last_cursor(connector, "Lead")
    practice.pass_time(HOUR)
    practice.reassign(practice.persons[:1])
    (first,) = connector.pages("Lead", cursor)
    practice.deed("write", sobject="Lead", id=practice.persons[0], values={"Country": "FR"})
    (second,) = connector.pages("Lead", first.cursor)
    assert [record.values["Country"] for record in (*first.records, *second.records)] == ["US", "FR"]


def test_a_row_that_commits_late_is_found_although_it_carries_an_earlier_time(practice: PracticeSalesforce):
    connector = practice.connector()
    cursor = last_cursor(connector, "Lead")
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
        cursor = last_cursor(ahead.connector(), "Lead")
    with practice_salesforce() as practice:
        assert len(ids(practice.connector().pages("Lead", cursor))) == MANY


@pytest.mark.parametrize("cursor", ["][", "{}", '{"asked": 1, "phase": "no"}'])
def test_a_cursor_that_cannot_be_read_makes_a_full_pull(practice: PracticeSalesforce, cursor: str):
    assert len(ids(practice.connector().pages("Lead", cursor))) == MANY


def test_a_field_that_is_wanted_anew_makes_the_next_pull_a_full_one(practice: PracticeSalesforce):
    cursor = last_cursor(practice.connector(), "Lead")
    more = practice.connector(Wanted(fields={"Lead": frozenset({"Title"})}, history={}))
    assert len(ids(more.pages("Lead", cursor))) == MANY


def test_an_idle_poll_of_everything_costs_three_calls(practice: PracticeSalesforce):
    connector = practice.connector()
    cursors = {stream: last_cursor(connector, stream) for stream in connector.streams()}
    practice.pass_time(HOUR)
    before, waking = practice.calls(), practice.connector()
    waking.account()
    waking.expect({stream: cursors[stream] for stream in cursors if stream not in ("definitions", "owners")})
    pages = {stream: list(waking.pages(stream, cursors[stream])) for stream in cursors if stream != "definitions"}
    assert practice.calls() - before == 3
    assert all(not ids(found) and found[-1].last for found in pages.values())
    assert pages["Lead"][-1].live == MANY
