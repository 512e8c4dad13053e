"""How leadpact logs in to Salesforce, and what becomes of a session that is over: on real HTTP."""

from datetime import UTC, datetime
from threading import Barrier, Thread
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.errors import ConnectorError, Denied, Exhausted, Misconfigured
from tests.contract.scripted import Said, Script, scripted
from tests.contract.scripted_salesforce import GIVEN, PATH, ROWS, SECRET, SESSION_OVER, TOKEN, a_client, an_app, refusal


def test_client_credentials_go_to_the_token_endpoint_and_nowhere_else():
    with scripted(GIVEN, Said(body=ROWS)) as server:
        an_app(server).get(PATH)
    login, call = server.heard
    assert (login.method, login.path, login.body) == ("POST", "/services/oauth2/token", "grant_type=client_credentials")
    assert login.headers["authorization"].startswith("Basic ")
    assert call.headers["authorization"] == f"Bearer {TOKEN}"


def test_an_assertion_is_signed_for_the_user_and_dated_by_the_servers_clock():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with scripted(Said(body=[]), GIVEN, Said(body=ROWS)) as server:
        an_app(server, consumer_secret=None, private_key=pem, username="api@example.com").get(PATH)
    form = parse_qs(server.heard[1].body)
    claims = jwt.decode(
        form["assertion"][0], key.public_key(), algorithms=["RS256"], audience="https://login.salesforce.com", options={"verify_exp": False}
    )
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert (claims["iss"], claims["sub"]) == ("key", "api@example.com")
    assert datetime.fromtimestamp(claims["exp"], tz=UTC) == datetime(2026, 11, 2, 12, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"password": "x"}, "does not log in with a user's password"),
        ({"consumer_key": None}, "consumer_key is missing"),
        ({"consumer_key": "k"}, "consumer_secret is missing"),
        ({"consumer_key": "k", "private_key": "x"}, "username is missing"),
        ({"consumer_key": "k", "consumer_secret": "s", "my_domain": "login"}, "login page of all orgs"),
        ({"consumer_key": "k", "consumer_secret": "s", "my_domain": "https://test.salesforce.com"}, "login page of all orgs"),
        ({"consumer_key": "k", "consumer_secret": "s", "base_url": "http://example.com:80"}, "on this machine alone"),
    ],
)
def test_credentials_that_lead_nowhere_are_refused_before_anybody_is_asked(settings: dict[str, Any], said: str):
    with scripted(Said()) as server, pytest.raises(Misconfigured, match=said) as refused:
        a_client(server, **settings).get(PATH)
    assert server.heard == []
    assert refused.value.fix


def test_a_key_that_is_none_is_a_matter_of_configuration():
    with scripted(Said(body=[])) as server, pytest.raises(Misconfigured, match="no RSA key") as refused:
        an_app(server, consumer_secret=None, private_key="-----BEGIN nothing", username="api@example.com").get(PATH)
    assert "BEGIN" not in f"{refused.value}"


@pytest.mark.parametrize(
    ("error", "description", "kind", "fix"),
    [
        ("invalid_client_id", "client identifier invalid", Denied, "copy Consumer Key and Secret"),
        ("invalid_client", "invalid client credentials", Denied, "copy Consumer Key and Secret"),
        ("invalid_grant", "user hasn't approved this consumer", Denied, "Permitted Users"),
        ("invalid_grant", "no client credentials user enabled", Denied, "Run As"),
        ("invalid_grant", "user is inactive", Denied, "activate the user"),
        ("invalid_grant", "ip restricted", Denied, "IP restrictions"),
        ("invalid_grant", "audience is invalid", Denied, "salesforce.username"),
        ("invalid_grant", "request not supported on this domain", Misconfigured, "My Domain"),
        ("invalid_grant", "something of Ann Ng's", Denied, "External Client App Manager"),
        ("invalid_grant", "login rate exceeded", Exhausted, "in an hour"),
    ],
)
def test_a_login_that_is_refused_says_what_to_do(error: str, description: str, kind: type[ConnectorError], fix: str):
    answer = Said(status=400, body={"error": error, "error_description": description})
    refused = refusal(answer, consumer_key="key", consumer_secret=SECRET)
    assert isinstance(refused, kind)
    assert fix in refused.fix
    assert "Ann Ng" not in f"{refused} {refused.fix}"


@pytest.mark.parametrize("answer", [Said(status=404, body=b"<html>URL No Longer Exists</html>"), Said(status=302), Said(body={"hello": 1})])
def test_a_my_domain_that_is_nobodys_says_how_to_find_the_right_one(answer: Said):
    refused = refusal(answer, consumer_key="key", consumer_secret=SECRET)
    assert isinstance(refused, Misconfigured)
    assert "Setup, My Domain" in refused.fix


def test_a_token_is_taken_nowhere_but_to_salesforce():
    elsewhere = Said(body={"access_token": TOKEN, "instance_url": "https://salesforce.com.example.net"})
    with scripted(elsewhere) as server, pytest.raises(Misconfigured):
        an_app(server).get(PATH)
    assert len(server.heard) == 1


def test_a_session_that_is_over_is_followed_by_another_and_the_call_goes_out_again_with_its_headers():
    csv = Said(body=b'"Id"\n"1"\n', headers={"Sforce-NumberOfRecords": "1"})
    with scripted(GIVEN, SESSION_OVER, GIVEN, csv) as server:
        client = an_app(server)
        assert client.get_csv(PATH, {"maxRecords": "5"}).told == [{"Id": "1"}]
    first, again = (heard for heard in server.heard if heard.path.startswith(PATH))
    assert first.headers == again.headers
    assert (again.headers["accept"], again.headers["sforce-auto-assign"]) == ("text/csv", "FALSE")
    assert again.path == first.path


def test_a_session_that_is_refused_as_soon_as_it_is_given_is_not_renewed_for_ever():
    with scripted(GIVEN, SESSION_OVER, GIVEN, SESSION_OVER) as server, pytest.raises(Denied, match="just given"):
        an_app(server).get(PATH)
    assert len(server.heard) == 4


def test_a_session_given_by_its_id_cannot_be_renewed():
    refused = refusal(SESSION_OVER)
    assert isinstance(refused, Denied)
    assert "salesforce.session_id" in refused.fix


def test_threads_whose_session_is_over_log_in_once():
    class Door:
        """Answers by what is asked: the first session is over for everybody."""

        def __init__(self, server: Script) -> None:
            self.server = server

        def __call__(self) -> Said:
            heard = self.server.heard[-1]
            logins = sum(one.path == "/services/oauth2/token" for one in self.server.heard)
            if heard.path == "/services/oauth2/token":
                return Said(body={"access_token": f"T{logins}", "instance_url": "https://practice.my.salesforce.com"}, wait_s=0.05)
            return SESSION_OVER if heard.headers["authorization"] == "Bearer T1" else Said(body=ROWS)

    with scripted(Said()) as server:
        server.next_answer = Door(server)  # type: ignore[method-assign]
        client, together, failed = an_app(server), Barrier(6), []

        def read() -> None:
            together.wait()
            try:
                client.get(PATH)
            except ConnectorError as error:
                failed.append(error)

        threads = [Thread(target=read) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    assert sum(heard.path == "/services/oauth2/token" for heard in server.heard) == 2
