"""What keeps leadpact from acting at a moment: mode, signatures, age, limits, what is stopped, what reverses its writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sync.agreement.model import Agreement
from sync.agreement.versions import why_not_enforcing
from sync.brakes import NO_BRAKES, Brakes
from sync.context import Context
from sync.limits import DAY, HOUR, Spent
from sync.plan import Policy
from sync.refused import refused_too_often
from sync.reversals import COUNTED_FOR, fought_over
from sync.stopping import Now, brakes_at


def policy_at(run: Context, agreement: Agreement, moment: datetime, *, brakes: Brakes = NO_BRAKES) -> Policy:
    """Gather what keeps leadpact from acting by `agreement` at a moment."""
    return Policy(
        mode_of=run.known.config.mode.of,
        not_enforcing=why_not_enforcing(agreement, moment),
        max_act_age=run.known.config.act.max_act_age,
        enforced_since=run.enforced.since().get,
        told=run.known.config.told,
        fired=run.journal.fired(),
        fought=fought_over(run.journal.reversals(moment - COUNTED_FOR)),
        refused=refused_too_often(run.journal.refused_stamps(moment - COUNTED_FOR)),
        brakes=brakes,
    )


def what_brakes(run: Context, agreement: Agreement, moment: datetime, *, keep: bool) -> Brakes:
    """Return what is stopped now, or was at an earlier moment, and what waits in a held plan."""
    if not keep:
        return brakes_at(run.known, Now(moment, moment), agreement.zone)
    return replace(brakes_at(run.known, Now(moment, run.clock()), agreement.zone), held=run.known.held.latches(moment))


def moves_before(run: Context, moment: datetime) -> Spent:
    """Count the moves and assignments that limits of an hour and a day count at a moment."""
    journal, an_hour_ago, a_day_ago = run.journal, moment - HOUR, moment - DAY
    return Spent(
        hour=journal.moves_since(an_hour_ago),
        day=journal.moves_since(a_day_ago),
        assigned_hour=journal.assignments_since(an_hour_ago),
        assigned_day=journal.assignments_since(a_day_ago),
    )
