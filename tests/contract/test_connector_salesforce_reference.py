"""What a practice org hides, which histories it keeps, and who owns what."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.errors import Forbidden, Misconfigured
from connectors.salesforce.connector import Salesforce
from tests.contract.connector_suite import Reader, owners_told
from tests.contract.practice_salesforce import (
    ANN,
    BOB,
    FIRST,
    GONE,
    QUEUE,
    SECOND,
    PracticeSalesforce,
    an_id,
    at,
    ids,
    last_cursor,
    line,
    practice_salesforce,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def practice() -> Iterator[PracticeSalesforce]:
    with practice_salesforce() as practice:
        yield practice


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


def test_a_lead_names_the_fields_whose_changes_are_asked_for_whoever_tells_them(practice: PracticeSalesforce):
    """A store that sees another value than last time, and was told no change, knows that there was one."""
    told = [record.history for page in practice.connector().pages("Lead", None) for record in page.records]
    assert told and all(history == {"IsConverted": (), "OwnerId": (), "Status": ()} for history in told)


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


@pytest.mark.parametrize("hidden", [False, True], ids=["told by the org", "read from the histories"])
def test_what_an_org_tracks_may_stand_on_several_pages(practice: PracticeSalesforce, hidden: bool):
    if hidden:
        practice.deed("hidden", sobject="FieldDefinition")
    at_once = tracked(practice.connector())
    practice.deed("api", page_rows=1)
    assert tracked(practice.connector()) == at_once


# --- owners


def test_owners_are_users_with_their_roles_and_queues(practice: PracticeSalesforce):
    pages = list(practice.connector().pages("owners", None))
    owners = {owner.id: owner for page in pages for owner in page.owners}
    assert (owners[ANN].active, owners[GONE].active, owners[QUEUE].active, owners[QUEUE].is_queue) == (True, False, True, True)
    assert {team.name for page in pages for team in page.teams} == {"SDR"}
    assert owners[ANN].teams[0] in {team.id for page in pages for team in page.teams}


def test_owners_who_are_as_they_were_cost_one_call_and_are_told_as_far_as_they_are_in_office(practice: PracticeSalesforce):
    connector = practice.connector()
    cursor = last_cursor(connector, "owners")
    before = practice.calls()
    (page,) = connector.pages("owners", cursor)
    in_office = {owner.id for owner in page.owners}
    assert ({ANN, QUEUE} <= in_office, GONE in in_office, page.last, practice.calls() - before) == (True, False, True, 1)
    practice.pass_time(HOUR)
    practice.deed("write", sobject="User", id=ANN, values={"IsActive": False})
    found = {owner.id: owner.active for page in connector.pages("owners", cursor) for owner in page.owners}
    assert found[ANN] is False


def test_more_users_than_a_page_holds_are_read_on_from_where_the_first_page_ends():
    users = [
        line("User", an_id("005", 100 + n), LastName=f"U {n}", Username=f"u{n}@example.com", UserType="Standard") for n in range(2_000)
    ]
    with practice_salesforce(*users) as crowded:
        before = crowded.calls()
        told = [owner.id for page in crowded.connector().pages("owners", None) for owner in page.owners]
        assert (len(told), len(set(told))) == (2_005, 2_005)
        assert crowded.calls() - before == 3  # the first page with the queues, the second one, those who left


def test_a_queue_that_may_hold_no_leads_any_more_is_not_active(practice: PracticeSalesforce):
    practice.deed("delete", id=an_id("03g", 1))
    owners = {owner.id: owner for page in practice.connector().pages("owners", None) for owner in page.owners}
    assert not owners[QUEUE].active


@pytest.mark.parametrize("kind", ["Contact", "Account", "Opportunity"])
def test_an_object_that_is_hidden_has_no_definitions(practice: PracticeSalesforce, kind: str):
    practice.deed("hidden", sobject=kind)

    pages = [*practice.connector().pages("definitions", None)]

    assert kind not in {definition.kind for page in pages for definition in page.definitions}
    assert [page.last for page in pages] == [False, False, False, True]


def test_without_leads_nothing_is_defined(practice: PracticeSalesforce):
    practice.deed("hidden", sobject="Lead")

    with pytest.raises(Forbidden, match="no object Lead, or hides it"):
        list(practice.connector().pages("definitions", None))


def test_queues_that_are_hidden_are_none(practice: PracticeSalesforce):
    practice.deed("hidden", sobject="Group")
    connector = practice.connector()
    connector.account()
    owners = {owner.id for page in connector.pages("owners", None) for owner in page.owners}
    assert ANN in owners
    assert QUEUE not in owners


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
