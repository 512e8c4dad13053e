"""A backup in the place of the store: what was done since is not forgotten, or nothing is done until a person says so."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from sync.stops import Scope, StopKind
from sync.store.backup import nightly_backups, replaced_stores
from sync.store.carry_over import MIRROR
from sync.store.database import open_store
from sync.store.errors import BackupUnusable, NoBackup, StoreNotOurs
from sync.store.forget import Forgotten
from sync.store.ledger import Enforced
from sync.store.nightly_backup import back_up_nightly
from sync.store.restore import all_backups, named_backup, restore
from sync.store.runs import Runs
from sync.store.stops import Stops
from tests.flow.released import NAMES, make_released, rows_of
from tests.flow.store_values import HOUR, NINE, WORDS, a_record, read, save

ADA = "ada.lovelace@planted.example"
LATER = NINE + 3 * HOUR
SINCE = """
    INSERT INTO object VALUES (5, 'hubspot', 'contact', 3, '3');
    INSERT INTO run (id, name, kind, mode, began_at, agreement_hash) VALUES (2, '20261120T100000Z-0002', 'sync', 'enforce', 400, 'abc');
    INSERT INTO plan (id, run, hash, accounts, agreement_hash) VALUES (2, 2, 'hash', '{}', 'abc');
    INSERT INTO plan_step (plan, position, lead, record, action, field_writes, finding, rule, rung, reason, blocked_by)
        VALUES (2, 0, 5, 5, 'reassign', '[]', 'f2', 'first touch', 1, 'no touch', '[]');
    INSERT INTO plan_use (plan, run, at) VALUES (2, 2, 400);
    INSERT INTO journal (run, plan, position, part, event, at, before, after) VALUES (2, 2, 0, 0, 'intended', 400, '{}', '{"owner":"7"}');
    UPDATE outbox SET state = 'sent';
    UPDATE run SET outcome = 'ok' WHERE id = 1;
    DELETE FROM enforced;
    INSERT INTO record (id, created_at, changed_at, seen_at, field_values) VALUES (5, 100, 200, 300, '{}');
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with a row in each table, a backup of it, and what was written, told and seen since."""
    path = tmp_path / "leadpact.db"
    make_released(path, NAMES[-1])
    back_up_nightly(path, at=NINE, keep=3)
    with closing(sqlite3.connect(path, isolation_level=None)) as store:
        store.executescript(SINCE)
    return path


def test_what_was_written_and_told_since_is_taken_over_and_the_mirror_is_as_it_was(path: Path) -> None:
    before, backup = rows_of(path), rows_of(nightly_backups(path)[0])

    done = restore(path, named_backup(path, "last"), now=LATER)

    assert done.lost is None
    after = rows_of(path)
    taken = {table for table in after if table not in MIRROR}
    assert {table: after[table] for table in taken} == {table: before[table] for table in taken}
    assert {table: after[table] for table in MIRROR} == {table: backup[table] for table in MIRROR}
    assert len(after["journal"][1]) > len(backup["journal"][1])


def test_the_store_that_is_replaced_is_kept_whole_with_what_stood_in_its_wal_alone(path: Path) -> None:
    with open_store(path) as store:
        save(store, a_record("contact/9", {"email": ADA}))
        assert ADA.encode() not in path.read_bytes() and ADA.encode() in Path(f"{path}-wal").read_bytes()
        done = restore(path, named_backup(path, "last"), now=LATER)

    assert done.kept_aside is not None
    assert replaced_stores(path) == [done.kept_aside]
    with closing(sqlite3.connect(done.kept_aside)) as aside:
        assert aside.execute("SELECT count(*) FROM record WHERE field_values LIKE ?", (f"%{ADA}%",)).fetchone() == (1,)
    with closing(sqlite3.connect(path)) as now:
        assert now.execute("SELECT count(*) FROM record WHERE field_values LIKE ?", (f"%{ADA}%",)).fetchone() == (0,)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir() if "restoring" in file.name] == []


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x5a" * (len(content) - 4096)
    path.write_bytes(content)


def remove(path: Path) -> None:
    path.unlink()


def replace_by_another(path: Path) -> None:
    path.unlink()
    with open_store(path) as other:
        Runs(other).start("sync", mode="enforce", as_of=None, now=NINE + HOUR, agreement_hash="abc")


@pytest.mark.parametrize(
    ("harm", "why"), [(damage, "it cannot be read"), (remove, "there was no store"), (replace_by_another, "the backup is not of it")]
)
def test_where_it_cannot_be_taken_over_the_store_only_observes_and_enforcement_begins_anew(path: Path, harm, why: str) -> None:
    harm(path)

    done = restore(path, named_backup(path, "last"), now=LATER)

    assert done.lost is not None and why in done.lost
    with open_store(path) as store:
        (stop,) = [one for one in Stops(store).active(LATER) if one.who == "leadpact restore"]
        assert (stop.kind, stop.target.scope, stop.until) == (StopKind.OBSERVE, Scope.ALL, None)
        assert stop.why == "restored from a backup of 2026-11-20 09:00 UTC; what was written since is not known"
        assert Enforced(store).since() == {}


def test_a_backup_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "leadpact.db"
    make_released(path, "0016_telling")
    open_store(path).close()
    (backup,) = all_backups(path)
    assert "before-" in backup.path.name

    done = restore(path, named_backup(path, backup.path.name), now=LATER)

    assert done.lost is None
    with open_store(path) as store, store.snapshot() as tx:
        assert tx.execute("SELECT count(*) FROM reconciled").fetchone() == (0,)


def test_who_was_forgotten_since_is_not_brought_back(tmp_path: Path) -> None:
    path = tmp_path / "leadpact.db"
    with open_store(path) as store:
        save(store, a_record("contact/1", {"email": ADA}), a_record("contact/2", {"email": "ben@kept.example"}))
        back_up_nightly(path, at=NINE, keep=3)
        whole = nightly_backups(path)[0].read_bytes()
        Forgotten(store, {"hubspot": WORDS}).forget(ADA, at=LATER)
        store.scrub_if_due()
    copied = tmp_path / "copied by hand.bak"
    copied.write_bytes(whole)

    restore(path, named_backup(path, str(copied)), now=LATER)

    with open_store(path) as store:
        assert [lead.lead for lead in read(store)] == ["hubspot/contact/2"]
        save(store, a_record("contact/7", {"email": ADA}), seen_at=LATER + HOUR)
        assert [lead.lead for lead in read(store)] == ["hubspot/contact/2"]
    assert ADA.encode() not in path.read_bytes()


def test_forgetting_reaches_the_store_that_was_replaced(path: Path) -> None:
    with open_store(path) as store:
        save(store, a_record("contact/9", {"email": ADA}))
    done = restore(path, named_backup(path, "last"), now=LATER)
    assert done.kept_aside is not None and ADA.encode() in done.kept_aside.read_bytes()

    with open_store(path) as store:
        save(store, a_record("contact/9", {"email": ADA}), seen_at=LATER)
        Forgotten(store, {"hubspot": WORDS}).forget(ADA, at=LATER + HOUR)
        store.scrub_if_due()

    assert not any(ADA.encode() in file.read_bytes() for file in path.parent.rglob("*") if file.is_file())
    assert done.kept_aside.exists()


def test_a_damaged_backup_or_another_file_leaves_the_store_as_it_was(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    damage(nightly_backups(path)[0])
    with pytest.raises(BackupUnusable, match="the store is as it was"):
        restore(path, named_backup(path, "last"), now=LATER)
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE record (id INTEGER PRIMARY KEY)")
    with pytest.raises(StoreNotOurs, match=str(other)):
        restore(path, named_backup(path, str(other)), now=LATER)

    assert path.read_bytes() == before
    assert replaced_stores(path) == []
    with pytest.raises(NoBackup, match="has no backup `nonsense`"):
        named_backup(path, "nonsense")


def test_backups_are_listed_by_the_moment_at_which_they_were_made(path: Path) -> None:
    back_up_nightly(path, at=NINE + timedelta(days=1), keep=3)
    older = path.with_name(f"{path.name}.before-0012_acting.bak")
    older.write_bytes(path.read_bytes())
    os.utime(older, (NINE.timestamp() - 60, NINE.timestamp() - 60))

    assert [one.made_at for one in all_backups(path)] == [NINE - timedelta(minutes=1), NINE, NINE + timedelta(days=1)]
