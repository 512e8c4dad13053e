"""What leads are judged by, as one hash: if it is another one than last time, every lead is judged anew."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import version

from sync.terms import CrmTerms, Terms
from sync.version import VERSION

LIBRARIES = ("holidays", "opening-hours-py", "sqlglot")  # whose data or answers a judgement rests on


def judged_by(terms: Terms) -> str:
    """Return a hash over agreement versions, roster, the CRMs' own words and the programs that judge; owners and teams are not in it."""
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
    for name, crm in sorted(terms.crms.items()):
        yield name
        yield from _words(crm)


def _words(crm: CrmTerms) -> Iterator[str]:
    yield crm.own_app or ""
    yield repr(sorted(crm.ladder.items()))
    yield repr(sorted(crm.closed_stages))
    yield repr(sorted((key, sorted(labels.items())) for key, labels in crm.labels.items()))
