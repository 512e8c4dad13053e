"""The store of one account, kept up to date or pulled afresh, and what judging every lead in it finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from connectors.hubspot.connector import HubSpot
from connectors.hubspot.settings import HubSpotSettings
from connectors.pacing import Waiting
from sync.agreement.versions import version_of
from sync.begin import Begun
from sync.context import Context
from sync.judge.judge import judge_lead
from sync.known import eras_at, gather_terms
from sync.report.spool import Spool
from sync.rows import LeadRows
from sync.run import dry_run, pull
from sync.store.agreements import Agreements
from sync.store.database import open_store
from sync.store.dirty import Dirty
from sync.store.finding_rows import fingerprint
from sync.store.findings import Findings
from sync.store.journal import Journal
from sync.store.ledger import Enforced, Ledger
from sync.store.link import Links
from sync.store.mirror import Mirror
from sync.store.plans import Plans
from sync.store.rows_read import LeadReader
from sync.store.runs import Runs
from sync.store.waivers import Waivers
from sync.terms import Terms
from sync.tick import judge_dirty
from sync.vendors import crm_facts, wanted
from sync.wiring import open_context

Told = dict[str, bytes]  # finding's key -> what it says, but for the lateness
Leads = dict[str, Told]


@dataclass(kw_only=True)
class Kept:
    """A store with everything that a run needs."""

    run: Context
    re_read: set[str] = field(default_factory=set)  # contacts whose activities the last pull read by association

    def tick(self) -> datetime:
        """Pull, judge what changed, and return the moment at which leads were judged."""
        begun = self.pull()
        terms = gather_terms(self.run.known, begun.eras)
        judge_dirty(self.run.known, terms, run_id=begun.run_id, now=begun.moment)
        return begun.moment

    def audit(self) -> datetime:
        """Pull, judge every lead, and return the moment at which they were judged."""
        with Spool() as spool:
            self._note_fallen_due(self._begin().now)
            return dry_run(self.run, spool).as_of

    def pull(self) -> Begun:
        """Read what changed, and judge nothing."""
        begun = self._begin()
        self._note_fallen_due(begun.now)
        pull(self.run, begun)
        return begun

    def standing(self) -> Leads:
        """Return the findings that stand, by lead."""
        found: Leads = {}
        for finding in self.run.known.findings.latest():
            found.setdefault(finding.lead, {})[finding.key] = fingerprint(finding)
        return found

    def judged_at(self, moment: datetime, *, as_of: bool = False) -> Leads:
        """Judge every lead at `moment` and save nothing; `as_of` as it was known then."""
        terms = self.terms(moment if as_of else None)
        judged = (judge_lead(rows, terms, moment) for rows in self.rows(moment, terms))
        return {one.lead: {f.key: fingerprint(f) for f in one.findings} for one in judged if one.findings}

    def terms(self, upto: datetime | None = None) -> Terms:
        return gather_terms(self.run.known, eras_at(self.run.known, upto=upto), upto=upto)

    def rows(self, moment: datetime, terms: Terms) -> Iterator[LeadRows]:
        """Yield every lead as it was known at `moment`."""
        within = terms.agreement_at(moment).touches.bulk_within
        return self.run.known.reader.leads(upto=moment, bulk_within=within)

    def unsure(self, moment: datetime) -> set[str]:
        """Return the leads with changes that were only observed: of their moment a store knows more the longer it watches.

        These are values without history, and owners who left.
        """
        terms = self.terms()
        left = {owner for crm in terms.crms.values() for owner in crm.gone}
        return {rows.lead for rows in self.rows(moment, terms) if _is_unsure(rows, terms, left)}

    def _begin(self) -> Begun:
        """Begin a run as `sync.begin.begin` does, but for the lint of files that are the same each time."""
        known = self.run.known
        facts = {connector.crm: crm_facts(self.run.known.config, connector) for connector in self.run.connectors}
        now = min(fact.account.server_now for fact in facts.values())
        known.agreements.remember(version_of(known.agreement, seen_at=now))
        run_id = self.run.runs.start("tick", mode="observe", as_of=None, now=now, agreement_hash=known.agreement.hash)
        eras = eras_at(known, upto=None)
        return Begun(run_id=run_id, kind="tick", now=now, machine_at=now, moment=now, facts=facts, eras=eras, agreement=known.agreement)

    def _note_fallen_due(self, now: datetime) -> None:
        known = self.run.known
        self.re_read = {key.id for crm in known.vocabularies for key in known.findings.fallen_due(crm, now)}


def _is_unsure(rows: LeadRows, terms: Terms, left: set[str]) -> bool:
    observed = (c for c in rows.changes if c.since is not None and c.field in terms.judged_fields.get(c.record.kind, ()))
    owners = {c.value for c in rows.changes if c.field == "hubspot_owner_id"}
    return next(observed, None) is not None or not left.isdisjoint(owner for owner in owners if owner)


@contextmanager
def opened(files: Path) -> Iterator[Kept]:
    """Open the store that the config in `files` names."""
    with open_context(files / "config.toml", tell=lambda _: None) as run, closing(_hurried(run)) as connector:
        yield Kept(run=replace(run, connectors=(connector,)))


@contextmanager
def emptied(kept: Kept, path: Path) -> Iterator[Kept]:
    """Open an empty store at `path` for the same account and files."""
    with open_store(path) as store, closing(_hurried(kept.run)) as connector:
        known, words = kept.run.known, kept.run.known.vocabularies
        known = replace(
            known,
            mirror=Mirror(store, words),
            dirty=Dirty(store, words),
            reader=LeadReader(store, words.values()),
            findings=Findings(store),
            agreements=Agreements(store),
            links=Links(store, words),
            waivers=Waivers(store),
        )
        tables = {
            "plans": Plans(store),
            "runs": Runs(store),
            "journal": Journal(store),
            "ledger": Ledger(store),
            "enforced": Enforced(store),
        }
        yield Kept(run=replace(kept.run, known=known, connectors=(connector,), **tables))


class _Clock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self._at_s = 0.0

    def monotonic(self) -> float:
        return self._at_s

    def sleep(self, seconds: float) -> None:
        self._at_s += seconds


def _hurried(run: Context) -> HubSpot:
    """Return a connector that does not wait for the limits of a CRM that has none."""
    hubspot, clock = run.known.config.hubspot, _Clock()
    assert hubspot is not None
    settings = HubSpotSettings(token=hubspot.token.get_secret_value(), base_url=hubspot.base_url, burst_share=hubspot.burst_share)
    return HubSpot(
        settings, wanted(run.known.config, run.known.agreement, "hubspot"), Waiting(monotonic=clock.monotonic, sleep=clock.sleep)
    )
