"""Rows of LeadHistory and its like as changes of fields. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from connectors.records import FieldChange
from connectors.salesforce.mapping import CREATED, VOCABULARY, key_in
from connectors.salesforce.streams import LEAD_CONVERTED, RowStream
from connectors.salesforce.values import Item, id18, id_in, is_id, moment_or_refuse, text_of


class Known(Protocol):
    """What a history's words are read by."""

    def owner_named(self, name: str) -> str | None:
        """Give the id of the one user or queue of that name; None where there is none, or more than one."""
        ...

    def is_closed(self, stage: str) -> bool | None:
        """Tell whether an Opportunity in that stage is closed; None where the stage is not known."""
        ...


def changes_of(stream: RowStream, rows: Sequence[Item], known: Known) -> Iterator[FieldChange]:
    """Yield the changes that the rows of a history tell, in their order.

    A reference that changes has two rows, with names and with ids: the ids are taken. Of an owner's change that has no row with
    ids here the names are, where they name exactly one. A closed or reopened Opportunity is told by the row of its stage.
    Shape: {"Id", "LeadId", "Field", "OldValue", "NewValue", "CreatedDate", "CreatedById"}; a row `created` tells nothing.
    Source: crm-facts, Salesforce, section 4.
    """
    told = [
        (row, field, _is_reference(field) and _names_ids(row))
        for row in rows
        if (field := stream.tells.get(str(row.get("Field")))) is not None
    ]
    by_id = {_place(stream, row, field) for row, field, has_ids in told if has_ids}
    for row, field, has_ids in told:
        if row.get("Field") == LEAD_CONVERTED:
            yield replace(_change(stream, row, field), value="true", before="false")
        elif not _is_reference(field):
            yield (change := _change(stream, row, field))
            yield from _closing(change, known)
        elif has_ids:
            yield _change(stream, row, field)
        elif field == VOCABULARY.owner and _place(stream, row, field) not in by_id:
            yield from _owner_change(_change(stream, row, field), known)


def _change(stream: RowStream, row: Item, field: str) -> FieldChange:
    actor = id_in(row, "CreatedById")
    return FieldChange(
        record=key_in(stream.owner_of, row, stream.parent),
        field=field,
        value=_value(field, row.get("NewValue")),
        before=_value(field, row.get("OldValue")),
        at=moment_or_refuse(row, CREATED),
        source_id=actor,
        actor=actor,
    )


def _value(field: str, value: object) -> str | None:
    """Read a value as the record itself shows it: ids in their long form."""
    text = text_of(value)
    return id18(text) if text is not None and _is_reference(field) and is_id(text) else text


def _owner_change(change: FieldChange, known: Known) -> Iterator[FieldChange]:
    """Yield an owner's change that is told by names."""
    if change.value is not None and (owner := known.owner_named(change.value)) is not None:
        yield replace(change, value=owner, before=known.owner_named(change.before) if change.before else None)


def _is_reference(field: str) -> bool:
    """Whether two rows may tell of a change of a field."""
    return field.endswith("Id")


def _names_ids(row: Item) -> bool:
    """Whether a row tells ids (a key begins with a digit 0, as all ids of people, queues and records do)."""
    values = [text for value in (row.get("OldValue"), row.get("NewValue")) if (text := text_of(value)) is not None]
    return bool(values) and all(is_id(text) and text[0] == "0" for text in values)


def _place(stream: RowStream, row: Item, field: str) -> tuple[object, object, str]:
    return row.get(stream.parent), row.get(CREATED), field


def _closing(change: FieldChange, known: Known) -> Iterator[FieldChange]:
    """Yield whether a change of an Opportunity's stage closed or reopened it."""
    if change.field != VOCABULARY.deal_stage or change.record.kind != VOCABULARY.deal:
        return
    flags: Mapping[str | None, bool | None] = {stage: known.is_closed(stage) for stage in (change.before, change.value) if stage}
    before, now = flags.get(change.before), flags.get(change.value)
    if before is not None and now is not None and before != now:
        yield replace(change, field=VOCABULARY.deal_closed, value=text_of(now), before=text_of(before))
