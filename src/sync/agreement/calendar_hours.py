"""Opening hours as written (OpenStreetMap's notation, holidays, closed days) to spans of local time. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta

import holidays
from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined]  # the stub lacks ParserError

from sync.agreement.calendar_errors import CalendarError

LONGEST = 1_000  # characters

_EXAMPLE = "write them like Mo-Fr 09:00-17:30; PH off"
_DAY = timedelta(days=1)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = r"(?:Mo|Tu|We|Th|Fr|Sa|Su)(?:-(?:Mo|Tu|We|Th|Fr|Sa|Su))?"
_HOLIDAY_RULE = re.compile(rf"(?P<before>(?:{_WEEKDAYS}\s*,\s*)*)PH(?P<after>(?:\s*,\s*{_WEEKDAYS})*)(?P<rest>\s.*|)", re.DOTALL)
_HOLIDAYS_OFF = re.compile(r"PH\s+(off|closed)")
_COMMENT = re.compile(r'"[^"]*"')
_UNKNOWABLE = re.compile(r"\b(SH|sunrise|sunset|dawn|dusk|unknown)\b")

Span = tuple[datetime, datetime]
"""From a clock reading up to another, both without zone."""


def holiday_dates(code: str, *, years: range) -> frozenset[date]:
    """The public holidays of a country (`US`) or of one of its regions (`DE-BE`); CalendarError if unknown."""
    country, _, region = code.partition("-")
    known = holidays.list_supported_countries(include_aliases=True)
    if country not in known:
        nearest = next(iter(difflib.get_close_matches(country.upper(), known, n=1)), None)
        fix = f"write {nearest}" if nearest else "write a country's ISO code, such as US, or a region's, such as DE-BE"
        raise CalendarError(f"no holidays are known for `{country}`", fix=fix, nearest=nearest)
    if region and region not in known[country]:
        nearest = next(iter(difflib.get_close_matches(region.upper(), known[country], n=1)), None)
        regions = ", ".join(known[country]) or "none"
        raise CalendarError(f"`{country}` has no region `{region}`", fix=f"write one of: {regions}", nearest=nearest)
    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=years))


def open_spans(hours: str, *, public: Collection[date], closed: Collection[date], since: date, upto: date) -> list[Span]:
    """When `hours` are open from the start of `since` to the start of `upto`: ascending, apart.

    PH means the days of `public`. A closed day is closed from midnight to midnight, and so is a
    holiday with `PH off`; what an overnight shift of the day before had left of it is closed too.
    Raises CalendarError.
    """
    hours = " ".join(hours.split())
    _refuse_unreadable(hours)
    rules = [rule.strip() for rule in _COMMENT.sub("", hours).split(";")]
    off = set(closed)
    if _HOLIDAYS_OFF.fullmatch(rules[-1]):  # the usual last rule: far quicker than naming each holiday
        rules.pop()
        off |= set(public)
    public_now = sorted(day for day in public if since <= day < upto)
    expression = "; ".join(part for rule in rules for part in _with_dates(rule, public_now)) or "off"
    return _joined(_without(off, _evaluate(expression, since=since, upto=upto)))


def names_holidays(hours: str) -> bool:
    """Whether the hours say anything about PH."""
    return re.search(r"\bPH\b", _COMMENT.sub("", hours)) is not None


def _refuse_unreadable(hours: str) -> None:
    if len(hours) > LONGEST:
        raise CalendarError(f"the hours have {len(hours)} characters; at most {LONGEST:,} are read", fix="write fewer rules")
    if word := _UNKNOWABLE.search(_COMMENT.sub("", hours)):
        raise CalendarError(f"`{word.group()}` says no hours that a deadline can be counted in", fix=_EXAMPLE)
    try:
        OpeningHours(hours, auto_country=False, auto_timezone=False)
    except ParserError as error:
        place = re.search(r"--> 1:(\d+)", str(error))
        at = int(place.group(1)) - 1 if place else 0
        where = f"at `{hours[at : at + 20]}`" if hours[at:] else "after their end" if hours.strip() else ": they are empty"
        raise CalendarError(f"the hours `{hours}` cannot be read {where}".replace(" :", ":"), fix=_EXAMPLE) from None


def _with_dates(rule: str, public: Collection[date]) -> Iterator[str]:
    """The rule with PH replaced by the holidays' dates, which the library does not know by region."""
    if not names_holidays(rule):
        yield rule
        return
    match = _HOLIDAY_RULE.fullmatch(rule)
    if match is None or names_holidays(match["rest"]) or match["rest"].strip().startswith(("+", "-")):
        raise CalendarError(f"`{rule}` says PH in a way that is not understood", fix="let PH begin a rule: PH off, or Sa,Su,PH 10:00-14:00")
    weekdays = f"{match['before']}{match['after']}".strip(" ,")
    if weekdays:
        yield f"{weekdays}{match['rest']}"
    if public:
        yield ",".join(f"{day.year} {_MONTHS[day.month - 1]} {day.day:02}" for day in public) + match["rest"]


def _evaluate(expression: str, *, since: date, upto: date) -> Iterator[Span]:
    opening_hours = OpeningHours(expression, auto_country=False, auto_timezone=False)
    for start, end, state, _ in opening_hours.intervals(_midnight(since), _midnight(upto)):
        if state is State.OPEN:
            yield start, end


def _without(off: Collection[date], spans: Iterator[Span]) -> Iterator[Span]:
    for start, end in spans:
        begin = start
        while begin < end:
            stop = min(end, _midnight(begin.date()) + _DAY)
            if begin.date() not in off:
                yield begin, stop
            begin = stop


def _joined(pieces: Iterator[Span]) -> list[Span]:
    spans: list[Span] = []
    for start, end in pieces:
        if spans and spans[-1][1] >= start:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a clock reading has no zone
