"""The practice HubSpot's state file: it answers as one in memory does, and goes on where it was left."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from sandbox import state_file
from sandbox.fill import Bulk, fill
from sandbox.keeping import begin, reopen
from sandbox.lines import BadLines
from sandbox.portal import Portal
from sandbox.server import serve
from sandbox.state_file import UnusableState
from tests.contract.practice import LINES, NOW, Caller, a_portal

CONTACT = "/crm/v3/objects/contacts"
TYPES = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]
UNIQUE = {
    "object": "properties",
    "objectType": "contacts",
    "name": "badge",
    "label": "Badge",
    "type": "string",
    "fieldType": "text",
    "hasUniqueValue": True,
}


def kept(path: Path, *more: dict[str, Any]) -> Portal:
    return begin(path, lambda store: Portal.from_lines([*LINES, *more], now=NOW, store=store))


def an_act(rng: Random, ids: list[str]) -> tuple[str, str, Any]:
    """One call drawn from what a client may do; `ids` are contacts that were once seen."""
    one, other = rng.choice(ids), rng.choice(ids)
    moment = str(int((NOW + timedelta(seconds=rng.randrange(-5, 60))).timestamp() * 1000))
    values = {
        "lastname": rng.choice("abc"),
        "lifecyclestage": rng.choice(["lead", "opportunity", ""]),
        "hubspot_owner_id": rng.choice(["77", ""]),
    }
    later = {"propertyName": "lastmodifieddate", "operator": rng.choice(["GTE", "LT"]), "value": moment}
    bound = {"propertyName": "hs_object_id", "operator": "GT", "value": one}
    name = {"propertyName": "lastname", "operator": "EQ", "value": "b"}
    sorts = [
        {"propertyName": rng.choice(["hs_object_id", "lastmodifieddate", "lastname"]), "direction": rng.choice(["ASCENDING", "DESCENDING"])}
    ]
    filters = rng.sample([later, bound, name], rng.randrange(0, 4))
    return rng.choice(
        [
            ("POST", CONTACT, {"properties": {**values, "email": f"p{rng.randrange(30)}@example.com"}}),
            ("PATCH", f"{CONTACT}/{one}", {"properties": values}),
            ("DELETE", f"{CONTACT}/{one}", None),
            ("POST", f"{CONTACT}/merge", {"primaryObjectId": one, "objectIdToMerge": other}),
            ("POST", f"{CONTACT}/gdpr-delete", {"objectId": one}) if rng.random() < 0.2 else ("GET", f"{CONTACT}/{one}", None),
            ("PUT", f"/crm/v4/objects/contacts/{one}/associations/companies/{rng.choice(['9', '10'])}", TYPES),
            ("DELETE", f"/crm/v4/objects/contacts/{one}/associations/companies/9", None),
            ("POST", "/_sandbox/restore", {"kind": "contacts", "id": one}),
            ("POST", "/_sandbox/clock", {"advance_s": rng.randrange(0, 4)}),
            ("POST", "/_sandbox/merging", {"new_id": rng.random() < 0.5}),
            (
                "GET",
                f"{CONTACT}?limit=50&propertiesWithHistory=lastname,lifecyclestage,hubspot_owner_id&associations=companies,calls",
                None,
            ),
            ("GET", f"{CONTACT}?archived=true&properties=lastname", None),
            ("POST", f"{CONTACT}/batch/read", {"properties": ["lastname"], "inputs": [{"id": each} for each in set(ids[-5:])]}),
            (
                "POST",
                f"{CONTACT}/search",
                {"filterGroups": [{"filters": filters}], "sorts": sorts, "limit": 20, "properties": ["lastname"]},
            ),
            ("GET", "/crm/v3/objects/companies?properties=num_associated_contacts&associations=contacts", None),
            ("GET", "/_sandbox/stats", None),
        ]
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_portal_in_a_file_answers_as_one_in_memory_does_also_after_it_was_opened_again(tmp_path: Path, seed: int) -> None:
    rng, ids, portal = Random(seed), ["101", "102", "103", "104"], kept(tmp_path / "state")
    with serve(a_portal()) as memory:
        for turn in range(3):
            with serve(portal) as filed:
                callers = Caller(memory), Caller(filed)
                for caller in callers:
                    assert caller("POST", "/_sandbox/index", {"lag_s": turn % 2 * 2})[0] == 200
                for number in range(120):
                    act = an_act(rng, ids)
                    plain, in_file = (_plain(caller(*act)[:2]) for caller in callers)
                    assert plain == in_file, (turn, number, act)
                    if act[1] == CONTACT and plain[0] == 201:
                        ids.append(plain[1]["id"])
                callers[0]("POST", "/_sandbox/index", {"lag_s": 0})
            portal = reopen(tmp_path / "state")
    portal.close()


def _plain(answer: tuple[int, Any]) -> tuple[int, Any]:
    status, body = answer
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name not in ("correlationId", "calls", "reads", "writes", "paging")}
    return status, body


def test_the_setting_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with serve(kept(path, UNIQUE, {"object": "contacts", "id": "5", "properties": {"badge": "B1", "shoe": "42"}})) as served:
        call = Caller(served)
        call("POST", f"{CONTACT}/gdpr-delete", {"objectId": "x@example.com", "idProperty": "email"})
        call("POST", "/_sandbox/clock", {"advance_s": 90})
        made = call("POST", CONTACT, {"properties": {"email": "last@example.com"}})[1]["id"]
        call("POST", f"{CONTACT}/gdpr-delete", {"objectId": made})
        before = {path: call.get(path) for path in _SETTING}
    with serve(reopen(path)) as served:
        call = Caller(served)
        assert {path: call.get(path) for path in _SETTING} == before
        assert call.get("/_sandbox/clock") == {"now": "2026-11-20T15:01:30Z"}
        assert call.get(f"{CONTACT}/B1?idProperty=badge&properties=shoe")["properties"]["shoe"] == "42"
        assert call("POST", CONTACT, {"properties": {"email": "x@example.com"}})[0] == 400
        assert int(call("POST", CONTACT, {"properties": {}})[1]["id"]) > int(made)


_SETTING = [
    "/crm/v3/owners",
    "/crm/v3/properties/contacts",
    "/crm/v3/pipelines/deals",
    "/settings/v3/users/teams",
    "/account-info/v3/details",
]


def test_what_was_answered_is_kept_when_the_program_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "state"
    kept(path).close()
    with _program("--state", str(path)) as (process, call):
        made = call("POST", CONTACT, {"properties": {"email": "kept@example.com"}})[1]["id"]
        call("PATCH", f"{CONTACT}/101", {"properties": {"lastname": "Kept"}})
        process.send_signal(signal.SIGKILL)
    with _program("--state", str(path)) as (_, call):
        assert call.get(f"{CONTACT}/{made}")["properties"]["email"] == "kept@example.com"
        assert call.get(f"{CONTACT}/101?properties=lastname")["properties"]["lastname"] == "Kept"


class _Remote:
    token = "sandbox"

    def __init__(self, url: str) -> None:
        self.url = url


@contextmanager
def _program(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], Caller]]:
    command = [sys.executable, "-m", "sandbox", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ.copy()) as process:
        assert process.stdout is not None
        try:
            yield process, Caller(_Remote(process.stdout.readline().split()[-1]))  # type: ignore[arg-type]
        finally:
            process.kill()


def test_the_program_takes_a_lag_and_refuses_another(tmp_path: Path) -> None:
    with _program("--now", "2026-11-20T15:00Z", "--index-lag", "2.5") as (_, call):
        assert call.get("/_sandbox/index") == {"lag_s": 2.5}
    for options in (["--index-lag", "-1", "--now", "2026-11-20T15:00Z"], ["--state", str(tmp_path / "new")]):
        done = subprocess.run([sys.executable, "-m", "sandbox", "--port", "0", *options], capture_output=True, text=True, check=False)
        assert (done.returncode, options[0] in done.stderr, list(tmp_path.iterdir())) == (2, True, [])


def test_what_a_killed_fill_left_is_no_hindrance(tmp_path: Path) -> None:
    for name in ("state.part", "state.part-wal"):
        (tmp_path / name).write_bytes(b"half" * 1000)
    fill(tmp_path / "state", Bulk(contacts=3, engagements=1, seed=1, now=NOW))
    assert ([path.name for path in tmp_path.iterdir()], len(_contacts(tmp_path / "state"))) == (["state"], 3)


def test_a_file_that_is_served_is_not_served_twice(tmp_path: Path) -> None:
    portal = kept(tmp_path / "state")
    with pytest.raises(UnusableState, match="in use by another process"):
        reopen(tmp_path / "state")
    portal.close()


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100, "another database"])
def test_a_file_that_is_no_state_file_is_refused_and_left_alone(tmp_path: Path, content: bytes | str) -> None:
    path = tmp_path / "other"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE precious (x)")
        other.commit()
        other.close()
    before = path.read_bytes()
    done = subprocess.run([sys.executable, "-m", "sandbox", "--state", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, "is no state file of a practice portal" in done.stderr, done.stdout) == (2, True, "")
    assert path.read_bytes() == before


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    kept(tmp_path / "state").close()
    other = sqlite3.connect(tmp_path / "state")
    other.execute("UPDATE setting SET value = json_remove(value, '$.lists') WHERE name = 'setting'")
    other.commit()
    other.close()
    for _ in range(2):
        with pytest.raises(UnusableState, match="another version"):
            reopen(tmp_path / "state")


def test_a_portal_that_could_not_be_filled_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadLines):
        begin(tmp_path / "state", lambda store: Portal.from_lines([{"object": "contacts"}], now=NOW, store=store))
    assert list(tmp_path.iterdir()) == []


def test_a_time_before_the_one_it_was_left_at_is_refused(tmp_path: Path) -> None:
    kept(tmp_path / "state").close()
    with pytest.raises(UnusableState, match="never goes back"):
        reopen(tmp_path / "state", now=NOW - timedelta(seconds=1))
    reopen(tmp_path / "state", now=NOW + timedelta(days=1)).close()
    assert reopen(tmp_path / "state").clock.now() == NOW + timedelta(days=1)


def test_records_beyond_those_that_stay_in_memory_are_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_file, "_HELD", 3)
    with serve(kept(tmp_path / "state")) as served:
        call = Caller(served)
        made = [call("POST", CONTACT, {"properties": {"email": f"p{i}@example.com"}})[1]["id"] for i in range(10)]
        for number, id_ in enumerate(made):
            call("PATCH", f"{CONTACT}/{id_}", {"properties": {"lastname": str(number)}})
        rows = call.get(f"{CONTACT}?limit=50&propertiesWithHistory=lastname")["results"]
        told = {row["id"]: (row["properties"]["lastname"], len(row["propertiesWithHistory"]["lastname"])) for row in rows}
        assert [told[id_] for id_ in made] == [(str(number), 1) for number in range(10)]


@pytest.fixture(scope="module")
def bulk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bulk") / "state"
    fill(path, Bulk(contacts=120, engagements=6, seed=3, now=NOW))
    return path


def test_a_filled_file_serves_contacts_with_history_engagements_and_companies(bulk: Path) -> None:
    with serve(reopen(bulk)) as served:
        call = Caller(served)
        assert {kind: count for kind, count in call.get("/_sandbox/stats")["records"].items() if count} == {
            "contacts": 120,
            "companies": 6,
            "calls": 240,
            "emails": 120,
            "tasks": 120,
            "meetings": 120,
            "notes": 120,
        }
        row = call.get(f"{CONTACT}/25?propertiesWithHistory=lifecyclestage,hubspot_owner_id&associations=companies,calls")
        stage = row["propertiesWithHistory"]["lifecyclestage"]
        assert (stage[0]["value"], stage[-1]["value"]) == (row["properties"]["lifecyclestage"], "lead")
        assert row["properties"]["hubspot_owner_id"] in [owner["id"] for owner in call.get("/crm/v3/owners")["results"]]
        assert row["associations"]["companies"]["results"][0]["id"] == "2"
        for end in row["associations"]["calls"]["results"]:
            assert (
                call.get(f"/crm/v3/objects/calls/{end['id']}?associations=contacts")["associations"]["contacts"]["results"][0]["id"] == "25"
            )
        assert call.get(f"{CONTACT}/PERSON7@company1.example?idProperty=email")["id"] == "7"
        since = {"propertyName": "lastmodifieddate", "operator": "GTE", "value": row["properties"]["lastmodifieddate"]}
        wanted = [each["id"] for each in call.get(f"{CONTACT}?limit=100")["results"] if each["updatedAt"] >= row["updatedAt"]]
        found = call.search(
            "contacts", filterGroups=[{"filters": [since, {"propertyName": "hs_object_id", "operator": "LTE", "value": "100"}]}], limit=200
        )
        assert sorted(found, key=int) == wanted


def test_the_same_seed_fills_alike_and_another_differs(bulk: Path, tmp_path: Path) -> None:
    fill(tmp_path / "same", Bulk(contacts=120, engagements=6, seed=3, now=NOW))
    fill(tmp_path / "other", Bulk(contacts=120, engagements=6, seed=4, now=NOW))
    first, same, other = (_contacts(path) for path in (bulk, tmp_path / "same", tmp_path / "other"))
    assert (first == same, first == other) == (True, False)


def _contacts(path: Path) -> list[Any]:
    portal = reopen(path)
    found = [(record.id, record.properties, record.history, record.links) for record in portal.collections["contacts"]]
    portal.close()
    return found


def test_a_file_that_is_there_is_not_filled_over(bulk: Path) -> None:
    arguments = ["--state", str(bulk), "--contacts", "5", "--now", "2026-11-20T15:00Z"]
    done = subprocess.run([sys.executable, "-m", "sandbox.fill", *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, "is there already" in done.stderr) == (2, True)
    assert len(_contacts(bulk)) == 120
