"""Whose task an escalation becomes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sync.remedies.asked import Asked, Writes
from sync.roster import Person
from sync.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Somebody who can get a task."""

    who: str  # in what part: names nobody
    id: str  # in the CRM of the task


@dataclass(frozen=True, slots=True)
class Nobody:
    """Why nobody is known, and what to do about it."""

    why: str


def escalation(asked: Asked) -> Writes:
    """Return who gets the task about a lead, in the CRM that says who owns leads: the owner's manager, or whom the agreement names."""
    record, role = asked.written(asked.terms.authority.owner), asked.due.remedy.detail
    crm, terms = record.key.crm, asked.terms
    found = _by_name(role, crm, terms) if role is not None else _manager(asked, crm)
    if isinstance(found, Nobody):
        return Writes(record=record, missing=(found.why,))
    if found.id in terms.crms[crm].gone:
        return Writes(record=record, missing=(f"{found.who}, {found.id}, has left {crm}: name somebody else in roster.toml",))
    return Writes(record=record, manager=found.id)


def _by_name(role: str, crm: str, terms: Terms) -> Named | Nobody:
    """Return whom `escalate: ROLE` means."""
    people = {name.casefold(): person for name, person in terms.roster.people.items()}
    if role.casefold() not in people:
        return Nobody(f"nobody is named `{role}` in roster.toml: add them, or write `escalate` for the owner's manager")
    return _of_roster(people[role.casefold()], f"`{role}`", crm, terms)


def _manager(asked: Asked, crm: str) -> Named | Nobody:
    """Return the manager of whom the broken promise is about: the roster's word, else the CRM's."""
    terms, owner, of = asked.terms, asked.due.finding.owner, asked.lead.timeline.crm
    if owner is None or terms.is_unassigned(of, owner):
        return Nobody("nobody owns it, so it has no manager: name in the agreement who is told, `escalate: NAME`")
    person, who = terms.roster.person_of(of, owner), f"the manager of owner {owner}"
    if person is not None and person.manager is not None:
        return _of_roster(terms.roster.people[person.manager], who, crm, terms)
    told = terms.crms[crm].managers.get(terms.owner_in(crm, owner, of=of))
    if told is not None:
        return Named(who=who, id=told)
    what = (
        "has no manager: add `manager` to them in roster.toml"
        if person is not None
        else "is not in roster.toml: add them, with their `manager`"
    )
    return Nobody(f"owner {owner} {what}")


def _of_roster(person: Person, who: str, crm: str, terms: Terms) -> Named | Nobody:
    """Return a person of the roster as a CRM knows them: by the roster's id, else by their address."""
    same = sorted(owner for owner, address in terms.crms[crm].emails.items() if address and address == person.email)
    id_ = person.ids.get(crm) or next(iter(same), None)
    return Named(who=who, id=id_) if id_ is not None else Nobody(f"{who} has no {crm} id: add it in roster.toml")
