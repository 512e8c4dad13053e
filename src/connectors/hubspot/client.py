"""The one way to HubSpot: paced, authenticated calls that end in an answer or in one of our errors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import orjson
import urllib3
from urllib3.exceptions import HTTPError, LocationValueError

from connectors.budget import DayBudget, Purpose
from connectors.errors import Misconfigured, Unreachable
from connectors.hubspot.answers import ErrorAnswer, refusal_of, refusal_of_write
from connectors.hubspot.paths import Paths
from connectors.hubspot.settings import HubSpotSettings
from connectors.pacing import Patience, TryAgain, Waiting, Window
from connectors.records import Usage
from connectors.wire import date_in, failure_of, is_unsent, lower_names, number_in

_BURST_SPAN_S = 10.0
_BURST_MAX = 190  # calls in ten seconds of a Professional or Enterprise account, until a header says otherwise
_SEARCH_SPAN_S = 1.0
_SEARCH_PER_S = 5  # of the whole account, and never told in a header
_MARGIN_S = 0.4  # by which our windows are longer: so much longer may a call be on its way than a later one


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: what only reads can be repeated safely (a search or batch read is a POST); what writes is sent once."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | Sequence[str] | None = None
    search: bool = False
    writes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, whole."""

    told: dict[str, Any]
    at: datetime | None  # server time, where it was told


class Line:
    """The pooled connection to one account, with all that its calls share: pace, day's budget, retries. For several threads.

    Source for the client's habits: crm-facts, HubSpot, section 8.
    """

    def __init__(self, settings: HubSpotSettings, waiting: Waiting) -> None:
        self.budget = DayBudget("HubSpot", settings.day)
        self.server_now: datetime | None = None
        self._told_s = 0.0  # when the server told it, by our monotonic clock
        self._settings = settings
        self._waiting = waiting
        self._patience = Patience(waiting, settings.retry)
        self._burst = Window(waiting, limit=math.floor(_BURST_MAX * settings.burst_share), span_s=_BURST_SPAN_S + _MARGIN_S)
        self._searches = Window(waiting, limit=_SEARCH_PER_S, span_s=_SEARCH_SPAN_S + _MARGIN_S)
        self._search_turn = Lock()
        self._closed = False
        self._api = _open(settings)

    def start_run(self) -> None:
        """Count the deadline for retries from now."""
        self._patience.start_run()

    def insist(self, call: Call, purpose: Purpose) -> dict[str, Any]:
        """Make a call, paced, until it is answered; raises any family of `connectors.errors`."""
        return self._patience.insist(lambda: self._paced(call, purpose), crm=f"HubSpot at {self._settings.base_url}").told

    def once(self, call: Call, purpose: Purpose) -> Answer:
        """Make a call, paced, and never again: raises TryAgain where it failed in a way that may pass."""
        return self._paced(call, purpose)

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._waiting.sleep(seconds)

    def close(self) -> None:
        """Close the pooled connections; whoever still waits to repeat a call gives up."""
        self._closed = True
        self._api.rest_client.pool_manager.clear()
        self._api.close()

    def _paced(self, call: Call, purpose: Purpose) -> Answer:
        if self._closed:
            raise Unreachable("the connection was closed meanwhile", fix="run again")
        self.budget.spend(purpose, self.server_now)
        if call.search:
            with self._search_turn:  # one at a time: a search that waited for both would go out together with those that came after it
                self._burst.take()
                self._searches.take()
        else:
            self._burst.take()
        self._waiting.calling()
        return self._send(call)

    def _send(self, call: Call) -> Answer:
        """Make one call and read its answer whole; no token, body or header leaves in an error."""
        from hubspot.crm.owners.exceptions import ApiException  # type: ignore[import-untyped]  # noqa: PLC0415 - slow to import

        try:
            response = self._api.call_api(
                call.path,
                call.method,
                query_params=list(call.query.items()),
                body=call.body,
                header_params={},
                auth_settings=["oauth2"],
                _preload_content=False,
                _request_timeout=(self._settings.connect_timeout_s, self._settings.timeout_s),
            )
            data: bytes = response.data  # a truncated body is told only here
        except ApiException as error:
            raise self._refused(call, error.status, error.headers, error.body) from None
        except UnicodeDecodeError as error:  # the client decodes error bodies; the answer it met stands in the context
            refused = error.__context__
            raise self._refused(call, getattr(refused, "status", 0), getattr(refused, "headers", None), None) from None
        except LocationValueError:
            raise Misconfigured("hubspot.base_url is no address", fix="set it to https://api.hubapi.com") from None
        except HTTPError as error:
            raise TryAgain(failure_of(error), silent=True, untouched=is_unsent(error)) from None
        answer, told = _read(call, data), lower_names(response.headers)
        self._learn(told)
        self._learn_time(told)
        return Answer(told=answer, at=date_in(told.get("date")))

    def _refused(self, call: Call, status: int, headers: Mapping[str, str] | None, body: bytes | str | None) -> Exception:
        told = lower_names(headers or {})
        self._learn(told)
        goes_on = self.budget.goes_on()
        answer = ErrorAnswer(status=status, headers=told, body=body, path=call.path, goes_on=goes_on, writes=call.writes)
        return refusal_of_write(answer) if call.writes else refusal_of(answer)

    def _learn(self, headers: Mapping[str, str]) -> None:
        """Take the account's limits from an answer's headers, each where it is there.

        Search answers carry no limits of the moment; the daily pair is missing with OAuth. Source: crm-facts, HubSpot, section 2.
        """
        burst = number_in(headers.get("x-hubspot-ratelimit-max"))
        if burst and number_in(headers.get("x-hubspot-ratelimit-interval-milliseconds")) in (None, _BURST_SPAN_S * 1000):
            self._share_burst(burst, number_in(headers.get("x-hubspot-ratelimit-remaining")))
        self.budget.learn(
            limit=number_in(headers.get("x-hubspot-ratelimit-daily")),
            remaining=number_in(headers.get("x-hubspot-ratelimit-daily-remaining")),
        )

    def _learn_time(self, headers: Mapping[str, str]) -> None:
        """Take the server's time from an answer that is HubSpot's; a gateway that fails may have another clock. It never goes back."""
        told = date_in(headers.get("date"))
        if told is not None and (self.server_now is None or told >= self.server_now):
            self.server_now, self._told_s = told, self._waiting.monotonic()

    def estimated_now(self) -> datetime | None:
        """Return the server's time by its last answer and what has passed since; None before the first."""
        return None if self.server_now is None else self.server_now + timedelta(seconds=int(self._waiting.monotonic() - self._told_s))

    def _share_burst(self, most: int, remaining: int | None) -> None:
        """Take our share of `most` calls, and no more than what others leave of it: what is gone and not ours is theirs.

        One is always left, for a search that takes its place in both windows goes out a moment later; and a tenth of our share is
        always taken, or a busy account would never be read.
        """
        others = 0 if remaining is None else max(0, most - remaining - self._burst.taken())
        share = math.floor(most * self._settings.burst_share)
        self._burst.resize(max(share // 10, min(share, most - others - 1)))


class Client:
    """Calls to one account for one purpose; `on` gives those for another over the same line."""

    def __init__(self, settings: HubSpotSettings, waiting: Waiting) -> None:
        self.paths = Paths(version=settings.api_version)
        self.line = Line(settings, waiting)
        self._purpose = Purpose.DELTA

    def on(self, purpose: Purpose) -> Client:
        """Return the client whose calls count as made for `purpose`."""
        other = copy(self)
        other._purpose = purpose
        return other

    @property
    def server_now(self) -> datetime | None:
        """The server's time (whole seconds, UTC) at its last answer; None before the first."""
        return self.line.server_now

    def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Read `path`; raises any family of `connectors.errors`."""
        return self.line.insist(Call(method="GET", path=path, query=query or {}), self._purpose)

    def post(self, path: str, body: Mapping[str, Any], query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Read by POST (batch reads); raises any family of `connectors.errors`."""
        return self.line.insist(Call(method="POST", path=path, body=body, query=query or {}), self._purpose)

    def search(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Search, within the account's five searches a second."""
        return self.line.insist(Call(method="POST", path=path, body=body, search=True), self._purpose)

    def write(self, path: str, body: Mapping[str, Any] | Sequence[str], *, method: str = "POST") -> Answer:
        """Write, once. Raises TryAgain where it failed in a way that may pass, BatchRefused, and any family of `connectors.errors`."""
        return self.line.once(Call(method=method, path=path, body=body, writes=True), self._purpose)

    def pause(self, seconds: float) -> None:
        """Wait before asking the same again."""
        self.line.pause(seconds)

    def usage(self) -> Usage:
        """Count the calls made, failed ones included."""
        return self.line.budget.usage()

    def close(self) -> None:
        """Close the pooled connections."""
        self.line.close()


def _open(settings: HubSpotSettings) -> Any:
    """Make the generated client: pooled, without retries, redirects or waits of its own."""
    from hubspot.crm.owners.api_client import ApiClient  # type: ignore[import-untyped]  # noqa: PLC0415 - slow to import
    from hubspot.crm.owners.configuration import Configuration  # type: ignore[import-untyped]  # noqa: PLC0415

    configuration = Configuration(host=settings.base_url.rstrip("/"))
    configuration.access_token = settings.token
    configuration.retries = urllib3.Retry(0, redirect=0, raise_on_redirect=False)
    configuration.connection_pool_maxsize = settings.at_once
    api = ApiClient(configuration)
    api.sanitize_for_serialization = _as_it_is
    api.user_agent = settings.user_agent
    api.set_default_header("Accept", "application/json")
    api.set_default_header("Accept-Encoding", "gzip")
    return api


def _as_it_is(sent: Any) -> Any:
    """Pass on what is sent: it is plain JSON already, and the client would copy it value by value."""
    return sent


def _read(call: Call, data: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(data)  # nothing is no answer either: all that we ask for has a body
    except orjson.JSONDecodeError:
        raise TryAgain(f"the answer of {call.path} is no JSON") from None
    if not isinstance(parsed, dict) and call.writes:
        raise TryAgain(f"the answer of {call.path} is not HubSpot's")
    if not isinstance(parsed, dict):
        raise Misconfigured(f"the answer of {call.path} is not HubSpot's", fix="check hubspot.base_url")
    return parsed
