"""Stores of every released version: none of their migrations was edited since, and each is brought up to date after a backup."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from sync.store.backup import KEPT, backups_of
from sync.store.database import open_store
from sync.store.errors import MigrationFailed
from tests.flow.released import NAMES, SCHEMAS, make_released, rows_of, schema_after, schema_of
from tests.flow.store_values import a_mirror

OLD = NAMES[:-1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leadpact.db"


def schema_in(path: Path) -> str:
    with closing(sqlite3.connect(path)) as store:
        return schema_of(store)


def released(name: str) -> str:
    return (SCHEMAS / f"{name[:4]}.sql").read_text(encoding="utf-8")


def test_every_migration_has_its_schema_kept(path: Path) -> None:
    assert sorted(file.stem for file in SCHEMAS.glob("*.sql")) == [name[:4] for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_a_released_migration_is_never_edited(name: str) -> None:
    assert schema_after(name) == released(name)


@pytest.mark.parametrize("name", OLD)
def test_an_older_store_is_brought_to_the_newest_schema_and_keeps_its_rows(path: Path, name: str) -> None:
    make_released(path, name)
    before = rows_of(path)
    assert all(rows for _, rows in before.values())

    open_store(path).close()

    assert schema_in(path) == released(NAMES[-1])
    assert rows_of(path, before) == before


@pytest.mark.parametrize("name", OLD)
def test_the_live_rows_of_an_older_store_are_counted(path: Path, name: str) -> None:
    make_released(path, name)

    with open_store(path) as store:
        assert [a_mirror(store).live("hubspot", kind) for kind in ("contact", "company", "call", "deal")] == [1, 1, 1, 0]


@pytest.mark.parametrize("name", OLD)
def test_an_older_store_is_backed_up_whole_before_it_is_touched(path: Path, name: str) -> None:
    make_released(path, name)
    before = rows_of(path)

    open_store(path).close()

    (backup,) = backups_of(path)
    assert backup.name == f"leadpact.db.before-{NAMES[NAMES.index(name) + 1]}.bak"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert rows_of(backup) == before
    assert schema_in(backup) == released(name)
    assert {file.name for file in path.parent.iterdir()} == {path.name, backup.name, f"{path.name}.next", f"{path.name}.turn"}


def test_what_stands_in_the_wal_alone_is_in_the_backup(path: Path) -> None:
    """What a killed process leaves: the last commits were not folded into the store yet."""
    make_released(path, OLD[-1])
    with closing(sqlite3.connect(path)) as store:
        store.execute("UPDATE team SET name = 'Outside sales'")
        store.commit()
        kept = {name: Path(f"{path}{name}").read_bytes() for name in ("", "-wal")}
    for name, content in kept.items():
        Path(f"{path}{name}").write_bytes(content)

    open_store(path).close()

    (backup,) = backups_of(path)
    assert rows_of(backup)["team"][1] == [("hubspot", "4", "Outside sales")]


def test_a_store_that_is_new_or_up_to_date_is_not_backed_up(path: Path) -> None:
    for _ in range(2):
        open_store(path).close()

    assert backups_of(path) == []


def test_a_migration_that_fails_leaves_the_store_as_it_was_and_names_the_backup(path: Path) -> None:
    make_released(path, "0006_merges")
    with closing(sqlite3.connect(path)) as store:
        store.execute("CREATE TABLE member (whose, theirs)")
    before, schema = rows_of(path), schema_in(path)

    with pytest.raises(MigrationFailed) as caught:
        open_store(path)

    (backup,) = backups_of(path)
    assert str(caught.value) == (
        f"the store {path} could not be migrated (table member already exists); it is as it was; a backup of it is {backup}"
    )
    assert (rows_of(path), schema_in(path)) == (before, schema)
    assert rows_of(backup) == before


def test_a_backup_put_in_the_place_of_the_store_is_a_store(path: Path) -> None:
    make_released(path, OLD[-1])
    open_store(path).close()
    (backup,) = backups_of(path)

    backup.replace(path)
    open_store(path).close()

    assert schema_in(path) == released(NAMES[-1])
    assert len(backups_of(path)) == 1


def test_a_backup_that_was_cut_short_is_made_anew(path: Path) -> None:
    make_released(path, OLD[-1])
    aside = path.with_name(f".leadpact.db.before-{NAMES[-1]}.bak.new")
    aside.write_bytes(b"half")

    open_store(path).close()

    assert not aside.exists()
    assert rows_of(backups_of(path)[0])["team"][1] == [("hubspot", "4", "Inside sales")]


def test_the_backups_of_the_newest_migrations_are_kept(path: Path) -> None:
    for number in range(1, 5):
        path.with_name(f"leadpact.db.before-000{number}_then.bak").touch()
    make_released(path, OLD[-1])

    open_store(path).close()

    kept = [backup.name for backup in backups_of(path)]
    assert kept == ["leadpact.db.before-0003_then.bak", "leadpact.db.before-0004_then.bak", f"leadpact.db.before-{NAMES[-1]}.bak"]
    assert len(kept) == KEPT
