"""The list or campaign that a lead joins when it goes back to Marketing. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.memberships import MEMBER
from connectors.records import Record
from sync.crm_words import words_of
from sync.remedies.asked import Asked
from sync.remedies.targets import lists_called
from sync.remedies.told import Missing, Note, Told
from sync.steps import FieldWrite


def joined_list(asked: Asked, person: Record) -> Iterator[Told]:
    """Put a person on the list of their CRM that the agreement names; nobody who opted out, or of whom that is not known."""
    crm = person.key.crm
    words, name = words_of(crm), asked.agreement.recycle.to.get(words_of(crm).list_key)
    if name is None:
        return
    found = lists_called(name, asked.terms.crms[crm].lists)
    what = f"{words.a_list} `{name}`"
    if len(found) != 1:
        yield Missing(
            f"{crm} has no {what}" if not found else f"{crm} has {len(found)} {words.a_list}s called `{name}`: name one by its id"
        )
    elif found[0].read_only:
        yield Missing(f"{crm} fills {what} itself: nobody can be put on it")
    elif why := _not_to_be_written_to(asked, person):
        yield Note(f"joins no {words.a_list}: {why}")
    else:
        yield Note(f"joins {what}")
        yield FieldWrite(field=found[0].name, before=None, after=MEMBER)


def _not_to_be_written_to(asked: Asked, person: Record) -> str | None:
    """Say why Marketing must not write to a person, by any of their records; None if it may."""
    own = asked.terms.crms[person.key.crm].vocabulary.opted_out
    if own is not None and own not in person.values:
        return f"whether they opted out of e-mail is not known ({own})"
    for one in asked.lead.rows.people:
        field = asked.terms.crms[one.key.crm].vocabulary.opted_out
        if field is not None and one.values.get(field) == "true":
            return f"they opted out of e-mail ({one.key.crm} {field})"
    return None
