"""The rosters of a practice CRM: of an invented company, or drafted from the owners of loaded records."""

from __future__ import annotations

from dataclasses import replace

from sandbox.portal import Portal
from sandbox.salesforce.org import Org
from sandbox.world.make import World
from sandbox.world.people import Person
from sync.roster_draft import DraftAbsence, DraftPerson, DraftPool, roster_text, unique_names

POOL = "sdr"


def roster_of_world(world: World) -> str:
    """Who works in the invented company, and in which pool."""
    people = [_drafted(person) for person in world.people]
    pools = [DraftPool(name=pool, members=tuple(names)) for pool, names in world.pools.items()]
    return roster_text(people, pools, placeholders=world.placeholders)


def _drafted(person: Person) -> DraftPerson:
    return DraftPerson(
        name=person.name,
        email=person.email,
        ids=person.ids,
        team=person.team,
        manager=person.manager_name,
        calendar=person.calendar,
        absences=tuple(DraftAbsence(first=away.first, last=away.last, why=away.why) for away in person.absences),
    )


def roster_of_portal(portal: Portal) -> str:
    """Draft a roster of the portal's owners: everybody active is in the pool and keeps the default hours."""
    return _everybody_in_one_pool(_owners_of(portal), ("hubspot",))


def roster_of_org(org: Org) -> str:
    """Draft a roster of the org's active users, with their roles as teams: everybody is in the pool and keeps the default hours."""
    return _everybody_in_one_pool(_users_of(org), ("salesforce",))


def roster_of_both(portal: Portal, org: Org) -> str:
    """Draft a roster of the portal's owners and the org's users: one person an address."""
    users = {_address(user): user for user in _users_of(org)}
    people = [
        replace(one, ids={**one.ids, **users.pop(_address(one)).ids}) if _address(one) in users else one for one in _owners_of(portal)
    ]
    people += users.values()
    return _everybody_in_one_pool(people, ("hubspot", "salesforce"))


def _address(person: DraftPerson) -> str:
    """Their address without regard to case; who has none is known by their ids."""
    return (person.email or f"{person.ids}").casefold()


def _owners_of(portal: Portal) -> list[DraftPerson]:
    return [
        DraftPerson(
            name=f"{owner.first_name} {owner.last_name}".strip() or owner.id,
            email=owner.email,
            ids={"hubspot": owner.id},
            team=next((team.name for team in portal.staff.teams_of(owner)), None),
        )
        for owner in portal.staff.listed(archived=False)
        if owner.type == "PERSON"
    ]


def _users_of(org: Org) -> list[DraftPerson]:
    asked = "SELECT Id, Name, Email, UserRole.Name FROM User WHERE IsActive = true AND UserType = 'Standard' ORDER BY Name, Id"
    found = org.select(asked, org.caller())
    return [
        DraftPerson(
            name=user["Name"],
            email=user["Email"],
            ids={"salesforce": user["Id"]},
            team=user["UserRole"]["Name"] if user["UserRole"] else None,
        )
        for user in found.rows(0, found.total)
        if user["Id"] != org.integration_user
    ]


def _everybody_in_one_pool(people: list[DraftPerson], crms: tuple[str, ...]) -> str:
    pools = [DraftPool(name=POOL, members=tuple(unique_names(people)))]
    return roster_text(people, pools, placeholders=dict.fromkeys(crms, ()))
