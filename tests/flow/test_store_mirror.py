from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.records import (
    ActivityKind,
    ActivityStatus,
    Direction,
    FieldDefinition,
    Option,
    Owner,
    Page,
    StatusChange,
    Team,
)
from sync.store.database import Database
from sync.store.errors import AccountMismatch
from sync.store.mirror import StreamState
from tests.flow.store_values import (
    HOUR,
    MINUTE,
    NINE,
    a_change,
    a_key,
    a_link,
    a_mirror,
    a_page,
    a_record,
    an_activity,
    changes_of,
    dump,
    read,
    save,
)

STAGE = "lifecyclestage"


# --- what comes in comes out


def test_a_record_comes_back_as_it_was_pulled(store: Database) -> None:
    change = a_change("contact/1", STAGE, "lead", NINE, source="CRM_UI", source_id="userId:1001", actor="1001")
    person = replace(a_record("contact/1", {STAGE: "lead", "city": None}, archived_at=NINE + HOUR), history={STAGE: (change,)})

    save(store, person)

    (lead,) = read(store)
    assert lead.people == (replace(person, history={}),)
    assert lead.changes == (change,)
    assert lead.gone_at == {person.key: NINE + HOUR}


def test_an_activity_comes_back_as_it_was_pulled(store: Database) -> None:
    meeting = an_activity(
        "meeting/5",
        kind=ActivityKind.MEETING,
        logged_at=NINE - HOUR,
        changed_at=NINE + HOUR,
        ends_at=NINE + 30 * MINUTE,
        owner="77",
        direction=Direction.OUT,
        statuses=(StatusChange(status=ActivityStatus.BOOKED, at=NINE - HOUR), StatusChange(status=None, at=NINE)),
        duration_s=1800.5,
        source="MEETINGS",
        source_id="m-1",
        sequence="s-1",
        marketing=True,
        auto_reply=True,
        alike="abc",
        archived_at=NINE + 2 * HOUR,
    )

    save(store, a_record("contact/1"), meeting, links=(a_link("meeting/5", "contact/1"),))

    (lead,) = read(store)
    assert lead.activities == (meeting,)
    assert lead.alike == {meeting.key: 1}


def test_owners_teams_and_definitions_come_back_by_id(store: Database) -> None:
    owner = Owner(crm="hubspot", id="77", user_id="1001", email="a@example.com", name="Ada", is_queue=False, active=True, teams=("3", "2"))
    queue = Owner(crm="hubspot", id="8", user_id=None, email=None, name="New leads", is_queue=True, active=False)
    team = Team(crm="hubspot", id="3", name="SDR")
    stage = FieldDefinition(
        crm="hubspot",
        kind="deal",
        name="dealstage",
        label="Stage",
        type="enumeration",
        options=(Option(value="won", label="Won", order=1, closed=True), Option(value="new", label="New", order=0)),
        read_only=True,
    )

    save(store, owners=(queue, owner), teams=(team,), definitions=(stage,))
    save(store, owners=(replace(owner, active=False),), teams=(team,), definitions=(stage,))

    mirror = a_mirror(store)
    assert mirror.owners("hubspot") == (replace(owner, active=False), queue)
    assert mirror.teams("hubspot") == (team,)
    assert mirror.definitions("hubspot") == (stage,)
    assert mirror.owners("salesforce") == ()


# --- overlap, repetition, order


def test_pulling_the_same_page_twice_adds_nothing_and_keeps_every_seen_at(store: Database) -> None:
    save(store, a_record("company/8"))
    page = a_page(
        a_record("contact/1", {STAGE: "lead", "city": "Bonn"}, history={STAGE: [(None, NINE), ("lead", NINE)], "city": []}),
        a_record("company/9"),
        an_activity("call/5"),
        links=(a_link("contact/1", "company/9", primary=True), a_link("call/5", "contact/1")),
        linked_kinds=frozenset({"company", "contact"}),
        gone=((a_key("company/8"), None),),
    )
    a_mirror(store).save_page("hubspot", page, seen_at=NINE)
    before = dump(store)

    a_mirror(store).save_page("hubspot", page, seen_at=NINE + HOUR)

    assert dump(store) == before


def test_a_cleared_value_is_told_once(store: Database) -> None:
    person = a_record("contact/1", {STAGE: None}, history={STAGE: [("lead", NINE), (None, NINE + MINUTE)]})

    save(store, person)
    save(store, person)

    assert [value for value, _, _ in changes_of(store)] == ["lead", None]


def test_an_older_row_leaves_the_values_and_adds_its_history(store: Database) -> None:
    newer = a_record("contact/1", {"city": "Bonn"}, history={STAGE: [("lead", NINE)]}, changed_at=NINE + HOUR)
    older = a_record("contact/1", {"city": "Rome"}, history={STAGE: [("subscriber", NINE - HOUR)]}, changed_at=NINE)
    save(store, newer)

    save(store, older)

    (lead,) = read(store)
    assert lead.people[0].values == {"city": "Bonn"}
    assert [change.value for change in lead.changes if change.since is None] == ["subscriber", "lead"]


def test_of_two_rows_with_one_modified_time_the_later_to_arrive_wins(store: Database) -> None:
    save(store, a_record("contact/1", {"city": "Bonn"}))
    save(store, a_record("contact/1", {"city": "Rome"}))

    (lead,) = read(store)
    assert lead.people[0].values == {"city": "Rome"}


def test_a_record_twice_on_one_page_is_saved_at_its_newest(store: Database) -> None:
    save(
        store,
        a_record("contact/1", {"city": "Rome"}, changed_at=NINE + HOUR),
        a_record("contact/1", {"city": "Bonn"}, changed_at=NINE),
    )

    (lead,) = read(store)
    assert lead.people[0].values == {"city": "Rome"}


def test_a_planned_call_that_is_held_later_is_one_activity_with_two_statuses(store: Database) -> None:
    planned = an_activity("call/5", NINE, status=ActivityStatus.PLANNED)
    held = StatusChange(status=ActivityStatus.CONNECTED, at=NINE + HOUR)
    save(store, a_record("contact/1"), planned, links=(a_link("call/5", "contact/1"),))

    save(store, replace(planned, changed_at=NINE + HOUR, owner="77", statuses=(held,)))

    (lead,) = read(store)
    (call,) = lead.activities
    assert call.owner == "77"
    assert [change.status for change in call.statuses] == [ActivityStatus.PLANNED, ActivityStatus.CONNECTED]


def test_an_edit_that_leaves_the_status_does_not_move_it(store: Database) -> None:
    call = an_activity("call/5", NINE)
    edited = replace(call, changed_at=NINE + HOUR, statuses=(replace(call.statuses[0], at=NINE + HOUR),))
    save(store, a_record("contact/1"), call, links=(a_link("call/5", "contact/1"),))

    save(store, edited)

    (lead,) = read(store)
    assert lead.activities[0].statuses == call.statuses


def test_an_older_version_of_an_activity_is_not_taken_back(store: Database) -> None:
    save(store, a_record("contact/1"), an_activity("call/5", changed_at=NINE + HOUR, owner="77"), links=(a_link("call/5", "contact/1"),))

    save(store, an_activity("call/5", changed_at=NINE, owner="78"))

    (lead,) = read(store)
    assert lead.activities[0].owner == "77"


# --- links


def linked(store: Database, *, upto: object = None) -> list[str]:
    (lead,) = read(store, upto=upto)
    return [str(deal.key) for deal in lead.deals]


def save_links(store: Database, *deals: str, seen_at: object = NINE, primary: bool = False) -> None:
    save(
        store,
        a_record("contact/1", created_at=NINE - 9 * HOUR),
        links=tuple(a_link("contact/1", deal, primary=primary) for deal in deals),
        linked_kinds=frozenset({"deal"}),
        seen_at=seen_at,
    )


def test_links_that_come_and_go_rewrite_no_history(store: Database) -> None:
    save(store, a_record("deal/3", created_at=NINE - 9 * HOUR), stream="deals")
    save_links(store, "deal/3", seen_at=NINE)
    save_links(store, seen_at=NINE + HOUR)
    save_links(store, "deal/3", seen_at=NINE + 2 * HOUR)

    moments = (NINE - HOUR, NINE, NINE + HOUR, NINE + 2 * HOUR)
    assert [linked(store, upto=at) for at in moments] == [["hubspot/deal/3"], ["hubspot/deal/3"], [], ["hubspot/deal/3"]]
    assert linked(store) == ["hubspot/deal/3"]


def test_a_kind_that_the_page_does_not_list_in_full_loses_no_link(store: Database) -> None:
    save(store, a_record("deal/3"), stream="deals")
    save_links(store, "deal/3")

    save(store, a_record("contact/1", created_at=NINE - 9 * HOUR), linked_kinds=frozenset({"company"}), seen_at=NINE + HOUR)

    assert linked(store) == ["hubspot/deal/3"]


def test_a_link_between_rows_known_before_counts_from_when_it_was_seen(store: Database) -> None:
    save(store, a_record("deal/3", created_at=NINE - 9 * HOUR), stream="deals")
    save_links(store, seen_at=NINE)
    save_links(store, "deal/3", seen_at=NINE + HOUR)

    assert linked(store, upto=NINE + HOUR - MINUTE) == []
    assert linked(store, upto=NINE + HOUR) == ["hubspot/deal/3"]


def test_a_call_brings_its_links_with_it_however_late_it_is_pulled(store: Database) -> None:
    save(store, a_record("contact/1"))
    save(store, stream="calls")

    save(store, an_activity("call/5", NINE), stream="calls", links=(a_link("call/5", "contact/1"),), seen_at=NINE + 5 * HOUR)

    (lead,) = read(store, upto=NINE + HOUR)
    assert [str(call.key) for call in lead.activities] == ["hubspot/call/5"]


def test_a_link_told_from_its_other_side_is_the_same_link(store: Database) -> None:
    save(store, a_record("contact/1"), a_record("deal/3"), links=(a_link("contact/1", "deal/3"), a_link("deal/3", "contact/1")))

    assert linked(store) == ["hubspot/deal/3"]


def test_the_primary_company_is_the_lead_s_company_else_the_smallest(store: Database) -> None:
    people = [a_record("contact/1"), a_record("contact/2"), a_record("company/10"), a_record("company/9"), a_record("company/11")]
    links = (
        a_link("contact/1", "company/9"),
        a_link("contact/1", "company/10", primary=True),
        a_link("contact/2", "company/11"),
        a_link("contact/2", "company/9"),
    )

    save(store, *people, links=links)

    assert [str(lead.company.key) for lead in read(store) if lead.company] == ["hubspot/company/10", "hubspot/company/9"]


def test_another_primary_company_holds_from_when_it_was_seen(store: Database) -> None:
    def pull(primary: str, seen_at: object) -> None:
        save(
            store,
            a_record("contact/1"),
            links=tuple(a_link("contact/1", key, primary=key == primary) for key in ("company/9", "company/10")),
            linked_kinds=frozenset({"company"}),
            seen_at=seen_at,
        )

    save(store, a_record("company/9"), a_record("company/10"), stream="companies")
    pull("company/9", NINE)
    pull("company/10", NINE + HOUR)

    companies = [lead.company for at in (NINE, NINE + HOUR, None) for lead in read(store, upto=at)]
    assert [str(company.key) for company in companies if company] == ["hubspot/company/9", "hubspot/company/10", "hubspot/company/10"]


# --- what goes


def test_a_row_that_went_at_an_untold_moment_went_when_we_last_saw_it(store: Database) -> None:
    gone = ((a_key("contact/1"), None), (a_key("contact/404"), NINE))
    save(store, a_record("contact/1"))
    save(store, gone=gone, seen_at=NINE + HOUR)
    save(store, gone=gone, seen_at=NINE + 2 * HOUR)

    (lead,) = read(store)
    assert lead.gone_at == {a_key("contact/1"): NINE}
    assert lead.people[0].archived_at == NINE


def test_a_page_that_was_read_before_does_not_bring_a_deleted_record_back(store: Database) -> None:
    save(store, a_record("contact/1"))
    save(store, gone=((a_key("contact/1"), NINE + HOUR),))

    save(store, a_record("contact/1", {"city": "Bonn"}, changed_at=NINE + MINUTE), seen_at=NINE + HOUR)

    assert read(store)[0].gone_at == {a_key("contact/1"): NINE + HOUR}


@pytest.mark.parametrize(("changed", "seen"), [(2, 1), (0, 2)])
def test_a_record_that_changed_or_was_served_after_it_went_is_there_again(store: Database, changed: int, seen: int) -> None:
    save(store, a_record("contact/1"))
    save(store, gone=((a_key("contact/1"), NINE + HOUR),))

    save(store, a_record("contact/1", changed_at=NINE + changed * HOUR), seen_at=NINE + seen * HOUR)

    assert read(store)[0].gone_at == {}


def test_a_call_that_is_served_after_it_went_is_there_again(store: Database) -> None:
    save(store, an_activity("call/1"))
    for wait, live in ((1, 0), (2, 1)):
        gone = ((a_key("call/1"), NINE + HOUR),) if wait == 1 else ()
        save(store, *(() if gone else (an_activity("call/1"),)), gone=gone, seen_at=NINE + wait * HOUR)
        assert a_mirror(store).live("hubspot", "call") == live


def test_a_definition_that_the_crm_no_longer_has_goes_and_those_of_other_kinds_stay(store: Database) -> None:
    def defined(kind: str, *names: str) -> Page:
        fields = tuple(FieldDefinition(crm="hubspot", kind=kind, name=name, label=name, type="string") for name in names)
        return Page(stream="definitions", began_at=NINE, definitions=fields, cursor="whole", last=True)

    mirror = a_mirror(store)
    for page in (defined("contact", "city", "tier"), defined("deal", "amount"), defined("contact", "city")):
        mirror.save_page("hubspot", page, seen_at=NINE)
    assert [(one.kind, one.name) for one in mirror.definitions("hubspot")] == [("contact", "city"), ("deal", "amount")]


# --- streams and accounts


def test_a_stream_is_read_up_to_when_its_last_complete_reading_began(store: Database) -> None:
    mirror = a_mirror(store)
    mirror.save_page("hubspot", a_page(began_at=NINE, cursor="c1", last=False, live=2), seen_at=NINE)
    assert mirror.streams("hubspot") == {"contacts": StreamState(upto=None, total=2, error=None)}

    mirror.save_page("hubspot", a_page(began_at=NINE, cursor="c2"), seen_at=NINE)
    mirror.note_failure("hubspot", "contacts", "HubSpot did not answer", at=NINE + HOUR)
    assert mirror.streams("hubspot") == {"contacts": StreamState(upto=NINE, total=2, error="HubSpot did not answer")}
    assert mirror.cursor("hubspot", "contacts") == "c2"

    mirror.save_page("hubspot", a_page(began_at=NINE + HOUR, cursor="c3", last=False), seen_at=NINE)
    assert mirror.streams("hubspot")["contacts"].error == "HubSpot did not answer"

    mirror.save_page("hubspot", a_page(began_at=NINE + HOUR, cursor="c4"), seen_at=NINE)
    assert mirror.streams("hubspot") == {"contacts": StreamState(upto=NINE + HOUR, total=2, error=None)}


def test_a_stream_that_never_could_be_read_has_an_error_and_no_cursor(store: Database) -> None:
    mirror = a_mirror(store)
    mirror.note_failure("hubspot", "deals", "no scope", at=NINE)

    assert mirror.cursor("hubspot", "deals") is None
    assert mirror.streams("hubspot") == {"deals": StreamState(upto=None, total=None, error="no scope")}


def test_a_store_holds_one_account_of_each_crm(store: Database) -> None:
    mirror = a_mirror(store)
    mirror.bind_account("hubspot", "62515")
    mirror.bind_account("salesforce", "00D1")

    with pytest.raises(AccountMismatch, match="62515"):
        mirror.bind_account("hubspot", "1")
