"""The fields of persons that leadpact writes for people to read: what each is for, and how a value of it is written. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from connectors.new_fields import Holds, NewField
from connectors.records import Vocabulary
from sync.agreement.model import Agreement
from sync.judge.reasons import folded


class Standing(StrEnum):
    """How a lead stands by its agreement, the worst first; `sla_status` holds one of these."""

    BREACHED = "breached"  # a promise is broken and still owed
    AT_RISK = "at_risk"  # one that runs is past an agreed warning
    UNKNOWN = "unknown"  # of one it cannot be told
    ON_TRACK = "on_track"  # one runs
    LATE = "late"  # none runs any more, and one was broken
    KEPT = "kept"  # none was broken
    EXCUSED = "excused"  # all lost their reason before they fell due
    NO_CLOCK = "no_clock"  # nothing with a deadline was promised


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What one of these fields is for."""

    holds: Holds
    label: str
    description: str
    words: tuple[tuple[str, str], ...] = ()  # the values it may hold, each with its label


PURPOSES: Mapping[str, Purpose] = {
    "recycle_reason": Purpose(holds=Holds.TEXT, label="Recycle reason", description="Why the lead last went back to Marketing."),
    "recycle_count": Purpose(holds=Holds.NUMBER, label="Recycle count", description="How often leadpact sent the lead back."),
    "return_on": Purpose(holds=Holds.DAY, label="May return on", description="The day from which a recycled lead may come back."),
    "sla_status": Purpose(
        holds=Holds.WORD,
        label="SLA status",
        description="How the lead stands by the agreement of Marketing and Sales.",
        words=tuple((word.value, word.value.replace("_", " ").capitalize()) for word in Standing),
    ),
    "sla_deadline": Purpose(holds=Holds.MOMENT, label="SLA deadline", description="When the next promise falls due, or fell."),
    "first_touch": Purpose(holds=Holds.MOMENT, label="First touch", description="When Sales first reached out in this passage."),
    "breaches": Purpose(holds=Holds.NUMBER, label="SLA breaches", description="Promises that were broken in this passage."),
}
STAMPED = ("sla_status", "sla_deadline", "first_touch", "breaches")  # the others are written as a lead is recycled
HOLD = Purpose(holds=Holds.FLAG, label="Hold leadpact back", description="While it is ticked, leadpact does not move the lead.")


def missing_fields(words: Vocabulary, agreement: Agreement, known: Collection[tuple[str, str]]) -> tuple[NewField, ...]:
    """Return what a CRM lacks of the fields that the config names, and the hold, if it protects; `known` are its fields: (kind, name)."""
    named = [(kind, name, PURPOSES[purpose]) for kind in words.persons for purpose, name in words.own_fields.items()]
    if any(protection.what == "hold" for protection in agreement.protect.when):
        named.append((words.person, words.hold, HOLD))
    return tuple(
        NewField(kind=kind, name=name, label=one.label, description=one.description, holds=one.holds, words=one.words)
        for kind, name, one in named
        if (kind, name) not in known
    )


def written_moment(at: datetime | None) -> str | None:
    """Return a moment in whole seconds, which is as exact as every CRM keeps it."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def written_day(day: date | None) -> str | None:
    """Return a day as both CRMs write it."""
    return None if day is None else day.isoformat()


def written_word(word: str, labels: Mapping[str, str]) -> str:
    """Return the value of a picklist (value -> label) that is called so, else the word itself."""
    return next((value for value, label in labels.items() if folded(word) in (folded(value), folded(label))), word)


def counted_on(before: str | None) -> str:
    """Return the number after `before`; 1 where there is none."""
    try:
        return str(int(float(before or 0)) + 1)
    except (ValueError, OverflowError):
        return "1"
