"""Bad input gets one clear message with its fix, the documented exit code and no traceback; nothing is changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

import sync
from tests.flow.practice import leadpact, practice_hubspot

NOW = "2026-11-20T15:00Z"


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Path]:
    """A small account that is served."""
    with practice_hubspot(tmp_path, "--leads", "20", "--seed", "1", "--now", NOW) as folder:
        yield folder


def refused(folder: Path, *arguments: str, code: int) -> str:
    """Run a command that must fail with `code`; return what it said."""
    done = leadpact(*(arguments or ("sync", "--dry-run")), "--config", str(folder / "config.toml"))
    assert done.returncode == code, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert "fix:" in done.stderr + done.stdout
    return done.stderr + done.stdout


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_no_config_names_the_places_that_were_looked_at(tmp_path: Path) -> None:
    done = leadpact(
        "sync", "--dry-run", cwd=tmp_path, env={"HOME": str(tmp_path), "PATH": "/usr/bin", "PYTHONPATH": "src"} | _python_path()
    )
    assert done.returncode == 78
    assert "config.toml" in done.stderr
    assert "leadpact init" in done.stderr


def _python_path() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(sync.__path__[0]).parent)}


def test_broken_toml_names_the_line(account: Path) -> None:
    (account / "roster.toml").write_text('[[person]]\nname = "Ann\n')
    assert "line 2" in refused(account, code=78)


def test_problems_of_all_files_come_at_once(account: Path) -> None:
    replace_in(account / "config.toml", "[hubspot]", "[log]\nlevle = 'info'\n[hubspot]")
    replace_in(account / "agreement.toml", 'calendar = "owner"', 'calendar = "ownr"')
    with (account / "roster.toml").open("a") as roster:
        roster.write('\n[[person]]\nname = "Mo"\nmanger = "Ann"\n')
    said = refused(account, code=78)
    assert all(
        word in said for word in ("levle", "did you mean `level`", "ownr", "did you mean `owner`", "manger", "did you mean `manager`")
    )


def test_a_wrong_token_says_so_and_does_not_show_it(account: Path) -> None:
    (account / "secrets" / "hubspot_token").write_text("pat-na1-wrong-one")
    said = refused(account, code=78)
    assert "pat-na1-wrong-one" not in said
    assert "token" in said


def test_a_hubspot_that_is_not_there_is_an_error_of_the_world(account: Path) -> None:
    line = next(line for line in (account / "config.toml").read_text().splitlines() if line.startswith("base_url"))
    replace_in(account / "config.toml", line, 'base_url = "http://127.0.0.1:9"')
    assert "could not be reached" in refused(account, code=1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("lifecyclestage = 'marketingqualifiedlead'", "lifecyclestage = 'marketingqualifedlead'", "marketingqualifiedlead"),
        ('hubspot = "jobtitle"', 'hubspot = "jobtitel"', "jobtitle"),
    ],
    ids=["a stage the CRM has not", "a property the CRM has not"],
)
def test_check_names_what_the_crm_does_not_have(account: Path, old: str, new: str, said: str) -> None:
    replace_in(account / "agreement.toml", old, new)
    assert f"did you mean `{said}`" in refused(account, "check", code=78)


def test_check_warns_of_a_value_that_no_picklist_has(account: Path) -> None:
    replace_in(account / "agreement.toml", "'COMPUTER_SOFTWARE'", "'COMPUTER_SOFTWAR'")
    done = leadpact("check", "--config", str(account / "config.toml"))
    assert done.returncode == 0, done.stdout
    assert "define.icp: `COMPUTER_SOFTWAR` is no value" in done.stdout
    assert "did you mean `COMPUTER_SOFTWARE`" in done.stdout


def test_check_names_an_owner_that_the_crm_does_not_have(account: Path) -> None:
    with (account / "roster.toml").open("a") as roster:
        roster.write('\n[[person]]\nname = "Nobody"\nhubspot = "424242"\n')
    assert "no owner 424242" in refused(account, "check", code=78)


@pytest.mark.parametrize("content", [b"not a database", b""], ids=["text", "empty"])
def test_a_store_that_is_not_ours_is_left_as_it_is(account: Path, content: bytes) -> None:
    store = account / "leadpact.db"
    if not content:
        with sqlite3.connect(store) as other:
            other.execute("CREATE TABLE theirs (x)")
        other.close()
    else:
        store.write_bytes(content)
    before = store.read_bytes()
    refused(account, code=78)
    assert store.read_bytes() == before


def test_the_store_of_another_account_is_refused(account: Path, tmp_path: Path) -> None:
    assert leadpact("sync", "--dry-run", "--config", str(account / "config.toml")).returncode == 0
    other = tmp_path / "other"
    other.mkdir()
    portal = other / "portal.jsonl"
    portal.write_text('{"object": "account", "portalId": 99}\n')
    with practice_hubspot(other, "--load", str(portal), "--now", NOW) as folder:
        (folder / "leadpact.db").write_bytes((account / "leadpact.db").read_bytes())
        said = refused(folder, code=78)
    assert "belongs to hubspot account" in said
    assert "account 99" in said


@pytest.mark.parametrize("moment", ["yesterday", "2026-11-20T15:00"], ids=["no moment", "no zone"])
def test_a_moment_that_cannot_be_read_is_wrong_usage(account: Path, moment: str) -> None:
    assert moment in refused(account, "sync", "--dry-run", "--as-of", moment, code=64)


def test_a_stream_that_does_not_exist_cannot_have_shrunk(account: Path) -> None:
    said = refused(account, "sync", "--dry-run", "--accept-shrunken", "hubspot/contact", code=64)
    assert "--accept-shrunken hubspot/contact names no stream" in said
    assert "hubspot/contacts" in said


@pytest.mark.parametrize("span", ["soon", "2 business hours", "-1 minutes"])
def test_a_wait_that_cannot_be_read_is_wrong_usage(account: Path, span: str) -> None:
    assert f"`{span}` is no span of wall time" in refused(account, "sync", "--dry-run", "--wait", span, code=64)


def test_a_field_that_was_defined_only_now_is_known_to_the_next_audit(account: Path) -> None:
    """Definitions are believed for an hour, but nothing is refused by them."""
    assert leadpact("sync", "--dry-run", "--config", str(account / "config.toml")).returncode == 0
    replace_in(account / "agreement.toml", 'hubspot = "country"', 'hubspot = "region_of_ours"')
    assert "region_of_ours" in refused(account, code=78)
    url = (account / "config.toml").read_text().split('"')[1]
    definition = {"object": "properties", "objectType": "contacts", "name": "region_of_ours", "label": "Region", "type": "string"}
    answer = urllib3.request("POST", f"{url}/_sandbox/records", json=definition)
    assert answer.status == 200, answer.data
    assert leadpact("sync", "--dry-run", "--config", str(account / "config.toml")).returncode == 0


@pytest.mark.parametrize("option", [("--as-of", "2026-11-20T15:00Z"), ("--out", "plan.json")])
def test_what_only_looks_goes_with_dry_run(account: Path, option: tuple[str, str]) -> None:
    assert "add --dry-run" in refused(account, "sync", *option, code=64)
    assert not (account / "leadpact.db").exists()


@pytest.mark.parametrize("plan", ["404", "nowhere.json"])
def test_a_plan_that_is_not_there_is_named(account: Path, plan: str) -> None:
    assert plan in refused(account, "apply", plan, code=64)


@pytest.mark.parametrize("arguments", [("bogus",), ("sync", "--format", "xml"), ("sandbox", "--port", "no")])
def test_wrong_usage_ends_with_64(arguments: tuple[str, ...]) -> None:
    done = leadpact(*arguments)
    assert done.returncode == 64
    assert "--help" in done.stderr
    assert "Value error" not in done.stderr


def test_a_portal_file_names_every_wrong_line(tmp_path: Path) -> None:
    portal = tmp_path / "portal.jsonl"
    portal.write_text('{"object": "contacts", "id": "1"}\n{"object": "contact", "id": "x"}\nnot json\n')
    done = leadpact("sandbox", "--load", str(portal), "--port", "0")
    assert done.returncode == 78
    assert "portal.jsonl:2" in done.stderr
    assert "portal.jsonl:3" in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("hs_lead_status = 'IN_PROGRESS'", "hs_lead_statu = 'IN_PROGRESS'", "did you mean `hs_lead_status`"),
        ("lifecyclestage = 'marketingqualifiedlead'", "lifecyclestage = 'marketingqualifedlead'", "did you mean `marketingqualifiedlead`"),
    ],
    ids=["property", "stage"],
)
def test_an_audit_by_stages_that_do_not_exist_is_refused(account: Path, old: str, new: str, said: str) -> None:
    replace_in(account / "agreement.toml", old, new)
    assert said in refused(account, code=78)


def test_an_audit_refuses_a_contradicting_agreement_and_what_the_crm_has_not_at_once_in_the_words_of_check(account: Path) -> None:
    agreement = account / "agreement.toml"
    replace_in(agreement, 'hubspot = "jobtitle"', 'hubspot = "jobtitel"')
    replace_in(agreement, 'within   = "10 business days"', 'within   = "2 business days"')  # too short for its six attempts
    replace_in(agreement, "score >= 60", "score >= 60 AND score < 50")
    replace_in(agreement, '"Mo-Fr 08:00-17:00; PH off"', '"PH off"')
    with agreement.open("a") as more:
        more.write('\n[[level]]\nname = "Fairs"\nsource = ["FAIRS"]\nclock.first_touch.within = "1 business hour"\n')
        more.write('\n[[level]]\nname = "Nobody"\nteam = "Nobodies"\nclock.first_touch.within = "1 business hour"\n')

    said = refused(account, code=78)

    errors = [line.removeprefix("error").strip() for line in refused(account, "check", code=78).splitlines() if line.startswith("error  ")]
    places = [
        "stage.MQL.criteria",
        "calendar.pacific.hours",
        "cadence.work_the_lead.gap",
        "fields.title",
        "level.Fairs.source",
        "level.Nobody.team",
    ]
    assert all(any(place in error for error in errors) for place in places), errors
    assert [error for error in errors if error not in said] == []
    assert f"{len(errors)} errors in the files" in said


@pytest.mark.parametrize("command", [("due",), ("explain", "1")], ids=["due", "explain"])
def test_nothing_is_told_by_an_agreement_that_contradicts_itself(account: Path, command: tuple[str, ...]) -> None:
    assert leadpact("sync", "--dry-run", "--config", str(account / "config.toml")).returncode == 0
    replace_in(account / "agreement.toml", '"Mo-Fr 09:00-17:30; PH off"', '"PH off"')
    assert "calendar.default.hours: it is not open once" in refused(account, *command, code=78)


def test_promises_that_contradict_themselves_are_told_together_with_slips(account: Path) -> None:
    agreement = account / "agreement.toml"
    replace_in(agreement, '{ rejected = "needs nurture"', '{ rejected = "needs nurturing"')
    replace_in(agreement, 'ladder = ["reassign"]', 'ladder = ["return"]')
    replace_in(agreement, 'if_missed    = ["promote"]', 'if_missed = ["reassign"]')
    replace_in(agreement, 'stale_after = "5 business days"', 'stale_after = "5 work days"')
    said = refused(account, code=78)
    fixes = ["did you mean `needs nurture`?", "possible are: escalate, reassign, remind", "possible are: escalate, promote, remind"]
    assert all(fix in said for fix in fixes), said
    assert "4 problems in the files" in said


def test_a_report_is_never_written_over_a_file_that_leadpact_needs(account: Path) -> None:
    before = (account / "roster.toml").read_bytes()
    refused(account, "sync", "--dry-run", "--output", str(account / "roster.toml"), code=64)
    assert (account / "roster.toml").read_bytes() == before


def test_a_report_to_a_folder_is_refused(account: Path, tmp_path: Path) -> None:
    refused(account, "sync", "--dry-run", "--format", "json", "--output", str(tmp_path), code=1)
    assert tmp_path.is_dir()


@pytest.mark.parametrize(
    "command", [("demo", "--leads", "20", "--keep"), ("sandbox", "--port", "0", "--config-out")], ids=["demo", "sandbox"]
)
def test_practice_files_are_never_written_over_an_account_of_ones_own(tmp_path: Path, command: tuple[str, ...]) -> None:
    leadpact("init", str(tmp_path))
    before = (tmp_path / "config.toml").read_bytes()
    done = leadpact(*command, str(tmp_path))
    assert done.returncode == 64
    assert "of your own" in done.stderr
    assert (tmp_path / "config.toml").read_bytes() == before


@pytest.mark.parametrize("arguments", [("init", "/dev/null"), ("demo", "--keep", "/dev/null")])
def test_a_path_that_cannot_be_is_one_message(arguments: tuple[str, ...]) -> None:
    done = leadpact(*arguments)
    assert done.returncode in (1, 64)
    assert "Traceback" not in done.stderr
    assert "fix:" in done.stderr
