"""Which deliveries are HubSpot's, and which records their events name."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.hubspot.webhooks import HubSpotWebhooks, signature_of
from connectors.webhooks import Delivery, Doubt, Unreadable
from tests.hubspot_signature import signed

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
URL = "https://leadpact.example.com/webhooks/hubspot"
HOOKS = HubSpotWebhooks(SECRET)


def delivered(body: bytes = b"[]", *, url: str = URL, at: datetime = AT) -> Delivery:
    ms = str(int(at.timestamp() * 1000))
    return Delivery(method="POST", url=url, body=body, signature=signed(SECRET, "POST", url, body, ms), signed_at=ms)


def records(*events: dict[str, Any]) -> list[list[str]]:
    read = HOOKS.read(json.dumps([{"portalId": 62515, **event} for event in events]).encode())
    assert {event.account for event in read} <= {"62515"}
    return [[str(key) for key in event.records] for event in read]


def test_a_delivery_signed_with_the_secret_is_hubspots() -> None:
    assert HOOKS.doubt(delivered(), now=AT) is None
    assert HOOKS.doubt(delivered('[{"ä":"ü"}]'.encode()), now=AT) is None


@pytest.mark.parametrize("off", [timedelta(minutes=-5), timedelta(minutes=5)])
def test_exactly_five_minutes_are_in_time_and_a_millisecond_more_is_not(off: timedelta) -> None:
    beyond = off + timedelta(milliseconds=1 if off > timedelta() else -1)
    assert HOOKS.doubt(delivered(), now=AT + off) is None
    assert HOOKS.doubt(delivered(), now=AT + beyond) is Doubt.OLD


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"[ ]"},
        {"method": "GET"},
        {"url": URL + "?x=1"},
        {"signature": "x" * 44},
        {"signature": "ä"},
        {"signed_at": str(int(AT.timestamp() * 1000) + 1)},
    ],
)
def test_whatever_is_changed_after_signing_is_forged(change: dict[str, Any]) -> None:
    assert HOOKS.doubt(replace(delivered(), **change), now=AT) is Doubt.FORGED


@pytest.mark.parametrize(
    "change",
    [{"signature": None}, {"signature": ""}, {"signed_at": None}, {"signed_at": "-1"}, {"signed_at": "9" * 20}, {"signed_at": "٣"}],
)
def test_without_signature_or_time_it_is_unsigned(change: dict[str, Any]) -> None:
    assert HOOKS.doubt(replace(delivered(), **change), now=AT) is Doubt.UNSIGNED


def test_of_an_address_the_listed_escapes_are_decoded_and_no_others() -> None:
    escaped = f"{URL}?a=%3A%2f%3F%40%21%24%27%28%29%2A%2C%3B&b=%20%25%26"
    decoded = f"{URL}?a=:/?@!$'()*,;&b=%20%25%26"
    ms = str(int(AT.timestamp() * 1000))
    delivery = Delivery(method="POST", url=escaped, body=b"[]", signature=signed(SECRET, "POST", decoded, b"[]", ms), signed_at=ms)
    assert HOOKS.doubt(delivery, now=AT) is None


def test_the_signature_is_the_one_that_others_computed() -> None:
    body = (
        b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
        b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM",'
        b'"changeFlag":"NEW","appId":54321}]'
    )
    first = hashlib.sha256(SECRET.encode() + body).hexdigest()
    assert first == "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"  # HubSpot's own, of version 1
    delivery = Delivery(method="POST", url="https://www.example.com/webhook_uri", body=body, signature="", signed_at="1564113600000")
    assert signature_of(delivery, secret=SECRET) == "DxmVAjFNa2xfF3YgQjdZP6TNcok9k1oaH7UXombPtvw="
    assert len(base64.b64decode(signature_of(delivery, secret=SECRET))) == 32


def test_events_of_both_forms_name_their_record() -> None:
    assert records(
        {"subscriptionType": "contact.propertyChange", "objectId": 123, "propertyName": "lifecyclestage", "propertyValue": "x@y.z"},
        {"subscriptionType": "object.propertyChange", "objectTypeId": "0-1", "objectId": "124"},
        {"subscriptionType": "object.creation", "objectTypeId": "0-48", "objectId": 5},
        {"subscriptionType": "deal.deletion", "objectId": 7},
        {"subscriptionType": "contact.privacyDeletion", "objectId": 8},
    ) == [["hubspot/contact/123"], ["hubspot/contact/124"], ["hubspot/call/5"], ["hubspot/deal/7"], ["hubspot/contact/8"]]


def test_a_merge_names_all_that_took_part_and_a_link_both_ends() -> None:
    assert records(
        {"subscriptionType": "contact.merge", "primaryObjectId": 1, "mergedObjectIds": [2, 3], "newObjectId": 4, "objectId": 4},
        {"subscriptionType": "contact.associationChange", "associationType": "CONTACT_TO_COMPANY", "fromObjectId": 5, "toObjectId": 6},
        {
            "subscriptionType": "object.associationChange",
            "fromObjectTypeId": "0-1",
            "toObjectTypeId": "0-99",
            "fromObjectId": 7,
            "toObjectId": 8,
        },
    ) == [
        ["hubspot/contact/4", "hubspot/contact/1", "hubspot/contact/2", "hubspot/contact/3"],
        ["hubspot/contact/5", "hubspot/company/6"],
        ["hubspot/contact/7"],
    ]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"subscriptionType": "line_item.creation", "objectId": 1},
        {"subscriptionType": "contact.creation"},
        {"subscriptionType": "contact.creation", "objectId": True},
        {"subscriptionType": "contact.creation", "objectId": "1/../2"},
        {"subscriptionType": "contact.creation", "objectId": {"a": 1}, "mergedObjectIds": "12"},
        {"subscriptionType": 7, "objectTypeId": [], "objectId": 1},
    ],
)
def test_what_names_no_record_that_we_know_names_none(event: dict[str, Any]) -> None:
    assert records(event) == [[]]


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b'"x"', b"[1]", b"\xff\xfe", b"[" * 5000])
def test_what_is_no_list_of_events_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        HOOKS.read(body)
