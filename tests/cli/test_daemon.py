"""The daemon as a service manager and its users see it: a real process that acts, reloads, bears faults, and stops."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sync.daemon.heartbeat import CrmPulse, CrmState, Heartbeat, read_heartbeat
from tests.flow.enforcing import HOUR_S, Enforced, enforced
from tests.flow.org_people import OrgPeople
from tests.flow.people import People

WITHIN_S = 60.0
UNTIL_DEFINITIONS_ARE_OLD_S = 3700
TOLD_ONCE = ("stream_closed", "stream_open", "crm_down", "crm_back")
pytestmark = pytest.mark.xdist_group("daemon")


@dataclass(kw_only=True)
class Served:
    """A running daemon, and what the service manager hears of it."""

    one: Enforced
    process: subprocess.Popen[bytes]
    door: socket.socket
    log: Path

    def beat(self) -> Heartbeat | None:
        return read_heartbeat(self.one.files / "leadpact.db")

    def heard(self) -> list[str]:
        """Return what was told since this was last asked."""
        told = []
        while True:
            try:
                told.append(self.door.recv(4096, socket.MSG_DONTWAIT).decode())
            except BlockingIOError:
                return told

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


def until(found: Callable[[], object], what: str) -> None:
    """Wait until something is so."""
    give_up = time.monotonic() + WITHIN_S
    while not found():
        assert time.monotonic() < give_up, f"{what} in vain"
        time.sleep(0.05)


@contextmanager
def serving(one: Enforced, folder: Path, *, watchdog_s: float = 2.0) -> Iterator[Served]:
    """Start a daemon as systemd does, with a watchdog; it is killed if it still runs at the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind(str(folder / "notify"))
        env = os.environ | {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": str(int(watchdog_s * 1_000_000))}
        with (folder / "log").open("wb") as log:
            command = [sys.executable, "-m", "sync", "daemon", "--config", str(one.files / "config.toml")]
            process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        try:
            served = Served(one=one, process=process, door=door, log=folder / "log")
            until(lambda: process.poll() is not None or is_judging(served), "the first tick was awaited")
            yield served
        finally:
            process.kill()
            process.wait()
            (folder / "notify").unlink()


def is_judging(served: Served) -> bool:
    beat = served.beat()
    return beat is not None and beat.pid == served.process.pid and beat.ticked_at is not None


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enforced]:
    """A HubSpot with two leads that nobody calls, and a daemon's config that looks each second."""
    with enforced("hubspot", tmp_path_factory.mktemp("daemon"), leads=2, hours=1) as one:
        with (one.files / "config.toml").open("a", encoding="utf-8") as config:
            config.write('\n[daemon]\npoll = "1 second"\ncalm_poll = "3 seconds"\n\n[http]\nport = 0\n')
        yield one


def test_it_acts_when_a_promise_is_broken_and_tells_the_service_manager(company: Enforced, tmp_path: Path) -> None:
    before = company.owners()
    with serving(company, tmp_path) as served:
        told = served.heard()
        assert told[0] == "READY=1"
        company.world.people.rest(6 * HOUR_S)
        until(lambda: all(now != before[lead] for lead, now in company.owners().items()), "leads that nobody called were to move")
        writes = company.world.writes()
        polls = company.world.calls()
        until(lambda: company.world.calls() > polls + 40, "more polls were awaited")
        assert company.world.writes() == writes  # nothing is moved again by the polls that follow
        until(lambda: "WATCHDOG=1" in served.heard(), "the watchdog was to be fed")
        served.send(signal.SIGTERM)
        assert served.process.wait(WITHIN_S) == 0
        assert "STOPPING=1" in served.heard()
    assert '"acted"' in served.said()
    assert "tick" in runs(company)


def runs(company: Enforced) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "sync", "runs", "--config", str(company.files / "config.toml")], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_files_that_are_wrong_are_refused_and_told_and_right_ones_are_taken(company: Enforced, tmp_path: Path) -> None:
    agreement = company.files / "agreement.toml"
    text = agreement.read_text(encoding="utf-8")
    with serving(company, tmp_path) as served:
        served.heard()
        agreement.write_text(text + "\n[nonsense]\n", encoding="utf-8")
        served.send(signal.SIGHUP)
        until(lambda: "reload_refused" in served.said(), "the refusal was awaited")
        agreement.write_text(text, encoding="utf-8")
        told = served.heard()
        reloading = next(number for number, line in enumerate(told) if line.startswith("RELOADING=1\nMONOTONIC_USEC="))
        assert "READY=1" in told[reloading:]
        until(lambda: (beat := served.beat()) and "nonsense" in (beat.reload_refused or ""), "the heartbeat was to tell of it")
        served.send(signal.SIGHUP)
        until(lambda: '"reloaded"' in served.said(), "the reload was awaited")
        until(lambda: (beat := served.beat()) and beat.reload_refused is None, "the heartbeat was to be clear again")


def test_a_port_that_is_taken_is_refused_at_a_reload_and_the_daemon_goes_on(company: Enforced, tmp_path: Path) -> None:
    config = company.files / "config.toml"
    text = config.read_text(encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken, serving(company, tmp_path) as served:
        config.write_text(text.replace("port = 0", f"port = {taken.getsockname()[1]}"), encoding="utf-8")
        served.send(signal.SIGHUP)
        until(lambda: (beat := served.beat()) and "cannot listen" in (beat.reload_refused or ""), "the heartbeat was to tell of it")
        config.write_text(text, encoding="utf-8")
        until(lambda: is_judging(served), "it was to go on")
        assert served.process.poll() is None


def test_a_port_that_is_taken_is_told_at_the_start(company: Enforced) -> None:
    config = company.files / "config.toml"
    text = config.read_text(encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config.write_text(text.replace("port = 0", f"port = {taken.getsockname()[1]}"), encoding="utf-8")
        said = company.run("daemon", code=1)
    config.write_text(text, encoding="utf-8")
    assert "cannot listen at 127.0.0.1 port" in said
    assert "set another `port`" in said


def test_a_second_daemon_of_one_store_is_refused(company: Enforced, tmp_path: Path) -> None:
    with serving(company, tmp_path):
        assert "a daemon serves the store" in company.run("daemon", code=1)


def test_a_scope_that_is_withdrawn_and_a_crm_that_is_down_are_told_once_and_found_again(company: Enforced, tmp_path: Path) -> None:
    people, owners = company.world.people, company.owners()
    with serving(company, tmp_path) as served:
        people.ask("POST", "/_sandbox/token", {"without": ["sales-email-read"]})
        until(lambda: "emails" in crm(served).closed, "the stream was to be closed")
        people.rest(48 * HOUR_S)
        read_at = crm(served).read_at
        until(lambda: crm(served).read_at != read_at, "it was to go on")
        assert company.owners() == owners, "what nobody can know moves no lead"
        people.ask("POST", "/_sandbox/token", {"without": []})
        until(lambda: not crm(served).closed, "it was to be open again")
        people.ask("POST", "/_sandbox/faults", [{"path": "*", "status": 502}])
        until(lambda: state(served) is CrmState.DOWN, "the CRM was to be down")
        people.ask("DELETE", "/_sandbox/faults")
        until(lambda: state(served) is CrmState.OK, "the CRM was to be back")
    assert {event: served.said().count(f'"{event}"') for event in TOLD_ONCE} == dict.fromkeys(TOLD_ONCE, 1)


def test_while_a_stage_has_another_name_in_the_crm_nothing_is_judged_or_written(company: Enforced, tmp_path: Path) -> None:
    people = company.world.people
    with serving(company, tmp_path) as served:
        rename_stage(people, "marketingqualifiedlead", "mql")
        people.rest(UNTIL_DEFINITIONS_ARE_OLD_S)
        until(lambda: state(served) is CrmState.DOWN, "the stage was to be missed")
        writes, beat = company.world.writes(), served.beat()
        assert beat and "`marketingqualifiedlead` is no value of hubspot contact property" in (beat.crms["hubspot"].said or "")
        people.rest(24 * HOUR_S)
        asked = company.world.calls()
        until(lambda: company.world.calls() > asked + 2, "it was to be asked again")
        assert company.world.writes() == writes
        rename_stage(people, "mql", "marketingqualifiedlead")
        until(lambda: state(served) is CrmState.OK, "it was to go on")


def rename_stage(people: People | OrgPeople, old: str, new: str) -> None:
    """Give a lifecycle stage another value; no contact is moved."""
    found = people.ask("GET", "/crm/v3/properties/contacts/lifecyclestage")
    options = [{"value": new, "label": new} if row["value"] == old else row for row in found["options"]]
    line = {name: found[name] for name in ("name", "label", "type", "fieldType", "groupName")}
    people.ask("POST", "/_sandbox/records", [{"object": "properties", "objectType": "contacts", **line, "options": options}])


def crm(served: Served) -> CrmPulse:
    beat = served.beat()
    assert beat is not None
    return beat.crms["hubspot"]


def state(served: Served) -> CrmState | None:
    beat = served.beat()
    return beat.crms["hubspot"].state if beat is not None and "hubspot" in beat.crms else None


def test_one_that_was_killed_goes_on_where_it_stopped(company: Enforced, tmp_path: Path) -> None:
    with serving(company, tmp_path) as served:
        served.send(signal.SIGKILL)
        served.process.wait()
    writes = company.world.writes()
    with serving(company, tmp_path) as served:
        served.send(signal.SIGTERM)
        assert served.process.wait(WITHIN_S) == 0
    assert company.world.writes() == writes
