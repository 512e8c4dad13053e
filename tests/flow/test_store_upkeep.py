"""The store at night: who was deleted long ago goes, free pages leave the file, and a reconciliation that was cut short is known."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.records import RecordKey
from sync.drift import Drift, What, sorted_out
from sync.store.database import Database, open_store
from sync.store.reconciled import Part, Parts
from sync.store.runs import Runs
from sync.store.upkeep import Upkeep
from tests.flow.store_values import HOUR, NINE, WORDS, a_key, a_record, read, save

DAY = timedelta(days=1)


def test_who_was_deleted_before_a_moment_is_erased_and_comes_back_if_the_crm_shows_them_again(store: Database) -> None:
    people = [a_record(f"contact/{number}", {"email": f"p{number}@planted.example"}) for number in range(1, 5)]
    save(store, *people)
    save(store, gone=((a_key("contact/1"), NINE + HOUR), (a_key("contact/2"), NINE + DAY)), seen_at=NINE + DAY)

    erased = Upkeep(store).erase_deleted([WORDS], before=NINE + DAY, now=NINE + 9 * DAY)
    Upkeep(store).scrub()

    assert erased == 1
    assert Upkeep(store).erase_deleted([WORDS], before=NINE + DAY, now=NINE + 9 * DAY) == 0
    files = b"".join(file.read_bytes() for file in store.path.parent.glob(f"{store.path.name}*"))
    assert [f"p{number}@planted.example".encode() in files for number in range(1, 5)] == [False, True, True, True]
    assert [lead.lead for lead in read(store)] == [f"hubspot/contact/{number}" for number in (2, 3, 4)]
    save(store, people[0], seen_at=NINE + 10 * DAY)
    assert [lead.lead for lead in read(store)] == [f"hubspot/contact/{number}" for number in (1, 2, 3, 4)]


def test_free_pages_leave_the_file_where_that_pays(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(path) as store:
        save(store, *(a_record(f"contact/{number}", {"note": "x" * 900}) for number in range(2000)))
        assert Upkeep(store).shrink() == 0
        with store.transaction() as tx:
            tx.execute("DELETE FROM record")
            (before,) = tx.execute("PRAGMA page_count").fetchone()
        given_back = Upkeep(store).shrink()
        with store.snapshot() as tx:
            (after,), (free,) = (tx.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "freelist_count"))
        assert Upkeep(store).shrink() == 0

    assert given_back == (before - after) * 4096 > before * 4096 / 2
    assert free == 0


def test_a_store_of_an_older_version_keeps_its_free_pages(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_store(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as older:
        older.execute("PRAGMA journal_mode = DELETE")
        older.execute("PRAGMA auto_vacuum = NONE")
        older.execute("VACUUM")
    with open_store(path) as store:
        save(store, *(a_record(f"contact/{number}", {"note": "x" * 900}) for number in range(500)))
        with store.transaction() as tx:
            tx.execute("UPDATE record SET field_values = '{}'")

        assert Upkeep(store).shrink() == 0
        assert len(read(store)) == 500


def a_part(name: str, **more) -> Part:
    return Part(crm="hubspot", name=name, **({"state": "done"} | more))


def a_run(store: Database, *, began_at=NINE, kind: str = "reconcile") -> str:
    return Runs(store).start(kind, mode="observe", as_of=None, now=began_at, agreement_hash="abc")


@pytest.mark.parametrize("outcome", [None, "Denied"])
def test_what_a_reconciliation_found_is_known_if_it_was_cut_short(store: Database, outcome: str | None) -> None:
    parts, drift = Parts(store), sorted_out((), [Drift(what=What.MISSED, key=a_key("contact/1"), why="late")])
    run = a_run(store)
    parts.note(run, a_part("deals", state="left out", why="no calls"), at=NINE)
    parts.note(run, a_part("contacts", state="begun", upto=RecordKey("hubspot", "contact", "7")), at=NINE)
    parts.note(run, a_part("contacts", rows=9, drift=drift), at=NINE)
    if outcome is not None:
        Runs(store).finish(run, outcome=outcome, summary={})
    a_run(store, kind="sync", began_at=NINE + HOUR)

    found = parts.cut_short(since=NINE - HOUR)

    assert found == (a_part("contacts", rows=9, drift=drift), a_part("deals", state="left out", why="no calls"))
    assert parts.cut_short(since=NINE + HOUR) == (), "too long ago"


def test_one_that_came_to_its_end_is_not_gone_on_with(store: Database) -> None:
    parts, run = Parts(store), a_run(store)
    parts.note(run, a_part("contacts"), at=NINE)
    Runs(store).finish(run, outcome="ok", summary={})

    assert parts.cut_short(since=NINE) == ()


def test_it_is_known_when_each_part_was_done_last(store: Database) -> None:
    parts, first, second = Parts(store), a_run(store), a_run(store, began_at=NINE + DAY)
    for run, at in ((first, NINE), (second, NINE + DAY)):
        parts.note(run, a_part("contacts"), at=at)
    parts.note(first, a_part("deals"), at=NINE)
    parts.note(second, a_part("deals", state="left out"), at=NINE + DAY)

    assert parts.last_done("hubspot") == {"contacts": NINE + DAY, "deals": NINE}
    assert parts.last_done("salesforce") == {}
