"""A loopback HTTP server that gives prepared answers, byte by byte: for what a well-behaved server never sends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from typing import Any

DATE = "Mon, 02 Nov 2026 12:00:00 GMT"


@dataclass(frozen=True, kw_only=True)
class Said:
    """One answer; `length` lies about the size of the body where it is given."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    wait_s: float = 0.0  # before it is said

    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body if self.body is not None else {}).encode()


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class Script(ThreadingHTTPServer):
    """Says each answer once and the last one again and again; keeps what it heard."""

    daemon_threads = True

    def __init__(self, answers: list[Said]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.heard: list[Heard] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def next_answer(self) -> Said:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Script

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = _read(self.rfile.read(length)) if length else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.heard.append(Heard(method=self.command, path=self.path, headers=headers, body=body))
        said = self.server.next_answer()
        data = said.data()
        sleep(said.wait_s)
        self.send_response_only(said.status)
        for name, value in ({"Date": DATE, "Content-Type": "application/json"} | said.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(said.length if said.length is not None else len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = said.length is not None

    do_GET = do_POST = do_PATCH = do_PUT = _answer

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


def _read(body: bytes) -> Any:
    """Read JSON; a form stays as it is."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()


@contextmanager
def scripted(*answers: Said) -> Iterator[Script]:
    """Serve `answers` in turn."""
    server = Script(list(answers))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
