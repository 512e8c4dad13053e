"""Store -> what is told of a pool: who gets the next lead, or what its ledger adds up to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sync.agreement.criteria import Criterion
from sync.assign import Ground, gather_routing
from sync.caps import Load
from sync.errors import SyncError
from sync.judge.judge import judge_lead
from sync.remedies.asked import Lead, belongs_to
from sync.remedies.reassign import failed_owners
from sync.remedies.sticky import sticky_owners
from sync.replay import shares, wrong_book, wrong_entry, wrong_turns
from sync.report.pool import Next, Place, Replayed
from sync.route import FALLBACK, Given, Routing, Sticky, everywhere
from sync.seats import standings
from sync.store.ledger import Entry, PlanBook
from sync.store.plans import Plans
from sync.terms import Terms
from sync.timeline import build_timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """What tells who gets leads, and who got them."""

    ground: Ground
    plans: Plans


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A lead that somebody is to get."""

    lead: str | None = None
    failed: Collection[str] = ()
    fits: Callable[[Criterion], bool] = everywhere
    sticky: Sticky | None = None


def next_of_pool(routed: Routed, pool: str, terms: Terms, lead: str | None, now: datetime) -> Next:
    """Tell who gets the next lead of a pool, or the one that `lead` names; SyncError if the store knows no such lead."""
    routing, _ = gather_routing(routed.ground, terms, now)
    asked = _Question() if lead is None else _of_lead(_lead(routed.ground, lead, terms, now), pool, terms, routing, now)
    given = routing.give(pool, failed=asked.failed, takes_turn=False, fits=asked.fits, sticky=asked.sticky)
    return Next(
        pool=pool,
        lead=asked.lead,
        owner=given.owner if given is not None else None,
        by=given.by if given is not None else None,
        why=_why(given, asked, pool, routing),
        members=tuple(_places(pool, terms, routing, asked, given, now)),
    )


def _lead(ground: Ground, text: str, terms: Terms, now: datetime) -> Lead:
    reader, agreement = ground.known.reader, terms.agreement_at(now)
    found = list(reader.leads(upto=now, bulk_within=agreement.touches.bulk_within, keys=reader.find(text, upto=now)))
    if len(found) != 1:
        what = f"the store knows no lead `{text}`" if not found else f"`{text}` names {len(found)} leads"
        raise SyncError(what, fix="name one by its record, such as hubspot/contact/101")
    (rows,) = found
    return Lead(rows=rows, timeline=build_timeline(rows, agreement, terms, now=now), findings=judge_lead(rows, terms, now).findings)


def _of_lead(lead: Lead, pool: str, terms: Terms, routing: Routing, now: datetime) -> _Question:
    failed = failed_owners(lead, terms)
    return _Question(
        lead=lead.rows.lead,
        failed=failed,
        fits=lambda territory: belongs_to(territory, lead, terms.agreement_at(now), now),
        sticky=next((one for one in sticky_owners(lead, pool, terms, routing, now) if one.owner not in failed), None),
    )


def _why(given: Given | None, asked: _Question, pool: str, routing: Routing) -> str | None:
    if asked.sticky is not None:
        return f"it is theirs before the pool: {asked.sticky.of}"
    if given is None or given.by == FALLBACK:
        return routing.nobody_because(pool, failed=asked.failed, fits=asked.fits)
    return None


def _places(pool: str, terms: Terms, routing: Routing, asked: _Question, given: Given | None, now: datetime) -> Iterator[Place]:
    owed = routing.book.owed.get(pool, {})
    for member in standings(terms, pool, now):
        owner = member.owner or ""
        yield Place(
            person=member.person,
            owner=member.owner,
            weight=member.weight,
            owed=owed.get(owner, 0.0),
            load=routing.loads.get((pool, owner), Load()),
            at_most=member.at_most,
            why=member.away or routing.obstacle(pool, owner, failed=asked.failed, fits=asked.fits),
            is_next=given is not None and given.owner == owner,
        )


def replayed(routed: Routed, pool: str, terms: Terms) -> Replayed:
    """Give every turn of a pool again, plan by plan, from what the ledger makes each owed when that plan was made."""
    crm = terms.authority.owner
    entries = list(routed.ground.ledger.entries(crm, pool))
    of_plan: dict[int, list[Entry]] = {}
    for entry in entries:
        if entry.place is not None:
            of_plan.setdefault(entry.place.plan, []).append(entry)
    wrong, unprovable = [], 0
    for plan, theirs in sorted(of_plan.items()):
        steps = {position: step.given for position, step in routed.plans.numbered(plan) if step.given is not None}
        wrong += [f"{entry.lead}: {why}" for entry in theirs if (why := _wrong_entry(entry, steps)) is not None]
        book = routed.ground.ledger.books(plan).get(pool)
        if book is None:
            unprovable += len(theirs)
        else:
            wrong += [f"plan {plan}: {why}" for why in _wrong_plan(routed, crm, book, steps)]
    standing = [entry.given for entry in entries if entry.back_at is None]
    back = len(entries) - len(standing)
    return Replayed(pool=pool, entries=len(entries), given_back=back, unprovable=unprovable, shares=shares(standing), wrong=tuple(wrong))


def _wrong_entry(entry: Entry, steps: Mapping[int, Given]) -> str | None:
    return wrong_entry(entry.given, steps.get(entry.place.position)) if entry.place is not None else None


def _wrong_plan(routed: Routed, crm: str, book: PlanBook, steps: Mapping[int, Given]) -> Iterator[str]:
    """Yield what of one plan is not what the rule makes it; its beginning is believed where a dry run saw turns not noted yet."""
    if not book.unsaved:
        then = routed.ground.ledger.book(crm, upto=book.upto).owed.get(book.pool, {})
        if (why := wrong_book(book.owed, then)) is not None:
            yield why
    yield from wrong_turns(book.pool, book.owed, sorted(steps.items()))
