"""Whether anything can have been promised about a lead at all: most leads of a CRM were never handed over. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.records import FieldChange
from sync.agreement.criteria import Criterion
from sync.agreement.model import Agreement, Handoff, HandRaise, ScoreCrossed, StageEntered
from sync.rows import LeadRows
from sync.terms import Terms, member_ids
from sync.values import Values


def may_be_judged(rows: LeadRows, values: Values, agreement: Agreement, terms: Terms) -> bool:
    """Whether a handoff can ever have opened for the lead, have been missed, or been run ahead of; never a wrong no."""
    return any(_may_open(rows, handoff, agreement, terms) or _may_qualify(handoff, values, agreement) for handoff in agreement.handoffs)


def _may_open(rows: LeadRows, handoff: Handoff, agreement: Agreement, terms: Terms) -> bool:
    names = {trigger.stage for trigger in handoff.opens_on if isinstance(trigger, StageEntered)}
    by_form = any(isinstance(trigger, HandRaise) for trigger in handoff.opens_on)
    for person in rows.people:
        words = terms.crms[person.key.crm].vocabulary
        early = member_ids(terms.roster, person.key.crm, handoff.pool or "") if handoff.kept_until_handoff else frozenset()
        theirs = [change for change in rows.changes if change.record == person.key]
        if by_form and any(change.field == words.hand_raise_at for change in theirs):
            return True
        if early and any(change.field == words.owner and change.value in early for change in theirs):
            return True
        for stage in agreement.stages:
            criterion = stage.recognised.get((person.key.crm, person.key.kind)) if stage.name in names else None
            if criterion is not None and _may_show(criterion, theirs, person.values.items()):
                return True
    return False


def _may_show(criterion: Criterion, changes: Iterable[FieldChange], now: Iterable[tuple[str, str | None]]) -> bool:
    """Whether a record can ever have met a CRM criterion; one that is no choice of values is not looked into."""
    if criterion.picklist is None:
        return True
    field, listed = criterion.picklist
    folded = {value.casefold() for value in listed}
    ever = [*((change.field, change.value) for change in changes), *now]
    return any(name == field and (value or "").casefold() in folded for name, value in ever)


def _may_qualify(handoff: Handoff, values: Values, agreement: Agreement) -> bool:
    names = {trigger.stage for trigger in handoff.opens_on if isinstance(trigger, StageEntered)}
    criteria = [stage.criteria for stage in agreement.stages if stage.name in names and stage.criteria is not None]
    criteria += [trigger.criterion for trigger in handoff.opens_on if isinstance(trigger, ScoreCrossed)]
    return any(values.can_hold(criterion) for criterion in criteria)
