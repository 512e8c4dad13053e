"""Which steps were begun and not finished, though the end of each of their writes is known: the SQL that finds them in the journal.

In both statements `write` holds the newest line of each part of a step.
"""

from __future__ import annotations

from sync.ladder import MOVES


def is_restored(later: str) -> str:
    """Say of a line about a part that was put off whether what had been cleared for it was set again: by a part behind it."""
    same = f"(behind.plan, behind.position) = ({later}.plan, {later}.position) AND behind.part > {later}.part"
    return f"""EXISTS (
        SELECT 1 FROM journal AS behind JOIN journal AS intent USING (plan, position, part)
        WHERE {same} AND behind.event = 'verified' AND intent.event = 'intended' AND intent.record IS NULL
    )"""


PUT_OFF = f"""
    SELECT later.plan, later.position FROM write JOIN journal AS later ON later.id = write.newest
    WHERE later.event = 'later' AND NOT {is_restored("later")} AND EXISTS (
        SELECT 1 FROM journal AS stood WHERE (stood.plan, stood.position) = (later.plan, later.position)
            AND stood.part < later.part AND stood.event = 'verified'
    )
"""
HALF_DONE = f"""
    SELECT step.plan, step.position FROM write JOIN journal AS newest ON newest.id = write.newest
    JOIN plan_step AS step USING (plan, position)
    WHERE newest.event IN ('later', 'not_written') AND step.action IN {MOVES} AND EXISTS (
        SELECT 1 FROM plan_step AS first JOIN journal AS told USING (plan, position)
        WHERE (first.plan, first.position, first.lead, first.finding) = (step.plan, step.position - 1, step.lead, step.finding)
            AND first.action IN {MOVES} AND told.event IN ('verified', 'stands')
    ) AND NOT EXISTS (
        SELECT 1 FROM journal AS told WHERE (told.plan, told.position) = (step.plan, step.position)
            AND told.event NOT IN ('intended', 'unknown', 'later', 'not_written')
    )
"""
