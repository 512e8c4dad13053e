"""The door to Apprise: one text to one target, and whether it arrived, did not, or may have."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING

from sync.letter import NO_ANSWER, Answer, Fate, Letter

if TYPE_CHECKING:
    from apprise import Apprise, AppriseResult

LATE = Answer(Fate.UNKNOWN, NO_ANSWER)
_STATUS = re.compile(r"error=(\d{3})")
_NO_ANSWER = frozenset({"502", "504"})  # somebody between us and the target lost its answer
_NEVER_LEFT = (
    "Failed to establish a new connection",
    "ConnectTimeoutError",
    "Connection refused",
    "Name or service not known",
    "NameResolutionError",
    "CERTIFICATE_VERIFY_FAILED",
    "No route to host",
    "Network is unreachable",
)
_REFUSED_MAIL = re.compile(r"Socket Exception: \(([45]\d\d), ")  # how smtplib's errors tell what the mail server said


@dataclass(slots=True)
class AppriseDoor:
    """Sends through Apprise, which is loaded with the first message; keeps a connection's pace per address."""

    _services: dict[str, Apprise] = field(default_factory=dict)

    def send(self, url: str, letter: Letter, *, timeout_s: float) -> Answer:
        """Send one text to an Apprise URL; a target that does not answer in `timeout_s`, beside its own pace, is left to itself."""
        service = self._service(url, timeout_s)
        if not len(service):
            return Answer(Fate.FAILED, "Apprise knows no service with such a URL")
        heard: list[Answer] = []
        sending = Thread(target=lambda: heard.append(_sent(service, letter)), daemon=True)  # ends with the program at the latest
        sending.start()
        sending.join(timeout_s + max(one.request_rate_per_sec for one in service))
        return heard[0] if heard else LATE

    def _service(self, url: str, timeout_s: float) -> Apprise:
        if url not in self._services:
            self._services[url] = _opened(url, timeout_s)
        return self._services[url]


def _opened(url: str, timeout_s: float) -> Apprise:
    import apprise  # noqa: PLC0415 - half a second and a hundred services that most commands never need

    logger = logging.getLogger("apprise")
    logger.propagate = False  # it may tell addresses
    logger.setLevel(logging.DEBUG)  # only so does it say why a connection failed
    service = apprise.Apprise(asset=apprise.AppriseAsset(app_id="leadpact", async_mode=False, service_timeout=0))
    service.add(url)
    for one in service:
        one.socket_connect_timeout = one.socket_read_timeout = timeout_s
    return service


def _sent(service: Apprise, letter: Letter) -> Answer:
    return _answer(service.notify(body=letter.body, title=letter.title, body_format="text", log_level=logging.DEBUG))


def _answer(result: AppriseResult) -> Answer:
    if result:
        return Answer(Fate.SENT)
    return what_was_said(entry.message for entry in result.logs())


def what_was_said(lines: Iterable[str]) -> Answer:
    """Read Apprise's log of a call that failed: only what surely did not arrive has failed, all else is unknown."""
    text = "\n".join(lines)
    if (found := _STATUS.search(text)) is not None:
        fate = Fate.UNKNOWN if found[1] in _NO_ANSWER else Fate.FAILED
        return Answer(fate, f"answered {found[1]}")
    if (mail := _REFUSED_MAIL.search(text)) is not None:
        return Answer(Fate.FAILED, f"the mail server answered {mail[1]}")
    if any(sign in text for sign in _NEVER_LEFT):
        return Answer(Fate.FAILED, "cannot be reached")
    return LATE if "timed out" in text else Answer(Fate.UNKNOWN, "the answer was lost, or tells nothing")
