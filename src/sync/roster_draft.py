"""Owners of a CRM -> the text of a roster.toml for a person to finish. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sync.lint import Facts
from sync.plain import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftAbsence:
    """Days on which somebody is away, both included."""

    first: date
    last: date
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPerson:
    """What is known of one person before somebody finished the roster."""

    name: str
    email: str | None
    ids: Mapping[str, str]  # CRM -> owner id; at least one
    team: str | None = None
    manager: str | None = None
    calendar: str | None = None
    absences: tuple[DraftAbsence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPool:
    """A pool and its members' names, with equal weights."""

    name: str
    members: tuple[str, ...]


def roster_text(people: Sequence[DraftPerson], pools: Sequence[DraftPool], *, placeholders: Mapping[str, Sequence[str]]) -> str:
    """Return a roster.toml; what is not known stands as a comment to be filled in."""
    return "\n".join([*_head(), *_people(people), *_pools(pools), *_placeholders(placeholders)]) + "\n"


def _head() -> Iterator[str]:
    yield "# Who works here, when, and in which pool. It changes with every hire and sick day; `leadpact check` reads it again."
    yield "# Every key is explained in docs/reference/roster.md."


def _people(people: Sequence[DraftPerson]) -> Iterator[str]:
    width = max([8, *(len(crm) for person in people for crm in person.ids)])
    for person, name in zip(people, unique_names(people), strict=True):
        yield from ("", "[[person]]", f"{'name':<{width}} = {_text(name)}")
        if person.email:
            yield f"{'email':<{width}} = {_text(person.email)}"
        yield from (f"{crm:<{width}} = {_text(id_)}" for crm, id_ in person.ids.items())
        for key, value in (("team", person.team), ("manager", person.manager), ("calendar", person.calendar)):
            yield f"{key:<{width}} = {_text(value)}" if value else f"# {key} ="
        if person.absences:
            yield f"{'absences':<{width}} = [{', '.join(_absence(absence) for absence in person.absences)}]"


def unique_names(people: Sequence[DraftPerson]) -> list[str]:
    """Return one name a person; two of one name get their first owner id behind it."""
    names = Counter(person.name for person in people)
    return [person.name if names[person.name] == 1 else f"{person.name} ({next(iter(person.ids.values()))})" for person in people]


def _absence(absence: DraftAbsence) -> str:
    return f"{{ from = {absence.first}, to = {absence.last}, why = {_text(absence.why)} }}"


def _pools(pools: Sequence[DraftPool]) -> Iterator[str]:
    for pool in pools:
        yield from ("", "[[pool]]", f"name    = {_text(pool.name)}", "members = [")
        yield from (f"    {{ person = {_text(member)}, weight = 1 }}," for member in pool.members)
        yield "]"


def _placeholders(placeholders: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield from ("", "[placeholders]                # owners that stand for nobody: a marketing user, an integration user")
    for crm, ids in placeholders.items():
        yield f"{crm} = [{', '.join(_text(id_) for id_ in ids)}]"


def _text(value: str) -> str:
    """Return a TOML basic string; JSON's escapes are TOML's, and DEL must be escaped too."""
    return json.dumps(plain(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def draft_roster(facts: Sequence[Facts], *, pools: Sequence[str], own_users: Mapping[str, str]) -> str:
    """Return a roster of the active owners of the CRMs; every one of them is in every pool until somebody sorts them.

    Owners of several CRMs that have one e-mail address are one person. `own_users` (CRM -> owner id) stand for leadpact: nobody.
    """
    ours = {one.account.crm: [own_users[one.account.crm]] if one.account.crm in own_users else [] for one in facts}
    people = sorted(_merged(facts, own_users), key=lambda person: (person.name.casefold(), *person.ids.values()))
    members = tuple(unique_names(people))
    managed = list(_with_managers(people, members, facts))
    return roster_text(managed, [DraftPool(name=pool, members=members) for pool in pools], placeholders=dict(ours))


def _with_managers(people: Sequence[DraftPerson], names: Sequence[str], facts: Sequence[Facts]) -> Iterator[DraftPerson]:
    """Name each person's manager, where a CRM tells one who is in the roster too."""
    named = {owner: name for person, name in zip(people, names, strict=True) for owner in person.ids.items()}
    managers = {(owner.crm, owner.id): (owner.crm, owner.manager) for one in facts for owner in one.owners if owner.manager is not None}
    for person, name in zip(people, names, strict=True):
        told = [named[managers[owner]] for owner in person.ids.items() if managers.get(owner) in named]
        yield replace(person, manager=next((manager for manager in told if manager != name), None))


def _merged(facts: Sequence[Facts], own_users: Mapping[str, str]) -> Iterable[DraftPerson]:
    people: dict[str, DraftPerson] = {}  # by address, or by owner where there is none that is free
    for one in facts:
        crm, teams = one.account.crm, {team.id: team.name for team in one.teams}
        for owner in one.owners:
            if not owner.active or owner.is_queue or owner.id == own_users.get(crm):
                continue
            team = teams.get(owner.teams[0]) if owner.teams else None
            known = people.get(owner.email or "")
            if known is None:
                drafted = DraftPerson(name=owner.name, email=owner.email, ids={crm: owner.id}, team=team)
                people[owner.email or f"{crm} {owner.id}"] = drafted
            elif crm in known.ids:  # a second owner with that address; a roster has each address once
                people[f"{crm} {owner.id}"] = DraftPerson(name=owner.name, email=None, ids={crm: owner.id}, team=team)
            else:
                people[owner.email or ""] = replace(known, ids={**known.ids, crm: owner.id}, team=known.team or team)
    return people.values()
