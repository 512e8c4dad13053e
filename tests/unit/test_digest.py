"""At most so many messages an hour and one digest; nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.digest import WITHIN, Lately, share_out


def test_what_goes_beyond_the_limit_goes_as_one_digest_and_what_comes_after_it_waits() -> None:
    first = share_out(list(range(5)), lately=Lately(alone=1), most=3)
    assert (first.alone, first.together) == ([0, 1], [2, 3, 4])
    later = share_out([5], lately=Lately(alone=3, digests=1), most=3)
    assert (later.alone, later.together) == ([], ())


@settings(deadline=None)
@given(minutes=st.lists(st.integers(min_value=0, max_value=200), max_size=30), most=st.integers(min_value=1, max_value=4))
def test_whenever_messages_come_an_hour_has_at_most_so_many_and_one_digest_and_each_is_sent_once(minutes: Sequence[int], most: int) -> None:
    waiting: list[int] = []
    sent: list[int] = []  # messages, in the order in which they went
    letters: list[tuple[int, bool]] = []  # minute, whether it was a digest
    for minute in range(900):
        waiting += [number for number, at in enumerate(minutes) if at == minute]
        lately = [digest for at, digest in letters if timedelta(minutes=minute - at) < WITHIN]
        shares = share_out(waiting, lately=Lately(alone=lately.count(False), digests=lately.count(True)), most=most)
        letters += [(minute, False) for _ in shares.alone] + [(minute, True)] * bool(shares.together)
        gone = [*shares.alone, *shares.together]
        sent += gone
        waiting = [one for one in waiting if one not in gone]
        within = [digest for at, digest in letters if timedelta(minutes=minute - at) < WITHIN]
        assert within.count(False) <= most and within.count(True) <= 1
    assert sorted(sent) == list(range(len(minutes))) and not waiting
