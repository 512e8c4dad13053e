"""Reports that come back: for which meetings, what is due by now, and of which time each tells. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sync.agreement.model import Agreement
from sync.agreement.parties import Meeting
from sync.agreement.recurrence import NOT_TWICE, Recurrence, read_recurrence
from sync.agreement.words import WordError

OFF = "off"
REPORT = "report"  # of the config, in the name of its files
LONGEST_SLUG = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Regular:
    """A report that comes back: of a meeting of the agreement, or of the config."""

    title: str  # of the meeting; empty for the report of the config
    written: str  # its days
    recurrence: Recurrence
    before: timedelta  # so long before its moment it is made
    slug: str  # of its files' names; no other has it
    meeting: Meeting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One of them."""

    regular: Regular
    at: datetime  # of the meeting; UTC, as all moments here
    since: datetime | None  # of what it tells: from when the one before was to be made; None: it is the first there can be
    upto: datetime  # exclusive; when it is to be made

    def name(self, zone: tzinfo) -> str:
        """Return the name of its files, without an ending; they sort by time."""
        return f"{self.at.astimezone(zone):%Y-%m-%d-%H%M}-{self.regular.slug}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeReport:
    """One that was made."""

    name: str  # of its files
    title: str
    at: datetime
    made_at: datetime
    file: str  # where people find it
    figures: str  # in a line


def regulars(agreement: Agreement, *, every: str, before: timedelta, meetings: bool) -> Iterator[Regular]:
    """Yield the reports that come back, those of the agreement's `meetings` first; days that nobody understands have none."""
    starts, slugs = agreement.fiscal_year_starts, Counter({REPORT: 1})
    for meeting in agreement.meetings if meetings else ():
        try:
            recurrence = read_recurrence(meeting.on, year_starts=starts)
        except WordError:
            continue  # `leadpact check` says so
        slug = _slug(meeting.name)
        slugs[slug] += 1
        slug = slug if slugs[slug] == 1 else f"{slug}-{slugs[slug]}"
        yield Regular(title=meeting.name, written=meeting.on, recurrence=recurrence, before=before, slug=slug, meeting=meeting)
    if every != OFF:
        yield Regular(title="", written=every, recurrence=read_recurrence(every, year_starts=starts), before=timedelta(), slug=REPORT)


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:LONGEST_SLUG].rstrip("-") or "meeting"


def begun(now: datetime) -> datetime:
    """Return up to when a report counts as made that is heard of only now: its next moment is the first."""
    return now - NOT_TWICE


def next_due(regular: Regular, done_upto: datetime, zone: tzinfo) -> datetime:
    """Return when the next one is to be made, after one whose moment was `done_upto`; in the past where it was missed."""
    return regular.recurrence.next(done_upto + NOT_TWICE, zone) - regular.before


def due(regular: Regular, done_upto: datetime, now: datetime, zone: tzinfo) -> Occasion | None:
    """Return the one to make now: of several that were missed the last alone; None if there is none."""
    at = regular.recurrence.last(now + regular.before, zone)
    return _occasion(regular, at, zone) if at is not None and at >= done_upto + NOT_TWICE else None


def coming(regular: Regular, now: datetime, zone: tzinfo) -> Occasion:
    """Return the next one from `now` on, whenever it is to be made."""
    return _occasion(regular, regular.recurrence.next(now, zone), zone)


def _occasion(regular: Regular, at: datetime, zone: tzinfo) -> Occasion:
    last = regular.recurrence.before(at, zone)
    since = last - regular.before if last is not None else None
    return Occasion(regular=regular, at=at, since=since, upto=at - regular.before)
