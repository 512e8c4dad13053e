"""The shape of a roster file: the pydantic models through which its text enters. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from sync.long_ids import long_id
from sync.shape import Count, Day, Table, Text, matching


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_members(value: object) -> object:
    return [{"person": one} if isinstance(one, str) else one for one in value] if isinstance(value, list) else value


OwnerId = Annotated[Text, BeforeValidator(_as_text)]
LongId = Annotated[Text, AfterValidator(long_id)]  # pages and reports show the short form
Address = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True),
    matching(r"[^@\s]+@[^@\s]+", "an e-mail address", fix="correct it, or leave it out"),
]


class AbsenceTable(Table):
    """One entry of `absences`; both days are part of it."""

    since: Day = Field(alias="from")
    to: Day
    why: Text | None = None


class PersonTable(Table):
    """`[[person]]`."""

    name: Text
    email: Address | None = None
    hubspot: OwnerId | None = None
    salesforce: LongId | None = None
    manager: Text | None = None
    team: Text | None = None
    calendar: Text | None = None
    hours: Text | None = None
    timezone: Text | None = None
    holidays: Text | None = None
    absences: tuple[AbsenceTable, ...] = ()

    def ids(self) -> dict[str, str]:
        """Return the owner ids that are given, by CRM."""
        return {crm: owner for crm, owner in (("hubspot", self.hubspot), ("salesforce", self.salesforce)) if owner is not None}

    def has_own_hours(self) -> bool:
        """Whether anything is said about this person's own working time."""
        return bool(self.hours or self.timezone or self.holidays)


class CapsTable(Table):
    """`at_most` of a pool or a member: how many leads somebody may have or get."""

    owned: Count | None = None
    hour: Count | None = None
    day: Count | None = None
    week: Count | None = None


class MemberTable(Table):
    """One member of a pool."""

    person: Text
    territory: Text | None = None
    at_most: CapsTable = CapsTable()
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0


class PoolTable(Table):
    """`[[pool]]`; a member may be written as a name alone."""

    name: Text
    members: Annotated[tuple[MemberTable, ...], BeforeValidator(_as_members)] = ()
    at_most: CapsTable = CapsTable()


class PlaceholdersTable(Table):
    """`[placeholders]`."""

    hubspot: tuple[OwnerId, ...] = ()
    salesforce: tuple[LongId, ...] = ()


class RosterTable(Table):
    """The whole file."""

    person: tuple[PersonTable, ...] = ()
    pool: tuple[PoolTable, ...] = ()
    placeholders: PlaceholdersTable = PlaceholdersTable()
    shared_mailboxes: tuple[Address, ...] = ()
