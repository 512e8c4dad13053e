"""Makes a company as its CRM shows it, with the truth about every promise as each lead is planted. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from types import MappingProxyType
from typing import Any, Literal

from sandbox.world.campaigns import make_shared_companies
from sandbox.world.clock import OpenHours
from sandbox.world.draft import Scene
from sandbox.world.hubspot import HubSpotTelling
from sandbox.world.people import Person, Staff, make_staff, people_of
from sandbox.world.planned import Cast, Telling, not_counted_about, plan_all, promises_about
from sandbox.world.promises import CALENDARS, NotCounted, Promise
from sandbox.world.salesforce.telling import SalesforceTelling
from sandbox.world.sheet import to_ms

Crm = Literal["hubspot", "salesforce"]
TELLINGS: Mapping[Crm, type[HubSpotTelling] | type[SalesforceTelling]] = MappingProxyType(
    {"hubspot": HubSpotTelling, "salesforce": SalesforceTelling}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A CRM at one moment, and what is true in it."""

    crm: Crm
    now: datetime
    lines: list[dict[str, Any]]  # the records of the CRM's file, in an order that can be loaded
    promises: list[Promise]  # one for every cycle and rule that applies
    not_counted: list[NotCounted]  # activities that are no touch, or no attempt
    people: list[Person]
    placeholders: list[str]  # ids of owners who stand for nobody and are no queue
    pools: dict[str, list[str]]  # pool -> owner ids of who gets its leads


def make_world(*, leads: int, seed: int, now: datetime, crm: Crm = "hubspot") -> World:
    """Make a CRM with `leads` people as it stands at `now` (aware); the same arguments make the same world.

    Salesforce keeps whole seconds, and so does a world that it tells.
    """
    now = to_ms(now) if crm == "hubspot" else now.replace(microsecond=0)
    rng = Random(f"world {seed} {leads}")
    hours = {name: OpenHours(calendar) for name, calendar in CALENDARS.items()}
    staff = make_staff(leads=leads, today=hours["default"].local_day(now), rng=rng)
    companies = make_shared_companies(leads=leads, now=now, rng=rng)
    scene = Scene(now=now, staff=staff, hours=hours, companies=companies, readers=())
    return _told(TELLINGS[crm](scene), Cast(leads=leads, seed=seed, scene=scene, rng=rng), crm)


def _told(telling: Telling[Any], cast: Cast, crm: Crm) -> World:
    shown = list(plan_all(cast, telling))
    lines = telling.lines(shown, cast.rng)  # gives the records their ids
    return World(
        crm=crm,
        now=cast.scene.now,
        lines=lines,
        promises=[promise for each in shown for promise in promises_about(each)],
        not_counted=[row for each in shown for row in not_counted_about(each)],
        people=people_of(cast.scene.staff, telling.owner),
        placeholders=[telling.owner(cast.scene.staff.placeholder_id)],
        pools=_pools(cast.scene.staff, telling),
    )


def _pools(staff: Staff, telling: Telling[Any]) -> dict[str, list[str]]:
    return {
        "sdr": [telling.owner(rep.owner_id) for rep in staff.active()],
        "ae": [telling.owner(rep.owner_id) for rep in staff.executives],
    }
