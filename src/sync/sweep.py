"""What vanished from a CRM: told by nobody, so noticed by counting, and looked for where the counts differ."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain

import structlog

from connectors.errors import Exhausted
from connectors.protocol import Connector
from sync.errors import LimitReached
from sync.lint import Facts
from sync.pull import OWNERS, Live, Pulled
from sync.store.mirror import Mirror

FEW = 10  # rows; of fewer a part may well be gone by itself


class PullShrunk(LimitReached):
    """A CRM shows far fewer rows than it did: rather an outage or a lost permission than a fact. Nothing was judged or marked as gone."""

    def __init__(self, stream: str, *, live: int, held: int, share: float) -> None:
        super().__init__(
            f"{stream} holds {live:,} rows, and held {held:,} when it was read last; that is under {share:.0%} "
            "(limits.smallest_pull_share), so nothing was judged",
            fix=f"look into the CRM: is everything there, and does our token see all of it? If the rows were really deleted, run "
            f"`leadpact sync --dry-run --accept-shrunken {stream}`",
        )


def refuse_if_shrunken(mirror: Mirror, pulled: Pulled, *, share: float, accepted: Collection[str] = ()) -> None:
    """Raise PullShrunk for a stream that holds less than `share` of what we hold of it, unless it is `accepted`."""
    crm = pulled.account.crm
    for stream, live in sorted(pulled.live.items()):
        held = mirror.live(crm, live.kind)
        if f"{crm}/{stream}" not in accepted and held >= FEW and live.rows < held * share:
            raise PullShrunk(f"{crm}/{stream}", live=live.rows, held=held, share=share)


def refuse_if_owners_shrunken(mirror: Mirror, facts: Facts, *, share: float, accepted: Collection[str] = ()) -> None:
    """Raise PullShrunk if far fewer owners are in office than we hold; every lead of the others would count as nobody's."""
    stream = f"{facts.account.crm}/{OWNERS}"
    told = {owner.id for page in facts.pages[OWNERS] for owner in page.owners if owner.active}
    held = sum(owner.active for owner in mirror.owners(facts.account.crm))
    if stream not in accepted and held >= FEW and len(told) < held * share:
        raise PullShrunk(stream, live=len(told), held=held, share=share)


def sweep(connector: Connector, mirror: Mirror, pulled: Pulled) -> None:
    """Find what vanished from each stream of which we hold more rows than the CRM does.

    Where the day's calls do not suffice for that, it is put off and noted: the promises of what vanished then run on for a while.
    """
    for stream, live in pulled.live.items():
        try:
            _sweep_stream(connector, mirror, stream, live, pulled)
        except Exhausted as error:
            _put_off(connector, stream, error, pulled)
    mirror.scrub_if_due()


def find_erased(connector: Connector, mirror: Mirror, pulled: Pulled, *, stream: str) -> None:
    """Find the persons of `stream` who were deleted at first and erased later, of which no count tells.

    The day's first run looks for those who are gone here and no longer in the recycle bin; put off and noted like a sweep.
    """
    crm, seen_at, told = connector.crm, pulled.account.server_now, connector.usage()
    gone = mirror.gone_persons(crm) if told.today == told.calls else frozenset()
    if not gone:
        return
    try:
        binned = {key.id for page in connector.archived(stream) for key, _ in page.gone}
        for page in connector.look_up(stream, sorted(gone - binned)):
            mirror.save_page(crm, page, seen_at=seen_at)
    except Exhausted as error:
        _put_off(connector, stream, error, pulled)
    mirror.scrub_if_due()


def _put_off(connector: Connector, stream: str, why: Exhausted, pulled: Pulled) -> None:
    pulled.unswept[stream] = str(why)
    structlog.get_logger().warning("sweep_put_off", crm=connector.crm, stream=stream, why=str(why))


def _sweep_stream(connector: Connector, mirror: Mirror, stream: str, live: Live, pulled: Pulled) -> None:
    """Look into the recycle bin first, as that is small, and then compare every id."""
    crm, seen_at = connector.crm, pulled.account.server_now
    if _surplus(mirror, crm, live) <= 0:
        return
    for page in connector.archived(stream):
        mirror.save_page(crm, page, seen_at=seen_at)
        if _surplus(mirror, crm, live) <= 0:
            return
    differ = mirror.not_among(crm, live.kind, chain.from_iterable(connector.live_ids(stream)))
    for page in connector.look_up(stream, [*differ.missing_in_crm, *differ.unknown_here]):
        mirror.save_page(crm, page, seen_at=seen_at)


def _surplus(mirror: Mirror, crm: str, live: Live) -> int:
    return mirror.live(crm, live.kind) - live.rows
