"""Where a lead goes that goes back to Marketing, and what of it a CRM does not have. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.memberships import is_membership
from connectors.records import Account, FieldDefinition, Owner, Vocabulary
from sync.agreement.flaws import Flaw, warning
from sync.agreement.lines import Path
from sync.agreement.model import Agreement
from sync.crm_words import words_of
from sync.problems import choose_fix, listed
from sync.remedies.recycle import STAGE, STATUS, says_so_by, says_so_in
from sync.remedies.targets import lists_called, owners_called, value_called
from sync.roster import Roster

_TO: Path = ("recycle", "to")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crm:
    """What one CRM has."""

    account: Account
    vocabulary: Vocabulary
    definitions: Sequence[FieldDefinition]
    owners: Sequence[Owner]

    def field(self, kind: str, name: str | None) -> FieldDefinition | None:
        """Return how a field is defined; None where there is none."""
        return next((one for one in self.definitions if (one.kind, one.name) == (kind, name)), None)


def recycle_flaws(agreement: Agreement, roster: Roster, crms: Sequence[Crm]) -> Iterator[Flaw]:
    """Yield what keeps leads from going back as the agreement says; `crms` are all that are connected."""
    for crm in crms:
        kinds = [kind for of, kind in agreement.recycle.recognised if of == crm.account.crm]
        for kind in kinds:
            yield from _says_so(agreement, crm, kind)
            yield from _other(agreement, crm, kind)
        yield from _list(agreement, crm)
    yield from _owner(agreement, roster, crms)


def _says_so(agreement: Agreement, crm: Crm, kind: str) -> Iterator[Flaw]:
    """The value by which a record shows that its lead went back."""
    by, place = says_so_by(agreement, crm.vocabulary.ladder), (crm.account.crm, kind)
    name, values = says_so_in(agreement, place, crm.vocabulary.ladder)
    text, path = agreement.recycle.to.get(by), (*_TO, by)
    if name is None or (text is None and len(values) != 1):
        what = f"it does not say which value a {' '.join(place)} gets that goes back, so none does"
        yield warning(path, what, fix=f"write {by} under `to`: {listed(values) if values else 'one of the CRM'}")
    elif text is not None:
        yield from _unlisted(text, crm.field(kind, name), path)
        value = value_called(text, _options(crm.field(kind, name)))
        if values and value is not None and value.casefold() not in {one.casefold() for one in values}:
            what = f"`{text}` does not show a {' '.join(place)} as recycled, so leadpact does not write it"
            yield warning(path, what, fix=f"name a value of the criterion of [recycle]: {listed(values)}")


def _other(agreement: Agreement, crm: Crm, kind: str) -> Iterator[Flaw]:
    """The one of status and stage that is written beside."""
    other = STATUS if says_so_by(agreement, crm.vocabulary.ladder) == STAGE else STAGE
    name = crm.vocabulary.ladder if other == STAGE else crm.vocabulary.status
    if (text := agreement.recycle.to.get(other)) is not None:
        yield from _unlisted(text, crm.field(kind, name), (*_TO, other))


def _unlisted(text: str, definition: FieldDefinition | None, path: Path) -> Iterator[Flaw]:
    if definition is not None and value_called(text, _options(definition)) is None:
        name = f"{definition.crm} {definition.kind} {words_of(definition.crm).field} `{definition.name}`"
        known = [text for option in definition.options for text in (option.value, option.label)]
        fix = choose_fix(text, known, otherwise=f"use one of {listed({option.label for option in definition.options})}")
        yield warning(path, f"`{text}` is no value and no label of {name}, so no lead goes back", fix=fix)


def _options(definition: FieldDefinition | None) -> dict[str, str]:
    return {option.value: option.label for option in definition.options} if definition is not None else {}


def _list(agreement: Agreement, crm: Crm) -> Iterator[Flaw]:
    name, words = crm.account.crm, words_of(crm.account.crm)
    path, text = (*_TO, words.list_key), agreement.recycle.to.get(words.list_key)
    if text is None:
        return
    known = [one for one in crm.definitions if is_membership(one.name)]
    found = lists_called(text, known)
    if not found:
        otherwise = f"make it, or correct the name; leadpact needs {words.list_right}"
        fix = choose_fix(text, [one.label for one in known], otherwise=otherwise)
        yield warning(path, f"{name} has no {words.a_list} `{text}`, so no lead goes back", fix=fix)
    elif len(found) > 1:
        what = f"{name} has {len(found)} {words.a_list}s called `{text}`, so no lead goes back"
        yield warning(path, what, fix=f"name one by its id: {listed(one.name.partition(':')[2] for one in found)}")
    elif found[0].read_only:
        what = f"{name} fills the {words.a_list} `{text}` itself, and nobody can be put on it: no lead goes back"
        yield warning(path, what, fix=f"name a {words.a_list} that is filled by hand")


def _owner(agreement: Agreement, roster: Roster, crms: Sequence[Crm]) -> Iterator[Flaw]:
    """The owner must be there in one CRM: in that which says who owns leads."""
    text = agreement.recycle.to.get("owner")
    found = {crm.account.crm: list(_owners(text, roster, crm)) for crm in crms} if text is not None else {}
    if not found or text is None:
        return
    active = {name: [one for one in owners if one.active] for name, owners in found.items()}
    path = (*_TO, "owner")
    if not any(found.values()):
        names = [one.name for crm in crms for one in crm.owners if one.active]
        fix = choose_fix(text, names, otherwise="name a queue, or a user that stands for nobody, by name or id")
        yield warning(path, f"{' or '.join(found)} has no owner `{text}`, so no lead goes back", fix=fix)
    elif not any(active.values()):
        fix = "name another; a queue of Salesforce must list Lead among its objects"
        yield warning(path, f"`{text}` is not active, or no queue of leads, so no lead goes back", fix=fix)
    for crm, owners in active.items():
        if len(owners) > 1:
            fix = f"name one by its id: {listed(one.id for one in owners)}"
            yield warning(path, f"{crm} has {len(owners)} owners called `{text}`, so no lead goes back", fix=fix)
        elif owners and not owners[0].is_queue and not roster.is_placeholder(crm, owners[0].id):
            what = f"`{text}` counts as a person in {crm}: a lead that went back has an owner still"
            yield warning(path, what, fix=f"list {owners[0].id} under [placeholders] in roster.toml, if it stands for nobody")


def _owners(text: str, roster: Roster, crm: Crm) -> Iterator[Owner]:
    name = crm.account.crm
    people = {one.name: one.ids[name] for one in roster.people.values() if name in one.ids}
    nobody = [one.id for one in crm.owners if one.is_queue or roster.is_placeholder(name, one.id)]
    ids = owners_called(text, {one.id: one.name for one in crm.owners}, people, nobody)
    yield from (one for one in crm.owners if one.id in ids)
