"""Moves that were not made, and what happened instead, as text and as JSON. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo

import orjson

from sync.history import local_text
from sync.plain import plain
from sync.report.contract import json_array, moment, step_json
from sync.report.page_words import span_text
from sync.shadow import Outcome, Shadow, Then

OwnerNames = Mapping[tuple[str, str], Mapping[str, str]]  # (CRM, its owner field) -> owner id -> name
DONE = {"assign": "assigned", "reassign": "given", "recycle": "recycled", "return": "returned", "promote": "promoted"}


def shadow_lines(shadows: Sequence[Shadow], *, since: datetime, upto: datetime, names: OwnerNames, zone: tzinfo) -> Iterator[str]:
    """Yield what would have been moved, lead by lead in two lines, and how often what came of it."""
    span = f"from {local_text(since, zone)} to {local_text(upto, zone)}"
    yield f"Moves that only mode and agreement held back, planned {span}: {len(shadows)}"
    for one in shadows:
        yield ""
        yield plain(f"{one.meant.step.lead}  {_would(one, names)} at {local_text(one.meant.at, zone)}, for {one.meant.step.rule}")
        yield plain(f"    then: {_then(one, names)}")
    if shadows:
        yield ""
    counts = Counter(one.outcome for one in shadows)
    yield from (f"{counts[outcome]:>6}  {outcome.value}" for outcome in Outcome if counts[outcome])
    beyond = sum(one.meant.is_beyond for one in shadows)
    if beyond:
        yield f"{beyond} of them were beyond a limit, and would have waited for a person."


def _would(shadow: Shadow, names: OwnerNames) -> str:
    step = shadow.meant.step
    told = [f"{write.field} {write.before or 'blank'} -> {write.after or 'blank'}" for write in step.fields]
    known = _of(step.record.crm, names)
    for write in step.fields:
        if (step.record.crm, write.field) in names:
            whose = known.get(write.before or "", write.before or "nobody"), known.get(write.after or "", write.after or "nobody")
            told = [f"from {whose[0]} to {whose[1]}"]
    return f"would have been {DONE.get(step.action, step.action)} {', '.join(told)}"


def _then(shadow: Shadow, names: OwnerNames) -> str:
    if shadow.outcome in (Outcome.NOT_BROKEN, Outcome.GONE) or not shadow.then:
        return shadow.outcome.value
    first = shadow.then[0]
    more = f"; {len(shadow.then) - 1} more things happened" if len(shadow.then) > 1 else ""
    later = span_text(round((first.at - shadow.meant.at).total_seconds()))
    return f"{_what(first, _of(shadow.meant.step.record.crm, names))}, {later} later{more}"


def _what(then: Then, names: Mapping[str, str]) -> str:
    who = names.get(then.owner or "", then.owner)
    if then.outcome in (Outcome.OWNER_TOUCHED, Outcome.ANOTHER_TOUCHED):
        return f"{then.what} by {who}{', its owner' if then.outcome is Outcome.OWNER_TOUCHED else ''}"
    return then.what.replace("another owner", who) if who is not None else then.what


def _of(crm: str, names: OwnerNames) -> Mapping[str, str]:
    return next((known for (of, _), known in names.items() if of == crm), {})


def shadow_json(shadows: Sequence[Shadow], *, since: datetime, upto: datetime) -> Iterator[bytes]:
    """Yield the document of `leadpact shadow`: the span, how often what came of it, and each move with all that followed."""
    counts = Counter(one.outcome.name.lower() for one in shadows)
    head = {"since": moment(since), "upto": moment(upto), "counts": dict(sorted(counts.items()))}
    yield orjson.dumps(head)[:-1] + b",\n"
    yield from json_array("moves", (orjson.dumps(_one_json(one)) for one in shadows))
    yield b"\n}\n"


def _one_json(shadow: Shadow) -> dict[str, object]:
    then = [
        {"at": moment(one.at), "outcome": one.outcome.name.lower(), "what": one.what, "owner": one.owner, "source": one.source}
        for one in shadow.then
    ]
    meant = {"at": moment(shadow.meant.at), "beyond_a_limit": shadow.meant.is_beyond, "outcome": shadow.outcome.name.lower(), "then": then}
    return step_json(shadow.meant.step) | meant
