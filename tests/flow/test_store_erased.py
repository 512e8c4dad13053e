"""Persons that their CRM keeps nothing of: the mirror keeps nothing either, in no file, and no old page brings them back."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from connectors.records import Merge
from sync.judge.findings import Status
from sync.store.backup import backups_of
from sync.store.database import Database, open_store, open_store_readonly
from sync.store.dirty import Dirty
from sync.store.findings import Findings
from sync.store.rows_read import LeadReader
from sync.store.runs import Runs
from tests.flow.released import NAMES, make_released
from tests.flow.store_values import (
    HOUR,
    MINUTE,
    NINE,
    WORDS,
    a_finding,
    a_judgement,
    a_key,
    a_link,
    a_mirror,
    a_record,
    an_activity,
    dump,
    read,
    save,
)

ADA = "ada.lovelace@planted.example"
ERASED = NINE + 2 * HOUR


def ada(changed_at: datetime = NINE):
    return a_record("contact/1", {"email": ADA}, history={"email": [(ADA, NINE)]}, changed_at=changed_at)


def erase(store: Database, *keys: str, scrub: bool = True) -> None:
    save(store, erased=tuple(map(a_key, keys or ("contact/1",))), seen_at=ERASED)
    if scrub:
        a_mirror(store).scrub_if_due()


def leads(store: Database, upto: datetime | None = None) -> list[str]:
    return [lead.lead for lead in read(store, upto=upto)]


def holds(path: Path, text: str) -> list[str]:
    """Name the files beside the store, itself included, that hold `text` anywhere."""
    return sorted(file.name for file in path.parent.iterdir() if text.encode() in file.read_bytes())


@pytest.fixture
def two(store: Database) -> Database:
    """Ada and somebody else; a call with both, a call with Ada, her company and her deal."""
    save(store, a_record("company/9"), a_record("deal/8"), stream="companies")
    save(store, ada(), a_record("contact/2", {"email": "ben@kept.example"}), links=(a_link("contact/1", "company/9"),))
    links = (a_link("call/5", "contact/1"), a_link("call/5", "contact/2"), a_link("call/6", "contact/1"), a_link("deal/8", "contact/1"))
    save(store, an_activity("call/5"), an_activity("call/6"), stream="calls", links=links)
    return store


def test_of_an_erased_person_a_tombstone_is_all_that_stays(two: Database) -> None:
    erase(two)

    rows = dump(two)
    assert ADA not in repr(rows)
    assert [row[5:8] for row in rows["record"] if row[0] == 3] == [("{}", None, to_ms(ERASED))]
    assert rows["field_change"] == []
    with two.snapshot() as tx:
        ended = tx.execute("SELECT count(*) FROM association WHERE why = 'erased' AND 3 IN (low, high)").fetchone()
        still_open = tx.execute("SELECT count(*) FROM association WHERE unlinked_at IS NULL AND 3 IN (low, high)").fetchone()
    assert (ended, still_open) == ((4,), (0,))


def to_ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def test_an_erased_person_is_no_lead_at_any_moment_and_the_others_are_as_they_were(two: Database) -> None:
    erase(two)

    assert leads(two) == leads(two, NINE + HOUR) == ["hubspot/contact/2"]
    (other,) = read(two)
    assert [activity.key.id for activity in other.activities] == ["5"]
    for text in ("1", "hubspot/contact/1", ADA):
        assert LeadReader(two, [WORDS]).find(text) == ()
    assert [a_mirror(two).live("hubspot", kind) for kind in ("contact", "call", "company", "deal")] == [1, 2, 1, 1]


def test_an_older_page_does_not_bring_an_erased_person_back(two: Database) -> None:
    erase(two)
    before = {table: rows for table, rows in dump(two).items() if table not in ("dirty", "judged_by")}

    save(two, ada(changed_at=ERASED), links=(a_link("contact/1", "company/9"),), seen_at=ERASED)
    save(two, an_activity("call/6"), stream="calls", links=(a_link("call/6", "contact/1"),), seen_at=ERASED + HOUR)

    assert {table: rows for table, rows in dump(two).items() if table not in ("dirty", "judged_by")} == before


def test_an_older_page_merges_nobody_into_an_erased_person(two: Database) -> None:
    erase(two)

    save(two, ada(changed_at=ERASED), merged=(Merge(gone=a_key("contact/2"), into=a_key("contact/1"), at=NINE),), seen_at=ERASED)

    (other,) = read(two)
    assert (other.lead, [activity.key.id for activity in other.activities]) == ("hubspot/contact/2", ["5"])


@pytest.mark.parametrize(("changed_at", "seen_at"), [(ERASED + MINUTE, ERASED), (NINE, ERASED + HOUR)])
def test_a_person_that_the_crm_serves_anew_comes_back(two: Database, changed_at: datetime, seen_at: datetime) -> None:
    erase(two)

    save(two, ada(changed_at=changed_at), links=(a_link("contact/1", "company/9"),), seen_at=seen_at)

    assert leads(two) == ["hubspot/contact/1", "hubspot/contact/2"]
    assert read(two)[0].people[0].values == {"email": ADA}
    assert a_mirror(two).live("hubspot", "contact") == 2


def test_what_was_merged_into_an_erased_person_goes_with_them(two: Database) -> None:
    save(two, a_record("contact/3", {"email": "third@planted.example"}))
    save(two, merged=(Merge(gone=a_key("contact/3"), into=a_key("contact/1"), at=NINE),))
    save(two, merged=(Merge(gone=a_key("contact/1"), into=a_key("contact/2"), at=NINE),))

    erase(two, "contact/2")

    assert "@" not in repr(dump(two)["record"])
    assert leads(two) == []


def test_what_stood_of_an_erased_person_is_withdrawn_and_not_twice(two: Database) -> None:
    run = Runs(two).start("dry-run", mode="observe", as_of=None, now=NINE, agreement_hash="abc")
    findings, marks = Findings(two), Dirty(two, {"hubspot": WORDS})
    running = a_judgement(a_finding(status=Status.RUNNING), next_at=NINE + HOUR)
    findings.save(run, [running], judged_at=NINE, marked_upto=marks.newest())
    assert [key.id for key in findings.fallen_due("hubspot", ERASED + HOUR)] == ["1"]

    erase(two)

    assert findings.fallen_due("hubspot", ERASED + HOUR) == ()
    assert list(LeadReader(two, [WORDS]).changed(now=ERASED, bulk_within=MINUTE)) == [
        lead for lead in read(two) if lead.lead != running.lead
    ]
    assert findings.withdraw_former(run, judged_at=ERASED) == 1
    assert findings.withdraw_former(run, judged_at=ERASED) == 0
    assert list(findings.latest()) == []
    assert findings.due(ERASED + 9 * HOUR) == ()


def test_an_erased_company_deal_or_call_is_gone(two: Database) -> None:
    erase(two, "company/9", "deal/8", "call/6", "contact/77")

    assert [a_mirror(two).live("hubspot", kind) for kind in ("contact", "call", "company", "deal")] == [2, 1, 0, 0]
    assert leads(two) == ["hubspot/contact/1", "hubspot/contact/2"]


# --- the bytes


def test_no_file_holds_what_was_erased(tmp_path: Path) -> None:
    """Rows that grew or moved leave copies behind, which deleting the row does not reach: most builds of SQLite leave them as they are."""
    path, chance = tmp_path / "store.db", random.Random(5)
    people = [f"person{number:04d}@planted.example" for number in range(900)]
    with open_store(path) as store:
        with store.snapshot() as tx:
            tx.execute("PRAGMA secure_delete = OFF")
        numbers = list(range(900))
        chance.shuffle(numbers)
        for step in range(3):
            for first in range(0, 900, 50):
                at = NINE + step * MINUTE
                told = [(n, {"email": people[n], "note": "x" * chance.randrange(900)}) for n in numbers[first : first + 50]]
                save(
                    store, *(a_record(f"contact/{n}", values, history={"email": [(people[n], NINE)]}, changed_at=at) for n, values in told)
                )
        gone = sorted(chance.sample(numbers, 60))
        assert holds(path, people[gone[0]])

        erase(store, *(f"contact/{n}" for n in gone))

        left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert [people[n] for n in gone if people[n].encode() in left] == []
    assert all(person.encode() in left for n, person in enumerate(people) if n not in gone)


def test_a_backup_from_before_an_erasure_is_deleted_and_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "leadpact.db"
    make_released(path, NAMES[-2])
    with closing(sqlite3.connect(path)) as old:
        old.execute("""UPDATE record SET field_values = '{"email":"ada.lovelace@planted.example"}' WHERE id = 1""")
        old.commit()

    with capture_logs() as told, open_store(path) as store:
        (backup,) = backups_of(path)
        assert backup.name in holds(path, ADA)
        erase(store)
        assert holds(path, ADA) == backups_of(path) == []

    assert ("backup_deleted", str(backup)) in [(line["event"], line.get("backup")) for line in told]


def test_bytes_that_could_not_leave_yet_leave_with_the_next_run(tmp_path: Path) -> None:
    """Who reads the old state holds on to it; and a run can be killed between erasing and rewriting."""
    path = tmp_path / "store.db"
    with open_store(path) as store:
        save(store, ada())
        erase(store, scrub=False)
        assert holds(path, ADA)

    with open_store(path):
        assert holds(path, ADA) == []


def test_a_reader_of_the_old_state_puts_off_the_scrubbing_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(path, wait=MINUTE / 1000) as store:
        save(store, ada())
        with open_store_readonly(path) as reader, reader.snapshot() as tx, capture_logs() as told:
            tx.execute("SELECT count(*) FROM record").fetchone()
            erase(store)
            assert leads(store) == []
            assert [line["event"] for line in told] == ["rewriting_store", "erased_bytes_remain"]
            a_mirror(store).scrub_if_due()
            assert [line["event"] for line in told][1:] == ["erased_bytes_remain"] * 2  # it is not rewritten once more
        a_mirror(store).scrub_if_due()
        assert holds(path, ADA) == []
