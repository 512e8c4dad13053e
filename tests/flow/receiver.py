"""A real receiver of messages on this machine, for targets such as json://127.0.0.1:PORT/box."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "never-to-be-shown"  # of its URLs


@dataclass(kw_only=True)
class Receiver:
    """Notes what it is sent, by path; answers with `status`, or not before `answers` is set."""

    status: int = 200
    answers: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)
    got: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    port: int = 0

    def url(self, box: str) -> str:
        """Return the Apprise URL of a box."""
        return f"json://hook:{SECRET}@127.0.0.1:{self.port}/{box}"

    def hang(self) -> None:
        """Take what comes, and answer nothing from now on."""
        self.arrived.clear()
        self.answers.clear()

    def go_on(self) -> None:
        """Answer again."""
        self.answers.set()

    def take(self, box: str) -> list[str]:
        """Return title and text of what came into a box since it was last emptied."""
        return [f"{one['title']}\n{one['message']}" for one in self.got.pop(f"/{box}", [])]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Serve until the end of the block."""
    one = Receiver()
    one.answers.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = one.status
            one.got.setdefault(self.path, []).append(body)
            one.arrived.set()
            one.answers.wait(60)
            try:
                self.send_response(status)
                self.end_headers()
            except OSError:
                pass  # whoever sent it was killed

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        one.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield one
        finally:
            one.answers.set()
            server.shutdown()
