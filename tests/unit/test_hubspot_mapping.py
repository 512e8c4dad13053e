"""HubSpot's shapes and ours: small literals in the shape of recorded answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Misconfigured
from connectors.hubspot.activities import SHAPES, activity_from_object, properties_of
from connectors.hubspot.mapping import (
    definition_from,
    key_of,
    links_from_batch,
    links_from_inline,
    merges_of,
    owner_from,
    record_from_object,
    stages_of,
)
from connectors.hubspot.values import moment_of
from connectors.records import ActivityStatus, Direction, StatusChange

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
BUSY_GUID = "9d9162e7-6cf3-4944-bf63-4dff82258764"
NO_ANSWER_GUID = "73a0d17f-1163-4015-bdd5-ec830791da20"


def a_contact(properties: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    item = {
        "id": "101",
        "properties": {"email": "ann@example.com", "hubspot_owner_id": "77", **(properties or {})},
        "createdAt": "2026-11-01T10:00:00.123Z",
        "updatedAt": "2026-11-02T12:00:00Z",
        "archived": False,
    }
    return item | members


def an_engagement(**properties: Any) -> dict[str, Any]:
    return {
        "id": "900",
        "properties": {"hs_timestamp": "2026-11-02T11:30:00Z", "hs_createdate": "2026-11-02T11:31:00.500Z", **properties},
        "createdAt": "2026-11-02T11:31:00.500Z",
        "updatedAt": "2026-11-02T12:00:00Z",
        "archived": False,
    }


def status_of(kind: str, **properties: Any) -> ActivityStatus | None:
    return activity_from_object(kind, an_engagement(**properties)).statuses[-1].status


def test_times_are_read_in_every_documented_form():
    assert moment_of("2026-11-02T12:00:00Z") == NOON
    assert moment_of("2026-11-02T12:00:00.000Z") == NOON
    assert moment_of("1793620800000") == NOON
    assert moment_of(1793620800000) == NOON
    assert moment_of("2026-11-02") == datetime(2026, 11, 2, tzinfo=UTC)
    assert moment_of("") is None
    assert moment_of("soon") is None


def test_a_contact_keeps_the_wanted_fields_alone_and_a_blank_is_none():
    record = record_from_object("contact", a_contact({"country": "", "secret": "x"}), ["country", "hubspot_owner_id", "not_defined"])

    assert record.values == {"country": None, "hubspot_owner_id": "77", "not_defined": None}
    assert str(record.key) == "hubspot/contact/101"
    assert record.created_at == datetime(2026, 11, 1, 10, 0, 0, 123000, tzinfo=UTC)
    assert record.changed_at == NOON


def test_a_property_whose_history_was_asked_for_and_not_kept_says_so() -> None:
    record = record_from_object("contact", a_contact({"hubspot_owner_id": "77"}), ["hubspot_owner_id"], ["hubspot_owner_id"])

    assert record.history == {"hubspot_owner_id": ()}


def test_a_history_comes_oldest_first_with_its_source_and_actor():
    versions = [
        {"value": "", "timestamp": "2026-11-02T12:00:00Z", "sourceType": "API", "sourceId": "54321"},
        {"value": "77", "timestamp": "2026-11-01T10:00:00.123Z", "sourceType": "CRM_UI", "sourceId": "userId:1001"},
    ]
    record = record_from_object("contact", a_contact(propertiesWithHistory={"hubspot_owner_id": versions}), [])

    first, second = record.history["hubspot_owner_id"]
    assert (first.value, first.source, first.actor) == ("77", "CRM_UI", "1001")
    assert (second.value, second.at, second.source_id, second.actor) == (None, NOON, "54321", None)


def test_of_two_versions_with_one_time_the_one_told_first_is_the_newer():
    at = "2026-11-02T12:00:00Z"
    versions = [{"value": "b", "timestamp": at}, {"value": "a", "timestamp": at}]

    record = record_from_object("contact", a_contact(propertiesWithHistory={"city": versions}), [])

    assert [change.value for change in record.history["city"]] == ["a", "b"]


def test_an_item_without_any_time_is_refused_with_a_fix():
    with pytest.raises(Misconfigured, match="no time") as refused:
        record_from_object("contact", {"id": "1", "properties": {}}, [])
    assert "hubspot.base_url" in refused.value.fix


def test_an_archived_record_says_since_when():
    record = record_from_object("contact", a_contact(archived=True, archivedAt="2026-11-02T12:00:00Z"), [])
    assert record.archived_at == NOON


def test_the_survivor_of_a_merge_names_the_merged_away_ids():
    merges = list(merges_of("contact", a_contact({"hs_merged_object_ids": "7;8 ;101"})))
    assert [(merge.gone.id, merge.into.id, merge.at) for merge in merges] == [("7", "101", None), ("8", "101", None)]
    assert list(merges_of("contact", a_contact({"hs_merged_object_ids": None}))) == []


def test_a_merge_happened_when_the_survivor_first_named_the_other():
    versions = [{"value": "8;7", "timestamp": "2026-11-02T13:00:00Z"}, {"value": "7", "timestamp": "2026-11-02T12:00:00Z"}]
    survivor = a_contact({"hs_merged_object_ids": "8;7;9"}, propertiesWithHistory={"hs_merged_object_ids": versions})
    told = {merge.gone.id: merge.at for merge in merges_of("contact", survivor)}
    assert told == {"7": NOON, "8": NOON + timedelta(hours=1), "9": None}


def test_the_primary_company_is_told_by_the_type_without_unlabeled():
    rows = [
        {"id": "9", "type": "contact_to_company_unlabeled"},
        {"id": 10, "type": "contact_to_company_unlabeled"},
        {"id": "10", "type": "contact_to_company"},
    ]
    links = links_from_inline(key_of("contact", "101"), "company", {"results": rows})
    assert [(link.right.id, link.primary) for link in links] == [("9", False), ("10", True)]


def test_where_several_companies_look_primary_none_is():
    rows = [{"id": "9", "type": "contact_to_company"}, {"id": "10", "type": "contact_to_company"}]
    links = links_from_inline(key_of("contact", "101"), "company", {"results": rows})
    assert [link.primary for link in links] == [False, False]


def test_batch_associations_are_read_with_numbers_or_texts_as_ids():
    results = [
        {
            "from": {"id": "101"},
            "to": [
                {"toObjectId": 9, "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None}]},
                {"toObjectId": "10", "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"}]},
            ],
        }
    ]
    links = links_from_batch("contact", "company", results)
    assert [(link.right.id, link.primary) for link in links] == [("9", False), ("10", True)]


@pytest.mark.parametrize(
    ("properties", "status"),
    [
        ({"hs_call_disposition": BUSY_GUID, "hs_call_status": "COMPLETED"}, ActivityStatus.BUSY),
        ({"hs_call_disposition": "0000-a-portals-own"}, ActivityStatus.OTHER),
        ({"hs_call_status": "COMPLETED"}, ActivityStatus.OTHER),
        ({"hs_call_status": "CANCELED"}, ActivityStatus.FAILED),
        ({"hs_call_status": "RINGING"}, ActivityStatus.PLANNED),
        ({"hs_call_status": "NO_ANSWER", "hs_call_direction": "INBOUND"}, ActivityStatus.MISSED),
        ({"hs_call_disposition": NO_ANSWER_GUID, "hs_call_direction": "INBOUND"}, ActivityStatus.MISSED),
        ({"hs_call_status": "NO_ANSWER", "hs_call_direction": "OUTBOUND"}, ActivityStatus.NO_ANSWER),
        ({"hs_call_status": "", "hs_call_disposition": None}, None),
    ],
)
def test_a_call_went_as_its_outcome_says_else_as_its_status_says(properties: dict[str, Any], status: ActivityStatus | None):
    assert status_of("call", **properties) is status


def test_an_email_without_status_was_sent_and_a_forwarded_one_came_in():
    assert status_of("email", hs_email_status="") is ActivityStatus.SENT
    assert status_of("email", hs_email_status="BOUNCED") is ActivityStatus.BOUNCED
    forwarded = activity_from_object("email", an_engagement(hs_email_direction="FORWARDED_EMAIL"))
    assert forwarded.direction is Direction.IN


@pytest.mark.parametrize(
    ("source", "marketing"),
    [("MARKETING_EMAIL", True), ("AUTOMATION_PLATFORM", True), ("EMAIL", False), ("SEQUENCES", False), (None, False)],
)
def test_a_mail_of_the_email_tool_or_a_workflow_is_marketing(source: str | None, marketing: bool):
    assert activity_from_object("email", an_engagement(hs_object_source=source)).marketing is marketing


def test_a_call_that_a_workflow_logged_is_no_marketing():
    assert not activity_from_object("call", an_engagement(hs_object_source="AUTOMATION_PLATFORM")).marketing


def test_a_meeting_has_its_start_its_end_and_every_outcome_it_had():
    versions = [
        {"value": "COMPLETED", "timestamp": "2026-11-02T12:00:00Z"},
        {"value": "SCHEDULED", "timestamp": "2026-11-01T10:00:00Z"},
    ]
    item = an_engagement(hs_meeting_start_time="2026-11-02T10:00:00Z", hs_meeting_end_time="1793617200000", hs_meeting_outcome="COMPLETED")
    meeting = activity_from_object("meeting", item | {"propertiesWithHistory": {"hs_meeting_outcome": versions}})

    assert meeting.happened_at == datetime(2026, 11, 2, 10, tzinfo=UTC)
    assert meeting.ends_at == datetime(2026, 11, 2, 11, tzinfo=UTC)
    assert meeting.statuses == (
        StatusChange(status=ActivityStatus.BOOKED, at=datetime(2026, 11, 1, 10, tzinfo=UTC)),
        StatusChange(status=ActivityStatus.HELD, at=NOON),
    )


def test_a_meeting_without_outcome_is_only_booked_and_its_empty_owner_is_nobody():
    meeting = activity_from_object("meeting", an_engagement(hs_meeting_outcome="", hubspot_owner_id=""))
    assert [change.status for change in meeting.statuses] == [ActivityStatus.BOOKED]
    assert meeting.owner is None


def test_calls_alike_share_a_hash_and_the_subject_stays_out_of_the_activity():
    one = activity_from_object("email", an_engagement(hs_email_subject="Hello Ann", hubspot_owner_id="77"))
    same = activity_from_object("email", an_engagement(hs_email_subject="Hello Ann", hubspot_owner_id="77"))
    other = activity_from_object("email", an_engagement(hs_email_subject="Hello Bob", hubspot_owner_id="77"))

    assert one.alike == same.alike != other.alike
    assert "Ann" not in repr(one)


def test_logged_and_typed_in_times_are_kept_apart():
    call = activity_from_object("call", an_engagement(hs_call_duration="61500"))
    assert call.happened_at == datetime(2026, 11, 2, 11, 30, tzinfo=UTC)
    assert call.logged_at == datetime(2026, 11, 2, 11, 31, 0, 500000, tzinfo=UTC)
    assert call.duration_s == 61.5


def test_an_archived_owner_is_inactive_and_keeps_the_user_behind_it():
    item = {
        "id": "77",
        "email": "Sam@Example.com",
        "type": "PERSON",
        "firstName": "Sam",
        "lastName": "",
        "userId": None,
        "userIdIncludingInactive": 1001,
        "archived": True,
        "teams": [{"id": "4", "name": "All", "primary": False}, {"id": "3", "name": "SDR", "primary": True}],
    }
    owner = owner_from(item)
    assert (owner.user_id, owner.email, owner.name, owner.active) == ("1001", "sam@example.com", "Sam", False)
    assert owner.teams == ("3", "4")


def test_options_come_in_display_order_and_hidden_places_last():
    item = {
        "name": "lifecyclestage",
        "label": "Lifecycle Stage",
        "type": "enumeration",
        "modificationMetadata": {"readOnlyValue": False},
        "options": [
            {"label": "Old", "value": "old", "displayOrder": -1},
            {"label": "Lead", "value": "lead", "displayOrder": 1},
            {"label": "Subscriber", "value": "subscriber", "displayOrder": 0},
        ],
    }
    definition = definition_from("contact", item)
    assert [(option.value, option.order) for option in definition.options] == [("subscriber", 0), ("lead", 1), ("old", 2)]


def test_a_pipelines_stages_say_whether_a_deal_in_them_is_closed():
    stages = [
        {"id": "closedwon", "label": "Won", "displayOrder": 1, "metadata": {"isClosed": "true", "probability": "1.0"}},
        {"id": "appointmentscheduled", "label": "Appointment", "displayOrder": 0, "metadata": {"isClosed": "false"}},
    ]
    options = stages_of([{"id": "default", "displayOrder": 0, "stages": stages}])
    assert [(option.value, option.closed) for option in options] == [("appointmentscheduled", False), ("closedwon", True)]


ODD_VALUES = st.one_of(
    st.none(),
    st.just(""),
    st.text("abcXYZ019 -:;Ä€", max_size=12),
    st.integers(min_value=-(10**18), max_value=10**18),
    st.integers(min_value=0, max_value=10**14).map(str),
    st.booleans(),
    st.datetimes(timezones=st.just(UTC)).map(lambda at: at.isoformat().replace("+00:00", "Z")),
    st.datetimes().map(lambda at: at.replace(microsecond=0).isoformat() + "Z"),
)
VERSIONS = st.lists(st.fixed_dictionaries({"value": ODD_VALUES, "timestamp": ODD_VALUES, "sourceId": ODD_VALUES}), max_size=3)


@given(st.sampled_from(sorted(SHAPES)), st.data())
def test_no_odd_value_stops_an_activity_from_being_read(kind: str, data: st.DataObject):
    names = st.sampled_from(properties_of(kind))
    item = an_engagement(**data.draw(st.dictionaries(names, ODD_VALUES, max_size=8)))
    item["propertiesWithHistory"] = data.draw(st.dictionaries(names, VERSIONS, max_size=3))

    activity = activity_from_object(kind, item)

    assert activity.logged_at.tzinfo is UTC
    assert [change.at for change in activity.statuses] == sorted(change.at for change in activity.statuses)


@given(st.dictionaries(st.sampled_from(["email", "city", "lastmodifieddate"]), ODD_VALUES), VERSIONS)
def test_no_odd_value_stops_a_record_from_being_read(properties: dict[str, Any], versions: list[dict[str, Any]]):
    record = record_from_object("contact", a_contact(properties, propertiesWithHistory={"city": versions}), ["city"])

    changes = record.history.get("city", ())
    assert [change.at for change in changes] == sorted(change.at for change in changes)
    assert record.values["city"] != ""
