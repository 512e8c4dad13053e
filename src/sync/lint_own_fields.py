"""Fields that leadpact is to fill in, and that a CRM does not have, keeps locked, or defines otherwise. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.new_fields import Holds
from connectors.records import FieldDefinition, Vocabulary
from sync.agreement.model import Agreement
from sync.crm_words import words_of
from sync.judge.reasons import folded
from sync.lint_picklists import Known
from sync.own_fields import PURPOSES
from sync.problems import listed, nearest
from sync.remarks import Level, Remark

ACCEPTED = {  # types, in the words of either CRM
    Holds.WORD: ("enumeration", "picklist", "string"),
    Holds.TEXT: ("string", "textarea", "enumeration", "picklist"),
    Holds.NUMBER: ("number", "double", "int"),
    Holds.DAY: ("date",),
    Holds.MOMENT: ("datetime",),
}


def own_field_remarks(agreement: Agreement, words: Vocabulary, known: Known) -> Iterator[Remark]:
    """Yield an error for each field that the config names and that cannot be written as it should, kind by kind."""
    for purpose, name in words.own_fields.items():
        for kind in sorted({kind for kind, _ in known} & set(words.persons)):  # one that is hidden as a whole is told as such
            where = f"config.toml: own_fields.{words.crm}.{purpose}"
            definition = known.get((kind, name))
            values = _values(purpose, agreement)
            said = _wrong(purpose, definition, values) if definition is not None else _missing(words.crm, kind, name, known)
            if said is not None:
                yield Remark(level=Level.ERROR, where=where, what=said[0], fix=said[1])


def _missing(crm: str, kind: str, name: str, known: Known) -> tuple[str, str]:
    words = words_of(crm)
    near = nearest(name, [field for of, field in known if of == kind])
    meant = f"did you mean `{near}`? Else " if near is not None else ""
    return f"{crm} {words.has_no} `{name}` on {kind}", f"{meant}`leadpact check --create-fields` {words.offers_fields}"


def _wrong(purpose: str, definition: FieldDefinition, values: Iterable[str]) -> tuple[str, str] | None:
    wanted = PURPOSES[purpose]
    field, word = f"{definition.kind} {words_of(definition.crm).field} `{definition.name}`", words_of(definition.crm).field
    if definition.read_only:
        return (
            f"found {field} that cannot be written, expected one that leadpact may write",
            f"give leadpact the right to edit it, or name another {word}",
        )
    if definition.type not in (accepted := ACCEPTED[wanted.holds]):
        fix = f"name another {word}, or let `leadpact check --create-fields` {words_of(definition.crm).offers_fields}"
        return f"found {field} of type {definition.type}, expected {' or '.join(accepted)}", fix
    if lacking := _lacking(values, definition):
        return f"found {field} without the values {listed(lacking)}, expected all of them", f"add the values to the {word}"
    return None


def _values(purpose: str, agreement: Agreement) -> tuple[str, ...]:
    """Name the values that will be written, where they are words."""
    return tuple(agreement.recycle.returns) if purpose == "recycle_reason" else tuple(word for word, _ in PURPOSES[purpose].words)


def _lacking(values: Iterable[str], definition: FieldDefinition) -> list[str]:
    """Name the words that a picklist has neither as a value nor as a label; a field that is no picklist may hold anything."""
    said = {folded(text) for option in definition.options for text in (option.value, option.label)}
    return [word for word in values if folded(word) not in said] if definition.options else []
