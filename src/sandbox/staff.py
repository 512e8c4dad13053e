"""Owners and teams. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """That an owner is in a team; an owner has at most one primary team."""

    id: str
    name: str
    primary: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Somebody, or a queue, that can own records; `user_id` stays when the user is gone."""

    id: str
    email: str | None
    first_name: str
    last_name: str
    user_id: int | None
    type: str  # PERSON or QUEUE
    archived: bool
    teams: tuple[Membership, ...]
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team as its own line gave it; who is in it follows from the owners too."""

    id: str
    name: str
    user_ids: tuple[str, ...] = ()
    secondary_user_ids: tuple[str, ...] = ()


class Staff:
    """All owners and teams; a membership told on either side holds on both."""

    def __init__(self) -> None:
        self.owners: dict[str, Owner] = {}
        self.told_teams: dict[str, Team] = {}

    def add_team(self, team: Team) -> None:
        """Take in `team`, in the place of one with its id."""
        self.told_teams[team.id] = team

    def listed(self, *, archived: bool) -> list[Owner]:
        """Active or archived owners, by id."""
        return sorted((o for o in self.owners.values() if o.archived == archived), key=lambda o: int(o.id))

    def teams_of(self, owner: Owner) -> list[Membership]:
        """The teams an owner is in, the primary one first."""
        found = {team.id: team for team in owner.teams}
        user = str(owner.user_id)
        for team in self.told_teams.values():
            if user in team.user_ids or user in team.secondary_user_ids:
                found.setdefault(team.id, Membership(id=team.id, name=team.name, primary=user in team.user_ids))
        return sorted(found.values(), key=lambda team: not team.primary)

    def main_team(self, owner_id: str | None) -> str | None:
        """Id of the owner's primary team; None without one."""
        owner = self.owners.get(owner_id or "")
        return next((team.id for team in self.teams_of(owner) if team.primary), None) if owner else None

    def teams(self) -> list[Team]:
        """All teams, by id, with the user ids of their primary and secondary members."""
        members: dict[str, tuple[list[str], list[str]]] = {
            team.id: (list(team.user_ids), list(team.secondary_user_ids)) for team in self.told_teams.values()
        }
        names = {team.id: team.name for team in self.told_teams.values()}
        for owner in self.listed(archived=False):
            for team in owner.teams:
                names.setdefault(team.id, team.name)
                main, others = members.setdefault(team.id, ([], []))
                user = str(owner.user_id)
                if owner.user_id is not None and user not in main + others:
                    (main if team.primary else others).append(user)
        return [
            Team(id=id_, name=names[id_], user_ids=tuple(main), secondary_user_ids=tuple(others))
            for id_, (main, others) in sorted(members.items(), key=lambda item: int(item[0]))
        ]
