"""HubSpot's lists of contacts: which there are, who is on them, and who is put on or taken off. Source: crm-facts, HubSpot, section 1.8."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from connectors.changes import Change, Fate, Outcome
from connectors.errors import Forbidden, Misconfigured
from connectors.hubspot.answers import BatchRefused
from connectors.hubspot.client import Client
from connectors.hubspot.mapping import CRM, PERSON_TYPE, VOCABULARY
from connectors.hubspot.outcomes import said_of
from connectors.hubspot.reading import PAGE, Item, results_of
from connectors.hubspot.values import text_of
from connectors.memberships import LIST, MEMBER, wanted_or_alike, what_is_joined
from connectors.memberships import id_of as list_of
from connectors.records import FieldDefinition, RecordKey
from connectors.sending import Told, send_once
from connectors.wire import date_in

_FOUND_AT_ONCE = 500
_DYNAMIC = "DYNAMIC"
_MISSING = "HubSpot knows no such contact: it was merged into another one, or is gone"


def list_definitions(client: Client, wanted: Iterable[str]) -> tuple[FieldDefinition, ...]:
    """Give the lists of contacts that are wanted, by name or id, as fields of a contact; for one that there is not, those alike.

    None where the lists are closed to us. The type of such a field is HubSpot's word for how the list is filled: of one that HubSpot
    fills by itself the field is read only.
    """
    try:
        return tuple({one.name: one for name in sorted(wanted) for one in _called(client, name)}.values())
    except (Forbidden, Misconfigured):
        return ()


def _called(client: Client, wanted: str) -> list[FieldDefinition]:
    named = list(_lists(client, {"query": wanted}))
    if wanted.isdigit():
        named += _lists(client, {"listIds": [wanted]})
    exact = [one for one in named if wanted.casefold() in (one.label.casefold(), list_of(one.name))]
    return exact or wanted_or_alike(wanted, list(_lists(client, {})))


def _lists(client: Client, order: Mapping[str, object]) -> Iterator[FieldDefinition]:
    """Yield the lists of contacts that a search finds, page by page; it never shows a deleted one."""
    offset: int | None = 0
    while offset is not None:
        answer = client.search(client.paths.list_search(), {**order, "offset": offset, "count": _FOUND_AT_ONCE})
        rows, following = answer.get("lists"), answer.get("offset")
        if not isinstance(rows, list):
            raise Misconfigured("the answer about lists is not HubSpot's", fix="check hubspot.base_url and hubspot.api_version")
        yield from (_definition(row) for row in rows if row.get("objectTypeId") == PERSON_TYPE)
        goes_on = answer.get("hasMore") is True and isinstance(following, int) and following > offset
        offset = following if goes_on else None


def _definition(row: Item) -> FieldDefinition:
    id_, processing = text_of(row.get("listId")) or "", text_of(row.get("processingType")) or ""
    return FieldDefinition(
        crm=CRM,
        kind=VOCABULARY.person,
        name=LIST + id_,
        label=text_of(row.get("name")) or id_,
        type=processing,
        read_only=processing == _DYNAMIC,
    )


def memberships(client: Client, persons: Sequence[RecordKey], fields: Collection[str]) -> dict[RecordKey, dict[str, str | None]]:
    """Read which of some lists contacts are on, a hundred contacts a call; who is left out of an answer is on none."""
    told: dict[RecordKey, dict[str, str | None]] = {person: dict.fromkeys(fields) for person in persons if fields}
    for start in range(0, len(told), PAGE):
        inputs = [{"objectTypeId": PERSON_TYPE, "recordId": person.id} for person in list(told)[start : start + PAGE]]
        rows = results_of(client.post(client.paths.memberships(), {"inputs": inputs}), "memberships")
        for row in rows:
            values = told.get(RecordKey(CRM, VOCABULARY.person, str(row.get("recordId"))), {})
            on = {LIST + str(one.get("listId")) for one in row.get("recordListMemberships") or ()}
            values |= dict.fromkeys(on & values.keys(), MEMBER)
    return told


def write(client: Client, batch: Sequence[Change]) -> list[Outcome]:
    """Put contacts on one list, or take them off it, in one call; who was on it, or was not, is done.

    A list that refuses, refuses all: it is gone, fills itself, or is closed to us. Other lists may take them.
    """
    return send_once(batch, lambda part: _send(client, part))


def _send(client: Client, part: Sequence[Change]) -> Told:
    joined = what_is_joined(part)
    assert joined is not None, "a batch of one list"
    field, join = joined
    try:
        path = client.paths.list_members(list_of(field), join=join)
        answer = client.write(path, [change.record.id for change in part], method="PUT")
    except BatchRefused as refused:
        return Told(outcomes=_all_refused(part, said_of(refused.answer.told(), ()), date_in(refused.answer.headers.get("date"))))
    except (Forbidden, Misconfigured) as error:
        return Told(outcomes=_all_refused(part, f"{error}; {error.fix}", None))
    missing = {str(one) for one in answer.told.get("recordIdsMissing") or ()}
    return Told(outcomes=[_outcome(change, answer.at, is_missing=change.record.id in missing) for change in part])


def _all_refused(part: Sequence[Change], said: str, at: datetime | None) -> list[Outcome]:
    return [Outcome(change=change, fate=Fate.REFUSED, said=said, at=at) for change in part]


def _outcome(change: Change, at: datetime | None, *, is_missing: bool) -> Outcome:
    return Outcome(change=change, fate=Fate.CHANGED if is_missing else Fate.DONE, said=_MISSING if is_missing else None, at=at)
