"""`leadpact runs` and `leadpact show` from outside: former runs and what they planned."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flow.practice import audit_json, leadpact, practice_hubspot

pytestmark = pytest.mark.xdist_group("runs")
OWNER = "\x1b[2JAnn\x9b"


def lines() -> list[dict[str, Any]]:
    """Two leads that nobody touched in time, and two owners, one of them with a hostile name."""
    history = {
        field: [{"value": value, "timestamp": "2026-11-18T15:00:00Z", "sourceType": "API"}]
        for field, value in (("lifecyclestage", "marketingqualifiedlead"), ("hubspot_owner_id", "11"))
    }
    owners = [
        {"object": "owners", "id": id_, "email": f"{id_}@example.com", "firstName": name, "lastName": "Lee", "userId": int(id_)}
        for id_, name in (("11", OWNER), ("12", "Ben"))
    ]
    contacts = [
        {
            "object": "contacts",
            "id": id_,
            "properties": {"createdate": "2026-11-18T14:00:00Z", "email": f"p{id_}@example.com"},
            "history": history,
        }
        for id_ in ("1", "2")
    ]
    return [*owners, *contacts]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An account with two runs: one of today, then one that looked back."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "portal.jsonl").write_text("\n".join(json.dumps(line) for line in lines()))
    with practice_hubspot(folder, "--load", str(folder / "portal.jsonl"), "--now", "2026-11-20T15:00Z") as files:
        today = audit_json(files)
        audit_json(files, "--as-of", "2026-11-19T15:00Z")
    (files / "today.json").write_text(json.dumps(today))
    yield files


def said(account: Path, *arguments: str, code: int = 0) -> str:
    done = leadpact(*arguments, "--config", str(account / "config.toml"))
    assert done.returncode == code, done.stderr
    assert code == 0 or "fix:" in done.stderr
    return done.stdout if code == 0 else done.stderr


def today(account: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((account / "today.json").read_text())
    return document


def test_runs_are_listed_newest_first_with_what_they_found_and_planned(account: Path) -> None:
    audit = today(account)
    back, _, first, counted = said(account, "runs").splitlines()
    assert ", as of 2026-11-19 15:00:00 UTC  ok" in back
    assert first.startswith(f"{audit['run']['id']}  dry-run, observe  2026-11-20 15:00:00 UTC, took ")
    steps = len(audit["steps"])
    plan = audit["run"]["plan"][:12]
    assert counted.startswith(
        f"    2 leads, {audit['summary']['findings']} findings; plan 1 ({plan}): {steps} steps, 0 free, {steps} blocked"
    )


def test_the_list_for_machines_is_cut_where_asked(account: Path) -> None:
    (newest,) = json.loads(said(account, "runs", "--last", "1", "--format", "json"))["runs"]
    assert (newest["as_of"], newest["plans"], newest["outcome"]) == ("2026-11-19T15:00:00.000Z", [], "ok")


def test_the_plan_of_a_run_is_the_one_that_its_report_told(account: Path) -> None:
    audit = today(account)
    shown = json.loads(said(account, "show", audit["run"]["id"], "--format", "json"))
    assert shown["run"]["plans"][0]["hash"] == audit["run"]["plan"]
    ours = ("plan", "place", "journal", "messages")
    assert [{key: value for key, value in step.items() if key not in ours} for step in shown["steps"]] == audit["steps"]


def test_steps_are_told_from_old_to_new_and_chosen_by_person_and_action(account: Path) -> None:
    text = said(account, "show", today(account)["run"]["id"], "--lead", "P2@example.com", "--action", "reassign")
    assert "  hubspot/contact/2  reassign (for first_touch, rung 1)" in text
    assert "    hubspot_owner_id: 11 ([2JAnn Lee) -> " in text
    assert "    blocked: mode of first_touch is observe" in text
    assert "hubspot/contact/1 " not in text
    assert all(line.isprintable() for line in text.splitlines())


def test_a_run_that_looked_back_kept_no_plan(account: Path) -> None:
    assert "No plan was kept" in said(account, "show", "last")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("show", "20261120"), "is the beginning of several runs"),
        (("show", "20270101"), "there is no run `20270101`"),
        (("show", "last", "--action", "reasign"), "did you mean `reassign`"),
        (("show", "last", "--lead", "nobody@example.com"), "the store knows no lead `nobody@example.com`"),
        (("runs", "--last", "0"), "--last"),
    ],
    ids=["several", "none", "no action", "no lead", "none asked for"],
)
def test_what_is_not_there_is_wrong_usage(account: Path, arguments: tuple[str, ...], what: str) -> None:
    assert what in said(account, *arguments, code=64)


def test_an_agreement_with_problems_does_not_hide_what_was_done(account: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(account, tmp_path / "account"))
    (folder / "agreement.toml").write_text("title = ")
    (folder / "roster.toml").unlink()
    assert today(account)["run"]["id"] in said(folder, "runs")


def test_without_a_store_it_says_how_to_get_one(account: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(account, tmp_path / "account", ignore=shutil.ignore_patterns("*.db*")))
    assert "there is no store at" in said(folder, "runs", code=1)
    assert not (folder / "leadpact.db").exists()
