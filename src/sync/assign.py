"""Files and store -> what gives leads away at a moment: seats, what each is owed, what each has, and whose each account is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import chain

from sync.caps import NO_CAPS, Load
from sync.facts import OwnerSet
from sync.known import Known
from sync.people_turns import PeopleTurn, people_turns
from sync.roster import member_ids
from sync.route import Book, Routing, Sticky
from sync.seats import routing_at
from sync.store.ledger import Enforced, Ledger
from sync.store.whose import Intent, Whose
from sync.terms import Terms

JUST_WRITTEN = timedelta(minutes=10)  # an owner that shows so soon after we wrote it is ours
OVERLAP = timedelta(days=1)  # what is known of a lead may come late: its passage after its owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What routing is worked out from."""

    known: Known
    ledger: Ledger
    enforced: Enforced
    whose: Whose


def gather_routing(ground: Ground, terms: Terms, now: datetime) -> tuple[Routing, tuple[PeopleTurn, ...]]:
    """Return what gives leads at `now`, and the turns of people that count in it and are not in the ledger yet."""
    crm = terms.authority.owner
    turns = new_people_turns(ground, terms, now)
    book = ground.ledger.book(crm)
    for turn in turns:
        book.count(turn.given)
    return routing_at(terms, now, book=book, loads=_loads(ground, terms, turns, now), accounts=_account_of(ground, terms)), turns


def gather_openings(ground: Ground, terms: Terms, now: datetime) -> Routing:
    """Return what says who may get leads at `now`: as `gather_routing`, but for whose turn it is; that is told by a plan."""
    turns = new_people_turns(ground, terms, now) if _has_caps(terms) else ()
    return routing_at(terms, now, book=Book(), loads=_loads(ground, terms, turns, now), accounts=_account_of(ground, terms))


def new_people_turns(ground: Ground, terms: Terms, now: datetime) -> tuple[PeopleTurn, ...]:
    """Return the turns that people and workflows took since rules are enforced and that the ledger does not know, by moment."""
    began = min(ground.enforced.since().values(), default=None)
    if began is None:
        return ()
    seen_since = (ground.ledger.people_read_upto(terms.authority.owner) or began) - OVERLAP
    turns = list(chain.from_iterable(_of_crm(ground, terms, crm, began, seen_since, now) for crm in terms.crms))
    noted = ground.ledger.knows(turn.source for turn in turns)
    unique = {turn.source: turn for turn in turns if turn.source not in noted}
    return tuple(sorted(unique.values(), key=lambda turn: (turn.at, turn.source)))


def _of_crm(ground: Ground, terms: Terms, crm: str, began: datetime, seen_since: datetime, now: datetime) -> Iterator[PeopleTurn]:
    known, words = ground.known, terms.crms[crm].vocabulary
    members = frozenset(chain.from_iterable(member_ids(terms.roster, crm, pool) for pool in terms.roster.pools))
    keys = ground.whose.passed_on(words, members, since=began, seen_since=seen_since)
    if not keys:
        return
    is_ours = _ours(ground.whose.intents(words, since=began), terms, crm)
    within = terms.agreement_at(now).touches.bulk_within
    for rows in known.reader.leads(upto=now, bulk_within=within, keys=keys):
        yield from people_turns(rows, terms, since=began, now=now, ours=is_ours)


def _ours(intents: list[Intent], terms: Terms, crm: str) -> Callable[[OwnerSet], bool]:
    """Return what says whether leadpact set an owner: the CRM names it as the source, or it was just about to."""
    owner_field = terms.crms[crm].vocabulary.owner
    written: dict[tuple[str, str], list[datetime]] = {}
    for one in intents:
        written.setdefault((f"{one.record}#{owner_field}", one.owner), []).append(one.at)

    def is_ours(fact: OwnerSet) -> bool:
        moments = written.get((fact.source, fact.owner or ""), ())
        return fact.ours or any(abs(fact.at - at) <= JUST_WRITTEN for at in moments)

    return is_ours


def _loads(ground: Ground, terms: Terms, turns: tuple[PeopleTurn, ...], now: datetime) -> Mapping[tuple[str, str], Load]:
    """Return what members have; nothing is counted where nobody has caps."""
    if not _has_caps(terms):
        return {}
    crm = terms.authority.owner
    loads = ground.ledger.loads(crm, now)
    for turn in turns:
        key, ago = (turn.given.pool, turn.given.owner), now - turn.at
        load = loads.get(key, Load())
        within = [ago < span for span in (timedelta(hours=1), timedelta(days=1), timedelta(days=7))]
        loads[key] = Load(hour=load.hour + within[0], day=load.day + within[1], week=load.week + within[2])
    pools = {handoff.name: handoff.pool for handoff in terms.agreement_at(now).handoffs if handoff.pool is not None}
    for key, owned in ground.ledger.owned(terms.crms[crm].vocabulary, pools).items():
        loads[key] = replace(loads.get(key, Load()), owned=owned)
    return loads


def _has_caps(terms: Terms) -> bool:
    return any(member.at_most != NO_CAPS for pool in terms.roster.pools.values() for member in pool)


def _account_of(ground: Ground, terms: Terms) -> Callable[[str], Sticky | None]:
    """Return what tells whose the company with a domain is; the companies are read when it is first asked."""

    @cache
    def by_domain() -> Mapping[str, Sticky | None]:
        return _accounts(ground, terms)

    return lambda domain: by_domain().get(domain)


def _accounts(ground: Ground, terms: Terms) -> dict[str, Sticky | None]:
    """Return by domain whose its company is; None where several companies of one domain have different owners."""
    found: dict[str, Sticky | None] = {}
    first = terms.authority.owner
    for crm in sorted(terms.crms, key=lambda one: (one != first, one)):
        here: dict[str, Sticky | None] = {}
        for text, owner, key in ground.whose.accounts(terms.crms[crm].vocabulary):
            domain = host_of(text)
            one = Sticky(owner=terms.owner_in(first, owner, of=crm), by="account owner", of=str(key))
            known = here.setdefault(domain, one)
            if known is not None and known.owner != one.owner:
                here[domain] = None
        found = here | found
    return found


def host_of(text: str) -> str:
    """Return the domain in what a company's record holds: `acme.example` for `https://www.Acme.example/about`."""
    rest = text.strip().casefold().rpartition("://")[2]
    host = rest.partition("/")[0].partition("?")[0].partition(":")[0]
    return host.removeprefix("www.")
