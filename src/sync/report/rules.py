"""A rule in the agreement's own words, and what keeps it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.agreement import model
from sync.agreement.model import STALE, Agreement, Cadence, Clock, Handoff, Stage

CHANNELS = {"call": "calls", "email": "e-mails", "message": "messages", "meeting": "meetings"}
WHO = {"owner": "the owner", "team": "the owner's team", "anyone": "anybody"}


def rule_text(rule: str, agreement: Agreement, *, level: str | None = None, handoff: str | None = None) -> str | None:
    """Return what `rule` promises; as `level` has it, and for `handoff` where handoffs differ. None if `agreement` does not know it."""
    if (clock := find_clock(rule, agreement, level)) is not None:
        return _clock(clock)
    if (cadence := _find_cadence(rule, agreement, level)) is not None:
        return _cadence(cadence)
    told = {name: text for name, text, _ in _unnamed(agreement, handoff)}
    return told.get(rule)


def keeping_text(rule: str, agreement: Agreement, *, level: str | None = None, handoff: str | None = None) -> str | None:
    """Return what keeps `rule`, as an order to the one who owes it; None if nobody can do anything about it."""
    if (clock := find_clock(rule, agreement, level)) is not None:
        return " or ".join(_deed(way, clock) for way in clock.kept_by)
    if (cadence := _find_cadence(rule, agreement, level)) is not None:
        return f"the next attempt that counts, by the owner, until {cadence.attempts} are made" + _apart(cadence)
    told: Mapping[str, str] = {name: deed for name, _, deed in _unnamed(agreement, handoff)}
    return told.get(rule)


def find_clock(rule: str, agreement: Agreement, level: str | None = None) -> Clock | None:
    """Return the clock named `rule` as `level` has it."""
    special = (clock for one in agreement.levels if one.name == level for clock in one.clocks)
    return next((clock for clock in (*special, *agreement.clocks) if clock.name == rule), None)


def _find_cadence(rule: str, agreement: Agreement, level: str | None) -> Cadence | None:
    special = (cadence for one in agreement.levels if one.name == level for cadence in one.cadences)
    return next((cadence for cadence in (*special, *agreement.cadences) if cadence.name == rule), None)


def _clock(clock: Clock) -> str:
    start = f"stage {clock.starts.stage}" if isinstance(clock.starts, model.StageEntered) else clock.starts.value
    return f"{clock.within.text} from {start} to {' or '.join(_way(way) for way in clock.kept_by)}, owed by {clock.owed_by}"


def _way(way: model.KeptBy) -> str:
    match way:
        case model.StageReached(stage=stage):
            return f"stage {stage}"
        case model.NurturedBy():
            return "nurtured"
        case _:
            return type(way).__name__.lower()


def _deed(way: model.KeptBy, clock: Clock) -> str:
    match way:
        case model.Touch():
            return f"a touch that counts, by {WHO[clock.by]}"
        case model.StageReached():
            return f"stage {way.stage} or a later one"
        case model.Assigned():
            return "an owner"
        case model.Answered():
            return f"an answer, by {WHO[clock.by]}"
        case model.NurturedBy():
            return "any touch, a marketing mail too"
        case _:
            return f"the lead {type(way).__name__.lower()}"


def _cadence(cadence: Cadence) -> str:
    shares = " and ".join(f"{count} {CHANNELS[kind]}" for kind, count in cadence.channels.items())
    least = f", at least {shares}" if shares else ""
    return f"{cadence.attempts} attempts within {cadence.within.text} of stage {cadence.stage}{least}{_apart(cadence)}"


def _apart(cadence: Cadence) -> str:
    least, most = cadence.gap_at_least, cadence.gap_at_most
    parts = [f"at least {least.text}" if least else "", f"at most {most.text}" if most else ""]
    told = " and ".join(filter(None, parts))
    return f", {told} apart" if told else ""


def _unnamed(agreement: Agreement, handoff: str | None) -> Iterator[tuple[str, str, str]]:
    """Yield (rule, what it promises, what keeps it) of the promises that an agreement makes without naming a rule."""
    for stage in agreement.stages:
        if stage.stale_after is not None:
            text = f"something happens at least every {stage.stale_after.text} while the lead stands in {stage.name}"
            yield STALE + stage.name, text, "a touch that counts, by the owner, or a reply"
    for one in agreement.handoffs:
        if handoff in (None, one.name):
            yield from _of_handoff(one, agreement)
    yield from _of_reasons(agreement)
    back = agreement.recycle.within.text
    yield "recycle_due", f"a lead that is due to go back is recycled within {back}", "recycling it, with its reason"
    if agreement.cover is not None:
        yield "covered", f"an owner who is there, within {agreement.cover.within.text}", "an owner who is there"
    yield "not_delivered", "a lead that is handed over is in the other CRM in time", "the lead in the other CRM"
    yield "drift", "both CRMs show the same stage and the same owner", "the same in both CRMs"
    yield "bounce_limit", f"a lead changes hands at most {agreement.recycle.bounce_limit} times in a passage", "keeping it with one owner"


def _of_handoff(handoff: Handoff, agreement: Agreement) -> Iterator[tuple[str, str, str]]:
    names = [trigger.stage for trigger in handoff.opens_on if isinstance(trigger, model.StageEntered)]
    for stage in agreement.stages:
        if stage.name in names and (asked := _asked(stage, handoff)):
            yield "premature_handoff", f"handed over only with {asked}", f"handing it over only with {asked}"
            if stage.criteria is not None:
                within = handoff.hand_over_within.text
                yield "missed_handoff", f"handed over within {within} of {asked}", f"handing it over: stage {stage.name}"
    if not names and handoff.required:
        asked = f"{', '.join(handoff.required)} filled"
        yield "premature_handoff", f"handed over only with {asked}", f"handing it over only with {asked}"
    if handoff.kept_until_handoff:
        yield "early_pull", f"nobody of pool {handoff.pool} owns it before it is handed over", "leaving it to Marketing until then"


def _asked(stage: Stage, handoff: Handoff) -> str:
    required = ", ".join(dict.fromkeys((*stage.required, *handoff.required)))
    return " and ".join(filter(None, (f"`{stage.criteria.text}`" if stage.criteria else "", f"{required} filled" if required else "")))


def _of_reasons(agreement: Agreement) -> Iterator[tuple[str, str, str]]:
    ways = (("reject_reason", agreement.reject), ("recycle_reason", agreement.recycle), ("disqualify_reason", agreement.disqualify))
    for rule, way in ways:
        if way.reason is not None:
            yield (
                rule,
                f"{way.reason} says one of: {', '.join(way.reasons)}",
                f"filling in {way.reason} with one of: {', '.join(way.reasons)}",
            )
