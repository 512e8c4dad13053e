"""How Salesforce's answers, good and bad, reach the caller: on real HTTP, with answers in the shape of recorded ones."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import Conflict, ConnectorError, Denied, Exhausted, Forbidden, Misconfigured, Rejected, Unreachable
from connectors.pacing import RetryPolicy, Waiting
from connectors.salesforce.answers import Absent, CursorLost
from connectors.salesforce.client import Client
from connectors.salesforce.settings import SalesforceSettings
from tests.contract.scripted import Said, scripted
from tests.contract.scripted_salesforce import PATH, ROWS, SECRET, TOKEN, Waited, a_client, errors, refusal


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


def test_each_call_is_told_before_it_is_made_also_one_that_is_made_again():
    heard: list[int] = []
    with scripted(Said(status=503), Said(body=ROWS)) as server:
        settings = SalesforceSettings(my_domain="practice.my", base_url=server.url, session_id=TOKEN)
        waiting = Waiting(monotonic=lambda: 0.0, sleep=lambda _: None, calling=lambda: heard.append(len(server.heard)))
        Client(settings, waiting).get(PATH)
    assert heard == [0, 1]


def test_calls_share_one_connection_and_are_counted():
    with scripted(Said(body=ROWS)) as server:
        client = a_client(server)
        for _ in range(3):
            client.post("/services/data/v62.0/composite", {"allOrNone": False})
        assert client.usage().calls == 3
        assert client.server_now == datetime(2026, 11, 2, 12, tzinfo=UTC)
        client.close()
    assert server.heard[0].body == {"allOrNone": False}


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
