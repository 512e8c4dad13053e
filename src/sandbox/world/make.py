"""Makes a company as its CRM shows it, with the truth about every promise as each lead is planted. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from types import MappingProxyType
from typing import Any, Literal

from sandbox.world.both.telling import BothTelling
from sandbox.world.campaigns import make_shared_companies
from sandbox.world.clock import OpenHours
from sandbox.world.draft import Scene
from sandbox.world.hubspot import HubSpotTelling
from sandbox.world.people import Person, Staff, make_staff, people_of
from sandbox.world.planned import Cast, Telling, not_counted_about, plan_all, promises_about
from sandbox.world.promises import CALENDARS, NotCounted, Promise
from sandbox.world.salesforce.telling import SalesforceTelling
from sandbox.world.sheet import to_ms

Crm = Literal["hubspot", "salesforce", "both"]
TELLINGS: Mapping[Crm, type[HubSpotTelling] | type[SalesforceTelling] | type[BothTelling]] = MappingProxyType(
    {"hubspot": HubSpotTelling, "salesforce": SalesforceTelling, "both": BothTelling}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One or two CRMs at one moment, and what is true in them."""

    crm: Crm
    now: datetime
    lines: list[dict[str, Any]]  # the records of one file, in an order that can be loaded
    promises: list[Promise]  # one for every cycle and rule that applies
    not_counted: list[NotCounted]  # activities that are no touch, or no attempt
    people: list[Person]
    placeholders: Mapping[str, list[str]]  # CRM -> ids of owners who stand for nobody and are no queue
    pools: Mapping[str, list[str]]  # pool -> names of those who get its leads


def make_world(*, leads: int, seed: int, now: datetime, crm: Crm = "hubspot") -> World:
    """Make a CRM with `leads` people as it stands at `now` (aware); the same arguments make the same world.

    Salesforce keeps whole seconds, and so does a world that it tells.
    """
    now = now.replace(microsecond=0) if crm == "salesforce" else to_ms(now)
    rng = Random(f"world {seed} {leads}")
    hours = {name: OpenHours(calendar) for name, calendar in CALENDARS.items()}
    staff = make_staff(leads=leads, today=hours["default"].local_day(now), rng=rng)
    companies = make_shared_companies(leads=leads, now=now, rng=rng)
    scene = Scene(now=now, staff=staff, hours=hours, companies=companies, readers=())
    return _told(TELLINGS[crm](scene), Cast(leads=leads, seed=seed, scene=scene, rng=rng), crm)


def _told(telling: Telling[Any], cast: Cast, crm: Crm) -> World:
    shown = list(plan_all(cast, telling))
    lines = telling.lines(shown, cast.rng)  # gives the records their ids
    leads = [lead for each in shown for lead in (each, *each.apart)]
    return World(
        crm=crm,
        now=cast.scene.now,
        lines=lines,
        promises=[promise for lead in leads for promise in promises_about(lead)],
        not_counted=[row for lead in leads for row in not_counted_about(lead)],
        people=people_of(cast.scene.staff, telling.ids_of),
        placeholders={name: [id_] for name, id_ in telling.ids_of(cast.scene.staff.placeholder_id).items()},
        pools=_pools(cast.scene.staff),
    )


def _pools(staff: Staff) -> dict[str, list[str]]:
    return {"sdr": [rep.name for rep in staff.active()], "ae": [rep.name for rep in staff.executives]}
