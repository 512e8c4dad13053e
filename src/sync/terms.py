"""What leads are judged by: agreement versions, roster, and what each CRM's words mean. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from connectors.records import FieldChange, FieldDefinition, RecordKey, Vocabulary
from sync.agreement.calendar import Calendar
from sync.agreement.eras import AgreementSpan
from sync.agreement.model import Agreement
from sync.authority import Authority, alone
from sync.outset import Outset, find_outset
from sync.roster import Roster
from sync.waivers import Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmTerms:
    """What one connected CRM calls things, and how far it was read."""

    vocabulary: Vocabulary
    ladder: Mapping[str, int] = field(default_factory=dict)  # value of the ladder field -> its place
    closed_stages: frozenset[str] = frozenset()  # deal stages in which a deal is closed
    queues: frozenset[str] = frozenset()  # ids of owners that are queues
    teams: Mapping[str, str] = field(default_factory=dict)  # owner id -> primary team
    names: Mapping[str, str] = field(default_factory=dict)  # owner id -> name, for messages
    emails: Mapping[str, str] = field(default_factory=dict)  # owner id -> address, lower case
    gone: Mapping[str, tuple[datetime | None, datetime]] = field(default_factory=dict)  # owners who left: last seen active, first seen gone
    labels: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)  # (kind, field) -> value -> the CRM's label
    lists: tuple[FieldDefinition, ...] = ()  # lists or campaigns that the agreement puts leads on, or the like of these
    upto: Mapping[str, datetime] = field(default_factory=dict)  # stream -> read without error up to here
    own_app: str | None = None  # the id under which the CRM notes what leadpact itself writes

    def wrote(self, change: FieldChange) -> bool:
        """Whether leadpact itself made a change."""
        return self.is_own(change.source_id)

    def is_own(self, source_id: str | None) -> bool:
        """Whether a source is leadpact itself."""
        return self.own_app is not None and source_id == self.own_app


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Everything judging needs beside the lead's own rows; the same terms and rows give the same findings."""

    spans: tuple[AgreementSpan, ...]  # by time, without gaps; the first has no beginning, the last no end
    roster: Roster
    crms: Mapping[str, CrmTerms]
    settle: timedelta  # how long after a deadline a breach may still be undone by late news
    parts: Authority | None = None  # which two CRMs play; None: one plays them all
    waivers: Mapping[str, Waiver] = field(default_factory=dict)  # key of a finding -> who excused it

    @cached_property
    def authority(self) -> Authority:
        """Which CRM has the last word on what."""
        return self.parts or alone(next(iter(self.crms)))

    @cached_property
    def judged_fields(self) -> dict[str, frozenset[str]]:
        """The CRM fields, per kind of record, whose moments a judgement rests on."""
        fields: dict[str, set[str]] = {}
        for name, crm in self.crms.items():
            words = crm.vocabulary
            of_persons = {words.owner, *filter(None, (words.hand_raise_at, words.hand_raise_form))}
            for kind in words.persons:
                fields.setdefault(kind, set()).update(of_persons)
            fields.setdefault(words.deal, set()).update((words.deal_closed, words.deal_stage))
            for span in self.spans:
                for kind, named in span.agreement.recognising_fields(name):
                    fields.setdefault(kind, set()).update(named)
        return {kind: frozenset(named) for kind, named in fields.items()}

    @cached_property
    def outsets(self) -> tuple[Outset, ...]:
        """What each version asks of a lead before it promises anything about it, in the order of `spans`."""
        words = [crm.vocabulary for crm in self.crms.values()]
        return tuple(find_outset(span.agreement, words, self.roster) for span in self.spans)

    def agreement_at(self, at: datetime) -> Agreement:
        """Return the version by which clocks that start at `at` are judged."""
        return next(span.agreement for span in self.spans if span.covers(at))

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

    def unread_streams(self, at: datetime, *, touches: bool) -> tuple[str, ...]:
        """Name the streams, of whichever CRM, that could hold news up to `at` and were not read that far."""
        return tuple(name for crm in self.crms.values() for name in self._unread(crm, at, touches=touches))

    def _unread(self, crm: CrmTerms, at: datetime, *, touches: bool) -> Iterator[str]:
        words = crm.vocabulary
        for stream in (*words.person_streams, *words.context_streams, *(words.touch_streams if touches else ())):
            if (upto := crm.upto.get(stream)) is None or upto < at:
                yield stream if len(self.crms) == 1 else f"{words.crm} {stream}"

    def owning_crm(self, records: Sequence[RecordKey]) -> str:
        """Return the CRM whose owner ids are said of a lead with these records."""
        crms = [record.crm for record in records]
        return self.authority.owner if self.authority.owner in crms else crms[0]

    def owner_in(self, crm: str, owner: str, *, of: str) -> str:
        """Return the id in `crm` of an owner of the CRM `of`, by roster, else by address; with its CRM before it if it has none there."""
        if crm == of:
            return owner
        person = self.roster.person_of(of, owner)
        known = (person.ids.get(crm) if person else None) or self._owner_by_email(crm).get(self.crms[of].emails.get(owner, ""))
        return known or f"{of}:{owner}"

    def _owner_by_email(self, crm: str) -> Mapping[str, str]:
        if crm not in self._owners_by_email:
            self._owners_by_email[crm] = {email: owner for owner, email in sorted(self.crms[crm].emails.items(), reverse=True) if email}
        return self._owners_by_email[crm]

    @cached_property
    def _owners_by_email(self) -> dict[str, dict[str, str]]:
        return {}
