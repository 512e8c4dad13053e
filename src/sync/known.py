"""What files and store know together, without asking a CRM: the ground of every judgement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.records import Vocabulary
from sync.agreement.eras import AgreementSpan, find_eras
from sync.agreement.model import Agreement
from sync.agreement.versions import Version
from sync.config import Config
from sync.gather import Staff, crm_terms
from sync.roster import Roster
from sync.store.agreements import Agreements
from sync.store.dirty import Dirty
from sync.store.findings import Findings
from sync.store.held import Held
from sync.store.journal import Journal
from sync.store.link import Links
from sync.store.mirror import Mirror
from sync.store.rows_read import LeadReader
from sync.store.stops import Stops
from sync.store.waivers import Waivers
from sync.terms import Terms
from sync.waivers import standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The files of one account and its store, opened by wiring."""

    config: Config
    agreement: Agreement
    roster: Roster
    vocabularies: Mapping[str, Vocabulary]
    mirror: Mirror
    dirty: Dirty
    reader: LeadReader
    findings: Findings
    agreements: Agreements
    links: Links
    journal: Journal
    stops: Stops
    held: Held
    waivers: Waivers
    read_version: Callable[[Version], Agreement]


def eras_at(known: Known, *, upto: datetime | None) -> tuple[AgreementSpan, ...]:
    """Return which version of the agreement judges what starts when; with `upto`, of the versions known at that moment."""
    versions = [version for version in known.agreements.versions() if upto is None or version.seen_at <= upto]
    return find_eras(known.agreement, versions, known.read_version)


def gather_terms(known: Known, eras: tuple[AgreementSpan, ...], *, upto: datetime | None = None) -> Terms:
    """Collect from the store what leads are judged by; with `upto`, who had left and what was waived as it was known at that moment."""
    crms = {
        crm: crm_terms(
            vocabulary,
            definitions=known.mirror.definitions(crm),
            staff=Staff(owners=known.mirror.owners(crm), teams=known.mirror.teams(crm), gone=known.mirror.owners_gone(crm, upto=upto)),
            upto={name: state.upto for name, state in known.mirror.streams(crm).items() if state.upto is not None},
            own_app=known.config.own_app(crm),
        )
        for crm, vocabulary in known.vocabularies.items()
    }
    parts = known.config.authority if len(crms) > 1 else None
    waivers = {waiver.finding: waiver for waiver in standing(known.waivers.given(upto=upto))}
    return Terms(spans=eras, roster=known.roster, crms=crms, settle=known.config.settle.moves, parts=parts, waivers=waivers)


def known_upto(terms: Terms) -> datetime | None:
    """Return the moment up to which the persons of every CRM were read; None before the first complete pull."""
    moments = [crm.upto.get(crm.vocabulary.person_stream) for crm in terms.crms.values()]
    told = [moment for moment in moments if moment is not None]
    return min(told) if told and len(told) == len(moments) else None
