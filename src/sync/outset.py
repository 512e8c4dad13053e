"""Whether anything can have been promised about a lead at all: most leads of a CRM were never handed over. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.records import Vocabulary
from sync.agreement.criteria import Criterion
from sync.agreement.criteria_types import Value
from sync.agreement.model import Agreement, Handoff, HandRaise, ScoreCrossed, Stage, StageEntered
from sync.history import typed_value
from sync.roster import Roster, member_ids
from sync.rows import LeadRows

Place = tuple[str, str, str]  # a CRM, a kind of record, a field
Ever = Mapping[Place, Iterable[str | None]]  # every value that a field is known to have had


@dataclass(frozen=True, slots=True)
class Outset:
    """What must once have been true of a lead before one version of the agreement can promise anything about it."""

    agreement: Agreement
    opening: Mapping[Place, frozenset[str] | None]  # values that open a handoff, or tell of an early owner, folded; None: any
    always: frozenset[tuple[str, str]]  # kinds of record whose stage cannot be told from its values alone
    criteria: tuple[Criterion, ...]  # that a lead qualifies by

    def allows(self, rows: LeadRows) -> bool:
        """Whether anything can have been promised about the lead; never a wrong no."""
        if len(rows.people) > 1 or (rows.people[0].key.crm, rows.people[0].key.kind) in self.always:
            return True
        ever = _values_of(rows)
        return any(_opens(ever, place, values) for place, values in self.opening.items()) or any(
            criterion.can_hold(lambda field: self._typed(field, ever)) for criterion in self.criteria
        )

    def _typed(self, field: str, ever: Ever) -> Iterator[Value]:
        """Yield every value that a field of the agreement may have had; blank among them, as it may have been at first."""
        one = self.agreement.fields[field]
        for (crm, kind), name in one.sources.items():
            for raw in ever.get((crm, kind, name), ()):
                yield None if raw is None else typed_value(raw, one.type, self.agreement.zone)
        yield None


def _values_of(rows: LeadRows) -> dict[Place, list[str | None]]:
    """Return every value that the fields of person and company had; the present one of those that have no history."""
    ever: dict[Place, list[str | None]] = {}
    for change in rows.changes:
        key = change.record
        ever.setdefault((key.crm, key.kind, change.field), []).append(change.value)
    for record in (*rows.people, *((rows.company,) if rows.company is not None else ())):
        crm, kind = record.key.crm, record.key.kind
        for field, value in record.values.items():
            ever.setdefault((crm, kind, field), [value])
    return ever


def _opens(ever: Ever, place: Place, values: frozenset[str] | None) -> bool:
    had = ever.get(place, ())
    return any(value for value in had) if values is None else any(value is not None and value.casefold() in values for value in had)


def find_outset(agreement: Agreement, vocabularies: Iterable[Vocabulary], roster: Roster) -> Outset:
    """Return what one version of the agreement asks before it promises anything."""
    opening: dict[Place, frozenset[str] | None] = {}
    always: set[tuple[str, str]] = set()
    for words in vocabularies:
        for handoff in agreement.handoffs:
            for field, values in _openings(agreement, handoff, words, roster):
                if field is None:
                    always.add((words.crm, words.person))
                    continue
                place = (words.crm, words.person, field)
                known = opening.get(place, frozenset())
                opening[place] = None if values is None or known is None else known | values
    return Outset(agreement, opening, frozenset(always), tuple(_criteria(agreement)))


def _openings(
    agreement: Agreement, handoff: Handoff, words: Vocabulary, roster: Roster
) -> Iterator[tuple[str | None, frozenset[str] | None]]:
    """Yield (field, values) that open `handoff`; field None where it cannot be told from values alone."""
    if words.hand_raise_at is not None and any(isinstance(trigger, HandRaise) for trigger in handoff.opens_on):
        yield words.hand_raise_at, None
    if handoff.kept_until_handoff and handoff.pool is not None:
        yield words.owner, frozenset(owner.casefold() for owner in member_ids(roster, words.crm, handoff.pool))
    for stage in _stages(handoff, agreement):
        criterion = stage.recognised.get((words.crm, words.person))
        if criterion is not None and criterion.picklist is None:
            yield None, None
        elif criterion is not None and criterion.picklist is not None:
            yield criterion.picklist[0], frozenset(value.casefold() for value in criterion.picklist[1])


def _stages(handoff: Handoff, agreement: Agreement) -> Sequence[Stage]:
    names = {trigger.stage for trigger in handoff.opens_on if isinstance(trigger, StageEntered)}
    return [stage for stage in agreement.stages if stage.name in names]


def _criteria(agreement: Agreement) -> Iterator[Criterion]:
    for handoff in agreement.handoffs:
        yield from (stage.criteria for stage in _stages(handoff, agreement) if stage.criteria is not None)
        yield from (trigger.criterion for trigger in handoff.opens_on if isinstance(trigger, ScoreCrossed))
