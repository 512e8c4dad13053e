"""How leadpact logs in to Salesforce: client credentials, a signed assertion, or a session that somebody else began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests
from requests.exceptions import RequestException

from connectors.errors import ConnectorError, Denied, Exhausted, Misconfigured
from connectors.pacing import TryAgain
from connectors.salesforce.addresses import host_of, host_of_instance
from connectors.salesforce.settings import SalesforceSettings
from connectors.wire import date_in, failure_of

_TOKEN_PATH = "/services/oauth2/token"
_VERSIONS_PATH = "/services/data/"  # anybody may read it, and its answer tells the time
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTED_FOR = timedelta(minutes=3)
_BUSY = frozenset({"rate_limit_exceeded", "server_error", "temporarily_unavailable"})

_APP = "in Setup, External Client App Manager, open the app"
_FIXES: tuple[tuple[tuple[str, ...], str, str], ...] = (  # words of error or description, what it means, what to do
    (
        ("hasn't approved", "invalid_app_access", "not admin approved"),
        "the app is not approved for its user",
        f"{_APP}, set Permitted Users to admin-approved users and give the user's profile or permission set access",
    ),
    (
        ("no client credentials user", "client credentials flow"),
        "the client credentials flow is not enabled for the app",
        f"{_APP}, enable the Client Credentials Flow and name an integration user under Run As",
    ),
    (
        ("user is inactive", "inactive_user", "inactive user"),
        "the user that the app runs as is not active",
        f"activate the user, or {_APP} and name another one under Run As",
    ),
    (
        ("ip restricted", "ip address", "login hours"),
        "Salesforce refuses logins from here, or at this hour",
        f"{_APP} and relax the IP restrictions, or add this machine's address to the profile's Login IP Ranges",
    ),
    (
        ("invalid_client", "invalid client", "client identifier"),
        "Salesforce does not know this consumer key, or its secret is another one",
        f"{_APP}, copy Consumer Key and Secret to salesforce.consumer_key and the secret for salesforce.consumer_secret",
    ),
    (
        ("assertion", "audience", "issuer"),
        "Salesforce does not accept the signed assertion",
        "check salesforce.username, and that the app holds the certificate of the private key",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a login gives."""

    token: str = field(repr=False)
    host: str  # where data calls go


def log_in(http: requests.Session, settings: SalesforceSettings) -> Session:
    """Begin a session; raises Denied or Misconfigured with what to do, TryAgain where nobody answers."""
    host = host_of(settings.my_domain)
    if settings.password is not None:
        raise Misconfigured(
            "leadpact does not log in with a user's password: Salesforce has switched that off for new orgs and ends it in 2027",
            fix="make an External Client App with the Client Credentials Flow and set salesforce.consumer_key and its secret",
        )
    if settings.session_id is not None:
        return Session(token=settings.session_id, host=host)
    return _Door(http, settings, host).log_in()


def can_renew(settings: SalesforceSettings) -> bool:
    """Whether a session that is over can be followed by another one."""
    return settings.session_id is None


class _Door:
    """The token endpoint of one org."""

    def __init__(self, http: requests.Session, settings: SalesforceSettings, host: str) -> None:
        self._http = http
        self._settings = settings
        self._host = host

    def log_in(self) -> Session:
        settings = self._settings
        if settings.consumer_key is None:
            raise _incomplete("salesforce.consumer_key is missing")
        if settings.private_key is not None:
            if settings.username is None:
                raise _incomplete("salesforce.username is missing: a private key speaks for a user")
            assertion = self._assertion(settings.consumer_key, settings.private_key, settings.username)
            return self._token({"grant_type": _JWT_GRANT, "assertion": assertion}, auth=None)
        if settings.consumer_secret is None:
            raise _incomplete("the secret for salesforce.consumer_secret is missing")
        return self._token({"grant_type": "client_credentials"}, auth=(settings.consumer_key, settings.consumer_secret))

    def _assertion(self, key: str, private_key: str, username: str) -> str:
        """Sign who we are, valid for minutes by the server's clock: this machine's may be wrong."""
        now = date_in(self._ask("GET", _VERSIONS_PATH).headers.get("date"))
        if now is None:
            raise Misconfigured(
                "Salesforce's answers carry no time", fix="check salesforce.my_domain, and that no proxy drops the Date header"
            )
        shared = "test" if ".sandbox." in self._host or "--" in self._host else "login"
        claims = {"iss": key, "sub": username, "aud": f"https://{shared}.salesforce.com", "exp": int((now + _ASSERTED_FOR).timestamp())}
        import jwt  # noqa: PLC0415 - only this flow needs it

        try:
            return jwt.encode(claims, private_key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            raise Misconfigured(
                "the secret for salesforce.private_key is no RSA key", fix="give it in PEM form, without a password"
            ) from None

    def _token(self, form: Mapping[str, str], *, auth: tuple[str, str] | None) -> Session:
        response = self._ask("POST", _TOKEN_PATH, form=form, auth=auth)
        told = _object_in(response)
        if response.status_code != requests.codes.ok:
            raise _refusal_of(response.status_code, told)
        token, host = told.get("access_token"), host_of_instance(told.get("instance_url"))
        if not isinstance(token, str) or host is None:
            raise _not_salesforce(response.status_code)
        return Session(token=token, host=host if self._settings.base_url is None else self._host)

    def _ask(
        self, method: str, path: str, *, form: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None
    ) -> requests.Response:
        try:
            return self._http.request(
                method,
                f"https://{self._host}{path}",
                data=form,
                auth=auth or as_it_is,
                timeout=(self._settings.connect_timeout_s, self._settings.timeout_s),
                allow_redirects=False,
            )
        except RequestException as error:
            raise TryAgain(failure_of(error), silent=True) from None


def as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add nothing: without any auth requests would look for a password in .netrc."""
    return request


def _object_in(response: requests.Response) -> Mapping[str, Any]:
    try:
        told = response.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _refusal_of(status: int, told: Mapping[str, Any]) -> ConnectorError | TryAgain:
    """Say why no token came, by the documented errors; the description itself may name a person and is not shown."""
    error, description = str(told.get("error") or ""), str(told.get("error_description") or "")
    if error in _BUSY or status >= 500 or status in (420, 429):
        return TryAgain(f"{status} at the login")
    if "login rate" in description.casefold():
        return Exhausted("too many logins in the last hour", fix="run again in an hour")
    if not error:
        return _not_salesforce(status)
    if "not supported on this domain" in description:
        return Misconfigured(f"this host gives no token ({error})", fix="set salesforce.my_domain to the org's own My Domain")
    text = f"{error} {description}".casefold()
    for words, meaning, fix in _FIXES:
        if any(word in text for word in words):
            return Denied(f"{meaning} ({status} {_plain(error)})", fix=fix)
    return Denied(f"Salesforce gives no token ({status} {_plain(error)})", fix=f"{_APP}: check its OAuth flows, its user and its policies")


def _plain(error: str) -> str:
    return error if error.replace("_", "").isalnum() and len(error) < 60 else "error"


def _not_salesforce(status: int) -> Misconfigured:
    return Misconfigured(
        f"no org of Salesforce's answers at this My Domain ({status})",
        fix="set salesforce.my_domain to what Setup, My Domain shows as the current My Domain URL, such as acme.my.salesforce.com",
    )


def _incomplete(what: str) -> Misconfigured:
    return Misconfigured(
        what,
        fix="set salesforce.consumer_key, with the secret for salesforce.consumer_secret (client credentials), "
        "or with salesforce.username and the secret for salesforce.private_key (JWT bearer)",
    )
