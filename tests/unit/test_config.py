from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.cli.init import config_of
from sync.config import Config, config_places, load_config, unknown_rules
from sync.config_freeze import FreezeTable
from sync.config_notify import NotifySection
from sync.config_own_fields import HubSpotFields, SalesforceFields
from sync.config_read import Settings
from sync.config_salesforce import SalesforceSettings
from sync.config_sections import HubSpotSettings, Mode
from sync.errors import ConfigurationError
from sync.problems import Problem, Problems

TOKEN = "pat-na1-planted-0000"
ORG = {"LEADPACT_SALESFORCE__CONSUMER_SECRET": "planted"}
SECRET_KEYS = {
    ("hubspot", "token"),
    ("hubspot", "client_secret"),
    ("http", "token"),
    *(("salesforce", key) for key in ("consumer_secret", "private_key", "session_id")),
}
NO_DEFAULT = tuple(
    f"# {key} "
    for key in (
        "LEADPACT",
        "What is",
        "app_id",
        "username",
        "user_id",
        "form_date_field",
        "form_name_field",
        "base_url       ",
        "rules",
        "teams",
        "fields",
        "stages",
        "[[freeze]]",
        "from",
        "to ",
        "weekly",
        "zone",
        "why",
        "public_url",
    )
)
ENV = {"LEADPACT_HUBSPOT__TOKEN": TOKEN}
EXAMPLE = Path(__file__).parents[2] / "config.example.toml"

Load = Callable[..., Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load_text(text: str, env: Mapping[str, str] = ENV) -> Config:
        path = tmp_path / "config.toml"
        path.write_text(text)
        return load_config(path, env)

    return load_text


def problems_of(load: Load, text: str, env: Mapping[str, str] = ENV) -> tuple[Problem, ...]:
    with pytest.raises(Problems) as caught:
        load(text, env)
    assert caught.value.exit_code == 78
    assert TOKEN not in str(caught.value) + repr(caught.value.problems)
    return caught.value.problems


def test_the_example_config_holds_the_defaults_alone(load: Load) -> None:
    assert load(EXAMPLE.read_text()) == load("")


def test_every_commented_line_of_the_example_is_a_default(load: Load) -> None:
    assert load(_written_out(config_of(("hubspot",)), without={"salesforce", *OWN_FIELDS})) == load("")


def test_every_commented_line_of_the_example_for_salesforce_is_a_default(load: Load) -> None:
    text = _written_out(config_of(("salesforce",)), without={"hubspot", "roles", "authority", *OWN_FIELDS})
    needed = '[salesforce]\nmy_domain = "acme.my"\nconsumer_key = "3MVG9…"'

    assert load(text, ORG) == load(needed, ORG)


OWN_FIELDS = ("own_fields.hubspot", "own_fields.salesforce", "[notify", "messages")  # tables without a default


def _written_out(text: str, *, without: Collection[str]) -> str:
    """Write every default of the example out, but in the tables `without`."""
    lines, table = [], ""
    for line in text.splitlines():
        if line.removeprefix("# ").startswith("["):
            table = line.removeprefix("# ")[1:].partition("]")[0]
        shown = line.startswith("# ") and " = " in line.split("#")[1] and not line.startswith(NO_DEFAULT)
        lines.append(line.removeprefix("# ") if shown and table not in without else line)
    return "\n".join(lines)


def test_the_defaults_are_those_of_the_design(load: Load) -> None:
    config = load("")

    assert config.hubspot is not None
    assert (config.hubspot.base_url, config.hubspot.api_version) == ("https://api.hubapi.com", "2026-09")
    assert (config.hubspot.burst_share, config.hubspot.max_share, config.hubspot.floor) == (0.6, 0.2, 0.15)
    limits = config.limits
    assert (limits.moves_per_run, limits.moves_per_hour, limits.moves_per_day) == (25, 40, 100)
    assert (limits.assignments_per_run, limits.assignments_per_hour, limits.assignments_per_day) == (50, 100, 400)
    assert config.settle.moves == timedelta(minutes=30)
    assert (config.authority.marketing, config.authority.sales, config.crms) == ("hubspot", "hubspot", ("hubspot",))


def test_paths_are_relative_to_the_config_file(load: Load, tmp_path: Path) -> None:
    config = load('[files]\nstore = "data/mirror.db"')

    assert config.store == tmp_path / "data" / "mirror.db"
    assert config.agreement == tmp_path / "agreement.toml"


def test_a_variable_beats_the_file(load: Load) -> None:
    config = load("[limits]\nmoves_per_day = 7", ENV | {"LEADPACT_LIMITS__MOVES_PER_DAY": "8"})

    assert config.limits.moves_per_day == 8


def test_all_problems_are_told_at_once_with_the_nearest_key(load: Load) -> None:
    text = (
        '[hubspot]\nburst_shar = 1\nfloor = 2.0\n[mod]\ndefault = "observe"\n[log]\nlevel = "inf"\n[settle]\nmoves = "30 busines minutes"'
    )

    problems = {problem.where: problem for problem in problems_of(load, text)}

    assert set(problems) == {"hubspot.burst_shar", "hubspot.floor", "mod", "log.level", "settle.moves"}
    assert problems["hubspot.burst_shar"].fix == "did you mean `burst_share`?"
    assert problems["mod"].fix == "did you mean `mode`?"
    assert problems["log.level"].fix == "did you mean `info`?"
    assert problems["hubspot.floor"].found == "2.0"


def test_a_wrong_variable_is_named_as_one(load: Load) -> None:
    (problem,) = problems_of(load, "", ENV | {"LEADPACT_HUBSPOT__FLOOR": "much"})

    assert (problem.file, problem.where) == ("environment", "LEADPACT_HUBSPOT__FLOOR")


def test_an_unknown_variable_is_refused_with_the_nearest(load: Load) -> None:
    (problem,) = problems_of(load, "", ENV | {"LEADPACT_HUBSPT__TOKEN": TOKEN})

    assert problem.where == "LEADPACT_HUBSPT__TOKEN"
    assert problem.fix == "did you mean `LEADPACT_HUBSPOT`?"


def test_a_variable_that_is_no_table_is_refused_without_its_value(load: Load) -> None:
    (problem,) = problems_of(load, "", {"LEADPACT_HUBSPOT": TOKEN})

    assert problem.file == "environment"
    assert problems_of(load, f'hubspot = "{TOKEN}"', {})[0].where == "hubspot"


def test_a_password_within_an_address_is_not_shown(load: Load) -> None:
    (problem,) = problems_of(load, f'[hubspot]\nbase_url = "https://me:{TOKEN}@x"')

    assert problem.found == "'https://…@x'"


@pytest.mark.parametrize("token", ["two words", "", "with\nline", "ünicode"])
def test_a_token_that_cannot_be_one_is_refused_unseen(load: Load, token: str) -> None:
    problems = problems_of(load, "", {"LEADPACT_HUBSPOT__TOKEN": token})

    assert all(token == "" or token not in str(problem) for problem in problems)


def test_a_token_in_the_config_is_refused_with_the_way_out(load: Load) -> None:
    (problem,) = problems_of(load, f'[hubspot]\ntoken = "{TOKEN}"', {})

    assert problem.where == "hubspot.token"
    assert "LEADPACT_HUBSPOT__TOKEN" in problem.fix


def test_a_missing_token_names_the_ways_to_give_one(load: Load, tmp_path: Path) -> None:
    (problem,) = problems_of(load, "[hubspot]", {})

    assert "LEADPACT_HUBSPOT__TOKEN" in problem.fix
    assert str(tmp_path / "secrets" / "hubspot_token") in problem.fix


def test_a_config_without_any_crm_is_refused(load: Load) -> None:
    (problem,) = problems_of(load, "", {})

    assert problem.found == "no connection"
    assert "[hubspot] or [salesforce]" in problem.fix


def test_a_role_names_a_connected_crm(load: Load) -> None:
    (problem,) = problems_of(load, '[roles]\nsales = "hubspott"')

    assert (problem.where, problem.fix) == ("roles.sales", "did you mean `hubspot`?")


def secret(folder: Path, text: str, mode: int = 0o600) -> None:
    folder.mkdir(exist_ok=True)
    file = folder / "hubspot_token"
    file.write_text(text)
    file.chmod(mode)


def test_the_token_comes_from_the_secrets_folder_beside_the_config(load: Load, tmp_path: Path) -> None:
    secret(tmp_path / "secrets", f"{TOKEN}\n")

    config = load("", {})

    assert config.hubspot is not None
    assert config.hubspot.token.get_secret_value() == TOKEN
    assert config.warnings == ()
    assert TOKEN not in repr(config)


def test_a_secret_that_others_can_read_is_a_warning(load: Load, tmp_path: Path) -> None:
    secret(tmp_path / "keys", TOKEN, mode=0o644)

    (warning,) = load('secrets_dir = "keys"', {}).warnings

    assert warning.fix.startswith("chmod 600")
    assert "0644" in warning.found


def test_a_systemd_credential_beats_the_folder_and_a_variable_beats_both(load: Load, tmp_path: Path) -> None:
    secret(tmp_path / "secrets", "folder")
    secret(tmp_path / "systemd", "systemd")
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path / "systemd")}

    by_systemd, by_variable = load("", env).hubspot, load("", env | ENV).hubspot

    assert by_systemd is not None
    assert by_systemd.token.get_secret_value() == "systemd"
    assert by_variable is not None
    assert by_variable.token.get_secret_value() == TOKEN


def test_an_empty_secret_file_is_no_token(load: Load, tmp_path: Path) -> None:
    secret(tmp_path / "secrets", "\n")

    (problem,) = problems_of(load, "", {})

    assert problem.where == "hubspot.token"


@pytest.mark.parametrize("address", ["http://127.0.0.1:8080/", "http://localhost:1", "http://[::1]:9", "https://proxy.example.com/hubspot"])
def test_plain_http_is_for_this_machine(load: Load, address: str) -> None:
    config = load(f'[hubspot]\nbase_url = "{address}"')

    assert config.hubspot is not None
    assert config.hubspot.base_url == address.rstrip("/")


@pytest.mark.parametrize(
    "address", ["http://api.hubapi.com", "http://127.0.0.1.example.com", "ftp://x", "https://", "https://u:p@x", "https://x:99999", "x"]
)
def test_any_other_address_is_refused(load: Load, address: str) -> None:
    (problem,) = problems_of(load, f'[hubspot]\nbase_url = "{address}"')

    assert problem.where == "hubspot.base_url"


def test_the_stricter_of_rule_and_team_holds(load: Load) -> None:
    mode = load('[mode]\ndefault = "remind"\nrules = { first_touch = "enforce" }\nteams = { EMEA = "observe" }').mode

    assert mode.of("first_touch", "US") is Mode.ENFORCE
    assert mode.of("first_touch", "EMEA") is Mode.OBSERVE
    assert mode.of("decide", None) is Mode.REMIND


def test_a_mode_for_a_rule_that_is_not_there_is_a_problem(load: Load) -> None:
    config = load('[mode]\nrules = { first_tuch = "remind" }')

    (problem,) = unknown_rules(config, ["first_touch", "decide"])

    assert problem.fix == "did you mean `first_touch`?"


def test_without_a_config_the_places_and_init_are_named(tmp_path: Path) -> None:
    places = [tmp_path / "a.toml", tmp_path / "b.toml"]

    with pytest.raises(ConfigurationError) as caught:
        load_config(None, {}, places=places)

    assert caught.value.exit_code == 78
    assert all(str(place) in str(caught.value) for place in places)
    assert "leadpact init" in caught.value.fix


def test_the_first_place_that_has_a_config_is_read(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text("[limits]\nmoves_per_run = 3")

    config = load_config(None, ENV, places=[tmp_path / "a.toml", tmp_path / "b.toml"])

    assert config.limits.moves_per_run == 3
    assert (config_places()[0], config_places()[-1]) == (Path("config.toml"), Path("/etc/leadpact/config.toml"))


@pytest.mark.parametrize("folder", ["/var/lib/leadpact", 'a "b" \\ c'])
def test_init_names_the_store_that_it_is_told(load: Load, folder: str) -> None:
    store = Path("/") / folder / "leadpact.db"

    text = config_of(("hubspot",), store)

    assert load(text).store == store
    assert len(text.splitlines()) == len(EXAMPLE.read_text().splitlines())


@pytest.mark.parametrize(
    ("content", "where", "word"),
    [
        (b"[hubspot\n", "line 1, column 9", "broken TOML"),
        (b"a = 1\nb = \n", "line 2, column 5", "broken TOML"),
        (b"a = '\xff'", "", "UTF-8"),
        (b'a = "never closed', "", "broken TOML"),
    ],
)
def test_a_file_that_is_no_toml_is_one_problem_with_its_line(tmp_path: Path, content: bytes, where: str, word: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)

    with pytest.raises(Problems) as caught:
        load_config(path, ENV)

    (problem,) = caught.value.problems
    assert problem.where.startswith(where)
    assert word in problem.found


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf[limits]\nmoves_per_run = 3")

    assert load_config(path, ENV).limits.moves_per_run == 3


def test_a_path_that_is_no_file_is_one_problem(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(Problems) as caught:
            load_config(path, ENV)
        assert len(caught.value.problems) == 1


def test_the_reference_and_the_example_name_every_key() -> None:
    reference = (EXAMPLE.parent / "docs" / "reference" / "config.md").read_text(encoding="utf-8")
    sections = {name: info.annotation for name, info in Settings.model_fields.items() if name != "secrets_dir"}
    sections |= {"hubspot": HubSpotSettings, "salesforce": SalesforceSettings, "freeze": FreezeTable, "notify": NotifySection}
    sections |= {"own_fields.hubspot": HubSpotFields, "own_fields.salesforce": SalesforceFields}
    del sections["own_fields"]
    fields = {name: section.model_fields for name, section in sections.items() if section is not None}
    keys = {(name, info.alias or key) for name, section in fields.items() for key, info in section.items()}

    assert {key for key in keys if f"`{key[0]}.{key[1]}`" not in reference} == set()
    assert {key for _, key in keys - SECRET_KEYS if f"# {key} " not in EXAMPLE.read_text()} == set()


def test_windows_in_which_nothing_is_written_are_read(load: Load) -> None:
    config = load("""
        [[freeze]]
        from = 2026-12-24T00:00:00+01:00
        to = 2026-12-27T00:00:00+01:00
        why = "Christmas"
        [[freeze]]
        weekly = "Fr 16:00-24:00; Sa-Su 00:00-24:00"
        zone = "Europe/Berlin"
        why = "nobody looks"
    """)
    assert [freeze.why for freeze in config.freezes] == ["Christmas", "nobody looks"]
    assert [freeze.covers(datetime(2026, 12, 23, 23, tzinfo=UTC)) for freeze in config.freezes] == [True, False]
    assert load("").freezes == ()


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("from = 2026-12-24T00:00:00+01:00", "either `from` and `to`"),
        ('from = 2026-12-24T00:00:00Z\nto = 2026-12-25T00:00:00Z\nweekly = "Sa"\nzone = "UTC"', "either `from` and `to`"),
        ("from = 2026-12-24T00:00:00Z\nto = 2026-12-24T00:00:00Z", "a `from` before `to`"),
        ("from = 2026-12-24T00:00:00\nto = 2026-12-27T00:00:00Z", "a moment with its offset"),
        ('from = "Christmas"\nto = 2026-12-27T00:00:00Z', "a moment without quotes"),
        ('weekly = "Fr 25:00"\nzone = "Europe/Berlin"', "hours of a week"),
        ('weekly = "PH 00:00-24:00"\nzone = "Europe/Berlin"', "hours without PH"),
        ('weekly = "Sa-Su"\nzone = "Europe/Belin"', "an IANA time zone"),
    ],
)
def test_a_window_that_cannot_be_is_a_problem_of_its_own(load: Load, keys: str, expected: str) -> None:
    both = f'[[freeze]]\n{keys}\nwhy = "x"\n[[freeze]]\nfrom = 2026-12-24T00:00:00Z\nto = 2026-12-27T00:00:00Z\n'
    told = problems_of(load, both)
    assert [problem.where.split(".")[0] for problem in told] == ["freeze[1]", "freeze[2]"]
    assert expected in told[0].expected
    assert told[1].expected == "the key `why`"


@pytest.mark.parametrize(
    ("line", "where", "expected", "fix"),
    [
        ('every = "whenever"', "reports.every", "off, or days and a time", "write it like `every Monday 09:00`"),
        ('before = "8 days"', "reports.before", "7 days at most", "write a shorter time, such as 2 hours"),
        ('meetings = "yes"', "reports.meetings", "true or false", ""),
        ("keep = 0", "reports.keep", "greater than or equal to 1", ""),
    ],
)
def test_what_reports_cannot_be_made_by_is_refused_with_the_way_out(load: Load, line: str, where: str, expected: str, fix: str) -> None:
    (problem,) = problems_of(load, f"[reports]\n{line}\n")
    assert problem.where == where
    assert problem.expected.startswith(expected)
    assert problem.fix.startswith(fix)


def test_reports_lie_beside_the_store_or_where_the_config_says(load: Load, tmp_path: Path) -> None:
    assert load('[files]\nstore = "data/leadpact.db"\n').reports_folder == tmp_path / "data" / "reports"
    assert load('[reports]\nfolder = "/srv/reports"\n').reports_folder == Path("/srv/reports")
