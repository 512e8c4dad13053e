"""Pulls what the records refer to: property definitions, deal stages, owners, teams. Small, so always read whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from connectors.errors import Forbidden, Misconfigured
from connectors.hubspot.client import Client
from connectors.hubspot.mapping import VOCABULARY, definition_from, owner_from, stages_of, team_from
from connectors.hubspot.reading import next_of, results_of
from connectors.hubspot.streams import PLURALS
from connectors.records import FieldDefinition, Page, Team

_DEFINED_KINDS = ("contact", "company", "deal")
_OWNERS_PAGE = "100"


def definition_pages(client: Client) -> Iterator[Page]:
    """Yield the definitions, a page a kind; `dealstage` has the stages of all pipelines as its options."""
    began: datetime | None = None
    for kind in _DEFINED_KINDS:
        definitions = _definitions(client, kind)
        began = began or _server_now(client)
        yield Page(stream="definitions", began_at=began, definitions=definitions, cursor="whole", last=kind == _DEFINED_KINDS[-1])


def _definitions(client: Client, kind: str) -> tuple[FieldDefinition, ...]:
    rows = results_of(client.get(client.paths.properties(PLURALS[kind])), f"{kind} properties")
    definitions = tuple(definition_from(kind, row) for row in rows)
    if kind != VOCABULARY.deal:
        return definitions
    stages = stages_of(results_of(client.get(client.paths.pipelines(PLURALS[kind])), "pipelines"))
    return tuple(replace(one, options=stages) if one.name == VOCABULARY.deal_stage else one for one in definitions)


def owner_pages(client: Client) -> Iterator[Page]:
    """Yield the owners, those in office and then the archived ones, and at the end the teams.

    Teams are known from their owners; the list of all teams adds the empty ones and may be closed to us.
    """
    began: datetime | None = None
    known: dict[str, Team] = {}
    for archived in ("false", "true"):
        after: str | None = ""
        while after is not None:
            query = {"limit": _OWNERS_PAGE, "archived": archived} | ({"after": after} if after else {})
            answer = client.get(client.paths.owners(), query)
            began = began or _server_now(client)
            rows = results_of(answer, "owners")
            known |= {team.id: team for row in rows for team in map(team_from, row.get("teams") or ())}
            after = next_of(answer)
            yield Page(stream="owners", began_at=began, owners=tuple(map(owner_from, rows)), cursor="whole", last=False)
    assert began is not None, "two lists were read"
    known |= {team.id: team for team in _all_teams(client)}
    yield Page(stream="owners", began_at=began, teams=tuple(known.values()), cursor="whole", last=True)


def _all_teams(client: Client) -> list[Team]:
    """Read the list of teams; nothing where the scope, or the path in this version, is missing."""
    try:
        return [team_from(row) for row in results_of(client.get(client.paths.teams()), "teams")]
    except (Forbidden, Misconfigured):
        return []


def _server_now(client: Client) -> datetime:
    if client.server_now is None:
        raise Misconfigured("HubSpot's answers carry no time", fix="check hubspot.base_url, and that no proxy drops the Date header")
    return client.server_now
