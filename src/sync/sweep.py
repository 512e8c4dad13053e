"""What vanished from a CRM: told by nobody, so noticed by counting, and looked for where the counts differ."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from itertools import chain

import structlog

from connectors.errors import Exhausted
from connectors.protocol import Connector
from sync.errors import LimitReached
from sync.lint import Facts
from sync.pull import OWNERS, Live, Pulled
from sync.store.mirror import Mirror

FEW = 10  # rows; of fewer a part may well be gone by itself
COUNTED_AFTER = timedelta(minutes=10)  # how old a row is when an index that lags counts it for certain


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
            pulled.unswept[stream] = str(error)
            structlog.get_logger().warning("sweep_put_off", crm=connector.crm, stream=stream, why=str(error))
    mirror.scrub_if_due()


def _sweep_stream(connector: Connector, mirror: Mirror, stream: str, live: Live, pulled: Pulled) -> None:
    """Compare the counts, look up what is too young to be counted by an index that lags, then look for what vanished of the rest.

    A surplus that stays although every id was compared is the CRM's own way of counting: it is noted, and no reason to look again.
    """
    crm, known = connector.crm, mirror.surplus(connector.crm, stream)
    if mirror.live(crm, live.kind) - live.rows <= known:
        return
    upto = pulled.account.server_now - COUNTED_AFTER
    _look_up(connector, mirror, stream, mirror.created_since(crm, live.kind, upto), pulled)
    counted = connector.count(stream, created_before=upto) + len(mirror.created_since(crm, live.kind, upto))

    def surplus() -> int:
        return mirror.live(crm, live.kind) - counted

    if surplus() <= known or _is_in_the_bin(connector, mirror, stream, pulled, lambda: surplus() <= known):
        return
    differ = mirror.not_among(crm, live.kind, chain.from_iterable(connector.live_ids(stream)))
    _look_up(connector, mirror, stream, [*differ.missing_in_crm, *differ.unknown_here], pulled)
    mirror.note_surplus(crm, stream, max(0, surplus()))


def _is_in_the_bin(connector: Connector, mirror: Mirror, stream: str, pulled: Pulled, found: Callable[[], bool]) -> bool:
    """Save what lies in the recycle bin as gone, page by page until all that is missing was found; False if it was not."""
    for page in connector.archived(stream):
        mirror.save_page(connector.crm, page, seen_at=pulled.account.server_now)
        if found():
            return True
    return False


def _look_up(connector: Connector, mirror: Mirror, stream: str, ids: list[str], pulled: Pulled) -> None:
    for page in connector.look_up(stream, ids):
        mirror.save_page(connector.crm, page, seen_at=pulled.account.server_now)
