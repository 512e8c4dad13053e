"""The stage that opens a handoff, for a lead that meets its criteria and was not handed over. Pure."""

from __future__ import annotations

from sync.agreement.model import StageEntered
from sync.remedies.asked import Asked, Writes
from sync.steps import FieldWrite


def promotion(asked: Asked) -> Writes:
    """Return the write that sets the stage which opens the handoff, in the CRM that says which stage a lead is in."""
    opening = {
        trigger.stage
        for handoff in asked.agreement.handoffs
        if handoff.name == asked.due.finding.cycle.handoff
        for trigger in handoff.opens_on
        if isinstance(trigger, StageEntered)
    }
    for stage in asked.agreement.stages:
        person = asked.written(asked.terms.authority.of_stage(stage))
        recognised = stage.recognised.get((person.key.crm, person.key.kind))
        if stage.name in opening and recognised is not None and recognised.picklist is not None and len(recognised.picklist[1]) == 1:
            name, (value,) = recognised.picklist
            return Writes(record=person, fields=(FieldWrite(field=name, before=person.values.get(name), after=value),))
    person = asked.written(asked.terms.authority.marketing)
    kind = f"{person.key.crm} {person.key.kind}"
    return Writes(record=person, missing=(f"the agreement does not say which value hands over a {kind}",))
