"""Pulling from an index that lags, lists that overflow, and records that vanish: answers no good-natured server gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
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
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
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
        hubspot = HubSpot(settings, wanted, Waiting(monotonic=count(0, 60).__next__, sleep=lambda _: None))
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


def filters(heard: Heard) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for one in heard.body["filterGroups"][0]["filters"]:
        found.setdefault(one["propertyName"], []).append((one["operator"], one["value"]))
    return found


def test_a_full_pull_asks_for_named_properties_only_and_for_fifty_rows_with_history():
    wanted = Wanted(fields={"contact": frozenset({"country"})}, history={"contact": frozenset({"country"})})
    with pulling(rows(an_object(1)), wanted=wanted) as (server, hubspot):
        pages = list(hubspot.pages("contacts", None))

    asked = query(server.heard[0])
    assert asked["limit"] == "50"
    assert asked["associations"] == "companies"
    assert "country" in asked["properties"].split(",")
    assert "country" in asked["propertiesWithHistory"].split(",")
    assert "hs_lead_status" not in asked["properties"]
    assert [page.last for page in pages] == [True]


def test_the_recycle_bin_of_meetings_is_never_asked_for():
    with pulling(rows(an_object(1))) as (server, hubspot):
        assert list(hubspot.archived("meetings")) == []
    assert server.heard == []


def test_archived_contacts_are_told_with_their_time_and_claim_nothing_about_links():
    archived = an_object(2, archived=True, archivedAt="2026-11-02T09:00:00Z")
    with pulling(rows(archived, after="3"), rows()) as (server, hubspot):
        pages = list(hubspot.archived("contacts"))
    assert [[(key.id, at.hour if at else None) for key, at in page.gone] for page in pages] == [[("2", 9)], []]
    assert [(query(heard)["archived"], query(heard).get("after")) for heard in server.heard] == [("true", None), ("true", "3")]
    assert {(page.cursor, page.last, page.links, page.records) for page in pages} == {(None, False, (), ())}


def test_all_live_ids_are_listed_a_hundred_at_a_time_with_nothing_else():
    with pulling(rows(an_object(1), an_object(2), after="3"), rows(an_object(3))) as (server, hubspot):
        assert list(hubspot.live_ids("contacts")) == [("1", "2"), ("3",)]
    assert [query(heard)["limit"] for heard in server.heard] == ["100", "100"]
    assert {query(heard)["properties"] for heard in server.heard} == {"hs_object_id"}
    assert "propertiesWithHistory" not in query(server.heard[0])


def test_what_became_of_an_id_is_told_apart():
    survivor, archived = an_object(9), an_object(3, archived=True, archivedAt="2026-11-02T09:00:00Z")
    answers = [rows(an_object(1)), rows(archived), Said(body=survivor), NOT_FOUND, NOT_FOUND, rows()]
    with pulling(*answers) as (server, hubspot):
        (page,) = hubspot.look_up("contacts", ["1", "2", "3", "4"])
    assert [record.key.id for record in page.records] == ["1"]
    assert merges(page) == [("2", "9", None)]
    assert [(key.id, at.hour) for key, at in page.gone if at] == [("3", 9)]
    assert [key.id for key in page.erased] == ["4"]
    assert [query(heard).get("archived") for heard in server.heard[1:5]] == ["true", "false", "false", "true"]
    assert [heard.body["inputs"] for heard in server.heard[:2]] == [[{"id": id_} for id_ in ids_] for ids_ in ("1234", "234")]


def test_a_meeting_is_asked_for_among_the_live_alone_for_no_archive_of_them_is_kept():
    with pulling(rows(), NOT_FOUND, rows()) as (server, hubspot):
        (page,) = hubspot.look_up("meetings", ["1"])
    assert ([(key.id, at) for key, at in page.gone], page.erased) == ([("1", None)], ())
    assert [query(heard).get("archived") for heard in server.heard if heard.method == "GET"] == ["false"]


def test_an_answer_about_nobody_is_nobody_elses():
    with pulling(rows(), Said(body={"hello": "world"})) as (_, hubspot), pytest.raises(Misconfigured):
        list(hubspot.look_up("contacts", ["1"]))


@pytest.mark.parametrize("read", ["pages", "archived", "live_ids"])
def test_a_list_that_names_the_same_next_page_again_is_no_list(read: str):
    page = rows(an_object(1), after="2")
    with pulling(page, *([rows(total=9)] if read == "pages" else []), page) as (_, hubspot):
        pages = hubspot.pages("notes", None) if read == "pages" else getattr(hubspot, read)("notes")
        with pytest.raises(Misconfigured, match="again and again"):
            list(pages)


def test_a_cursor_that_is_ahead_of_the_server_makes_a_full_pull():
    ahead = Said(body={"results": []}, headers={"Date": "Tue, 03 Nov 2026 12:00:00 GMT"})
    with pulling(ahead) as (_, hubspot):
        cursor = list(hubspot.pages("notes", None))[-1].cursor
    with pulling(rows(total=0), rows(an_object(1))) as (server, hubspot):
        pages = list(hubspot.pages("notes", cursor))
    assert ids(pages) == ["1"]
    assert server.heard[-1].method == "GET"
    assert pages[-1].began_at == NOON


def test_properties_too_long_for_an_address_are_read_by_id():
    names = frozenset(f"a_field_with_a_long_name_{number:04}" for number in range(300))
    answers = [rows(an_object(1), an_object(2)), rows(an_object(2), an_object(1))]
    with pulling(*answers, wanted=Wanted(fields={"contact": names}, history={})) as (server, hubspot):
        pages = list(hubspot.pages("contacts", None))
    assert ids(pages) == ["1", "2"]
    assert max(len(heard.path) for heard in server.heard) < 8_000
    assert names <= set(server.heard[1].body["properties"])


def test_more_associations_than_fit_are_read_to_the_end():
    overfull = {"contacts": {"results": [{"id": "7", "type": "note_to_contact"}], "paging": {"next": {"after": "x"}}}}
    first = {"from": {"id": "1"}, "to": [{"toObjectId": 7}], "paging": {"next": {"after": "8"}}}
    second = {"from": {"id": "1"}, "to": [{"toObjectId": 8}]}
    with pulling(rows(an_object(1, associations=overfull)), rows(first), rows(second)) as (server, hubspot):
        page = next(iter(hubspot.pages("notes", None)))
    assert [link.right.id for link in page.links] == ["7", "8"]
    assert server.heard[2].body == {"inputs": [{"id": "1", "after": "8"}]}


def test_an_incremental_pull_of_little_reads_what_changed_last_and_tells_how_many_are_live():
    changed, older = an_object(7, updatedAt="2026-11-02T11:55:00Z"), an_object(3, updatedAt="2026-11-01T00:00:00Z")
    with pulling(rows(changed, older, total=2), rows(changed), rows()) as (server, hubspot):
        (page,) = hubspot.pages("notes", finished())
    asked = server.heard[0].body
    assert (ids([page]), page.live, page.last) == (["7"], 2, True)
    assert filters(server.heard[0]) == {"hs_object_id": [("GT", "0")]}
    assert asked["sorts"] == [{"propertyName": "hs_lastmodifieddate", "direction": "DESCENDING"}]
    assert server.heard[1].body["inputs"] == [{"id": "7"}]


def test_an_idle_pull_costs_one_call():
    older = an_object(3, updatedAt="2026-11-01T00:00:00Z")
    with pulling(rows(older, total=1)) as (server, hubspot):
        (page,) = hubspot.pages("notes", finished())
    assert (ids([page]), page.live, page.last) == ([], 1, True)
    assert len(server.heard) == 1


def test_what_is_in_as_it_was_last_changed_is_not_read_again_within_the_overlap():
    changed = an_object(7, updatedAt="2026-11-02T11:55:00Z")
    with pulling(rows(changed, total=1), rows(changed), rows()) as (_, hubspot):
        (page,) = hubspot.pages("notes", finished())
    with pulling(rows(changed, total=1)) as (server, hubspot):
        (again,) = hubspot.pages("notes", page.cursor)
    assert (ids([again]), len(server.heard)) == ([], 1)

    later = an_object(7, updatedAt="2026-11-02T11:56:00Z")
    with pulling(rows(later, total=1), rows(later), rows()) as (_, hubspot):
        assert ids(list(hubspot.pages("notes", again.cursor))) == ["7"]


def test_what_changed_in_the_second_in_which_a_pull_began_is_read_again_for_it_may_have_changed_once_more_in_it():
    changed = an_object(7, updatedAt="2026-11-02T12:00:00Z")
    with pulling(rows(changed, total=1), rows(changed), rows()) as (_, hubspot):
        (page,) = hubspot.pages("notes", finished())
    with pulling(rows(changed, total=1), rows(changed), rows()) as (_, hubspot):
        assert ids(list(hubspot.pages("notes", page.cursor))) == ["7"]


def test_an_incremental_pull_of_much_walks_by_id_so_equal_change_times_do_no_harm():
    news = [an_object(number, updatedAt="2026-11-02T11:55:00Z") for number in range(801, 1002)]
    first, last = news[:200], news[200]
    batches = [rows(*first[:100]), rows(*first[100:])]
    answers = [
        rows(*reversed(first), total=5_000),
        rows(*reversed(first), total=201),
        *batches,
        rows(),
        rows(last, total=1),
        rows(last),
        rows(),
    ]
    with pulling(*answers) as (server, hubspot):
        pages = list(hubspot.pages("notes", finished()))

    searches = [heard for heard in server.heard if heard.path.endswith("/search")]
    assert ids(pages) == [str(number) for number in range(801, 1002)]
    assert [filters(heard)["hs_object_id"] for heard in searches[1:]] == [[("GT", "0")], [("GT", "1000")]]
    # from ten minutes before noon to the end of the second in which the pull began
    assert [filters(heard)["hs_lastmodifieddate"] for heard in searches[1:]] == [[("GTE", "1793620200000"), ("LTE", "1793620800999")]] * 2
    assert all(heard.body["sorts"] == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}] for heard in searches[1:])
    assert [(page.last, page.live, page.total) for page in pages] == [(False, 5_000, None), (False, None, 201), (True, None, None)]


def test_contacts_are_searched_by_their_own_change_property():
    with pulling(rows(total=0)) as (server, hubspot):
        list(hubspot.pages("contacts", finished("contacts")))
    assert server.heard[0].body["sorts"][0]["propertyName"] == "lastmodifieddate"


def test_hits_without_rows_are_asked_for_again_and_do_not_move_the_watermark():
    hidden = Said(body={"results": [], "total": 2}, headers={"Date": "Mon, 02 Nov 2026 12:30:00 GMT"})
    with pulling(hidden) as (server, hubspot):
        pages = list(hubspot.pages("notes", finished()))
    assert pages[-1].last
    assert pages[-1].began_at == datetime(2026, 11, 2, 12, tzinfo=UTC)  # nothing later is known to be in
    assert {page.live for page in pages} == {None}
    assert len(server.heard) == 6  # three looks at what changed last, three at what changed since

    with pulling(hidden) as (server, hubspot):
        list(hubspot.pages("notes", pages[-1].cursor))
    assert filters(server.heard[3])["hs_lastmodifieddate"][0] == ("GTE", "1793620200000")


def test_what_the_index_counts_and_hides_for_an_hour_is_not_waited_for_any_longer():
    def hidden_at(hour: str) -> Said:
        return Said(body={"results": [], "total": 2}, headers={"Date": f"Mon, 02 Nov 2026 {hour} GMT"})

    began = []
    cursor = finished()
    for hour in ("12:30:00", "12:49:59", "12:50:00", "12:55:00"):
        with pulling(hidden_at(hour)) as (_, hubspot):
            page = list(hubspot.pages("notes", cursor))[-1]
        began.append(f"{page.began_at:%H:%M}")
        cursor = page.cursor
    assert began == ["12:00", "12:00", "12:50", "12:50"]


def test_an_index_that_hides_rows_of_other_days_only_hides_nothing_of_today():
    shown = an_object(3, updatedAt="2026-11-01T00:00:00Z")
    with pulling(*[rows(shown, total=2)] * 3, rows(total=0)) as (_, hubspot):
        pages = list(hubspot.pages("notes", finished()))
    assert pages[-1].last
    assert pages[-1].began_at == NOON


def test_a_search_that_leads_round_in_a_circle_ends():
    circle = rows(*(an_object(number, updatedAt="2026-11-02T11:55:00Z") for number in range(1, 201)), total=500)
    batches = [rows(*(an_object(number) for number in range(low, low + 100))) for low in (1, 101)]
    with pulling(circle, circle, *batches, rows(), circle) as (_, hubspot):
        pages = list(hubspot.pages("notes", finished()))
    assert len(pages) == 3
    assert pages[-1].last


def test_an_id_that_a_batch_read_leaves_out_is_asked_for_singly_and_gone_only_then():
    found = [an_object(number, updatedAt="2026-11-02T11:55:00Z") for number in (1, 2, 3)]
    answers = [rows(*found, total=3), rows(found[0]), rows(), Said(body=found[1]), NOT_FOUND, NOT_FOUND, rows()]
    with pulling(*answers) as (_, hubspot):
        pages = list(hubspot.pages("notes", finished()))
    assert ids(pages) == ["1", "2"]
    assert [key.id for key in pages[0].erased] == ["3"]


def merges(page: Page) -> list[tuple[str, str, datetime | None]]:
    return [(merge.gone.id, merge.into.id, merge.at) for merge in page.merged]


def test_a_merge_is_told_by_the_survivor_and_by_an_answer_that_is_not_what_was_asked_for():
    survivor = an_object(5, properties={"hs_merged_object_ids": "3;4"})
    answers = [rows(an_object(3, updatedAt="2026-11-02T11:55:00Z"), total=1), rows(), Said(body=survivor)]
    with pulling(*answers) as (_, hubspot):
        pages = list(hubspot.pages("contacts", finished("contacts")))
    assert (merges(pages[0]), pages[0].gone) == ([("3", "5", None)], ())

    versions = [{"value": "3;4", "timestamp": "2026-11-02T11:00:00Z"}, {"value": "3", "timestamp": "2026-11-02T10:00:00Z"}]
    survivor |= {"propertiesWithHistory": {"hs_merged_object_ids": versions}}
    with pulling(rows(survivor)) as (_, hubspot):
        pages = list(hubspot.pages("contacts", None))
    moments = [datetime(2026, 11, 2, hour, tzinfo=UTC) for hour in (10, 11)]
    assert (merges(pages[0]), pages[0].gone) == ([("3", "5", moments[0]), ("4", "5", moments[1])], ())


def test_a_full_pull_goes_on_from_any_of_its_pages_and_knows_in_the_end_how_many_it_listed():
    with pulling(rows(an_object(1), after="2"), rows(total=2)) as (_, hubspot):
        first = next(iter(hubspot.pages("notes", None)))
    with pulling(rows(an_object(2))) as (server, hubspot):
        rest = list(hubspot.pages("notes", first.cursor))
    assert query(server.heard[0])["after"] == "2"
    assert ids(rest) == ["2"]
    assert {page.began_at for page in rest} == {first.began_at}
    assert [(page.live, page.total) for page in (first, *rest)] == [(None, 2), (2, None)]


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


def test_an_account_costs_one_call():
    details = Said(body={"portalId": 62515, "accountType": "STANDARD", "timeZone": "US/Eastern"})
    with pulling(details) as (server, hubspot):
        account = hubspot.account()
    assert (account.id, account.kind, account.time_zone, account.server_now) == ("62515", "STANDARD", "US/Eastern", NOON)
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    ("answer", "uses"),
    [(rows(an_object(1)), True), (EMPTY, False), (Said(status=403), False), (Said(status=400), False), (NOT_FOUND, False)],
)
def test_a_portal_works_with_leads_only_if_it_holds_one(answer: Said, uses: bool):
    with pulling(answer) as (_, hubspot):
        assert hubspot.uses_leads_object() is uses


def test_owners_who_are_as_they_were_cost_one_call():
    owner = {"id": "77", "email": "a@b.c", "archived": False}
    with pulling(rows(owner), rows(), rows()) as (_, hubspot):
        *_, whole = hubspot.pages("owners", None)
    with pulling(rows(owner)) as (server, hubspot):
        (page,) = hubspot.pages("owners", whole.cursor)
    assert (page.last, page.live, [one.id for one in page.owners], len(server.heard)) == (True, 1, ["77"], 1)

    with pulling(rows(owner | {"email": "new@b.c"}), rows(), rows()) as (server, hubspot):
        assert [page.last for page in hubspot.pages("owners", whole.cursor)] == [False, True]


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
