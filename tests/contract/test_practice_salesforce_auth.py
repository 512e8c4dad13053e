"""The practice Salesforce: who gets a session, and how it ends."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sandbox.server import Served, serve
from tests.contract.practice_org import ANN, OrgCaller, V, a_user, an_id, an_org, refused

TOKEN = "/services/oauth2/token"
APP = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"}
KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
ENDED = (401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])


@pytest.fixture
def served() -> Iterator[Served]:
    with serve(org=an_org()) as served:
        yield served


@pytest.fixture
def stranger(served: Served) -> OrgCaller:
    return OrgCaller(served, token=None)


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def certificate(key: rsa.RSAPrivateKey) -> str:
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")]), datetime.now(UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def a_jwt(key: rsa.RSAPrivateKey = KEY, **claims: Any) -> dict[str, str]:
    said = {"iss": "sandbox", "sub": "ann@example.com", "aud": "https://login.salesforce.com", "exp": int(time.time()) + 180} | claims
    return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": jwt.encode(said, key, "RS256")}


def login(caller: OrgCaller, form: dict[str, str], **headers: str) -> tuple[int, dict[str, Any]]:
    status, body, _ = caller("POST", TOKEN, form=form, headers=headers)
    return status, body


def test_client_credentials_in_the_form_open_a_session(served: Served, stranger: OrgCaller) -> None:
    status, told = login(stranger, APP)
    assert status == 200
    assert (told["token_type"], told["instance_url"], told["issued_at"]) == ("Bearer", served.url, "1795186800000")
    assert told["id"].startswith(f"{served.url}/id/00D")
    assert told["id"].rpartition("/")[2].startswith("005")
    assert told["signature"]
    assert OrgCaller(served, token=told["access_token"]).get(f"{V}/sobjects/Lead/describe")["name"] == "Lead"


def test_client_credentials_in_the_header_do_too(stranger: OrgCaller) -> None:
    basic = base64.b64encode(b"sandbox:sandbox").decode()
    assert login(stranger, {"grant_type": "client_credentials"}, Authorization=f"Basic {basic}")[0] == 200
    assert login(stranger, {"grant_type": "client_credentials"}, Authorization="Basic !")[0] == 400


@pytest.mark.parametrize(
    ("form", "error", "description"),
    [
        (APP | {"client_secret": "wrong"}, "invalid_client", "invalid client credentials"),
        (APP | {"client_id": "wrong"}, "invalid_client_id", "client identifier invalid"),
        (APP | {"grant_type": "magic"}, "unsupported_grant_type", "grant type not supported"),
        (APP | {"grant_type": "password", "username": "ann@example.com", "password": "x"}, "invalid_grant", "authentication failure"),
    ],
)
def test_a_login_that_is_no_good_says_why(stranger: OrgCaller, form: dict[str, str], error: str, description: str) -> None:
    assert login(stranger, form) == (400, {"error": error, "error_description": description})


def test_an_app_without_a_user_and_a_host_that_is_no_my_domain_are_refused(stranger: OrgCaller) -> None:
    stranger.lever("salesforce/app", {"run_as": False})
    assert login(stranger, APP)[1]["error_description"] == "no client credentials user enabled"
    stranger.lever("salesforce/app", {"run_as": True})
    assert login(stranger, APP, Host="login.salesforce.com")[1]["error_description"] == "request not supported on this domain"
    assert stranger("POST", TOKEN, form=APP, headers={"Host": "elsewhere.my.salesforce.com"})[0] == 404
    assert login(stranger, APP, Host="practice.my.salesforce.com")[1]["instance_url"] == "https://practice.my.salesforce.com"


@pytest.mark.parametrize("proof", [public_pem, certificate])
def test_a_signed_jwt_opens_a_session_of_its_user(served: Served, stranger: OrgCaller, proof: Any) -> None:
    stranger.lever("salesforce/app", {"certificate": proof(KEY)})
    status, told = login(stranger, a_jwt())
    assert (status, told["id"].rpartition("/")[2]) == (200, ANN)
    made = OrgCaller(served, token=told["access_token"])("POST", f"{V}/sobjects/Lead", {"LastName": "Made", "Company": "M"})[1]["id"]
    assert stranger_owner(served, made) == ANN


def stranger_owner(served: Served, id_: str) -> str:
    return str(OrgCaller(served).get(f"{V}/sobjects/Lead/{id_}?fields=CreatedById")["CreatedById"])


@pytest.mark.parametrize(
    ("form", "error", "description"),
    [
        (lambda: a_jwt(rsa.generate_private_key(public_exponent=65_537, key_size=2048)), "invalid_grant", "invalid assertion"),
        (lambda: a_jwt(iss="other"), "invalid_client_id", "client identifier invalid"),
        (lambda: a_jwt(sub="nobody@example.com"), "invalid_grant", "user hasn't approved this consumer"),
        (lambda: a_jwt(sub="gone@example.com"), "inactive_user", "user is inactive"),
        (lambda: a_jwt(aud="https://example.com"), "invalid_grant", "audience is invalid"),
        (lambda: a_jwt(exp=int(time.time()) - 60), "invalid_grant", "token validity expired"),
        (lambda: a_jwt() | {"assertion": "x.y.z"}, "invalid_grant", "invalid assertion"),
    ],
)
def test_a_jwt_that_is_no_good_says_why(stranger: OrgCaller, form: Callable[[], dict[str, str]], error: str, description: str) -> None:
    stranger.lever("salesforce/app", {"certificate": public_pem(KEY)})
    assert login(stranger, form()) == (400, {"error": error, "error_description": description})


def test_a_jwt_for_an_app_that_nobody_approved_is_refused(stranger: OrgCaller) -> None:
    assert login(stranger, a_jwt())[1]["error_description"] == "user hasn't approved this consumer"
    stranger.lever("salesforce/app", {"certificate": public_pem(KEY), "approved": False})
    assert login(stranger, a_jwt())[1]["error_description"] == "user hasn't approved this consumer"


def test_a_user_s_quotes_find_no_other_user(served: Served, stranger: OrgCaller) -> None:
    stranger.lever("records", [a_user(an_id("005", 8), "O'Hara")])
    stranger.lever("salesforce/app", {"certificate": public_pem(KEY)})
    assert login(stranger, a_jwt(sub="o'hara@example.com"))[0] == 200
    assert login(stranger, a_jwt(sub="x' OR Username != '"))[1]["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("version", "said"), [("59.0", "login() is disabled by default in this org"), ("65.0", "API version specified (65.0)")]
)
def test_nobody_gets_in_over_soap(stranger: OrgCaller, version: str, said: str) -> None:
    status, body, headers = stranger("POST", f"/services/Soap/u/{version}", b"<login/>", headers={"Content-Type": "text/xml"})
    assert (status, headers["content-type"].split(";")[0]) == (500, "text/xml")
    assert "<faultcode>sf:INVALID_OPERATION</faultcode>" in body
    assert said in body


def test_a_session_ends_with_its_life(served: Served, stranger: OrgCaller) -> None:
    stranger.lever("salesforce/sessions", {"life_s": 900})
    call = OrgCaller(served, token=login(stranger, APP)[1]["access_token"])
    stranger.lever("clock", {"advance_s": 899})
    assert call("GET", f"{V}/limits")[0] == 200
    stranger.lever("clock", {"advance_s": 1})
    assert call("GET", f"{V}/limits")[:2] == ENDED
    assert OrgCaller(served, token="sandbox")("GET", f"{V}/limits")[0] == 200


def test_a_session_may_end_after_so_many_calls(served: Served, stranger: OrgCaller) -> None:
    stranger.lever("salesforce/sessions", {"calls": 2})
    call = OrgCaller(served, token=login(stranger, APP)[1]["access_token"])
    assert [call("GET", f"{V}/limits")[0] for _ in range(3)] == [200, 200, 401]
    stranger.lever("salesforce/sessions", {"calls": None})
    call = OrgCaller(served, token=login(stranger, APP)[1]["access_token"])
    assert [call("GET", f"{V}/limits")[0] for _ in range(3)] == [200, 200, 200]


def test_all_sessions_can_be_ended_the_direct_one_too(served: Served, stranger: OrgCaller) -> None:
    calls = [OrgCaller(served, token=token) for token in ("sandbox", login(stranger, APP)[1]["access_token"])]
    assert stranger.lever("salesforce/sessions", {"revoke": True})["open"] == 0
    assert [call("GET", f"{V}/limits")[:2] for call in calls] == [ENDED, ENDED]
    stranger.lever("salesforce/sessions", {"direct": "again"})
    assert OrgCaller(served, token="again")("GET", f"{V}/limits")[0] == 200


def test_a_token_is_revoked_by_whoever_has_it(served: Served, stranger: OrgCaller) -> None:
    token = login(stranger, APP)[1]["access_token"]
    call = OrgCaller(served, token=token)
    assert call.get("/services/oauth2/userinfo")["preferred_username"] == "integration@practice.example"
    assert stranger("POST", "/services/oauth2/revoke", form={"token": token})[0] == 200
    assert refused(call("GET", V)) == (401, "INVALID_SESSION_ID")
    assert call("GET", "/services/oauth2/userinfo")[0] == 403
    assert stranger("POST", "/services/oauth2/revoke", form={"token": token})[0] == 400


def test_an_api_that_is_switched_off_lets_nobody_work(served: Served, stranger: OrgCaller) -> None:
    stranger.lever("salesforce/api", {"disabled": True})
    assert refused(OrgCaller(served)("GET", f"{V}/limits")) == (403, "API_DISABLED_FOR_ORG")
    stranger.lever("salesforce/api", {"disabled": False})
    assert OrgCaller(served)("GET", f"{V}/limits")[0] == 200


def test_a_call_that_is_not_let_in_counts_for_no_day(served: Served, stranger: OrgCaller) -> None:
    assert stranger("GET", f"{V}/limits")[2]["www-authenticate"] == "Token"
    assert "sforce-limit-info" not in stranger("GET", f"{V}/limits")[2]
    assert OrgCaller(served)("GET", f"{V}/limits")[2]["sforce-limit-info"] == "api-usage=1/15000"
