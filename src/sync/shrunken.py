"""When a CRM shows so much less than it did that nothing may be concluded from it."""

from __future__ import annotations

from collections.abc import Collection

from sync.errors import LimitReached
from sync.lint import Facts
from sync.pull import OWNERS, Pulled
from sync.store.mirror import Mirror

FEW = 10  # rows; of fewer a part may well be gone by itself
ERASED_FEW, ERASED_SHARE = 25, 0.01  # rows, or of a stream's rows; so many may be erased at once without anybody being asked


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


class TooManyErased(LimitReached):
    """Many rows can be found nowhere: erased, or hidden from us. Nothing of them was erased here."""

    def __init__(self, stream: str, *, nowhere: int, held: int) -> None:
        super().__init__(
            f"{nowhere:,} of {held:,} rows of {stream} are neither live, archived nor merged: erased, or hidden from our token; "
            f"more than {ERASED_FEW} and {ERASED_SHARE:.0%} are not taken for erased, so nothing was judged",
            fix=f"look into the CRM, and at what our token may see. If they were really erased, run "
            f"`leadpact sync --dry-run --accept-shrunken {stream}`",
        )


def refuse_if_too_many_erased(stream: str, *, nowhere: int, held: int, accepted: Collection[str]) -> None:
    """Raise TooManyErased if more rows than may be erased at once can be found nowhere, unless the stream is `accepted`."""
    if stream not in accepted and nowhere > max(ERASED_FEW, held * ERASED_SHARE):
        raise TooManyErased(stream, nowhere=nowhere, held=held)
