"""`leadpact sync --dry-run` from outside: what it prints, how it ends, what it leaves."""

from __future__ import annotations

import csv
import io
import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from jsonschema import Draft202012Validator

from sync.agreement.load import agreement_of
from tests.flow.practice import audit, audit_json, leadpact, practice_hubspot

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "audit.schema.json").read_text(encoding="utf-8"))
NOW = "2026-11-20T15:00Z"
pytestmark = pytest.mark.xdist_group("audit")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Files that point at a served world; the store appears with the first audit."""
    with practice_hubspot(tmp_path_factory.mktemp("audit"), "--leads", "300", "--seed", "3", "--now", NOW) as folder:
        yield folder


@pytest.fixture
def fresh(files: Path, tmp_path: Path) -> Path:
    """The same files in a folder of their own, without a store."""
    folder = tmp_path / "account"
    shutil.copytree(files, folder, ignore=shutil.ignore_patterns("*.db*"))
    return folder


def without_run(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "run": {**document["run"], "id": None, "started_at": None}}


def test_the_json_keeps_its_contract(files: Path) -> None:
    document = audit_json(files)
    Draft202012Validator(SCHEMA).validate(document)
    assert document["summary"]["findings"] == len(document["findings"]) > 300


def test_the_same_input_gives_the_same_json(fresh: Path, tmp_path: Path) -> None:
    first = leadpact("sync", "--dry-run", "--format", "json", "--config", str(fresh / "config.toml")).stdout
    for store in fresh.glob("*.db*"):
        store.unlink()
    second = leadpact("sync", "--dry-run", "--format", "json", "--config", str(fresh / "config.toml")).stdout
    assert first == second


def test_a_second_audit_of_an_unchanged_account_finds_the_same(fresh: Path) -> None:
    first, second = audit_json(fresh), audit_json(fresh)
    assert (first["findings"], first["steps"]) == (second["findings"], second["steps"])
    assert second["crms"][0]["api_calls"] < first["crms"][0]["api_calls"]


def test_an_audit_writes_nothing_to_the_crm(fresh: Path) -> None:
    audit_json(fresh)
    base = next(line.split('"')[1] for line in (fresh / "config.toml").read_text().splitlines() if "base_url" in line)
    with urlopen(f"{base}/_sandbox/stats") as answer:
        assert json.load(answer)["writes"] == 0


def test_only_its_owner_can_read_the_store_and_a_report(fresh: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = leadpact("sync", "--dry-run", "--format", "json", "--output", str(report), "--config", str(fresh / "config.toml"))
    assert (done.returncode, done.stdout) == (0, "")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (report, fresh / "leadpact.db")} == {0o600}
    assert json.loads(report.read_text())["findings"]


def test_the_page_goes_to_standard_output_whole_unless_a_file_is_named(files: Path) -> None:
    done = leadpact("sync", "--dry-run", "--format", "html", "--config", str(files / "config.toml"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("<!DOCTYPE html>\n")
    assert done.stdout.rstrip().endswith("</html>")


def test_the_exit_code_tells_of_findings_only_when_asked(fresh: Path) -> None:
    config = str(fresh / "config.toml")
    assert leadpact("sync", "--dry-run", "--config", config).returncode == 0
    assert leadpact("sync", "--dry-run", "--detailed-exitcode", "--config", config).returncode == 2


def test_an_audit_as_of_an_earlier_moment_knows_only_what_was_known_then(fresh: Path) -> None:
    now = audit_json(fresh)
    then = audit_json(fresh, "--as-of", "2026-11-10T15:00Z")
    assert then["run"]["as_of"] == "2026-11-10T15:00:00.000Z"
    assert then["run"]["plan"] is None
    assert max(f["started_at"] for f in then["findings"] if f["started_at"]) <= "2026-11-10T15:00:00.000Z"
    assert audit_json(fresh)["findings"] == now["findings"], "looking back must not change what is kept for today"


def test_the_csv_opens_without_running_anything(tmp_path: Path) -> None:
    owner = {"object": "owners", "id": "11", "email": "a@example.com", "firstName": "=cmd|' /C calc'!A0", "lastName": "", "userId": 1}
    history = {
        "lifecyclestage": [{"value": "marketingqualifiedlead", "timestamp": "2026-11-18T15:00:00Z", "sourceType": "API"}],
        "hubspot_owner_id": [{"value": "11", "timestamp": "2026-11-18T15:00:00Z", "sourceType": "API"}],
    }
    contact = {"object": "contacts", "id": "1", "properties": {"createdate": "2026-11-01T00:00:00Z"}, "history": history}
    portal = tmp_path / "portal.jsonl"
    portal.write_text("\n".join(json.dumps(line) for line in (owner, contact)))
    with practice_hubspot(tmp_path, "--load", str(portal), "--now", NOW) as folder:
        done = leadpact("sync", "--dry-run", "--format", "csv", "--config", str(folder / "config.toml"))
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {row["rule"] for row in rows} == {"speed_to_assign", "first_touch", "accept_or_reject", "premature_handoff"}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_what_changes_in_the_crm_is_seen_by_the_next_audit(tmp_path: Path) -> None:
    made = "2026-11-20T14:00:00Z"
    contact = {
        "object": "contacts",
        "id": "1",
        "properties": {"createdate": made, "email": "a@example.com"},
        "history": {"lifecyclestage": [{"value": "marketingqualifiedlead", "timestamp": made, "sourceType": "API"}]},
    }
    portal = tmp_path / "portal.jsonl"
    portal.write_text(json.dumps(contact))
    with practice_hubspot(tmp_path, "--load", str(portal), "--now", "2026-11-20T14:05Z") as folder:
        before = {f["rule"]: f["status"] for f in audit_json(folder)["findings"]}
        base = next(line.split('"')[1] for line in (folder / "config.toml").read_text().splitlines() if "base_url" in line)
        _post(f"{base}/crm/objects/2026-09/contacts/1", {"properties": {"lifecyclestage": "salesqualifiedlead"}}, method="PATCH")
        _post(f"{base}/_sandbox/clock", {"advance_s": 3600})
        after = {f["rule"]: f["status"] for f in audit_json(folder)["findings"]}
    assert before == {"speed_to_assign": "running", "first_touch": "running", "premature_handoff": "breached"}
    assert after == {"speed_to_assign": "breached", "first_touch": "at_risk", "premature_handoff": "breached"}


def _post(url: str, body: dict[str, Any], *, method: str = "POST") -> None:
    headers = {"Authorization": "Bearer sandbox", "Content-Type": "application/json"}
    with urlopen(Request(url, data=json.dumps(body).encode(), headers=headers, method=method)) as answer:
        answer.read()


def test_looking_back_finds_what_was_found_then_whatever_happened_since(tmp_path: Path) -> None:
    with practice_hubspot(tmp_path, "--leads", "80", "--seed", "6", "--now", NOW) as folder:
        then = audit_json(folder)
        base = next(line.split('"')[1] for line in (folder / "config.toml").read_text().splitlines() if "base_url" in line)
        _post(f"{base}/_sandbox/clock", {"advance_s": 7200})
        leads = [
            finding["lead"].rsplit("/", 1)[1] for finding in then["findings"] if finding["status"] in ("running", "at_risk", "breached")
        ]
        for number, lead in enumerate(sorted(set(leads))[:12]):
            changes = ({"hubspot_owner_id": ""}, {"hs_lead_status": "IN_PROGRESS"}, {"lifecyclestage": "opportunity"})[number % 3]
            _post(f"{base}/crm/objects/2026-09/contacts/{lead}", {"properties": changes}, method="PATCH")
            call = {
                "hs_timestamp": "2026-11-20T16:30:00Z",
                "hs_call_direction": "OUTBOUND",
                "hs_call_status": "NO_ANSWER",
                "hubspot_owner_id": "201",
            }
            to = [{"to": {"id": lead}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}]}]
            _post(f"{base}/crm/objects/2026-09/calls", {"properties": call, "associations": to})
        now = audit_json(folder)
        back = audit_json(folder, "--as-of", then["run"]["as_of"])
    assert back["findings"] == then["findings"]
    assert now["findings"] != then["findings"]


def test_an_edit_of_a_signed_agreement_is_a_draft_and_judges_nothing(fresh: Path) -> None:
    path = fresh / "agreement.toml"
    for side, name in (("marketing", "Chief Marketing Officer"), ("sales", "Head of Sales Development")):
        done = leadpact("agreement", "sign", "--as", side, "--name", name, "--yes", "--config", str(fresh / "config.toml"))
        assert done.returncode == 0, done.stderr
    text = path.read_text(encoding="utf-8")
    digest = agreement_of(text, file="agreement.toml").hash
    path.write_text(f"# A comment, which changes nothing.\n{text}", encoding="utf-8")
    signed = audit_json(fresh)
    path.write_text(text.replace('within   = "2 business hours"', 'within   = "9 business hours"'), encoding="utf-8")
    edited = audit_json(fresh)
    assert signed["run"]["agreement"] | {"draft": None} == signed["run"]["agreement"]
    assert (signed["run"]["agreement"]["signed"], signed["run"]["agreement"]["in_force"]) == (["marketing", "sales"], True)
    assert edited["run"]["agreement"]["draft"] is not None
    assert edited["run"]["agreement"]["hash"] == digest
    assert (edited["findings"], edited["steps"]) == (signed["findings"], signed["steps"])


def test_a_call_linked_to_its_lead_only_later_keeps_the_promise(tmp_path: Path) -> None:
    made = "2026-11-20T14:00:00Z"
    history = {
        field: [{"value": value, "timestamp": made, "sourceType": "API"}]
        for field, value in (("lifecyclestage", "marketingqualifiedlead"), ("hubspot_owner_id", "11"))
    }
    call = {"hs_timestamp": "2026-11-20T14:30:00Z", "hubspot_owner_id": "11", "hs_call_status": "BUSY"}
    lines = [
        {"object": "owners", "id": "11", "email": "a@example.com", "firstName": "Ann", "lastName": "Lee", "userId": 1},
        {"object": "contacts", "id": "1", "properties": {"createdate": made}, "history": history},
        {"object": "calls", "id": "7", "properties": call},
    ]
    portal = tmp_path / "portal.jsonl"
    portal.write_text("\n".join(json.dumps(line) for line in lines))
    with practice_hubspot(tmp_path, "--load", str(portal), "--now", "2026-11-20T15:00Z") as folder:
        before = {f["rule"]: f["status"] for f in audit_json(folder)["findings"]}
        base = next(line.split('"')[1] for line in (folder / "config.toml").read_text().splitlines() if "base_url" in line)
        _post(f"{base}/crm/v4/objects/calls/7/associations/default/contacts/1", {}, method="PUT")
        _post(f"{base}/_sandbox/clock", {"advance_s": 7200})
        after = {f["rule"]: f["status"] for f in audit_json(folder)["findings"]}
    assert (before["first_touch"], after["first_touch"]) == ("at_risk", "kept")


def test_an_empty_account_is_said_to_be_empty(tmp_path: Path) -> None:
    document = audit([{"object": "account", "portalId": 7}], now=NOW, tmp_path=tmp_path)
    assert (document["summary"]["leads"], document["findings"]) == (0, [])
