"""`explain`, `due` and `--only`: a judgement told to the person it is about."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.flow.practice import audit_json, leadpact, practice_hubspot

NOW = "2026-11-20T15:00Z"
pytestmark = pytest.mark.xdist_group("explain")


def contact(id_: str, **history: list[tuple[str, str]]) -> dict[str, object]:
    versions = {
        field: [{"value": value, "timestamp": at, "sourceType": "API"} for at, value in changes] for field, changes in history.items()
    }
    return {
        "object": "contacts",
        "id": id_,
        "properties": {"createdate": "2026-11-01T00:00:00Z", "email": f"p{id_}@example.com"},
        "history": versions,
    }


def call(id_: str, contact_id: str, at: str, **properties: str) -> dict[str, object]:
    told = {"hs_timestamp": at, "hs_createdate": at, "hs_call_direction": "OUTBOUND", "hs_object_source": "CRM_UI", **properties}
    return {"object": "calls", "id": id_, "properties": told, "associations": {"contacts": [contact_id]}}


LINES = [
    {"object": "teams", "id": "3", "name": "SDR", "userIds": ["1"]},
    {"object": "owners", "id": "11", "email": "ann@example.com", "firstName": "Ann", "lastName": "Lee", "userId": 1},
    {"object": "owners", "id": "12", "email": "ben@example.com", "firstName": "Ben", "lastName": "Kim", "userId": 2},
    contact("1", lifecyclestage=[("2026-11-18T15:00:00Z", "marketingqualifiedlead")], hubspot_owner_id=[("2026-11-18T15:00:00Z", "11")]),
    contact("2", lifecyclestage=[("2026-11-20T14:30:00Z", "marketingqualifiedlead")], hubspot_owner_id=[("2026-11-20T14:30:00Z", "12")]),
    contact("3"),
    call("71", "1", "2026-11-18T15:30:00Z", hubspot_owner_id="12", hs_call_status="NO_ANSWER"),
    call("72", "1", "2026-11-18T20:00:00Z", hubspot_owner_id="11", hs_call_status="NO_ANSWER"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An audited account of three leads."""
    folder = tmp_path_factory.mktemp("explain")
    portal = folder / "portal.jsonl"
    portal.write_text("\n".join(json.dumps(line) for line in LINES))
    with practice_hubspot(folder, "--load", str(portal), "--now", NOW) as practice:
        audit_json(practice)
        yield practice


def run(files: Path, *arguments: str) -> str:
    done = leadpact(*arguments, "--config", str(files / "config.toml"))
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["p1@example.com", "P1@EXAMPLE.COM", "1", "hubspot/contact/1"])
def test_a_lead_is_found_by_address_id_or_record(files: Path, name: str) -> None:
    assert run(files, "explain", name).startswith("hubspot/contact/1, as known on Fri 2026-11-20 10:00 EST")


def test_every_touch_is_listed_and_those_that_did_not_count_with_the_reason(files: Path) -> None:
    told = run(files, "explain", "1")
    assert "became MQL" in told
    assert "owned by Ann Lee" in told
    assert "first_touch: broken, due Wed 2026-11-18 12:00 EST (2 business hours), kept late on Wed 2026-11-18 15:00 EST" in told
    assert "call: by somebody else than the owner  [hubspot/call/71]  does not count" in told
    assert "what would have kept it: a touch that counts, by the owner, by Wed 2026-11-18 12:00 EST" in told


def test_a_lead_that_was_never_handed_over_is_told_so(files: Path) -> None:
    assert "never handed over" in run(files, "explain", "3")


def test_it_is_explained_as_it_was_known_then(files: Path) -> None:
    told = run(files, "explain", "1", "--as-of", "2026-11-18T16:00Z")
    assert "first_touch: at risk" in told
    assert "hubspot/call/72" not in told


def test_an_unknown_lead_is_one_message(files: Path) -> None:
    done = leadpact("explain", "nobody@example.com", "--config", str(files / "config.toml"))
    assert (done.returncode, "fix:" in done.stderr) == (1, True)


def test_what_is_overdue_comes_first_then_what_is_due_next_and_what_would_keep_it(files: Path) -> None:
    lines = run(files, "due").splitlines()
    owed = [line for line in lines if "hubspot/contact/" in line]
    assert [("overdue" in line, line.split("  ")[1:3]) for line in owed] == [
        (True, ["hubspot/contact/1", "accept_or_reject"]),
        (False, ["hubspot/contact/2", "first_touch"]),
        (False, ["hubspot/contact/2", "accept_or_reject"]),
    ]
    assert "a touch that counts, by the owner" in lines[lines.index(owed[1]) + 1]


@pytest.mark.parametrize(("owner", "theirs"), [("Ben Kim", "2"), ("ben@example.com", "2"), ("12", "2"), ("Ann Lee", "1")])
def test_a_rep_sees_their_own_list(files: Path, owner: str, theirs: str) -> None:
    owed = [line for line in run(files, "due", "--owner", owner).splitlines() if "hubspot/contact/" in line]
    assert owed and all(f"hubspot/contact/{theirs} " in line for line in owed)


def test_a_misspelled_owner_is_named(files: Path) -> None:
    done = leadpact("due", "--owner", "Ann Le", "--config", str(files / "config.toml"))
    assert done.returncode == 64
    assert "did you mean `Ann Lee`" in done.stderr


@pytest.mark.parametrize(
    ("only", "rules", "leads"),
    [
        ("rule:first_touch", {"first_touch"}, {"hubspot/contact/1", "hubspot/contact/2"}),
        ("owner:Ann Lee", {"first_touch", "accept_or_reject", "speed_to_assign", "premature_handoff"}, {"hubspot/contact/1"}),
        ("owner:12", {"first_touch", "accept_or_reject", "speed_to_assign", "premature_handoff"}, {"hubspot/contact/2"}),
        ("team:sdr", {"first_touch", "accept_or_reject", "speed_to_assign", "premature_handoff"}, {"hubspot/contact/1"}),
    ],
)
def test_a_report_can_be_limited(files: Path, only: str, rules: set[str], leads: set[str]) -> None:
    document = audit_json(files, "--only", only)
    assert {finding["rule"] for finding in document["findings"]} == rules
    assert {finding["lead"] for finding in document["findings"]} == leads
    assert document["summary"]["findings"] == len(document["findings"])


def test_an_unknown_rule_is_named(files: Path) -> None:
    done = leadpact("sync", "--dry-run", "--only", "rule:first_tuch", "--config", str(files / "config.toml"))
    assert done.returncode == 64
    assert "did you mean `first_touch`" in done.stderr


@pytest.mark.parametrize(("only", "said"), [("owner:Ann Le", "did you mean `Ann Lee`"), ("team:SDRR", "did you mean `SDR`")])
def test_an_unknown_owner_or_team_is_named(files: Path, only: str, said: str) -> None:
    done = leadpact("sync", "--dry-run", "--only", only, "--config", str(files / "config.toml"))
    assert done.returncode == 64
    assert said in done.stderr


def test_nothing_is_explained_before_the_first_pull(tmp_path: Path, files: Path) -> None:
    for name in ("config.toml", "agreement.toml", "roster.toml"):
        (tmp_path / name).write_bytes((files / name).read_bytes())
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets" / "hubspot_token").write_text("sandbox")
    done = leadpact("explain", "1", "--config", str(tmp_path / "config.toml"))
    assert done.returncode == 1
    assert "leadpact sync --dry-run" in done.stderr


def test_a_rep_is_not_shown_what_marketing_owes_and_an_audit_leaves_nothing_to_be_judged_again(tmp_path: Path) -> None:
    def set_to(value: str, at: str) -> list[dict[str, str]]:
        return [{"value": value, "timestamp": at, "sourceType": "API"}]

    history = {
        "lifecyclestage": set_to("marketingqualifiedlead", "2026-11-18T15:00:00Z"),
        "hubspot_owner_id": set_to("11", "2026-11-18T15:00:00Z"),
        "hs_lead_status": set_to("RECYCLED", "2026-11-19T15:00:00Z"),
    }
    contact = {"object": "contacts", "id": "1", "properties": {"createdate": "2026-11-01T00:00:00Z"}, "history": history}
    owner = {"object": "owners", "id": "11", "email": "ann@example.com", "firstName": "Ann", "lastName": "Lee", "userId": 1}
    portal = tmp_path / "portal.jsonl"
    portal.write_text("\n".join(json.dumps(line) for line in (owner, contact)))
    with practice_hubspot(tmp_path, "--load", str(portal), "--now", "2026-11-20T15:00Z") as folder:
        audit_json(folder)
        assert "nurture_returned" in run(folder, "due")
        assert "nurture_returned" not in run(folder, "due", "--owner", "Ann Lee")
    with closing(sqlite3.connect(folder / "leadpact.db")) as store:
        assert store.execute("SELECT count(*) FROM dirty").fetchone() == (0,)
