"""How fields are defined at this moment, which counts before stages, statuses and lists are written: to judge, an hour ago will do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sync.begin import Begun
from sync.context import Context
from sync.known import gather_terms
from sync.lint import Facts, refuse_if_misfit
from sync.pull import DEFINITIONS
from sync.stamps import STAMP
from sync.steps import Step
from sync.terms import Terms


def terms_to_write_by(run: Context, begun: Begun, terms: Terms, steps: Iterable[Step]) -> Terms:
    """Return `terms` by the definitions of now of each CRM in which `steps` write more than owners and stamps.

    A value that was renamed meanwhile would be refused, or taken although no picklist has it; of a lead whose list is gone only half
    would be written. Raises Misfit where the files name what a CRM does not have any more; nothing was written then.
    """
    facts = list(_read_anew(run, begun, terms, {step.record.crm for step in steps if _writes_more_than_owners(step, terms)}))
    if not facts:
        return terms
    refuse_if_misfit(run.known.agreement, run.known.roster, facts)
    return gather_terms(run.known, begun.eras)


def _writes_more_than_owners(step: Step, terms: Terms) -> bool:
    owner = terms.crms[step.record.crm].vocabulary.owner
    return step.action != STAMP and any(write.field != owner for write in step.fields)


def _read_anew(run: Context, begun: Begun, terms: Terms, crms: Iterable[str]) -> Iterator[Facts]:
    """Read the definitions of `crms` into the mirror, but where that was done since the run began."""
    mirror = run.known.mirror
    for crm in sorted(crms):
        account, read_upto = begun.facts[crm].account, mirror.streams(crm)[DEFINITIONS].upto
        if read_upto is not None and read_upto >= account.server_now:
            continue
        pages = tuple(run.writers[crm].pages(DEFINITIONS, None))
        for page in pages:
            mirror.save_page(crm, page, seen_at=account.server_now)
        yield Facts(
            account=account,
            vocabulary=terms.crms[crm].vocabulary,
            pages={DEFINITIONS: pages},
            known_owners=mirror.owners(crm),
            known_teams=mirror.teams(crm),
        )
