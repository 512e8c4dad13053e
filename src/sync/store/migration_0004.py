"""Migration 0004: the level of a finding, how its time went, and since when an owner is not there."""

from __future__ import annotations

from typing import Final

LEVELS_AND_LEAVERS: Final = (
    "ALTER TABLE finding_version ADD COLUMN level TEXT",
    "ALTER TABLE finding_version ADD COLUMN reason TEXT",
    "ALTER TABLE finding_version ADD COLUMN owed INTEGER NOT NULL DEFAULT 0 CHECK (owed IN (0, 1))",
    "ALTER TABLE finding ADD COLUMN elapsed TEXT CHECK (elapsed IS NULL OR json_valid(elapsed))",
    "DROP VIEW v_findings",
    """
    CREATE VIEW v_findings AS -- what stands now
    SELECT finding.key, object.crm || '/' || object.kind || '/' || object.crm_id AS lead,
        v.rule, v.kind, v.level, v.status, v.side, v.owner,
        strftime('%Y-%m-%dT%H:%M:%fZ', v.started_at / 1000.0, 'unixepoch') AS started_at,
        strftime('%Y-%m-%dT%H:%M:%fZ', v.due_at / 1000.0, 'unixepoch') AS due_at,
        strftime('%Y-%m-%dT%H:%M:%fZ', v.settled_at / 1000.0, 'unixepoch') AS settled_at,
        finding.late_by_s, finding.elapsed, v.handoff, v.cycle_number, v.cycle_opened_by, v.cycle_closed_by,
        finding.message, v.evidence, run.name AS run
    FROM finding JOIN finding_version AS v ON v.id = finding.version JOIN object ON object.id = finding.lead JOIN run ON run.id = v.run
    WHERE finding.withdrawn = 0
    """,
    "ALTER TABLE owner ADD COLUMN seen_at INTEGER",  # when the CRM last listed them
    "ALTER TABLE owner ADD COLUMN gone_after INTEGER",  # when they were last seen active; NULL: never
    "ALTER TABLE owner ADD COLUMN gone_by INTEGER",  # when they were first seen not to be; NULL while they are
    # What an older version read says no more than that: they were so when the list was last read whole
    """
    UPDATE owner SET seen_at = (SELECT upto FROM stream WHERE stream.crm = owner.crm AND stream.name = 'owners'),
        gone_by = CASE active WHEN 0 THEN (SELECT upto FROM stream WHERE stream.crm = owner.crm AND stream.name = 'owners') END
    """,
)
