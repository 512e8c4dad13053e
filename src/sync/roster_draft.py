"""Owners of a CRM -> the text of a roster.toml for a person to finish. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from connectors.records import Owner, Team
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
    crm: str
    owner_id: str
    team: str | None = None
    manager: str | None = None
    calendar: str | None = None
    absences: tuple[DraftAbsence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPool:
    """A pool and its members' names, with equal weights."""

    name: str
    members: tuple[str, ...]


def roster_text(people: Sequence[DraftPerson], pools: Sequence[DraftPool], *, placeholders: dict[str, Sequence[str]]) -> str:
    """Return a roster.toml; what is not known stands as a comment to be filled in."""
    return "\n".join([*_head(), *_people(people), *_pools(pools), *_placeholders(placeholders)]) + "\n"


def _head() -> Iterator[str]:
    yield "# Who works here, when, and in which pool. It changes with every hire and sick day; `leadpact check` reads it again."
    yield "# Every key is explained in docs/reference/roster.md."


def _people(people: Sequence[DraftPerson]) -> Iterator[str]:
    for person, name in zip(people, unique_names(people), strict=True):
        yield from ("", "[[person]]", f"name     = {_text(name)}")
        if person.email:
            yield f"email    = {_text(person.email)}"
        yield f"{person.crm:<8} = {_text(person.owner_id)}"
        yield _known("team", person.team)
        yield _known("manager", person.manager)
        yield _known("calendar", person.calendar)
        if person.absences:
            yield f"absences = [{', '.join(_absence(absence) for absence in person.absences)}]"


def unique_names(people: Sequence[DraftPerson]) -> list[str]:
    """Return one name a person; two of one name get their owner id behind it."""
    names = [person.name for person in people]
    return [name if names.count(name) == 1 else f"{name} ({person.owner_id})" for name, person in zip(names, people, strict=True)]


def _known(key: str, value: str | None) -> str:
    return f"{key:<8} = {_text(value)}" if value else f"# {key} ="


def _absence(absence: DraftAbsence) -> str:
    return f"{{ from = {absence.first}, to = {absence.last}, why = {_text(absence.why)} }}"


def _pools(pools: Sequence[DraftPool]) -> Iterator[str]:
    for pool in pools:
        yield from ("", "[[pool]]", f"name    = {_text(pool.name)}", "members = [")
        yield from (f"    {{ person = {_text(member)}, weight = 1 }}," for member in pool.members)
        yield "]"


def _placeholders(placeholders: dict[str, Sequence[str]]) -> Iterator[str]:
    yield from ("", "[placeholders]                # owners that stand for nobody: a marketing user, an integration user")
    for crm, ids in placeholders.items():
        yield f"{crm} = [{', '.join(_text(id_) for id_ in ids)}]"


def _text(value: str) -> str:
    """Return a TOML basic string; JSON's escapes are TOML's, and DEL must be escaped too."""
    return json.dumps(plain(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def draft_roster(owners: Sequence[Owner], teams: Sequence[Team], *, crm: str, pools: Sequence[str]) -> str:
    """Return a roster of the active owners of one CRM; every one of them is in every pool until somebody sorts them."""
    names = {team.id: team.name for team in teams}
    people = [
        DraftPerson(name=owner.name, email=owner.email, crm=crm, owner_id=owner.id, team=names.get(owner.teams[0]) if owner.teams else None)
        for owner in sorted(owners, key=lambda owner: (owner.name.casefold(), owner.id))
        if owner.active and not owner.is_queue
    ]
    members = tuple(unique_names(people))
    return roster_text(people, [DraftPool(name=pool, members=members) for pool in pools], placeholders={crm: ()})
