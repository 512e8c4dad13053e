"""What a run needs from the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from connectors.pacing import RetryPolicy, Waiting
from connectors.protocol import WritingConnector
from sync.assign import Ground
from sync.delivery import Door
from sync.known import Known
from sync.meter import Meter
from sync.pull import Progress
from sync.store.journal import Journal
from sync.store.ledger import Enforced, Ledger
from sync.store.outbox import Outbox
from sync.store.plans import Plans
from sync.store.reconciled import Parts
from sync.store.reports import Reports
from sync.store.runs import Runs
from sync.store.standing import Standing
from sync.store.tidings import Tidings
from sync.store.upkeep import Upkeep
from sync.store.whose import Whose
from sync.templates import Templates

AGAIN = RetryPolicy(tries=4, first_s=2.0, longest_s=30.0)  # by which a run tries what a CRM could not do for a reason that passes


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything a run needs from the world, put together by wiring."""

    known: Known
    connectors: tuple[WritingConnector, ...]
    plans: Plans
    runs: Runs
    journal: Journal
    ledger: Ledger
    whose: Whose
    enforced: Enforced
    outbox: Outbox
    tidings: Tidings
    reports: Reports
    door: Door
    templates: Templates
    meter: Meter
    upkeep: Upkeep
    standing: Standing
    parts: Parts
    clock: Callable[[], datetime]
    waiting: Waiting
    tell: Callable[[Progress], None]
    goes_on: Callable[[], bool] = lambda: True  # False once the process was asked to stop: what is not written yet stays planned
    patience: RetryPolicy = AGAIN
    heedless: bool = False  # a person wants it written all the same: what is paused and frozen stops nothing

    @property
    def ground(self) -> Ground:
        """What routing is worked out from."""
        return Ground(known=self.known, ledger=self.ledger, enforced=self.enforced, whose=self.whose)

    @property
    def writers(self) -> dict[str, WritingConnector]:
        """The connectors by CRM."""
        return {connector.crm: connector for connector in self.connectors}
