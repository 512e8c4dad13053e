"""Logins: client credentials and JWT bearer; the flows that are no more are refused. Source: crm-facts, Salesforce, section 7."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import jwt
from cryptography import x509
from starlette.requests import Request
from starlette.responses import Response

from sandbox.salesforce.answers import Json
from sandbox.salesforce.asked import checks_of, org_of
from sandbox.salesforce.door import bearer, host_of
from sandbox.salesforce.org import Org
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.resource import resource
from sandbox.salesforce.sessions import ConnectedApp, Sessions

_LOGIN = ("https://login.salesforce.com", "https://test.salesforce.com")
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_NO_SOAP = 65  # the version from which SOAP logins are gone


class GrantRefused(Exception):
    """A login that is refused: OAuth's word for why, and Salesforce's."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


async def token(request: Request) -> Response:
    """Open a session for whoever logs in."""
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
    try:
        user_id = _user(request, form)
    except GrantRefused as refused:
        return Json({"error": refused.error, "error_description": str(refused)}, 400)
    org, sessions = org_of(request), checks_of(request).sessions
    now, base = org.clock.now(), _base(request)
    identity, issued_at = f"{base}/id/{org.org_id}/{user_id}", str(_millis(now))
    return Json(
        {
            "access_token": sessions.open(user_id, org.org_id, now),
            "signature": sessions.signature(identity + issued_at),
            "scope": "api",
            "instance_url": base,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        },
        headers={"Cache-Control": "no-store", "Pragma": "no-cache"},
    )


async def revocation(request: Request) -> Response:
    """End the session of a token."""
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    sessions, shown = checks_of(request).sessions, form.get("token") or request.query_params.get("token", "")
    if not sessions.is_open(shown):
        return Json({"error": "unsupported_token_type", "error_description": "this token type is not supported"}, 400)
    sessions.close(shown)
    return Response(status_code=200)


async def userinfo(request: Request) -> Response:
    """Who the session is of."""
    org = org_of(request)
    try:
        user_id = checks_of(request).sessions.user_of(bearer(request.scope), org.clock.now(), integration_user=org.integration_user)
    except Refused:
        return Response("Bad_OAuth_Token", 403)
    user = _users(org, f"Id = '{user_id}'")[0]
    identity = f"{_base(request)}/id/{org.org_id}/{user_id}"
    return Json(
        {
            "sub": identity,
            "user_id": user_id,
            "organization_id": org.org_id,
            "preferred_username": user["Username"],
            "name": user["Name"],
            "email": user["Email"],
            "active": user["IsActive"],
            "zoneinfo": user["TimeZoneSidKey"],
            "id": identity,
            "username": user["Username"],
            "urls": {
                "rest": f"{_base(request)}/services/data/v{{version}}/",
                "query": f"{_base(request)}/services/data/v{{version}}/query/",
            },
        }
    )


async def soap(request: Request) -> Response:
    """Refuse a login over SOAP: with a name and a password nobody gets in any more."""
    version = str(request.path_params["version"])
    number = float(version) if version.replace(".", "", 1).isdigit() else 0.0
    told = "SOAP API login() is disabled by default in this org."
    if number >= _NO_SOAP:
        told = f"The SOAP Login operation is not available in the API version specified ({version})."
    return Response(_FAULT.format(code="INVALID_OPERATION", told=escape(told)), 500, media_type="text/xml; charset=UTF-8")


def _user(request: Request, form: Mapping[str, str]) -> str:
    """Who logs in. Raises GrantRefused."""
    sessions, org = checks_of(request).sessions, org_of(request)
    match form.get("grant_type"):
        case "client_credentials":
            if f"https://{host_of(request.scope)}" in _LOGIN:
                raise GrantRefused("invalid_grant", "request not supported on this domain")
            _refuse_if_not_the_app(sessions.app, *_credentials(request, form))
            if not sessions.app.run_as:
                raise GrantRefused("invalid_grant", "no client credentials user enabled")
            return _admitted(org, f"Id = '{org.integration_user}'")
        case kind if kind == _JWT_BEARER:
            name = _name_in(form.get("assertion", ""), sessions, [*_LOGIN, _base(request), f"https://{sessions.my_domain}.salesforce.com"])
            return _admitted(org, f"Username = {_quoted(name)}")
        case "password":
            raise GrantRefused("invalid_grant", "authentication failure")
    raise GrantRefused("unsupported_grant_type", "grant type not supported")


def _credentials(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """The key and the secret, of the header or else of the form."""
    kind, _, told = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        key, _, secret = base64.b64decode(told, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return key, secret


def _refuse_if_not_the_app(app: ConnectedApp, key: str, secret: str) -> None:
    if key != app.consumer_key:
        raise GrantRefused("invalid_client_id", "client identifier invalid")
    if not hmac.compare_digest(secret.encode(), app.consumer_secret.encode()):
        raise GrantRefused("invalid_client", "invalid client credentials")


def _name_in(assertion: str, sessions: Sessions, audiences: list[str]) -> str:
    """The user that a JWT speaks for. Its times are held against this machine's clock, by which clients stamp them.

    Raises GrantRefused.
    """
    app = sessions.app
    try:
        said = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise GrantRefused("invalid_grant", "invalid assertion") from None
    if said.get("iss") != app.consumer_key:
        raise GrantRefused("invalid_client_id", "client identifier invalid")
    if app.certificate is None or not app.approved:
        raise GrantRefused("invalid_grant", "user hasn't approved this consumer")
    try:
        claims = jwt.decode(
            assertion, _public_key(app.certificate), ["RS256"], audience=audiences, options={"require": ["exp", "aud", "sub"]}
        )
    except jwt.InvalidAudienceError:
        raise GrantRefused("invalid_grant", "audience is invalid") from None
    except jwt.ExpiredSignatureError:
        raise GrantRefused("invalid_grant", "token validity expired") from None
    except jwt.PyJWTError:
        raise GrantRefused("invalid_grant", "invalid assertion") from None
    return str(claims["sub"])


def _public_key(pem: str) -> Any:
    if "CERTIFICATE" in pem:
        return x509.load_pem_x509_certificate(pem.encode()).public_key()
    return pem


def _admitted(org: Org, condition: str) -> str:
    """The id of the one user whom `condition` names. Raises GrantRefused if there is none, or an inactive one."""
    users = _users(org, condition)
    if not users:
        raise GrantRefused("invalid_grant", "user hasn't approved this consumer")
    if not users[0]["IsActive"]:
        raise GrantRefused("inactive_user", "user is inactive")
    return str(users[0]["Id"])


def _users(org: Org, condition: str) -> list[dict[str, Any]]:
    found = org.select(f"SELECT Id, Name, Username, Email, IsActive, TimeZoneSidKey FROM User WHERE {condition}", org.caller())
    return found.rows(0, 1)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _base(request: Request) -> str:
    """Where the API of this org is for whoever asks: at the host it was asked at, or at its My Domain after a login elsewhere."""
    host = host_of(request.scope)
    if host.endswith(".salesforce.com"):
        return f"https://{checks_of(request).sessions.my_domain}.salesforce.com"
    return f"{request.scope['scheme']}://{host}"


def _millis(now: datetime) -> int:
    return int(now.timestamp() * 1000)


_FAULT = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>'
    "<faultcode>sf:{code}</faultcode><faultstring>{code}: {told}</faultstring><detail>"
    '<sf:UnexpectedErrorFault xsi:type="sf:UnexpectedErrorFault"><sf:exceptionCode>{code}</sf:exceptionCode>'
    "<sf:exceptionMessage>{told}</sf:exceptionMessage></sf:UnexpectedErrorFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
)

ROUTES = [
    resource("/services/oauth2/token", POST=token),
    resource("/services/oauth2/revoke", POST=revocation, GET=revocation),
    resource("/services/oauth2/userinfo", GET=userinfo, POST=userinfo),
    resource("/services/Soap/u/{version}", POST=soap),
    resource("/services/Soap/c/{version}", POST=soap),
    resource("/id/{org}/{user}", GET=userinfo),
]
