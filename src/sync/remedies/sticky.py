"""Whose a lead is before any pool's turn: the owner of its open deal or account, or who had it before. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sync.facts import OwnerSet
from sync.free_mail import company_domain
from sync.ladder import Due
from sync.protect import open_deals
from sync.remedies.asked import Lead, Router
from sync.roster import member_ids
from sync.route import Sticky
from sync.seats import is_there, pool_of
from sync.terms import Terms

OPEN_DEAL, ACCOUNT, PREVIOUS = "open deal owner", "account owner", "previous owner"


def sticky_owners(lead: Lead, pool: str | None, terms: Terms, router: Router, now: datetime) -> Iterator[Sticky]:
    """Yield whose a lead is, in the order that the agreement names for its pool; only people who are active and not absent."""
    for word in pool_of(terms, pool or "", now).first:
        for owner, of in _named(word, lead, pool or "", terms, router):
            if is_there(terms, owner, now):
                yield Sticky(owner=owner, by=word, of=of)


def _named(word: str, lead: Lead, pool: str, terms: Terms, router: Router) -> Iterator[tuple[str, str]]:
    """Yield the owner ids, in the CRM that says who owns leads, that one word of the agreement means, each with its source."""
    match word:
        case "open deal owner":
            records = list(open_deals(lead.rows, terms))
        case "account owner":
            records = [lead.rows.company] if lead.rows.company is not None and lead.rows.company.key not in lead.rows.gone_at else []
        case _:
            yield from _previous(lead, pool, terms)
            return
    for record in records:
        owner = record.values.get(terms.crms[record.key.crm].vocabulary.owner)
        if owner and not terms.is_unassigned(record.key.crm, owner):
            yield terms.owner_in(terms.authority.owner, owner, of=record.key.crm), str(record.key)
    if word == ACCOUNT:
        yield from _by_domain(lead, terms, router)


def _by_domain(lead: Lead, terms: Terms, router: Router) -> Iterator[tuple[str, str]]:
    """Yield whose the company is that has the domain of the person's address; nobody's for a domain of free mail."""
    for person in lead.rows.people:
        domain = company_domain(person.values.get(terms.crms[person.key.crm].vocabulary.email))
        account = router.account_of(domain) if domain is not None else None
        if account is not None:
            yield account.owner, account.of


def _previous(lead: Lead, pool: str, terms: Terms) -> Iterator[tuple[str, str]]:
    """Yield the member of the pool who had the lead before its present owner; of a lead that nobody has, who had it last."""
    facts = [fact for fact in lead.timeline.facts if isinstance(fact, OwnerSet)]
    before = [fact for fact in facts if fact.owner is not None and fact.owner != facts[-1].owner]
    if before and before[-1].owner in member_ids(terms.roster, lead.timeline.crm, pool):
        yield terms.owner_in(terms.authority.owner, before[-1].owner or "", of=lead.timeline.crm), before[-1].source


def never_rotated(due: Due, lead: Lead, terms: Terms, router: Router, *, pool: str | None, now: datetime) -> Due:
    """Return an escalation where a lead should be passed on, and is with the very person whose it is before any pool."""
    owner = due.finding.owner
    if due.remedy.action != "reassign" or owner is None:
        return due
    whose = next((one for one in sticky_owners(lead, pool, terms, router, now) if one.by != PREVIOUS), None)
    if whose is None or whose.owner != terms.owner_in(terms.authority.owner, owner, of=lead.timeline.crm):
        return due
    why = f"its owner is the {whose.by} ({whose.of}): escalated, never rotated"
    return replace(due, remedy=replace(due.remedy, action="escalate", detail=None), why=why)
