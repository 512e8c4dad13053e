from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from sync.config import Config, load_config, misfits
from sync.config_salesforce import SalesforceSettings
from sync.long_ids import long_id
from sync.problems import Problem, Problems
from tests.builders import the_agreement

SECRET = "planted-consumer-secret"
HUBSPOT = {"LEADPACT_HUBSPOT__TOKEN": "pat-na1-planted-0000"}
SALESFORCE = {"LEADPACT_SALESFORCE__CONSUMER_SECRET": SECRET}
TABLE = '[salesforce]\nmy_domain = "acme.my"\nconsumer_key = "3MVG9"\n'
KEY = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"
USER = "0058d000004PqRs"
PHONE = "phone     = { type"

Load = Callable[..., Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load_text(text: str, env: Mapping[str, str] = SALESFORCE) -> Config:
        path = tmp_path / "config.toml"
        path.write_text(text)
        return load_config(path, env)

    return load_text


def problems_of(load: Load, text: str, env: Mapping[str, str] = SALESFORCE) -> dict[str, Problem]:
    with pytest.raises(Problems) as caught:
        load(text, env)
    assert caught.value.exit_code == 78
    said = str(caught.value) + repr(caught.value.problems)
    assert not any(secret in said for secret in (SECRET, KEY, "MIIB", "hunter2"))
    return {problem.where: problem for problem in caught.value.problems}


def org(config: Config) -> SalesforceSettings:
    assert config.salesforce is not None
    return config.salesforce


def test_salesforce_alone_plays_both_parts(load: Load) -> None:
    config = load(TABLE)

    assert (config.crms, config.hubspot) == (("salesforce",), None)
    assert (config.authority.marketing, config.authority.sales) == ("salesforce", "salesforce")
    assert org(config).consumer_secret is not None
    assert SECRET not in repr(config)
    assert (org(config).api_version, org(config).max_share, org(config).floor, org(config).bulk_above) == ("62.0", 0.1, 0.15, 20_000)


def test_with_both_hubspot_is_marketings_and_salesforce_is_sales(load: Load) -> None:
    config = load(TABLE, HUBSPOT | SALESFORCE)

    assert (config.crms, config.authority.marketing, config.authority.sales) == (("hubspot", "salesforce"), "hubspot", "salesforce")
    assert config.authority.owner == "salesforce"
    assert (config.authority.lag, config.authority.delivered_within) == (timedelta(minutes=30), timedelta(hours=1))


def test_the_marketing_crm_comes_first(load: Load) -> None:
    config = load(f'{TABLE}[roles]\nmarketing = "salesforce"\nsales = "hubspot"', HUBSPOT | SALESFORCE)

    assert config.crms == ("salesforce", "hubspot")
    assert config.authority.owner == "hubspot"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("acme.my", "acme.my"),
        ("https://acme.my.salesforce.com", "acme.my"),
        ("https://ACME.my.salesforce.com/home/home.jsp", "acme.my"),
        ("acme.my.salesforce.com", "acme.my"),
        ("acme--sbx.sandbox.my", "acme--sbx.sandbox.my"),
        ("https://acme--sbx.sandbox.my.salesforce.com/", "acme--sbx.sandbox.my"),
        ("acme-dev-ed.develop.my", "acme-dev-ed.develop.my"),
    ],
)
def test_my_domain_is_read_from_all_that_people_copy(load: Load, written: str, read: str) -> None:
    assert org(load(TABLE.replace("acme.my", written))).my_domain == read


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("login", "Setup, My Domain"),
        ("test", "Setup, My Domain"),
        ("https://login.salesforce.com", "Setup, My Domain"),
        ("na139.salesforce.com", "acme.my"),
        ("acme", "did you mean `acme.my`?"),
        ("acme--sbx.sandbox", "did you mean `acme--sbx.sandbox.my`?"),
        ("https://acme.lightning.force.com/lightning/setup", "did you mean `acme.my`?"),
        ("https://acme--sbx.sandbox.lightning.force.com", "did you mean `acme--sbx.sandbox.my`?"),
        ("acme.my.example.com", "acme.my"),
        ("https://[", "acme.my"),
    ],
)
def test_what_is_no_my_domain_is_refused_with_where_to_find_it(load: Load, written: str, word: str) -> None:
    problems = problems_of(load, TABLE.replace("acme.my", written))

    assert set(problems) == {"salesforce.my_domain"}
    assert word in problems["salesforce.my_domain"].fix


def test_a_missing_my_domain_says_where_to_find_it(load: Load) -> None:
    problems = problems_of(load, '[salesforce]\nconsumer_key = "k"')

    assert "Setup, My Domain" in problems["salesforce.my_domain"].fix


def test_a_secret_alone_connects_and_asks_for_the_rest(load: Load) -> None:
    assert set(problems_of(load, "")) == {"salesforce.my_domain", "salesforce.consumer_key"}


@pytest.mark.parametrize(
    ("keys", "env"),
    [
        ("consumer_key", SALESFORCE),
        ("consumer_key username", {"LEADPACT_SALESFORCE__PRIVATE_KEY": KEY}),
        ("", {"LEADPACT_SALESFORCE__SESSION_ID": "00D!AQ"}),
        ("consumer_key", {"LEADPACT_SALESFORCE__SESSION_ID": "00D!AQ"}),
    ],
)
def test_each_complete_way_to_log_in_is_taken(load: Load, keys: str, env: Mapping[str, str]) -> None:
    lines = [f'{key} = "x"' for key in keys.split()]

    assert org(load("\n".join(['[salesforce]\nmy_domain = "acme.my"', *lines]), env)).my_domain == "acme.my"


def test_a_key_in_a_variable_may_write_its_line_ends(load: Load) -> None:
    env = {"LEADPACT_SALESFORCE__PRIVATE_KEY": KEY.replace("\n", "\\n")}

    key = org(load(f'{TABLE}username = "api@acme.com"', env)).private_key

    assert key is not None
    assert key.get_secret_value() == KEY


@pytest.mark.parametrize(
    ("text", "env", "where", "word"),
    [
        (TABLE, {}, "salesforce", "one way to log in"),
        (TABLE, {"LEADPACT_SALESFORCE__PRIVATE_KEY": KEY}, "salesforce.username", "the name of the user"),
        (TABLE, SALESFORCE | {"LEADPACT_SALESFORCE__SESSION_ID": "x"}, "salesforce", "one of them"),
        ('[salesforce]\nmy_domain = "acme.my"', SALESFORCE, "salesforce.consumer_key", "consumer key"),
        (f'{TABLE}username = "me@acme.com"', SALESFORCE, "salesforce.username", "JWT alone"),
    ],
)
def test_what_is_not_exactly_one_complete_login_is_refused(load: Load, text: str, env: Mapping[str, str], where: str, word: str) -> None:
    problems = problems_of(load, text, env)

    assert set(problems) == {where}
    assert word in problems[where].expected


def test_no_login_names_the_ways_to_give_the_secret(load: Load, tmp_path: Path) -> None:
    fix = problems_of(load, TABLE, {})["salesforce"].fix

    assert "LEADPACT_SALESFORCE__CONSUMER_SECRET" in fix
    assert str(tmp_path / "secrets" / "salesforce_consumer_secret") in fix


@pytest.mark.parametrize("key", ["password", "security_token"])
def test_a_login_by_password_is_refused_with_the_reason_and_the_way_out(load: Load, key: str) -> None:
    written = problems_of(load, f'{TABLE}username = "me@acme.com"\n{key} = "hunter2"', {})
    by_variable = problems_of(load, TABLE, {f"LEADPACT_SALESFORCE__{key.upper()}": "hunter2"})

    assert set(written) == {f"salesforce.{key}"}
    assert set(by_variable) == {f"LEADPACT_SALESFORCE__{key.upper()}"}
    for problem in (*written.values(), *by_variable.values()):
        assert "retired" in problem.expected
        assert "client credentials" in problem.fix


@pytest.mark.parametrize("key", ["consumer_secret", "private_key", "session_id"])
def test_a_secret_in_the_config_is_refused_with_the_way_out(load: Load, key: str) -> None:
    value = KEY.replace("\n", "\\n") if key == "private_key" else SECRET
    problems = problems_of(load, f'{TABLE}{key} = "{value}"', {})

    assert f"LEADPACT_SALESFORCE__{key.upper()}" in problems[f"salesforce.{key}"].fix


@pytest.mark.parametrize("key", ["not PEM MIIB", "-----BEGIN CERTIFICATE-----\nMIIB", KEY.replace("PRIVATE", "ENCRYPTED PRIVATE")])
def test_what_is_no_private_key_is_refused_unseen(load: Load, key: str) -> None:
    problems = problems_of(load, f'{TABLE}username = "x"', {"LEADPACT_SALESFORCE__PRIVATE_KEY": key})

    assert set(problems) == {"LEADPACT_SALESFORCE__PRIVATE_KEY"}


def test_all_problems_of_the_table_are_told_at_once(load: Load) -> None:
    text = (
        '[salesforce]\nmy_domain = "login"\nuser_id = "me"\nform_date_field = "Last_Form_At__c"\napi_versio = "62.0"\n'
        'overlap = "2 business hours"\npassword = "hunter2"'
    )

    problems = problems_of(load, text, {})

    assert set(problems) == {
        f"salesforce.{key}" for key in ("my_domain", "user_id", "form_name_field", "api_versio", "overlap", "password")
    }
    assert problems["salesforce.api_versio"].fix == "did you mean `api_version`?"


@pytest.mark.parametrize("version", ['"v62.0"', '"62"', '"latest"'])
def test_a_version_is_written_as_salesforce_writes_it(load: Load, version: str) -> None:
    assert set(problems_of(load, f"{TABLE}api_version = {version}")) == {"salesforce.api_version"}
    assert org(load(f"{TABLE}api_version = 64.0")).api_version == "64.0"


def test_our_user_is_known_by_the_long_id(load: Load) -> None:
    config = load(f'{TABLE}user_id = "{USER}"')

    assert config.own_app("salesforce") == f"{USER}AAK"
    assert load(TABLE).own_app("salesforce") is None


def test_a_long_id_is_the_published_one() -> None:
    assert long_id("001A0000006Vm9r") == "001A0000006Vm9rIAC"
    assert long_id("001A0000006Vm9rIAC") == "001A0000006Vm9rIAC"
    assert long_id("12345") == "12345"


@pytest.mark.parametrize("address", ["http://127.0.0.1:8081/", "http://127.0.0.1:1"])
def test_a_practice_org_is_on_this_machine(load: Load, address: str) -> None:
    assert org(load(f'{TABLE}base_url = "{address}"')).base_url == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "https://acme.my.salesforce.com",
        "http://acme.my.salesforce.com",
        "http://127.0.0.1:1/x",
        "http://127.0.0.1",
        "http://localhost:1",
        "x",
        "http://[",
    ],
)
def test_any_other_address_of_salesforce_is_refused(load: Load, address: str) -> None:
    problems = problems_of(load, f'{TABLE}base_url = "{address}"')

    assert "remove the line" in problems["salesforce.base_url"].fix


def test_authority_names_connected_crms(load: Load) -> None:
    text = f'{TABLE}[authority]\nowner = "salesforec"\nfields = {{ phone = "hubspot" }}\nstages = {{ SAL = "sales force" }}'

    problems = problems_of(load, text)

    assert set(problems) == {"authority.owner", "authority.fields.phone", "authority.stages.SAL"}
    assert problems["authority.owner"].fix == "did you mean `salesforce`?"


def test_authority_names_what_the_agreement_has_and_the_crm_holds(load: Load) -> None:
    text = f'{TABLE}[authority]\nfields = {{ phon = "salesforce", website = "salesforce" }}\nstages = {{ SLA = "salesforce" }}'
    agreement = the_agreement((PHONE, f'website   = {{ type = "text", hubspot = "website" }}\n{PHONE}'))

    found = {problem.where: problem for problem in misfits(load(text, HUBSPOT | SALESFORCE), agreement)}

    assert found["authority.fields.phon"].fix == "did you mean `phone`?"
    assert found["authority.fields.website"].expected == "a CRM that holds the field: hubspot"
    assert "authority.stages.SLA" in found


def test_the_lag_and_the_delivery_are_wall_time(load: Load) -> None:
    assert load(f'{TABLE}[sync]\nlag = "5 minutes"\ndelivered_within = "2 hours"').authority.lag == timedelta(minutes=5)
    assert set(problems_of(load, f'{TABLE}[sync]\nlag = "1 business hour"')) == {"sync.lag"}
