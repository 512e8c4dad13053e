"""Pulls how the org defines its objects: fields, picklists, stages, and which fields keep a history. Small, so always read whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.errors import Misconfigured
from connectors.records import Page
from connectors.salesforce.client import Client
from connectors.salesforce.known import STAGES, Words
from connectors.salesforce.mapping import VOCABULARY, definition_from
from connectors.salesforce.reading import Part, path_of, together
from connectors.salesforce.soql import Query, select, text
from connectors.salesforce.streams import HISTORIES, LEAD_CONVERTED
from connectors.salesforce.values import is_true

KINDS = (*VOCABULARY.persons, VOCABULARY.company, VOCABULARY.deal)
_STATUSES = Query(soql=select(("ApiName", "IsConverted"), "LeadStatus"))


def definition_pages(client: Client, words: Words) -> Iterator[Page]:
    """Yield the definitions, a page a kind, in two calls; three where the org does not tell which fields it tracks."""
    *describes, stages, statuses = together(
        client, [*map(client.paths.describe, KINDS), path_of(client, STAGES), path_of(client, _STATUSES)]
    )
    closed = {
        (VOCABULARY.deal, VOCABULARY.deal_stage): _flags(stages, "IsClosed"),
        (VOCABULARY.person, "Status"): _flags(statuses, "IsConverted"),
    }
    words.learn_stages(closed[VOCABULARY.deal, VOCABULARY.deal_stage])
    tracked = _tracked(client)
    for kind, describe in zip(KINDS, describes, strict=True):
        definitions = tuple(
            definition_from(
                kind, field, tracked=_is_tracked(kind, field, tracked[kind]), closed=closed.get((kind, str(field.get("name"))), {})
            )
            for field in _fields(describe)
        )
        yield Page(stream="definitions", began_at=describes[0].asked_at, definitions=definitions, cursor="whole", last=kind == KINDS[-1])


def _flags(part: Part, flag: str) -> Mapping[str, bool]:
    """Read which values of a picklist have a flag; empty where the org hides that from us."""
    if part.refused is not None:
        return {}
    return {str(row.get("ApiName")): is_true(row.get(flag)) for row in part.rows().items}


def _fields(describe: Part) -> Sequence[Mapping[str, Any]]:
    told = describe.value()
    fields = told.get("fields") if isinstance(told, Mapping) else None
    if not isinstance(fields, list):
        raise Misconfigured("the answer about an object's fields is not Salesforce's", fix="check salesforce.my_domain")
    return fields


def _tracked(client: Client) -> Mapping[str, frozenset[str]]:
    """Read of which fields each object keeps a history; where the org does not tell, those of which it holds any."""
    parts = together(client, [path_of(client, _tracking(kind)) for kind in KINDS])
    told = {kind: part.rows() for kind, part in zip(KINDS, parts, strict=True) if part.refused is None}
    found = {
        kind: frozenset(str(row.get("QualifiedApiName")) for row in rows.items if is_true(row.get("IsFieldHistoryTracked")))
        for kind, rows in told.items()
    }
    if missing := [kind for kind in KINDS if kind not in found]:
        histories = together(client, [path_of(client, _kept(kind)) for kind in missing])
        found |= {kind: _words(part) for kind, part in zip(missing, histories, strict=True)}
    return found


def _tracking(kind: str) -> Query:
    return Query(
        soql=select(("QualifiedApiName", "IsFieldHistoryTracked"), "FieldDefinition", f"EntityDefinition.QualifiedApiName = {text(kind)}")
    )


def _kept(kind: str) -> Query:
    return Query(soql=f"SELECT Field FROM {HISTORIES[kind][0]} GROUP BY Field")


def _words(part: Part) -> frozenset[str]:
    return frozenset() if part.refused is not None else frozenset(str(row.get("Field")) for row in part.rows().items)


def _is_tracked(kind: str, field: Mapping[str, Any], tracked: frozenset[str]) -> bool:
    """Whether the histories tell each change of a field.

    That a Lead was converted stands in its history if anything of it does; that an Opportunity was closed follows from its stage.
    """
    name = str(field.get("name"))
    if (kind, name) == (VOCABULARY.person, "IsConverted"):
        return bool(tracked) or LEAD_CONVERTED in tracked
    if (kind, name) == (VOCABULARY.deal, VOCABULARY.deal_closed):
        return VOCABULARY.deal_stage in tracked
    return name in tracked or (name.endswith("Id") and name.removesuffix("Id") in tracked)
