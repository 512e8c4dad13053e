"""The rosters of a practice CRM: of an invented company, or drafted from the owners of loaded records."""

from __future__ import annotations

from sandbox.portal import Portal
from sandbox.salesforce.org import Org
from sandbox.world.make import World
from sandbox.world.people import Person
from sync.roster_draft import DraftAbsence, DraftPerson, DraftPool, roster_text, unique_names

POOL = "sdr"


def roster_of_world(world: World) -> str:
    """Who works in the invented company, and in which pool."""
    people = [_drafted(person, world.crm) for person in world.people]
    names = dict(zip((person.owner_id for person in world.people), unique_names(people), strict=True))
    pools = [DraftPool(name=pool, members=tuple(names[owner] for owner in owners)) for pool, owners in world.pools.items()]
    return roster_text(people, pools, placeholders={world.crm: world.placeholders})


def _drafted(person: Person, crm: str) -> DraftPerson:
    return DraftPerson(
        name=person.name,
        email=person.email,
        ids={crm: person.owner_id},
        team=person.team,
        manager=person.manager_name,
        calendar=person.calendar,
        absences=tuple(DraftAbsence(first=away.first, last=away.last, why=away.why) for away in person.absences),
    )


def roster_of_portal(portal: Portal) -> str:
    """Draft a roster of the portal's owners: everybody active is in the pool and keeps the default hours."""
    people = [
        DraftPerson(
            name=f"{owner.first_name} {owner.last_name}".strip() or owner.id,
            email=owner.email,
            ids={"hubspot": owner.id},
            team=next((team.name for team in portal.staff.teams_of(owner)), None),
        )
        for owner in portal.staff.listed(archived=False)
        if owner.type == "PERSON"
    ]
    return _everybody_in_one_pool(people, "hubspot")


def roster_of_org(org: Org) -> str:
    """Draft a roster of the org's active users, with their roles as teams: everybody is in the pool and keeps the default hours."""
    asked = "SELECT Id, Name, Email, UserRole.Name FROM User WHERE IsActive = true AND UserType = 'Standard' ORDER BY Name, Id"
    found = org.select(asked, org.caller())
    people = [
        DraftPerson(
            name=user["Name"],
            email=user["Email"],
            ids={"salesforce": user["Id"]},
            team=user["UserRole"]["Name"] if user["UserRole"] else None,
        )
        for user in found.rows(0, found.total)
        if user["Id"] != org.integration_user
    ]
    return _everybody_in_one_pool(people, "salesforce")


def _everybody_in_one_pool(people: list[DraftPerson], crm: str) -> str:
    return roster_text(people, [DraftPool(name=POOL, members=tuple(unique_names(people)))], placeholders={crm: ()})
