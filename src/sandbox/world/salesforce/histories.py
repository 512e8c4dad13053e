"""Field histories as Salesforce keeps them: no row for what a record began with, two for each owner. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sandbox.salesforce.ids import Mint
from sandbox.world.salesforce.fields import Json, SalesforceField, moment
from sandbox.world.salesforce.roll import Roll
from sandbox.world.sheet import Sheet, Version

PARENTS = {"Lead": ("LeadHistory", "LeadId"), "Contact": ("ContactHistory", "ContactId")}
PARENTS["Opportunity"] = ("OpportunityFieldHistory", "OpportunityId")


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One row of a record's field history."""

    of: Sheet
    field: str
    at: datetime
    author: str
    old: Json = None
    new: Json = None

    def line(self, id_: str) -> dict[str, Any]:
        """The row as a line of the org's file."""
        sobject, parent = PARENTS[self.of.kind]
        said = {parent: self.of.id, "Field": self.field, "OldValue": self.old, "NewValue": self.new}
        return {
            "attributes": {"type": sobject},
            "Id": id_,
            **said,
            "CreatedDate": moment(self.at),
            "CreatedById": self.author,
            "IsDeleted": self.of.archived_at is not None,
        }


def changes(sheet: Sheet, versions: Sequence[Version], field: SalesforceField, roll: Roll) -> Iterator[HistoryRow]:
    """One row for each value after that which the record began with."""
    held: Json = field.value(None)
    for version in versions:
        value = field.value(version.value)
        if version.at > sheet.written_at and value != held:
            yield HistoryRow(of=sheet, field=field.name, at=version.at, author=roll.author(version.source), old=held, new=value)
        held = value


def owner_changes(sheet: Sheet, versions: Sequence[Version], roll: Roll) -> Iterator[HistoryRow]:
    """Two rows for each owner after the first: the names, and the ids."""
    for before, after in pairwise(versions):
        for told in (roll.name, roll.owner):
            author = roll.author(after.source)
            yield HistoryRow(of=sheet, field="Owner", at=after.at, author=author, old=told(before.value), new=told(after.value))


def created(sheet: Sheet, author: str) -> HistoryRow:
    """The row that tells of the record's creation."""
    return HistoryRow(of=sheet, field="created", at=sheet.written_at, author=author)


def history_lines(rows: Iterable[HistoryRow], mint: Mint) -> Iterator[dict[str, Any]]:
    """All rows in the order in which they were written."""
    for row in sorted(rows, key=lambda each: each.at):
        yield row.line(mint.new("017"))


def values_of(sheet: Sheet, fields: Mapping[str, SalesforceField]) -> dict[str, Json]:
    """What the record holds now."""
    return {field.name: field.value(sheet.value(name)) for name, field in fields.items()}
