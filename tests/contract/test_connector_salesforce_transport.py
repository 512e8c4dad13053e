"""How Salesforce's answers, good and bad, reach the caller: on real HTTP, with answers in the shape of recorded ones."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.errors import Conflict, ConnectorError, Denied, Exhausted, Forbidden, Misconfigured, Rejected, Unreachable
from connectors.pacing import RetryPolicy, Waiting
from connectors.salesforce.answers import Absent, CursorLost
from connectors.salesforce.client import Client
from connectors.salesforce.settings import SalesforceSettings
from tests.contract.scripted import Said, Script, scripted

TOKEN = "00Dxx!planted.secret.token"
SECRET = "planted-consumer-secret"
PATH = "/services/data/v62.0/query"
ROWS = {"totalSize": 0, "done": True, "records": []}
SESSION_OVER = Said(status=401, body=[{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
GIVEN = Said(body={"access_token": TOKEN, "instance_url": "https://practice.my.salesforce.com", "token_type": "Bearer"})


class Waited:
    """A time of its own for each client; sleeping passes it and is noted."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


def a_client(server: Script, waited: Waited | None = None, **settings: Any) -> Client:
    waited = waited or Waited()
    given = {"my_domain": "practice.my", "base_url": server.url, "retry": RetryPolicy(tries=3), "user_agent": "leadpact/1.2"}
    given |= settings if {"consumer_key", "password"} & set(settings) else {"session_id": TOKEN} | settings
    return Client(SalesforceSettings(**given), Waiting(monotonic=lambda: waited.now_s, sleep=waited.sleep))


def an_app(server: Script, **settings: Any) -> Client:
    return a_client(server, consumer_key="key", **({"consumer_secret": SECRET} | settings))


def errors(code: str, message: str = "", **members: Any) -> list[dict[str, Any]]:
    return [{"message": message, "errorCode": code, **members}]


def refusal(*answers: Said, **settings: Any) -> ConnectorError:
    with scripted(*answers) as server, pytest.raises(ConnectorError) as refused:
        a_client(server, **settings).get(PATH, {"q": "SELECT Id FROM Lead"})
    assert TOKEN not in f"{refused.value} {refused.value.fix}"
    assert SECRET not in f"{refused.value} {refused.value.fix}"
    assert refused.value.__cause__ is None
    return refused.value


def test_a_call_is_authenticated_named_compressed_and_assigns_nothing():
    with scripted(Said(body=gzip.compress(json.dumps(ROWS).encode()), headers={"Content-Encoding": "gzip"})) as server:
        assert a_client(server).get(PATH, {"q": "SELECT Id FROM Lead"}).told == ROWS

    heard = server.heard[0]
    assert heard.path == f"{PATH}?q=SELECT+Id+FROM+Lead"
    assert heard.headers["host"] == "practice.my.salesforce.com"
    assert heard.headers["authorization"] == f"Bearer {TOKEN}"
    assert heard.headers["user-agent"] == "leadpact/1.2"
    assert heard.headers["accept-encoding"] == "gzip"
    assert heard.headers["sforce-auto-assign"] == "FALSE"
    assert heard.headers["sforce-call-options"] == "client=leadpact"
    assert heard.headers["x-prettyprint"] == "0"


@pytest.mark.parametrize("header", ["api-usage=18/15000", "api-usage=18/15000; per-app-api-usage=17/250(appName=x)"])
@pytest.mark.parametrize("status", [200, 400])
def test_every_answer_tells_how_many_calls_the_org_has_left(header: str, status: int):
    with scripted(Said(status=status, body=ROWS, headers={"Sforce-Limit-Info": header})) as server:
        client = a_client(server)
        if status == 200:
            client.get(PATH)
        else:
            with pytest.raises(Misconfigured):
                client.get(PATH)
    assert (client.usage().limit_today, client.usage().remaining_today) == (15_000, 14_982)


def test_the_apps_own_usage_alone_is_not_the_orgs():
    with scripted(Said(body=ROWS, headers={"Sforce-Limit-Info": "per-app-api-usage=17/250(appName=x)"})) as server:
        client = a_client(server)
        client.get(PATH)
    assert client.usage().limit_today is None


def test_calls_share_one_connection_and_are_counted():
    with scripted(Said(body=ROWS)) as server:
        client = a_client(server)
        for _ in range(3):
            client.post("/services/data/v62.0/composite", {"allOrNone": False})
        assert client.usage().calls == 3
        assert client.server_now == datetime(2026, 11, 2, 12, tzinfo=UTC)
        client.close()
    assert server.heard[0].body == {"allOrNone": False}


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


def test_a_401_of_another_kind_is_denied():
    assert isinstance(refusal(Said(status=401, body=b"<html>no</html>")), Denied)


def test_a_field_that_is_hidden_is_named_with_its_object():
    message = "\nSELECT Id, Score__c FROM Lead\n^\nERROR at Row:1\nNo such column 'Score__c' on entity 'Lead'. Mrs Ng"
    error = refusal(Said(status=400, body=errors("INVALID_FIELD", message)))
    assert isinstance(error, Misconfigured)
    assert str(error) == "Salesforce has no Score__c on Lead, or hides it from this user (400 INVALID_FIELD)"
    assert "field-level security" in error.fix


def test_the_older_words_for_a_hidden_field_are_understood():
    assert "no foo on Bar" in str(refusal(Said(status=400, body=errors("INVALID_FIELD", "No such column 'foo' on sobject of type Bar"))))


def test_an_object_that_is_hidden_closes_its_stream_alone():
    error = refusal(Said(status=400, body=errors("INVALID_TYPE", "sObject type 'LeadHistory' is not supported.")))
    assert isinstance(error, Forbidden)
    assert "LeadHistory" in str(error)


@pytest.mark.parametrize("code", ["API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"])
def test_an_api_that_is_switched_off_is_denied(code: str):
    error = refusal(Said(status=403, body=errors(code)))
    assert isinstance(error, Denied)
    assert "API" in error.fix


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "INSUFFICIENT_ACCESS", Forbidden),
        (403, "TXN_SECURITY_METERING_ERROR", Forbidden),
        (404, "NOT_FOUND", Absent),
        (404, "ENTITY_IS_DELETED", Absent),
        (412, "PRECONDITION_FAILED", Conflict),
        (400, "INVALID_QUERY_LOCATOR", CursorLost),
        (400, "MALFORMED_QUERY", Misconfigured),
        (400, "OPERATION_TOO_LARGE", Misconfigured),
        (400, "CANNOT_UPDATE_CONVERTED_LEAD", Rejected),
        (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", Rejected),
        (409, "", Misconfigured),
        (414, "", Misconfigured),
        (302, "", Misconfigured),
    ],
)
def test_answers_are_told_apart_by_status_and_code(status: int, code: str, kind: type[ConnectorError]):
    body: Any = errors(code, "of Ann Ng, ann@example.com", fields=["Status"]) if code else b"<html>Bad Message</html>"
    error = refusal(Said(status=status, body=body))
    assert type(error) is kind
    assert "Ann" not in f"{error} {error.fix}"
    assert "ann@" not in f"{error} {error.fix}"


def test_every_error_of_a_record_is_told_with_the_fields_it_is_about():
    body = errors("REQUIRED_FIELD_MISSING", fields=["LastName"]) + errors("STRING_TOO_LONG", fields=["Company"])
    assert "400 REQUIRED_FIELD_MISSING STRING_TOO_LONG of Company, LastName" in str(refusal(Said(status=400, body=body)))


@pytest.mark.parametrize("status", [406, 408, 420, 500, 502, 503, 504])
def test_server_troubles_are_tried_again_and_then_reported(status: int):
    down = Said(status=status, body=b"<html>We are down for maintenance</html>")
    with scripted(down) as server, pytest.raises(Unreachable, match=str(status)):
        a_client(server).get(PATH)
    assert len(server.heard) == 3


@pytest.mark.parametrize(
    ("status", "code"), [(400, "UNABLE_TO_LOCK_ROW"), (400, "QUERY_TIMEOUT"), (500, "UNKNOWN_EXCEPTION"), (503, "SERVER_UNAVAILABLE")]
)
def test_what_may_pass_is_tried_again(status: int, code: str):
    with scripted(Said(status=status, body=errors(code)), Said(body=ROWS)) as server:
        assert a_client(server).get(PATH).told == ROWS


def test_the_daily_limit_stops_at_once_and_says_that_calls_come_back_by_and_by():
    error = refusal(Said(status=403, body=errors("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")))
    assert isinstance(error, Exhausted)
    assert "last 24 hours" in error.fix


@pytest.mark.parametrize(
    "message", ["ConcurrentRequests (Concurrent API Requests) Limit exceeded.", "ConcurrentPerOrgLongTxn Limit exceeded"]
)
def test_too_many_long_calls_at_a_time_pass(message: str):
    waited = Waited()
    with scripted(Said(status=403, body=errors("REQUEST_LIMIT_EXCEEDED", message)), Said(body=ROWS)) as server:
        assert a_client(server, waited).get(PATH).told == ROWS
    assert waited.slept[0] >= 5


def test_a_body_that_is_cut_off_is_asked_for_again():
    with scripted(Said(body=ROWS, length=500), Said(body=b'{"totalSize": 1, "rec'), Said(body=ROWS)) as server:
        assert a_client(server).get(PATH).told == ROWS


@pytest.mark.parametrize("body", [b"<html>hello</html>", b""])
def test_an_answer_that_is_no_json_is_unreachable_in_the_end(body: bytes):
    assert isinstance(refusal(Said(body=body)), Unreachable)


def test_a_server_that_says_nothing_is_given_up():
    with scripted(Said(wait_s=0.4)) as server, pytest.raises(Unreachable, match="no answer in time"):
        a_client(server, timeout_s=0.05).get(PATH)


def test_nobody_there_is_unreachable_and_the_error_names_the_cause():
    with scripted(Said()) as server:
        client = a_client(server)
    with pytest.raises(Unreachable, match="nothing answers at that address"):
        client.get(PATH)


def test_a_host_that_nobody_knows_says_so():
    settings = SalesforceSettings(my_domain="nobody.invalid", session_id=TOKEN, retry=RetryPolicy(tries=1), trust_env=False)
    with pytest.raises(Unreachable, match=r"nobody\.invalid"):
        Client(settings, Waiting(monotonic=lambda: 0.0, sleep=lambda _: None)).get(PATH)


def test_a_redirect_is_not_followed_with_the_token():
    with scripted(Said(status=302, headers={"Location": "http://127.0.0.1:1/elsewhere"})) as server, pytest.raises(Misconfigured):
        a_client(server).get(PATH)
    assert len(server.heard) == 1


def test_a_client_that_was_closed_repeats_no_call():
    with scripted(Said(status=503)) as server:
        clients: list[Client] = []
        waiting = Waiting(monotonic=lambda: 0.0, sleep=lambda _: clients[0].close())
        clients.append(Client(SalesforceSettings(my_domain="practice.my", base_url=server.url, session_id=TOKEN), waiting))
        with pytest.raises(Unreachable, match="closed meanwhile"):
            clients[0].get(PATH)
    assert len(server.heard) == 1


@contextmanager
def a_netrc(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (folder / "netrc").write_text("machine practice.my.salesforce.com login somebody password else\n")
    monkeypatch.setenv("NETRC", str(folder / "netrc"))
    yield


def test_a_password_in_netrc_does_not_take_the_place_of_the_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with scripted(Said(body=ROWS)) as server, a_netrc(tmp_path, monkeypatch):
        client = a_client(server)
        client.line._http.trust_env = True
        client.get(PATH)
    assert server.heard[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_no_secret_stands_in_the_text_of_the_settings():
    settings = SalesforceSettings(my_domain="acme.my", consumer_secret=SECRET, private_key=SECRET, session_id=TOKEN, password=SECRET)
    assert SECRET not in repr(settings)
    assert TOKEN not in repr(settings)
