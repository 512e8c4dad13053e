"""The small grammars of an agreement: what starts a clock, what keeps it, rungs, budgets, percentages. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

from sync.agreement.goals import Amount, Change, Condition, Share, Solve, Target
from sync.agreement.parties import AtMost
from sync.agreement.promises import (
    Answered,
    Assigned,
    Disqualified,
    HandRaise,
    KeptBy,
    NurturedBy,
    Recycled,
    Rejected,
    Returned,
    Rung,
    StageEntered,
    StageReached,
    Start,
    StartWord,
    Touch,
)
from sync.agreement.spans import Unit, parse_period, parse_span
from sync.problems import choose_fix, listed

ACTIONS = ("remind", "reassign", "recycle", "return", "promote", "escalate")
PROTECTIONS = ("open deal", "customer", "future meeting", "named account", "owner set by a person", "hold")
_KEPT_BY: dict[str, KeptBy] = {
    "assigned": Assigned(),
    "touch": Touch(),
    "rejected": Rejected(),
    "recycled": Recycled(),
    "disqualified": Disqualified(),
    "returned": Returned(),
    "answered": Answered(),
    "nurtured": NurturedBy(),
}
_BUDGET = re.compile(r"(\d+) (?:(?:a|an|per) (\w+)|in (\d+ \w+))")
_PERCENT = re.compile(r"([+-]?)(\d+(?:\.\d+)?) ?%")
_LARGEST = 1e15  # no goal of a company is larger; a slip is
_CONDITION = re.compile(r"(?P<goal>.+?) (?P<direction>below|above) (?P<level>\S+) for (?P<streak>\d+ \w+)")
_CONVERSATION = re.compile(r"conversation in (.+)")


class WordError(ValueError):
    """A small text that says nothing we know; carries what was expected and how to put it right."""

    def __init__(self, expected: str, *, fix: str) -> None:
        super().__init__(expected)
        self.expected = expected
        self.fix = fix


class ScoreText(str):
    """The criterion, still text, of a handoff that a score opens."""

    __slots__ = ()


def read_start(text: str) -> Start:
    """Read what starts a clock: `handoff`, `assigned`, `hand-raise`, `reply`, `recycled` or `stage NAME`."""
    if (stage := _after("stage", text)) is not None:
        return StageEntered(stage)
    words = [word.value for word in StartWord]
    if text in words:
        return StartWord(text)
    raise _unknown(text, [*words, "stage NAME"])


def read_kept_by(text: str) -> KeptBy:
    """Read what keeps a clock: a fact's word, or `stage NAME`."""
    if (stage := _after("stage", text)) is not None:
        return StageReached(stage)
    if text in _KEPT_BY:
        return _KEPT_BY[text]
    raise _unknown(text, [*_KEPT_BY, "stage NAME"])


def read_trigger(text: str) -> StageEntered | HandRaise | ScoreText:
    """Read what opens a handoff: `stage NAME`, `hand-raise`, `hand-raise: FORM, FORM` or `score: CRITERION`."""
    if (stage := _after("stage", text)) is not None:
        return StageEntered(stage)
    word, _, rest = (part.strip() for part in text.partition(":"))
    if word == "hand-raise":
        return HandRaise(tuple(form.strip() for form in rest.split(",") if form.strip()))
    if word == "score" and rest:
        return ScoreText(rest)
    raise _unknown(text, ["stage NAME", "hand-raise", "hand-raise: FORM, FORM", "score: CRITERION"])


def read_event(text: str) -> StageEntered | HandRaise:
    """Read what lets a lead pass without nurturing: `stage NAME`, `hand-raise` or `hand-raise: FORM, FORM`."""
    trigger = read_trigger(text)
    if isinstance(trigger, ScoreText):
        raise WordError("`stage NAME` or `hand-raise`", fix="write one of these")
    return trigger


def read_rung(text: str) -> Rung:
    """Read one rung of a ladder: an action, or `action: detail`; recycling needs its reason."""
    action, _, detail = (part.strip() for part in text.partition(":"))
    if action not in ACTIONS:
        raise _unknown(action, ACTIONS)
    if action == "recycle" and not detail:
        raise WordError("`recycle: REASON`", fix="name one of the reasons under [recycle]")
    return Rung(action=action, detail=detail or None)


def read_recycling(text: str) -> str:
    """Read what follows a cadence that ran out, `recycle: REASON`, as that reason."""
    rung = read_rung(text)
    if rung.action != "recycle" or rung.detail is None:
        raise WordError("`recycle: REASON`", fix="name one of the reasons under [recycle]")
    return rung.detail


def read_protection(text: str) -> tuple[str, str | None]:
    """Read one word of `protect.when`, with the span of a conversation still as text."""
    if text in PROTECTIONS:
        return text, None
    if found := _CONVERSATION.fullmatch(text):
        return "conversation", found[1]
    raise _unknown(text, [*PROTECTIONS, "conversation in N business days"])


def read_wall_span(text: str) -> timedelta:
    """Read wall time: `20 seconds`, `15 minutes`, `4 hours`, `2 days`. Raises WordError, or SpanError."""
    span = parse_span(text)
    if span.unit is not Unit.WALL:
        raise WordError("a span of wall time such as `15 minutes`", fix="leave out `business`: no calendar is asked here")
    return span.length


def read_budget(text: str) -> AtMost:
    """Read a budget: `5 a month`, `3 in 12 months`. Raises WordError, or SpanError for the span it is for."""
    found = _BUDGET.fullmatch(text.strip())
    if found is None or int(found[1]) < 1:
        raise WordError("a budget such as `5 a month` or `3 in 12 months`", fix="write a whole number and the span it is for")
    return AtMost(count=int(found[1]), per=parse_period(found[3] or f"1 {found[2]}"))


def read_percent(text: str) -> float:
    """Read `80%` as 0.8; from 0 % to 100 %."""
    found = _PERCENT.fullmatch(text.strip())
    if found is None or found[1] or not 0 <= float(found[2]) <= 100:
        raise WordError("a percentage from 0% to 100%", fix="write a number and %, such as `80%`")
    return float(found[2]) / 100


def read_target(value: object) -> Target:
    """Read a goal's target: a number from 0 on, `90%`, `+20%` on the baseline, or `solve: GOAL`."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LARGEST:
        return Amount(float(value))
    text = value.strip() if isinstance(value, str) else ""
    if (goal := _after("solve:", text)) is not None:
        return Solve(goal)
    if (found := _PERCENT.fullmatch(text)) and found[1]:
        return Change(float(found[1] + found[2]) / 100)
    if found:
        return Share(read_percent(text))
    raise WordError("a number from 0 on, `90%`, `+20%` or `solve: GOAL`", fix="write one of these")


def read_condition(text: str) -> Condition:
    """Read `GOAL below 80% for 2 months`. Raises WordError, or SpanError for its span."""
    found = _CONDITION.fullmatch(text.strip())
    level = read_target(_number(found["level"])) if found else None
    if found is None or not isinstance(level, Amount | Share):
        raise WordError("`GOAL below LEVEL for SPAN`", fix="write for example `First touch in time below 80% for 2 months`")
    direction: str = found["direction"]
    return Condition(
        goal=found["goal"], direction="below" if direction == "below" else "above", level=level, streak=parse_period(found["streak"])
    )


def _number(text: str) -> object:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else text


def _after(word: str, text: str) -> str | None:
    """Return what follows `word` and a space in `text`, if anything does."""
    head, _, rest = text.strip().partition(" ")
    return rest.strip() or None if head == word else None


def _unknown(text: str, known: list[str] | tuple[str, ...]) -> WordError:
    return WordError(f"one of {listed(known)}", fix=choose_fix(text, known, otherwise="write one of these"))
