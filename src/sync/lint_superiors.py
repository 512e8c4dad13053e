"""Managers whom no task and no message can reach. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from connectors.records import Owner
from sync.problems import listed
from sync.remarks import Level, Remark
from sync.roster import Person, Roster


def superior_remarks(roster: Roster, owners: Mapping[str, Sequence[Owner]]) -> Iterator[Remark]:
    """Yield the managers of the roster who are nobody in any CRM of `owners` (CRM -> its owners), or who have no address."""
    connected = [person for person in roster.people.values() if owners.keys() & person.ids.keys()]
    for name in sorted({person.manager for person in connected if person.manager is not None}):
        manager, theirs = roster.people[name], [person.name for person in connected if person.manager == name]
        found = list(_owners_of(manager, owners))
        if not found:
            yield _warning(
                name,
                f"is nobody in {' or '.join(owners)}: what {listed(sorted(theirs))} owe cannot be escalated",
                fix="add their id or `email` as the CRM has it, or name another manager",
            )
        elif manager.email is None and not any(owner.email for owner in found):
            yield _warning(name, "has no e-mail address: no message to a manager reaches them", fix="add `email`")


def _owners_of(person: Person, owners: Mapping[str, Iterable[Owner]]) -> Iterator[Owner]:
    """Yield the active owners that a person is, by the roster's ids, else by address."""
    for crm, ones in owners.items():
        for owner in ones:
            is_it = owner.id == person.ids[crm] if crm in person.ids else person.email is not None and _email(owner) == person.email
            if owner.active and is_it:
                yield owner


def _email(owner: Owner) -> str:
    return (owner.email or "").casefold()


def _warning(name: str, what: str, *, fix: str) -> Remark:
    return Remark(level=Level.WARNING, where=f"roster.toml: {name}", what=what, fix=fix)
