CREATE TABLE account (
        crm TEXT PRIMARY KEY,
        account_id TEXT NOT NULL -- portal id, org id
    , pages TEXT CHECK (pages IS NULL OR json_valid(pages))) STRICT
    ;
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
    ;
CREATE TRIGGER activity_added AFTER INSERT ON activity WHEN NEW.gone_at IS NULL
            BEGIN
                INSERT INTO live (crm, kind, rows) SELECT crm, kind, 1 FROM object WHERE id = NEW.id
                ON CONFLICT (crm, kind) DO UPDATE SET rows = rows + 1;
            END;
CREATE INDEX activity_alike ON activity (alike, logged_at) WHERE alike IS NOT NULL;
CREATE TRIGGER activity_back AFTER UPDATE OF gone_at ON activity WHEN OLD.gone_at IS NOT NULL AND NEW.gone_at IS NULL
            BEGIN
                INSERT INTO live (crm, kind, rows) SELECT crm, kind, 1 FROM object WHERE id = NEW.id
                ON CONFLICT (crm, kind) DO UPDATE SET rows = rows + 1;
            END;
CREATE TRIGGER activity_gone AFTER UPDATE OF gone_at ON activity WHEN OLD.gone_at IS NULL AND NEW.gone_at IS NOT NULL
            BEGIN
                INSERT INTO live (crm, kind, rows) SELECT crm, kind, -1 FROM object WHERE id = NEW.id
                ON CONFLICT (crm, kind) DO UPDATE SET rows = rows + -1;
            END;
CREATE TRIGGER activity_removed AFTER DELETE ON activity WHEN OLD.gone_at IS NULL
            BEGIN
                INSERT INTO live (crm, kind, rows) SELECT crm, kind, -1 FROM object WHERE id = OLD.id
                ON CONFLICT (crm, kind) DO UPDATE SET rows = rows + -1;
            END;
CREATE TABLE activity_status ( -- the versions of an activity: planned, then held
        id INTEGER PRIMARY KEY,
        activity INTEGER NOT NULL REFERENCES object (id),
        status TEXT,
        at INTEGER NOT NULL,
        seen_at INTEGER NOT NULL
    ) STRICT
    ;
CREATE UNIQUE INDEX activity_status_once ON activity_status (activity, at, ifnull(status, ''));
CREATE TABLE agreement_version (
        hash TEXT PRIMARY KEY,
        text TEXT NOT NULL,
        effective INTEGER,
        expires INTEGER,
        signed_sides TEXT NOT NULL CHECK (json_valid(signed_sides)),
        seen_at INTEGER NOT NULL
    ) STRICT
    ;
CREATE TABLE api_usage ( -- our own calls
        crm TEXT NOT NULL,
        day TEXT NOT NULL, -- of the account's zone: 2026-11-20
        calls INTEGER NOT NULL,
        PRIMARY KEY (crm, day)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE assignment ( -- the ledger of fair routing: who was given which lead of a pool
        id INTEGER PRIMARY KEY,
        crm TEXT NOT NULL,
        owner TEXT NOT NULL,
        pool TEXT NOT NULL,
        lead INTEGER NOT NULL REFERENCES object (id),
        at INTEGER NOT NULL,
        seats TEXT NOT NULL CHECK (json_valid(seats)), -- who could have got it: owner -> weight, in the roster's order
        plan INTEGER NOT NULL,
        position INTEGER NOT NULL, way TEXT NOT NULL DEFAULT 'turn',
        UNIQUE (plan, position)
    ) STRICT
    ;
CREATE TRIGGER assignment_is_never_changed BEFORE UPDATE ON assignment
        BEGIN SELECT raise(ABORT, 'assignment is append-only'); END;
CREATE TRIGGER assignment_is_never_deleted BEFORE DELETE ON assignment
        BEGIN SELECT raise(ABORT, 'assignment is append-only'); END;
CREATE INDEX assignment_lead ON assignment (lead);
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
    ;
CREATE INDEX association_high ON association (high);
CREATE INDEX association_low ON association (low);
CREATE UNIQUE INDEX association_open ON association (low, high) WHERE unlinked_at IS NULL;
CREATE TABLE definition ( -- the fields as the CRM defines them
        crm TEXT NOT NULL,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        label TEXT NOT NULL,
        type TEXT NOT NULL,
        options TEXT NOT NULL CHECK (json_valid(options)),
        read_only INTEGER NOT NULL CHECK (read_only IN (0, 1)), tracked INTEGER NOT NULL DEFAULT 0 CHECK (tracked IN (0, 1)),
        PRIMARY KEY (crm, kind, name)
    ) STRICT
    ;
CREATE TABLE dirty ( -- leads that changed since they were judged
        lead INTEGER PRIMARY KEY REFERENCES object (id),
        since INTEGER NOT NULL, -- judged as of this moment or a later one, the change is seen
        why TEXT NOT NULL,
        mark INTEGER NOT NULL -- number of the mark; one that is set anew has a higher number
    ) STRICT
    ;
CREATE TABLE doubt ( -- records that may be the same person: an e-mail address that several claim
        person INTEGER NOT NULL REFERENCES object (id),
        other INTEGER NOT NULL REFERENCES object (id),
        since INTEGER NOT NULL, -- when it was first seen
        PRIMARY KEY (person, other)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE dropped ( -- append-only: held plans that are never carried out; times are this machine's, as below
        plan INTEGER PRIMARY KEY REFERENCES held (plan),
        at INTEGER NOT NULL,
        who TEXT NOT NULL CHECK (who <> ''),
        why TEXT NOT NULL CHECK (why <> '')
    ) STRICT
    ;
CREATE TRIGGER dropped_is_never_changed BEFORE UPDATE ON dropped
        BEGIN SELECT raise(ABORT, 'dropped is append-only'); END;
CREATE TRIGGER dropped_is_never_deleted BEFORE DELETE ON dropped
        BEGIN SELECT raise(ABORT, 'dropped is append-only'); END;
CREATE TABLE enforced (rule TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT;
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
    , value_before TEXT) STRICT
    ;
CREATE UNIQUE INDEX field_change_once ON field_change (record, field, at, ifnull(value, ''));
CREATE TABLE finding ( -- what stands now, by key
        key TEXT PRIMARY KEY,
        lead INTEGER NOT NULL REFERENCES object (id),
        version INTEGER NOT NULL REFERENCES finding_version (id),
        fingerprint BLOB NOT NULL, -- of all that does not change with the hour
        withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
        late_by_s INTEGER,
        message TEXT NOT NULL
    , elapsed TEXT CHECK (elapsed IS NULL OR json_valid(elapsed))) STRICT
    ;
CREATE INDEX finding_lead ON finding (lead);
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
    , level TEXT, reason TEXT, owed INTEGER NOT NULL DEFAULT 0 CHECK (owed IN (0, 1))) STRICT
    ;
CREATE TRIGGER finding_version_is_never_changed BEFORE UPDATE ON finding_version
    BEGIN SELECT raise(ABORT, 'finding_version is append-only'); END;
CREATE TRIGGER finding_version_is_never_deleted BEFORE DELETE ON finding_version
    BEGIN SELECT raise(ABORT, 'finding_version is append-only'); END;
CREATE INDEX finding_version_key ON finding_version (key);
CREATE TABLE forgotten ( -- addresses of persons who are not kept, whatever a CRM shows: salted hashes
        hash BLOB PRIMARY KEY,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE given_back ( -- turns that do not count any more
        id INTEGER PRIMARY KEY,
        assignment INTEGER UNIQUE REFERENCES assignment (id),
        people_turn INTEGER UNIQUE REFERENCES people_turn (id),
        at INTEGER NOT NULL,
        why TEXT NOT NULL,
        CHECK ((assignment IS NULL) <> (people_turn IS NULL))
    ) STRICT
    ;
CREATE TRIGGER given_back_is_never_changed BEFORE UPDATE ON given_back
        BEGIN SELECT raise(ABORT, 'given_back is append-only'); END;
CREATE TRIGGER given_back_is_never_deleted BEFORE DELETE ON given_back
        BEGIN SELECT raise(ABORT, 'given_back is append-only'); END;
CREATE TABLE held ( -- append-only: plans that a limit stopped; times are the CRMs'
        plan INTEGER PRIMARY KEY REFERENCES plan (id),
        at INTEGER NOT NULL,
        until INTEGER NOT NULL CHECK (until >= at),
        ahead INTEGER NOT NULL -- by how many ms the CRMs' clock was ahead of this machine's
    ) STRICT
    ;
CREATE TRIGGER held_is_never_changed BEFORE UPDATE ON held
        BEGIN SELECT raise(ABORT, 'held is append-only'); END;
CREATE TRIGGER held_is_never_deleted BEFORE DELETE ON held
        BEGIN SELECT raise(ABORT, 'held is append-only'); END;
CREATE TABLE "journal" ( -- append-only: what became of each step
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES run (id),
        plan INTEGER NOT NULL,
        position INTEGER NOT NULL,
        part INTEGER NOT NULL, -- of the writes of one step, which must follow one another
        event TEXT NOT NULL CHECK (event IN ('skipped', 'intended', 'done', 'refused', 'changed', 'later', 'unknown',
            'verified', 'not_written', 'overwritten', 'put_back', 'reversed', 'stands', 'moved_on')),
        at INTEGER NOT NULL,
        before TEXT CHECK (before IS NULL OR json_valid(before)), -- of an intent: field -> value; of a reversal: what we had written
        after TEXT CHECK (after IS NULL OR json_valid(after)),
        said TEXT,
        record INTEGER REFERENCES object (id), -- what is written; NULL: the record of the step
        FOREIGN KEY (plan, position) REFERENCES plan_step (plan, position)
    ) STRICT
    ;
CREATE INDEX journal_intended ON journal (at) WHERE event = 'intended';
CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
    BEGIN SELECT raise(ABORT, 'journal is append-only'); END;
CREATE TRIGGER journal_is_never_deleted BEFORE DELETE ON journal
    BEGIN SELECT raise(ABORT, 'journal is append-only'); END;
CREATE INDEX journal_record ON journal (plan, position, part) WHERE record IS NOT NULL;
CREATE INDEX journal_reversed ON journal (at) WHERE event = 'reversed';
CREATE INDEX journal_step ON journal (plan, position, part);
CREATE TABLE judged_by ( -- one row
        id INTEGER PRIMARY KEY CHECK (id = 1),
        fingerprint TEXT, -- of all that leads are judged by beside their rows; NULL: none was judged
        bulk_within INTEGER, -- ms in which look-alikes are counted
        mark INTEGER NOT NULL -- number of the newest mark
    ) STRICT
    ;
CREATE TABLE lead_state (
        lead INTEGER PRIMARY KEY REFERENCES object (id),
        judged_at INTEGER NOT NULL,
        next_at INTEGER -- when the judgement changes without news; NULL: never
    ) STRICT
    ;
CREATE INDEX lead_state_next_at ON lead_state (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE linked_by ( -- the one row tells by what persons were linked
        id INTEGER PRIMARY KEY CHECK (id = 1),
        fingerprint TEXT -- NULL: never, so all are linked next
    ) STRICT
    ;
CREATE TABLE live ( -- how many rows of a kind are not gone; kept by triggers
        crm TEXT NOT NULL,
        kind TEXT NOT NULL,
        rows INTEGER NOT NULL,
        PRIMARY KEY (crm, kind)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE made_report ( -- what people are told of one; figures and names of meetings alone
        name TEXT PRIMARY KEY, -- of its files, without their ending
        title TEXT NOT NULL,
        at INTEGER NOT NULL, -- of the meeting
        made_at INTEGER NOT NULL,
        file TEXT NOT NULL,
        figures TEXT NOT NULL
    ) STRICT
    ;
CREATE TABLE member ( -- persons that belong to the lead of another record; who is in none is a lead alone
        id INTEGER PRIMARY KEY,
        person INTEGER NOT NULL REFERENCES object (id),
        lead INTEGER NOT NULL REFERENCES object (id), -- the record that names the lead
        linked_at INTEGER, -- NULL: for as long as both are known
        unlinked_at INTEGER,
        why TEXT NOT NULL -- how they were linked: reference, e-mail
    ) STRICT
    ;
CREATE INDEX member_lead ON member (lead);
CREATE UNIQUE INDEX member_open ON member (person) WHERE unlinked_at IS NULL;
CREATE INDEX member_person ON member (person);
CREATE TABLE object ( -- every row of a CRM that was ever named, also by a link
        id INTEGER PRIMARY KEY,
        crm TEXT NOT NULL,
        kind TEXT NOT NULL,
        id_number INTEGER NOT NULL, -- crm_id as a number; 2^63-1 where it is none
        crm_id TEXT NOT NULL CHECK (crm_id <> ''),
        UNIQUE (crm, kind, id_number, crm_id)
    ) STRICT
    ;
CREATE TABLE "outbox" ( -- a message to a target; keys only, its text is made when it is sent
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL, -- what makes it this message: told once, whatever the run
        target TEXT NOT NULL, -- name of a [[notify]] of the config
        kind TEXT NOT NULL CHECK (kind <> ''),
        role TEXT NOT NULL, -- owner, manager, marketing, ops, a team, or a channel
        of_owner TEXT NOT NULL, -- crm/id of the owner it is about; '' for nobody
        lead INTEGER REFERENCES object (id),
        finding TEXT,
        rule TEXT NOT NULL, -- of what is about a passage its handoff, of a daily digest its day
        rung INTEGER, -- of what is about a passage its number
        plan INTEGER,
        position INTEGER,
        put_at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'in digest', 'dropped')),
        at INTEGER NOT NULL, -- since when it is in that state
        attempts INTEGER NOT NULL DEFAULT 0,
        held_until INTEGER, -- the next opening of its reader's hours, where it came outside of them
        not_before INTEGER, -- when it may be tried next
        part_of INTEGER REFERENCES "outbox" (id), -- the digest that holds it
        said TEXT, -- why it was not sent
        UNIQUE (key, target)
    ) STRICT
    ;
CREATE INDEX outbox_digest ON outbox (part_of) WHERE part_of IS NOT NULL;
CREATE INDEX outbox_lead ON outbox (lead) WHERE lead IS NOT NULL;
CREATE INDEX outbox_open ON outbox (state) WHERE state IN ('pending', 'sending', 'failed');
CREATE INDEX outbox_step ON outbox (plan, position);
CREATE TABLE owner (
        crm TEXT NOT NULL,
        crm_id TEXT NOT NULL,
        user_id TEXT,
        email TEXT,
        name TEXT NOT NULL,
        is_queue INTEGER NOT NULL CHECK (is_queue IN (0, 1)),
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        teams TEXT NOT NULL CHECK (json_valid(teams)), seen_at INTEGER, gone_after INTEGER, gone_by INTEGER, manager TEXT, -- ids, the primary one first
        PRIMARY KEY (crm, crm_id)
    ) STRICT
    ;
CREATE TABLE people_turn ( -- a lead of a pool that somebody else than leadpact gave to a member of it
        id INTEGER PRIMARY KEY,
        crm TEXT NOT NULL,
        owner TEXT NOT NULL,
        pool TEXT NOT NULL,
        lead INTEGER NOT NULL REFERENCES object (id),
        at INTEGER NOT NULL,
        seats TEXT NOT NULL CHECK (json_valid(seats)), -- who could have got it: owner -> weight, in the roster's order
        source TEXT NOT NULL UNIQUE -- the natural key of the change, and the pool
    ) STRICT
    ;
CREATE TRIGGER people_turn_is_never_changed BEFORE UPDATE ON people_turn
        BEGIN SELECT raise(ABORT, 'people_turn is append-only'); END;
CREATE TRIGGER people_turn_is_never_deleted BEFORE DELETE ON people_turn
        BEGIN SELECT raise(ABORT, 'people_turn is append-only'); END;
CREATE INDEX people_turn_lead ON people_turn (lead);
CREATE TABLE plan (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES run (id),
        hash TEXT NOT NULL,
        accounts TEXT NOT NULL CHECK (json_valid(accounts)),
        agreement_hash TEXT NOT NULL
    , trips TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(trips)), asked TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(asked))) STRICT
    ;
CREATE TABLE plan_book ( -- what each was owed when a plan was made, by which its turns can be replayed
        plan INTEGER NOT NULL REFERENCES plan (id),
        pool TEXT NOT NULL,
        owed TEXT NOT NULL CHECK (json_valid(owed)), -- owner -> leads
        assignments INTEGER NOT NULL, -- the newest id of each table that counted
        people_turns INTEGER NOT NULL,
        given_backs INTEGER NOT NULL,
        unsaved INTEGER NOT NULL, -- turns of people that a dry run saw and left out of the ledger
        PRIMARY KEY (plan, pool)
    ) STRICT
    ;
CREATE TRIGGER plan_book_is_never_changed BEFORE UPDATE ON plan_book
        BEGIN SELECT raise(ABORT, 'plan_book is append-only'); END;
CREATE TRIGGER plan_book_is_never_deleted BEFORE DELETE ON plan_book
        BEGIN SELECT raise(ABORT, 'plan_book is append-only'); END;
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
        blocked_by TEXT NOT NULL CHECK (json_valid(blocked_by)), given TEXT CHECK (given IS NULL OR json_valid(given)), is_pending INTEGER NOT NULL DEFAULT 0 CHECK (is_pending IN (0, 1)), manager TEXT, nobody_left TEXT,
        PRIMARY KEY (plan, position)
    ) STRICT
    ;
CREATE TABLE plan_use ( -- a plan is carried out once
        plan INTEGER PRIMARY KEY REFERENCES plan (id),
        run INTEGER NOT NULL REFERENCES run (id),
        at INTEGER NOT NULL
    ) STRICT
    ;
CREATE TABLE reconciled ( -- how far each part of a reconciliation came
        run INTEGER NOT NULL REFERENCES run (id),
        crm TEXT NOT NULL,
        part TEXT NOT NULL, -- a stream, `open leads`, `writes`
        at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('begun', 'done', 'left out')),
        upto TEXT, -- the last record that was looked at
        found TEXT NOT NULL CHECK (json_valid(found)),
        PRIMARY KEY (run, crm, part)
    ) STRICT
    ;
CREATE TABLE record ( -- persons, companies and deals, as their CRM last showed them
        id INTEGER PRIMARY KEY REFERENCES object (id),
        created_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        seen_at INTEGER NOT NULL, -- when this version was first seen
        gone_at INTEGER, -- archived or deleted
        field_values TEXT NOT NULL CHECK (json_valid(field_values))
    , merged_into INTEGER REFERENCES object (id), erased_at INTEGER, forgotten_at INTEGER) STRICT
    ;
CREATE TRIGGER record_added AFTER INSERT ON record WHEN NEW.gone_at IS NULL
            BEGIN
                INSERT INTO live (crm, kind, rows) SELECT crm, kind, 1 FROM object WHERE id = NEW.id
                ON CONFLICT (crm, kind) DO UPDATE SET rows = rows + 1;
            END;
CREATE TRIGGER record_back AFTER UPDATE OF gone_at ON record WHEN OLD.gone_at IS NOT NULL AND NEW.gone_at IS NULL
            BEGIN
                INSERT INTO live (crm, kind, rows) SELECT crm, kind, 1 FROM object WHERE id = NEW.id
                ON CONFLICT (crm, kind) DO UPDATE SET rows = rows + 1;
            END;
CREATE INDEX record_erased ON record (id) WHERE erased_at IS NOT NULL;
CREATE TRIGGER record_gone AFTER UPDATE OF gone_at ON record WHEN OLD.gone_at IS NULL AND NEW.gone_at IS NOT NULL
            BEGIN
                INSERT INTO live (crm, kind, rows) SELECT crm, kind, -1 FROM object WHERE id = NEW.id
                ON CONFLICT (crm, kind) DO UPDATE SET rows = rows + -1;
            END;
CREATE INDEX record_merged ON record (id) WHERE merged_into IS NOT NULL;
CREATE TRIGGER record_removed AFTER DELETE ON record WHEN OLD.gone_at IS NULL
            BEGIN
                INSERT INTO live (crm, kind, rows) SELECT crm, kind, -1 FROM object WHERE id = OLD.id
                ON CONFLICT (crm, kind) DO UPDATE SET rows = rows + -1;
            END;
CREATE INDEX record_survivor ON record (merged_into) WHERE merged_into IS NOT NULL;
CREATE TABLE regular_report ( -- up to when each is made; other days are another report
        title TEXT NOT NULL, -- of the meeting; '' for the report of the config
        days TEXT NOT NULL, -- as they are written
        done_upto INTEGER NOT NULL,
        PRIMARY KEY (title, days)
    ) STRICT
    ;
CREATE TABLE resumed ( -- append-only: which of them were ended before their time
        stop INTEGER PRIMARY KEY REFERENCES stop (id),
        at INTEGER NOT NULL,
        who TEXT NOT NULL CHECK (who <> ''),
        why TEXT NOT NULL
    ) STRICT
    ;
CREATE TRIGGER resumed_is_never_changed BEFORE UPDATE ON resumed
        BEGIN SELECT raise(ABORT, 'resumed is append-only'); END;
CREATE TRIGGER resumed_is_never_deleted BEFORE DELETE ON resumed
        BEGIN SELECT raise(ABORT, 'resumed is append-only'); END;
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
    ;
CREATE TABLE salt (id INTEGER PRIMARY KEY CHECK (id = 1), salt BLOB NOT NULL) STRICT;
CREATE TABLE stop ( -- append-only: what a person paused, or set down to observe
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('pause', 'observe')),
        scope TEXT NOT NULL CHECK (scope IN ('all', 'rule', 'team', 'lead')),
        name TEXT NOT NULL, -- of the rule or team, or the lead's key
        at INTEGER NOT NULL,
        until INTEGER CHECK (until > at), -- NULL: until it is resumed
        who TEXT NOT NULL CHECK (who <> ''),
        why TEXT NOT NULL CHECK (why <> ''),
        CHECK ((scope = 'all') = (name = ''))
    ) STRICT
    ;
CREATE TRIGGER stop_is_never_changed BEFORE UPDATE ON stop
        BEGIN SELECT raise(ABORT, 'stop is append-only'); END;
CREATE TRIGGER stop_is_never_deleted BEFORE DELETE ON stop
        BEGIN SELECT raise(ABORT, 'stop is append-only'); END;
CREATE TABLE stream (
        crm TEXT NOT NULL,
        name TEXT NOT NULL,
        cursor TEXT,
        upto INTEGER, -- when the last complete reading began: all up to here is in
        total INTEGER, -- rows the CRM last said the stream holds
        error TEXT, -- why the last reading failed; NULL once one is complete again
        error_at INTEGER, difference INTEGER NOT NULL DEFAULT 0, differs_since INTEGER, differs_upto INTEGER,
        PRIMARY KEY (crm, name)
    ) STRICT
    ;
CREATE TABLE team (crm TEXT NOT NULL, crm_id TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (crm, crm_id)) STRICT;
CREATE TABLE tie ( -- records that may be one person have one in common
        tie INTEGER NOT NULL CHECK (tie < 0), -- hash of an address, or of an id that a record has or names
        person INTEGER NOT NULL REFERENCES object (id),
        PRIMARY KEY (tie, person)
    ) STRICT, WITHOUT ROWID
    ;
CREATE INDEX tie_person ON tie (person);
CREATE TABLE to_link ( -- persons to be linked anew
        person INTEGER PRIMARY KEY REFERENCES object (id),
        tied INTEGER NOT NULL CHECK (tied IN (0, 1)) -- whether its ties are those of its record
    ) STRICT
    ;
CREATE INDEX to_link_untied ON to_link (person) WHERE tied = 0;
CREATE TABLE told_daily ( -- up to which day each reader has had, or needed no, daily digest
        role TEXT NOT NULL,
        of_owner TEXT NOT NULL,
        day TEXT NOT NULL, -- by the reader's clock
        PRIMARY KEY (role, of_owner)
    ) STRICT
    ;
CREATE TABLE told_upto ( -- the one row tells up to which line of the journal, and which plan, the news were told
        id INTEGER PRIMARY KEY CHECK (id = 1),
        journal INTEGER NOT NULL,
        plan INTEGER NOT NULL
    , finding INTEGER NOT NULL DEFAULT 0) STRICT
    ;
CREATE TABLE turns_read (crm TEXT PRIMARY KEY, upto INTEGER NOT NULL) STRICT;
CREATE VIEW v_activities AS
    SELECT object.crm || '/' || object.kind || '/' || object.crm_id AS activity, activity.kind, strftime('%Y-%m-%dT%H:%M:%fZ', happened_at / 1000.0, 'unixepoch') AS happened_at, strftime('%Y-%m-%dT%H:%M:%fZ', logged_at / 1000.0, 'unixepoch') AS logged_at,
        strftime('%Y-%m-%dT%H:%M:%fZ', ends_at / 1000.0, 'unixepoch') AS ends_at, owner, direction,
        (SELECT status FROM activity_status AS s WHERE s.activity = activity.id ORDER BY s.at DESC, s.id DESC LIMIT 1) AS status,
        duration_s, source, sequence, marketing, auto_reply, strftime('%Y-%m-%dT%H:%M:%fZ', gone_at / 1000.0, 'unixepoch') AS gone_at,
        (SELECT group_concat(other.crm || '/' || other.kind || '/' || other.crm_id, ', ') FROM association AS a
            JOIN object AS other ON other.id = CASE a.low WHEN activity.id THEN a.high ELSE a.low END
            WHERE (a.low = activity.id OR a.high = activity.id) AND a.unlinked_at IS NULL) AS linked_to
    FROM activity JOIN object ON object.id = activity.id;
CREATE VIEW v_field_changes AS
    SELECT object.crm || '/' || object.kind || '/' || object.crm_id AS record, field, value, strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') AS at, strftime('%Y-%m-%dT%H:%M:%fZ', since / 1000.0, 'unixepoch') AS observed_since,
        source, source_id, actor, strftime('%Y-%m-%dT%H:%M:%fZ', seen_at / 1000.0, 'unixepoch') AS seen_at
    FROM field_change JOIN object ON object.id = field_change.record;
CREATE VIEW v_findings AS -- what stands now
    SELECT finding.key, object.crm || '/' || object.kind || '/' || object.crm_id AS lead,
        v.rule, v.kind, v.level, v.status, v.side, v.owner,
        strftime('%Y-%m-%dT%H:%M:%fZ', v.started_at / 1000.0, 'unixepoch') AS started_at,
        strftime('%Y-%m-%dT%H:%M:%fZ', v.due_at / 1000.0, 'unixepoch') AS due_at,
        strftime('%Y-%m-%dT%H:%M:%fZ', v.settled_at / 1000.0, 'unixepoch') AS settled_at,
        finding.late_by_s, finding.elapsed, v.handoff, v.cycle_number, v.cycle_opened_by, v.cycle_closed_by,
        finding.message, v.evidence, run.name AS run
    FROM finding JOIN finding_version AS v ON v.id = finding.version JOIN object ON object.id = finding.lead JOIN run ON run.id = v.run
    WHERE finding.withdrawn = 0;
CREATE VIEW v_leads AS -- the leads that were judged
    SELECT object.crm || '/' || object.kind || '/' || object.crm_id AS lead, strftime('%Y-%m-%dT%H:%M:%fZ', record.created_at / 1000.0, 'unixepoch') AS created_at, strftime('%Y-%m-%dT%H:%M:%fZ', record.changed_at / 1000.0, 'unixepoch') AS changed_at,
        strftime('%Y-%m-%dT%H:%M:%fZ', record.gone_at / 1000.0, 'unixepoch') AS gone_at, record.field_values,
        strftime('%Y-%m-%dT%H:%M:%fZ', lead_state.judged_at / 1000.0, 'unixepoch') AS judged_at, strftime('%Y-%m-%dT%H:%M:%fZ', lead_state.next_at / 1000.0, 'unixepoch') AS next_at,
        (SELECT count(*) FROM finding JOIN finding_version AS v ON v.id = finding.version
            WHERE finding.lead = object.id AND finding.withdrawn = 0 AND v.status = 'breached') AS breaches
    FROM lead_state JOIN object ON object.id = lead_state.lead LEFT JOIN record ON record.id = object.id;
CREATE VIEW v_runs AS
    SELECT name AS run, kind, mode, strftime('%Y-%m-%dT%H:%M:%fZ', as_of / 1000.0, 'unixepoch') AS as_of, strftime('%Y-%m-%dT%H:%M:%fZ', began_at / 1000.0, 'unixepoch') AS began_at, agreement_hash, outcome, summary FROM run;
CREATE TABLE "waiver" ( -- append-only: one promise that a person excused
        id INTEGER PRIMARY KEY,
        finding TEXT NOT NULL, -- key
        lead INTEGER NOT NULL REFERENCES object (id),
        rule TEXT NOT NULL,
        at INTEGER NOT NULL,
        by TEXT NOT NULL CHECK (by <> ''), -- name of a person of the roster
        why TEXT NOT NULL CHECK (why <> '')
    ) STRICT
    ;
CREATE INDEX waiver_finding ON waiver (finding);
CREATE TRIGGER waiver_is_never_changed BEFORE UPDATE ON waiver
    BEGIN SELECT raise(ABORT, 'waiver is append-only'); END;
CREATE TRIGGER waiver_is_never_deleted BEFORE DELETE ON waiver
    BEGIN SELECT raise(ABORT, 'waiver is append-only'); END;
CREATE TRIGGER waiver_is_one_a_promise BEFORE INSERT ON waiver
    WHEN EXISTS (SELECT 1 FROM waiver WHERE finding = NEW.finding AND id NOT IN (SELECT waiver FROM waiver_withdrawn))
    BEGIN SELECT raise(ABORT, 'the promise is waived already'); END;
CREATE TABLE waiver_withdrawn ( -- append-only: a waiver excuses nothing from `at` on
        waiver INTEGER PRIMARY KEY REFERENCES waiver (id),
        at INTEGER NOT NULL,
        by TEXT NOT NULL CHECK (by <> ''), -- name of a person of the roster
        why TEXT NOT NULL CHECK (why <> '')
    ) STRICT
    ;
CREATE TRIGGER waiver_withdrawn_is_never_changed BEFORE UPDATE ON waiver_withdrawn
    BEGIN SELECT raise(ABORT, 'waiver_withdrawn is append-only'); END;
CREATE TRIGGER waiver_withdrawn_is_never_deleted BEFORE DELETE ON waiver_withdrawn
    BEGIN SELECT raise(ABORT, 'waiver_withdrawn is append-only'); END;
