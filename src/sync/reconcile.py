"""The nightly comparison of all that the store holds with the CRMs, and what is done to the store afterwards. Never writes to a CRM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from connectors.errors import ConnectorError, Denied
from connectors.protocol import WritingConnector
from sync.begin import Begun, cost_of, opened_run
from sync.compare import OPEN_LEADS, WRITES, Comparing
from sync.context import Context
from sync.earlier import signs_of
from sync.errors import LimitReached
from sync.run import telling
from sync.store.reconciled import Part

log = structlog.get_logger()
RECONCILE = "reconcile"
GOES_ON_WITHIN = timedelta(hours=20)  # of its beginning one that was cut short is gone on with; the next night begins anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was done to the store."""

    erased: int  # records of persons whom their CRM deleted long ago
    given_back: int  # bytes that left the file
    backup: Path

    def as_json(self) -> dict[str, object]:
        """Return it as it is kept with the run; the folder is this machine's own affair."""
        return {"erased": self.erased, "given_back": self.given_back, "backup": self.backup.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a reconciliation found and did."""

    run_id: str
    parts: tuple[Part, ...]
    kept: Kept
    stopped_by: LimitReached | None = None  # of a part: so much seems to be erased that a person must say whether it is

    @property
    def drifted(self) -> int:
        """How many differences there were."""
        return sum(sort.count for part in self.parts for sort in part.drift)

    @property
    def left_out(self) -> tuple[Part, ...]:
        """What was not compared, or not to its end."""
        return tuple(part for part in self.parts if part.state == "left out")

    def as_json(self) -> dict[str, object]:
        """Return it as it is kept with the run."""
        return {"reconciled": [part.as_json() for part in self.parts], "kept": self.kept.as_json()}


def reconcile(run: Context) -> Reconciled:
    """Compare and heal all parts of every CRM, then erase, shrink and back up the store.

    Beside another run of any kind: each page is saved in a transaction of its own and moves no cursor; what it changes is marked to
    be judged by whoever judges next. A part that a CRM does not let be read now, the budget of the day above all, is left out and
    comes first the next time. A run that was cut short goes on where that stopped. Raises ConnectorError where a CRM tells nothing at
    all, and StoreError; what was healed stays. The store is backed up also where a CRM is the reason.
    """
    run.upkeep.refuse_if_damaged()
    try:
        with opened_run(run, RECONCILE) as begun:
            return _reconcile(run, begun)
    except ConnectorError:
        keep_store(run, now=run.clock())
        raise


def _reconcile(run: Context, begun: Begun) -> Reconciled:
    before = {(part.crm, part.name): part for part in run.parts.cut_short(since=begun.now - GOES_ON_WITHIN)}
    stopped: list[LimitReached] = []
    parts = tuple(part for connector in run.connectors for part in _parts(run, begun, connector, before, stopped))
    run.known.links.renew(now=begun.now, shared=run.known.roster.shared_mailboxes)
    kept = keep_store(run, now=begun.now)
    done = Reconciled(run_id=begun.run_id, parts=parts, kept=kept, stopped_by=next(iter(stopped), None))
    run.runs.finish(begun.run_id, outcome="ok", summary=done.as_json() | cost_of(run, begun))
    log.info("reconciled", run=begun.run_id, drifted=done.drifted, left_out=len(done.left_out))
    return done


def keep_store(run: Context, *, now: datetime) -> Kept:
    """Erase who was deleted long ago, take the bytes out of the files, give free room back, and make a backup."""
    upkeep, config = run.upkeep, run.known.config
    erased = upkeep.erase_deleted(run.known.vocabularies.values(), before=now - config.retention.deleted, now=now)
    upkeep.scrub()
    return Kept(erased=erased, given_back=upkeep.shrink(), backup=upkeep.back_up(at=now, keep=config.backup.keep))


def _parts(
    run: Context, begun: Begun, connector: WritingConnector, before: Mapping[tuple[str, str], Part], stopped: list[LimitReached]
) -> Iterator[Part]:
    """Do the parts of one CRM: those that were done the longest ago come first, so that a small budget leaves none out for ever."""
    comparing = _comparing(run, begun, connector)
    connector.learn(run.known.mirror.definitions(connector.crm))
    done_at = run.parts.last_done(connector.crm)
    names = (WRITES, OPEN_LEADS, *(stream for stream in connector.streams() if stream in connector.kinds()))
    for name in sorted(names, key=lambda name: (name in done_at, done_at.get(name, begun.now))):
        part = before.get((connector.crm, name)) or Part(crm=connector.crm, name=name, state="begun")
        if part.state != "done":
            part = _done_or_left_out(comparing, replace(part, state="begun", why=""), stopped)
        run.parts.note(begun.run_id, part, at=run.clock() + begun.ahead)
        yield part


def _done_or_left_out(comparing: Comparing, part: Part, stopped: list[LimitReached]) -> Part:
    try:
        return comparing.part(part)
    except Denied:
        raise
    except (ConnectorError, LimitReached) as error:
        if isinstance(error, LimitReached):
            stopped.append(error)
        log.warning("part_left_out", crm=part.crm, part=part.name, why=str(error))
        return replace(part, state="left out", why=str(error))


def _comparing(run: Context, begun: Begun, connector: WritingConnector) -> Comparing:
    crm = connector.crm
    return Comparing(
        connector=connector,
        mirror=run.known.mirror,
        standing=run.standing,
        signs=signs_of(run)[crm],
        seen_at=begun.facts[crm].account.server_now,
        written_within=run.known.config.reconcile.writes,
        keep=partial(run.parts.note, begun.run_id, at=begun.now),
        tell=telling(run),
    )
