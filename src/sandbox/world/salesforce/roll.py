"""Who is who in the org: the ids of its users, roles and queue, and their records. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sandbox.salesforce.ids import Mint
from sandbox.world.people import COMPANY_DOMAIN, EXECUTIVES, GONE, LEADERS, TEAMS, Rep, Staff
from sandbox.world.salesforce.fields import moment
from sandbox.world.sheet import Source
from sandbox.world.stories.strange import STRANGER

QUEUE_NAME = "Inbound queue"
PLACEHOLDER_NAME = "Marketing queue"
AUTOMATION_NAME = "Automated Process"


class Roll:
    """Gives everybody who can own a record, or change one, an id."""

    def __init__(self, staff: Staff, mint: Mint) -> None:
        self._staff = staff
        self._mint = mint
        mint.new("005")  # the user that the API runs as: every org has it from the beginning
        self.automation = mint.new("005")
        self.queue = mint.new("00G")
        self._ids = {staff.queue_id: self.queue, staff.placeholder_id: mint.new("005")}
        self._names = {staff.queue_id: QUEUE_NAME, staff.placeholder_id: PLACEHOLDER_NAME, STRANGER.owner_id: STRANGER.name}
        self._users = {}
        for rep in self._everybody():
            self._ids[rep.owner_id] = self._users[rep.user_id] = mint.new("005")
            self._names[rep.owner_id] = rep.name
        self._ids[STRANGER.owner_id] = mint.new("005")
        self._roles = {team.id: mint.new("00E") for team in (LEADERS, *TEAMS, EXECUTIVES)}

    def owner(self, owner_id: str) -> str:
        """The id of somebody who can own a record, by the id that stories give them."""
        return self._ids[owner_id]

    def name(self, owner_id: str) -> str:
        """The name of somebody who can own a record."""
        return self._names[owner_id]

    def author(self, source: Source) -> str:
        """The user behind a change."""
        return self.automation if source.user is None else self._users[source.user]

    def lines(self, since: datetime) -> Iterator[dict[str, Any]]:
        """The records of all of them, which are as old as the org."""
        for team in (LEADERS, *TEAMS, EXECUTIVES):
            name = {"Name": team.name, "DeveloperName": team.name.replace(" ", "_")}
            yield {"attributes": {"type": "UserRole"}, "Id": self._roles[team.id], **name}
        for rep in self._everybody():
            yield self._user(rep, since)
        automation = {"LastName": AUTOMATION_NAME, "Name": AUTOMATION_NAME, "Email": f"automation@{COMPANY_DOMAIN}"}
        yield _user_line(self.automation, since, **automation, UserType="AutomatedProcess", Alias="autoproc")
        first, last = PLACEHOLDER_NAME.split(" ")
        placeholder = {"FirstName": first, "LastName": last, "Name": PLACEHOLDER_NAME, "Email": f"marketing-queue@{COMPANY_DOMAIN}"}
        yield _user_line(self._ids[self._staff.placeholder_id], since, **placeholder, UserType="Standard", Alias="mqueue")
        yield from self._queue_lines(since)

    def _everybody(self) -> tuple[Rep, ...]:
        return (*self._staff.managers, *self._staff.reps, *self._staff.executives)

    def _user(self, rep: Rep, since: datetime) -> dict[str, Any]:
        first, last = rep.name.split(" ", 1)
        gone = rep.habit is GONE
        said = {"FirstName": first, "LastName": last, "Name": rep.name, "Email": rep.email, "UserRoleId": self._roles[rep.team.id]}
        return _user_line(self._ids[rep.owner_id], since, **said, UserType="Standard", IsActive=not gone, ManagerId=self._boss(rep))

    def _boss(self, rep: Rep) -> str | None:
        head, *managers = self._staff.managers
        if rep is head:
            return None
        return self._ids[next((one for one in managers if one.team is rep.team and one is not rep), head).owner_id]

    def _queue_lines(self, since: datetime) -> Iterator[dict[str, Any]]:
        queue = {"Name": QUEUE_NAME, "DeveloperName": "Inbound_queue", "Type": "Queue"}
        dated = {"CreatedDate": moment(since), "LastModifiedDate": moment(since), "SystemModstamp": moment(since)}
        yield {"attributes": {"type": "Group"}, "Id": self.queue, **queue, **dated}
        yield {"attributes": {"type": "QueueSobject"}, "Id": self._mint.new("03g"), "QueueId": self.queue, "SobjectType": "Lead"}
        for manager in self._staff.managers:
            member = {"GroupId": self.queue, "UserOrGroupId": self._ids[manager.owner_id]}
            yield {"attributes": {"type": "GroupMember"}, "Id": self._mint.new("011"), **member}


def _user_line(id_: str, since: datetime, **said: Any) -> dict[str, Any]:
    dated = {"CreatedDate": moment(since), "LastModifiedDate": moment(since), "SystemModstamp": moment(since)}
    return {"attributes": {"type": "User"}, "Id": id_, "Username": said["Email"], "IsActive": True, **said, **dated}
