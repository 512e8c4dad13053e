"""One record of a CRM in the making: its values, and what each of them was when. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

KEYS: Mapping[str, str] = MappingProxyType(  # what records of a kind are called in findings
    {
        "contacts": "hubspot/contact",
        "calls": "hubspot/call",
        "emails": "hubspot/email",
        "communications": "hubspot/communication",
        "meetings": "hubspot/meeting",
        "Lead": "salesforce/Lead",
        "Contact": "salesforce/Contact",
        "Task": "salesforce/Task",
        "Event": "salesforce/Event",
    }
)


def iso(at: datetime) -> str:
    """`at` as HubSpot writes it: ISO 8601 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_ms(at: datetime) -> datetime:
    """`at` without what is smaller than a millisecond."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who or what changed a value."""

    type: str  # HubSpot's word: CRM_UI, FORM, AUTOMATION_PLATFORM, ...
    id: str
    user: int | None = None


WORKFLOW = Source(type="AUTOMATION_PLATFORM", id="enrollmentId:771204;actionExecutionIndex:2")
FORM = Source(type="FORM", id="b0f5c1de-7a52-4a4e-9a0e-3a5a0e2f6c11")
IMPORT = Source(type="IMPORT", id="import:48213")
SCORING = Source(type="CALCULATED", id="ScoringCalculator")


@dataclass(frozen=True, slots=True)
class Version:
    """One value that a property took."""

    value: str
    at: datetime
    source: Source


@dataclass(slots=True, kw_only=True)
class Sheet:
    """A record being written; its id comes last, when the lead it belongs to is accepted."""

    kind: str  # contacts, companies, calls, Lead, Task, ...
    written_at: datetime  # when the CRM created it
    plain: dict[str, str | None] = field(default_factory=dict)  # values without history
    history: dict[str, list[Version]] = field(default_factory=dict)
    links: list[Sheet] = field(default_factory=list)
    id: str = ""
    archived_at: datetime | None = None

    @property
    def key(self) -> str:
        """What findings call it, once it has an id."""
        return f"{KEYS[self.kind]}/{self.id}"

    def put(self, **values: str | None) -> None:
        """Give properties a value that has no history."""
        self.plain |= values

    def set(self, name: str, value: str, at: datetime, source: Source = WORKFLOW) -> None:
        """Change property `name` at `at`, in whatever order the changes are told; an empty value clears it."""
        self.history.setdefault(name, []).append(Version(value, at, source))

    def has(self, name: str) -> bool:
        """Whether `name` was ever given a value."""
        return name in self.history or self.plain.get(name) is not None

    def value(self, name: str) -> str | None:
        """What `name` holds now."""
        versions = self.history.get(name)
        return _newest_first(versions)[0].value if versions else self.plain.get(name)

    def versions(self, name: str) -> list[Version]:
        """Every value that `name` took, oldest first; of two at one moment the later told last."""
        return sorted(self.history.get(name, ()), key=lambda version: version.at)

    def value_at(self, name: str, at: datetime) -> str | None:
        """What `name` held at `at`; a value without history it always had."""
        if name not in self.history:
            return self.plain.get(name)
        held = [version.value for version in self.versions(name) if version.at <= at]
        return held[-1] if held else None

    def last_change(self) -> datetime:
        """When it was created, or the newest entry of its history was written."""
        changes = (version.at for versions in self.history.values() for version in versions)
        return max((self.written_at, *changes))

    def line(self) -> dict[str, Any]:
        """The record as a line of a portal file, each history newest first."""
        newest_first = {name: _newest_first(versions) for name, versions in self.history.items()}
        values: dict[str, str | None] = dict(self.plain)
        values |= {name: versions[0].value for name, versions in newest_first.items()}
        line: dict[str, Any] = {"object": self.kind, "id": self.id, "properties": values}
        line["history"] = {name: [_entry(version) for version in versions] for name, versions in newest_first.items()}
        line["associations"] = self._associations()
        line["archived"] = self.archived_at is not None
        if self.archived_at is not None:
            line["archivedAt"] = iso(self.archived_at)
        return line

    def _associations(self) -> dict[str, list[str]]:
        by_kind: dict[str, list[str]] = {}
        for other in self.links:
            by_kind.setdefault(other.kind, []).append(other.id)
        return by_kind


def _newest_first(versions: list[Version]) -> list[Version]:
    return sorted(versions, key=lambda version: version.at)[::-1]


def _entry(version: Version) -> dict[str, Any]:
    entry: dict[str, Any] = {"value": version.value, "timestamp": iso(version.at)}
    entry |= {"sourceType": version.source.type, "sourceId": version.source.id}
    if version.source.user is not None:
        entry["updatedByUserId"] = version.source.user
    return entry
