"""A real Chromium for tests, and what it noticed about a page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Literal

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def browser_path() -> str:
    """Return the browser of this machine; the test fails with what to install where there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail(f"tests/browser needs a browser, one of {', '.join(NAMES)}: `apt-get install chromium`", pytrace=False)
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser of this machine, without a window."""
    path = browser_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Noticed:
    """What happened while a page was open; all empty for a page that only shows itself."""

    dialogs: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)  # beside the one for the page itself
    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@contextmanager
def opened(
    browser: Browser, file: Path, *, width: int = 1280, scheme: Literal["light", "dark"] = "light"
) -> Iterator[tuple[Page, Noticed]]:
    """Open a file as a mail's attachment is opened, and note all it does."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, noticed = context.new_page(), Noticed()

    def dismiss(dialog: Dialog) -> None:
        noticed.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.on("request", lambda request: noticed.requests.append(request.url))
    page.on("console", lambda message: noticed.console.append(message.text))
    page.on("pageerror", lambda error: noticed.errors.append(str(error)))
    page.goto(file.as_uri())  # until the whole file is parsed: on a busy machine the network falls idle before
    page.wait_for_load_state("networkidle")
    noticed.requests.remove(file.as_uri())
    yield page, noticed
    context.close()


@contextmanager
def ear() -> Iterator[tuple[str, list[str]]]:
    """Serve on this machine and yield the address and the paths that anybody asked for."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
