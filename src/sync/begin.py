"""How a run begins: who and when it is for each CRM, what fits, and how it ended where a CRM or a limit ended it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from structlog.contextvars import bound_contextvars

from connectors.errors import ConnectorError
from connectors.protocol import Connector
from connectors.records import Account
from sync.agreement.eras import AgreementSpan
from sync.agreement.model import Agreement
from sync.agreement.versions import version_of
from sync.context import Context
from sync.errors import ConfigurationError, LimitReached, UsageError
from sync.known import eras_at
from sync.lint import Facts, fits, refuse_if_misfit
from sync.only import EVERYTHING, Only
from sync.problems import choose_fix, listed
from sync.pull import DEFINITIONS, known_facts, read_facts
from sync.report.contract import usage_json

log = structlog.get_logger()
DRY_RUN, SYNC = "dry-run", "sync"
CLOCK_MAY_BE_OFF = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person may ask of a run."""

    as_of: datetime | None = None  # judge as things were known then
    only: Only = EVERYTHING  # which findings the report shows
    anew: bool = False  # read everything, not just what changed
    shrunken: frozenset[str] = frozenset()  # streams, such as `hubspot/contacts`, of which much may be gone


NOTHING_SPECIAL = Asked()


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A run that found its accounts, its time and its agreement, and has read nothing into the store yet."""

    run_id: str
    kind: str  # dry-run, sync, apply, undo
    now: datetime
    machine_at: datetime  # the same by this machine's clock alone, against which it is told how long the run took
    moment: datetime  # at which leads are judged
    facts: Mapping[str, Facts]  # crm -> what it says about itself
    eras: tuple[AgreementSpan, ...]
    agreement: Agreement  # the version in force at `moment`, else the current file

    @property
    def ahead(self) -> timedelta:
        """By how much the run's time is ahead of this machine's clock."""
        return self.now - self.machine_at


@contextmanager
def opened_run(run: Context, kind: str, asked: Asked = NOTHING_SPECIAL) -> Iterator[Begun]:
    """Begin a run; what it cost, and how it ended where a CRM or a limit ends it, is noted."""
    _refuse_if_unknown(asked.shrunken, run.connectors)
    with _metered(run):
        begun = begin(run, asked.as_of, kind=kind)
        with noted_if_it_fails(run, begun), bound_contextvars(run=begun.run_id):
            yield begun


def _refuse_if_unknown(streams: Iterable[str], connectors: Iterable[Connector]) -> None:
    known = [f"{connector.crm}/{stream}" for connector in connectors for stream in connector.streams() if stream != DEFINITIONS]
    for stream in streams:
        if stream not in known:
            raise UsageError(
                f"--accept-shrunken {stream} names no stream", fix=choose_fix(stream, known, otherwise=f"known are: {listed(known)}")
            )


@contextmanager
def _metered(run: Context) -> Iterator[None]:
    try:
        yield
    finally:
        run.meter.save()


@contextmanager
def noted_if_it_fails(run: Context, begun: Begun) -> Iterator[None]:
    """Note how a run ended that a CRM, the files or a limit stopped; of an error of the store the store cannot tell."""
    try:
        yield
    except (ConnectorError, ConfigurationError, LimitReached, UsageError) as error:
        run.runs.finish(begun.run_id, outcome=type(error).__name__, summary=cost_of(run, begun))
        raise


def begin(run: Context, as_of: datetime | None, *, kind: str) -> Begun:
    """Ask each CRM who and when it is, and refuse what does not fit: another account's store, files that name what is not there."""
    known = run.known
    accounts = {connector.crm: connector.account() for connector in run.connectors}
    machine_at = run.clock()
    now = corrected(machine_at, accounts.values())
    moment = now if as_of is None else refuse_if_future(as_of, now)
    facts = {connector.crm: _facts(run, connector, accounts[connector.crm]) for connector in run.connectors}
    refuse_if_misfit(known.agreement, known.roster, facts.values())
    for fact in facts.values():
        known.mirror.bind_account(fact.account.crm, fact.account.id, pages=fact.account.record_pages)
    known.agreements.remember(version_of(known.agreement, seen_at=now))
    eras = eras_at(known, upto=as_of)
    agreement = next(era.agreement for era in eras if era.covers(moment))
    mode = "observe" if kind == DRY_RUN else known.config.mode.default
    run_id = run.runs.start(kind, mode=mode, as_of=as_of, now=now, agreement_hash=agreement.hash)
    log.info("run_started", run=run_id, as_of=moment.isoformat(), agreement=agreement.hash[:12])
    return Begun(run_id=run_id, kind=kind, now=now, machine_at=machine_at, moment=moment, facts=facts, eras=eras, agreement=agreement)


def _facts(run: Context, connector: Connector, account: Account) -> Facts:
    """Return what a CRM says about itself: what was known an hour ago, unless the files would be refused by that."""
    known, words = run.known, run.known.vocabularies[connector.crm]
    run.meter.start(connector)
    facts = known_facts(connector, words, account, known.mirror)
    return facts if facts is not None and fits(known.agreement, known.roster, facts) else read_facts(connector, words, account)


def refuse_if_future(as_of: datetime, now: datetime) -> datetime:
    """Return `as_of`; UsageError if it lies after `now`."""
    if as_of > now:
        raise UsageError(f"--as-of {as_of.isoformat()} lies in the future: it is {now.isoformat()}", fix="name a moment that is past")
    return as_of


def corrected(machine: datetime, accounts: Iterable[Account]) -> datetime:
    """Return the time of the run: the machine's, or the CRM's where the machine is off by more than 30 s."""
    for account in accounts:
        if abs(account.server_now - machine) > CLOCK_MAY_BE_OFF:
            return account.server_now
    return machine


def cost_of(run: Context, begun: Begun) -> dict[str, object]:
    """Return how long a run took so far, and what it used of each CRM's budget."""
    took = max(0.0, (run.clock() - begun.machine_at).total_seconds())
    return {"took_s": round(took, 1), "usage": {crm: usage_json(usage) for crm, usage in run.meter.told().items()}}
