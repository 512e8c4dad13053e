"""What a CRM that keeps whole seconds shows of a record's history. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sandbox.world.sheet import Sheet, Version


def to_second(at: datetime) -> datetime:
    """`at` without what is smaller than a second."""
    return at.replace(microsecond=0)


def in_seconds(versions: Sequence[Version], *, since: datetime, upto: datetime | None = None) -> list[Version]:
    """The values that a field took, oldest first: of several in one second the last, and none like the one before it.

    What it held at `since` begins the list; what came after `upto` is left out.
    """
    by_second: dict[datetime, Version] = {}
    for version in versions:
        at = max(to_second(version.at), since)
        if upto is None or at <= upto:
            by_second[at] = Version(version.value.strip(), at, version.source)
    kept: list[Version] = []
    for version in by_second.values():
        if version.value != (kept[-1].value if kept else ""):
            kept.append(version)
    return kept


def sheet_in_seconds(sheet: Sheet, kind: str, *, since: datetime, upto: datetime | None = None) -> Sheet:
    """The same record as one of `kind` that was created at `since` and not changed after `upto`."""
    new = Sheet(kind=kind, written_at=since, plain=dict(sheet.plain))
    for name in sheet.history:
        if versions := in_seconds(sheet.versions(name), since=since, upto=upto):
            new.history[name] = versions
    return new
