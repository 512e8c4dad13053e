"""Another owner for a lead: the next of its pool who did not fail it. Pure."""

from __future__ import annotations

from sync.judge.findings import Side, Status
from sync.remedies.asked import Asked, Writes
from sync.steps import FieldWrite


def reassignment(asked: Asked) -> Writes:
    """Return the write that gives a lead to its next owner, in the CRM that says who owns leads."""
    terms, lead, finding = asked.terms, asked.lead, asked.due.finding
    crm = terms.authority.owner
    person = asked.written(crm)
    owner_field = terms.crms[person.key.crm].vocabulary.owner
    before = person.values.get(owner_field)
    failed = {f.owner for f in lead.findings if f.owner and f.status is Status.BREACHED and f.side is Side.OWNER}
    had = {(lead.timeline.crm, owner) for owner in failed} | {(person.key.crm, before or "")}
    pool = next((handoff.pool for handoff in asked.agreement.handoffs if handoff.name == finding.cycle.handoff), None)
    given = asked.routing.give(pool, failed={terms.owner_in(crm, owner, of=of) for of, owner in had}, takes_turn=asked.takes_turn)
    if given is None:
        return Writes(record=person, missing=(f"nobody in pool {pool or '(none)'} is left who may get this lead",))
    after = terms.owner_in(person.key.crm, given.owner, of=crm)
    if after == f"{crm}:{given.owner}":  # has no id there
        return Writes(record=person, missing=(f"owner {given.owner} of {crm} is nobody in {person.key.crm}",))
    return Writes(record=person, fields=(FieldWrite(field=owner_field, before=before, after=after),), given=given)
