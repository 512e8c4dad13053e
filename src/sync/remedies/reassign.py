"""The next owner for a lead, which may be its first: whose it is before any pool, else the next of its pool who did not fail it. Pure."""

from __future__ import annotations

from sync.agreement.model import Agreement
from sync.judge.findings import Side, Status
from sync.remedies.asked import Asked, Lead, Writes, written_record
from sync.remedies.sticky import sticky_owners
from sync.route import FALLBACK, Given
from sync.steps import FieldWrite
from sync.terms import Terms


def reassignment(asked: Asked) -> Writes:
    """Return the write that gives a lead to its next owner, in the CRM that says who owns leads."""
    terms = asked.terms
    crm = terms.authority.owner
    person = asked.written(crm)
    owner_field = terms.crms[person.key.crm].vocabulary.owner
    before = person.values.get(owner_field)
    pool = pool_of_handoff(asked.due.finding.cycle.handoff, asked.agreement)
    failed = failed_owners(asked.lead, terms)
    sticky = next((one for one in sticky_owners(asked.lead, pool, terms, asked.routing, asked.now) if one.owner not in failed), None)
    given = asked.routing.give(pool, failed=failed, takes_turn=asked.takes_turn, fits=asked.fits, sticky=sticky)
    nobody_left = pool if asked.takes_turn and _is_nobody_left(given, asked, pool, failed) else None
    if given is None:
        why = asked.routing.nobody_because(pool, failed=failed, fits=asked.fits)
        return Writes(record=person, missing=(why,), nobody_left=nobody_left)
    after = terms.owner_in(person.key.crm, given.owner, of=crm)
    if after == f"{crm}:{given.owner}":  # has no id there
        return Writes(record=person, missing=(f"owner {given.owner} of {crm} is nobody in {person.key.crm}",), given=given)
    write = FieldWrite(field=owner_field, before=before, after=after)
    told = f"goes to the {sticky.by} ({sticky.of})" if sticky is not None else _told(given, asked, pool, failed)
    notes = (told,) if told is not None else ()
    return Writes(record=person, fields=(write,), given=given, notes=notes, nobody_left=nobody_left)


def failed_owners(lead: Lead, terms: Terms) -> set[str]:
    """Return who had a lead and failed it, its present owner among them, by their ids in the CRM that says who owns leads."""
    crm = terms.authority.owner
    person = written_record(lead.rows, crm, terms)
    had = {(lead.timeline.crm, f.owner) for f in lead.findings if f.owner and f.status is Status.BREACHED and f.side is Side.OWNER}
    had.add((person.key.crm, person.values.get(terms.crms[person.key.crm].vocabulary.owner) or ""))
    return {terms.owner_in(crm, owner, of=of) for of, owner in had}


def _is_nobody_left(given: Given | None, asked: Asked, pool: str | None, failed: set[str]) -> bool:
    """Whether nobody of the pool may get the lead; who is only off shift may, later."""
    if given is not None:
        return given.by == FALLBACK
    return not asked.routing.waits_for_shift(pool, failed=failed, fits=asked.fits)


def _told(given: Given, asked: Asked, pool: str | None, failed: set[str]) -> str | None:
    """Say of a lead that nobody of its pool can take why not, and that it goes to the fallback."""
    if given.by != FALLBACK:
        return None
    to = f"pool {given.pool}" if given.seats else "its fallback"
    return f"{asked.routing.nobody_because(pool, failed=failed, fits=asked.fits)}: goes to {to}"


def pool_of_handoff(name: str, agreement: Agreement) -> str | None:
    """Return the pool to which a handoff gives leads; None where the agreement names none."""
    return next((handoff.pool for handoff in agreement.handoffs if handoff.name == name), None)
