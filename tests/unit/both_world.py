"""A practice world in two CRMs, made once, and ways to look into its lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from sandbox.world.both.telling import BothTelling
from sandbox.world.make import World, make_world

NOON = "2026-11-18T17:00:00.250+00:00"


@cache
def a_world(now: str = NOON, leads: int = BothTelling.enough_for_all) -> World:
    return make_world(leads=leads, seed=7, now=datetime.fromisoformat(now), crm="both")


def hubspots(world: World, *kinds: str) -> Iterator[dict[str, Any]]:
    """The lines of some objects of HubSpot."""
    return (line for line in world.lines if line.get("object") in kinds and "attributes" not in line)


def salesforces(world: World, *kinds: str) -> Iterator[dict[str, Any]]:
    """The lines of some objects of Salesforce."""
    return (line for line in world.lines if "attributes" in line and line["attributes"]["type"] in kinds)


def pointers(world: World) -> dict[str, str]:
    """The Lead that each contact names, its id cut short."""
    told = ((line["id"], line["properties"].get("salesforceleadid")) for line in hubspots(world, "contacts"))
    return {contact: lead[:15] for contact, lead in told if lead}
