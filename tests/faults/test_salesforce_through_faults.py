"""A pull of Salesforce through every fault ends with the store of an undisturbed one, or stops and is completed to that by the next run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.accounts import Account, arm, each_on_both, spoiled, standing_account
from tests.faults.mirrored import mirror_of
from tests.flow.practice import audit_json, leadpact

pytestmark = pytest.mark.xdist_group("salesforce faults")
READS = "/services/data/*"
FURTHER_PAGES = "/services/data/*/query*/0r8*"
PASSING: dict[str, dict[str, Any]] = {
    **{str(status): {"status": status} for status in (406, 420, 429, 500, 502, 503, 504)},
    **{f"{status} that asks to wait": {"status": status, "retry_after": 1} for status in (420, 429, 503)},
    **{f"400 {code}": {"status": 400, "code": code} for code in ("UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT")},
    "503 as JSON": {"status": 503, "code": "SERVER_UNAVAILABLE"},
    "session over": {"status": 401},
    "session over between two pages": {"status": 401, "path": FURTHER_PAGES, "every": 4},  # further apart than pages that are read at once
    "cursor lost": {"fault": "lost_cursor"},
    **{fault: {"fault": fault} for fault in ("reset_before", "reset_after", "cut_body", "cut_json")},
    "slow": {"fault": "slow", "seconds": 1},
    "silent": {"fault": "slow", "seconds": 60},
}
ASKS_FOR_FURTHER_PAGES = {("session over between two pages", False), ("cursor lost", False)}  # a later pull does not
STOPPING = {
    "session revoked": ({"status": 401}, 78, "does not accept the session that it has just given"),
    "day over": ({"status": 403}, 1, "some come back each hour"),
    "API off": ({"status": 403, "code": "API_DISABLED_FOR_ORG"}, 78, "the API is switched off in this org"),
    "404": ({"status": 404}, 78, "Salesforce has nothing at"),
}
IN_THE_GATE = {("503", False), ("session over between two pages", True), ("cut_json", True), ("day over", True)}

on_both = pytest.mark.parametrize(
    "is_first", [pytest.param(True, id="first pull"), pytest.param(False, id="later pull", marks=pytest.mark.campaign)]
)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with standing_account("salesforce", tmp_path_factory.mktemp("account")) as account:
        yield account
        assert account.people.ask("GET", "/_sandbox/stats")["writes"] == 0


@each_on_both(PASSING, in_the_gate=IN_THE_GATE, without=ASKS_FOR_FURTHER_PAGES)
def test_a_fault_that_passes_leaves_no_trace(fault: str, is_first: bool, account: Account, tmp_path: Path) -> None:
    files, undisturbed = account.start(tmp_path / "files", is_first=is_first)
    arm(account.people, {"path": READS, "after": 1, "every": 2, "count": 2} | PASSING[fault])
    try:
        audit_json(files)
        assert spoiled(account.people) == 2
    finally:
        arm(account.people)

    assert mirror_of(files / "leadpact.db") == undisturbed


@each_on_both(STOPPING, in_the_gate=IN_THE_GATE)
def test_a_fault_that_lasts_stops_the_run_with_a_reason_and_the_next_one_completes_it(
    fault: str, is_first: bool, account: Account, tmp_path: Path
) -> None:
    files, undisturbed = account.start(tmp_path / "files", is_first=is_first)
    rule, code, said = STOPPING[fault]
    arm(account.people, {"path": READS, "after": 12 if is_first else 5} | rule)
    try:
        done = leadpact("sync", "--dry-run", "--config", str(files / "config.toml"))
    finally:
        arm(account.people)

    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert said in done.stderr and "fix: " in done.stderr
    assert len(mirror_of(files / "leadpact.db")) > 100  # what was read before is kept
    audit_json(files)
    assert mirror_of(files / "leadpact.db") == undisturbed


@pytest.mark.campaign
@pytest.mark.parametrize("is_first", [pytest.param(True, id="first pull"), pytest.param(False, id="later pull")])
@pytest.mark.parametrize("bulk_above", [pytest.param(20_000, id="by pages"), pytest.param(30, id="in bulk")])
@pytest.mark.parametrize("seed", range(5))
def test_all_faults_at_once_in_a_tenth_of_the_calls_leave_no_trace(
    seed: int, bulk_above: int, is_first: bool, account: Account, tmp_path: Path
) -> None:
    files, undisturbed = account.start(tmp_path / "files", is_first=is_first)
    with (files / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f"bulk_above = {bulk_above}\n")
    faults = random.Random(seed).sample([fault for name, fault in PASSING.items() if name != "silent"], k=12)
    arm(account.people, *({"path": READS, "probability": 0.1 / len(faults), "seed": seed * 100 + n} | f for n, f in enumerate(faults)))
    try:
        audit_json(files)
    finally:
        arm(account.people)

    assert mirror_of(files / "leadpact.db") == undisturbed


# --- what an admin hides


@contextmanager
def hidden(account: Account, sobject: str, field: str | None = None) -> Iterator[None]:
    what = {"sobject": sobject} | ({"field": field} if field else {})
    account.people.ask("POST", "/_sandbox/salesforce/hidden", what | {"hidden": True})
    try:
        yield
    finally:
        account.people.ask("POST", "/_sandbox/salesforce/hidden", what | {"hidden": False})


@on_both
def test_an_object_that_is_hidden_is_left_out_and_read_once_it_is_shown_again(is_first: bool, account: Account, tmp_path: Path) -> None:
    files, undisturbed = account.start(tmp_path / "files", is_first=is_first)
    with hidden(account, "Task"):
        assert "no object Task" in audit_json(files)["crms"][0]["closed_streams"]["Task"]

    audit_json(files)

    assert mirror_of(files / "leadpact.db") == undisturbed


@on_both
@pytest.mark.parametrize(("sobject", "field"), [("Lead", None), ("Lead", "Status")])
def test_what_cannot_be_done_without_stops_the_run_if_it_is_hidden(
    sobject: str, field: str | None, is_first: bool, account: Account, tmp_path: Path
) -> None:
    files, undisturbed = account.start(tmp_path / "files", is_first=is_first)
    with hidden(account, sobject, field):
        done = leadpact("sync", "--dry-run", "--config", str(files / "config.toml"))
        assert (done.returncode, "Traceback" in done.stderr) == (78, False), done.stderr
        assert sobject in done.stderr and (field or sobject) in done.stderr, done.stderr

    audit_json(files)

    assert mirror_of(files / "leadpact.db") == undisturbed


def test_a_field_that_is_hidden_after_its_definition_was_read_is_named(account: Account, tmp_path: Path) -> None:
    files, undisturbed = account.start(tmp_path / "files", is_first=False)
    audit_json(files)
    with hidden(account, "Lead", "Status"):
        done = leadpact("sync", "--dry-run", "--config", str(files / "config.toml"))
        assert (done.returncode, "Traceback" in done.stderr) == (78, False), done.stderr
        assert "Salesforce has no Status on Lead, or hides it from this user" in done.stderr
    assert mirror_of(files / "leadpact.db") == undisturbed
