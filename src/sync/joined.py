"""What is read beside the records of some steps: which lists and campaigns they are on, and what a change takes from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from connectors.changes import Change
from connectors.errors import Forbidden
from connectors.memberships import is_membership
from connectors.protocol import Writer
from connectors.records import RecordKey

Wanted = tuple[RecordKey, Iterable[str]]  # a record, and fields of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Which lists and campaigns records are on; nothing of the records of a CRM that does not let us see that."""

    values: Mapping[RecordKey, Mapping[str, str | None]]
    closed: Mapping[str, Forbidden]  # by CRM


def read_memberships(writers: Mapping[str, Writer], wanted: Iterable[Wanted]) -> Joined:
    """Read of each record the fields that are lists or campaigns, in as few calls as there are; records without any are left out."""
    fields: defaultdict[RecordKey, set[str]] = defaultdict(set)
    for record, names in wanted:
        if lists := {name for name in names if is_membership(name)}:
            fields[record] |= lists
    found: dict[RecordKey, dict[str, str | None]] = {}
    closed: dict[str, Forbidden] = {}
    for crm, group in groupby(sorted(fields), key=lambda record: record.crm):
        records = list(group)
        try:
            told = writers[crm].memberships(records, sorted({name for record in records for name in fields[record]}))
        except Forbidden as error:
            closed[crm] = error
        else:
            found |= {record: {name: told[record][name] for name in fields[record]} for record in records}
    return Joined(values=found, closed=closed)


def read_lost(writers: Mapping[str, Writer], changes: Sequence[Change]) -> dict[RecordKey, Mapping[str, str | None]]:
    """Read what changes take from their records beside what they name; nobody can put it back."""
    lost: dict[RecordKey, Mapping[str, str | None]] = {}
    for crm, group in groupby(sorted(changes, key=lambda change: change.record), key=lambda change: change.record.crm):
        lost |= writers[crm].lost_by(list(group))
    return lost
