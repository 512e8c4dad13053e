"""The rule of fair routing: how near everybody stays to their share, after which histories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.fair import LineUp, Seat, next_owner
from sync.route import Book

History = list[frozenset[str]]  # who could not get each lead
Rule = Callable[..., str]

LAW = settings(deadline=None)  # a busy machine breaks none
WEIGHTS = st.sampled_from([0.1, 0.5, 1.0, 1.0, 1.0, 2.0, 3.0, 10.0])


@st.composite
def pools(draw: st.DrawFn, most: int = 9) -> list[Seat]:
    return [Seat(owner=f"m{n}", weight=draw(WEIGHTS)) for n in range(draw(st.integers(1, most)))]


@st.composite
def histories(draw: st.DrawFn, most: int = 9, leads: int = 80) -> tuple[list[Seat], History]:
    """A pool, and of each lead who could not get it: absent, full, of another territory, or one who failed it."""
    seats = draw(pools(most))
    owners = [seat.owner for seat in seats]
    away = st.frozensets(st.sampled_from(owners), max_size=len(owners) - 1)
    return seats, draw(st.lists(away, min_size=1, max_size=leads))


def routed(seats: list[Seat], history: History) -> tuple[list[str], dict[str, float], float]:
    """Route leads one after the other; return who got them, what each is owed in the end, and by how much anybody ever was off."""
    owed: dict[str, float] = {}
    got, worst = [], 0.0
    for away in history:
        could = [seat for seat in seats if seat.owner not in away]
        owner = next_owner(could, owed=owed, among=len(seats))
        whole = sum(seat.weight for seat in could)
        for seat in could:
            owed[seat.owner] = owed.get(seat.owner, 0.0) + seat.weight / whole
        owed[owner] -= 1
        got.append(owner)
        worst = max(worst, *map(abs, owed.values()))
    return got, owed, worst


@LAW
@given(pools(), st.integers(1, 150))
def test_as_long_as_the_seats_stay_the_same_everybody_is_always_within_one_lead_of_their_share(seats: list[Seat], leads: int) -> None:
    _, _, worst = routed(seats, [frozenset()] * leads)
    assert worst <= max(0.0, 1 - 1 / (2 * len(seats) - 2) if len(seats) > 1 else 0.0) + 1e-6


@LAW
@given(histories())
def test_after_any_history_nobody_is_further_off_than_the_bound_that_is_proved(told: tuple[list[Seat], History]) -> None:
    seats, history = told
    _, _, worst = routed(seats, history)
    assert worst <= max(0, 2 * len(seats) - 3) + 1e-6


@pytest.mark.campaign
@given(histories(most=30, leads=1000))
@settings(max_examples=300, deadline=None)
def test_after_any_long_history_nobody_is_further_off_than_the_bound_that_is_proved(told: tuple[list[Seat], History]) -> None:
    seats, history = told
    _, _, worst = routed(seats, history)
    assert worst <= max(0, 2 * len(seats) - 3) + 1e-6


@pytest.mark.parametrize("rule", [next_owner, lambda pair, owed: pair[0].owner, lambda pair, owed: pair[-1].owner])
def test_where_seats_change_from_lead_to_lead_no_rule_keeps_everybody_within_one_lead_of_their_share(rule: Rule) -> None:
    """Eight members, two for each lead: whoever does not get one meets another such, until the last of them is owed one and a half."""
    left, owed = [Seat(owner=f"m{n}", weight=1) for n in range(8)], dict.fromkeys((f"m{n}" for n in range(8)), 0.0)
    while len(left) > 1:
        losers = []
        for pair in zip(left[::2], left[1::2], strict=True):
            winner = rule(pair, owed=owed)
            for seat in pair:
                owed[seat.owner] += 0.5 - (seat.owner == winner)
            losers += [seat for seat in pair if seat.owner != winner]
        left = losers
    assert max(owed.values()) == 1.5


@LAW
@given(histories())
def test_the_quick_way_gives_each_lead_to_whom_the_rule_gives_it(told: tuple[list[Seat], History]) -> None:
    seats, history = told
    line, got = LineUp(seats, {}), []
    for away in history:
        owner = line.next(away)
        assert owner is not None
        assert line.next(away) == owner, "asking takes nobody's turn"
        line.count(owner, away)
        got.append(owner)
    expected, owed, _ = routed(seats, history)
    assert got == expected
    assert line.owed() == pytest.approx({seat.owner: owed.get(seat.owner, 0.0) for seat in seats}, abs=1e-6)


@LAW
@given(pools(), st.data())
def test_a_book_with_leads_of_several_territories_gives_each_to_whom_the_rule_gives_it(seats: list[Seat], data: st.DataObject) -> None:
    """Line-ups that overlap share what their members are owed, in whatever order they are used."""
    whole = tuple(seats)
    some = st.lists(st.sampled_from(whole), min_size=1, unique=True).map(lambda few: tuple(seat for seat in whole if seat in few))
    line_ups = [whole, *data.draw(st.lists(some, max_size=4))]
    owed: dict[str, float] = {}
    book = Book()
    for could in data.draw(st.lists(st.sampled_from(line_ups), max_size=60)):
        given_one = book.next("sdr", could, failed=())
        assert given_one is not None
        assert given_one.owner == next_owner(could, owed=owed)
        book.count(given_one)
        share = sum(seat.weight for seat in could)
        owed |= {seat.owner: owed.get(seat.owner, 0.0) + seat.weight / share for seat in could}
        owed[given_one.owner] -= 1
        assert book.owed["sdr"] == pytest.approx({owner: owed.get(owner, 0.0) for owner in book.owed["sdr"]}, abs=1e-6)


def test_nobody_is_left_where_everybody_is_out() -> None:
    line = LineUp([Seat(owner="a", weight=1), Seat(owner="b", weight=1)], {})
    assert line.next({"a", "b"}) is None
    assert line.next({"a"}) == "b"
    assert LineUp([], {}).next() is None


@LAW
@given(pools(), st.data())
def test_whoever_comes_back_from_leave_gets_no_more_than_their_share_of_what_comes_then_and_what_they_were_owed(
    seats: list[Seat], data: st.DataObject
) -> None:
    away = frozenset(data.draw(st.lists(st.sampled_from([seat.owner for seat in seats]), max_size=len(seats) - 1)))
    before, meanwhile, after = (data.draw(st.integers(0, 60)) for _ in range(3))
    _, owed, _ = routed(seats, [frozenset()] * before + [away] * meanwhile)
    got, _, _ = routed(seats, [frozenset()] * before + [away] * meanwhile + [frozenset()] * after)
    then, whole = Counter(got[before + meanwhile :]), sum(seat.weight for seat in seats)
    for seat in seats:
        if seat.owner in away:
            share = after * seat.weight / whole
            assert then[seat.owner] <= share + max(owed.get(seat.owner, 0.0), 0.0) + 1 + 1e-6, "their share, what they were owed, one lead"


@LAW
@given(histories(), st.randoms(use_true_random=False))
def test_what_each_is_owed_does_not_depend_on_the_order_in_which_turns_are_entered(told: tuple[list[Seat], History], rng: Random) -> None:
    seats, history = told
    book, givens = Book(), []
    for away in history:
        given_one = book.next("sdr", tuple(seats), failed=away)
        assert given_one is not None
        book.count(given_one)
        givens.append(given_one)
    rng.shuffle(givens)
    again = Book()
    for one in givens:
        again.count(one)
    for seat in seats:
        assert again.owed["sdr"].get(seat.owner, 0.0) == pytest.approx(book.owed["sdr"].get(seat.owner, 0.0), abs=1e-6)


@LAW
@given(pools(), st.lists(st.booleans(), min_size=1, max_size=60))
def test_a_turn_that_is_given_back_is_as_if_it_had_never_been_taken(seats: list[Seat], backs: list[bool]) -> None:
    book, kept = Book(), Book()
    for back in backs:
        given_one = book.next("sdr", tuple(seats), failed=())
        assert given_one is not None
        book.count(given_one)
        if back:
            book.count(given_one, -1)
        else:
            kept.count(given_one)
    assert book.owed.get("sdr", {}) == pytest.approx(kept.owed.get("sdr", dict.fromkeys((seat.owner for seat in seats), 0.0)), abs=1e-6)


def test_two_of_one_weight_take_turns_in_the_order_of_the_roster() -> None:
    got, _, _ = routed([Seat(owner="b", weight=1), Seat(owner="a", weight=1)], [frozenset()] * 5)
    assert got == ["b", "a", "b", "a", "b"]


@LAW
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_leads_changes_no_share_and_what_each_gets_by_twice_the_bound_at_most(
    told: tuple[list[Seat], History], rng: Random
) -> None:
    seats, history = told
    got, owed, _ = routed(seats, history)
    shuffled = rng.sample(history, len(history))
    got_then, owed_then, _ = routed(seats, shuffled)
    before, after = Counter(got), Counter(got_then)
    for seat in seats:
        share, share_then = owed.get(seat.owner, 0.0) + before[seat.owner], owed_then.get(seat.owner, 0.0) + after[seat.owner]
        assert share == pytest.approx(share_then, abs=1e-6)
        assert abs(before[seat.owner] - after[seat.owner]) <= max(0, 2 * (2 * len(seats) - 3)) + 1e-6
