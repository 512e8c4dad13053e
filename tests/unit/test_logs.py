"""Logs: what is never told, what goes to the journal and in which shape, and which events there are."""

from __future__ import annotations

import ast
import json
import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from sync.config import Config, load_config
from sync.config_notify import secret_parts
from sync.config_secrets import SECRETS as SECRET_FILES
from sync.journald import JournalLogger, datagram, is_the_journal
from sync.log_safe import LONGEST, Safe
from sync.logs import configure_logs

ROOT = Path(__file__).parents[2]
TOKEN, URL = "pat-na1-planted-0000", "slack://plantedAAA/plantedBBB/plantedCCC"
SECRETS = (TOKEN, "planted-consumer-secret", URL, "plantedBBB")
ENV = {"LEADPACT_HUBSPOT__TOKEN": TOKEN, "LEADPACT_NOTIFY__ROOM": URL, "LEADPACT_SALESFORCE__CONSUMER_SECRET": "planted-consumer-secret"}
FILE = """
[salesforce]
my_domain = "acme.my"
consumer_key = "key"
[[notify]]
name = "room"
for = ["ops"]
[log]
"""
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


@pytest.fixture
def config_for(tmp_path: Path) -> Callable[[str], Config]:
    def load(log: str) -> Config:
        (tmp_path / "config.toml").write_text(f"{FILE}{log}")
        return load_config(tmp_path / "config.toml", ENV)

    return load


def test_every_secret_that_the_config_reads_is_kept_out_of_the_logs(tmp_path: Path) -> None:
    """Each is planted alone, as some exclude others; one that the config does not hand on is found here."""
    for secret in SECRET_FILES:
        planted = "-----BEGIN PRIVATE KEY-----planted" if secret.key == "private_key" else f"planted-{secret.key}-{'x' * 40}"
        env = {"LEADPACT_HUBSPOT__TOKEN": TOKEN} | {f"LEADPACT_{secret.section}__{secret.key}".upper(): planted}
        extra = {"salesforce": 'my_domain = "acme.my"', "hubspot": ""}.get(secret.section, "")
        if secret.section == "salesforce" and secret.key != "session_id":
            extra += '\nconsumer_key = "key"' + ('\nusername = "u@acme.com"' if secret.key == "private_key" else "")
        if secret.key == "client_secret":
            extra += '[http]\npublic_url = "https://leads.acme.com"'
        (tmp_path / "config.toml").write_text(f"[{secret.section}]\n{extra}\n")

        assert planted in load_config(tmp_path / "config.toml", env).secrets


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_no_secret_of_the_config_and_no_address_is_told_wherever_it_is_planted(
    config_for: Callable[[str], Config], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(config_for('format = "json"'))
    log = structlog.get_logger()
    for number, secret in enumerate((*SECRETS, "ann.lee+x@acme.example.com")):
        log.warning("planted", why=f"GET /x?to={secret} failed", deep={"list": [f"({secret})", (secret,)]}, file=Path(secret), n=number)
        log.bind(**{f"key {secret}": ValueError(secret)}).warning(f"in the event {secret}")
        try:
            raise ValueError(secret)
        except ValueError:
            log.exception("failed")
        logging.getLogger("library").warning("said %s", secret)

    lines = capsys.readouterr().err
    assert len(lines.splitlines()) == 4 * 5
    assert not re.search("planted[-AB]|ann.lee|acme.example", lines)
    assert lines.count("[secret]") > 20
    assert lines.count("[address]") > 5


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("mail to Ann.Lee+spam@mail.acme.co.uk, now", "mail to [address], now"),
        ("/contacts/ann%40acme.com?x", "/contacts/[address]?x"),
        ("ünï@exämple.de", "[address]"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [secret]"),
        ("https://user:pass@proxy.example.com/x", "https://[secret]@proxy.example.com/x"),
        ("token pat-eu1-0a1b2c3d-4e5f refused", "token [secret] refused"),
        ("sid 00D5g00000ABCDE!AQ0AQ.x_y ended", "sid [secret] ended"),
        ("assertion=eyJhbGciOi.eyJpc3Mi.c2ln&x", "assertion=[secret]&x"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "[secret]"),
        ("red \x1b[31m text\r\nforged line\u202e", "red [31m textforged line"),
        ("hubspot/contact/101 at 12:30, v1.2@3", "hubspot/contact/101 at 12:30, v1.2@3"),
    ],
)
def test_what_looks_like_an_address_or_a_secret_is_replaced_and_control_characters_go(text: str, safe: str) -> None:
    assert Safe()(None, "info", {"event": text}) == {"event": safe}


@pytest.mark.parametrize("key", ["token", "hubspot_token", "Authorization", "client_secret", "session_id", "password", "set-cookie"])
def test_a_value_whose_key_holds_a_secret_is_never_told(key: str) -> None:
    assert Safe()(None, "info", {"event": "x", "deep": {key: ["short"]}, key: 12345}) == {
        "event": "x",
        "deep": {key: "[secret]"},
        key: "[secret]",
    }


def test_numbers_stay_numbers_and_nothing_is_told_at_any_length() -> None:
    safe = Safe()(None, "info", {"event": "x", "rows": 3, "share": 0.5, "ok": True, "none": None, "long": "y" * 10_000})

    assert safe == {"event": "x", "rows": 3, "share": 0.5, "ok": True, "none": None, "long": f"{'y' * LONGEST}…"}


def test_each_part_of_a_target_that_may_be_a_secret_is_one_and_its_host_is_none() -> None:
    parts = set(secret_parts("mailtos://leadpact:p%40ssw0rd!x@mail.example.com?to={email}"))

    assert {"p@ssw0rd!x", "p%40ssw0rd!x"} <= parts
    assert "mail.example.com" not in parts


def test_what_libraries_warn_of_is_told_once_as_an_event(config_for: Callable[[str], Config], capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        configure_logs(config_for('format = "json"'))
    logging.getLogger("urllib3").info("a connection")
    logging.getLogger("urllib3").error("no %s", "connection")

    (line,) = told(capsys)
    assert (line["event"], line["level"], line["library"], line["said"]) == ("library_said", "error", "urllib3", "no connection")


def test_json_for_a_journal_that_has_no_socket_of_ours_carries_the_priority(
    config_for: Callable[[str], Config], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(config_for('format = "journald"\nlevel = "debug"'))
    for level in ("debug", "info", "warning", "error"):
        getattr(structlog.get_logger(), level)("x", run="r")

    lines = capsys.readouterr().err.splitlines()
    assert [line[:3] for line in lines] == ["<7>", "<6>", "<4>", "<3>"]
    assert json.loads(lines[0][3:])["run"] == "r"


def fields_of(sent: bytes) -> dict[str, str]:
    """Read a datagram as the journal does."""
    fields = {}
    while sent:
        name, _, rest = sent.partition(b"\n")
        if b"=" in name:
            key, _, value = name.partition(b"=")
            sent = rest
        else:
            size = int.from_bytes(rest[:8], "little")
            key, value, sent = name, rest[8 : 8 + size], rest[9 + size :]
        fields[key.decode()] = value.decode()
    return fields


def test_the_journal_gets_each_value_as_a_field(tmp_path: Path) -> None:
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journal.bind(str(tmp_path / "socket"))
    event = {
        "event": "step_done",
        "level": "warning",
        "timestamp": "t",
        "lead": "hubspot/contact/1",
        "a-b": 2,
        "none": None,
        "exception": "a\nb",
    }

    JournalLogger(tmp_path / "socket").warning(datagram(None, "warning", event))

    assert fields_of(journal.recv(65536)) == {
        "MESSAGE": "step_done lead=hubspot/contact/1 a-b=2\na\nb",
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "leadpact",
        "LEADPACT_EVENT": "step_done",
        "LEADPACT_LEAD": "hubspot/contact/1",
        "LEADPACT_A_B": "2",
    }


def test_without_a_journal_an_event_is_told_all_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    JournalLogger(tmp_path / "nobody").info(datagram(None, "info", {"event": "x", "level": "info"}))

    assert "LEADPACT_EVENT=x" in capsys.readouterr().err


def test_a_stream_is_the_journal_if_systemd_says_so_of_that_very_stream(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        its = os.fstat(stream.fileno())
        assert is_the_journal(stream, {"JOURNAL_STREAM": f"{its.st_dev}:{its.st_ino}"})
        assert not is_the_journal(stream, {"JOURNAL_STREAM": f"{its.st_dev}:{its.st_ino + 1}"})
        assert not is_the_journal(stream, {})


def names_told(node: ast.AST) -> Iterator[str]:
    """Yield the names of events in a call such as log.info("name"), or (log.debug if x else log.info)("name")."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str):
            told = [part.attr for part in ast.walk(call.func) if isinstance(part, ast.Attribute)]
            called_by_name = isinstance(call.func, ast.Name) and call.func.id in {"tell", "told"}
            if LEVELS & set(told[:2]) or called_by_name:
                yield call.args[0].value


def test_every_event_is_in_the_reference_and_no_other() -> None:
    sources = [path for path in (ROOT / "src").rglob("*.py") if "sandbox" not in path.parts and "structlog" in path.read_text()]
    told = {name for path in sources for name in names_told(ast.parse(path.read_text()))}
    page = (ROOT / "docs" / "reference" / "logs.md").read_text()
    listed = re.findall(r"^\| `([a-z_]+)` \|", page.split("## Events")[1], re.M)

    assert len(told) > 8
    assert sorted(listed) == sorted(told)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in told), "an event's name is stable: what differs is a value"


def test_a_program_under_systemd_finds_the_journal_and_says_nothing_else(tmp_path: Path) -> None:
    """What the service manager does, from outside: its stream, its variable."""
    program = (
        "import os, sys; os.environ['JOURNAL_STREAM'] = '{0.st_dev}:{0.st_ino}'.format(os.fstat(2));"
        "from sync.config_sections import LogSection; from sync.logs import _format;"
        "sys.stdout.write(_format(LogSection()) + ' ' + _format(LogSection(format='journald')) + ' ' + _format(LogSection(format='json')))"
    )
    with (tmp_path / "stream").open("w") as stream:
        done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=stream, text=True, check=True)

    assert done.stdout == "journald journald json"
