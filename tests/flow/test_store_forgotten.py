"""Persons who must be forgotten although a CRM still shows them: nothing of them is held, in no file, and no pull brings them back."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.records import Record
from sync.store.backup import nightly_backups
from sync.store.database import Database, open_store
from sync.store.errors import StoreCorrupt
from sync.store.forget import Forgotten
from sync.store.integrity import refuse_if_damaged
from sync.store.nightly_backup import back_up_nightly, made_at
from tests.flow.store_values import (
    BOTH,
    HOUR,
    NINE,
    WORDS,
    a_change,
    a_link,
    a_mirror,
    a_record,
    an_activity,
    dump,
    read,
    save,
    save_in_both,
)

ADA = "ada.lovelace@planted.example"
LATER = NINE + HOUR
DAY = timedelta(days=1)


def ada(key: str = "contact/1", **more) -> Record:
    return a_record(key, {"email": ADA}, history={"email": [(ADA, NINE)]}, **more)


def forget(store: Database, address: str = ADA, *, scrub: bool = True) -> list[str]:
    found = Forgotten(store, {"hubspot": WORDS}).forget(address, at=LATER)
    if scrub:
        store.scrub_if_due()
    return [str(key) for key in found.records]


def bytes_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def leads(store: Database) -> list[str]:
    return [lead.lead for lead in read(store)]


def test_who_is_forgotten_is_in_no_file_and_the_address_is_not_kept_to_know_it(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(path) as store:
        save(store, ada(), a_record("contact/2", {"email": "ben@kept.example"}))
        save(store, an_activity("call/5"), stream="calls", links=(a_link("call/5", "contact/1"),))
        back_up_nightly(path, at=NINE, keep=3)
        assert ADA.encode() in bytes_in(tmp_path)

        assert forget(store, f" {ADA.upper()} ") == ["hubspot/contact/1"]

        assert leads(store) == ["hubspot/contact/2"]
        assert ADA.encode() not in bytes_in(tmp_path)
        assert b"ben@kept.example" in nightly_backups(path)[0].read_bytes(), "backups are rewritten, not deleted"


@pytest.mark.parametrize("seen_at", [LATER, LATER + DAY])
def test_no_page_brings_back_who_is_forgotten_not_even_under_another_record(store: Database, seen_at) -> None:
    save(store, ada())
    forget(store)

    again = ada(changed_at=LATER + 9 * DAY)
    save(store, again, ada("contact/7", created_at=LATER), seen_at=seen_at)
    save(store, changes=(a_change("contact/1", "lifecyclestage", "customer", LATER),), seen_at=seen_at, stream="history")
    store.scrub_if_due()

    assert leads(store) == []
    rows = dump(store)
    assert rows["field_change"] == []
    assert ADA not in repr(rows)


def test_who_is_forgotten_before_any_pull_never_comes(store: Database) -> None:
    assert forget(store) == []

    save(store, ada(), a_record("contact/2", {"email": "ben@kept.example"}))

    assert leads(store) == ["hubspot/contact/2"]


def test_who_gets_the_address_of_somebody_forgotten_is_forgotten_too(store: Database) -> None:
    forget(store)
    save(store, a_record("contact/2", {"email": "ben@kept.example"}))

    save(store, a_record("contact/2", {"email": ADA.title()}, changed_at=LATER))

    assert leads(store) == []


def test_the_records_of_one_lead_in_both_crms_are_forgotten_together_with_those_merged_into_them(store: Database) -> None:
    lead = a_record("salesforce/Lead/00Q000000000001AAA", {"Email": "ada@other.example"})
    contact = a_record("contact/1", {"email": ADA, "salesforceleadid": "00Q000000000001AAA"})
    save_in_both(store, contact, lead)
    forgotten = Forgotten(store, BOTH)
    assert [str(key) for key in forgotten.find(ADA).records] == ["hubspot/contact/1", "salesforce/Lead/00Q000000000001AAA"]

    found = forgotten.forget(ADA, at=LATER)

    assert found.addresses == {ADA, "ada@other.example"}
    assert [str(key) for key in forgotten.find("ada@other.example").records] == []
    assert "@" not in repr(dump(store)["record"])


def test_who_is_forgotten_is_no_difference_to_what_the_crm_lists(store: Database) -> None:
    save(store, ada(), a_record("contact/2"))
    forget(store)

    assert a_mirror(store).not_among("hubspot", "contact", ["1", "2"]) == ([], [])
    assert a_mirror(store).not_among("hubspot", "contact", ["1", "2", "3"]) == ([], ["3"])


# --- backups


def test_a_backup_is_for_its_user_alone_and_the_newest_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(path) as store:
        save(store, ada())
        for day in range(4):
            back_up_nightly(path, at=NINE + day * DAY, keep=2)

    kept = nightly_backups(path)
    assert [made_at(backup) for backup in kept] == [NINE + 2 * DAY, NINE + 3 * DAY]
    assert {stat.S_IMODE(file.stat().st_mode) for file in kept} == {0o600}
    assert stat.S_IMODE(kept[0].parent.stat().st_mode) == 0o700
    assert {file.name for file in kept[0].parent.iterdir()} == {backup.name for backup in kept}


def test_a_backup_is_made_while_somebody_writes_and_holds_what_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(path) as store:
        save(store, ada())
        with store.transaction() as tx:
            tx.execute("INSERT INTO team (crm, crm_id, name) VALUES ('hubspot', '4', 'half way')")
            backup = back_up_nightly(path, at=NINE, keep=2)

    assert ADA.encode() in backup.read_bytes()
    assert b"half way" not in backup.read_bytes()


def test_a_backup_between_erasing_and_rewriting_holds_nobody_who_was_erased(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(path) as store:
        save(store, ada())
        forget(store, scrub=False)
        assert ADA.encode() in bytes_in(tmp_path)

        backup = back_up_nightly(path, at=NINE, keep=2)

    assert ADA.encode() not in backup.read_bytes()


def test_a_backup_of_an_older_schema_is_deleted_with_an_erasure(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(path) as store:
        save(store, ada())
        backup = back_up_nightly(path, at=NINE, keep=2)
        backup.write_bytes(b"SQLite format 3\x00" + b"\x5a" * 5000)

        forget(store)

    assert nightly_backups(path) == []


def test_a_damaged_store_is_refused_and_restoring_is_offered(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    refuse_if_damaged(path)
    with open_store(path) as store:
        save(store, *(a_record(f"contact/{number}", {"note": "x" * 300}) for number in range(200)))
    refuse_if_damaged(path)
    content = bytearray(path.read_bytes())
    content[3 * 4096 : -4096] = b"\x5a" * (len(content) - 4 * 4096)
    path.write_bytes(content)

    with pytest.raises(StoreCorrupt) as caught:
        refuse_if_damaged(path)

    assert "`leadpact restore`" in caught.value.fix
