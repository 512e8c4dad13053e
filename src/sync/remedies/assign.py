"""The first owner of a lead that nobody has: whether nobody has it, and which other moves that are asked for it make way. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from sync.history import local_text
from sync.ladder import ASSIGN, MOVES, Due
from sync.remedies.asked import written_record
from sync.rows import LeadRows
from sync.terms import Terms
from sync.timeline import Timeline


def is_nobodys(rows: LeadRows, terms: Terms) -> bool:
    """Whether a lead is nobody's in the CRM that says who owns leads: blank, a queue's, or a placeholder's of the roster."""
    person = written_record(rows, terms.authority.owner, terms)
    return terms.is_unassigned(person.key.crm, person.values.get(terms.crms[person.key.crm].vocabulary.owner))


def owner_to_come(timeline: Timeline, terms: Terms, now: datetime) -> Iterator[str]:
    """Say that another CRM shows an owner, for so short a time that the one which says who owns leads may still be told of them."""
    lag, zone = terms.authority.lag, terms.agreement_at(now).zone
    for crm, shown in sorted(timeline.owners_shown.items()):
        last = next((one for one in reversed(shown) if one.at <= now), None)
        if crm != timeline.crm and last is not None and last.what is not None and now - last.at <= lag:
            until = local_text(last.at + lag, zone)
            yield f"{crm} shows an owner since {local_text(last.at, zone)}: whether {timeline.crm} will is awaited until {until}"


def make_way(asked: Iterable[Due], is_held: Callable[[Due], bool]) -> list[Due]:
    """Return what is asked for; where a lead is to be assigned, moves that mode and agreement hold back make way for one that they allow.

    Whoever only watches how leads are returned still has them assigned.
    """
    due = list(asked)
    moves = [one for one in due if one.remedy.action in MOVES]
    if not any(one.remedy.action == ASSIGN for one in moves) or all(map(is_held, moves)):
        return due
    return [one for one in due if one not in moves or not is_held(one)]
