"""How HubSpot's answers, good and bad, reach the caller: on real HTTP, with answers in the shape of recorded ones."""

import gzip
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.errors import Conflict, ConnectorError, Denied, Exhausted, Forbidden, Misconfigured, Unreachable
from connectors.hubspot.client import Client
from connectors.hubspot.settings import HubSpotSettings
from connectors.pacing import RetryPolicy, Waiting
from tests.contract.scripted import Said, Script, scripted

TOKEN = "pat-na1-planted-secret"
PATH = "/crm/objects/2026-09/contacts"
SECONDLY_2022 = {
    "status": "error",
    "message": "You have reached your secondly limit.",
    "correlationId": "de61843f",
    "category": "RATE_LIMITS",
}
SECONDLY_2018 = SECONDLY_2022 | {"errorType": "RATE_LIMIT", "policyName": "SECONDLY"}
TEN_SECONDLY = {"status": "error", "message": "You have reached your ten_secondly_rolling limit.", "errorType": "RATE_LIMIT"}
DAILY = {"status": "error", "message": "You have reached your daily limit.", "policyName": "DAILY", "correlationId": "c-1"}


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
    return Client(
        HubSpotSettings(token=TOKEN, base_url=server.url, retry=RetryPolicy(tries=3), user_agent="leadpact/1.2", **settings),
        Waiting(monotonic=lambda: waited.now_s, sleep=waited.sleep),
    )


def refusal(*answers: Said) -> ConnectorError:
    with scripted(*answers) as server, pytest.raises(ConnectorError) as refused:
        a_client(server).get(PATH)
    assert TOKEN not in f"{refused.value} {refused.value.fix}"
    assert refused.value.__cause__ is None
    return refused.value


def test_a_call_is_authenticated_named_and_asks_for_gzip():
    with scripted(Said(body=gzip.compress(b'{"results": []}'), headers={"Content-Encoding": "gzip"})) as server:
        assert a_client(server).get(PATH, {"limit": "100", "properties": "email,city"}) == {"results": []}

    heard = server.heard[0]
    assert heard.path == f"{PATH}?limit=100&properties=email%2Ccity"
    assert heard.headers["authorization"] == f"Bearer {TOKEN}"
    assert heard.headers["user-agent"] == "leadpact/1.2"
    assert "gzip" in heard.headers["accept-encoding"]


def test_calls_share_one_connection_and_are_counted():
    with scripted(Said(body={"results": []}, headers={"X-HubSpot-RateLimit-Daily-Remaining": "248684"})) as server:
        client = a_client(server)
        for _ in range(3):
            client.post(f"{PATH}/batch/read", {"inputs": [{"id": "1"}]})
        assert client.usage().calls == 3
        assert client.usage().remaining_today == 248684
        assert client.server_now == datetime(2026, 11, 2, 12, tzinfo=UTC)
        client.close()
    assert server.heard[0].body == {"inputs": [{"id": "1"}]}


def test_each_call_is_told_before_it_is_made_also_one_that_is_made_again():
    heard: list[int] = []
    with scripted(Said(status=502), Said(body={"results": []})) as server:
        waiting = Waiting(monotonic=lambda: 0.0, sleep=lambda _: None, calling=lambda: heard.append(len(server.heard)))
        Client(HubSpotSettings(token=TOKEN, base_url=server.url), waiting).get(PATH)
    assert heard == [0, 1]


def test_a_wrong_token_is_denied():
    body = {
        "status": "error",
        "message": "Authentication credentials not found.",
        "category": "INVALID_AUTHENTICATION",
        "correlationId": "abc-1",
    }
    error = refusal(Said(status=401, body=body))
    assert isinstance(error, Denied)
    assert str(error) == "HubSpot does not accept the token (401 INVALID_AUTHENTICATION, correlation id abc-1)"
    assert "hubspot.token" in error.fix


def test_a_missing_scope_is_named():
    context = {"requiredGranularScopes": ["crm.objects.deals.read"]}
    error = refusal(Said(status=403, body={"category": "MISSING_SCOPES", "errors": [{"message": "x", "context": context}]}))
    assert isinstance(error, Forbidden)
    assert error.fix == "give the app the scope crm.objects.deals.read"


def test_a_forbidden_answer_of_the_gateway_without_json_is_understood():
    assert isinstance(refusal(Said(status=403, body=b"<html>no</html>")), Forbidden)


@pytest.mark.parametrize(("body", "least_s", "most_s"), [(SECONDLY_2022, 1, 2), (SECONDLY_2018, 1, 2), (TEN_SECONDLY, 10, 20)])
def test_the_short_limits_are_waited_for_as_long_as_each_lasts(body: dict[str, str], least_s: float, most_s: float):
    waited = Waited()
    with scripted(Said(status=429, body=body), Said(body={"results": []})) as server:
        a_client(server, waited).get(PATH)
    assert len(waited.slept) == 1
    assert least_s <= waited.slept[0] <= most_s


def test_retry_after_is_waited_for_by_us_and_not_by_the_http_library():
    waited = Waited()
    with scripted(Said(status=429, body=SECONDLY_2022, headers={"Retry-After": "7"}), Said(body={"results": []})) as server:
        a_client(server, waited).get(PATH)
    assert 7 <= waited.slept[0] <= 14
    assert len(server.heard) == 2


def test_the_daily_limit_stops_at_once_and_says_when_it_goes_on():
    error = refusal(Said(status=429, body=DAILY))
    assert isinstance(error, Exhausted)
    assert "midnight" in error.fix


@pytest.mark.parametrize("status", [423, 477, 500, 502, 503, 504, 521, 524])
def test_server_troubles_are_tried_again_and_then_reported(status: int):
    with scripted(Said(status=status, body=b"<html>bad gateway</html>")) as server, pytest.raises(Unreachable, match=str(status)):
        a_client(server).get(PATH)
    assert len(server.heard) == 3


def test_a_locked_record_is_left_in_peace_for_two_seconds():
    waited = Waited()
    with scripted(Said(status=423), Said(body={"results": []})) as server:
        a_client(server, waited).get(PATH)
    assert waited.slept[0] >= 2


def test_a_body_that_is_cut_off_is_asked_for_again():
    with scripted(Said(body={"results": [1, 2, 3]}, length=500), Said(body={"results": []})) as server:
        assert a_client(server).get(PATH) == {"results": []}


@pytest.mark.parametrize("body", [b"<html>hello</html>", b""])
def test_an_answer_that_is_no_json_is_unreachable_in_the_end(body: bytes):
    assert isinstance(refusal(Said(body=body)), Unreachable)


def test_the_time_is_hubspots_and_not_that_of_a_gateway_that_fails():
    gateway = Said(status=502, body=b"<html>bad gateway</html>", headers={"Date": "Tue, 03 Nov 2026 12:00:00 GMT"})
    with scripted(gateway, Said(body={"results": []})) as server:
        client = a_client(server)
        client.get(PATH)
    assert client.server_now == datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_an_error_body_that_is_not_utf8_is_still_told_by_its_status():
    assert isinstance(refusal(Said(status=401, body=b"\xff\xfe\xfa")), Denied)


def test_a_missing_path_is_told_from_html_and_from_json():
    assert isinstance(refusal(Said(status=404, body=b"<html>Not found</html>")), Misconfigured)
    assert isinstance(refusal(Said(status=404, body={"message": "resource not found"})), Misconfigured)


def test_a_bad_request_names_the_property_and_nothing_else_of_the_message():
    told = '[{"isValid":false,"message":"Ann was not valid","error":"PROPERTY_DOESNT_EXIST","name":"icp_tier"}]'
    error = refusal(Said(status=400, body={"category": "VALIDATION_ERROR", "message": f"Property values were not valid: {told}"}))
    assert isinstance(error, Misconfigured)
    assert "icp_tier" in str(error)
    assert "Ann" not in f"{error} {error.fix}"


def test_a_redirect_is_not_followed_with_the_token():
    error = refusal(Said(status=302, headers={"Location": "http://127.0.0.1:1/elsewhere"}))
    assert isinstance(error, Misconfigured)
    assert "hubspot.base_url" in error.fix


def test_a_conflict_is_a_conflict():
    assert isinstance(refusal(Said(status=409, body={"category": "CONFLICT"})), Conflict)


def test_nobody_there_is_unreachable_and_the_error_names_the_cause():
    with scripted(Said()) as server:
        client = a_client(server)
    with pytest.raises(Unreachable, match="nothing answers at that address"):
        client.get(PATH)


def test_an_address_that_is_none_is_a_matter_of_configuration():
    client = Client(HubSpotSettings(token=TOKEN, base_url="http://"), Waiting(monotonic=lambda: 0.0, sleep=lambda _: None))
    with pytest.raises(Misconfigured):
        client.get(PATH)


def test_a_server_that_says_nothing_is_given_up():
    with scripted(Said(wait_s=0.4)) as server, pytest.raises(Unreachable, match="no answer in time"):
        a_client(server, timeout_s=0.05).get(PATH)


def test_the_burst_budget_is_a_share_of_what_the_header_allows():
    headers = {"X-HubSpot-RateLimit-Max": "10", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}
    waited = Waited()
    with scripted(Said(body={"results": []}, headers=headers)) as server:
        client = a_client(server, waited, burst_share=0.5)
        for _ in range(11):
            client.get(PATH)
    assert waited.now_s >= 20


def test_what_others_use_up_of_the_window_is_left_to_them():
    waited, at = Waited(), []
    limits = {"X-HubSpot-RateLimit-Max": "10", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}
    answers = [Said(body={"results": []}, headers=limits | {"X-HubSpot-RateLimit-Remaining": str(left)}) for left in (3, 2, 1, 3)]
    with scripted(*answers) as server:  # six calls of others in each window: four are left, and one of them we leave as well
        client = a_client(server, waited, burst_share=1)
        for _ in range(4):
            client.get(PATH)
            at.append(waited.now_s)
    assert at[:3] == [0, 0, 0]
    assert at[3] >= 10


def test_a_client_that_was_closed_repeats_no_call():
    with scripted(Said(status=503)) as server:
        clients: list[Client] = []
        waiting = Waiting(monotonic=lambda: 0.0, sleep=lambda _: clients[0].close())
        clients.append(Client(HubSpotSettings(token=TOKEN, base_url=server.url), waiting))
        with pytest.raises(Unreachable, match="closed meanwhile"):
            clients[0].get(PATH)
    assert len(server.heard) == 1


def test_searches_are_five_a_second():
    waited = Waited()
    with scripted(Said(body={"total": 0, "results": []})) as server:
        client = a_client(server, waited)
        for _ in range(11):
            client.search(f"{PATH}/search", {"limit": 200})
    assert 2 <= waited.now_s < 3


def test_the_token_stays_out_of_the_settings_text():
    assert TOKEN not in repr(HubSpotSettings(token=TOKEN))
