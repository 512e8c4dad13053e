"""What HubSpot's answer to a batch of writes says of each change. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.changes import Change, Fate, Outcome
from connectors.hubspot.answers import ErrorAnswer
from connectors.hubspot.mapping import LIFECYCLE_STAGE
from connectors.hubspot.values import id_of, text_of
from connectors.sending import Told, halves
from connectors.wire import date_in
from connectors.words import plain_words

_FATES = {
    "OBJECT_NOT_FOUND": Fate.CHANGED,
    "VALIDATION_ERROR": Fate.REFUSED,
    "CONFLICT": Fate.REFUSED,
    "MISSING_SCOPES": Fate.REFUSED,
    "RATE_LIMITS": Fate.LATER,
}
_NAMES_ROWS = ("ids", "id", "objectWriteTraceId")  # members of a context that hold ids; ours are traced by their ids
_CODE = re.compile(r'"error":\s*"([A-Z_]{1,60})"')  # in the JSON that a validation message embeds, with the property beside it
_NAME = re.compile(r'"name":\s*"([A-Za-z0-9_]{1,100})"')
_SAFE = re.compile(r"[A-Za-z0-9_.]{1,120}")
_WHATEVER_THE_VALUE = frozenset({"PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"})
_LEFT_OUT = "HubSpot left the record out of its answer: it was merged into another one, or is gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Error:
    """One error of an answer."""

    fate: Fate
    ids: frozenset[str]  # whom it names
    told: Mapping[str, Any]

    def outcome(self, change: Change, at: datetime | None) -> Outcome:
        return Outcome(change=change, fate=self.fate, said=said_of(self.told, change.values.values()), at=at)


def outcomes_of(batch: Sequence[Change], told: Mapping[str, Any], at: datetime | None) -> list[Outcome]:
    """Read a 200 or 207 row by row. Source: crm-facts, HubSpot, sections 5.3 and 11.7.

    What stands in the results is done. What an error names has its fate. A record that was merged away is left out without a word;
    but if some error names nobody, or the batch is not complete, who is left out is unknown.
    """
    results, errors = told.get("results"), list(_errors(told))
    done = {id_of(item): item for item in results if isinstance(item, dict)} if isinstance(results, list) else {}
    named = {id_: error for error in errors for id_ in error.ids}
    is_whole = isinstance(results, list) and told.get("status", "COMPLETE") == "COMPLETE"
    is_plain = all(error.ids for error in errors) and bool(errors or not told.get("numErrors"))
    left_out = Fate.CHANGED if is_whole and is_plain else Fate.UNKNOWN
    return [_outcome(change, done, named, left_out, at) for change in batch]


def _outcome(
    change: Change, done: Mapping[str, Mapping[str, Any]], named: Mapping[str, _Error], left_out: Fate, at: datetime | None
) -> Outcome:
    id_ = change.record.id
    if id_ in done and id_ in named:
        return Outcome(change=change, fate=Fate.UNKNOWN, said=said_of(named[id_].told, change.values.values()), at=at)
    if id_ in done:
        return _as_written(change, done[id_], at)
    if id_ in named:
        return named[id_].outcome(change, at)
    said = _LEFT_OUT if left_out is Fate.CHANGED else "HubSpot left the record out of its answer, and does not say of whom its errors are"
    return Outcome(change=change, fate=left_out, said=said, at=at)


def _as_written(change: Change, item: Mapping[str, Any], at: datetime | None) -> Outcome:
    """A stage that shows another value than was asked for was passed over as a step back; what else was asked for is done then."""
    wanted = change.values.get(LIFECYCLE_STAGE)
    shown = (item.get("properties") or {}).get(LIFECYCLE_STAGE, wanted)
    if LIFECYCLE_STAGE not in change.values or text_of(shown) == text_of(wanted):
        return Outcome(change=change, fate=Fate.DONE, at=at)
    fate = Fate.CHANGED if len(change.values) == 1 else Fate.UNKNOWN
    return Outcome(change=change, fate=fate, said=f"HubSpot kept another {LIFECYCLE_STAGE}: it takes no step back", at=at)


def sort_out(batch: Sequence[Change], answer: ErrorAnswer) -> Told:
    """Read the refusal of a whole batch, of which nothing was done: who caused it, as far as it tells, and who is sent again.

    It names rows, or properties that no row can set; where it tells neither, the batch is halved until a single row is left.
    """
    told, at = answer.told(), date_in(answer.headers.get("date"))
    error = _Error(fate=fate_of_refusal(answer), ids=frozenset(_ids_in(told)), told=told)
    guilty = [change for change in batch if change.record.id in error.ids] or _setting(batch, told)
    if len(batch) == 1:
        guilty = list(batch)
    outcomes = [error.outcome(change, at) for change in guilty]
    if not guilty:
        return Told(outcomes=(), again=halves(batch))
    named = {change.record for change in guilty}
    rest = [change for change in batch if change.record not in named]
    return Told(outcomes=outcomes, again=[rest] if rest else [])


def _setting(batch: Sequence[Change], told: Mapping[str, Any]) -> list[Change]:
    """Give the changes that set a property which the message refuses whatever its value."""
    message = str(told.get("message") or "")
    if not set(_CODE.findall(message)) or not set(_CODE.findall(message)) <= _WHATEVER_THE_VALUE:
        return []
    names = set(_NAME.findall(message))
    return [change for change in batch if names & set(change.values)]


def _errors(told: Mapping[str, Any]) -> Iterator[_Error]:
    for error in told.get("errors") or ():
        if isinstance(error, dict):
            fate = _FATES.get(str(error.get("category")), Fate.UNKNOWN)  # one of a sort that we do not know may come after the fact
            yield _Error(fate=fate, ids=frozenset(_ids_in(error)), told=error)


def _ids_in(error: Mapping[str, Any]) -> Iterator[str]:
    """Yield whom an error names, itself or by what it lists."""
    parts = [error, *(part for part in error.get("errors") or () if isinstance(part, dict))]
    contexts = [context for part in parts if isinstance(context := part.get("context"), dict)]
    for ids in (context.get(name) for context in contexts for name in _NAMES_ROWS):
        yield from map(str, ids if isinstance(ids, list) else ())


def fate_of_refusal(answer: ErrorAnswer) -> Fate:
    """Tell what became of what a 400, 404 or 409 refuses: nothing was done."""
    return _FATES.get(str(answer.told().get("category")), Fate.CHANGED if answer.status == 404 else Fate.REFUSED)


def said_of(error: Mapping[str, Any], sent: Iterable[str | None]) -> str:
    """Say HubSpot's category, and its codes with the properties they are about; else its words, without the values that were sent."""
    message = str(error.get("message") or "")
    category = " ".join(text for name in ("category", "subCategory") if _SAFE.fullmatch(text := str(error.get(name) or "")))
    codes, names = dict.fromkeys(_CODE.findall(message)), sorted(set(_NAME.findall(message)))
    words = f"{', '.join(codes)} of {', '.join(names)}" if codes and names else plain_words(message, hide=sent)
    return f"{category}: {words}" if category else words
