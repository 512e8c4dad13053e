"""What leads are judged by, as one hash: if it is another one than last time, every lead is judged anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import version

from sync.terms import CrmTerms, Terms
from sync.version import VERSION

LIBRARIES = ("holidays", "opening-hours-py", "sqlglot")  # whose data or answers a judgement rests on


def judged_by(terms: Terms) -> str:
    """Return a hash over agreement versions, roster, the CRMs' own words and the programs that judge.

    Owners and teams are not in it, but which of them are one person in two CRMs is.
    """
    digest = sha256()
    for part in _parts(terms):
        digest.update(part.encode() + b"\n")
    return digest.hexdigest()


def _parts(terms: Terms) -> Iterator[str]:
    yield VERSION
    yield from (f"{library} {version(library)}" for library in LIBRARIES)
    yield from (f"{span.agreement.hash} {span.since} {span.until}" for span in terms.spans)
    yield terms.roster.text
    yield str(terms.settle)
    yield repr(terms.parts)
    yield repr(_same_people(terms))
    for name, crm in sorted(terms.crms.items()):
        yield name
        yield from _words(crm)


def _words(crm: CrmTerms) -> Iterator[str]:
    yield crm.own_app or ""
    yield repr(sorted(crm.ladder.items()))
    yield repr(sorted(crm.closed_stages))
    yield repr(sorted((key, sorted(labels.items())) for key, labels in crm.labels.items()))


def _same_people(terms: Terms) -> list[str]:
    """Name the owners whose address another CRM's owner has too, in order."""
    addresses = Counter(address for crm in terms.crms.values() for address in set(crm.emails.values()))
    owners = ((crm, owner, address) for crm, known in terms.crms.items() for owner, address in known.emails.items())
    return sorted(f"{crm} {owner} {address}" for crm, owner, address in owners if addresses[address] > 1)
