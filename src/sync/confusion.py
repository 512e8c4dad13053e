"""What keeps anybody from saying for certain which records are one person. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.records import Record, RecordKey, Reference
from sync.rows import LeadRows
from sync.terms import Terms

SEVERAL = "several records of one person"


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
        yield Confusion(SEVERAL, str(several[-1]))
    for person in rows.people:
        if (field := _points_to_nothing(person, rows, terms)) is not None:
            yield Confusion("pointer to nothing", f"{person.key}#{field}")
            return


def several_records(rows: LeadRows, terms: Terms) -> list[RecordKey]:
    """Return the live records of the kind in which leads begin, in the first CRM that has more than one; empty if none has.

    A record that another of its CRM carries on is none of them: two Leads that were converted to one Contact are that Contact.
    """
    for crm, known in terms.crms.items():
        kind = (crm, known.vocabulary.person)
        theirs = [one for one in rows.people if (one.key.crm, one.key.kind) == kind and one.key not in rows.gone_at]
        still = [one.key for one in theirs if not is_carried_on(one, terms)]
        if len(still) > 1:
            return still
    return []


def is_carried_on(person: Record, terms: Terms) -> bool:
    """Whether another record of its CRM took the place of one: a converted Lead cannot be written any more."""
    return any(person.values.get(reference.field) for reference in _references(person, terms, own=True))


def _references(person: Record, terms: Terms, *, own: bool) -> Iterator[Reference]:
    """Yield where a record may name one of its own CRM, or one of the other."""
    for reference in terms.crms[person.key.crm].vocabulary.references:
        if reference.kind == person.key.kind and (reference.to_crm == person.key.crm) is own:
            yield reference


def _points_to_nothing(person: Record, rows: LeadRows, terms: Terms) -> str | None:
    """Return the field of a live record that names a record of the other CRM which is not there, nor was merged into one that is."""
    if person.key in rows.gone_at:
        return None
    there = {one.key for one in rows.people if one.key not in rows.gone_at}
    names = [*there, *(gone for gone, into in rows.merged.items() if into in there)]
    for reference in _references(person, terms, own=False):
        named = person.values.get(reference.field)
        if named and _was_read(reference, terms) and not any(_is_named(key, named, reference) for key in names):
            return reference.field
    return None


def _is_named(key: RecordKey, named: str, reference: Reference) -> bool:
    """Whether `named`, in full or cut short, is the id of the record that `reference` leads to."""
    return (key.crm, key.kind) == (reference.to_crm, reference.to_kind) and named in (key.id, key.id[: reference.short])


def _was_read(reference: Reference, terms: Terms) -> bool:
    """Whether the records of which a reference names one were ever read."""
    other = terms.crms.get(reference.to_crm)
    if other is None:
        return False
    streams = dict(zip(other.vocabulary.persons, other.vocabulary.person_streams, strict=True))
    return streams[reference.to_kind] in other.upto
