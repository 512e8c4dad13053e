"""Pulls what the records refer to: property definitions, deal stages, owners, teams. Small, so always read whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from connectors.errors import Forbidden, Misconfigured
from connectors.hubspot.client import Client
from connectors.hubspot.lists import list_definitions
from connectors.hubspot.mapping import VOCABULARY, definition_from, owner_from, stages_of, team_from
from connectors.hubspot.reading import Item, next_of, results_of, server_time
from connectors.hubspot.streams import PLURALS
from connectors.records import FieldDefinition, Page, Team

_DEFINED_KINDS = ("contact", "company", "deal")
_OWNERS_PAGE = "100"


def definition_pages(client: Client, lists: Collection[str] = ()) -> Iterator[Page]:
    """Yield the definitions, a page a kind; `dealstage` has the stages of all pipelines as its options.

    The wanted `lists` are among those of a contact.
    """
    began: datetime | None = None
    for kind in _DEFINED_KINDS:
        definitions = _definitions(client, kind)
        if kind == VOCABULARY.person:
            definitions += list_definitions(client, lists)
        began = began or server_time(client)
        yield Page(stream="definitions", began_at=began, definitions=definitions, cursor="whole", last=kind == _DEFINED_KINDS[-1])


def _definitions(client: Client, kind: str) -> tuple[FieldDefinition, ...]:
    rows = results_of(client.get(client.paths.properties(PLURALS[kind])), f"{kind} properties")
    definitions = tuple(definition_from(kind, row) for row in rows)
    if kind != VOCABULARY.deal:
        return definitions
    stages = stages_of(results_of(client.get(client.paths.pipelines(PLURALS[kind])), "pipelines"))
    return tuple(replace(one, options=stages) if one.name == VOCABULARY.deal_stage else one for one in definitions)


def owner_pages(client: Client, cursor: str | None) -> Iterator[Page]:
    """Yield the owners in office, and, unless these are as they were at `cursor`, the archived ones and the teams.

    Nobody goes to the archived ones but from those in office. Teams are known from their owners; the list of all teams adds the
    empty ones and may be closed to us.
    """
    in_office = list(_owner_rows(client, archived=False))
    began = server_time(client)
    digest = blake2b(repr(in_office).encode(), digest_size=6).hexdigest()
    page = Page(stream="owners", began_at=began, owners=tuple(map(owner_from, in_office)), cursor=digest, last=True, live=len(in_office))
    if cursor == digest:
        yield page
        return
    yield replace(page, cursor="begun", last=False)
    left = list(_owner_rows(client, archived=True))
    known = {team.id: team for row in (*in_office, *left) for team in map(team_from, row.get("teams") or ())}
    known |= {team.id: team for team in _all_teams(client)}
    yield replace(page, owners=tuple(map(owner_from, left)), teams=tuple(known.values()))


def _owner_rows(client: Client, *, archived: bool) -> Iterator[Item]:
    after: str | None = ""
    while after is not None:
        query = {"limit": _OWNERS_PAGE, "archived": str(archived).lower()} | ({"after": after} if after else {})
        answer = client.get(client.paths.owners(), query)
        yield from results_of(answer, "owners")
        after = next_of(answer, asked=after)


def _all_teams(client: Client) -> list[Team]:
    """Read the list of teams; nothing where the scope, or the path in this version, is missing."""
    try:
        return [team_from(row) for row in results_of(client.get(client.paths.teams()), "teams")]
    except (Forbidden, Misconfigured):
        return []
