"""Whose task an escalation becomes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sync.history import local_text
from sync.remedies.asked import Asked, Writes
from sync.superiors import Superior, above, away_until, id_in, manager_of, superior_in
from sync.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Somebody who is to get a task."""

    who: str  # in what part: names nobody
    superior: Superior


@dataclass(frozen=True, slots=True)
class Nobody:
    """Why nobody is known, and what to do about it."""

    why: str


def escalation(asked: Asked) -> Writes:
    """Return who gets the task about a lead, in the CRM that says who owns leads: the owner's manager, or whom the agreement names.

    Whoever is absent is stood in for by the next above them who is there; if nobody is, they get it all the same.
    """
    record, role = asked.written(asked.terms.authority.owner), asked.due.remedy.detail
    crm, terms = record.key.crm, asked.terms
    found = _by_name(role, terms) if role is not None else _manager(asked)
    if isinstance(found, Nobody):
        return Writes(record=record, missing=(found.why,))
    acting, note = _who_is_there(found, crm, asked)
    id_, notes = id_in(terms, acting, crm), (note,) if note is not None else ()
    if id_ is None:
        return Writes(record=record, missing=(f"{found.who} has no {crm} id: add it in roster.toml",))
    if id_ in terms.crms[crm].gone:
        return Writes(record=record, missing=(f"{found.who}, {id_}, has left {crm}: name somebody else in roster.toml",))
    return Writes(record=record, manager=id_, notes=notes)


def _who_is_there(found: Named, crm: str, asked: Asked) -> tuple[Superior, str | None]:
    """Return who acts for somebody now, themselves or the next above them, and what is to be said of it."""
    until = away_until(found.superior, asked.now)
    if until is None:
        return found.superior, None
    terms = asked.terms
    away = f"{found.who} is absent until {local_text(until, asked.agreement.zone)}"
    for one in above(terms, found.superior):
        id_ = id_in(terms, one, crm)
        if away_until(one, asked.now) is None and id_ is not None and id_ not in terms.crms[crm].gone:
            return one, f"{away}: the task goes to their manager"
    return found.superior, f"{away}, and nobody above them is there"


def _by_name(role: str, terms: Terms) -> Named | Nobody:
    """Return whom `escalate: NAME` means."""
    people = {name.casefold(): person for name, person in terms.roster.people.items()}
    if role.casefold() not in people:
        return Nobody(f"nobody is named `{role}` in roster.toml: add them, or write `escalate` for the owner's manager")
    return Named(who=f"`{role}`", superior=superior_in(people[role.casefold()]))


def _manager(asked: Asked) -> Named | Nobody:
    """Return the manager of whom the broken promise is about."""
    terms, owner, of = asked.terms, asked.due.finding.owner, asked.lead.timeline.crm
    if owner is None or terms.is_unassigned(of, owner):
        return Nobody("nobody owns it, so it has no manager: name in the agreement who is told, `escalate: NAME`")
    if (found := manager_of(terms, owner, of=of)) is not None:
        return Named(who=f"the manager of owner {owner}", superior=found)
    what = (
        "has no manager: add `manager` to them in roster.toml"
        if terms.roster.person_of(of, owner) is not None
        else "is not in roster.toml: add them, with their `manager`"
    )
    return Nobody(f"owner {owner} {what}")
