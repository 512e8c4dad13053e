"""Pulls how the org defines its objects: fields, picklists, stages, and which fields keep a history. Small, so always read whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from connectors.errors import Forbidden, Misconfigured
from connectors.records import Page
from connectors.salesforce.answers import Absent
from connectors.salesforce.campaigns import campaign_definitions
from connectors.salesforce.client import Client
from connectors.salesforce.known import STAGES, Words
from connectors.salesforce.mapping import VOCABULARY, definition_from
from connectors.salesforce.reading import Part, path_of, together, whole
from connectors.salesforce.soql import Query, select, text
from connectors.salesforce.streams import LEAD_CONVERTED, RowStream
from connectors.salesforce.values import is_true

KINDS = (*VOCABULARY.persons, VOCABULARY.company, VOCABULARY.deal)
_STATUSES = Query(soql=select(("ApiName", "IsConverted"), "LeadStatus"))


def definition_pages(client: Client, words: Words, histories: Sequence[RowStream], lists: Collection[str] = ()) -> Iterator[Page]:
    """Yield the definitions, a page a kind, in two calls; three where the org does not tell which fields it tracks.

    The wanted campaigns, `lists`, are among the fields of a Lead, for one more call; its Contact joins the same.

    A kind that is hidden from us has an empty page; Forbidden where that is Lead.

    `histories` are the streams that are read: of no other field is each change told.
    """
    paths = [*map(client.paths.describe, KINDS), *(client.paths.describe(stream.name) for stream in histories)]
    *describes, stages, statuses = together(client, [*paths, path_of(client, STAGES), path_of(client, _STATUSES)])
    closed = {
        (VOCABULARY.deal, VOCABULARY.deal_stage): _flags(client, stages, "IsClosed"),
        (VOCABULARY.person, "Status"): _flags(client, statuses, "IsConverted"),
    }
    words.learn_stages(closed[VOCABULARY.deal, VOCABULARY.deal_stage])
    is_open = [stream for stream, part in zip(histories, describes[len(KINDS) :], strict=True) if part.refused is None]
    told = _told(client, is_open)
    for kind, describe in zip(KINDS, describes, strict=False):
        definitions = tuple(
            definition_from(kind, field, tracked=(kind, _name(field)) in told, closed=closed.get((kind, _name(field)), {}))
            for field in _fields_of(kind, describe)
        )
        if kind == VOCABULARY.person:
            definitions += campaign_definitions(client, lists)
        yield Page(stream="definitions", began_at=describes[0].asked_at, definitions=definitions, cursor="whole", last=kind == KINDS[-1])


def _name(field: Mapping[str, Any]) -> str:
    return str(field.get("name"))


def _flags(client: Client, part: Part, flag: str) -> Mapping[str, bool]:
    """Read which values of a picklist have a flag; empty where the org hides that from us."""
    if part.refused is not None:
        return {}
    return {str(row.get("ApiName")): is_true(row.get(flag)) for row in whole(client, part.rows())}


def _fields_of(kind: str, describe: Part) -> Sequence[Mapping[str, Any]]:
    """Read the fields of an object; none where it is hidden from us, as its stream tells. Forbidden for Lead: nothing could be judged."""
    if not isinstance(describe.refused, Absent | Forbidden):
        return _fields(describe)
    if kind != VOCABULARY.person:
        return ()
    raise Forbidden(
        f"Salesforce has no object {kind}, or hides it from this user",
        fix=f"give the integration user's permission set read access to {kind}",
    )


def _fields(describe: Part) -> Sequence[Mapping[str, Any]]:
    told = describe.value()
    fields = told.get("fields") if isinstance(told, Mapping) else None
    if not isinstance(fields, list):
        raise Misconfigured("the answer about an object's fields is not Salesforce's", fix="check salesforce.my_domain")
    return fields


def _told(client: Client, histories: Sequence[RowStream]) -> frozenset[tuple[str, str]]:
    """Name (kind, field) of which the histories tell each change: the org tracks the field, and its history is read.

    Where the org does not say what it tracks, it is taken to be that of which there is any history.
    """
    parts = together(client, [path_of(client, _tracking(stream.owner_of)) for stream in histories]) if histories else []
    tracked = {stream.name: _tracked(client, part) for stream, part in zip(histories, parts, strict=True) if part.refused is None}
    if silent := [stream for stream in histories if stream.name not in tracked]:
        kept = together(client, [path_of(client, _kept(stream)) for stream in silent])
        tracked |= {stream.name: _kept_fields(client, part) for stream, part in zip(silent, kept, strict=True)}
    return frozenset((stream.owner_of, field) for stream in histories for field in _told_by(stream, tracked[stream.name]))


def _told_by(stream: RowStream, tracked: frozenset[str]) -> Iterator[str]:
    """Yield the fields whose changes a history tells.

    That a Lead was converted stands in its history if anything does; that an Opportunity was closed follows from its stage.
    """
    for word, field in stream.tells.items():
        if word in tracked or (word == LEAD_CONVERTED and tracked):
            yield field
    if stream.owner_of == VOCABULARY.deal and VOCABULARY.deal_stage in tracked:
        yield VOCABULARY.deal_closed


def _tracking(kind: str) -> Query:
    fields = ("QualifiedApiName", "IsFieldHistoryTracked")
    return Query(soql=select(fields, "FieldDefinition", f"EntityDefinition.QualifiedApiName = {text(kind)}"))


def _tracked(client: Client, part: Part) -> frozenset[str]:
    rows = whole(client, part.rows())
    return frozenset(str(row.get("QualifiedApiName")) for row in rows if is_true(row.get("IsFieldHistoryTracked")))


def _kept(stream: RowStream) -> Query:
    return Query(soql=f"SELECT Field FROM {stream.name} GROUP BY Field")


def _kept_fields(client: Client, part: Part) -> frozenset[str]:
    return frozenset() if part.refused is not None else frozenset(str(row.get("Field")) for row in whole(client, part.rows()))
