"""What the agreement asks of a lead's values at a moment: yes, no, or not to be told for a blank. Pure."""

from __future__ import annotations

from datetime import datetime

from sandbox.world import promises
from sandbox.world.passage import Course
from sandbox.world.sheet import Sheet

Answer = bool | None  # None: a value that it rests on is blank
_PERSON = ("hubspotscore", "jobtitle", *promises.REQUIRED_FIELDS)
_FIRM = ("numberofemployees", "industry")


def fits(course: Course, at: datetime) -> Answer:
    """Whether it works for a company that can be served."""
    employees, industry = _of(course.company, "numberofemployees", at), _of(course.company, "industry", at)
    large_enough = promises.LEAST_EMPLOYEES <= float(employees) <= promises.MOST_EMPLOYEES if employees else None
    return _all(large_enough, industry.upper() in promises.FITTING_INDUSTRIES if industry else None)


def buys(course: Course, at: datetime) -> Answer:
    """Whether its title is that of somebody who owns the problem."""
    title = _of(course.contact, "jobtitle", at)
    return any(word in title.lower() for word in promises.BUYERS) if title else None


def scores(course: Course, least: int, at: datetime) -> Answer:
    """Whether its score is at least so high."""
    score = _of(course.contact, "hubspotscore", at)
    return float(score) >= least if score else None


def meets(course: Course, at: datetime) -> Answer:
    """The criteria of the handoff stage."""
    return _all(fits(course, at), buys(course, at), scores(course, promises.LEAST_SCORE, at))


def filled(course: Course, at: datetime) -> bool:
    """Whether no required field is blank."""
    return all(_of(course.contact, name, at) for name in promises.REQUIRED_FIELDS)


def qualifies(course: Course, at: datetime) -> bool:
    """Whether it may be handed over."""
    return meets(course, at) is True and filled(course, at)


def crosses(course: Course, at: datetime) -> bool:
    """Whether its score alone hands it over."""
    return _all(scores(course, promises.CROSSING_SCORE, at), fits(course, at)) is True


def is_enterprise(course: Course, at: datetime) -> bool:
    """Whether its company is one of the large ones, for which other spans hold."""
    employees = _of(course.company, "numberofemployees", at)
    return bool(employees) and float(employees) > promises.ENTERPRISE_OVER


def is_paid_search(course: Course, at: datetime) -> bool:
    """Whether it came by paid search, for which other spans hold."""
    return _of(course.contact, "hs_analytics_source", at) == promises.PAID_SEARCH


def value_changes(course: Course) -> list[datetime]:
    """Every moment at which a value changed that a criterion asks for, oldest first."""
    changes = {course.contact.written_at}
    changes |= {version.at for name in _PERSON for version in course.contact.versions(name)}
    if course.company is not None:
        changes |= {version.at for name in _FIRM for version in course.company.versions(name)}
    return sorted(at for at in changes if at >= course.contact.written_at)


def _of(sheet: Sheet | None, name: str, at: datetime) -> str:
    return (sheet.value_at(name, at) or "").strip() if sheet is not None else ""


def _all(*answers: Answer) -> Answer:
    """SQL's AND: a no decides; else a blank leaves it open."""
    if False in answers:
        return False
    return None if None in answers else True
