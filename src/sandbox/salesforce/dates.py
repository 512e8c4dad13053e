"""SOQL's date words: which days each stands for. Pure.

Source: SOQL and SOSL reference, date formats and date literals. Weeks begin on Sunday; the fiscal year is the calendar's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.salesforce.moments import moment_text

Days = tuple[date, date]  # the first day, and the one behind the last


def _month(day: date, months: int) -> date:
    whole = day.year * 12 + day.month - 1 + months
    return date(whole // 12, whole % 12 + 1, 1)


def _day(today: date, n: int) -> date:
    return today + timedelta(days=n)


def _week(today: date, n: int) -> date:
    return today - timedelta(days=today.isoweekday() % 7) + timedelta(weeks=n)


def _quarter(today: date, n: int) -> date:
    return _month(date(today.year, (today.month - 1) // 3 * 3 + 1, 1), n * 3)


def _year(today: date, n: int) -> date:
    return date(today.year + n, 1, 1)


_UNITS: dict[str, Callable[[date, int], date]] = {
    "DAY": _day,
    "WEEK": _week,
    "MONTH": _month,
    "QUARTER": _quarter,
    "YEAR": _year,
    "FISCAL_QUARTER": _quarter,
    "FISCAL_YEAR": _year,
}
_SINGLE = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
_WHICH = {"LAST": -1, "THIS": 0, "NEXT": 1}


def _words() -> dict[str, bool]:
    found = dict.fromkeys(_SINGLE, False) | {"LAST_90_DAYS": False, "NEXT_90_DAYS": False}
    for unit in _UNITS:
        found |= {f"{which}_{unit}": False for which in _WHICH if unit != "DAY"}
        found |= {f"LAST_N_{unit}S": True, f"NEXT_N_{unit}S": True, f"N_{unit}S_AGO": True}
    return found


DATE_WORDS = _words()  # word -> whether a number stands behind it


def days_of(word: str, n: int | None, today: date) -> Days:
    """The days that a word (upper case) of DATE_WORDS stands for on `today`. Raises OverflowError, ValueError beyond year 9999."""
    if word in _SINGLE:
        return _day(today, _SINGLE[word]), _day(today, _SINGLE[word] + 1)
    if word.endswith("_90_DAYS"):
        word, n = word.replace("_90_", "_N_"), 90
    first, _, rest = word.partition("_")
    if n is None:
        start = _WHICH[first]
        return _UNITS[rest](today, start), _UNITS[rest](today, start + 1)
    if first == "N":
        unit = _UNITS[rest.removesuffix("S_AGO")]
        return unit(today, -n), unit(today, 1 - n)
    return _span(first, rest.removeprefix("N_").removesuffix("S"), n, today)


def _span(first: str, name: str, n: int, today: date) -> Days:
    unit = _UNITS[name]
    if first == "NEXT":
        return unit(today, 1), unit(today, n + 1)
    if name == "DAY":  # up to today, with it
        return unit(today, -n), unit(today, 1)
    return unit(today, -n), unit(today, 0)


def moments_of(days: Days, zone: ZoneInfo) -> tuple[str, str]:
    """When these days begin, and when the one behind them does, in `zone`, as rows hold moments."""
    first, behind = (moment_text(datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)) for day in days)
    return first, behind
