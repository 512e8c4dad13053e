"""Somebody who acts in a practice CRM at the very moment at which leadpact calls it: right before a call is served, or right after."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from urllib.parse import unquote_plus

import urllib3

from tests.flow.practice import base_url

_NOT_PASSED_ON = frozenset({"connection", "transfer-encoding", "content-length", "accept-encoding", "content-encoding"})
Deed = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Called:
    """A call that is about to be served."""

    is_write: bool
    path: str
    body: str

    def asks(self, words: str) -> bool:
        """Whether it is a query of Salesforce's, or holds one, with these words."""
        return words in unquote_plus(self.path) or words in unquote_plus(self.body)


@dataclass
class Between:
    """Stands between leadpact and a practice CRM, passes every call on, and lets somebody act around those that write.

    `before` and `after` are called once each, around the first writing call from now on, or around a later one: `skips` are let by.
    """

    url: str
    writes: re.Pattern[bytes]  # what is found in the first line and the body of a call that writes
    before: list[Deed] = field(default_factory=list)
    after: list[Deed] = field(default_factory=list)
    skips: int = 0
    at_each: Callable[[Called], None] | None = None  # is called before each call is served
    _turn: Lock = field(default_factory=Lock)
    _pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(maxsize=10))

    def passed_on(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        is_write = self.writes.search(f"{method} {path} ".encode() + body) is not None
        if self.at_each is not None:
            with self._turn:
                self.at_each(Called(is_write=is_write, path=path, body=body.decode(errors="replace")))
        if is_write and self.skips:
            self.skips, is_write = self.skips - 1, False
        deeds, self.before = (self.before, []) if is_write else ([], self.before)
        for deed in deeds:
            deed()
        answer = self._pool.request(method, self.url + path, body=body or None, headers=headers, retries=False, redirect=False)
        deeds, self.after = (self.after, []) if is_write else ([], self.after)
        for deed in deeds:
            deed()
        return answer


WRITES = {"hubspot": re.compile(rb"^POST \S+/contacts/batch/update "), "salesforce": re.compile(rb"^POST \S+/composite.*PATCH", re.DOTALL)}


@contextmanager
def between(files: Path, crm: str) -> Iterator[Between]:
    """Stand between the config in `files` and the practice CRM that it names."""
    url, config = base_url(files, crm), files / "config.toml"
    one = Between(url=url, writes=WRITES[crm])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.casefold() not in _NOT_PASSED_ON}
            answer = one.passed_on(self.command, self.path, body, headers)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.casefold() not in _NOT_PASSED_ON:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.data)))
            self.end_headers()
            self.wfile.write(answer.data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _pass_on

        def send_response(self, code: int, message: str | None = None) -> None:
            """Begin an answer without a time of this machine: the practice CRM has a clock of its own."""
            self.send_response_only(code, message)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace(url, f"http://127.0.0.1:{server.server_address[1]}"), encoding="utf-8")
    try:
        yield one
    finally:
        config.write_text(text, encoding="utf-8")
        server.shutdown()
        server.server_close()
