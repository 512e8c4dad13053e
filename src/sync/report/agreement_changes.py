"""What changed in an agreement, told to those who are to say yes to it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sync.agreement.changes import Change, How
from sync.agreement.model import Agreement
from sync.agreement.signing import signed_at
from sync.agreement.versions import SIDES, Version, canonical, iso_text, signed_sides
from sync.history import local_text
from sync.plain import plain
from sync.report.contract import moment

# What the sections are called, in the order in which they are told: first what is promised, then by whom.
_HEADINGS = {
    "": "the head",
    "clock": "clocks",
    "cadence": "cadences",
    "level": "levels",
    "handoff": "handoffs",
    "stage": "stages",
    "calendar": "calendars",
    "pool": "pools",
    "define": "definitions",
    "fields": "fields",
    "exclude": "leads that are never in scope",
    "excuse": "leads whose clocks stop",
    "touches": "what counts as a touch",
    "reject": "rejecting",
    "disqualify": "disqualifying",
    "recycle": "recycling",
    "cover": "owners who are not there",
    "protect": "leads that are never moved",
    "waivers": "waivers",
    "goal": "goals",
    "consequence": "consequences",
    "party": "parties",
    "team": "teams",
    "persona": "personas",
    "meeting": "meetings",
    "summary": "the summary",
    "cancellation": "cancellation",
}
# Below these keys stand names that somebody gave; they are told as they are written.
_GIVEN_BELOW = frozenset({"clock", "cadence", "goal", "reasons", "hubspot", "salesforce"})


def since_text(base: Version, zone: ZoneInfo, changes: Sequence[Change]) -> str:
    """Return the line above the changes: what they are compared with."""
    is_signed = base.signed_sides >= SIDES
    which = (
        f"both sides signed on {local_text(signed_at(base), zone)}" if is_signed else f"was first seen on {local_text(base.seen_at, zone)}"
    )
    what = "What changed" if changes else "Nothing changed"
    return f"{what} since the text that {which} ({base.hash[:12]}){':' if changes else '.'}"


def term_text(agreement: Agreement) -> str:
    """Return when an agreement holds, its last day included."""
    first = agreement.effective.astimezone(agreement.zone).date()
    if agreement.expires_at is None:
        return f"in effect from {first}"
    return f"in effect from {first} to {agreement.expires_at.astimezone(agreement.zone).date() - timedelta(days=1)}"


def change_lines(changes: Sequence[Change]) -> Iterator[str]:
    """Yield a heading a section and a line a change, such as "  `first_touch`: within 2 business hours -> within 4 business hours"."""
    told = [*_HEADINGS, *(change.section for change in changes)]
    for section in dict.fromkeys(told):
        lines = [_line(change) for change in changes if change.section == section]
        if lines:
            yield _HEADINGS.get(section, plain(section))
        yield from (f"  {plain(line)}" for line in lines)


def changes_json(base: Version | None, agreement: Agreement, changes: Sequence[Change]) -> str:
    """Return the changes for machines: values as the file holds them, null for what is not written."""
    document = {
        "against": None if base is None else _base_json(base),
        "hash": agreement.hash,
        "signed": sorted(signed_sides(agreement)),
        "changes": [_change_json(change) for change in changes],
    }
    return json.dumps(document, ensure_ascii=False, indent=2, default=iso_text)


def _base_json(base: Version) -> dict[str, object]:
    signed = moment(signed_at(base)) if base.signed_sides >= SIDES else None
    return {"hash": base.hash, "seen_at": moment(base.seen_at), "signed_at": signed}


def _change_json(change: Change) -> dict[str, object]:
    return {
        "section": change.section,
        "name": change.name,
        "key": list(change.key),
        "how": change.how.value,
        "before": change.before,
        "after": change.after,
    }


def _line(change: Change) -> str:
    if change.how is How.REORDERED:
        return f"the order was {', '.join(change.before)}; it is {', '.join(change.after)}"
    if not change.key:
        return _of_whole(change)
    if change.key == ("name",):
        return f"`{change.name}` is now called `{change.after}`"
    said = _of_key(change)
    return f"`{change.name}`: {said}" if change.name is not None else said


def _of_whole(change: Change) -> str:
    """Tell of an entry, or a section, that came or went."""
    before, after = _told_apart(change.before, change.after)
    called = f" `{change.name}`" if change.name is not None else ""
    match change.how:
        case How.ADDED:
            return f"added{called}: {after}"
        case How.REMOVED:
            return f"removed{called}: {before}"
        case _:
            return f"{before} -> {after}"


def _of_key(change: Change) -> str:
    key, members = _key_text(change.key), _members(change)
    before, after = _told_apart(change.before, change.after)
    match change.how:
        case How.ADDED:
            return f"now says {key} {after}"
        case How.REMOVED:
            return f"no longer says {key} {before}"
        case _:
            return f"{key}: {members}" if members else f"{key} {before} -> {key} {after}"


def _members(change: Change) -> str | None:
    """Tell what came to a list and what left it; None where that does not tell everything: its order changed, or members repeat."""
    if not (isinstance(change.before, list) and isinstance(change.after, list)):
        return None
    before, after = [canonical(one) for one in change.before], [canonical(one) for one in change.after]
    stayed = [one for one in before if one in after]
    if len(set(before)) < len(before) or len(set(after)) < len(after) or stayed != [one for one in after if one in before] or not stayed:
        return None
    came = [value_text(one) for one, known in zip(change.after, after, strict=True) if known not in before]
    left = [value_text(one) for one, known in zip(change.before, before, strict=True) if known not in after]
    if set(came) & set(left):  # differ in spelling only
        return None
    told = (f"{word} {', '.join(ones)}" for word, ones in (("added", came), ("removed", left)) if ones)
    return "; ".join(told)


def _key_text(key: Iterable[str]) -> str:
    """Return the keys as words: `gap at least`; a name below them as it is."""
    steps = list(key)
    given = [False, *(above in _GIVEN_BELOW for above in steps)]
    return " ".join(step if is_given else step.replace("_", " ") for step, is_given in zip(steps, given, strict=False))


def _told_apart(before: Any, after: Any) -> tuple[str, str]:
    """Return two values as people write them; as the file has them where they would look alike: `6` and `6.0`, a text and a list of one."""
    texts = value_text(before), value_text(after)
    return texts if plain(texts[0]) != plain(texts[1]) else (canonical(before), canonical(after))


def value_text(value: Any) -> str:
    """Return a value as people write it: `remind, escalate`, `starts handoff; within 2 business hours`."""
    match value:
        case bool():
            return "yes" if value else "no"
        case str():
            return " ".join(value.split()) or "(blank)"
        case Mapping():
            return "; ".join(_entry_text(value)) or "(nothing)"
        case list():
            return ", ".join(_member_text(one) for one in value) or "(none)"
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _entry_text(entry: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[str]:
    for key, value in entry.items():
        if isinstance(value, Mapping) and value:
            yield from _entry_text(value, (*above, key))
        elif (*above, key) != ("name",):  # is told already
            yield f"{_key_text((*above, key))} {value_text(value)}"


def _member_text(value: Any) -> str:
    return f"({value_text(value)})" if isinstance(value, Mapping) else value_text(value)
