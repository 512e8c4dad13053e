"""The daemon's server over real HTTP: health, metrics, webhooks, and what the unfriendly get."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from structlog.testing import capture_logs

from connectors.hubspot.webhooks import HubSpotWebhooks
from connectors.records import RecordKey
from sync.agreement.versions import version_of
from sync.daemon.heartbeat import CrmPulse, CrmState, Heartbeat
from sync.journal import Event, Place
from sync.judge.findings import Status
from sync.store.agreements import Agreements
from sync.store.database import open_store
from sync.store.findings import Findings
from sync.store.mirror import Mirror
from sync.store.runs import Runs
from sync.store.usage import ApiUsage
from sync.web.serving import CannotListen, Serving
from sync.web.settings import Patience, ServingSettings
from sync.web.watched import Hints
from tests.builders import ROOT, the_practice_agreement
from tests.flow.store_values import NINE, WORDS, a_finding, a_judgement, a_record, save
from tests.flow.test_store_journal import FREE, a_plan, note
from tests.hubspot_signature import signed

SECRET = "0b5c6a52-planted-client-secret"
TOKEN = "t" * 40
PUBLIC = "https://leadpact.example.com"
HOOK = "/webhooks/hubspot"
WHOLE = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
BEAT = Heartbeat(pid=7, host="h", version="1.2", started_at=NOW, at=NOW, good_at=NOW - timedelta(seconds=30))


@dataclass
class Daemon:
    """Stands for the daemon's main thread: a heartbeat, and what it was told."""

    now: datetime = NOW
    said: Heartbeat = BEAT
    hints: list[tuple[str, Hints]] = field(default_factory=list)

    def beat(self) -> Heartbeat:
        return self.said

    def hint(self, crm: str, hints: Hints) -> None:
        self.hints.append((crm, hints))


@dataclass(frozen=True)
class Served:
    """A server, and the daemon that it serves."""

    serving: Serving
    daemon: Daemon

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str, dict[str, str]]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), dict(answer.getheaders())

    def deliver(self, events: object, *, at: datetime | None = None, secret: str = SECRET, url: str = PUBLIC + HOOK) -> int:
        body = events if isinstance(events, bytes) else json.dumps(events).encode()
        ms = str(int((at or self.daemon.now).timestamp() * 1000))
        headers = {"X_HubSpot_Request_Timestamp": ms, "X_HubSpot_Signature_v3": signed(secret, "POST", url, body, ms)}
        return self.ask("POST", HOOK, body, **headers)[0]

    def metric(self, name: str, **labels: str) -> float | None:
        samples = [sample for family in text_string_to_metric_families(self.ask("GET", "/metrics")[1]) for sample in family.samples]
        found = [sample.value for sample in samples if sample.name == name and labels.items() <= sample.labels.items()]
        assert len(found) <= 1
        return found[0] if found else None

    @property
    def port(self) -> int:
        return int(self.serving.url.rpartition(":")[2])


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(**more: Any) -> Served:
            daemon = Daemon()
            told: dict[str, Any] = {
                "host": "127.0.0.1",
                "port": 0,
                "is_local": True,
                "store": tmp_path / "store.db",
                "clock": lambda: daemon.now,
                "monotonic": time.monotonic,
                "public_url": PUBLIC,
                "webhooks": HubSpotWebhooks(SECRET),
            }
            serving = Serving(ServingSettings(**(told | more)), daemon)
            serving.start()
            stack.callback(serving.stop, 10)
            return Served(serving, daemon)

        yield start


def changed(*ids: int, portal: int = 62515) -> list[dict[str, object]]:
    return [
        {"portalId": portal, "subscriptionType": "contact.propertyChange", "objectId": id_, "propertyValue": "ada@example.com"}
        for id_ in ids
    ]


def contacts(*ids: int) -> Hints:
    return Hints(frozenset(RecordKey("hubspot", "contact", str(id_)) for id_ in ids))


def with_account(path: Path) -> None:
    with open_store(path) as store:
        Mirror(store, {"hubspot": WORDS}).bind_account("hubspot", "62515")


def test_it_lives_and_is_ready_while_good_ticks_are_recent(serve: Serve) -> None:
    served = serve()
    assert served.ask("GET", "/healthz")[:2] == (200, "alive\n")
    assert served.ask("GET", "/readyz")[:2] == (200, "ready\n")
    served.daemon.now = NOW + timedelta(minutes=2, seconds=30)
    assert served.ask("GET", "/readyz")[0] == 200  # exactly three minutes are in time
    served.daemon.now = NOW + timedelta(minutes=2, seconds=31)
    served.daemon.said = replace(
        BEAT, trouble="the disk is full", crms={"hubspot": CrmPulse(state=CrmState.DOWN, since=NOW, said="no answer")}
    )
    code, text, _ = served.ask("GET", "/readyz")
    assert (code, text) == (
        503,
        "not ready: the last good tick was 181 s ago, 180 s are allowed; the disk is full; hubspot is down: no answer\n",
    )
    served.daemon.said = replace(BEAT, good_at=None)
    assert "no tick has ended well yet" in served.ask("GET", "/readyz")[1]
    assert served.ask("GET", "/healthz")[0] == 200
    assert [served.ask(*call)[0] for call in (("POST", "/healthz"), ("GET", "/other"), ("GET", "/healthz/"))] == [405, 404, 404]


def test_a_delivery_of_hubspot_wakes_the_daemon_with_keys_alone_and_a_replay_does_not(serve: Serve, tmp_path: Path) -> None:
    with_account(tmp_path / "store.db")
    served = serve()
    assert served.deliver(changed(1, 2, 1)) == 204
    assert served.deliver(changed(1, 2, 1)) == 204
    assert served.daemon.hints == [("hubspot", contacts(1, 2))]
    assert served.deliver(changed(3, portal=1) + changed(4)) == 204
    assert served.deliver(changed(5, portal=1)) == 204
    assert served.deliver(changed(*range(501))) == 204
    assert served.daemon.hints[1:] == [("hubspot", contacts(4)), ("hubspot", Hints(everything=True))]
    outcomes = {outcome: served.metric("leadpact_webhooks_total", outcome=outcome) for outcome in ("taken", "replayed", "other_account")}
    assert outcomes == {"taken": 3, "replayed": 1, "other_account": 1}


def test_before_the_store_knows_its_account_any_signed_delivery_is_a_hint(serve: Serve) -> None:
    served = serve()
    assert served.deliver(changed(1, portal=9)) == 204
    assert served.daemon.hints == [("hubspot", contacts(1))]


def test_what_is_not_hubspots_is_refused_counted_and_told_once_a_minute(serve: Serve) -> None:
    served = serve()
    with capture_logs() as logs:
        assert served.deliver(changed(1), secret="another") == 401
        assert served.deliver(changed(1), url="https://evil.example.com" + HOOK) == 401
        assert served.deliver(changed(1), at=NOW - timedelta(minutes=5, seconds=1)) == 401
        assert served.deliver(changed(1), at=NOW + timedelta(minutes=6)) == 401
        assert served.ask("POST", HOOK, b"[]")[0] == 401
        assert served.deliver(b"no json") == 400
    assert served.daemon.hints == []
    counted = {
        outcome: served.metric("leadpact_webhooks_total", outcome=outcome) for outcome in ("forged", "old", "unsigned", "unreadable")
    }
    assert counted == {"forged": 2, "old": 2, "unsigned": 1, "unreadable": 1}
    assert logs == [{"event": "webhooks_refused", "log_level": "warning", "forged": 1}]


def test_without_a_client_secret_there_are_no_webhooks(serve: Serve) -> None:
    assert serve(webhooks=None).deliver(changed(1)) == 404


def test_ten_megabytes_are_refused_before_they_are_sent(serve: Serve) -> None:
    served = serve()
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as sock:
        sock.sendall(f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\nExpect: 100-continue\r\n\r\n".encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_does_not_say_how_long_it_is_ends_at_a_megabyte(serve: Serve) -> None:
    served = serve()
    sent = 0
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as sock:
        sock.sendall(f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        with pytest.raises(OSError):  # it is cut off, as nobody reads the rest
            while sent < 50_000_000:
                sock.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
                sent += 65_536
    assert sent < 50_000_000
    assert served.metric("leadpact_webhooks_total", outcome="too_large") == 1
    assert served.daemon.hints == []


@pytest.mark.parametrize("sent", ["", WHOLE[:10], WHOLE[:-2], WHOLE])
def test_a_client_that_takes_its_time_is_cut_off(serve: Serve, sent: str) -> None:
    served = serve(patience=Patience(call_s=0.5))
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as sock:
        sock.sendall(sent.encode())
        assert (b"alive" in _all(sock)) == (sent == WHOLE)


def _all(sock: socket.socket) -> bytes:
    """Return what comes until the other side ends, or breaks off."""
    got = b""
    try:
        while more := sock.recv(65_536):
            got += more
    except ConnectionResetError:
        pass
    return got


def test_a_body_that_drips_is_given_up(serve: Serve) -> None:
    served = serve(patience=Patience(body_s=0.3))
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as sock:
        sock.sendall(f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[".encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 408 ")


def test_a_flood_is_answered_with_429_and_health_is_told_beside_it(serve: Serve) -> None:
    served = serve(patience=Patience(per_s=0.001, at_once=5))
    codes = [served.deliver(changed(n), secret="another") for n in range(8)]
    assert codes == [401] * 5 + [429] * 3
    assert served.ask("GET", "/healthz")[0] == 200
    assert served.metric("leadpact_http_requests_total", path=HOOK, code="429") == 3


def test_who_connects_beyond_all_measure_is_cut_off_at_once(serve: Serve) -> None:
    served = serve(patience=Patience(most_open=5))
    with ExitStack() as stack:
        idle = [stack.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=20)) for _ in range(8)]
        assert [_all(sock) for sock in idle[5:]] == [b""] * 3
    assert served.ask("GET", "/healthz")[0] == 200


def test_what_goes_wrong_inside_is_a_500_and_one_line(serve: Serve) -> None:
    def broken() -> Heartbeat:
        raise RuntimeError("ada@example.com")

    served = serve()
    with capture_logs() as logs:
        served.daemon.beat = broken  # type: ignore[method-assign]
        answers = [served.ask("GET", "/readyz")[:2] for _ in range(3)]
    assert answers == [(500, "this went wrong here; see the log\n")] * 3
    assert logs == [{"event": "http_failed", "log_level": "warning", "RuntimeError": 1}]


def test_another_name_than_this_machines_is_not_answered(serve: Serve) -> None:
    served = serve()
    for host in ("evil.example.com", "leadpact.example.com", "127.0.0.1.example.com", ""):
        assert served.ask("GET", "/metrics", Host=host)[0] == 421
    for host in ("localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]:8321"):
        assert served.ask("GET", "/healthz", Host=host)[0] == 200
    assert served.ask("POST", HOOK, b"[]", Host="leadpact.example.com")[0] == 401  # only its signature counts there


def test_where_a_token_is_set_only_webhooks_go_without(serve: Serve) -> None:
    served = serve(token=SecretStr(TOKEN), is_local=False)
    code, text, headers = served.ask("GET", "/metrics")
    assert (code, text, headers["www-authenticate"]) == (401, "a token is needed\n", "Bearer")
    for wrong in (TOKEN, f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer", "Bearer ä".encode().decode("latin-1")):
        assert served.ask("GET", "/healthz", Authorization=wrong)[0] == 401
    assert served.ask("GET", "/healthz", Authorization=f"bearer {TOKEN}", Host="any.example.com")[0] == 200
    assert served.deliver(changed(1)) == 204


def test_a_port_in_use_is_one_error_with_a_fix(serve: Serve) -> None:
    served = serve()
    with pytest.raises(CannotListen) as caught:
        serve(port=served.port)
    assert str(caught.value) == f"the daemon cannot listen at 127.0.0.1 port {served.port}: Address already in use"
    assert "[http]" in caught.value.fix


def test_signals_stay_the_main_threads_and_it_stops_when_told(serve: Serve) -> None:
    before = (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
    served = serve()
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    assert served.ask("GET", "/healthz")[0] == 200
    with socket.create_connection(("127.0.0.1", served.port)) as idle:
        idle.sendall(b"GET /hea")
        assert served.serving.stop(10)
    assert "leadpact-http" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(ConnectionRefusedError):
        served.ask("GET", "/healthz")


def a_store(path: Path) -> None:
    agreement = the_practice_agreement()
    with open_store(path) as store:
        before, plan = a_plan(store, FREE, FREE)
        note(store, before, Place(plan, 0), Event.INTENDED, Event.DONE, Event.VERIFIED)
        note(store, before, Place(plan, 1), Event.INTENDED, Event.UNKNOWN)
        run = Runs(store).start("sync", mode="observe", as_of=None, now=NINE, agreement_hash=agreement.hash)
        Agreements(store).remember(version_of(agreement, seen_at=NINE))
        save(
            store,
            a_record("contact/1", {"lifecyclestage": "marketingqualifiedlead", "email": "ada@example.com"}),
            a_record("contact/2", {"lifecyclestage": "marketingqualifiedlead"}),
            a_record("contact/3", {"lifecyclestage": "lead"}),
            a_record("contact/4", {}),
        )
        judged = [
            a_finding("f1", late_by_s=301),
            a_finding("f2", late_by_s=300),
            a_finding("f3", status=Status.KEPT, late_by_s=None),
            a_finding("f4", rule="drift", kind="data", late_by_s=None),
        ]
        Findings(store).save(run, [a_judgement(*judged)], judged_at=NINE)
        ApiUsage(store).add("hubspot", NINE.date(), 12)
        ApiUsage(store).add("hubspot", NINE.date() - timedelta(days=1), 30)
        usage = {"hubspot": {"calls": 12, "limit_today": 250_000, "remaining_today": 249_000}}
        Runs(store).finish(run, outcome="ok", summary={"usage": usage})


def test_metrics_tell_what_the_store_holds_and_nobodys_data(serve: Serve, tmp_path: Path) -> None:
    a_store(tmp_path / "store.db")
    served = serve()
    served.daemon.said = replace(BEAT, crms={"hubspot": CrmPulse(state=CrmState.DOWN, since=NOW)})
    served.serving.observe_tick(0.2, good=True)
    served.serving.observe_tick(70.0, good=False)
    code, text, headers = served.ask("GET", "/metrics")
    assert (code, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    stages = {stage: served.metric("leadpact_leads", stage=stage) for stage in ("MQL", "none")}
    assert stages == {"MQL": 2, "none": 2}
    assert served.metric("leadpact_writes_total", outcome="verified") == 1
    assert served.metric("leadpact_writes_total", outcome="intended") == 2
    rule = {"rule": "first touch", "kind": "clock"}
    assert served.metric("leadpact_findings", status="breached", **rule) == 2
    assert served.metric("leadpact_findings", status="kept", **rule) == 1
    assert served.metric("leadpact_clock_late_seconds_bucket", rule="first touch", le="300.0") == 1
    assert served.metric("leadpact_clock_late_seconds_bucket", rule="first touch", le="+Inf") == 2
    assert served.metric("leadpact_clock_late_seconds_sum", rule="first touch") == 601
    assert served.metric("leadpact_clock_late_seconds_count", rule="drift") is None
    assert (served.metric("leadpact_api_calls_total", crm="hubspot"), served.metric("leadpact_api_calls_today", crm="hubspot")) == (42, 12)
    assert served.metric("leadpact_api_remaining_today", crm="hubspot") == 249_000
    assert (served.metric("leadpact_tick_seconds_count"), served.metric("leadpact_ticks_failed_total")) == (2, 1)
    assert served.metric("leadpact_crm_up", crm="hubspot") == 0
    assert served.metric("leadpact_good_tick_age_seconds") == 30
    assert (served.metric("leadpact_store_bytes") or 0) > 100_000
    for secret in ("ada@example.com", "contact/", SECRET):
        assert secret not in text
    reference = (ROOT / "docs" / "reference" / "http.md").read_text(encoding="utf-8")
    told = [line.split()[2] for line in served.ask("GET", "/metrics")[1].splitlines() if line.startswith("# TYPE")]
    assert [name for name in told if f"`{name}`" not in reference] == []


def test_metrics_are_told_without_a_store(serve: Serve) -> None:
    served = serve()
    assert served.metric("leadpact_heartbeat_age_seconds") == 0
    assert served.metric("leadpact_held_plans") is None
