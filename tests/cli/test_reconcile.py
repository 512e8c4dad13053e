"""`leadpact reconcile` from outside: what no pull is told of is found, healed and told, beside a run that holds the store."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sync.store.backup import nightly_backups
from sync.store.lock import hold_daemon
from tests.faults.holding import run_that_holds
from tests.flow import warm
from tests.flow.enforcing import Enforced, enforced
from tests.flow.org_people import OrgPeople
from tests.flow.people import People
from tests.flow.practice import leadpact, store_bytes

pytestmark = pytest.mark.xdist_group("reconcile")  # one world for all

HOUR_S = 3600
LATE = "shown late: it was last changed before the stream was read up to then"
SILENT = "changed without a new time of change"
STARTS_WITHIN_S = 60


def reconciled(one: Enforced) -> dict[str, dict[str, Any]]:
    """Reconcile and return the parts that differed or were left out, by name."""
    done = leadpact("reconcile", "--format", "json", "--config", str(one.files / "config.toml"))
    assert done.returncode == 0, done.stderr
    return {part["part"]: part for part in json.loads(done.stdout)["reconciled"] if part["drift"] or part["state"] == "left out"}


def told(part: Mapping[str, Any]) -> dict[tuple[str, str, str], list[str]]:
    """Return which records differ, by sort."""
    return {(one["what"], one["field"], one["why"]): one["keys"] for one in part["drift"]}


def rows(one: Enforced, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(one.files / "leadpact.db")) as store:
        return store.execute(sql).fetchall()


def silently(people: People, contact: str, values: Mapping[str, str]) -> None:
    """Change values in the portal without a new time of change."""
    asked = "email,lifecyclestage,hubspot_owner_id,createdate,lastmodifieddate"
    held = people.ask("GET", f"/crm/v3/objects/contacts/{contact}?properties={asked}&propertiesWithHistory={asked}")
    properties = {name: value for name, value in held["properties"].items() if value is not None and name != "hs_object_id"}
    line = {"object": "contacts", "id": contact, "properties": properties | values, "history": held["propertiesWithHistory"]}
    people.ask("POST", "/_sandbox/records", [line])


def appears_late(people: People, number: int) -> str:
    """Have a contact appear that was made and last changed before the last pull; return its id."""
    told_at = "2026-11-20T15:00:00Z"
    values = {"email": f"shown{number}@late.example", "createdate": told_at, "lastmodifieddate": told_at}
    people.ask("POST", "/_sandbox/records", [{"object": "contacts", "id": str(number), "properties": values}])
    return str(number)


@pytest.fixture(scope="module")
def hubspot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enforced]:
    with enforced("hubspot", tmp_path_factory.mktemp("hubspot"), leads=3, has_stray_call=True) as one:
        one.run("sync")
        yield one


def test_what_drifted_behind_the_cursors_is_found_healed_and_told_once_beside_a_run_that_holds_the_store(hubspot: Enforced) -> None:
    one, people = hubspot, hubspot.world.people
    assert isinstance(people, People)
    assert reconciled(one) == {}, "nothing had drifted"
    calls, writes = one.world.calls(), one.world.writes()

    taken_back, silent, linked = one.leads
    one.pass_on(taken_back, one.members()[0])
    one.link(linked, one.stray_call)
    deleted = people.contacts[0]
    people.ask("DELETE", f"/crm/v3/objects/contacts/{deleted}")
    late = appears_late(people, 999001)  # one more, one less: counting tells nothing
    people.rest(HOUR_S)
    one.run("sync", "--dry-run")
    silently(people, silent, {"country": "FR"})
    before = one.world.writes()

    with run_that_holds(one.files / "leadpact.db"):
        found = reconciled(one)

    assert found.keys() == {"contacts", "open leads", "writes"}
    assert told(found["contacts"]) == {
        ("missed", "", LATE): [f"hubspot/contact/{late}"],
        ("deleted", "", "no pull was told"): [f"hubspot/contact/{deleted}"],
    }
    assert told(found["open leads"]) == {
        ("link", "", "associated without a new time of change"): [one.key(linked)],
        ("value", "country", SILENT): [one.key(silent)],
    }
    assert told(found["writes"]) == {("write", "hubspot_owner_id", "replaced by app 54321"): [one.key(taken_back)]}
    assert one.world.writes() == before, "nothing is written to a CRM"
    assert calls < one.world.calls() and writes < before

    values = rows(one, f"SELECT field_values ->> 'country' FROM record JOIN object USING (id) WHERE crm_id = '{silent}'")
    assert values == [("FR",)]
    dirty = {id_ for (id_,) in rows(one, "SELECT crm_id FROM dirty JOIN object ON object.id = dirty.lead WHERE why <> 'definitions'")}
    assert {silent, linked, late} <= dirty, "what was healed is judged again by whoever judges next"
    assert reconciled(one).keys() == {"writes"}, "what is healed does not differ any more"

    said = leadpact("show", "last", "--config", str(one.files / "config.toml")).stdout
    assert "hubspot contacts: 23 compared, 0 differences" in said
    assert f"1 x written by leadpact, and not there any more in hubspot_owner_id: replaced by app 54321 ({one.key(taken_back)})" in said
    assert f"store: backed up to {nightly_backups(one.files / 'leadpact.db')[-1].name}" in said


def test_one_that_was_killed_is_gone_on_with_and_tells_what_it_had_healed_before(hubspot: Enforced) -> None:
    one, people = hubspot, hubspot.world.people
    assert isinstance(people, People)
    late = appears_late(people, 999002)
    (number,) = rows(one, "SELECT max(id) FROM run")[0]

    process = warm.start(["reconcile", "--config", str(one.files / "config.toml")])
    with process.folder:
        give_up = time.monotonic() + STARTS_WITHIN_S
        done = f"SELECT 1 FROM reconciled WHERE run > {number} AND part = 'contacts' AND state = 'done'"
        while not rows(one, done) and process.poll() is None and time.monotonic() < give_up:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait(within_s=STARTS_WITHIN_S)
    assert rows(one, f"SELECT outcome FROM run WHERE id > {number}") == [(None,)], "it was killed before its end"

    found = reconciled(one)

    assert told(found["contacts"]) == {("missed", "", LATE): [f"hubspot/contact/{late}"]}
    assert reconciled(one).keys() <= {"writes"}, "the next one begins anew"


def test_a_budget_that_ends_leaves_parts_out_and_says_so(hubspot: Enforced) -> None:
    one, config = hubspot, hubspot.files / "config.toml"
    kept = config.read_text(encoding="utf-8")
    last = json.loads(leadpact("runs", "--last", "1", "--format", "json", "--config", str(config)).stdout)["runs"][0]
    (usage,) = rows(one, f"SELECT summary ->> '$.usage.hubspot' FROM run WHERE name = '{last['id']}'")[0]
    today, limit = json.loads(usage)["today"], json.loads(usage)["limit_today"]
    share = (today + 10) / (0.8 * limit)
    config.write_text(kept.replace("[hubspot]", f"[hubspot]\nmax_share = {share:.9f}"), encoding="utf-8")

    done = leadpact("reconcile", "--config", str(config))
    config.write_text(kept, encoding="utf-8")

    assert done.returncode == 0, done.stderr
    left_out = [line for line in done.stdout.splitlines() if ", left out: leadpact has made " in line]
    assert left_out, done.stdout
    assert "(sweep)" in left_out[0]
    assert nightly_backups(one.files / "leadpact.db"), "the store is backed up all the same"


def test_who_is_forgotten_stays_so_while_the_crm_shows_them(hubspot: Enforced) -> None:
    one, config = hubspot, str(hubspot.files / "config.toml")
    store, lead = one.files / "leadpact.db", one.leads[1]
    would = leadpact("forget", "LATE1@late.example", "--dry-run", "--config", config)
    assert would.stdout == f"would be forgotten: {one.key(lead)}\n"
    assert b"late1@late.example" in store_bytes(store)

    done = leadpact("forget", "LATE1@late.example", "--config", config)

    assert done.stdout.splitlines()[0] == f"forgotten: {one.key(lead)}"
    one.world.people.rest(60)
    assert reconciled(one).keys() <= {"writes"}
    one.run("sync", "--dry-run", "--full")
    files = [store_bytes(store), *(backup.read_bytes() for backup in nightly_backups(store))]
    assert not any(b"late1@late.example" in content for content in files)
    refused = leadpact("forget", "nobody", "--config", config)
    assert (refused.returncode, "that is no e-mail address" in refused.stderr) == (64, True)


def test_a_store_that_is_restored_does_nothing_twice_that_was_done_since_its_backup(hubspot: Enforced) -> None:
    one, config = hubspot, str(hubspot.files / "config.toml")
    lead = one.hand_over(one.members()[0], 50)
    one.world.people.rest(67 * HOUR_S)  # from a Friday evening to Monday noon
    reconciled(one)
    one.run("sync")
    given = one.owner(lead)
    assert given != one.members()[0], "it was reassigned after the backup"
    with run_that_holds(one.files / "leadpact.db"):
        refused = leadpact("restore", "last", "--config", config)
    assert (refused.returncode, "is held by `leadpact sync`" in refused.stderr) == (1, True)
    newest = nightly_backups(one.files / "leadpact.db")[-1].name
    assert leadpact("restore", "--config", config).stdout.splitlines()[-1].startswith(f"{newest}  2026-")

    done = leadpact("restore", "last", "--config", config)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "what was written, told and decided since was taken over: nothing is done twice"
    one.world.people.rest(60)
    assert "0 written" in one.run("sync")
    assert one.owner(lead) == given


def config_with_store(one: Enforced, name: str) -> str:
    config = one.files / f"{name}.toml"
    config.write_text((one.files / "config.toml").read_text(encoding="utf-8") + f'\n[files]\nstore = "{name}.db"\n', encoding="utf-8")
    return str(config)


def test_without_a_store_nothing_can_be_reconciled(hubspot: Enforced) -> None:
    done = leadpact("reconcile", "--config", config_with_store(hubspot, "none"))

    assert (done.returncode, "there is no store at" in done.stderr) == (1, True)


@pytest.mark.parametrize("command", ["reconcile", "daemon"])
def test_a_damaged_store_is_refused_at_the_start_and_restoring_is_offered(hubspot: Enforced, command: str) -> None:
    content = bytearray((hubspot.files / "leadpact.db").read_bytes())
    half = len(content) // 8192 * 4096
    content[half:-4096] = b"\x5a" * (len(content) - 4096 - half)  # what is needed to open it is sound
    (hubspot.files / "harmed.db").write_bytes(content)

    done = leadpact(command, "--config", config_with_store(hubspot, "harmed"))

    assert done.returncode == 1, done.stderr
    assert "harmed.db is damaged" in done.stderr
    assert "fix: put a backup in its place: `leadpact restore` lists them" in done.stderr


def test_a_crm_that_refuses_us_is_told_and_the_store_is_backed_up_all_the_same(hubspot: Enforced) -> None:
    store, people = hubspot.files / "leadpact.db", hubspot.world.people
    before = nightly_backups(store)
    people.ask("POST", "/_sandbox/faults", {"status": 401})

    done = leadpact("reconcile", "--config", str(hubspot.files / "config.toml"))
    people.ask("DELETE", "/_sandbox/faults")

    assert done.returncode == 78, done.stderr
    assert nightly_backups(store)[-1] not in before


def test_more_than_may_be_erased_at_once_is_left_alone_and_ends_with_three(hubspot: Enforced) -> None:
    store = hubspot.files / "leadpact.db"
    numbers = range(800_000, 800_030)  # which the portal has never heard of
    with closing(sqlite3.connect(store)) as tables, tables:
        (last,) = tables.execute("SELECT max(id) FROM object").fetchone()
        for id_, number in enumerate(numbers, start=last + 1):
            tables.execute("INSERT INTO object VALUES (?, 'hubspot', 'contact', ?, ?)", (id_, number, str(number)))
            tables.execute("INSERT INTO record (id, created_at, changed_at, seen_at, field_values) VALUES (?, 1, 1, 1, '{}')", (id_,))

    done = leadpact("reconcile", "--config", str(hubspot.files / "config.toml"))

    assert done.returncode == 3, done.stderr
    assert "error: 30 of " in done.stderr and "--accept-shrunken hubspot/contacts" in done.stderr
    assert "hubspot contacts: 0 compared, left out: 30 of " in done.stdout
    assert "hubspot deals: " in done.stdout and "store: backed up to" in done.stdout, "the rest is done all the same"
    assert rows(hubspot, f"SELECT count(*) FROM record WHERE id > {last} AND gone_at IS NULL AND erased_at IS NULL") == [(30,)]


def test_while_a_daemon_serves_the_store_nothing_is_restored(hubspot: Enforced) -> None:
    with hold_daemon(hubspot.files / "leadpact.db"):
        done = leadpact("restore", "last", "--config", str(hubspot.files / "config.toml"))

    assert (done.returncode, "it must be stopped before `leadpact restore`" in done.stderr) == (1, True)


@pytest.mark.campaign
def test_in_salesforce_too_what_was_committed_late_is_found(tmp_path: Path) -> None:
    with enforced("salesforce", tmp_path, leads=2) as one:
        people = one.world.people
        assert isinstance(people, OrgPeople)
        assert reconciled(one) == {}
        people.write_late(one.leads[0], {"Status": "Working"}, after_s=2 * HOUR_S)
        people.rest(HOUR_S)
        one.run("sync", "--dry-run")
        people.rest(2 * HOUR_S)
        one.run("sync", "--dry-run")

        found = reconciled(one)

        (sort,) = (sort for sort in told(found["open leads"]) if sort[1] == "Status")
        assert sort[2].startswith(LATE)
        assert reconciled(one) == {}
