"""The journal of systemd: events as fields of their own, by its native datagrams.

Source: systemd's docs/JOURNAL_NATIVE_PROTOCOL.md, and systemd.exec(5), $JOURNAL_STREAM.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from structlog.typing import EventDict

JOURNAL = Path("/run/systemd/journal/socket")
PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "exception": 3, "critical": 2}
_NO_FIELD = re.compile(r"[^A-Z0-9_]")
_LONGEST_NAME = 64
_NOT_AGAIN = {"event", "level", "timestamp", "exception"}  # the journal has fields of its own for them


def is_the_journal(stream: TextIO, env: Mapping[str, str]) -> bool:
    """Whether what is written to a stream goes to the journal, by the device and inode that systemd told."""
    try:
        told = os.fstat(stream.fileno())
    except OSError:  # it is closed, or no file
        return False
    return env.get("JOURNAL_STREAM") == f"{told.st_dev}:{told.st_ino}"


def priority_of(event: Mapping[str, Any]) -> int:
    """Return syslog's number for the level of an event."""
    return PRIORITIES.get(str(event.get("level")), PRIORITIES["info"])


def datagram(_logger: Any, _method: str, event: EventDict) -> bytes:
    """Return an event as the journal reads it: structlog's shape of a renderer."""
    own = {name: value for name, value in event.items() if name not in _NOT_AGAIN and value is not None}
    fields = [
        ("MESSAGE", _message(event, own)),
        ("PRIORITY", str(priority_of(event))),
        ("SYSLOG_IDENTIFIER", "leadpact"),
        ("LEADPACT_EVENT", str(event.get("event"))),
        *((_field(name), str(value)) for name, value in own.items()),
    ]
    return b"".join(_lines(fields))


def _message(event: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    line = " ".join([str(event.get("event")), *(f"{name}={value}" for name, value in own.items())])
    return f"{line}\n{event['exception']}" if event.get("exception") else line


def _field(name: str) -> str:
    return f"LEADPACT_{_NO_FIELD.sub('_', name.upper())}"[:_LONGEST_NAME]


def _lines(fields: Iterable[tuple[str, str]]) -> Iterable[bytes]:
    for name, value in fields:
        content = value.encode(errors="replace")
        if b"\n" in content:
            yield b"%s\n%s%s\n" % (name.encode(), len(content).to_bytes(8, "little"), content)
        else:
            yield b"%s=%s\n" % (name.encode(), content)


class JournalLogger:
    """Sends datagrams to the journal; what it does not take goes to standard error, and stops nobody."""

    def __init__(self, journal: Path = JOURNAL) -> None:
        self._journal = str(journal)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def msg(self, message: bytes) -> None:
        """Send one event."""
        try:
            self._socket.sendto(message, self._journal)
        except OSError:  # it is being restarted
            sys.stderr.write(message.decode(errors="replace"))

    debug = info = warning = error = exception = critical = msg
