"""Stamps that a CRM keeps refusing in the same words: left alone, and told. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from connectors.records import RecordKey
from sync.history import local_text
from sync.stamps import STAMP
from sync.steps import FieldWrite, Step

TOO_OFTEN = 2  # refusals of the same values in the same words
TRIED_AGAIN_AFTER = timedelta(days=7)  # what refuses it may have been changed by then; no CRM tells of its rules

OF_ONE_CALL = re.compile(r", correlation id [\w-]+")  # by it a CRM's support finds the call: it says nothing of the reason

Values = frozenset[tuple[str, str | None]]  # of each field that was to be written the value


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One refusal as the journal keeps it."""

    record: RecordKey
    values: Values
    said: str  # the CRM's words
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What a CRM refused so often that it is left alone."""

    said: str
    times: int
    last_at: datetime


def values_of(fields: Iterable[FieldWrite]) -> Values:
    """Return what a step would write."""
    return frozenset((write.field, write.after) for write in fields)


def refused_too_often(refusals: Iterable[Refusal]) -> dict[tuple[RecordKey, Values], Refused]:
    """Return the stamps whose last refusals were in the same words, too often to be tried again."""
    found: dict[tuple[RecordKey, Values], list[Refusal]] = defaultdict(list)
    for one in sorted(refusals, key=lambda one: one.at):
        before = found[one.record, one.values]
        found[one.record, one.values] = [*before, one] if before and _words(before[-1]) == _words(one) else [one]
    return {
        place: Refused(said=ones[-1].said, times=len(ones), last_at=ones[-1].at) for place, ones in found.items() if len(ones) >= TOO_OFTEN
    }


def _words(refusal: Refusal) -> str:
    return OF_ONE_CALL.sub("", refusal.said)


def unless_refused(step: Step, refused: Mapping[tuple[RecordKey, Values], Refused], now: datetime, zone: tzinfo) -> Step:
    """Return a step, held back if it is a stamp that its CRM refused too often, until what it writes changes or a week went by."""
    one = refused.get((step.record, values_of(step.fields))) if step.action == STAMP else None
    if one is None or now - one.last_at >= TRIED_AGAIN_AFTER:
        return step
    names = ", ".join(write.field for write in step.fields)
    until = local_text(one.last_at + TRIED_AGAIN_AFTER, zone)
    return step.held_by(f"{step.record.crm} refused {names} {_times(one.times)} ({one.said}): leadpact leaves it alone until {until}")


def _times(count: int) -> str:
    return "twice" if count == TOO_OFTEN else f"{count} times"
