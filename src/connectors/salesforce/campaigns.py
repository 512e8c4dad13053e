"""Salesforce's campaigns: which there are, who is a member, and who joins or leaves. Source: crm-facts, Salesforce, section 6."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.changes import Change, Fate, Outcome
from connectors.errors import Forbidden, Misconfigured
from connectors.memberships import CAMPAIGN, MEMBER, id_of, wanted_or_alike, what_is_joined
from connectors.records import FieldDefinition, RecordKey
from connectors.salesforce.answers import BatchRefused
from connectors.salesforce.client import Client
from connectors.salesforce.evidence import IDS_AT_ONCE
from connectors.salesforce.mapping import CRM, ID, VOCABULARY
from connectors.salesforce.outcomes import refusal_in
from connectors.salesforce.reading import PAGE, all_items, ask
from connectors.salesforce.soql import Query, select, text, texts
from connectors.salesforce.values import Item, id18, id_in, text_of
from connectors.sending import Told, send_once
from connectors.wire import date_in

MEMBERS_AT_ONCE = 200
_CAMPAIGN, _MEMBER, _TYPE = "Campaign", "CampaignMember", "campaign"
_ID = re.compile(r"701[A-Za-z0-9]{12}([A-Za-z0-9]{3})?")
_PERSON = {"Lead": "LeadId", "Contact": "ContactId"}  # fields of a member; a converted Lead's names both
_DUPLICATE = "DUPLICATE_VALUE"
_GARBLED = "the answer is not Salesforce's"


def campaign_definitions(client: Client, wanted: Iterable[str]) -> tuple[FieldDefinition, ...]:
    """Give the campaigns that are wanted, by name or id, as fields of a Lead; for one that there is not, those alike.

    None where campaigns are closed to us.
    """
    try:
        return tuple({one.name: one for name in sorted(wanted) for one in _called(client, name)}.values())
    except (Forbidden, Misconfigured):
        return ()


def _called(client: Client, wanted: str) -> list[FieldDefinition]:
    condition = f"{ID} = {text(id18(wanted))}" if _ID.fullmatch(wanted) else f"Name = {text(wanted)}"
    if found := all_items(client, Query(soql=select((ID, "Name"), _CAMPAIGN, condition))):
        return [_definition(row) for row in found]
    latest = Query(soql=select((ID, "Name"), _CAMPAIGN, order="LastModifiedDate DESC", limit=PAGE))
    return wanted_or_alike(wanted, [_definition(row) for row in ask(client, latest).items])


def _definition(row: Item) -> FieldDefinition:
    id_ = id_in(row) or ""
    return FieldDefinition(crm=CRM, kind=VOCABULARY.person, name=CAMPAIGN + id_, label=text_of(row.get("Name")) or id_, type=_TYPE)


def memberships(client: Client, persons: Sequence[RecordKey], fields: Collection[str]) -> dict[RecordKey, dict[str, str | None]]:
    """Read which of some campaigns Leads and Contacts are members of, five hundred persons a query."""
    told: dict[RecordKey, dict[str, str | None]] = {person: dict.fromkeys(fields) for person in persons if fields}
    campaigns = [id_of(field) for field in fields]
    for kind in dict.fromkeys(person.kind for person in told):
        for row in _members(client, kind, campaigns, [person.id for person in told if person.kind == kind]):
            values = told[RecordKey(CRM, kind, id_in(row, _PERSON[kind]) or "")]
            values[CAMPAIGN + (id_in(row, "CampaignId") or "")] = MEMBER
    return told


def _members(client: Client, kind: str, campaigns: Sequence[str], ids: Sequence[str]) -> Iterator[Item]:
    for start in range(0, len(ids), IDS_AT_ONCE):
        named = f"{_PERSON[kind]} IN {texts(ids[start : start + IDS_AT_ONCE])}"
        query = select((ID, "CampaignId", _PERSON[kind]), _MEMBER, f"CampaignId IN {texts(campaigns)}", named, order=ID)
        yield from all_items(client, Query(soql=query))


def write(client: Client, batch: Sequence[Change]) -> list[Outcome]:
    """Make persons members of one campaign, or end their memberships; who was one, or was none, is done.

    A campaign that refuses, refuses all: it is gone, or closed to us. Other campaigns may take them.
    """
    joined = what_is_joined(batch)
    assert joined is not None, "a batch of one campaign"
    field, join = joined
    return send_once(batch, lambda part: _unless_closed(part, lambda: (_join if join else _leave)(client, part, id_of(field))))


def _unless_closed(part: Sequence[Change], send: Callable[[], Iterable[Outcome]]) -> Told:
    try:
        return Told(outcomes=list(send()))
    except BatchRefused as refused:
        fate, said = refusal_in(refused.answer.errors(), (), status=refused.answer.status)
        at = date_in(refused.answer.headers.get("date"))
        return Told(outcomes=[Outcome(change=change, fate=fate, said=said, at=at) for change in part])
    except (Forbidden, Misconfigured) as error:
        return Told(outcomes=[Outcome(change=change, fate=Fate.REFUSED, said=f"{error}; {error.fix}") for change in part])


def _join(client: Client, part: Sequence[Change], campaign: str) -> Iterator[Outcome]:
    records = [{"attributes": {"type": _MEMBER}, "CampaignId": campaign, _PERSON[change.record.kind]: change.record.id} for change in part]
    answer = client.write("POST", client.paths.collections(), {"allOrNone": False, "records": records})
    return _outcomes(part, answer.told, date_in(answer.headers.get("date")))


def _leave(client: Client, part: Sequence[Change], campaign: str) -> Iterator[Outcome]:
    """Look up the rows of the members, and delete them; who has none is done."""
    rows: dict[RecordKey, str] = {}
    for kind in dict.fromkeys(change.record.kind for change in part):
        ids = [change.record.id for change in part if change.record.kind == kind]
        found = _members(client, kind, [campaign], ids)
        rows |= {RecordKey(CRM, kind, id_in(row, _PERSON[kind]) or ""): id_in(row) or "" for row in found}
    members = [change for change in part if change.record in rows]
    yield from (Outcome(change=change, fate=Fate.DONE) for change in part if change.record not in rows)
    if members:
        query = {"ids": ",".join(rows[change.record] for change in members), "allOrNone": "false"}
        answer = client.write("DELETE", client.paths.collections(), query=query)
        yield from _outcomes(members, answer.told, date_in(answer.headers.get("date")))


def _outcomes(part: Sequence[Change], told: Any, at: datetime | None) -> Iterator[Outcome]:
    """Read the items of a Collections call by their position; of another number of items nothing can be told."""
    if not isinstance(told, list) or len(told) != len(part) or not all(isinstance(item, dict) for item in told):
        yield from (Outcome(change=change, fate=Fate.UNKNOWN, said=_GARBLED, at=at) for change in part)
        return
    for change, item in zip(part, told, strict=True):
        yield _outcome(change, item, at)


def _outcome(change: Change, item: Mapping[str, Any], at: datetime | None) -> Outcome:
    errors = [error for error in item.get("errors") or () if isinstance(error, dict)]
    if item.get("success") is True or _DUPLICATE in {str(error.get("statusCode") or error.get("errorCode")) for error in errors}:
        return Outcome(change=change, fate=Fate.DONE, at=at)
    fate, said = refusal_in(errors, (), status=400)
    return Outcome(change=change, fate=fate, said=said, at=at)
