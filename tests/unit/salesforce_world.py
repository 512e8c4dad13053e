"""A practice Salesforce world, made once, and ways to look into its lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from sandbox.world.make import World, make_world

NOON = "2026-11-18T17:00:00+00:00"
HISTORIES = {"LeadHistory": "LeadId", "ContactHistory": "ContactId", "OpportunityFieldHistory": "OpportunityId"}


@cache
def a_world(now: str = NOON, leads: int = 720) -> World:
    return make_world(leads=leads, seed=7, now=datetime.fromisoformat(now), crm="salesforce")


def of(world: World, *kinds: str) -> Iterator[dict[str, Any]]:
    """The lines of some objects."""
    return (line for line in world.lines if line["attributes"]["type"] in kinds)


def histories(world: World) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The rows of each field of each record, in the order of the file."""
    rows: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in of(world, *HISTORIES):
        rows[row[HISTORIES[row["attributes"]["type"]]], row["Field"]].append(row)
    return rows
