"""`leadpact sandbox --crm salesforce`: what it serves, and the files that point at it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from sync.cli.practice_files import PracticeFiles, write_files
from tests.flow.practice import leadpact, practice_hubspot

NOW = ("--now", "2026-11-20T15:00Z")
SALESFORCE = ("--crm", "salesforce", *NOW)
STAMP = "2026-11-01T10:00:00.000+0000"


def toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def selected(files: Path, soql: str) -> list[dict[str, Any]]:
    """The rows that a query finds, asked as the config in `files` says."""
    base = toml(files / "config.toml")["salesforce"]["base_url"]
    asked = Request(f"{base}/services/data/v62.0/query?{urlencode({'q': soql})}", headers={"Authorization": "Bearer sandbox"})
    with urlopen(asked) as answer:
        rows: list[dict[str, Any]] = json.load(answer)["records"]
        return rows


def test_the_files_point_at_the_practice_salesforce(tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"

    with practice_hubspot(tmp_path, *SALESFORCE, "--leads", "20", "--truth", str(truth)) as files:
        config = toml(files / "config.toml")
        roster = toml(files / "roster.toml")
        users = {row["Id"] for row in selected(files, "SELECT Id FROM User WHERE IsActive = true")}
        own_user = selected(files, "SELECT Id FROM User WHERE Name = 'Integration User'")[0]["Id"]
        leads = {f"salesforce/Lead/{row['Id']}" for row in selected(files, "SELECT Id FROM Lead")}

    assert config["salesforce"].pop("base_url").startswith("http://127.0.0.1:")
    assert config == {
        "salesforce": {
            "my_domain": "practice.my",
            "consumer_key": "sandbox",
            "user_id": own_user,
            "max_share": 1.0,
            "form_date_field": "Last_Form_At__c",
            "form_name_field": "Last_Form__c",
        }
    }
    assert [(path.name, path.read_text()) for path in (files / "secrets").iterdir()] == [("salesforce_consumer_secret", "sandbox")]
    assert {person["salesforce"] for person in roster["person"]} | set(roster["placeholders"]["salesforce"]) <= users
    assert {row["record"] for row in json.loads(truth.read_text())["promises"]} <= leads


def test_files_of_salesforce_leave_no_token_of_hubspot_which_would_connect_it(tmp_path: Path) -> None:
    for crm in ("hubspot", "salesforce"):
        write_files(tmp_path, PracticeFiles(url="http://127.0.0.1:1", crms=(crm,), roster="", agreement="practice.agreement"))

    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["salesforce_consumer_secret"]
    assert list(toml(tmp_path / "config.toml")) == ["salesforce"]


def test_a_state_file_is_refused(tmp_path: Path) -> None:
    done = leadpact("sandbox", *SALESFORCE, "--state", str(tmp_path / "org.state"))

    assert done.returncode == 64
    assert "--state keeps a practice HubSpot only" in done.stderr
    assert not (tmp_path / "org.state").exists()


def test_loaded_records_are_served_and_their_users_make_the_roster(tmp_path: Path) -> None:
    user = {
        "attributes": {"type": "User"},
        "Id": "005gK0000000099QAA",
        "Username": "a@b.example",
        "LastName": "Lee",
        "Email": "a@b.example",
    }
    lead = {"attributes": {"type": "Lead"}, "Id": "00QgK0000000001UAA", "LastName": "Roe", "Company": "Mill", "CreatedDate": STAMP}
    records = tmp_path / "org.jsonl"
    records.write_text("".join(f"{json.dumps(line)}\n" for line in (user, {**lead, "OwnerId": user["Id"]})))

    with practice_hubspot(tmp_path, *SALESFORCE, "--load", str(records)) as files:
        found = selected(files, "SELECT Name, Owner.Name FROM Lead")
        people = toml(files / "roster.toml")["person"]

    assert [(row["Name"], row["Owner"]["Name"]) for row in found] == [("Roe", "Lee")]
    assert [(person["name"], person["salesforce"]) for person in people] == [("Lee", user["Id"])]
