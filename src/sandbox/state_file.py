"""A portal's records in an SQLite file: loaded when they are asked for, written back when a call has been answered."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

from sandbox.clock import as_millis
from sandbox.kinds import KINDS, Kind
from sandbox.record import Record
from sandbox.shelf import Moment

_APPLICATION = 0x4C50_5342  # "LPSB": marks an SQLite file as one of these
_VERSION = 1
_HELD = 10_000  # records of a kind that stay in memory between two calls

_WHY = {sqlite3.SQLITE_BUSY: "is in use by another process", sqlite3.SQLITE_READONLY: "cannot be written"}

_TABLE = """
CREATE TABLE {kind} (
    id INTEGER PRIMARY KEY,
    modified INTEGER NOT NULL, -- milliseconds since 1970
    archived_at TEXT,
    properties TEXT NOT NULL, -- {{name: value}}
    history TEXT NOT NULL, -- {{name: its versions as the JSON text that is served}}
    links TEXT NOT NULL -- {{kind: [all ids, those of primary pairs]}}
);
CREATE INDEX {kind}_archive ON {kind} (id) WHERE archived_at IS NOT NULL;
"""
_OTHERS = """
CREATE TABLE holder (
    kind TEXT, name TEXT, value TEXT, id INTEGER NOT NULL, PRIMARY KEY (kind, name, value)
) WITHOUT ROWID;
CREATE TABLE merged (kind TEXT, id INTEGER, survivor INTEGER NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

_MOMENTS = "CREATE INDEX {kind}_moments ON {kind} (modified) WHERE archived_at IS NULL"

Stored = tuple[int, int, str | None, str, str, str]  # a row of a kind's table
Row = tuple[int, str | None, str, str, str]  # id, archived_at, properties, history, links


class UnusableState(ValueError):
    """A state file that cannot be served, and why."""


class StateFile:
    """An open state file. Only one process at a time has it; what is written is there once `commit` has returned.

    Raises UnusableState for a file that holds something else, or that another process serves.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_new = not path.exists()
        try:
            self.connection = sqlite3.connect(path, timeout=0.2, check_same_thread=False)
        except sqlite3.OperationalError as error:
            raise UnusableState(f"{path} cannot be opened: {error}") from None
        try:
            self._begin()
        except sqlite3.DatabaseError as error:
            self.connection.close()
            raise UnusableState(f"{path} {_WHY.get(error.sqlite_errorcode, 'is no state file of a practice portal')}") from None
        except UnusableState:
            self.connection.close()
            raise

    def shelf(self, kind: Kind, *, last_id: int) -> FileShelf:
        """The records of one kind, none of which ever had an id beyond `last_id` but those that are there."""
        return FileShelf(self.connection, kind, last_id=last_id)

    def settings(self) -> Mapping[str, str]:
        """What was kept beside the records."""
        return dict(self.connection.execute("SELECT name, value FROM setting"))

    def set(self, name: str, value: str) -> None:
        """Keep something beside the records."""
        self.connection.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))

    def commit(self) -> None:
        """Make sure of everything written so far."""
        self.connection.commit()

    def close(self) -> None:
        """Let go of the file; what was not committed is lost."""
        self.connection.close()

    def discard(self) -> None:
        """Let go of the file, and leave none behind."""
        self.close()
        unlink(self.path)

    @contextmanager
    def in_bulk(self) -> Iterator[None]:
        """Take in very many rows with `insert` and `hold`: four times as fast, and the file is lost if that does not finish."""
        self.connection.execute("PRAGMA journal_mode = OFF")
        self.connection.execute("PRAGMA synchronous = OFF")
        for kind in KINDS:
            self.connection.execute(f"DROP INDEX {kind}_moments")
        yield
        for kind in KINDS:
            self.connection.execute(_MOMENTS.format(kind=kind))
        self.commit()

    def insert(self, kind: str, rows: Iterable[Stored]) -> None:
        """Write rows of one kind, each in the place of one with its id."""
        self.connection.executemany(f"INSERT OR REPLACE INTO {kind} VALUES (?, ?, ?, ?, ?, ?)", rows)

    def hold(self, kind: str, name: str, holders: Iterable[tuple[str, int]]) -> None:
        """Let records hold the values of an identifying property; values in lower case."""
        rows = ((kind, name, value, id_) for value, id_ in holders)
        self.connection.executemany("INSERT OR REPLACE INTO holder VALUES (?, ?, ?, ?)", rows)

    def _begin(self) -> None:
        self.connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        if not self.is_new:
            marks = [self.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
            if marks != [_APPLICATION, _VERSION]:
                raise UnusableState(f"{self.path} is no state file of a practice portal")
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.execute("PRAGMA cache_size = -65536")
        if self.is_new:
            self.connection.executescript(_OTHERS + "".join(f"{_TABLE}{_MOMENTS};".format(kind=kind) for kind in KINDS))
            self.connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            self.connection.execute(f"PRAGMA user_version = {_VERSION}")
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.commit()


def unlink(path: Path) -> None:
    """Take away a state file that nobody serves, with what a killed program may have left beside it."""
    for end in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + end).unlink(missing_ok=True)


class FileShelf:
    """A shelf in a state file (see `sandbox.shelf.Shelf`).

    A record that was asked for is the same object until `save`; changed ones are written back there at the latest.
    """

    def __init__(self, connection: sqlite3.Connection, kind: Kind, *, last_id: int) -> None:
        self._last_id = last_id
        self._sql = connection
        self._kind = kind
        self._table = kind.plural
        self._held: dict[int, Record] = {}
        self._changed: set[int] = set()
        self._count = self.count_between(-(2**62), 2**62)

    def get(self, id_: int) -> Record | None:
        """The record `id_`, live or archived."""
        if (record := self._held.get(id_)) is not None:
            return record
        row = self._sql.execute(f"SELECT {_COLUMNS} FROM {self._table} WHERE id = ?", (id_,)).fetchone()
        if row is None:
            return None
        record = self._held[id_] = record_of(row)
        return record

    def put(self, record: Record) -> None:
        """Take in a record whose id is not there."""
        self._held[record.id] = record
        self._changed.add(record.id)
        self._count += record.archived_at is None

    def remove(self, record: Record) -> None:
        """Take a record out."""
        self._held.pop(record.id, None)
        self._changed.discard(record.id)
        self._count -= record.archived_at is None
        self._sql.execute(f"DELETE FROM {self._table} WHERE id = ?", (record.id,))

    def changing(self, record: Record) -> None:
        """Note that `record` is about to change."""
        self._held[record.id] = record
        self._changed.add(record.id)

    def count(self) -> int:
        """How many are live."""
        return self._count

    def live(self) -> Iterator[Record]:
        """The live ones by id; a pass over all of them keeps none in memory."""
        self.write()
        rows = self._sql.execute(f"SELECT {_COLUMNS} FROM {self._table} WHERE archived_at IS NULL ORDER BY id")
        return (self._held.get(row[0]) or record_of(row) for row in rows)

    def page(self, start: int, limit: int) -> list[Record]:
        """Up to `limit` live ones with ids from `start` on."""
        self.write()
        asked = f"SELECT {_COLUMNS} FROM {self._table} WHERE id >= ? AND archived_at IS NULL ORDER BY id LIMIT ?"
        return [self._held.get(row[0]) or record_of(row) for row in self._sql.execute(asked, (start, limit))]

    def between(self, low: int, high: int) -> Sequence[int]:
        """Ids of the live ones last changed from `low` to `high`, ascending."""
        self.write()
        asked = f"SELECT id FROM {self._table} WHERE archived_at IS NULL AND modified BETWEEN ? AND ? ORDER BY id"
        return array("q", (id_ for (id_,) in self._sql.execute(asked, (low, high))))

    def count_between(self, low: int, high: int) -> int:
        """How many those are."""
        self.write()
        asked = f"SELECT count(*) FROM {self._table} WHERE archived_at IS NULL AND modified BETWEEN ? AND ?"
        return int(self._sql.execute(asked, (low, high)).fetchone()[0])

    def moments(self, low: int, high: int, *, falling: bool, most: int) -> list[Moment]:
        """The first `most` of those, oldest or newest change first."""
        self.write()
        way = "DESC" if falling else "ASC"
        asked = (
            f"SELECT modified, id FROM {self._table} WHERE archived_at IS NULL AND modified BETWEEN ? AND ?"
            f" ORDER BY modified {way}, id {way} LIMIT ?"
        )
        return self._sql.execute(asked, (low, high, most)).fetchall()

    def holder(self, name: str, value: str) -> int | None:
        """The id of the live record whose identifying property `name` is `value`."""
        asked = "SELECT id FROM holder WHERE kind = ? AND name = ? AND value = ?"
        row = self._sql.execute(asked, (self._table, name, value)).fetchone()
        return None if row is None else int(row[0])

    def hold(self, name: str, value: str, id_: int | None) -> None:
        """Let `id_` be the holder; None: nobody."""
        if id_ is None:
            self._sql.execute("DELETE FROM holder WHERE kind = ? AND name = ? AND value = ?", (self._table, name, value))
        else:
            self._sql.execute("INSERT OR REPLACE INTO holder VALUES (?, ?, ?, ?)", (self._table, name, value, id_))

    def merge(self, gone: int, into: int | None) -> None:
        """Note that the id `gone` leads to `into`; None: it does not lead anywhere any more."""
        if into is None:
            self._sql.execute("DELETE FROM merged WHERE kind = ? AND id = ?", (self._table, gone))
        else:
            self._sql.execute("INSERT OR REPLACE INTO merged VALUES (?, ?, ?)", (self._table, gone, into))

    def archived(self) -> dict[int, int]:
        """When each archived one was archived, in milliseconds since 1970."""
        rows = self._sql.execute(f"SELECT id, archived_at FROM {self._table} WHERE archived_at IS NOT NULL")
        return {id_: as_millis(at) for id_, at in rows}

    def merged(self) -> dict[int, int]:
        """Where the ids of those that were merged away lead."""
        return dict(self._sql.execute("SELECT id, survivor FROM merged WHERE kind = ?", (self._table,)))

    def last_id(self) -> int:
        """The largest id a record ever had; 0 without any."""
        largest = self._sql.execute(f"SELECT coalesce(max(id), 0) FROM {self._table}").fetchone()[0]
        return max(int(largest), self._last_id)

    def write(self) -> None:
        """Write back what changed."""
        if self._changed:
            rows = [self._row(self._held[id_]) for id_ in self._changed]
            self._sql.executemany(f"INSERT OR REPLACE INTO {self._table} VALUES (?, ?, ?, ?, ?, ?)", rows)
            self._changed.clear()

    def save(self) -> None:
        """Write back what changed, and keep no more in memory than is good."""
        self.write()
        if len(self._held) > _HELD:
            self._held.clear()

    def _row(self, record: Record) -> Stored:
        modified = as_millis(record.properties[self._kind.modified])
        history = {name: versions.decode() for name, versions in record.history.items()}
        links = {kind: _ends(ids) for kind, ids in record.links.items() if ids}
        return record.id, modified, record.archived_at, _json(record.properties), _json(history), _json(links)


_COLUMNS = "id, archived_at, properties, history, links"


def record_of(row: Row) -> Record:
    """The record that a row holds."""
    id_, archived_at, properties, history, links = row
    return Record(
        id=id_,
        properties=orjson.loads(properties),
        history={name: text.encode() for name, text in orjson.loads(history).items()},
        links={kind: {**dict.fromkeys(ids, False), **dict.fromkeys(primary, True)} for kind, (ids, primary) in orjson.loads(links).items()},
        archived_at=archived_at,
    )


def _ends(ids: Mapping[int, bool]) -> tuple[Sequence[int], Sequence[int]]:
    return list(ids), [id_ for id_, is_primary in ids.items() if is_primary]


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
