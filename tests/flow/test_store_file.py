from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from sync.store.database import open_store, open_store_readonly
from sync.store.errors import (
    NoStore,
    StoreBusy,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreNewer,
    StoreNotOurs,
    StoreOutdated,
    StoreUnusable,
)
from tests.flow.store_values import NINE, a_mirror, a_page, a_record, read, save

AT_ONCE = timedelta(milliseconds=20)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_new_store_and_its_side_files_are_for_its_user_alone(path: Path, open_umask: None) -> None:
    with open_store(path) as store:
        save(store, a_record("contact/1"))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes == dict.fromkeys(("store.db", "store.db-wal", "store.db-shm", "store.db.next", "store.db.turn"), 0o600)


def test_who_opens_a_store_twice_keeps_hold_of_it_while_another_process_comes_and_goes(path: Path) -> None:
    wal = path.with_name(f"{path.name}-wal")
    with open_store(path) as store, open_store(path):  # as the daemon's loop and its pollers do
        save(store, a_record("contact/1"))
        held = wal.stat().st_ino
        other = f"from pathlib import Path; from sync.store.database import open_store; open_store(Path({str(path)!r})).close()"
        subprocess.run([sys.executable, "-c", other], check=True)

        assert wal.exists(), "the last one to close a store folds its -wal file into it and takes it away: there was somebody else"
        assert wal.stat().st_ino == held


def test_a_strict_umask_leaves_the_store_usable(path: Path) -> None:
    before = os.umask(0o777)
    try:
        open_store(path).close()
    finally:
        os.umask(before)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_folder_of_a_new_store_is_made(tmp_path: Path) -> None:
    open_store(tmp_path / "state" / "leadpact" / "store.db").close()

    assert stat.S_IMODE((tmp_path / "state" / "leadpact").stat().st_mode) == 0o700


def test_a_store_is_durable_and_waits_for_other_writers(path: Path) -> None:
    with open_store(path) as store, store.snapshot() as tx:
        pragmas = {
            name: tx.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_what_was_saved_is_there_when_the_store_is_opened_again(path: Path) -> None:
    with open_store(path) as store:
        save(store, a_record("contact/1"))

    with open_store(path) as again, open_store_readonly(path) as beside:
        assert [lead.lead for lead in read(again)] == [lead.lead for lead in read(beside)] == ["hubspot/contact/1"]


def test_a_store_opened_to_read_only_takes_no_writes(path: Path) -> None:
    open_store(path).close()

    with open_store_readonly(path) as store, pytest.raises(StoreUnusable):
        save(store, a_record("contact/1"))


def test_a_store_that_is_not_there_is_not_made_by_a_reader(path: Path) -> None:
    with pytest.raises(NoStore) as caught:
        open_store_readonly(path)

    assert "leadpact sync --dry-run" in caught.value.fix
    assert not path.exists()


def test_an_empty_file_left_by_a_crash_becomes_a_store(path: Path) -> None:
    path.touch()

    with open_store(path) as store:
        assert read(store) == []


def a_text(path: Path) -> None:
    path.write_text("name,email\nAda,ada@example.com\n" * 20)


def another_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE record (id INTEGER PRIMARY KEY)")
        other.commit()


def a_newer_store(path: Path) -> None:
    open_store(path).close()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('leadpact', '0999_of_tomorrow', '2027-01-01')"
        )
        newer.commit()


def a_newer_store_with_pages_in_its_wal(path: Path) -> None:
    """What a killed process leaves: the last commits stand in the -wal file alone."""
    open_store(path).close()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('leadpact', '0999_of_tomorrow', '2027-01-01')"
        )
        newer.commit()
        kept = {name: Path(f"{path}{name}").read_bytes() for name in ("", "-wal")}
    for name, content in kept.items():
        Path(f"{path}{name}").write_bytes(content)


def a_damaged_store(path: Path) -> None:
    open_store(path).close()
    content = bytearray(path.read_bytes())
    content[100:] = b"\x5a" * (len(content) - 100)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "refused", "exit_code"),
    [
        (a_text, StoreNotOurs, 78),
        (another_database, StoreNotOurs, 78),
        (a_newer_store, StoreNewer, 78),
        (a_newer_store_with_pages_in_its_wal, StoreNewer, 78),
        (a_damaged_store, StoreCorrupt, 1),
    ],
)
@pytest.mark.parametrize("opened", [open_store, open_store_readonly])
def test_a_file_that_is_refused_is_left_as_it_was(path: Path, make, refused, exit_code: int, opened) -> None:
    make(path)
    before = path.read_bytes()

    with pytest.raises(refused) as caught:
        opened(path)

    assert path.read_bytes() == before
    assert caught.value.exit_code == exit_code
    assert str(path) in str(caught.value)
    assert caught.value.fix


def test_a_store_that_lacks_a_migration_is_not_read_as_it_is(path: Path) -> None:
    open_store(path).close()
    with closing(sqlite3.connect(path)) as older:
        older.execute("DELETE FROM _sqlite_migrations WHERE name = '0003_views'")
        older.commit()

    with pytest.raises(StoreOutdated):
        open_store_readonly(path)


def test_a_store_that_somebody_else_writes_to_says_so(path: Path) -> None:
    with open_store(path) as first, open_store(path, wait=AT_ONCE) as second:
        with first.transaction(), pytest.raises(StoreBusy):
            save(second, a_record("contact/1"))

        assert read(second) == []


def test_a_full_disk_keeps_what_was_there(path: Path) -> None:
    with open_store(path) as store:
        save(store, a_record("contact/1"), cursor="before")
        with store.snapshot() as tx:
            (pages,) = tx.execute("PRAGMA page_count").fetchone()
            tx.execute(f"PRAGMA max_page_count = {pages}")

        with pytest.raises(StoreFull):
            save(store, *(a_record(f"contact/{n}", {"note": "x" * 500}) for n in range(2, 200)), cursor="after")

        assert a_mirror(store).cursor("hubspot", "contacts") == "before"
        assert [lead.lead for lead in read(store)] == ["hubspot/contact/1"]


def test_a_folder_in_the_place_of_the_store_is_named_in_the_message(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match=str(tmp_path)):
        open_store(tmp_path)


def test_a_page_that_fails_half_way_leaves_neither_rows_nor_cursor(path: Path) -> None:
    nameless = a_record("contact/")  # the schema refuses an empty id, after the first rows of the page

    with open_store(path) as store:
        with pytest.raises(sqlite3.IntegrityError):
            save(store, a_record("contact/1"), nameless, cursor="c9")

        assert read(store) == []
        assert a_mirror(store).cursor("hubspot", "contacts") is None


def test_a_writer_that_dies_between_the_rows_and_the_commit_leaves_nothing(path: Path) -> None:
    with open_store(path) as store, pytest.raises(KeyboardInterrupt), store.transaction() as tx:
        tx.execute("INSERT INTO stream (crm, name, cursor) VALUES ('hubspot', 'contacts', 'c9')")
        raise KeyboardInterrupt

    with open_store(path) as again:
        assert a_mirror(again).cursor("hubspot", "contacts") is None


def test_every_store_error_has_a_sentence_and_a_fix(path: Path) -> None:
    open_store(path).close()

    with open_store(path) as store:
        a_mirror(store).bind_account("hubspot", "62515")
        a_mirror(store).bind_account("hubspot", "62515")
        with pytest.raises(StoreError) as caught:
            a_mirror(store).bind_account("hubspot", "4711")

    assert caught.value.exit_code == 78
    assert str(caught.value) == "this store belongs to hubspot account 62515, and the credentials are for account 4711"


def test_pages_of_two_streams_keep_their_own_cursors(path: Path) -> None:
    with open_store(path) as store:
        mirror = a_mirror(store)
        mirror.save_page("hubspot", a_page(stream="contacts", cursor="c7", last=False), seen_at=NINE)
        mirror.save_page("hubspot", a_page(stream="calls", cursor="k2"), seen_at=NINE)

        assert (mirror.cursor("hubspot", "contacts"), mirror.cursor("hubspot", "calls")) == ("c7", "k2")
        assert {name: state.upto for name, state in mirror.streams("hubspot").items()} == {"contacts": None, "calls": NINE}
