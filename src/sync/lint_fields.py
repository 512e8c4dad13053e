"""Fields that the agreement names and a CRM does not have, or has no history of. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from connectors.records import FieldDefinition, Vocabulary
from sync.agreement.criteria import Criterion
from sync.agreement.model import Agreement
from sync.crm_words import words_of
from sync.lint_own_fields import own_field_remarks
from sync.lint_picklists import Known, unlisted
from sync.problems import choose_fix, listed
from sync.remarks import Level, Remark
from sync.remedies.targets import wanted_lists


def field_remarks(agreement: Agreement, words: Vocabulary, known: Known) -> Iterator[Remark]:
    """Yield a remark for each field of one CRM that is missing, and for those whose changes cannot be dated."""
    yield from _hidden_kinds(words, known)
    yield from _missing_fields(agreement, words.crm, known)
    yield from _criteria(agreement, words.crm, known)
    yield from _own_fields(agreement, words, known)
    yield from own_field_remarks(agreement, words, known)
    yield from _without_history(agreement, words, known)


def _hidden_kinds(words: Vocabulary, known: Known) -> Iterator[Remark]:
    """The kinds of record that the CRM shows nothing of; of those that it always shows none can be hidden."""
    shown = {kind for kind, _ in known}
    for kind in (*words.persons, words.company, words.deal) if words_of(words.crm).hides and shown else ():
        if kind not in shown:
            yield Remark(
                level=Level.WARNING,
                where=words.crm,
                what=f"it has no object {kind}, or hides it from leadpact's user: what rests on {kind} is unknown",
                fix=f"give the permission set of leadpact's user read access to {kind}",
            )


def _missing_fields(agreement: Agreement, crm: str, known: Known) -> Iterator[Remark]:
    for field in agreement.fields.values():
        for (of, kind), name in field.sources.items():
            if of == crm and (kind, name) not in known:
                yield _missing(name, kind, where=f"agreement.toml: fields.{field.name}", crm=crm, known=known)


def _missing(name: str, kind: str, *, where: str, crm: str, known: Known) -> Remark:
    words, names = words_of(crm), [field for of, field in known if of == kind]
    otherwise = f"{words.create}, or name the {kind} {words.field} that holds this value"
    fix = choose_fix(name, names, otherwise=otherwise)
    if words.hides and fix != otherwise:
        fix = f"{fix} Else {otherwise}"
    return Remark(level=Level.ERROR, where=where, what=f"{crm} {words.has_no} `{name}` on {kind}", fix=fix)


def _criteria(agreement: Agreement, crm: str, known: Known) -> Iterator[Remark]:
    for place, recognised in places(agreement):
        for (of, kind), criterion in recognised.items():
            if of == crm:
                yield from _criterion(criterion, kind=kind, where=f"agreement.toml: {place}.{crm}.{kind}", crm=crm, known=known)


def places(agreement: Agreement) -> Iterator[tuple[str, Mapping[tuple[str, str], Criterion]]]:
    """Yield every stage and way out by its key in the agreement, and how each kind of record shows it."""
    yield from ((f"stage.{stage.name}", stage.recognised) for stage in agreement.stages)
    ways_out = {"reject": agreement.reject, "recycle": agreement.recycle, "disqualify": agreement.disqualify}
    yield from ((name, way_out.recognised) for name, way_out in ways_out.items())


def _criterion(criterion: Criterion, *, kind: str, where: str, crm: str, known: Known) -> Iterator[Remark]:
    for name in sorted(criterion.fields):
        if (kind, name) not in known:
            yield _missing(name, kind, where=where, crm=crm, known=known)
    if criterion.picklist is not None and (definition := known.get((kind, criterion.picklist[0]))):
        yield from unlisted(criterion.picklist[1], definition, where=where, level=Level.ERROR)


def _own_fields(agreement: Agreement, words: Vocabulary, known: Known) -> Iterator[Remark]:
    """The fields that no agreement names: those of a form, by the config, and the one that holds a lead back."""
    forms = zip(words_of(words.crm).form_keys, (words.hand_raise_at, words.hand_raise_form), strict=False)
    named = [(f"config.toml: {words.crm}.{key}", name) for key, name in forms if name is not None]
    if any(protection.what == "hold" for protection in agreement.protect.when):
        named.append(("agreement.toml: protect", words.hold))
    for where, name in named:
        if (words.person, name) not in known:
            remark = _missing(name, words.person, where=where, crm=words.crm, known=known)
            offer = f"`leadpact check --create-fields` {words_of(words.crm).offers_fields}"
            yield replace(remark, fix=offer) if name == words.hold else remark
    for kind in words.persons if wanted_lists(agreement, words.crm) and words.opted_out is not None else ():
        if any(of == kind for of, _ in known) and (kind, words.opted_out) not in known:
            where = f"agreement.toml: recycle.to.{words_of(words.crm).list_key}"  # who opted out joins none
            yield _missing(str(words.opted_out), kind, where=where, crm=words.crm, known=known)


def _without_history(agreement: Agreement, words: Vocabulary, known: Known) -> Iterator[Remark]:
    """The fields whose moments matter and of which the CRM keeps no history, kind by kind."""
    path = words_of(words.crm).history
    if path is None:
        return
    dated = {kind: {words.owner} for kind in words.persons}
    if words.hand_raise_at is not None:
        dated[words.person].add(words.hand_raise_at)
    for kind, names in agreement.recognising_fields(words.crm):
        dated.setdefault(kind, set()).update(names)
    for kind, needed in sorted(dated.items()):
        lacking = [name for name in sorted(needed) if _is_untracked(known.get((kind, name)))]
        if lacking:
            yield Remark(
                level=Level.WARNING,
                where=words.crm,
                what=f"no history is kept of {listed(lacking)} on {kind}: a change is only observed, somewhere between two readings",
                fix=f"{path.format(kind=kind)}: tick them. It tells of changes from then on; what was before stays unknown",
            )


def _is_untracked(definition: FieldDefinition | None) -> bool:
    return definition is not None and not definition.tracked
