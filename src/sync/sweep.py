"""What a CRM holds and we do not, and the other way round: told by nobody, so noticed by counting, and looked for where counts differ."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from connectors.errors import ConnectorError, Denied
from connectors.protocol import Connector
from connectors.records import Page, RecordKey
from sync.pull import Live, Progress, Pulled, Vanished
from sync.shrunken import refuse_if_too_many_erased
from sync.store.live import Surplus
from sync.store.mirror import Mirror

COUNTED_AFTER = timedelta(minutes=10)  # how old a row is when an index that lags counts it for certain


def sweep(
    connector: Connector, mirror: Mirror, pulled: Pulled, *, tell: Callable[[Progress], None], accepted: Collection[str] = ()
) -> None:
    """Find what vanished from each stream, or never arrived, where we hold another number of rows than the CRM counts.

    Where a stream cannot be looked through now (no calls are left for it, it is closed to us, the CRM fails) that is noted: the
    promises of what vanished then run on for a while. Raises Denied, and TooManyErased.
    """
    for stream, live in pulled.live.items():
        held = mirror.live(connector.crm, live.kind)
        try:
            if stream not in pulled.closed:
                _Sweep(connector, mirror, pulled, stream, live, tell, accepted).run()
        except Denied:
            raise
        except ConnectorError as error:
            _put_off(stream, error, pulled)
        if (went := held - mirror.live(connector.crm, live.kind)) > 0:
            pulled.vanished[stream] = replace(pulled.vanished.get(stream, Vanished()), rows=went)


def find_erased(connector: Connector, mirror: Mirror, pulled: Pulled, *, stream: str) -> None:
    """Find the persons of `stream` who were deleted at first and erased later, of which no count tells.

    The day's first run looks for those who are gone here and no longer in the recycle bin; put off and noted like a sweep.
    """
    crm, told = connector.crm, connector.usage()
    gone = mirror.gone_persons(crm) if told.today == told.calls else frozenset()
    if not gone:
        return
    try:
        in_the_bin = {key.id for page in connector.archived(stream) for key, _ in page.gone}
        for page in connector.look_up(stream, sorted(gone - in_the_bin)):
            mirror.save_page(crm, page, seen_at=pulled.account.server_now)
    except Denied:
        raise
    except ConnectorError as error:
        _put_off(stream, error, pulled)


def _put_off(stream: str, why: ConnectorError, pulled: Pulled) -> None:
    pulled.unswept[stream] = str(why)
    structlog.get_logger().warning("sweep_put_off", crm=pulled.account.crm, stream=stream, why=str(why))


@dataclass(slots=True)
class _Sweep:
    """One stream, looked through."""

    connector: Connector
    mirror: Mirror
    pulled: Pulled
    stream: str
    live: Live
    tell: Callable[[Progress], None]
    accepted: Collection[str]
    _seen: int = field(default=0, init=False)

    def run(self) -> None:
        """Look for what is more than the CRM's own way of counting: that is a difference that stands while nothing else changes.

        What changes while we look, and what the index has not counted yet, makes a difference too. Believed, it would hide as many
        rows that vanish next.
        """
        crm, now = self.connector.crm, self.pulled.account.server_now
        noted = self.mirror.surplus(crm, self.stream)
        usual = noted.rows if noted.stood_for >= COUNTED_AFTER else 0
        left, nothing_else = self._look(usual)
        if left == usual == noted.rows:
            return
        if nothing_else:
            self.mirror.note_surplus(crm, self.stream, noted.then(left, at=now))
        elif left != noted.rows:
            self.mirror.note_surplus(crm, self.stream, Surplus())

    def _look(self, usual: int) -> tuple[int, bool]:
        """Compare the counts; look up what is too young to be counted; look into the bin for what is missing; compare every id.

        Return by how many rows more than the CRM counts there are in the end, and whether nothing was found that may explain it.
        """
        if self._held() - self.live.rows == usual:
            return usual, True
        counted, held = self._counted(), self._held()
        if held - counted > usual:
            self._look_into_the_bin(until=lambda: self._held() - counted <= usual)
        if self._held() - counted == usual:
            return usual, True
        differ = self.mirror.not_among(self.connector.crm, self.live.kind, self._listed())
        self._look_up([*differ.missing_in_crm, *differ.unknown_here])
        return self._held() - counted, not (differ.missing_in_crm or differ.unknown_here) and self._held() == held

    def _held(self) -> int:
        return self.mirror.live(self.connector.crm, self.live.kind)

    def _counted(self) -> int:
        """Return how many rows there are: the old ones as the CRM counts them, the young ones as we find them by id."""
        upto = self.pulled.account.server_now - COUNTED_AFTER
        crm, kind = self.connector.crm, self.live.kind
        self._look_up(self.mirror.created_since(crm, kind, upto))
        return self.connector.count(self.stream, created_before=upto) + len(self.mirror.created_since(crm, kind, upto))

    def _look_into_the_bin(self, *, until: Callable[[], bool]) -> None:
        for page in self.connector.archived(self.stream):
            self._save(page)
            if until():
                return

    def _listed(self) -> Iterator[str]:
        for ids in self.connector.live_ids(self.stream):
            self._tell(len(ids))
            yield from ids

    def _look_up(self, ids: Sequence[str]) -> None:
        """Save what became of `ids`; what can be found nowhere is erased once it is known how much that is."""
        nowhere: list[RecordKey] = []
        for page in self.connector.look_up(self.stream, ids):
            nowhere += page.erased
            self._save(replace(page, erased=()))
        if nowhere:
            refuse_if_too_many_erased(
                f"{self.connector.crm}/{self.stream}", nowhere=len(nowhere), held=self._held(), accepted=self.accepted
            )
            self._save(replace(page, records=(), activities=(), links=(), gone=(), merged=(), erased=tuple(nowhere)))
            self.pulled.vanished[self.stream] = Vanished(erased=len(nowhere))

    def _save(self, page: Page) -> None:
        self.mirror.save_page(self.connector.crm, page, seen_at=self.pulled.account.server_now)
        self._tell(len(page.records) + len(page.activities) + len(page.gone))

    def _tell(self, rows: int) -> None:
        self._seen += rows
        self.tell(Progress(work=f"{self.connector.crm} {self.stream}, compared", rows=self._seen, total=None, done=False))
