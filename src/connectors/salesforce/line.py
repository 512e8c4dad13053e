"""The one way to Salesforce: counted, authenticated calls that end in an answer or in one of our errors."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from threading import Lock
from typing import Any

import orjson
import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError

from connectors.budget import DayBudget, Purpose
from connectors.csv_rows import rows_of_csv
from connectors.errors import Denied, Unreachable
from connectors.pacing import Patience, TryAgain, Waiting
from connectors.salesforce.addresses import host_of, loopback_port
from connectors.salesforce.answers import ErrorAnswer, SessionOver, refusal_of, refusal_of_write
from connectors.salesforce.auth import Session, as_it_is, can_renew, log_in
from connectors.salesforce.loopback import Loopback
from connectors.salesforce.settings import SalesforceSettings
from connectors.wire import date_in, failure_of, is_unsent, lower_names, number_in

_USAGE = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")  # the answer may tell of the app's own usage as well


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: what only reads can be repeated safely (queries in one call and a bulk query are a POST); what writes is sent once."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    csv: bool = False
    writes: bool = False

    @property
    def where(self) -> str:
        """The path alone: what is asked there is nobody else's business."""
        return self.path.partition("?")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, whole."""

    told: Any  # what the JSON says; the rows of a CSV
    headers: Mapping[str, str]  # names in lower case
    asked_at: datetime | None  # server time: not after the moment at which the answer was true; None if no time was told


class Line:
    """The pooled connection to one org, with all that its calls share: session, day's budget, retries. For several threads.

    Calls go through one Salesforce object of simple-salesforce per session. It renews nothing by itself: that would drop the
    headers of the call. Source: crm-facts, Salesforce, sections 0, 1 and 12.
    """

    def __init__(self, settings: SalesforceSettings, waiting: Waiting) -> None:
        self.budget = DayBudget("Salesforce", settings.day, rolling=True)
        self.server_now: datetime | None = None
        self._settings = settings
        self._waiting = waiting
        self._patience = Patience(waiting, settings.retry)
        self._closed = False
        self._http = _open(settings)
        self._login = Lock()
        self._session: Salesforce | None = None

    def start_run(self) -> None:
        """Count the deadline for retries from now."""
        self._patience.start_run()

    def insist(self, call: Call, purpose: Purpose) -> Answer:
        """Make a call until it is answered; raises any family of `connectors.errors`."""
        return self._patience.insist(lambda: self._send(call, purpose), crm=f"Salesforce at {self._settings.my_domain}")

    def once(self, call: Call, purpose: Purpose) -> Answer:
        """Make a call and never again, but for a session that was over: raises TryAgain where it failed in a way that may pass."""
        return self._send(call, purpose)

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._waiting.sleep(seconds)

    def close(self) -> None:
        """Close the pooled connections; whoever still waits to repeat a call gives up."""
        self._closed = True
        self._http.close()

    def _send(self, call: Call, purpose: Purpose) -> Answer:
        """Make one call; if its session is over once more, with all its headers, in the next session, and then no more."""
        if self._closed:
            raise Unreachable("the connection was closed meanwhile", fix="run again")
        session = self._session or self._log_in(after=None)
        try:
            return self._exchange(call, session, purpose)
        except SessionOver as over:
            if not can_renew(self._settings):
                raise Denied(
                    f"the Salesforce session is over ({over}), and one that was given by its id cannot be renewed",
                    fix="put a new session id into the secret for salesforce.session_id, or log in by an app: salesforce.consumer_key",
                ) from None
        try:
            return self._exchange(call, self._log_in(after=session), purpose)
        except SessionOver as over:
            raise Denied(
                f"Salesforce does not accept the session that it has just given ({over})",
                fix="let the app's user have the permission API Enabled, and check the session settings of the app and the org",
            ) from None

    def _log_in(self, *, after: Salesforce | None) -> Salesforce:
        """Give the session that follows `after`; of several threads that ask for it one logs in."""
        with self._login:
            if self._session is None or self._session is after:
                given = self._given()
                session = Salesforce(
                    session_id=given.token,
                    instance_url=f"https://{given.host}",
                    version=self._settings.api_version,
                    session=self._http,
                    object_pairs_hook=None,
                )
                session.headers["X-PrettyPrint"] = "0"
                self._session = session
            return self._session

    def _given(self) -> Session:
        """Log in; what fails there leaves the call that needs the session unsent."""
        try:
            return log_in(self._http, self._settings)
        except TryAgain as error:
            error.untouched = True
            raise

    def _exchange(self, call: Call, session: Salesforce, purpose: Purpose) -> Answer:
        """Send a request and read its answer whole; no token, body or address leaves in an error."""
        self.budget.spend(purpose, self.server_now)
        self._waiting.calling()
        heard: list[requests.Response] = []
        known, began_s = self.server_now, self._waiting.monotonic()
        try:
            response = session._call_salesforce(
                call.method,
                f"https://{session.sf_instance}{call.path}",
                params=call.query,
                json=call.body,
                headers=dict(call.headers),
                hooks={"response": lambda response, **_: heard.append(response)},
                auth=as_it_is,
                timeout=(self._settings.connect_timeout_s, self._settings.timeout_s),
                allow_redirects=False,
            )
        except SalesforceError:
            raise self._refused(call, heard[-1]) from None
        except RequestException as error:
            raise TryAgain(failure_of(error), silent=True, untouched=is_unsent(error)) from None
        headers = lower_names(response.headers)
        self._learn(headers)
        told = _read_csv(call, response.content, headers) if call.csv else _read(call, response.content)
        return Answer(told=told, headers=headers, asked_at=self._learn_time(date_in(headers.get("date")), known, began_s))

    def _refused(self, call: Call, response: requests.Response) -> Exception:
        headers = lower_names(response.headers)
        self._learn(headers)
        answer = ErrorAnswer(
            status=response.status_code,
            headers=headers,
            body=response.content,
            path=call.where,
            goes_on=self.budget.goes_on(),
            writes=call.writes,
        )
        return refusal_of_write(answer) if call.writes else refusal_of(answer)

    def _learn(self, headers: Mapping[str, str]) -> None:
        """Take over what every answer tells of the org's calls: `api-usage=18/5000`. Source: crm-facts, Salesforce, section 3."""
        if usage := _USAGE.search(headers.get("sforce-limit-info", "")):
            used, limit = int(usage[1]), int(usage[2])
            self.budget.learn(limit=limit, remaining=max(0, limit - used))

    def _learn_time(self, told: datetime | None, known: datetime | None, began_s: float) -> datetime | None:
        """Take the server's time from an answer, which never goes back; return it as it was when the call was made, at the earliest.

        A query tells what was so while it ran, and its answer is dated when it ends.
        """
        if told is None:
            return known
        if self.server_now is None or told > self.server_now:
            self.server_now = told
        asked = told - timedelta(seconds=math.ceil(self._waiting.monotonic() - began_s))
        return asked if known is None else max(asked, known)


def _open(settings: SalesforceSettings) -> requests.Session:
    """Make the session: pooled, without retries, redirects or cookies of its own; its headers go out with every call.

    A practice org is reached on this machine, by the very host that My Domain names.
    """
    http = requests.Session()
    http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    http.headers.update(
        {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": settings.user_agent,
            "Sforce-Auto-Assign": "FALSE",
            "Sforce-Call-Options": "client=leadpact",
        }
    )
    http.mount("https://", HTTPAdapter(pool_maxsize=settings.at_once, pool_block=True))
    http.trust_env = settings.trust_env
    if settings.base_url is not None:
        http.trust_env = False
        practice = Loopback(loopback_port(settings.base_url), at_once=settings.at_once)
        http.mount(f"https://{host_of(settings.my_domain)}/", practice)
    return http


def _read(call: Call, data: bytes) -> Any:
    try:
        return orjson.loads(data)  # nothing is no answer either: all that we ask for has a body
    except orjson.JSONDecodeError:
        raise TryAgain(f"the answer of {call.where} is no JSON") from None


def _read_csv(call: Call, data: bytes, headers: Mapping[str, str]) -> list[dict[str, str]]:
    """Read the rows of a CSV, whose number a header tells: fewer are an answer that broke off."""
    try:
        rows = list(rows_of_csv(data))
    except ValueError:
        rows = []
    if len(rows) != number_in(headers.get("sforce-numberofrecords")):
        raise TryAgain(f"the answer of {call.where} is no whole CSV")
    return rows
