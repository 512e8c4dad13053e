"""What leadpact did about leads, by its journal; and who owned them, by the CRM's own history."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from tests.faults.due import Had, Name
from tests.flow.enforcing import Enforced
from tests.flow.people import People

END = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Done:
    """A rung that was carried out."""

    name: Name
    at: datetime  # by the daemon's clock, of the tick that planned it


def deeds_of(store: Path, lead: str) -> Sequence[Done]:
    """Return the rungs that were carried out for a lead, by its record's id, in order."""
    with closing(sqlite3.connect(store)) as opened:
        rows = opened.execute(
            """
            SELECT run.began_at, step.rule, step.action, step.rung FROM plan_step AS step
            JOIN plan ON plan.id = step.plan JOIN run ON run.id = plan.run JOIN object ON object.id = step.lead
            WHERE crm_id = ? AND EXISTS (
                SELECT 1 FROM journal WHERE (plan, position) = (step.plan, step.position)
                    AND event = iif(step.action = 'remind', 'done', 'verified')
            ) ORDER BY began_at
            """,
            (lead,),
        )
        return [Done(name=(rule, action, rung), at=datetime.fromtimestamp(at / 1000, UTC)) for at, rule, action, rung in rows]


def owners_of(one: Enforced, lead: str) -> Sequence[Had]:
    """Return who owned a lead when, by the CRM's own history."""
    changes = sorted(_changes(one, lead))
    return [Had(owner=owner, since=since, upto=upto) for (since, owner), (upto, _) in pairwise([*changes, (END, "")])]


def _changes(one: Enforced, lead: str) -> Iterator[tuple[datetime, str]]:
    people = one.world.people
    if isinstance(people, People):
        row = people.ask("GET", f"/crm/v3/objects/contacts/{lead}?propertiesWithHistory=hubspot_owner_id")
        for change in row["propertiesWithHistory"]["hubspot_owner_id"]:
            yield datetime.fromisoformat(change["timestamp"]), change["value"]
        return
    row = people.record(lead)
    history = [one for one in people.rows("LeadHistory") if one["LeadId"] == lead and one["Field"] == "Owner"]
    moves = sorted(
        (one["CreatedDate"], one["OldValue"], one["NewValue"]) for one in history if str(one["NewValue"]).startswith(("005", "00G"))
    )
    yield datetime.fromisoformat(row["CreatedDate"]), moves[0][1] if moves else row["OwnerId"]
    for at, _, owner in moves:
        yield datetime.fromisoformat(at), owner


def standing_of(store: Path, lead: str, rule: str) -> str | None:
    """Return how a promise about a lead stands; None where nothing is promised."""
    with closing(sqlite3.connect(store)) as opened:
        row = opened.execute(
            """
            SELECT status FROM finding JOIN finding_version AS version ON version.id = finding.version
            JOIN object ON object.id = finding.lead WHERE crm_id = ? AND rule = ? AND NOT finding.withdrawn
            """,
            (lead, rule),
        ).fetchone()
        return row[0] if row is not None else None


def messages_of(store: Path) -> Counter[str]:
    """Count the messages by what became of them."""
    with closing(sqlite3.connect(store)) as opened:
        return Counter(state for (state,) in opened.execute("SELECT state FROM outbox"))
