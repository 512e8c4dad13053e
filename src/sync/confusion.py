"""What keeps anybody from saying for certain which records are one person. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.records import Record, RecordKey
from sync.rows import LeadRows
from sync.terms import Terms


@dataclass(frozen=True, slots=True)
class Confusion:
    """One reason for it, and where to look it up."""

    sort: str
    source: str


def find_confusions(rows: LeadRows, terms: Terms) -> Iterator[Confusion]:
    """Yield each sort at most once."""
    if rows.doubts:
        yield Confusion("address of several records", str(rows.doubts[0]))
    if several := several_records(rows, terms):
        yield Confusion("several records of one person", str(several[-1]))
    for person in rows.people:
        if (field := _points_to_nothing(person, rows, terms)) is not None:
            yield Confusion("pointer to nothing", f"{person.key}#{field}")
            return


def several_records(rows: LeadRows, terms: Terms) -> list[RecordKey]:
    """Return the live records of the kind in which leads begin, in the first CRM that has more than one; empty if none has."""
    for crm, known in terms.crms.items():
        kind = (crm, known.vocabulary.person)
        theirs = [one.key for one in rows.people if (one.key.crm, one.key.kind) == kind and one.key not in rows.gone_at]
        if len(theirs) > 1:
            return theirs
    return []


def _points_to_nothing(person: Record, rows: LeadRows, terms: Terms) -> str | None:
    """Return the field of a record that names a record of the other CRM which is not there."""
    there = {(one.key.crm, one.key.kind) for one in rows.people}
    for reference in terms.crms[person.key.crm].vocabulary.references:
        is_others = reference.to_crm != person.key.crm and reference.to_crm in terms.crms
        named = reference.kind == person.key.kind and person.values.get(reference.field)
        if is_others and named and (reference.to_crm, reference.to_kind) not in there:
            return reference.field
    return None
