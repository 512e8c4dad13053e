"""What is told of a run that read, judged and planned."""

from __future__ import annotations

from sync.agreement.model import Agreement
from sync.agreement.versions import signed_sides, why_not_enforcing
from sync.begin import Begun
from sync.context import Context
from sync.pull import Pulled
from sync.report.audit import Audit
from sync.report.summary import Summary
from sync.store.plans import SavedPlan
from sync.terms import Terms


def audit_of(run: Context, begun: Begun, pulled: tuple[Pulled, ...], terms: Terms, summary: Summary, plan: SavedPlan | None) -> Audit:
    """Return what there is to tell of a run: when, by which agreement, what was read, found and planned."""
    known, agreement = run.known, begun.agreement
    return Audit(
        run_id=begun.run_id,
        kind=begun.kind,
        started_at=begun.now,
        as_of=begun.moment,
        agreement=agreement,
        eras=begun.eras,
        draft=known.agreement.hash if known.agreement.hash != agreement.hash else None,
        signed=tuple(sorted(signed_sides(agreement))),
        not_enforcing=why_not_enforcing(agreement, begun.moment),
        not_judged=not_judged(agreement),
        pulled=pulled,
        usage=run.meter.told(),
        leads={connector.crm: known.reader.count_persons(known.vocabularies[connector.crm]) for connector in run.connectors},
        names=names_of(terms),
        teams=teams_of(terms),
        summary=summary,
        limited=False,
        plan=plan,
    )


def names_of(terms: Terms) -> dict[str, str]:
    """Return the names of all owners, by id."""
    return {owner: name for crm in terms.crms.values() for owner, name in crm.names.items()}


def teams_of(terms: Terms) -> dict[str, str]:
    """Return the team of each owner who is in one, by id."""
    return {owner: team for name, crm in terms.crms.items() for owner in crm.names if (team := terms.team_of(name, owner))}


def not_judged(agreement: Agreement) -> tuple[str, ...]:
    """Name what is read, checked and kept, but not judged: how leads were nurtured, as no CRM tells of every marketing mail."""
    return tuple(f"nurtured of {handoff.name}" for handoff in agreement.handoffs if handoff.nurtured is not None)
