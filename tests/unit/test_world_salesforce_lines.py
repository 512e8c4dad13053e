"""The records of a practice Salesforce world are such as Salesforce keeps."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from sandbox.salesforce.ids import long_id
from sandbox.world.make import make_world
from sandbox.world.promises import BULK_ALIKE
from tests.unit.salesforce_world import HISTORIES, NOON, a_world, histories, of

PERSONS = ("Lead", "Contact")
RECORDS = (*PERSONS, "Account", "Opportunity", "Task", "Event")
REFERENCES = ("OwnerId", "WhoId", "AccountId", "ContactId", "ConvertedContactId", "ConvertedAccountId", "ConvertedOpportunityId")
AUTHORS = ("CreatedById", "LastModifiedById", "ManagerId", "UserRoleId", "QueueId", "GroupId", "UserOrGroupId")
MAY_LIE_AHEAD = {"StartDateTime", "EndDateTime", "ActivityDateTime"}


def moments(line: dict[str, Any]) -> Iterator[tuple[str, datetime]]:
    for name, value in line.items():
        if isinstance(value, str) and value.endswith("+0000"):
            yield name, datetime.fromisoformat(value)


def test_every_id_is_one_that_salesforce_could_have_given_and_is_given_once() -> None:
    ids = Counter(line["Id"] for line in a_world().lines if "Id" in line)

    assert [id_ for id_ in ids if long_id(id_) != id_ or len(id_) != 18] == []
    assert max(ids.values()) == 1


def test_every_reference_has_a_target() -> None:
    there = {line["Id"] for line in a_world().lines if "Id" in line} | {None}
    named = REFERENCES + AUTHORS + tuple(HISTORIES.values())

    assert [(line["Id"], name) for line in a_world().lines for name in named if line.get(name) not in there] == []


def test_owners_are_users_and_only_of_leads_queues() -> None:
    users = {line["Id"] for line in of(a_world(), "User")}
    queues = {line["QueueId"] for line in of(a_world(), "QueueSobject")}

    assert {line["OwnerId"] for line in of(a_world(), *RECORDS) if line["attributes"]["type"] != "Lead"} <= users
    assert {line["OwnerId"] for line in of(a_world(), "Lead")} <= users | queues


def test_times_have_whole_seconds_and_nothing_has_happened_yet_that_lies_ahead() -> None:
    world = a_world()

    for line in world.lines:
        for name, at in moments(line):
            assert at.microsecond == 0
            assert name in MAY_LIE_AHEAD or at <= world.now, (line["Id"], name)


def test_each_history_leads_without_a_gap_to_what_the_record_holds() -> None:
    world = a_world()
    records = {line["Id"]: line for line in of(world, *RECORDS)}
    names = {line["Id"]: line.get("Name") for line in of(world, "User", "Group")}

    for (record, field), rows in histories(world).items():
        if field in ("created", "leadConverted"):
            continue
        held = records[record]["OwnerId"] if field == "Owner" else records[record][field]
        told = [rows[1::2], rows[::2]] if field == "Owner" else [rows]
        for chain, now in zip(told, (held, names.get(held)), strict=False):
            assert chain[-1]["NewValue"] == now
            assert all(earlier["NewValue"] == later["OldValue"] for earlier, later in pairwise(chain))
            assert all(row["OldValue"] != row["NewValue"] for row in chain)


def test_what_a_record_was_created_with_has_no_row() -> None:
    created = {line["Id"]: line["CreatedDate"] for line in of(a_world(), *RECORDS)}

    for (record, field), rows in histories(a_world()).items():
        assert field == "created" or all(row["CreatedDate"] > created[record] for row in rows)


def test_history_rows_stand_in_the_order_of_their_ids() -> None:
    rows = list(of(a_world(), *HISTORIES))

    assert all((a["CreatedDate"], a["Id"]) < (b["CreatedDate"], b["Id"]) for a, b in pairwise(rows))


def test_a_field_with_a_history_is_declared_as_tracked_and_a_lead_has_no_more_than_twenty() -> None:
    declared = {(line["object"], line["name"]) for line in of(a_world(), "CustomField", "StandardField") if line["tracked"]}
    parents = {"LeadHistory": "Lead", "ContactHistory": "Contact", "OpportunityFieldHistory": "Opportunity"}
    told = {(parents[row["attributes"]["type"]], row["Field"]) for row in of(a_world(), *HISTORIES)}
    told = {(kind, "OwnerId" if field == "Owner" else field) for kind, field in told if field not in ("created", "leadConverted")}

    assert told <= declared
    assert sum(kind == "Lead" for kind, _ in declared) <= 20


def test_a_converted_lead_changes_no_more_and_lives_on_as_a_contact() -> None:
    world = a_world()
    contacts = {line["Id"]: line for line in of(world, "Contact")}
    converted = [line for line in of(world, "Lead") if line["IsConverted"]]
    rows = histories(world)

    assert len(converted) > 30
    for lead in converted:
        contact = contacts[lead["ConvertedContactId"]]
        (conversion,) = rows[lead["Id"], "leadConverted"]
        assert lead["Status"] == "Qualified"
        assert conversion["CreatedDate"] == contact["CreatedDate"] == lead["LastModifiedDate"]
        assert lead["ConvertedDate"] == contact["CreatedDate"][:10]
        assert (contact["Email"], contact["LastName"]) == (lead["Email"], lead["LastName"])


def test_activities_of_a_converted_lead_hang_on_its_contact() -> None:
    converted = {line["Id"] for line in of(a_world(), "Lead") if line["IsConverted"]}

    assert not converted & {line["WhoId"] for line in of(a_world(), "Task", "Event")}


def test_some_conversions_have_an_opportunity_and_some_of_these_are_closed() -> None:
    world = a_world()
    ids = {line["Id"]: line for line in of(world, "Opportunity")}
    converted = [line for line in of(world, "Lead") if line["IsConverted"]]
    stages = Counter(ids[line["ConvertedOpportunityId"]]["StageName"] for line in converted if line["ConvertedOpportunityId"])

    assert min(stages[stage] for stage in ("Qualification", "Closed Won", "Closed Lost")) >= 3
    assert sum(line["ConvertedOpportunityId"] is None for line in converted) > 10
    assert all(line["IsClosed"] == line["StageName"].startswith("Closed") for line in ids.values())


def test_some_customers_are_contacts_who_never_were_leads() -> None:
    made = {line["ConvertedContactId"] for line in of(a_world(), "Lead")}

    assert sum(line["Id"] not in made for line in of(a_world(), "Contact")) > 10


def test_a_person_is_stamped_anew_by_what_is_logged_on_it() -> None:
    persons = {line["Id"]: line for line in of(a_world(), *PERSONS)}

    for task in of(a_world(), "Task"):
        assert persons[task["WhoId"]]["SystemModstamp"] >= (task["CompletedDateTime"] or task["CreatedDate"])


def test_a_task_is_closed_exactly_when_it_has_a_time_of_completion() -> None:
    tasks = list(of(a_world(), "Task"))

    assert all(task["IsClosed"] == (task["Status"] == "Completed") == (task["CompletedDateTime"] is not None) for task in tasks)
    assert all(task["CreatedDate"] <= task["CompletedDateTime"] for task in tasks if task["IsClosed"])
    assert {task["TaskSubtype"] for task in tasks} == {"Call", "Email", "ListEmail", "Cadence", "LinkedIn", "Task"}
    assert sum(task["IsClosed"] and task["CreatedDate"] < task["CompletedDateTime"] for task in tasks) > 20


def test_every_lead_has_a_name_a_company_and_values_that_fit_their_fields() -> None:
    for lead in of(a_world(), "Lead"):
        assert lead["LastName"] and lead["Company"]
        assert len(lead["LastName"]) <= 80 and len(lead["Title"] or "") <= 128 and len(lead["Company"]) <= 255


def test_mail_is_alike_by_the_dozen_only_where_the_story_says_so() -> None:
    tasks = of(a_world(leads=1500), "Task")
    alike = Counter(task["Subject"] for task in tasks if task["TaskSubtype"] in ("Email", "LinkedIn"))
    bulk = {subject: count for subject, count in alike.items() if count >= BULK_ALIKE - 1}

    assert bulk and all(subject.startswith("Planning notes") for subject in bulk)


def test_deleted_leads_take_their_activities_along() -> None:
    gone = {line["Id"]: line for line in of(a_world(), "Lead") if line["IsDeleted"]}
    tasks = [task for task in of(a_world(), "Task") if task["WhoId"] in gone]

    assert gone and tasks
    assert all(task["IsDeleted"] and task["SystemModstamp"] == gone[task["WhoId"]]["SystemModstamp"] for task in tasks)


def test_the_same_arguments_make_the_same_world() -> None:
    first, second = (make_world(leads=60, seed=3, now=datetime.fromisoformat(NOON), crm="salesforce") for _ in range(2))

    assert first == second
    assert first.lines != make_world(leads=60, seed=4, now=first.now, crm="salesforce").lines
    assert json.loads(json.dumps(first.lines)) == first.lines


@pytest.mark.parametrize("leads", [0, 1, 10, 59])
def test_a_small_world_is_a_world(leads: int) -> None:
    world = make_world(leads=leads, seed=1, now=datetime.fromisoformat(NOON) + timedelta(milliseconds=400), crm="salesforce")
    made = {line["ConvertedContactId"] for line in of(world, "Lead")}
    customers = [line for line in of(world, "Contact") if line["Id"] not in made]

    assert leads == len(list(of(world, "Lead"))) + len(customers)
    assert world.now.microsecond == 0
