"""What leadpact ought to do about a lead: worked out by docs/reference/judging.md from what was done with it, not by the judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from tests.faults.office import OFFICES
from tests.faults.reps import SETTLED, TO_TOUCH, Story

TO_ACCEPT = timedelta(hours=24)
WARNED_AT = (50, 80)  # percent of either promise's time
OLDEST = 2  # business days: what is older is left to the digest
SLACK = timedelta(minutes=1)  # a daemon's clock runs on between two looks at the CRM's
Name = tuple[str, str, int]  # rule, action, rung


@dataclass(frozen=True, kw_only=True)
class Due:
    """A rung that may be carried out from `since` up to `upto`, and must be if somebody looked in between, and then once more."""

    name: Name
    since: datetime
    upto: datetime
    must: bool


@dataclass(frozen=True, kw_only=True)
class Looks:
    """When the daemon surely had read and judged all there was."""

    at: Sequence[datetime]  # in order

    def after(self, moment: datetime, *, skip: int = 0) -> datetime | None:
        """Return the first look at or after a moment, or a later one."""
        later = [look for look in self.at if look >= moment]
        return later[skip] if len(later) > skip else None

    def twice_since(self, moment: datetime) -> bool:
        """Whether there were two: what a CRM failed to take at the first is carried out at the next."""
        return self.after(moment, skip=1) is not None

    def any_in(self, since: datetime, upto: datetime) -> bool:
        """Whether there was one from `since` on, and before `upto`."""
        first = self.after(since)
        return first is not None and first < upto


@dataclass(frozen=True, kw_only=True)
class Had:
    """Somebody owned the lead from `since` up to `upto`."""

    owner: str
    since: datetime
    upto: datetime


def what_is_due(story: Story, owned: Sequence[Had], looks: Looks) -> Iterator[Due]:
    """Yield every rung; `owned` tells who had the lead when, without gaps."""
    yield from _of_first_touch(story, looks)
    yield from _of_acceptance(story, owned, looks)


def _of_first_touch(story: Story, looks: Looks) -> Iterator[Due]:
    ended = min(filter(None, (story.called_at, story.due_at)))
    shares = [(share, story.office.hours_after(story.at, TO_TOUCH * share / 100)) for share in WARNED_AT]
    yield from _warnings("first_touch", shares, ended, looks)
    if (due := moved_at(story, looks)) is not None:
        yield due


def moved_at(story: Story, looks: Looks) -> Due | None:
    """Return when the lead is to be given to somebody else; None where it stays."""
    since = story.due_at + SETTLED
    too_old = OFFICES["default"].days_after(story.due_at, OLDEST)
    look = looks.after(since)
    if story.called_at is not None or story.is_protected or (look is not None and look > too_old + SLACK):
        return None
    upto = looks.after(since, skip=1) or look or since
    return Due(
        name=("first_touch", "reassign", 1), since=since, upto=upto, must=look is not None and look <= too_old and looks.twice_since(since)
    )


def _of_acceptance(story: Story, owned: Sequence[Had], looks: Looks) -> Iterator[Due]:
    """Yield the rungs of each owner's promise to accept: broken for the first time it reminds, then it escalates."""
    broken, accepted = 0, story.accepted_at
    for had in owned:
        if accepted is not None and accepted <= had.since:
            return
        due_at, ends = had.since + TO_ACCEPT, min(filter(None, (accepted, had.upto)))
        shares = [(share, had.since + TO_ACCEPT * share / 100) for share in WARNED_AT]
        yield from _warnings("accept_or_reject", shares, min(ends, due_at), looks)
        if due_at < ends:
            broken += 1
            yield _broken(broken, due_at, ends, looks)


def _broken(count: int, due_at: datetime, ends: datetime, looks: Looks) -> Due:
    too_old = OFFICES["default"].days_after(due_at, OLDEST)
    last = min(ends, too_old)
    upto = min(last, looks.after(due_at, skip=1) or last)
    action = "remind" if count == 1 else "escalate"
    return Due(
        name=("accept_or_reject", action, count), since=due_at, upto=upto, must=looks.any_in(due_at, last) and looks.twice_since(due_at)
    )


def _warnings(rule: str, shares: Sequence[tuple[int, datetime]], ended: datetime, looks: Looks) -> Iterator[Due]:
    """Yield a reminder for each share that passed before the promise ended; one that another overtook is not sent any more."""
    for (share, since), (_, following) in pairwise([*shares, (100, ended)]):
        upto = min(following, ended)
        if since < upto:
            yield Due(name=(rule, "remind", -share), since=since, upto=upto, must=looks.any_in(since, upto))
