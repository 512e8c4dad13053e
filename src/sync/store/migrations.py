"""The store's schema, as numbered migrations that are never edited once released."""

from __future__ import annotations

from typing import Final

from sqlite_utils import Database, Migrations

from sync.store.migration_0004 import LEVELS_AND_LEAVERS
from sync.store.migration_0005 import DIRTY
from sync.store.migration_0006 import MERGES
from sync.store.migration_0007 import TRUSTED_PULL
from sync.store.migration_0008 import SURPLUS
from sync.store.migration_0009 import ONE_LEAD
from sync.store.migration_0010 import LINKED_BY_CHANGE
from sync.store.migration_0011 import WRITE_BACK
from sync.store.migration_0012_decided import DECIDED
from sync.store.migration_0012_holding import HOLDING
from sync.store.migration_0012_journal import JOURNAL
from sync.store.migration_0012_outbox import OUTBOX
from sync.store.migration_0012_routing import ROUTING
from sync.store.migration_0012_tasks import TASKS
from sync.store.migration_0015 import NOBODY_LEFT, WITHDRAWN
from sync.store.migration_0016 import TELLING
from sync.store.migration_0017 import NIGHTLY
from sync.store.migration_0020 import REPORTS

MIGRATIONS: Final = Migrations("leadpact")

_MIRROR = (
    """
    CREATE TABLE account (
        crm TEXT PRIMARY KEY,
        account_id TEXT NOT NULL -- portal id, org id
    ) STRICT
    """,
    """
    CREATE TABLE object ( -- every row of a CRM that was ever named, also by a link
        id INTEGER PRIMARY KEY,
        crm TEXT NOT NULL,
        kind TEXT NOT NULL,
        id_number INTEGER NOT NULL, -- crm_id as a number; 2^63-1 where it is none
        crm_id TEXT NOT NULL CHECK (crm_id <> ''),
        UNIQUE (crm, kind, id_number, crm_id)
    ) STRICT
    """,
    """
    CREATE TABLE record ( -- persons, companies and deals, as their CRM last showed them
        id INTEGER PRIMARY KEY REFERENCES object (id),
        created_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        seen_at INTEGER NOT NULL, -- when this version was first seen
        gone_at INTEGER, -- archived or deleted
        field_values TEXT NOT NULL CHECK (json_valid(field_values))
    ) STRICT
    """,
    """
    CREATE TABLE field_change (
        id INTEGER PRIMARY KEY,
        record INTEGER NOT NULL REFERENCES object (id),
        field TEXT NOT NULL,
        value TEXT,
        at INTEGER NOT NULL,
        since INTEGER CHECK (since <= at), -- only observed: somewhere after `since`, not after `at`
        source TEXT,
        source_id TEXT,
        actor TEXT,
        seen_at INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX field_change_once ON field_change (record, field, at, ifnull(value, ''))",
    """
    CREATE TABLE activity (
        id INTEGER PRIMARY KEY REFERENCES object (id),
        kind TEXT NOT NULL CHECK (kind <> ''),
        happened_at INTEGER NOT NULL,
        logged_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        ends_at INTEGER,
        owner TEXT,
        direction TEXT CHECK (direction IN ('in', 'out')),
        duration_s REAL,
        source TEXT,
        source_id TEXT,
        sequence TEXT,
        marketing INTEGER NOT NULL CHECK (marketing IN (0, 1)),
        auto_reply INTEGER NOT NULL CHECK (auto_reply IN (0, 1)),
        alike TEXT,
        gone_at INTEGER,
        seen_at INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX activity_alike ON activity (alike, logged_at) WHERE alike IS NOT NULL",
    """
    CREATE TABLE activity_status ( -- the versions of an activity: planned, then held
        id INTEGER PRIMARY KEY,
        activity INTEGER NOT NULL REFERENCES object (id),
        status TEXT,
        at INTEGER NOT NULL,
        seen_at INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX activity_status_once ON activity_status (activity, at, ifnull(status, ''))",
    """
    CREATE TABLE association (
        id INTEGER PRIMARY KEY,
        low INTEGER NOT NULL REFERENCES object (id),
        high INTEGER NOT NULL REFERENCES object (id),
        is_primary INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
        linked_at INTEGER, -- NULL: for as long as both are known
        unlinked_at INTEGER,
        why TEXT, -- why it ended
        CHECK (low < high),
        CHECK ((unlinked_at IS NULL) = (why IS NULL))
    ) STRICT
    """,
    "CREATE UNIQUE INDEX association_open ON association (low, high) WHERE unlinked_at IS NULL",
    "CREATE INDEX association_low ON association (low)",
    "CREATE INDEX association_high ON association (high)",
    """
    CREATE TABLE owner (
        crm TEXT NOT NULL,
        crm_id TEXT NOT NULL,
        user_id TEXT,
        email TEXT,
        name TEXT NOT NULL,
        is_queue INTEGER NOT NULL CHECK (is_queue IN (0, 1)),
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        teams TEXT NOT NULL CHECK (json_valid(teams)), -- ids, the primary one first
        PRIMARY KEY (crm, crm_id)
    ) STRICT
    """,
    "CREATE TABLE team (crm TEXT NOT NULL, crm_id TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (crm, crm_id)) STRICT",
    """
    CREATE TABLE definition ( -- the fields as the CRM defines them
        crm TEXT NOT NULL,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        label TEXT NOT NULL,
        type TEXT NOT NULL,
        options TEXT NOT NULL CHECK (json_valid(options)),
        read_only INTEGER NOT NULL CHECK (read_only IN (0, 1)),
        PRIMARY KEY (crm, kind, name)
    ) STRICT
    """,
    """
    CREATE TABLE stream (
        crm TEXT NOT NULL,
        name TEXT NOT NULL,
        cursor TEXT,
        upto INTEGER, -- when the last complete reading began: all up to here is in
        total INTEGER, -- rows the CRM last said the stream holds
        error TEXT, -- why the last reading failed; NULL once one is complete again
        error_at INTEGER,
        PRIMARY KEY (crm, name)
    ) STRICT
    """,
)

_JUDGED = (
    """
    CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        mode TEXT NOT NULL,
        as_of INTEGER,
        began_at INTEGER NOT NULL,
        agreement_hash TEXT NOT NULL,
        outcome TEXT,
        summary TEXT CHECK (summary IS NULL OR json_valid(summary))
    ) STRICT
    """,
    """
    CREATE TABLE agreement_version (
        hash TEXT PRIMARY KEY,
        text TEXT NOT NULL,
        effective INTEGER,
        expires INTEGER,
        signed_sides TEXT NOT NULL CHECK (json_valid(signed_sides)),
        seen_at INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE finding_version ( -- append-only
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES run (id),
        key TEXT NOT NULL,
        lead INTEGER NOT NULL REFERENCES object (id),
        rule TEXT NOT NULL,
        kind TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('running', 'at_risk', 'kept', 'breached', 'excused', 'unknown')),
        side TEXT NOT NULL CHECK (side IN ('system', 'marketing', 'owner', 'manager', 'none')),
        owner TEXT,
        started_at INTEGER,
        due_at INTEGER,
        settled_at INTEGER,
        late_by_s INTEGER,
        handoff TEXT NOT NULL,
        cycle_number INTEGER NOT NULL,
        cycle_opened_at INTEGER,
        cycle_opened_by TEXT NOT NULL,
        cycle_closed_at INTEGER,
        cycle_closed_by TEXT,
        records TEXT NOT NULL CHECK (json_valid(records)),
        evidence TEXT NOT NULL CHECK (json_valid(evidence)),
        message TEXT NOT NULL,
        withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1))
    ) STRICT
    """,
    "CREATE INDEX finding_version_key ON finding_version (key)",
    """
    CREATE TRIGGER finding_version_is_never_changed BEFORE UPDATE ON finding_version
    BEGIN SELECT raise(ABORT, 'finding_version is append-only'); END
    """,
    """
    CREATE TRIGGER finding_version_is_never_deleted BEFORE DELETE ON finding_version
    BEGIN SELECT raise(ABORT, 'finding_version is append-only'); END
    """,
    """
    CREATE TABLE finding ( -- what stands now, by key
        key TEXT PRIMARY KEY,
        lead INTEGER NOT NULL REFERENCES object (id),
        version INTEGER NOT NULL REFERENCES finding_version (id),
        fingerprint BLOB NOT NULL, -- of all that does not change with the hour
        withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
        late_by_s INTEGER,
        message TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX finding_lead ON finding (lead)",
    """
    CREATE TABLE lead_state (
        lead INTEGER PRIMARY KEY REFERENCES object (id),
        judged_at INTEGER NOT NULL,
        next_at INTEGER -- when the judgement changes without news; NULL: never
    ) STRICT
    """,
    "CREATE INDEX lead_state_next_at ON lead_state (next_at) WHERE next_at IS NOT NULL",
    """
    CREATE TABLE plan (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES run (id),
        hash TEXT NOT NULL,
        accounts TEXT NOT NULL CHECK (json_valid(accounts)),
        agreement_hash TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE plan_step (
        plan INTEGER NOT NULL REFERENCES plan (id),
        position INTEGER NOT NULL,
        lead INTEGER NOT NULL REFERENCES object (id),
        record INTEGER NOT NULL REFERENCES object (id),
        action TEXT NOT NULL,
        field_writes TEXT NOT NULL CHECK (json_valid(field_writes)),
        finding TEXT NOT NULL,
        rule TEXT NOT NULL,
        rung INTEGER NOT NULL,
        reason TEXT NOT NULL,
        blocked_by TEXT NOT NULL CHECK (json_valid(blocked_by)),
        PRIMARY KEY (plan, position)
    ) STRICT
    """,
)


def _iso(column: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000.0, 'unixepoch')"


def _name(table: str) -> str:
    return f"{table}.crm || '/' || {table}.kind || '/' || {table}.crm_id"


_VIEWS = (
    f"""
    CREATE VIEW v_leads AS -- the leads that were judged
    SELECT {_name("object")} AS lead, {_iso("record.created_at")} AS created_at, {_iso("record.changed_at")} AS changed_at,
        {_iso("record.gone_at")} AS gone_at, record.field_values,
        {_iso("lead_state.judged_at")} AS judged_at, {_iso("lead_state.next_at")} AS next_at,
        (SELECT count(*) FROM finding JOIN finding_version AS v ON v.id = finding.version
            WHERE finding.lead = object.id AND finding.withdrawn = 0 AND v.status = 'breached') AS breaches
    FROM lead_state JOIN object ON object.id = lead_state.lead LEFT JOIN record ON record.id = object.id
    """,
    f"""
    CREATE VIEW v_findings AS -- what stands now
    SELECT finding.key, {_name("object")} AS lead, v.rule, v.kind, v.status, v.side, v.owner, {_iso("v.started_at")} AS started_at,
        {_iso("v.due_at")} AS due_at, {_iso("v.settled_at")} AS settled_at, finding.late_by_s,
        v.handoff, v.cycle_number, v.cycle_opened_by, v.cycle_closed_by, finding.message, v.evidence, run.name AS run
    FROM finding JOIN finding_version AS v ON v.id = finding.version JOIN object ON object.id = finding.lead JOIN run ON run.id = v.run
    WHERE finding.withdrawn = 0
    """,
    f"""
    CREATE VIEW v_activities AS
    SELECT {_name("object")} AS activity, activity.kind, {_iso("happened_at")} AS happened_at, {_iso("logged_at")} AS logged_at,
        {_iso("ends_at")} AS ends_at, owner, direction,
        (SELECT status FROM activity_status AS s WHERE s.activity = activity.id ORDER BY s.at DESC, s.id DESC LIMIT 1) AS status,
        duration_s, source, sequence, marketing, auto_reply, {_iso("gone_at")} AS gone_at,
        (SELECT group_concat({_name("other")}, ', ') FROM association AS a
            JOIN object AS other ON other.id = CASE a.low WHEN activity.id THEN a.high ELSE a.low END
            WHERE (a.low = activity.id OR a.high = activity.id) AND a.unlinked_at IS NULL) AS linked_to
    FROM activity JOIN object ON object.id = activity.id
    """,
    f"""
    CREATE VIEW v_field_changes AS
    SELECT {_name("object")} AS record, field, value, {_iso("at")} AS at, {_iso("since")} AS observed_since,
        source, source_id, actor, {_iso("seen_at")} AS seen_at
    FROM field_change JOIN object ON object.id = field_change.record
    """,
    f"""
    CREATE VIEW v_runs AS
    SELECT name AS run, kind, mode, {_iso("as_of")} AS as_of, {_iso("began_at")} AS began_at, agreement_hash, outcome, summary FROM run
    """,
)


_STATEMENTS: Final = {
    "0001_mirror": _MIRROR,
    "0002_judged": _JUDGED,
    "0003_views": _VIEWS,
    "0004_levels_and_leavers": LEVELS_AND_LEAVERS,
    "0005_dirty": DIRTY,
    "0006_merges": MERGES,
    "0007_trusted_pull": TRUSTED_PULL,
    "0008_surplus": SURPLUS,
    "0009_one_lead": ONE_LEAD,
    "0010_linked_by_change": LINKED_BY_CHANGE,
    "0011_write_back": WRITE_BACK,
    "0012_acting": (*ROUTING, *HOLDING, *DECIDED, *TASKS, *JOURNAL, *OUTBOX),
    "0015_loose_ends": (*WITHDRAWN, *NOBODY_LEFT),
    "0016_telling": TELLING,
    "0017_nightly": NIGHTLY,
    "0020_reports": REPORTS,
}

KNOWN: Final = frozenset(_STATEMENTS)
"""Names of all migrations of this version; a store with any other is newer."""


def _register(name: str, statements: tuple[str, ...]) -> None:
    @MIGRATIONS(name=name)
    def _run(db: Database) -> None:
        for statement in statements:
            db.execute(statement)


for _name_of_one, _statements_of_one in _STATEMENTS.items():
    _register(_name_of_one, _statements_of_one)
