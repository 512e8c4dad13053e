"""What leads are judged by: agreement versions, roster, and what each CRM's words mean. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.records import RecordKey, Vocabulary
from sync.agreement.calendar import Calendar
from sync.agreement.model import Agreement
from sync.roster import Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementSpan:
    """One version of the agreement and the time in which clocks start under it."""

    agreement: Agreement
    since: datetime | None  # None: from the beginning
    until: datetime | None  # exclusive; None: still

    def covers(self, at: datetime) -> bool:
        """Whether a clock that starts at `at` is judged by this version."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmTerms:
    """What one connected CRM calls things, and how far it was read."""

    vocabulary: Vocabulary
    ladder: Mapping[str, int] = field(default_factory=dict)  # value of the ladder field -> its place
    closed_stages: frozenset[str] = frozenset()  # deal stages in which a deal is closed
    queues: frozenset[str] = frozenset()  # ids of owners that are queues
    teams: Mapping[str, str] = field(default_factory=dict)  # owner id -> primary team
    names: Mapping[str, str] = field(default_factory=dict)  # owner id -> name, for messages
    inactive: frozenset[str] = frozenset()  # ids of owners who left
    upto: Mapping[str, datetime] = field(default_factory=dict)  # stream -> read without error up to here


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Everything judging needs beside the lead's own rows; the same terms and rows give the same findings."""

    spans: tuple[AgreementSpan, ...]  # by time, at least one
    roster: Roster
    crms: Mapping[str, CrmTerms]
    settle: timedelta  # how long after a deadline a breach may still be undone by late news

    def is_unassigned(self, crm: str, owner: str | None) -> bool:
        """Whether `owner` stands for nobody: blank, a queue, or a placeholder of the roster."""
        return not owner or owner in self.crms[crm].queues or self.roster.is_placeholder(crm, owner)

    def calendar_of(self, crm: str, owner: str | None, agreement: Agreement) -> Calendar:
        """Return the working hours of `owner`; the agreement's default where the roster names none."""
        if owner is None:
            return agreement.calendars["default"]
        return self.roster.calendar_of(crm, owner, agreement)

    def team_of(self, crm: str, owner: str | None) -> str | None:
        """Return the team of `owner`: the roster's word, else the CRM's primary team."""
        if owner is None:
            return None
        return self.roster.team_of(crm, owner) or self.crms[crm].teams.get(owner)

    def unread_streams(self, record: RecordKey, at: datetime, *, touches: bool) -> tuple[str, ...]:
        """Name the streams that could hold news of `record` up to `at` and were not read that far."""
        crm = self.crms[record.crm]
        streams = (crm.vocabulary.person_stream, *(crm.vocabulary.touch_streams if touches else ()))
        return tuple(stream for stream in streams if (upto := crm.upto.get(stream)) is None or upto < at)


def member_ids(roster: Roster, crm: str, pool: str) -> frozenset[str]:
    """Return the owner ids that the members of a pool have in one CRM."""
    ids = (roster.people[member.person].ids.get(crm) for member in roster.members(pool))
    return frozenset(owner for owner in ids if owner is not None)
