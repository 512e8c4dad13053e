"""Meetings whose days leadpact does not understand, so that it makes no report for them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sync.agreement.flaws import Flaw, note, warning
from sync.agreement.lines import Path
from sync.agreement.model import Agreement
from sync.agreement.parties import Meeting
from sync.agreement.recurrence import read_recurrence
from sync.agreement.words import WordError

SHORT_MONTHS = frozenset({"29", "30", "31"})


def meeting_flaws(agreement: Agreement) -> Iterator[Flaw]:
    """What is wrong with each meeting, in the order in which they are written."""
    for meeting in agreement.meetings:
        yield from _days(meeting, ("meeting", meeting.name, "on"), agreement)
    times = Counter(meeting.name for meeting in agreement.meetings)
    for name in (name for name, count in times.items() if count > 1):
        what = f"{times[name]} meetings are called `{name}`: `leadpact report --meeting` takes the first"
        yield warning(("meeting", name), what, fix="give each its own name")


def _days(meeting: Meeting, path: Path, agreement: Agreement) -> Iterator[Flaw]:
    try:
        recurrence = read_recurrence(meeting.on, year_starts=agreement.fiscal_year_starts)
    except WordError as error:
        what = f"the days of `{meeting.name}` are not understood, `{meeting.on}`: no report is made for it by itself"
        yield warning(path, what, fix=error.fix)
        return
    days = sorted({days.day for days in recurrence.days} & SHORT_MONTHS)
    if days:
        what = f"months without a day {days[0]} have no `{meeting.name}`"
        yield note(path, what, fix="leave it, or write `last day of the month`")
