"""Whose task an escalation becomes. Pure."""

from __future__ import annotations

from sync.remedies.asked import Asked, Writes
from sync.roster import Person
from sync.terms import Terms


def escalation(asked: Asked) -> Writes:
    """Return who gets the task about a lead, in the CRM that says who owns leads: the owner's manager, or whom the agreement names."""
    record = asked.written(asked.terms.authority.owner)
    role = asked.due.remedy.detail
    found = _named(asked.terms, role) if role is not None else _manager(asked)
    if isinstance(found, str):
        return Writes(record=record, missing=(found,))
    who = f"the manager of owner {asked.due.finding.owner}" if role is None else f"`{role}`"
    id_ = _id_in(record.key.crm, found, asked.terms)
    if id_ is None:
        return Writes(record=record, missing=(f"{who} has no {record.key.crm} id: add it in roster.toml",))
    if id_ in asked.terms.crms[record.key.crm].gone:
        return Writes(record=record, missing=(f"{who}, {id_}, has left {record.key.crm}: name somebody else in roster.toml",))
    return Writes(record=record, manager=id_)


def _named(terms: Terms, role: str) -> Person | str:
    """Return whom `escalate: ROLE` means, or what is missing."""
    people = {name.casefold(): person for name, person in terms.roster.people.items()}
    return people.get(role.casefold()) or f"nobody is named `{role}` in roster.toml: add them, or write `escalate` for the owner's manager"


def _manager(asked: Asked) -> Person | str:
    """Return the manager of whom the broken promise is about, or what is missing."""
    terms, crm, owner = asked.terms, asked.lead.timeline.crm, asked.due.finding.owner
    if owner is None or terms.is_unassigned(crm, owner):
        return "nobody owns it, so it has no manager: name in the agreement who is told, `escalate: NAME`"
    person = terms.roster.person_of(crm, owner)
    if person is None:
        return f"owner {owner} is not in roster.toml: add them, with their `manager`"
    if person.manager is None:
        return f"owner {owner} has no manager: add `manager` to them in roster.toml"
    return terms.roster.people[person.manager]


def _id_in(crm: str, person: Person, terms: Terms) -> str | None:
    """Return the id of a person in a CRM: the roster's word, else that of the owner with their address."""
    if crm in person.ids:
        return person.ids[crm]
    same = sorted(owner for owner, address in terms.crms[crm].emails.items() if address and address == person.email)
    return same[0] if same else None
