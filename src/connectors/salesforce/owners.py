"""Pulls who can own records: users with their roles, and queues with whom they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from connectors.errors import Forbidden, Misconfigured
from connectors.records import Page, Team
from connectors.salesforce.client import Client
from connectors.salesforce.mapping import owner_from_queue, owner_from_user, team_from_user
from connectors.salesforce.reading import Part, all_rows, path_of, together, whole
from connectors.salesforce.soql import Query, select
from connectors.salesforce.values import Item, id_in

_USER = ("Id", "Name", "Email", "IsActive", "UserType", "UserRoleId", "UserRole.Name", "ManagerId")
_IN_OFFICE = Query(soql=select(_USER, "User", "IsActive = true", "UserType = 'Standard'", order="Id"))
_OTHERS = Query(soql=select(_USER, "User", "(IsActive = false OR UserType != 'Standard')", order="Id"))
_QUEUES = Query(soql=select(("Id", "Name", "Email"), "Group", "Type = 'Queue'", order="Id"))
_HOLDING_LEADS = Query(soql=select(("QueueId",), "QueueSobject", "SobjectType = 'Lead'", order="QueueId"))
IN_OFFICE = (_IN_OFFICE, _QUEUES, _HOLDING_LEADS)  # what is asked in any case


def owner_pages(client: Client, cursor: str | None, told: Sequence[Part] | None) -> Iterator[Page]:
    """Yield who can own a lead now, users and queues, and, unless these are as they were at `cursor`, the other users.

    `told` are the answers to `IN_OFFICE`, where these were asked before. Nobody goes to the others but from those in office.
    Queues that are hidden from us are none.
    """
    users_part, *queue_parts = told or together(client, [path_of(client, query) for query in IN_OFFICE])
    first = users_part.rows()
    users = whole(client, first)
    queues, holding = (_rows_or_none(client, part) for part in queue_parts)
    digest = blake2b(repr([_plain(rows) for rows in (users, queues, holding)]).encode(), digest_size=6).hexdigest()
    may_hold = {id_ for row in holding if (id_ := id_in(row, "QueueId")) is not None}
    owners = (*map(owner_from_user, users), *(owner_from_queue(row, may_hold) for row in queues))
    page = Page(stream="owners", began_at=first.asked_at, owners=owners, teams=_teams(users), cursor=digest, last=True)
    if cursor == digest:
        yield page
        return
    yield replace(page, cursor="begun", last=False)
    for rows in all_rows(client, _OTHERS):
        is_last = rows.more is None
        others = tuple(map(owner_from_user, rows.items))
        yield replace(page, owners=others, teams=_teams(rows.items), cursor=digest if is_last else "begun", last=is_last)


def _teams(users: Sequence[Item]) -> tuple[Team, ...]:
    return tuple({team.id: team for row in users if (team := team_from_user(row)) is not None}.values())


def _rows_or_none(client: Client, part: Part) -> Sequence[Item]:
    """Give all rows of a query; none where the object is hidden from us."""
    return () if isinstance(part.refused, Forbidden | Misconfigured) else whole(client, part.rows())


def _plain(rows: Sequence[Item]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "attributes"} for row in rows]


_MEMBERS = Query(soql=select(("GroupId", "UserOrGroupId"), "GroupMember"))
_GROUPS = Query(soql=select(("Id", "Type", "RelatedId"), "Group"))
_PEOPLE = Query(soql=select(("Id", "UserRoleId"), "User", "IsActive = true"))
_ROLES = Query(soql=select(("Id", "ParentRoleId"), "UserRole"))
_WITH_SUBORDINATES = frozenset({"RoleAndSubordinates", "RoleAndSubordinatesInternal"})


def queue_members(client: Client) -> Mapping[str, frozenset[str]]:
    """Read who is served by each queue: the ids of active users, through groups in groups and roles, by the queue's id."""
    parts = together(client, [path_of(client, query) for query in (_MEMBERS, _GROUPS, _PEOPLE, _ROLES)])
    members, groups, people, roles = (whole(client, part.rows()) for part in parts)
    return Membership(members=members, groups=groups, people=people, roles=roles).by_queue()


class Membership:
    """Who belongs to which group, worked out from rows. Pure.

    A group's member is a user or a group; a role's group stands for the users of the role, with those below it if it says so.
    Source: crm-facts, Salesforce, section 6.
    """

    def __init__(self, *, members: Sequence[Item], groups: Sequence[Item], people: Sequence[Item], roles: Sequence[Item]) -> None:
        self._groups = {id_in(row): row for row in groups}
        self._members: dict[str | None, list[str]] = {}
        for row in members:
            self._members.setdefault(id_in(row, "GroupId"), []).append(id_in(row, "UserOrGroupId") or "")
        self._in_role: dict[str | None, set[str]] = {}
        for row in people:
            self._in_role.setdefault(id_in(row, "UserRoleId"), set()).add(id_in(row) or "")
        self._everybody = {id_ for row in people if (id_ := id_in(row)) is not None}
        self._below: dict[str | None, list[str]] = {}
        for row in roles:
            self._below.setdefault(id_in(row, "ParentRoleId"), []).append(id_in(row) or "")

    def by_queue(self) -> Mapping[str, frozenset[str]]:
        """Give the users of every queue."""
        return {id_: frozenset(self._users(id_, set())) for id_, row in self._groups.items() if id_ and row.get("Type") == "Queue"}

    def _users(self, group: str, visited: set[str]) -> set[str]:
        """Collect a group's users; groups may hold each other in a circle."""
        if group in self._everybody:
            return {group}
        row = self._groups.get(group)
        if row is None or group in visited:
            return set()
        visited.add(group)
        found = self._by_kind(row)
        for member in self._members.get(group, ()):
            found |= self._users(member, visited)
        return found

    def _by_kind(self, row: Item) -> set[str]:
        kind, role = str(row.get("Type")), id_in(row, "RelatedId")
        if kind == "Organization":
            return set(self._everybody)
        if kind == "Role":
            return set(self._in_role.get(role, ()))
        return self._with_subordinates(role, set()) if kind in _WITH_SUBORDINATES else set()

    def _with_subordinates(self, role: str | None, visited: set[str | None]) -> set[str]:
        if role is None or role in visited:
            return set()
        visited.add(role)
        found = set(self._in_role.get(role, ()))
        for below in self._below.get(role, ()):
            found |= self._with_subordinates(below, visited)
        return found
