"""A pull through every fault ends with the store of an undisturbed one, or stops and is completed to that by the next run."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.accounts import Account, arm, each_on_both, spoiled, standing_account
from tests.faults.mirrored import mirror_of
from tests.flow.practice import audit_json, leadpact

pytestmark = pytest.mark.xdist_group("faults")
READS = "/crm/*"
SEARCHES = "/crm/*/search"
PASSING: dict[str, dict[str, Any]] = {
    **{str(status): {"status": status} for status in (423, 477, 500, 502, 503, 504, 524)},
    **{f"{status} that asks to wait": {"status": status, "retry_after": 1} for status in (423, 477, 500, 502, 503, 504, 524)},
    **{f"429 {form}": {"status": 429, "form": form} for form in ("policy", "secondly_old", "error_type", "as_seen")},
    **{f"429 {form} that asks to wait": {"status": 429, "form": form, "retry_after": 1} for form in ("policy", "secondly_old", "as_seen")},
    "429 of a search": {"status": 429, "path": SEARCHES},
    **{fault: {"fault": fault} for fault in ("reset_before", "reset_after", "cut_body", "cut_json")},
    "slow": {"fault": "slow", "seconds": 1},
    "silent": {"fault": "slow", "seconds": 60},
    "stale_search": {"fault": "stale_search", "path": SEARCHES},
}
IN_THE_GATE = {("cut_json", True), ("429 of a search", False), ("401", True), ("403", False)}
STOPPING = {
    "401": ({"status": 401}, 78, "HubSpot does not accept the token"),
    "403": ({"status": 403, "path": "/crm/*/contacts*", "after": 1}, 78, "does not let this token read"),
    "404": ({"status": 404}, 78, "HubSpot has nothing at"),
}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with standing_account("hubspot", tmp_path_factory.mktemp("account")) as account:
        yield account


@each_on_both(PASSING, in_the_gate=IN_THE_GATE)
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
    arm(account.people, {"path": READS, "after": 8} | rule)
    try:
        done = leadpact("sync", "--dry-run", "--config", str(files / "config.toml"))
    finally:
        arm(account.people)

    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert said in done.stderr and "fix: " in done.stderr
    audit_json(files)
    assert mirror_of(files / "leadpact.db") == undisturbed


@pytest.mark.campaign
def test_a_search_that_shows_nothing_all_day_loses_nothing(account: Account, tmp_path: Path) -> None:
    files = shutil.copytree(account.earlier, tmp_path / "files")
    arm(account.people, {"fault": "stale_search", "path": SEARCHES})
    try:
        audit_json(files)
    finally:
        arm(account.people)

    audit_json(files)

    assert mirror_of(files / "leadpact.db") == account.later


@pytest.mark.campaign
@pytest.mark.parametrize("is_first", [pytest.param(True, id="first pull"), pytest.param(False, id="later pull")])
@pytest.mark.parametrize("seed", range(5))
def test_all_faults_at_once_in_a_tenth_of_the_calls_leave_no_trace(seed: int, is_first: bool, account: Account, tmp_path: Path) -> None:
    files, undisturbed = account.start(tmp_path / "files", is_first=is_first)
    faults = random.Random(seed).sample([fault for name, fault in PASSING.items() if name not in {"silent", "429 policy"}], k=12)
    arm(account.people, *({"path": READS, "probability": 0.1 / len(faults), "seed": seed * 100 + n} | f for n, f in enumerate(faults)))
    try:
        audit_json(files)
    finally:
        arm(account.people)

    audit_json(files)

    assert mirror_of(files / "leadpact.db") == undisturbed
