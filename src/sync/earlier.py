"""What became of writes of earlier runs, which a run that writes finds out first; and who sends and reads back for a run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sync.begin import Begun
from sync.carry_out import Tally
from sync.context import Context
from sync.escalate import settle_escalations
from sync.left_open import left_open, tried_of
from sync.remedies.manager_task import ESCALATE
from sync.reversals import Signs
from sync.second_look import SecondLook
from sync.send import Sender
from sync.settle import Settler
from sync.tried import Tried


def settle_earlier(run: Context, begun: Begun) -> Tally:
    """Find out what became of writes that an earlier run was killed in, and whether those that stood still do after the sync's lag.

    Messages of which nobody will find out are noted as such.
    """
    run.outbox.settle(at=begun.now)
    tally, sender = Tally(), sender_of(run, begun, begun.now)
    for connector in run.connectors:
        connector.learn(run.known.mirror.definitions(connector.crm))
    tried = _connected(run, left_open(run.journal, run.plans))
    tally.add_all(settle_escalations(sender, [one for one in tried if one.step.action == ESCALATE]))
    tally.add_all(settler_of(run, sender).settle([one for one in tried if one.step.action != ESCALATE]))
    if stood := _connected(run, tried_of(run.journal.verified_once(upto=begun.now - run.known.config.authority.lag), run.plans)):
        last_written = run.journal.last_written(min(one.intents[0].at for one in stood))
        look = SecondLook(sender=sender, mirror=run.known.mirror, signs=signs_of(run), last_written=last_written)
        tally.add_all(look.all(stood))
    return tally


def sender_of(run: Context, begun: Begun, now: datetime) -> Sender:
    """Return who sends for a run from `now` on."""
    return Sender(writers=run.writers, journal=run.journal, run_id=begun.run_id, now=now)


def settler_of(run: Context, sender: Sender) -> Settler:
    """Return who reads back what was sent."""
    known = run.known
    return Settler(sender=sender, mirror=known.mirror, ledger=run.ledger, owner_crm=known.config.authority.owner, signs=signs_of(run))


def _connected(run: Context, tried: Iterable[Tried]) -> list[Tried]:
    return [one for one in tried if one.step.record.crm in run.writers]


def signs_of(run: Context) -> dict[str, Signs]:
    """Return by what each CRM's histories tell who made a change."""
    known = run.known
    return {crm: Signs(own=known.config.own_app(crm), by_hand=words.by_hand) for crm, words in known.vocabularies.items()}
