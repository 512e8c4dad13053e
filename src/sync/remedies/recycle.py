"""Back to Marketing: what the records of a lead show once it was recycled or returned. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

from connectors.records import Record
from sync.agreement.model import Agreement, CrmKind
from sync.confusion import is_carried_on
from sync.judge.reasons import folded
from sync.own_fields import counted_on, written_day, written_word
from sync.remedies.asked import Asked, Writes
from sync.remedies.joining import joined_list
from sync.remedies.targets import owners_called, value_called
from sync.remedies.told import Missing, Note, Told
from sync.steps import FieldWrite

STATUS, STAGE, OWNER = "status", "stage", "owner"


def recycling(asked: Asked) -> Writes:
    """Return the writes that give a lead back to Marketing: in the CRM in which Sales works, and in the other what it decides."""
    sales = asked.terms.authority.sales
    main = _of_record(asked.written(sales), asked)
    rows = asked.lead.rows
    others = {person.key.crm for person in rows.people if person.key not in rows.gone_at} - {main.record.key.crm}
    also = [_beside(asked.written(crm), asked) for crm in sorted(others)]
    return _with_others(main, [one for one in also if one.fields or one.missing])


def _with_others(main: Writes, also: Sequence[Writes]) -> Writes:
    """All or nothing: what is missing for one record keeps the others as they are."""
    missing = tuple(dict.fromkeys(why for one in (main, *also) for why in one.missing))
    others = tuple(Writes(record=one.record, fields=one.fields, missing=missing, notes=one.notes) for one in also)
    return Writes(record=main.record, fields=main.fields, missing=missing, notes=main.notes, also=others)


def _of_record(person: Record, asked: Asked) -> Writes:
    if is_carried_on(person, asked.terms):
        return Writes(record=person, missing=(f"{person.key} was converted, and no record that carries it on is known",))
    says_so = list(_says_so(asked, person))
    own = own_writes(asked, person) if any(map(_changes, says_so)) else ()
    told = [*says_so, *_other_field(asked, person), *_reason_write(asked, person), *own, *_owner(asked, person)]
    return _written(person, [*told, *joined_list(asked, person)])


def _changes(told: Told) -> bool:
    """Whether a field is written that does not hold the value already: only then is there one recycling more."""
    return isinstance(told, FieldWrite) and (told.before or "").casefold() != (told.after or "").casefold()


def _beside(person: Record, asked: Asked) -> Writes:
    """In the CRM in which Sales does not work: stage and owner where it decides, and its list."""
    stage = _other_field(asked, person) if person.key.crm == asked.terms.authority.marketing else ()
    return _written(person, [*stage, *_owner(asked, person), *joined_list(asked, person)])


def _written(person: Record, told: Iterable[Told]) -> Writes:
    parts = list(told)
    return Writes(
        record=person,
        fields=tuple(part for part in parts if isinstance(part, FieldWrite)),
        missing=tuple(part.why for part in parts if isinstance(part, Missing)),
        notes=tuple(part.what for part in parts if isinstance(part, Note)),
    )


def back_on(asked: Asked) -> date | None:
    """Return the day from which a recycled lead may come back; None where its reason names no period."""
    period = asked.agreement.recycle.returns.get(asked.due.remedy.detail or "") if asked.due.remedy.action == "recycle" else None
    return period.after(asked.now.astimezone(asked.agreement.zone).date()) if period is not None else None


def says_so_by(agreement: Agreement, ladder: str | None) -> str:
    """Return `status` or `stage`, whichever shows that a lead went back; a CRM without a ladder has only a status."""
    return agreement.recycle.by if ladder is not None else STATUS


def says_so_in(agreement: Agreement, kind: CrmKind, ladder: str | None) -> tuple[str | None, frozenset[str]]:
    """Return the field by which a record shows that it went back, and the values that do; no field where nothing says so."""
    criterion = agreement.recycle.recognised.get(kind)
    field, values = (criterion.picklist if criterion is not None else None) or (None, ())
    if says_so_by(agreement, ladder) == STAGE and field != ladder:
        return (ladder if STAGE in agreement.recycle.to else None), frozenset()
    return field, frozenset(values)


def _says_so(asked: Asked, person: Record) -> Iterator[Told]:
    """Write the field by which the record shows that the lead went back."""
    kind, ladder = (person.key.crm, person.key.kind), asked.terms.crms[person.key.crm].vocabulary.ladder
    field, values = says_so_in(asked.agreement, kind, ladder)
    text = asked.agreement.recycle.to.get(says_so_by(asked.agreement, ladder))
    if field is None or (text is None and len(values) != 1):
        yield Missing(f"the agreement does not say which value recycles a {' '.join(kind)}")
        return
    value = _value(asked, person, field, text, values) if text is not None else next(iter(values))
    if value is None:
        yield Missing(f"{' '.join(kind)} has no value `{text}` of {field}")
    elif values and value.casefold() not in {one.casefold() for one in values}:
        yield Missing(f"{field} `{value}` would not show a {' '.join(kind)} as recycled")
    else:
        yield _write(person, field, value)


def _other_field(asked: Asked, person: Record) -> Iterator[Told]:
    """Write the one of status and stage that does not say so, where the agreement names it, and the CRM has it."""
    agreement, words = asked.agreement, asked.terms.crms[person.key.crm].vocabulary
    other = STATUS if says_so_by(agreement, words.ladder) == STAGE else STAGE
    field, text = (words.ladder if other == STAGE else words.status), agreement.recycle.to.get(other)
    if field is None or text is None or field == says_so_in(agreement, (person.key.crm, person.key.kind), words.ladder)[0]:
        return
    value = _value(asked, person, field, text)
    yield Missing(f"{person.key.crm} {person.key.kind} has no value `{text}` of {field}") if value is None else _write(person, field, value)


def _value(asked: Asked, person: Record, field: str, text: str, values: Collection[str] = ()) -> str | None:
    """Return the value that is meant, of the field's options, else of `values`."""
    options = asked.terms.crms[person.key.crm].labels.get((person.key.kind, field))
    return value_called(text, options or {value: value for value in values})


def _owner(asked: Asked, person: Record) -> Iterator[Told]:
    """Write the owner, in the CRM that says who owns leads; a queue owns no record but those in which leads begin."""
    crm, name = person.key.crm, asked.agreement.recycle.to.get(OWNER)
    if name is None or crm != asked.terms.authority.owner:
        return
    known = asked.terms.crms[crm]
    people = {one.name: one.ids[crm] for one in asked.terms.roster.people.values() if crm in one.ids}
    found = owners_called(name, known.names, people, nobody=[id_ for id_ in known.names if asked.terms.is_unassigned(crm, id_)])
    if len(found) != 1:
        yield Missing(f"{crm} has no owner `{name}`" if not found else f"{crm} has {len(found)} owners called `{name}`: name one by its id")
    elif found[0] in known.gone:
        yield Missing(f"owner `{name}` of {crm} takes no leads: it is not active, or no queue of leads")
    elif found[0] in known.queues and person.key.kind != known.vocabulary.person:
        yield Note(f"keeps its owner: no queue can own a {person.key.kind}")
    else:
        yield _write(person, known.vocabulary.owner, found[0])


def _reason_write(asked: Asked, record: Record) -> Iterator[FieldWrite]:
    reason, agreement = asked.due.remedy.detail, asked.agreement
    field = agreement.fields.get(agreement.recycle.reason or "")
    name = field.sources.get((record.key.crm, record.key.kind)) if field is not None else None
    if name is not None and reason is not None:
        options = asked.terms.crms[record.key.crm].labels.get((record.key.kind, name), {})
        yield _write(record, name, _called(reason, options))


def own_writes(asked: Asked, record: Record) -> Iterator[FieldWrite]:
    """Yield the writes of leadpact's own fields as a lead is recycled: the reason where the agreement names no field for it, count, day."""
    if asked.due.remedy.action != "recycle":
        return
    crm, kind = asked.terms.crms[record.key.crm], record.key.kind
    own = crm.vocabulary.own_fields
    values = {"recycle_count": counted_on(record.values.get(own.get("recycle_count", ""))), "return_on": written_day(back_on(asked))}
    if asked.due.remedy.detail is not None and not any(_reason_write(asked, record)):
        values["recycle_reason"] = written_word(asked.due.remedy.detail, crm.labels.get((kind, own.get("recycle_reason", "")), {}))
    for purpose, value in values.items():
        if (name := own.get(purpose)) is not None:
            yield FieldWrite(field=name, before=record.values.get(name), after=value)


def _called(reason: str, options: Mapping[str, str]) -> str:
    """Return the value that stands for a reason; the reason itself where no option does."""
    return next((value for value, label in options.items() if folded(reason) in (folded(value), folded(label))), reason)


def _write(record: Record, field: str, value: str) -> FieldWrite:
    return FieldWrite(field=field, before=record.values.get(field), after=value)
