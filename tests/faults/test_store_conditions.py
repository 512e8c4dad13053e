"""What disks, other programs and damage do to a store: a message that says what to do, the documented exit code, an intact store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sync.store.backup import backups_of
from sync.store.database import open_store, open_store_readonly
from sync.store.errors import NoRoomForBackup, NoRoomToScrub, StoreFull, StoreUnusable
from sync.store.lock import hold_store, this_process
from tests.faults.disks import fill, make_read_only, resize, small_disk
from tests.faults.holding import program_that_writes, run_that_holds
from tests.faults.mirrored import mirror_of
from tests.flow.practice import audit_json, leadpact, practice_hubspot
from tests.flow.released import NAMES, make_released, rows_of
from tests.flow.store_values import NINE, a_key, a_record, read, save

pytestmark = pytest.mark.xdist_group("store conditions")
KB = 1024


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files of an account that is served."""
    with practice_hubspot(tmp_path_factory.mktemp("account"), "--leads", "60", "--seed", "3", "--now", "2026-11-20T15:00Z") as files:
        yield files


@pytest.fixture
def files(practice: Path) -> Iterator[Path]:
    """The same, without a store."""
    before = (practice / "config.toml").read_text(encoding="utf-8")
    yield practice
    (practice / "config.toml").write_text(before, encoding="utf-8")
    for left in practice.glob("leadpact.db*"):
        left.unlink()


def put_store(files: Path, store: Path) -> None:
    """Let the config of the account name another store."""
    with (files / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f'\n[files]\nstore = "{store}"\n')


def refused(files: Path, *options: str, code: int = 1) -> str:
    """Run the audit, which must fail with `code` and a fix; return what it said."""
    done = leadpact("sync", "--dry-run", "--config", str(files / "config.toml"), *options)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "fix: " in done.stderr
    return done.stderr


def is_sound(store: Path) -> bool:
    with closing(sqlite3.connect(store)) as tables:
        return tables.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# --- the disk


def test_a_disk_that_fills_while_pulling_stops_the_run_which_goes_on_when_there_is_room(files: Path, tmp_path: Path) -> None:
    audit_json(files)
    undisturbed = mirror_of(files / "leadpact.db")
    with small_disk(tmp_path / "disk", kb=1100) as disk:
        store = disk / "leadpact.db"
        put_store(files, store)

        said = refused(files)

        assert f"the disk that holds the store {store} is full; what was saved before stands" in said
        assert "free some space and run this again" in said
        assert is_sound(store)
        assert 0 < len(mirror_of(store)) < len(undisturbed)
        resize(disk, kb=64 * KB)
        audit_json(files)
        assert mirror_of(store) == undisturbed


def test_a_store_that_a_full_disk_lets_nobody_open_is_not_called_unusable(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kb=8 * KB) as disk:
        store = disk / "leadpact.db"
        open_store(store).close()
        fill(disk)

        with pytest.raises(StoreFull):
            open_store_readonly(store)


def test_a_read_only_disk_is_named_and_nothing_on_it_changes(files: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kb=8 * KB) as disk:
        store = disk / "leadpact.db"
        put_store(files, store)
        audit_json(files)
        before = store.read_bytes()
        make_read_only(disk)

        said = refused(files)

        assert f"the store {store} cannot be used: Read-only file system" in said
        assert "write access to the file and its folder" in said
        assert store.read_bytes() == before


def test_a_lock_that_cannot_be_written_is_an_error_of_the_store(tmp_path: Path) -> None:
    me = this_process("leadpact sync", since=NINE)
    with small_disk(tmp_path / "disk", kb=64) as disk:
        fill(disk)
        with pytest.raises(StoreFull), hold_store(disk / "leadpact.db", me):
            pytest.fail("held")
        make_read_only(disk)
        with pytest.raises(StoreUnusable, match="Read-only file system"), hold_store(disk / "leadpact.db", me):
            pytest.fail("held")


def test_without_room_for_the_backup_an_older_store_is_left_as_it_was(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kb=1280) as disk:
        path = disk / "leadpact.db"
        make_released(path, NAMES[-2])
        before = rows_of(path)
        ballast = fill(disk, leave_kb=100)

        with pytest.raises(NoRoomForBackup) as caught:
            open_store(path)

        assert caught.value.fix == "free 1 MB beside it and run this again"
        assert {file.name for file in disk.iterdir()} <= {
            path.name,
            "ballast",
            *(f"{path.name}{end}" for end in ("-wal", "-shm", ".next", ".turn")),
        }
        assert rows_of(path) == before
        ballast.unlink()
        open_store(path).close()
        assert len(backups_of(path)) == 1


def test_without_room_to_rewrite_the_store_the_erased_bytes_go_with_a_later_run(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kb=5 * KB) as disk:
        path = disk / "leadpact.db"
        with open_store(path) as store:
            save(store, *(a_record(f"contact/{n}", {"email": f"p{n}@planted.example", "pad": "x" * 900}) for n in range(1000)))
            ballast = fill(disk, leave_kb=200)
            save(store, erased=(a_key("contact/7"),))
            with pytest.raises(NoRoomToScrub):
                store.scrub_if_due()
            assert len(read(store)) == 999

        ballast.unlink()
        open_store(path).close()
        assert b"p7@planted.example" not in path.read_bytes()


# --- damage


def overwritten(store: Path) -> None:
    """The header and the schema are whole; what lies behind is not."""
    content = bytearray(store.read_bytes())
    content[4096:] = b"\x5a" * (len(content) - 4096)
    store.write_bytes(content)


def cut_short(store: Path) -> None:
    content = store.read_bytes()
    store.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("damage", [overwritten, pytest.param(cut_short, marks=pytest.mark.campaign)])
def test_a_damaged_store_is_named_and_can_be_pulled_anew(files: Path, damage) -> None:
    store = files / "leadpact.db"
    audit_json(files)
    whole = mirror_of(store)
    damage(store)

    said = refused(files)

    assert f"the store {store} is damaged" in said
    assert "move" in said and "pull anew" in said
    for left in files.glob("leadpact.db*"):
        left.unlink()  # what the fix says
    audit_json(files)
    assert mirror_of(store) == whole


def test_a_store_of_a_newer_leadpact_is_left_as_it_is(files: Path) -> None:
    store = files / "leadpact.db"
    open_store(store).close()
    with closing(sqlite3.connect(store)) as newer:
        newer.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('leadpact', '0999_then', '2027-01-01')")
        newer.commit()
    before = store.read_bytes()

    assert "written by a newer leadpact" in refused(files, code=78)
    assert store.read_bytes() == before


# --- others


def test_a_program_that_keeps_a_transaction_open_is_waited_for_and_then_named(files: Path) -> None:
    store = files / "leadpact.db"
    audit_json(files)
    before = rows_of(store)

    with program_that_writes(store):
        said = refused(files, "--wait", "1 second")

    assert f"another program is writing to the store {store}; what was saved before stands" in said
    assert rows_of(store) == before


def test_another_run_is_waited_for_and_then_named(files: Path) -> None:
    with run_that_holds(files / "leadpact.db") as other:
        said = refused(files)

    assert "waiting_for_store" in said
    assert f"held by `leadpact sync`, process {other.pid} on " in said


def test_reports_are_read_beside_a_run(files: Path) -> None:
    audit_json(files)

    with run_that_holds(files / "leadpact.db"):
        done = leadpact("due", "--config", str(files / "config.toml"))

    assert done.returncode == 0, done.stderr
    with open_store_readonly(files / "leadpact.db") as store:
        assert read(store)
