"""Asks one CRM what changed, in a thread of its own: one that is slow, or down, holds up nobody else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from queue import SimpleQueue
from threading import Thread

import structlog

from connectors.errors import ConnectorError
from connectors.protocol import WritingConnector
from connectors.records import Account
from sync.context import Context
from sync.daemon.events import Order, Polled
from sync.errors import SyncError
from sync.lint import Facts, fits, refuse_if_misfit
from sync.pull import Pulled, known_facts, read_facts
from sync.run import pull_changes, pull_the_rest
from sync.shrunken import refuse_if_owners_shrunken

log = structlog.get_logger()
ACCOUNT_BELIEVED_FOR = timedelta(hours=1)


@dataclass(slots=True, kw_only=True)
class Reader:
    """Reads one CRM into the store, order by order; belongs to the thread that opened `run`."""

    run: Context
    connector: WritingConnector
    facts: Facts | None = None  # what the CRM last said about itself
    asked_at: datetime | None = None  # by its clock, when it was last asked which account it is

    def carry_out(self, order: Order) -> Polled:
        """Read what is asked for; an error of the CRM, the store or a limit stands in the answer."""
        try:
            return self._persons(order) if order.persons and self.facts is not None else self._changes(order)
        except (ConnectorError, SyncError) as error:
            return Polled(crm=self.connector.crm, order=order, error=error)
        finally:
            self._save_usage()

    def _save_usage(self) -> None:
        try:
            self.run.meter.save()
        except SyncError as error:
            log.debug("usage_not_saved", why=str(error))  # it is counted on, and saved with the next

    def _changes(self, order: Order) -> Polled:
        run, known, crm = self.run, self.run.known, self.connector.crm
        facts = self._facts(order)
        light = known.vocabularies[crm].person_streams if self._is_light(order) else None
        pulled = pull_changes(run, self.connector, facts, streams=light)
        pull_the_rest(run, self.connector, pulled, now=facts.account.server_now)
        known.links.renew(now=facts.account.server_now, shared=known.roster.shared_mailboxes)
        return self._polled(order, facts, pulled)

    def _is_light(self, order: Order) -> bool:
        """Whether it is enough to look for new leads: no promise is open that anything else could keep or break."""
        return not order.whole and self.facts is not None and not self.run.known.findings.has_open()

    def _persons(self, order: Order) -> Polled:
        facts = self._resumed()
        for page in self.connector.read_now(order.persons):
            self.run.known.mirror.save_page(self.connector.crm, page, seen_at=facts.account.server_now)
        self.run.known.links.renew(now=facts.account.server_now, shared=self.run.known.roster.shared_mailboxes)
        return self._polled(order, facts, Pulled(account=facts.account))

    def _resumed(self) -> Facts:
        assert self.facts is not None
        return replace(self.facts, account=self.connector.resume(self.facts.account), pages={})

    def _facts(self, order: Order) -> Facts:
        """Return what the CRM says about itself, as far as the order needs it anew; raises Misfit where the files name what is gone."""
        if self._is_light(order):
            return self._resumed()
        known, account = self.run.known, self._account()
        told = known_facts(self.connector, known.vocabularies[self.connector.crm], account, known.mirror)
        if told is None or not fits(known.agreement, known.roster, told):
            told = read_facts(self.connector, known.vocabularies[self.connector.crm], account)
            refuse_if_misfit(known.agreement, known.roster, [told])
        refuse_if_owners_shrunken(known.mirror, told, share=known.config.limits.smallest_pull_share)
        self.facts = told
        return told

    def _account(self) -> Account:
        if self.facts is not None and self.asked_at is not None:
            account = self.connector.resume(self.facts.account)
            if account.server_now - self.asked_at < ACCOUNT_BELIEVED_FOR:
                return account
        account = self.connector.account()
        self.run.known.mirror.bind_account(account.crm, account.id, pages=account.record_pages)
        if self.asked_at is None:
            self.run.meter.start(self.connector)
        self.asked_at = account.server_now
        return account

    def _polled(self, order: Order, facts: Facts, pulled: Pulled) -> Polled:
        self.facts = replace(facts, pages=facts.pages or (self.facts.pages if self.facts is not None else {}))
        return Polled(
            crm=self.connector.crm,
            order=order,
            facts=self.facts,
            closed=pulled.closed,
            read=frozenset(pulled.rows) | frozenset(pulled.closed),
            server_now=self.connector.server_now,
            rows=sum(pulled.rows.values()),
            usage=self.connector.usage(),
        )


@dataclass(slots=True, kw_only=True)
class Poller:
    """The thread of one CRM: takes orders, one after the other, and tells what came of each."""

    crm: str
    open_reader: Callable[[], AbstractContextManager[Reader]]  # in the thread: a store belongs to the thread that opens it
    tell: Callable[[Polled], None]
    is_stopped: bool = field(default=False, init=False)
    _orders: SimpleQueue[Order | None] = field(default_factory=SimpleQueue, init=False)
    _thread: Thread | None = field(default=None, init=False)  # None until it is started

    def start(self) -> None:
        """Begin to take orders."""
        self._thread = Thread(target=self._work, name=f"poll-{self.crm}", daemon=True)
        self._thread.start()

    def ask(self, order: Order) -> None:
        """Give an order; it is carried out after those before it."""
        self._orders.put(order)

    def stop(self) -> None:
        """Take no further order, and tell nothing more of the last."""
        self.is_stopped = True
        self._orders.put(None)

    def join(self, within_s: float) -> bool:
        """Wait until it has ended; False if it takes longer: what it reads then is not saved, and read again."""
        if self._thread is None:
            return True
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        reader: Reader | None = None
        with ExitStack() as stack:
            while (order := self._orders.get()) is not None:
                try:
                    reader = reader or stack.enter_context(self.open_reader())
                except SyncError as error:
                    self._tell(Polled(crm=self.crm, order=order, error=error))
                else:
                    self._tell(reader.carry_out(order))

    def _tell(self, polled: Polled) -> None:
        if not self.is_stopped:
            self.tell(polled)
