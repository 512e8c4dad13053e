"""How soon the daemon acts and what it costs to have it: from a lead that becomes sales-ready to its new owner's message, and idle.

A practice HubSpot holds many contacts; some leads are handed over one after the other, owned by nobody. Each must get an owner, and the
owner a message at a receiver on this machine.

    webhook, s         from the change to the message, where HubSpot sends a webhook; the slowest but one in a hundred (limit 2)
    poll, s            the same by polling alone, less the time between two polls (limit 2)
    idle calls         calls for one stream in one poll where nothing happens, at most
    idle, of a core    the processor's share where nothing happens, at a poll a minute

`--slack` multiplies the limits of what is measured, for a busy machine. The promise is `--contacts 100000`.
"""

from __future__ import annotations

import argparse
import hmac
import json
import socket
import subprocess
import sys
import threading
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any

import urllib3
from measured import Ratios, exit_if_beyond
from practice_portal import practice
from practice_process import Practice

from sync.act import act
from sync.agreement.load import agreement_of
from sync.begin import NOTHING_SPECIAL
from sync.cli.practice_files import TOKEN
from sync.daemon.heartbeat import read_heartbeat
from sync.report.spool import Spool
from sync.run import dry_run
from sync.wiring import open_context

COUNTED = {"idle calls": 1.0}
MEASURED = {"webhook, s": 2.0, "poll, s": 2.0, "idle, of a core": 0.01}
SECRET = "a-client-secret-of-a-practice-app"
POLL_S, MINUTE_S = 5, 60
REPS = range(1, 41)
PATIENCE_S = 1800.0

AGREEMENT = """
title = "First owner"
effective = 2026-01-01
expires_on = 2026-12-31
timezone = "America/New_York"

[[stage]]
name = "SQL"
side = "marketing"
meaning = "Sales should talk to them now."
hubspot.contact = "hs_lead_status = 'OPEN_DEAL'"

[calendar.default]
hours = "Mo-Su 00:00-24:00"
timezone = "America/New_York"

[pool.sdr]

[[handoff]]
name = "Marketing to SDR"
opens_on = "stage SQL"
pool = "sdr"
assigned_by = "leadpact"
tell = ["owner"]

[[clock]]
name = "speed_to_assign"
starts = "handoff"
kept_by = "assigned"
within = "15 minutes"
owed_by = "system"
"""
CONFIG = """
[hubspot]
base_url = "{url}"
burst_share = 1.0
max_share = 1.0
[mode]
default = "enforce"
[limits]
assignments_per_run = 1000000
assignments_per_hour = 1000000
assignments_per_day = 1000000
reminders_per_owner_and_hour = 1000000
[daemon]
poll = "{poll} seconds"
nightly_at = "off"
[http]
port = {port}
public_url = "https://leadpact.example"
[[notify]]
name = "box"
for = ["owner"]
[log]
level = "error"
"""


@dataclass(frozen=True)
class Asked:
    contacts: int
    leads: int
    slack: float


@dataclass
class Box:
    """Takes messages in, and says when one came."""

    port: int = 0
    came: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


@contextmanager
def box() -> Iterator[Box]:
    one = Box()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            one.came.release()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        one.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield one
        server.shutdown()


def write_account(folder: Path, url: str, *, box_port: int, http_port: int) -> Path:
    """Write the files of an account that enforces a signed agreement; return its config."""
    secrets = folder / "secrets"
    secrets.mkdir(parents=True)
    told = {"hubspot_token": TOKEN, "hubspot_client_secret": SECRET, "notify_box": f"json://127.0.0.1:{box_port}/box"}
    for name, value in told.items():
        (secrets / name).write_text(value, encoding="utf-8")
        (secrets / name).chmod(0o600)
    people = "".join(f'[[person]]\nname = "Rep {rep}"\nhubspot = "{rep}"\nemail = "rep{rep}@example.com"\n' for rep in REPS)
    members = ", ".join(f'"Rep {rep}"' for rep in REPS)
    (folder / "roster.toml").write_text(f'{people}[[pool]]\nname = "sdr"\nmembers = [{members}]\n', encoding="utf-8")
    hash_ = agreement_of(AGREEMENT, file="agreement.toml").hash
    signatures = "".join(
        f'\n[[signature]]\nside = "{side}"\nname = "N"\nat = 2026-11-01T10:00:00Z\nhash = "{hash_}"\n' for side in ("marketing", "sales")
    )
    (folder / "agreement.toml").write_text(AGREEMENT + signatures, encoding="utf-8")
    (folder / "config.toml").write_text(CONFIG.format(url=url, poll=POLL_S, port=http_port), encoding="utf-8")
    return folder / "config.toml"


def begin_enforcing(config: Path) -> None:
    """Have a run observe, and another enforce."""
    with Spool() as spool, open_context(config, tell=lambda _: None) as run:
        dry_run(run, spool, NOTHING_SPECIAL)
    with Spool() as spool, open_context(config, tell=lambda _: None) as run:
        act(run, spool, NOTHING_SPECIAL)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def daemon(config: Path) -> Iterator[int]:
    """Run the daemon; yield its process id once it has ticked."""
    with subprocess.Popen([sys.executable, "-m", "sync", "daemon", "--config", str(config)]) as process:
        store, give_up = config.parent / "leadpact.db", perf_counter() + PATIENCE_S
        while (beat := read_heartbeat(store)) is None or beat.pid != process.pid or beat.good_at is None:
            assert process.poll() is None and perf_counter() < give_up, "the daemon did not begin"
            sleep(0.05)
        yield process.pid
        process.terminate()


def hand_over(portal: Practice, number: int) -> str:
    """Make a lead sales-ready that nobody has; return its id."""
    portal.let_pass(1)
    values = {"email": f"ready{number}@lead{number}.example", "hs_lead_status": "OPEN_DEAL"}
    return str(portal.ask("POST", "/crm/v3/objects/contacts", {"properties": values})["id"])


def send_webhook(port: int, lead: str, *, account: int, now: datetime) -> None:
    """Tell the daemon of a new contact, as HubSpot does: signed over method, address, body and time."""
    event = {"subscriptionType": "contact.creation", "portalId": account, "objectId": int(lead), "eventId": int(lead)}
    body, at = json.dumps([event]).encode(), str(int(now.timestamp() * 1000))
    signed = b"POSThttps://leadpact.example/webhooks/hubspot" + body + at.encode()
    signature = b64encode(hmac.digest(SECRET.encode(), signed, "sha256")).decode()
    headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": at, "Host": "leadpact.example"}
    answer = urllib3.request("POST", f"http://127.0.0.1:{port}/webhooks/hubspot", body=body, headers=headers, retries=False)
    assert answer.status < 300, f"the webhook was answered {answer.status}"


def told_after(inbox: Box, began_s: float) -> float:
    assert inbox.came.acquire(timeout=120), "no message came"
    return perf_counter() - began_s


def slowest(seconds: list[float]) -> float:
    """Return what all but one in a hundred are not slower than."""
    return sorted(seconds)[ceil(0.99 * len(seconds)) - 1]


def measure(folder: Path, asked: Asked) -> Ratios:
    port = free_port()
    with box() as inbox, practice(folder / "portal", contacts=asked.contacts) as portal:
        config = write_account(folder / "account", portal.url, box_port=inbox.port, http_port=port)
        account = int(portal.ask("GET", "/account-info/v3/details")["portalId"])
        begin_enforcing(config)
        with daemon(config) as pid:
            ratios = idle(portal, pid)
            by_webhook, by_poll = [], []
            for number in range(asked.leads):
                began_s = perf_counter()
                lead = hand_over(portal, number)
                send_webhook(port, lead, account=account, now=clock_of(portal))
                by_webhook.append(told_after(inbox, began_s))
            for number in range(asked.leads, asked.leads + max(5, asked.leads // 10)):
                sleep(POLL_S * 0.37)
                began_s = perf_counter()
                hand_over(portal, number)
                by_poll.append(told_after(inbox, began_s))
    print(f"by webhook: median {sorted(by_webhook)[len(by_webhook) // 2]:.2f} s; by poll every {POLL_S} s: slowest {max(by_poll):.2f} s")
    return {"webhook, s": slowest(by_webhook), "poll, s": max(0.0, max(by_poll) - POLL_S), **ratios}


def clock_of(portal: Practice) -> datetime:
    return datetime.fromisoformat(portal.ask("GET", "/_sandbox/clock")["now"])


def idle(portal: Practice, pid: int) -> Ratios:
    """Count and time a daemon to which nothing happens."""
    of_daemon = Practice(portal.url, pid, portal.pool)
    sleep(3 * POLL_S)
    before, cpu_s, began_s = portal.calls(), of_daemon.cpu_s(), perf_counter()
    sleep(12 * POLL_S)
    polls = (perf_counter() - began_s) / POLL_S
    used = (of_daemon.cpu_s() - cpu_s) / polls / MINUTE_S
    made: list[dict[str, Any]] = portal.requests(after=before)
    streams = Counter(call["path"] for call in made if not call["path"].startswith("/_sandbox"))
    print(f"idle: {len(made)} calls in {polls:.1f} polls: {dict(streams)}")
    return {"idle calls": max(streams.values(), default=0) / ceil(polls + 1), "idle, of a core": used}


def asked_for() -> Asked:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=2000, help="that the practice HubSpot holds; default %(default)s")
    parser.add_argument("--leads", type=int, default=20, help="that are handed over with a webhook; default %(default)s")
    parser.add_argument("--slack", type=float, default=1.0, help="multiply the limits of what is measured by so much; default %(default)s")
    return Asked(**vars(parser.parse_args()))


def main() -> None:
    asked = asked_for()
    limits = COUNTED | {name: limit * asked.slack for name, limit in MEASURED.items()}
    with TemporaryDirectory() as name:
        exit_if_beyond(limits, measure(Path(name), asked), complaint="the daemon is too slow, or costs too much")


if __name__ == "__main__":
    main()
