"""A pull of Salesforce through every fault ends with the store of an undisturbed one, or stops and is completed to that by the next run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.accounts import Account, arm, each_on_both, spoiled, standing_account
from tests.faults.mirrored import mirror_of
from tests.flow.practice import audit_json, leadpact

READS = "/services/data/*"
FURTHER_PAGES = "/services/data/*/query*/0r8*"
PASSING: dict[str, dict[str, Any]] = {
    **{str(status): {"status": status} for status in (406, 420, 429, 500, 502, 503, 504)},
    **{f"{status} that asks to wait": {"status": status, "retry_after": 1} for status in (420, 429, 503)},
    **{f"400 {code}": {"status": 400, "code": code} for code in ("UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT")},
    "503 as JSON": {"status": 503, "code": "SERVER_UNAVAILABLE"},
    "session over": {"status": 401},
    "session over between two pages": {"status": 401, "path": FURTHER_PAGES},
    "cursor lost": {"fault": "lost_cursor"},
    **{fault: {"fault": fault} for fault in ("reset_before", "reset_after", "cut_body", "cut_json")},
    "slow": {"fault": "slow", "seconds": 1},
    "silent": {"fault": "slow", "seconds": 60},
}
ASKS_FOR_FURTHER_PAGES = {("session over between two pages", False), ("cursor lost", False)}  # a later pull does not
STOPPING = {
    "session revoked": ({"status": 401}, 78, "does not accept the session that it has just given"),
    "day over": ({"status": 403}, 1, "API calls of the last 24 hours are used up"),
    "API off": ({"status": 403, "code": "API_DISABLED_FOR_ORG"}, 78, "the API is switched off in this org"),
    "404": ({"status": 404}, 78, "Salesforce has nothing at"),
}
IN_THE_GATE = {
    ("session over between two pages", True),
    ("cursor lost", True),
    ("503", False),
    ("cut_json", False),
    ("session revoked", True),
    ("day over", True),
}


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
    before = mirror_of(files / "leadpact.db") if not is_first else []
    rule, code, said = STOPPING[fault]
    arm(account.people, {"path": READS, "after": 12 if is_first else 4} | rule)
    try:
        done = leadpact("sync", "--dry-run", "--config", str(files / "config.toml"))
    finally:
        arm(account.people)

    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert said in done.stderr and "fix: " in done.stderr
    assert mirror_of(files / "leadpact.db") not in (before, [])  # what was read before is kept
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
