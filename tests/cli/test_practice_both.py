"""`leadpact sandbox --crm both`: two practice CRMs at one port, and the files that point at them."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.request import Request, urlopen

from tests.cli.test_practice_salesforce import NOW, STAMP, selected, toml
from tests.flow.practice import leadpact, practice_hubspot

BOTH = ("--crm", "both", *NOW)


def contacts_of(files: Path) -> int:
    """How many contacts the practice HubSpot lists, asked as the config in `files` says."""
    base = toml(files / "config.toml")["hubspot"]["base_url"]
    asked = Request(f"{base}/crm/v3/objects/contacts?limit=100", headers={"Authorization": "Bearer sandbox"})
    with urlopen(asked) as answer:
        return len(json.load(answer)["results"])


def test_the_files_point_at_both_and_name_everybody_in_each(tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"

    with practice_hubspot(tmp_path, *BOTH, "--leads", "40", "--truth", str(truth)) as files:
        config, roster = toml(files / "config.toml"), toml(files / "roster.toml")
        leads = {row["Id"] for row in selected(files, "SELECT Id FROM Lead")}
        contacts = contacts_of(files)

    assert list(config) == ["hubspot", "salesforce", "authority"]
    assert config["hubspot"]["base_url"] == config["salesforce"]["base_url"]
    assert config["authority"] == {"fields": {"reject_reason": "salesforce", "recycle_reason": "salesforce"}}
    assert {path.name for path in (files / "secrets").iterdir()} == {"hubspot_token", "salesforce_consumer_secret"}
    assert all({"hubspot", "salesforce"} <= set(person) for person in roster["person"])
    assert (contacts > 30, len(leads) > 10) == (True, True)
    assert {row["record"].split("/")[0] for row in json.loads(truth.read_text())["promises"]} <= {"hubspot", "salesforce"}


def test_an_audit_of_both_writes_to_neither(tmp_path: Path) -> None:
    with practice_hubspot(tmp_path, *BOTH, "--leads", "40") as files:
        base = toml(files / "config.toml")["hubspot"]["base_url"]
        done = leadpact("sync", "--dry-run", "--format", "json", "--config", str(files / "config.toml"))
        with urlopen(f"{base}/_sandbox/stats") as answer:
            stats = json.load(answer)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["findings"]
    assert (stats["hubspot"]["writes"], stats["salesforce"]["writes"]) == (0, 0)
    assert stats["hubspot"]["reads"] and stats["salesforce"]["reads"]


def test_a_state_file_is_refused(tmp_path: Path) -> None:
    done = leadpact("sandbox", *BOTH, "--state", str(tmp_path / "both.state"))

    assert done.returncode == 64
    assert "--state keeps a practice HubSpot only" in done.stderr


def test_one_file_is_loaded_into_both_and_an_address_makes_one_person_of_the_roster(tmp_path: Path) -> None:
    user = {"attributes": {"type": "User"}, "Id": "005gK0000000099QAA", "Username": "a@b.example", "FirstName": "Ann", "LastName": "Lee"}
    lead = {"attributes": {"type": "Lead"}, "Id": "00QgK0000000001UAA", "LastName": "Roe", "Company": "Mill", "CreatedDate": STAMP}
    owner = {"object": "owners", "id": "41", "email": "A@b.example", "firstName": "Ann", "lastName": "Lee", "userId": 7, "type": "PERSON"}
    contact = {"object": "contacts", "id": "9", "properties": {"email": "roe@mail.example", "createdate": "2026-11-01T10:00:00.000Z"}}
    lines = ({**user, "Email": "a@b.example"}, {**lead, "OwnerId": user["Id"]}, {**owner, "archived": False, "teams": []}, contact)
    records = tmp_path / "both.jsonl"
    records.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    with practice_hubspot(tmp_path, *BOTH, "--load", str(records)) as files:
        found = selected(files, "SELECT Name FROM Lead")
        contacts = contacts_of(files)
        people = toml(files / "roster.toml")["person"]

    assert ([row["Name"] for row in found], contacts) == (["Roe"], 1)
    assert [(person["name"], person["hubspot"], person["salesforce"]) for person in people] == [("Ann Lee", "41", user["Id"])]
