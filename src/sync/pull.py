"""CRM -> mirror: every stream, page by page, each page saved with its cursor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from connectors.errors import Forbidden
from connectors.protocol import Connector
from connectors.records import Account, Page, Vocabulary
from sync.store.mirror import Mirror

REFERENCE = frozenset({"definitions", "owners"})  # without these, and the persons themselves, nothing can be judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one stream has come; `total` only where the CRM tells it."""

    crm: str
    stream: str
    rows: int
    total: int | None
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What one CRM gave: the account, rows read per stream, and the streams that were closed to us."""

    account: Account
    rows: dict[str, int]
    closed: dict[str, str]  # stream -> why


def pull_account(
    connector: Connector, mirror: Mirror, words: Vocabulary, *, account: Account, seen_at: datetime, tell: Callable[[Progress], None]
) -> Pulled:
    """Read what changed in every stream into the mirror.

    A stream that our credentials may not read is noted and left out, unless nothing can be judged without
    it. Any other error of the CRM is raised; pages saved before stay.
    """
    pulled = Pulled(account=account, rows={}, closed={})
    for stream in connector.streams():
        try:
            pulled.rows[stream] = _pull_stream(connector, mirror, stream, seen_at=seen_at, tell=tell)
        except Forbidden as error:
            if stream in REFERENCE or stream == words.person_stream:
                raise
            mirror.note_failure(connector.crm, stream, str(error), at=seen_at)
            pulled.closed[stream] = str(error)
    return pulled


def _pull_stream(connector: Connector, mirror: Mirror, stream: str, *, seen_at: datetime, tell: Callable[[Progress], None]) -> int:
    rows = 0
    for page in connector.pages(stream, mirror.cursor(connector.crm, stream)):
        mirror.save_page(connector.crm, page, seen_at=seen_at)
        rows += _size(page)
        tell(Progress(crm=connector.crm, stream=stream, rows=rows, total=page.total, done=page.last))
    return rows


def _size(page: Page) -> int:
    return len(page.records) + len(page.activities) + len(page.owners) + len(page.definitions)
