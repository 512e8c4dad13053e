"""Pulling from an index that lags, lists that overflow, and records that vanish: answers no good-natured server gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.errors import Forbidden, Misconfigured
from connectors.hubspot.connector import HubSpot
from connectors.hubspot.settings import HubSpotSettings
from connectors.pacing import RetryPolicy, Waiting
from connectors.records import Page, Wanted
from tests.contract.scripted import Heard, Said, Script, scripted

NOTHING_MORE = Wanted(fields={}, history={})
EMPTY = Said(body={"results": []})
NOT_FOUND = Said(status=404, body=b"<html>Not found</html>")


def an_object(id_: int, **members: Any) -> dict[str, Any]:
    item = {"id": str(id_), "properties": {}, "createdAt": "2026-11-01T10:00:00Z", "updatedAt": "2026-11-02T11:00:00Z", "archived": False}
    return item | members


def rows(*items: dict[str, Any], after: str | None = None, **members: Any) -> Said:
    paging = {"paging": {"next": {"after": after, "link": "https://api.hubapi.com/…"}}} if after else {}
    return Said(body={"results": list(items)} | paging | members)


@contextmanager
def pulling(*answers: Said, wanted: Wanted = NOTHING_MORE) -> Iterator[tuple[Script, HubSpot]]:
    with scripted(*answers) as server:
        settings = HubSpotSettings(token="t", base_url=server.url, retry=RetryPolicy(tries=2), burst_share=1)
        hubspot = HubSpot(settings, wanted, Waiting(monotonic=lambda: 0.0, sleep=lambda _: None))
        yield server, hubspot
        hubspot.close()


def finished(stream: str = "notes") -> str:
    """The cursor of a finished, empty pull of `stream`."""
    with pulling(EMPTY) as (_, hubspot):
        return list(hubspot.pages(stream, None))[-1].cursor


def ids(pages: list[Page]) -> list[str]:
    return [row.key.id for page in pages for row in (*page.records, *page.activities)]


def query(heard: Heard) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(heard.path).query).items()}


def filters(heard: Heard) -> dict[str, tuple[str, str]]:
    return {one["propertyName"]: (one["operator"], one["value"]) for one in heard.body["filterGroups"][0]["filters"]}


def test_a_full_pull_asks_for_named_properties_only_and_for_fifty_rows_with_history():
    wanted = Wanted(fields={"contact": frozenset({"country"})}, history={"contact": frozenset({"country"})})
    with pulling(rows(an_object(1)), EMPTY, wanted=wanted) as (server, hubspot):
        pages = list(hubspot.pages("contacts", None))

    asked = query(server.heard[0])
    assert asked["limit"] == "50"
    assert asked["associations"] == "companies"
    assert "country" in asked["properties"].split(",")
    assert "country" in asked["propertiesWithHistory"].split(",")
    assert "hs_lead_status" not in asked["properties"]
    assert [page.last for page in pages] == [False, True]


def test_the_recycle_bin_of_meetings_is_never_asked_for():
    with pulling(rows(an_object(1))) as (server, hubspot):
        pages = list(hubspot.pages("meetings", None))
    assert [page.last for page in pages] == [True]
    assert len(server.heard) == 1


def test_archived_contacts_are_told_with_their_time_and_claim_nothing_about_links():
    archived = an_object(2, archived=True, archivedAt="2026-11-02T09:00:00Z")
    with pulling(rows(an_object(1)), rows(archived)) as (_, hubspot):
        pages = list(hubspot.pages("contacts", None))
    assert [(key.id, at.hour if at else None) for key, at in pages[1].gone] == [("2", 9)]
    assert pages[0].linked_kinds == {"company"}
    assert pages[1].linked_kinds == frozenset()


def test_properties_too_long_for_an_address_are_read_by_id():
    names = frozenset(f"a_field_with_a_long_name_{number:04}" for number in range(300))
    answers = [rows(an_object(1), an_object(2)), rows(an_object(2), an_object(1)), EMPTY]
    with pulling(*answers, wanted=Wanted(fields={"contact": names}, history={})) as (server, hubspot):
        pages = list(hubspot.pages("contacts", None))
    assert ids(pages) == ["1", "2"]
    assert max(len(heard.path) for heard in server.heard) < 8_000
    assert names <= set(server.heard[1].body["properties"])


def test_more_associations_than_fit_are_read_to_the_end():
    overfull = {"contacts": {"results": [{"id": "7", "type": "note_to_contact"}], "paging": {"next": {"after": "x"}}}}
    first = {"from": {"id": "1"}, "to": [{"toObjectId": 7}], "paging": {"next": {"after": "8"}}}
    second = {"from": {"id": "1"}, "to": [{"toObjectId": 8}]}
    with pulling(rows(an_object(1, associations=overfull)), rows(first), rows(second), EMPTY) as (server, hubspot):
        page = next(iter(hubspot.pages("notes", None)))
    assert [link.right.id for link in page.links] == ["7", "8"]
    assert server.heard[2].body == {"inputs": [{"id": "1", "after": "8"}]}


def test_an_incremental_pull_walks_by_id_so_equal_change_times_do_no_harm():
    first = [an_object(number) for number in range(801, 1001)]
    batches = [rows(*first[:100]), rows(*first[100:])]
    last = an_object(1001)
    answers = [rows(*reversed(first), total=201), *batches, rows(), rows(last, total=1), rows(last), rows()]
    with pulling(*answers) as (server, hubspot):
        pages = list(hubspot.pages("notes", finished()))

    searches = [heard for heard in server.heard if heard.path.endswith("/search")]
    assert ids(pages) == [str(number) for number in range(801, 1002)]
    assert [filters(heard)["hs_object_id"] for heard in searches] == [("GT", "0"), ("GT", "1000")]
    assert filters(searches[0])["hs_lastmodifieddate"] == ("GTE", "1793620200000")  # ten minutes before noon
    assert all(heard.body["sorts"] == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}] for heard in searches)
    assert [page.last for page in pages] == [False, True]


def test_contacts_are_searched_by_their_own_change_property():
    with pulling(rows(total=0)) as (server, hubspot):
        list(hubspot.pages("contacts", finished("contacts")))
    assert "lastmodifieddate" in filters(server.heard[0])


def test_hits_without_rows_are_asked_for_again_and_do_not_move_the_watermark():
    hidden = Said(body={"results": [], "total": 2}, headers={"Date": "Mon, 02 Nov 2026 12:30:00 GMT"})
    with pulling(hidden) as (server, hubspot):
        pages = list(hubspot.pages("notes", finished()))
    assert pages[-1].last
    assert pages[-1].began_at == datetime(2026, 11, 2, 12, tzinfo=UTC)  # nothing later is known to be in
    assert len(server.heard) == 3

    with pulling(rows(total=0)) as (server, hubspot):
        list(hubspot.pages("notes", pages[-1].cursor))
    assert filters(server.heard[0])["hs_lastmodifieddate"] == ("GTE", "1793620200000")


def test_a_search_that_leads_round_in_a_circle_ends():
    circle = rows(*(an_object(number) for number in range(1, 201)), total=500)
    batches = [rows(*(an_object(number) for number in range(low, low + 100))) for low in (1, 101)]
    with pulling(circle, *batches, rows(), circle) as (_, hubspot):
        pages = list(hubspot.pages("notes", finished()))
    assert len(pages) == 2
    assert pages[-1].last


def test_an_id_that_a_batch_read_leaves_out_is_asked_for_singly_and_gone_only_then():
    answers = [rows(an_object(1), an_object(2), an_object(3), total=3), rows(an_object(1)), Said(body=an_object(2)), NOT_FOUND, rows()]
    with pulling(*answers) as (_, hubspot):
        pages = list(hubspot.pages("notes", finished()))
    assert ids(pages) == ["1", "2"]
    assert [(key.id, at) for key, at in pages[0].gone] == [("3", None)]


def merges(page: Page) -> list[tuple[str, str, datetime | None]]:
    return [(merge.gone.id, merge.into.id, merge.at) for merge in page.merged]


def test_a_merge_is_told_by_the_survivor_and_by_an_answer_that_is_not_what_was_asked_for():
    survivor = an_object(5, properties={"hs_merged_object_ids": "3;4"})
    answers = [rows(an_object(3), total=1), rows(), Said(body=survivor), EMPTY]
    with pulling(*answers) as (_, hubspot):
        pages = list(hubspot.pages("contacts", finished("contacts")))
    assert (merges(pages[0]), pages[0].gone) == ([("3", "5", None)], ())

    versions = [{"value": "3;4", "timestamp": "2026-11-02T11:00:00Z"}, {"value": "3", "timestamp": "2026-11-02T10:00:00Z"}]
    survivor |= {"propertiesWithHistory": {"hs_merged_object_ids": versions}}
    with pulling(rows(survivor), EMPTY) as (_, hubspot):
        pages = list(hubspot.pages("contacts", None))
    moments = [datetime(2026, 11, 2, hour, tzinfo=UTC) for hour in (10, 11)]
    assert (merges(pages[0]), pages[0].gone) == ([("3", "5", moments[0]), ("4", "5", moments[1])], ())


def test_a_full_pull_goes_on_from_any_of_its_pages():
    with pulling(rows(an_object(1), after="2"), rows(an_object(2)), EMPTY) as (_, hubspot):
        first = next(iter(hubspot.pages("notes", None)))
    with pulling(rows(an_object(2)), EMPTY) as (server, hubspot):
        rest = list(hubspot.pages("notes", first.cursor))
    assert query(server.heard[0])["after"] == "2"
    assert ids(rest) == ["2"]
    assert {page.began_at for page in rest} == {first.began_at}


def test_a_field_that_is_wanted_anew_makes_the_next_pull_a_full_one():
    with pulling(EMPTY, wanted=Wanted(fields={"contact": frozenset({"country"})}, history={})) as (server, hubspot):
        list(hubspot.pages("contacts", finished("contacts")))
    assert server.heard[0].method == "GET"


def test_a_cursor_that_cannot_be_read_makes_a_full_pull():
    with pulling(EMPTY) as (server, hubspot):
        list(hubspot.pages("notes", "]["))
    assert server.heard[0].method == "GET"


def test_a_stream_that_is_closed_to_us_says_so():
    with pulling(Said(status=403, body={"category": "MISSING_SCOPES"})) as (_, hubspot), pytest.raises(Forbidden):
        list(hubspot.pages("deals", None))


def test_closed_teams_do_not_stop_the_owners():
    owner = {"id": "77", "email": "a@b.c", "teams": [{"id": "3", "name": "SDR", "primary": True}], "archived": False}
    with pulling(rows(owner), rows(), Said(status=403)) as (_, hubspot):
        pages = list(hubspot.pages("owners", None))
    assert [team.name for page in pages for team in page.teams] == ["SDR"]
    assert [owner.id for page in pages for owner in page.owners] == ["77"]
    assert pages[-1].last


@pytest.mark.parametrize(
    ("answer", "uses"),
    [(rows(an_object(1)), True), (EMPTY, False), (Said(status=403), False), (Said(status=400), False), (NOT_FOUND, False)],
)
def test_a_portal_works_with_leads_only_if_it_holds_one(answer: Said, uses: bool):
    details = Said(body={"portalId": 62515, "accountType": "STANDARD", "timeZone": "US/Eastern"})
    with pulling(details, answer) as (_, hubspot):
        account = hubspot.account()
    assert (account.id, account.kind, account.uses_leads_object) == ("62515", "STANDARD", uses)


def test_an_answer_of_somebody_else_is_a_matter_of_configuration():
    with pulling(Said(body={"hello": "world"})) as (_, hubspot):
        with pytest.raises(Misconfigured):
            hubspot.account()
        with pytest.raises(Misconfigured):
            list(hubspot.pages("notes", None))


@pytest.mark.parametrize(("version", "path"), [("v3", "/crm/v3/objects/notes"), ("2027-03", "/crm/objects/2027-03/notes")])
def test_the_api_version_is_a_setting(version: str, path: str):
    with scripted(EMPTY) as server:
        settings = HubSpotSettings(token="t", base_url=f"{server.url}/", api_version=version)
        list(HubSpot(settings, NOTHING_MORE, Waiting(monotonic=lambda: 0.0, sleep=lambda _: None)).pages("notes", None))
    assert urlsplit(server.heard[0].path).path == path
