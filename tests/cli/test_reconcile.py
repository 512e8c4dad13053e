"""`leadpact reconcile` from outside: what no pull is told of is found, healed and told, beside a run that holds the store."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sync.store.backup import nightly_backups
from tests.flow.enforcing import Enforced, enforced
from tests.flow.people import People
from tests.flow.practice import leadpact

DAY_S = 24 * 3600


def reconciled(one: Enforced, *options: str) -> dict[str, dict[str, Any]]:
    """Reconcile and return the parts that differed or were left out, by name."""
    done = leadpact("reconcile", "--format", "json", "--config", str(one.files / "config.toml"), *options)
    assert done.returncode == 0, done.stderr
    return {part["part"]: part for part in json.loads(done.stdout)["reconciled"] if part["drift"] or part["state"] == "left out"}


def told(part: Mapping[str, Any]) -> dict[tuple[str, str, str], list[str]]:
    return {(one["what"], one["field"], one["why"]): one["keys"] for one in part["drift"]}


def rows(one: Enforced, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(one.files / "leadpact.db")) as store:
        return store.execute(sql).fetchall()


def silently(people: People, contact: str, values: Mapping[str, str]) -> None:
    """Change values in the portal without a new time of change, and without a history."""
    asked = "email,lifecyclestage,hubspot_owner_id,country,createdate,lastmodifieddate"
    held = people.ask("GET", f"/crm/v3/objects/contacts/{contact}?properties={asked}&propertiesWithHistory={asked}")
    properties = {name: value for name, value in held["properties"].items() if value is not None and name != "hs_object_id"}
    line = {"object": "contacts", "id": contact, "properties": properties | values, "history": held["propertiesWithHistory"]}
    people.ask("POST", "/_sandbox/records", [line])


@pytest.fixture(scope="module")
def hubspot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enforced]:
    with enforced("hubspot", tmp_path_factory.mktemp("hubspot"), leads=3, has_stray_call=True) as one:
        one.run("sync")
        yield one


def test_what_drifted_behind_the_cursors_is_found_healed_and_told_once(hubspot: Enforced) -> None:
    one, people = hubspot, hubspot.world.people
    assert isinstance(people, People)
    assert reconciled(one) == {}, "nothing had drifted"

    written, silent, linked = one.leads
    one.pass_on(written, one.members()[0])
    silently(people, silent, {"country": "FR"})
    one.link(linked, one.stray_call)
    people.rest(3600)
    one.run("sync", "--dry-run")
    late = {"email": "late@late.example", "createdate": "2026-11-20T15:00:00Z", "lastmodifieddate": "2026-11-20T15:00:00Z"}
    people.ask("POST", "/_sandbox/records", [{"object": "contacts", "id": "999001", "properties": late}])

    found = reconciled(one)

    print(json.dumps(found, indent=1))
    assert reconciled(one).keys() <= {"writes"}
