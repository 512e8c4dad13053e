"""Speaks plain http to a practice org on this machine where the client library insists on https and a My Domain."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter


class Loopback(HTTPAdapter):
    """Sends what is meant for one https host to a port of this machine; mounted on that host alone. Source: crm-facts, section 1.6."""

    def __init__(self, port: int, *, at_once: int) -> None:
        self._port = port
        super().__init__(pool_maxsize=at_once, pool_block=True)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send to the port."""
        parts = urlsplit(str(request.url))
        request.headers["Host"] = parts.netloc
        request.url = urlunsplit(("http", f"127.0.0.1:{self._port}", parts.path, parts.query, ""))
        return super().send(request, *args, **kwargs)
