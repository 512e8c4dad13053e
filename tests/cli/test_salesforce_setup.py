"""Salesforce, and both CRMs, from the config to the first audit: what check and roster say, and what bad input gets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sandbox.load import load_both
from sandbox.server import Served, serve
from tests.contract.practice_org import ANN, LINES, NOW, OrgCaller, a_line, an_id
from tests.flow.practice import leadpact

AGREEMENT = """
title     = "Leads"
effective = 2026-01-01
timezone  = "UTC"

[fields]
score = { type = "number", salesforce = "Score__c" }

[[stage]]
name    = "MQL"
side    = "marketing"
meaning = "Ready."
salesforce.Lead = "Status = 'Working - Contacted'"

[[stage]]
name    = "SQL"
side    = "sales"
meaning = "Taken."
salesforce.Lead = "IsConverted"

[calendar.default]
hours    = "Mo-Fr 09:00-17:00"
timezone = "UTC"

[pool.sdr]

[[handoff]]
name     = "to sales"
opens_on = "stage MQL"
pool     = "sdr"

[[clock]]
name    = "first_touch"
starts  = "handoff"
kept_by = "touch"
within  = "2 business hours"
"""
SCORE = {"attributes": {"type": "CustomField"}, "object": "Lead", "name": "Score__c", "type": "double"}
CONFIG = '[salesforce]\nmy_domain = "practice.my"\nconsumer_key = "sandbox"\nmax_share = 1.0\nbase_url = "{url}"\n'
HUBSPOT = '[hubspot]\nbase_url = "{url}"\nburst_share = 1.0\n'
ROLE, DEE = an_id("00E", 1), an_id("005", 8)
STAFF = [
    a_line("UserRole", ROLE, Name="SDR", DeveloperName="SDR"),
    a_line("User", DEE, Username="dee@example.com", LastName="Dee", Email="dee@example.com", UserRoleId=ROLE, ManagerId=ANN),
    {"object": "owners", "id": "77", "email": "ANN@example.com", "firstName": "Ann", "lastName": "Ng", "userId": 1001, "type": "PERSON"},
    {"object": "owners", "id": "78", "email": "mo@example.com", "firstName": "Mo", "lastName": "Ark", "userId": 1002, "type": "PERSON"},
]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A practice HubSpot and a practice Salesforce."""
    records = tmp_path / "records.jsonl"
    records.write_text("".join(f"{json.dumps(line)}\n" for line in (*LINES, SCORE, *STAFF)), encoding="utf-8")
    portal, org = load_both(records, now=NOW, live=False)
    with serve(portal, org=org) as served:
        yield served


@pytest.fixture
def org(served: Served) -> OrgCaller:
    return OrgCaller(served)


@pytest.fixture
def account(tmp_path: Path, served: Served) -> Path:
    """The files of an account that connects Salesforce alone."""
    write(tmp_path / "config.toml", CONFIG.format(url=served.url))
    write(tmp_path / "agreement.toml", AGREEMENT)
    write(tmp_path / "roster.toml", "")
    (tmp_path / "secrets").mkdir(mode=0o700)
    write(tmp_path / "secrets" / "salesforce_consumer_secret", "sandbox")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


def with_hubspot(folder: Path, served: Served) -> None:
    write(folder / "config.toml", HUBSPOT.format(url=served.url) + CONFIG.format(url=served.url))
    write(folder / "secrets" / "hubspot_token", "sandbox")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    write(path, text.replace(old, new))


def said_by(folder: Path, *command: str, code: int) -> str:
    """What a command says that must end with `code`."""
    done = leadpact(*command, "--config", str(folder / "config.toml"))
    assert done.returncode == code, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr + done.stdout


def test_check_tells_which_org_answered_and_who_is_in_it(account: Path) -> None:
    said = said_by(account, "check", code=0)

    assert "asked   salesforce: account 00D" in said
    assert "by API 62.0; people 4, queues 1, teams 1" in said
    assert "counts as unassigned: Inbound" in said
    assert "no history" not in said


def test_an_audit_reads_the_org(account: Path) -> None:
    assert "3 leads" in said_by(account, "sync", "--dry-run", code=0)


def test_check_names_the_fields_without_history(account: Path, org: OrgCaller) -> None:
    org.lever("salesforce/history", {"sobject": "Lead", "on": False})

    said = said_by(account, "check", code=0)

    assert "no history is kept of IsConverted, OwnerId, Status on Lead" in said
    assert "Set History Tracking" in said


def test_a_field_that_is_hidden_is_named_with_both_ways_out(account: Path, org: OrgCaller) -> None:
    org.lever("salesforce/hidden", {"sobject": "Lead", "field": "Score__c"})

    for command in (("check",), ("sync", "--dry-run")):
        said = said_by(account, *command, code=78)
        assert "Score__c" in said
        assert "field-level security" in said


def test_fields_of_a_form_that_are_not_there_are_named(account: Path) -> None:
    with (account / "config.toml").open("a") as config:
        config.write('form_date_field = "Last_Form_At__c"\nform_name_field = "Ref__c"\n')

    said = said_by(account, "check", code=78)

    assert "config.toml: salesforce.form_date_field" in said
    assert "form_name_field:" not in said


def test_check_names_an_object_that_is_hidden(account: Path, org: OrgCaller) -> None:
    org.lever("salesforce/hidden", {"sobject": "Opportunity"})
    assert "it has no object Opportunity, or hides it" in said_by(account, "check", code=0)
    assert "Not read: Opportunity." in said_by(account, "sync", "--dry-run", code=0)

    org.lever("salesforce/hidden", {"sobject": "Lead"})
    assert "no object Lead, or hides it" in said_by(account, "check", code=78)


def test_a_history_that_is_hidden_leaves_moments_unknown(account: Path, org: OrgCaller) -> None:
    org.lever("salesforce/hidden", {"sobject": "LeadHistory"})

    said = " ".join(said_by(account, "sync", "--dry-run", code=0).split())

    assert "Not read: LeadHistory." in said
    assert "nobody knows when the changes happened that LeadHistory would tell" in said


def test_an_object_that_is_hidden_is_told_and_the_rest_is_read(account: Path, org: OrgCaller) -> None:
    org.lever("salesforce/hidden", {"sobject": "Task"})

    said = " ".join(said_by(account, "sync", "--dry-run", code=0).split())

    assert "Not read: Task." in said
    assert "read access to Task" in said


REFUSED = [
    ("app", {"run_as": False}, "client credentials flow is not enabled", 78),
    ("app", {"consumer_secret": "another"}, "does not know this consumer key, or its secret", 78),
    ("app", {"consumer_key": "another"}, "does not know this consumer key", 78),
    ("app", {"my_domain": "another.my"}, "no org of Salesforce's answers at this My Domain", 78),
    ("api", {"disabled": True}, "the API is switched off", 78),
    ("limits", {"elsewhere": 15_000}, "calls of the last 24 hours are used up", 1),
]


@pytest.mark.parametrize(("lever", "order", "words", "code"), REFUSED)
def test_an_org_that_does_not_let_us_in_is_told_with_what_to_do(
    account: Path, org: OrgCaller, lever: str, order: dict[str, object], words: str, code: int
) -> None:
    org.lever(f"salesforce/{lever}", order)

    said = said_by(account, "check", code=code)

    assert words in said
    assert "fix:" in said


def test_an_audit_that_is_not_let_in_says_the_same(account: Path, org: OrgCaller) -> None:
    org.lever("salesforce/limits", {"elsewhere": 15_000})

    assert "what was read so far is kept" in said_by(account, "sync", "--dry-run", code=1)


def test_an_app_that_is_not_approved_is_told(account: Path, org: OrgCaller) -> None:
    org.lever("salesforce/app", {"approved": False})
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    (account / "secrets" / "salesforce_consumer_secret").unlink()
    write(account / "secrets" / "salesforce_private_key", pem)
    with (account / "config.toml").open("a") as config:
        config.write('username = "integration@practice.example"\n')

    said = said_by(account, "check", code=78)

    assert "not approved for its user" in said
    assert "Permitted Users" in said
    assert pem.splitlines()[1] not in said


def test_a_session_that_is_over_is_told(account: Path, org: OrgCaller) -> None:
    org.lever("salesforce/sessions", {"direct": "a-session"})
    (account / "secrets" / "salesforce_consumer_secret").unlink()
    write(account / "secrets" / "salesforce_session_id", "a-session")
    assert "0 errors" in said_by(account, "check", code=0)

    org.lever("salesforce/sessions", {"direct": "another"})
    said = said_by(account, "check", code=78)

    assert "session is over" in said
    assert "a-session" not in said


def test_nobody_at_the_address_is_an_error_of_the_world(account: Path, served: Served) -> None:
    edit(account / "config.toml", served.url, "http://127.0.0.1:9")

    said_by(account, "check", code=1)


def test_both_crms_are_asked_and_what_only_one_shows_is_noted(account: Path, served: Served) -> None:
    with_hubspot(account, served)

    said = said_by(account, "check", code=0)

    assert said.index("asked   hubspot: account") < said.index("asked   salesforce: account")
    assert "no stage says how a hubspot contact shows it" in said
    shown = 'salesforce.Lead = "Status'
    edit(account / "agreement.toml", shown, f"hubspot.contact = \"lifecyclestage = 'lead'\"\n{shown}")
    assert "stage.SQL: only salesforce shows it" in said_by(account, "check", code=0)


def test_an_audit_reads_both(account: Path, served: Served) -> None:
    with_hubspot(account, served)

    said = said_by(account, "sync", "--dry-run", code=0)

    assert said.index("hubspot 62515: 0 leads") < said.index("salesforce 00D")


def test_one_crm_that_is_silent_does_not_hide_what_the_other_lacks(account: Path, served: Served, org: OrgCaller) -> None:
    with_hubspot(account, served)
    write(account / "secrets" / "hubspot_token", "wrong")
    org.lever("salesforce/hidden", {"sobject": "Lead", "field": "Score__c"})

    said = said_by(account, "check", code=78)

    assert "error   hubspot:" in said
    assert "Score__c" in said
    assert "2 errors" in said


def test_a_roster_is_drafted_from_both_crms(account: Path, served: Served) -> None:
    with_hubspot(account, served)
    (account / "roster.toml").unlink()

    assert "hubspot: people 2, queues 0, teams 0; salesforce: people 4, queues 1, teams 1" in said_by(
        account, "roster", "--from-crm", code=0
    )

    text = (account / "roster.toml").read_text(encoding="utf-8")
    assert f'hubspot    = "77"\nsalesforce = "{ANN}"' in text
    assert f'salesforce = "{DEE}"\nteam       = "SDR"\nmanager    = "Ann Ng"' in text
    assert "Inbound" not in text
    assert "0 errors" in said_by(account, "check", code=0)


def test_our_own_user_is_nobody_in_the_draft(account: Path, org: OrgCaller) -> None:
    (user,) = org.told("SELECT Id FROM User WHERE Name = 'Integration User'", "Id")
    (account / "roster.toml").unlink()
    with (account / "config.toml").open("a") as config:
        config.write(f'user_id = "{user[:15]}"\n')

    said_by(account, "roster", "--from-crm", code=0)

    text = (account / "roster.toml").read_text(encoding="utf-8")
    assert f'salesforce = ["{user}"]' in text
    assert "Integration User" not in text
    assert "not in it" not in said_by(account, "check", code=0)
    (account / "roster.toml").write_text(text.replace(f'["{user}"]', "[]"), encoding="utf-8")
    assert "not in it" not in said_by(account, "check", code=0), "the config says who it is"


def test_what_init_writes_for_salesforce_asks_for_what_it_needs(tmp_path: Path) -> None:
    done = leadpact("init", str(tmp_path), "--crm", "salesforce")
    assert "secrets/salesforce_consumer_secret" in done.stdout
    assert "hubspot_token" not in done.stdout

    said = said_by(tmp_path, "check", "--offline", code=78)

    assert "salesforce.my_domain" in said
    assert "one way to log in" in said
    assert "hubspot" not in said


def test_what_init_writes_for_both_needs_only_what_it_asks_for(tmp_path: Path) -> None:
    leadpact("init", str(tmp_path), "--crm", "both")
    for key in ("my_domain ", "consumer_key "):
        edit(tmp_path / "config.toml", f"# {key}", key)
    (tmp_path / "secrets").mkdir(mode=0o700)
    write(tmp_path / "secrets" / "salesforce_consumer_secret", "s")
    write(tmp_path / "secrets" / "hubspot_token", "pat-na1-0")

    said_by(tmp_path, "check", "--offline", code=0)
