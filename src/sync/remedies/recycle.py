"""Back to Marketing: what a record shows once its lead was recycled or returned. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from connectors.records import Record
from sync.judge.reasons import folded
from sync.own_fields import counted_on, written_day, written_word
from sync.remedies.asked import Asked, Writes
from sync.steps import FieldWrite


def recycling(asked: Asked) -> Writes:
    """Return the writes that give a lead back to Marketing, in the CRM in which Sales works."""
    person = asked.written(asked.terms.authority.sales)
    kind = (person.key.crm, person.key.kind)
    recognised = asked.agreement.recycle.recognised.get(kind)
    if recognised is None or recognised.picklist is None or len(recognised.picklist[1]) != 1:
        return Writes(record=person, missing=(f"the agreement does not say which value recycles a {' '.join(kind)}",))
    name, (value,) = recognised.picklist
    status = FieldWrite(field=name, before=person.values.get(name), after=value)
    own = own_writes(asked, person) if (status.before or "").casefold() != value.casefold() else ()
    return Writes(record=person, fields=(status, *_reason_write(asked, person), *own))


def back_on(asked: Asked) -> date | None:
    """Return the day from which a recycled lead may come back; None where its reason names no period."""
    period = asked.agreement.recycle.returns.get(asked.due.remedy.detail or "") if asked.due.remedy.action == "recycle" else None
    return period.after(asked.now.astimezone(asked.agreement.zone).date()) if period is not None else None


def _reason_write(asked: Asked, record: Record) -> Iterator[FieldWrite]:
    reason, agreement = asked.due.remedy.detail, asked.agreement
    field = agreement.fields.get(agreement.recycle.reason or "")
    name = field.sources.get((record.key.crm, record.key.kind)) if field is not None else None
    if name is not None and reason is not None:
        options = asked.terms.crms[record.key.crm].labels.get((record.key.kind, name), {})
        value = next((value for value, label in options.items() if folded(reason) in (folded(value), folded(label))), reason)
        yield FieldWrite(field=name, before=record.values.get(name), after=value)


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
