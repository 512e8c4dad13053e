"""CRM -> mirror: every stream, page by page, each page saved with its cursor."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from connectors.errors import Forbidden
from connectors.protocol import Connector
from connectors.records import Account, Page, RecordKey, Vocabulary
from sync.lint import Facts
from sync.store.mirror import Mirror
from sync.together import read_together

DEFINITIONS, OWNERS = "definitions", "owners"
AT_ONCE = 6  # streams: as many as usually hold much (contacts, calls, emails, meetings, tasks, notes)
BELIEVED_FOR = timedelta(hours=1)  # definitions change seldom, and are asked for again before anything is refused by them
BEHIND = timedelta(minutes=15)
PERSONS_AT_ONCE = 500  # whose activities are read in one go


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a long work has come; `total` only where it is known."""

    work: str  # `hubspot contacts`, `judging`
    rows: int
    total: int | None
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """How many live rows of a kind the CRM says it holds."""

    kind: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished:
    """Rows that are gone: deleted, merged or erased."""

    rows: int = 0
    erased: int = 0  # of these; of persons nothing is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What one CRM gave; filled while it is read."""

    account: Account
    rows: dict[str, int] = field(default_factory=dict)  # stream -> rows read
    closed: dict[str, str] = field(default_factory=dict)  # stream -> why our credentials may not read it, and what is unknown by that
    live: dict[str, Live] = field(default_factory=dict)  # stream -> what the CRM says it holds, where it said so
    vanished: dict[str, Vanished] = field(default_factory=dict)  # stream -> what is gone since
    unswept: dict[str, str] = field(default_factory=dict)  # stream -> why it was not looked for what vanished, although something did
    behind: dict[str, datetime] = field(default_factory=dict)  # stream -> up to when it was read, where that is well before the run


def read_facts(connector: Connector, words: Vocabulary, account: Account) -> Facts:
    """Ask a CRM how its fields are defined and who its owners are; saves nothing."""
    told = {stream: tuple(connector.pages(stream, None)) for stream in (DEFINITIONS, OWNERS)}
    return Facts(account=replace(account, uses_leads_object=connector.uses_leads_object()), vocabulary=words, pages=told)


def known_facts(connector: Connector, words: Vocabulary, account: Account, mirror: Mirror) -> Facts | None:
    """Tell what `read_facts` would from what was read within the hour, asking only for news of the owners; None if that is too old."""
    crm = connector.crm
    read_at = mirror.streams(crm).get(DEFINITIONS)
    if read_at is None or read_at.upto is None or account.server_now - read_at.upto > BELIEVED_FOR:
        return None
    owners = tuple(connector.pages(OWNERS, mirror.cursor(crm, OWNERS)))
    told = {owner.id for page in owners for owner in page.owners}
    return Facts(
        account=account,
        vocabulary=words,
        pages={OWNERS: owners},
        known_definitions=mirror.definitions(crm),
        known_owners=tuple(owner for owner in mirror.owners(crm) if owner.id not in told),
        known_teams=mirror.teams(crm),
    )


def pull_account(
    connector: Connector,
    mirror: Mirror,
    facts: Facts,
    *,
    tell: Callable[[Progress], None],
    anew: bool = False,
    only: Collection[str] | None = None,
) -> Pulled:
    """Read what changed in every stream (everything, if `anew`; `only` some) into the mirror; what `facts` read is not read again.

    What is seen is stamped with the CRM's own time, as it was when the run began. Streams are read several at a time.

    A stream that our credentials may not read is noted and left out, unless nothing can be judged without
    it. Any other error of the CRM is raised; pages saved before stay.
    """
    pulled, seen_at = Pulled(account=facts.account), facts.account.server_now
    for page in (page for pages in facts.pages.values() for page in pages):
        _save(page, mirror, pulled, seen_at=seen_at, tell=tell)
    streams = [one for one in connector.streams() if one not in (DEFINITIONS, OWNERS) and (only is None or one in only)]
    cursors = {stream: None if anew else mirror.cursor(connector.crm, stream) for stream in streams}
    connector.expect(cursors)
    told_at = min(seen_at, connector.server_now or seen_at)  # a run that was resumed only estimates its beginning
    readers = {stream: partial(_pages_upto, connector, stream, cursor, now=told_at) for stream, cursor in cursors.items()}
    for arrival in read_together(readers, at_once=AT_ONCE):
        if arrival.page is not None:
            _save(arrival.page, mirror, pulled, seen_at=seen_at, tell=tell)
        elif arrival.closed is not None:
            _note_closed(arrival.stream, arrival.closed, mirror, pulled, words=facts.vocabulary)
    return pulled


def _pages_upto(connector: Connector, stream: str, cursor: str | None, *, now: datetime) -> Iterator[Page]:
    """Yield the pages of a stream, and, where they end a reading that began before `now`, those of what changed since.

    A run that was stopped leaves a reading that the next run only completes: alone it would tell what was so then.
    """
    last: Page | None = None
    for page in connector.pages(stream, cursor):
        last = page
        yield page
    if last is not None and last.cursor is not None and last.began_at < now:
        yield from connector.pages(stream, last.cursor)


def pull_evidence(
    connector: Connector, mirror: Mirror, persons: Sequence[RecordKey], pulled: Pulled, *, tell: Callable[[Progress], None]
) -> None:
    """Read the activities of `persons` by association: a breach is proof from absence, and polling can miss a late link.

    Streams that are closed to us stay unread, as the pull has noted.
    """
    for start in range(0, len(persons), PERSONS_AT_ONCE):
        some = persons[start : start + PERSONS_AT_ONCE]
        for page in connector.evidence(some, without=pulled.closed):
            mirror.save_page(connector.crm, page, seen_at=pulled.account.server_now)
        done = start + len(some)
        tell(Progress(work=f"{connector.crm} evidence", rows=done, total=len(persons), done=done == len(persons)))


def note_what_is_behind(mirror: Mirror, pulled: Pulled) -> None:
    """Note the streams that were not read up to now: the CRM's index hid rows."""
    for stream, state in mirror.streams(pulled.account.crm).items():
        if stream in pulled.rows and state.upto is not None and pulled.account.server_now - state.upto > BEHIND:
            pulled.behind[stream] = state.upto


def _save(page: Page, mirror: Mirror, pulled: Pulled, *, seen_at: datetime, tell: Callable[[Progress], None]) -> None:
    crm = pulled.account.crm
    mirror.save_page(crm, replace(page, erased=()), seen_at=seen_at)  # a sweep finds them again, and says how many there are
    rows = pulled.rows.get(page.stream, 0) + _size(page)
    pulled.rows[page.stream] = rows
    if page.live is not None and page.kind is not None:
        pulled.live[page.stream] = Live(kind=page.kind, rows=page.live)
    tell(Progress(work=f"{crm} {page.stream}", rows=rows, total=page.total, done=page.last))


def _note_closed(stream: str, why: Forbidden, mirror: Mirror, pulled: Pulled, *, words: Vocabulary) -> None:
    if stream == words.person_stream:
        raise why
    mirror.note_failure(pulled.account.crm, stream, str(why), at=pulled.account.server_now)
    pulled.closed[stream] = f"{why}; {why.fix}. {_unknown_without(stream, words)}"


def _unknown_without(stream: str, words: Vocabulary) -> str:
    if stream in words.touch_streams:
        return f"Until then promises that {stream} could have kept are unknown, never broken"
    if stream in words.history_streams:
        return f"Until then nobody knows when the changes happened that {stream} would tell, and what rests on that is unknown"
    if stream in (*words.context_streams, *words.person_streams):
        return f"Until then what rests on {stream} (criteria, the end of a passage, protection) is unknown"
    return f"No promise rests on {stream}"


def _size(page: Page) -> int:
    rows = page.records or page.changes  # changes beside records are theirs
    return len(rows) + len(page.activities) + len(page.owners) + len(page.definitions)
