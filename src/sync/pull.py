"""CRM -> mirror: every stream, page by page, each page saved with its cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from connectors.errors import Forbidden
from connectors.protocol import Connector
from connectors.records import Account, Page, RecordKey, Vocabulary
from sync.lint import Facts
from sync.store.mirror import Mirror

REFERENCE = ("definitions", "owners")  # small, read whole each time, and before anything else


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


def read_facts(connector: Connector, words: Vocabulary, account: Account) -> Facts:
    """Ask a CRM how its fields are defined and who its owners are; saves nothing."""
    return Facts(account=account, vocabulary=words, pages={stream: tuple(connector.pages(stream, None)) for stream in REFERENCE})


def pull_account(connector: Connector, mirror: Mirror, facts: Facts, *, tell: Callable[[Progress], None]) -> Pulled:
    """Read what changed in every stream into the mirror; what `facts` read of the reference streams is not read again.

    What is seen is stamped with the CRM's own time, as it was when the run began.

    A stream that our credentials may not read is noted and left out, unless nothing can be judged without
    it. Any other error of the CRM is raised; pages saved before stay.
    """
    reference = facts.pages
    pulled = Pulled(account=facts.account, rows={}, closed={})
    for stream in connector.streams():
        pages = reference.get(stream) or connector.pages(stream, mirror.cursor(connector.crm, stream))
        try:
            pulled.rows[stream] = _save(connector.crm, stream, pages, mirror, seen_at=facts.account.server_now, tell=tell)
        except Forbidden as error:
            if stream == facts.vocabulary.person_stream:
                raise
            mirror.note_failure(connector.crm, stream, str(error), at=facts.account.server_now)
            pulled.closed[stream] = str(error)
    return pulled


def pull_evidence(connector: Connector, mirror: Mirror, persons: Sequence[RecordKey], *, facts: Facts) -> None:
    """Read the activities of `persons` by association: a breach is proof from absence, and polling can miss a late link.

    A stream that is closed to us stays unread, as the pull has noted.
    """
    try:
        for page in connector.evidence(persons):
            mirror.save_page(connector.crm, page, seen_at=facts.account.server_now)
    except Forbidden as error:
        structlog.get_logger().warning("evidence_closed", crm=connector.crm, why=str(error))


def _save(crm: str, stream: str, pages: Iterable[Page], mirror: Mirror, *, seen_at: datetime, tell: Callable[[Progress], None]) -> int:
    rows = 0
    for page in pages:
        mirror.save_page(crm, page, seen_at=seen_at)
        rows += _size(page)
        tell(Progress(crm=crm, stream=stream, rows=rows, total=page.total, done=page.last))
    return rows


def _size(page: Page) -> int:
    return len(page.records) + len(page.activities) + len(page.owners) + len(page.definitions)
