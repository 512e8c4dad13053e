"""`[http]`: what is refused, and what one key asks of another."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.config import Config, load_config
from sync.problems import Problem, Problems

ENV = {"LEADPACT_HUBSPOT__TOKEN": "pat-na1-planted-0000"}
TOKEN = {"LEADPACT_HTTP__TOKEN": "t" * 32}
SECRET = {"LEADPACT_HUBSPOT__CLIENT_SECRET": "planted-client-secret"}


def load(folder: Path, text: str, **env: str) -> Config:
    path = folder / "config.toml"
    path.write_text(text)
    return load_config(path, ENV | env)


def problems(folder: Path, text: str, **env: str) -> dict[str, Problem]:
    with pytest.raises(Problems) as caught:
        load(folder, text, **env)
    assert "planted" not in str(caught.value)
    return {problem.where: problem for problem in caught.value.problems}


def test_by_default_this_machine_alone_is_served_and_no_webhooks_come(tmp_path: Path) -> None:
    http = load(tmp_path, "").http
    assert (http.enabled, http.host, http.port, http.is_local, http.token, http.public_url) == (True, "127.0.0.1", 8321, True, None, None)


@pytest.mark.parametrize("host", ["127.0.0.2", "::1", "localhost"])
def test_this_machine_under_any_of_its_names_needs_no_token(tmp_path: Path, host: str) -> None:
    assert load(tmp_path, f'[http]\nhost = "{host}"').http.is_local


def test_whoever_others_can_reach_needs_a_token(tmp_path: Path) -> None:
    found = problems(tmp_path, '[http]\nhost = "0.0.0.0"')["http.token"]
    assert found.expected == "a token of at least 32 signs, as others can reach 0.0.0.0"
    assert "LEADPACT_HTTP__TOKEN" in found.fix and "http_token" in found.fix
    assert not load(tmp_path, '[http]\nhost = "0.0.0.0"', **TOKEN).http.is_local
    assert load(tmp_path, '[http]\nhost = "0.0.0.0"\nenabled = false').http.token is None


def test_an_address_for_webhooks_and_the_secret_that_signs_them_go_together(tmp_path: Path) -> None:
    public = '[http]\npublic_url = "https://leadpact.acme.com/x/"'
    assert "hubspot_client_secret" in problems(tmp_path, public)["hubspot.client_secret"].fix
    assert "public_url" in problems(tmp_path, "", **SECRET)["http.public_url"].fix
    assert load(tmp_path, public, **SECRET).http.public_url == "https://leadpact.acme.com/x"


@pytest.mark.parametrize(
    "address", ["http://leadpact.acme.com", "leadpact.acme.com", "https://", "https://a.b?x=1", "https://u:p@a.b", "https://a:x"]
)
def test_an_address_that_hubspot_cannot_call_is_refused(tmp_path: Path, address: str) -> None:
    assert problems(tmp_path, f'[http]\npublic_url = "{address}"', **SECRET).keys() == {"http.public_url"}


def test_all_that_is_wrong_is_told_at_once_and_no_secret_is_shown(tmp_path: Path) -> None:
    text = '[hubspot]\nclient_secret = "planted"\n[http]\nhost = "leadpact.acme.com"\nport = 70000\ntoken = "planted"\nprt = 1'
    found = problems(tmp_path, text, LEADPACT_HTTP__TOKEN="planted-and-short")
    assert found.keys() == {"hubspot.client_secret", "http.token", "http.host", "http.port", "http.prt", "LEADPACT_HTTP__TOKEN"}
    assert found["LEADPACT_HTTP__TOKEN"].fix == "make one with `openssl rand -hex 32`"
