"""Calendars that are never open, and which of them a rule may be counted in. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sync.agreement.calendar import Calendar, CalendarRangeError
from sync.agreement.flaws import ROSTER, Flaw, error, note
from sync.agreement.model import Agreement
from sync.agreement.spans import Span
from sync.roster import Roster

WEEK = timedelta(weeks=1)
_YEAR = timedelta(days=365)


def calendar_flaws(agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    """Each calendar that has no open time while the agreement holds, and what compiling noticed about it."""
    for name, calendar in agreement.calendars.items():
        if open_time(calendar, agreement) == timedelta():
            what = "it is not open once while the agreement holds"
            yield error(("calendar", name, "hours"), what, fix="give it hours, such as Mo-Fr 09:00-17:30; PH off")
        for told in calendar.notes:
            yield note(("calendar", name, "hours"), told, fix="leave it if that is meant")
    for person in roster.people.values():
        shown = {told for calendar in agreement.calendars.values() for told in calendar.notes}
        for told in person.hours.notes if person.hours is not None else ():
            if told not in shown:
                yield replace(note((person.name, "hours"), told, fix="leave it if that is meant"), file=ROSTER)


def calendars_of(name: str | None, agreement: Agreement, roster: Roster) -> Mapping[str, Calendar]:
    """The agreement's calendars by which a rule with `calendar = name` may be counted, by what they are called in a message.

    The named one; else those of owners, pools and teams, and the default; of these the ones that are never open only where no
    other is. Hours of a person's own are the roster's affair.
    """
    if name is not None and name != "owner":
        return {f"`{name}`": agreement.calendars[name]}
    names = {"default", *(person.calendar for person in roster.people.values())}
    names |= {pool.calendar for pool in agreement.pools.values()} | {team.calendar for team in agreement.teams.values()}
    found = {f"`{known}`": agreement.calendars[known] for known in sorted(filter(None, names)) if known in agreement.calendars}
    return {known: hours for known, hours in found.items() if open_time(hours, agreement) != timedelta()} or found


def horizon(agreement: Agreement) -> tuple[datetime, datetime]:
    """From when to when the agreement holds; without an end, its first year."""
    return agreement.effective, agreement.expires_at or agreement.effective + _YEAR


def open_time(calendar: Calendar, agreement: Agreement) -> timedelta | None:
    """How long a calendar is open while the agreement holds; None if it was not worked out that far."""
    try:
        return calendar.between(*horizon(agreement))
    except CalendarRangeError:
        return None


def open_in_a_week(calendar: Calendar, agreement: Agreement) -> timedelta | None:
    """How long a calendar is open in a week on average, while the agreement holds; None if that cannot be told."""
    since, upto = horizon(agreement)
    opened = open_time(calendar, agreement)
    return opened / ((upto - since) / WEEK) if opened is not None else None


def starts(agreement: Agreement, *, weeks: int) -> list[datetime]:
    """Every hour of the agreement's first weeks: the moments at which a rule is tried out."""
    return [agreement.effective + number * timedelta(hours=1) for number in range(weeks * 7 * 24)]


def share_in_time(needed: Span, allowed: Span, hours: Calendar, moments: list[datetime]) -> float:
    """The share of `moments` from which what is needed ends no later than what is allowed."""
    return sum(_in_time(needed, allowed, hours, at) for at in moments) / len(moments)


def _in_time(needed: Span, allowed: Span, hours: Calendar, at: datetime) -> bool:
    """Whether what is needed ends no later than what is allowed; where the calendar does not tell the latter, it does."""
    try:
        deadline = allowed.after(at, hours)
    except CalendarRangeError:
        return True
    try:
        return needed.after(at, hours) <= deadline
    except CalendarRangeError:
        return False
