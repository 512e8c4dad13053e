"""HubSpot's webhooks: whether a call is HubSpot's own, and which records its events are about. Pure.

Source: crm-facts, HubSpot, section 1.11.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson

from connectors.records import RecordKey
from connectors.webhooks import Delivery, Doubt, Event, Unreadable

CRM = "hubspot"
WITHIN = timedelta(minutes=5)  # of its being signed a delivery is taken in

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_MOMENT = re.compile(r"[0-9]{1,15}", re.ASCII)
_ID = re.compile(r"[0-9]{1,19}", re.ASCII)
_DECODED = {
    "3A": ":",
    "2F": "/",
    "3F": "?",
    "40": "@",
    "21": "!",
    "24": "$",
    "27": "'",
    "28": "(",
    "29": ")",
    "2A": "*",
    "2C": ",",
    "3B": ";",
}
_ESCAPE = re.compile("%(" + "|".join(_DECODED) + ")", re.IGNORECASE)
_KINDS = {
    "0-1": "contact",
    "0-2": "company",
    "0-3": "deal",
    "0-18": "communication",
    "0-27": "task",
    "0-46": "note",
    "0-47": "meeting",
    "0-48": "call",
    "0-49": "email",
}
_ABOUT = ("objectId", "primaryObjectId", "newObjectId")


@dataclass(frozen=True, slots=True)
class HubSpotWebhooks:
    """The webhooks of one HubSpot app."""

    secret: str = field(repr=False)
    crm: str = CRM
    signature_header: str = "X-HubSpot-Signature-v3"
    time_header: str = "X-HubSpot-Request-Timestamp"

    def doubt(self, delivery: Delivery, *, now: datetime) -> Doubt | None:
        """Say why a delivery is not HubSpot's; exactly five minutes old it still is, and as much ahead of this clock."""
        if not delivery.signature or delivery.signed_at is None or not _MOMENT.fullmatch(delivery.signed_at):
            return Doubt.UNSIGNED
        if abs(now - (_EPOCH + int(delivery.signed_at) * _MS)) > WITHIN:
            return Doubt.OLD
        expected = signature_of(delivery, secret=self.secret)
        return None if hmac.compare_digest(expected.encode(), delivery.signature.encode()) else Doubt.FORGED

    def read(self, body: bytes) -> Sequence[Event]:
        """Read a list of events; of what each says only its portal and the ids of records are taken. Raises Unreadable."""
        try:
            events = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise Unreadable("no JSON") from None
        if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
            raise Unreadable("no list of events")
        return [Event(account=_id(event.get("portalId")) or "", records=tuple(dict.fromkeys(_records(event)))) for event in events]


def signature_of(delivery: Delivery, *, secret: str) -> str:
    """Return the signature, version 3, that HubSpot gives to a delivery."""
    url = _ESCAPE.sub(lambda found: _DECODED[found[1].upper()], delivery.url)
    signed = f"{delivery.method}{url}".encode() + delivery.body + (delivery.signed_at or "").encode()
    return b64encode(hmac.digest(secret.encode(), signed, sha256)).decode()


def _records(event: Mapping[str, Any]) -> Iterator[RecordKey]:
    """Yield the records that an event names, whatever happened to them; of kinds that leadpact knows."""
    if (kind := _kind(event)) is not None:
        merged = event.get("mergedObjectIds")
        named = [*map(event.get, _ABOUT), *(merged if isinstance(merged, list) else ())]
        yield from (RecordKey(CRM, kind, id_) for id_ in map(_id, named) if id_ is not None)
    for kind, end in zip(_ends(event), ("fromObjectId", "toObjectId"), strict=False):
        if kind in _KINDS.values() and (id_ := _id(event.get(end))) is not None:
            yield RecordKey(CRM, kind, id_)


def _kind(event: Mapping[str, Any]) -> str | None:
    """Return of what kind an event is: `contact.creation` says it, `object.creation` has the number of the type."""
    kind = str(event.get("subscriptionType", "")).partition(".")[0]
    if kind == "object":
        return _KINDS.get(str(event.get("objectTypeId")))
    return kind if kind in _KINDS.values() else None


def _ends(event: Mapping[str, Any]) -> Sequence[str]:
    """Return the kinds at both ends of an association: `CONTACT_TO_COMPANY`, or the numbers of their types."""
    numbers = [_KINDS.get(str(event.get(field)), "") for field in ("fromObjectTypeId", "toObjectTypeId")]
    return numbers if any(numbers) else str(event.get("associationType", "")).lower().split("_to_")


def _id(value: object) -> str | None:
    """Return an id as text; None for what is none."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if _ID.fullmatch(text) else None
