"""What an org keeps: rows in tables, changed in transactions that may fail or commit late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.salesforce.ids import Mint
from sandbox.salesforce.moments import moment_text
from sandbox.salesforce.rows import Row, Table
from sandbox.salesforce.schema import Schema, built_in
from sandbox.salesforce.switches import Switches

_Touched = dict[tuple[str, str], Row | None]  # (object, id) -> the row before


@dataclass(slots=True, kw_only=True)
class Pending:
    """What a slow transaction wrote and nobody sees yet."""

    began: datetime
    seen_from: datetime
    rows: _Touched  # here: the rows as they will be


class Store:
    """The rows of an org, its schema, its switches and its clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.schema: Schema = built_in()
        self.tables = {name: Table() for name, sobject in self.schema.objects.items() if sobject.is_stored}
        self.mint = Mint()
        self.switches = Switches(self.schema)
        self.purged: dict[str, dict[str, str]] = {name: {} for name in self.tables}  # object -> id -> when it was deleted
        self.pending: list[Pending] = []
        self._open: list[_Touched] = []

    def now(self) -> str:
        """The present moment as rows hold it."""
        return moment_text(self.clock.now())

    def today(self) -> str:
        """The present date in UTC."""
        return self.now()[:10]

    def row(self, id_: str | None) -> Row | None:
        """The row that an id of any object names, deleted ones too."""
        sobject = self.schema.of_id(id_) if id_ else None
        return self.tables[sobject.name].get(id_) if sobject else None

    def put(self, sobject: str, id_: str, row: Row | None) -> None:
        """Write a row (None: purge it)."""
        old = self.tables[sobject].put(id_, row)
        if self._open:
            self._open[-1].setdefault((sobject, id_), old)

    def add(self, sobject: str, row: Row) -> str:
        """Write a new row; its id."""
        id_ = self.mint.new(self.schema.objects[sobject].prefix)
        self.put(sobject, id_, {"Id": id_, **row})
        return id_

    def set(self, sobject: str, id_: str, **values: object) -> None:
        """Change fields of a row and nothing else."""
        self.put(sobject, id_, {**self.tables[sobject].rows[id_], **values})

    @contextmanager
    def transaction(self, commits_after: timedelta = timedelta()) -> Iterator[None]:
        """Undo all that is written within if it is left by an exception; else show it `commits_after` from now."""
        touched: _Touched = {}
        self._open.append(touched)
        try:
            yield
        except BaseException:
            self._open.pop()
            self._swap(touched)
            raise
        self._open.pop()
        if self._open:
            for key, old in touched.items():
                self._open[-1].setdefault(key, old)
        elif commits_after:
            self._hold_back(touched, commits_after)

    def _hold_back(self, touched: _Touched, commits_after: timedelta) -> None:
        now = self.clock.now()
        self.pending.append(Pending(began=now, seen_from=now + commits_after, rows=self._swap(touched)))

    def _swap(self, rows: _Touched) -> _Touched:
        """Put `rows` into their places; what was there."""
        return {(sobject, id_): self.tables[sobject].put(id_, row) for (sobject, id_), row in rows.items()}

    def settle(self) -> None:
        """Show what slow transactions wrote and have committed by now."""
        if not self.pending:
            return
        now = self.clock.now()
        due = [each for each in self.pending if each.seen_from <= now]
        self.pending = [each for each in self.pending if each.seen_from > now]
        for each in due:
            self._swap(each.rows)

    def covered_upto(self) -> datetime:
        """Up to when all that was written can be seen."""
        return min([each.began for each in self.pending] + [self.clock.now()])

    def is_held(self, id_: str) -> bool:
        """Whether somebody else holds the record: a lock, or a transaction that has not committed."""
        return self.switches.is_locked(id_, self.clock.now()) or any(
            (name, id_) in each.rows for each in self.pending for name in self.tables
        )
