"""What the words of the agreement about a lead that goes back mean in one CRM: values, owners, lists. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from connectors.memberships import id_of
from connectors.records import FieldDefinition, Vocabulary
from sync.agreement.model import Agreement
from sync.crm_words import words_of
from sync.judge.reasons import folded


def wanted_lists(agreement: Agreement, crm: str) -> frozenset[str]:
    """Return the lists or campaigns of a CRM that leads join when they go back, as the agreement calls them."""
    name = agreement.recycle.to.get(words_of(crm).list_key)
    return frozenset() if name is None else frozenset({name})


def fields_beside(agreement: Agreement, words: Vocabulary) -> frozenset[str]:
    """Return the fields of a person that are read because leads go back: what is written then, and who wants no mail."""
    to = agreement.recycle.to
    named = {words.ladder if "stage" in to else None, words.status if "status" in to else None}
    named |= {words.opted_out} if wanted_lists(agreement, words.crm) else set()
    return frozenset(name for name in named if name is not None)


def value_called(text: str, options: Mapping[str, str]) -> str | None:
    """Return the value of a picklist that has this name or this label, without regard to case; None if none has.

    `options` are value -> label; where they are not known, any text is a value.
    """
    if not options:
        return text
    wanted = folded(text)
    by_name = (value for value in options if folded(value) == wanted)
    return next(by_name, None) or next((value for value, label in options.items() if folded(label) == wanted), None)


def owners_called(text: str, names: Mapping[str, str], people: Mapping[str, str], nobody: Collection[str]) -> tuple[str, ...]:
    """Return the ids of the owners who are meant: by id, else by name; of several those that stand for nobody.

    `names` are the CRM's, id -> name; `people` the roster's, name -> id.
    """
    if text in names:
        return (text,)
    wanted = text.casefold()
    known = [*((name, id_) for id_, name in names.items()), *people.items()]
    found = {id_ for name, id_ in known if name.casefold() == wanted}
    return tuple(sorted(found & set(nobody) or found))


def lists_called(text: str, lists: Iterable[FieldDefinition]) -> Sequence[FieldDefinition]:
    """Return the lists or campaigns that are meant: by id, else by name."""
    known, wanted = list(lists), text.casefold()
    by_id = [one for one in known if id_of(one.name).casefold() == wanted]
    return by_id or [one for one in known if one.label.casefold() == wanted]
