"""The outbox in a real store: put once, claimed once, and what a kill left behind is never sent again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sync.digest import Lately
from sync.letter import Answer, Fate
from sync.messages import Kind, Message, Recipient, State
from sync.store.database import open_store
from sync.store.outbox import KEPT_FOR, MOST_ATTEMPTS, Outbox, Upto
from tests.builders import ny

NOW = ny("2026-11-18 10:00")
ANN = Recipient(role="owner", of="hubspot/11")
SENT, FAILED = Answer(Fate.SENT), Answer(Fate.FAILED, "answered 500")


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with open_store(tmp_path / "leadpact.db") as store:
        yield Outbox(store)


def a_message(finding: str = "f1", to: Recipient = ANN) -> Message:
    return Message(
        kind=Kind.REMINDER, recipient=to, rule="first_touch", lead="hubspot/contact/1", finding=finding, rung=-80, plan=1, position=0
    )


def states(outbox: Outbox) -> list[tuple[State, str | None]]:
    return [(one.state, one.said) for one in outbox.not_sent(10)]


def test_a_message_is_put_once_and_comes_back_as_it_was_put(outbox: Outbox) -> None:
    outbox.put([(a_message(), "desk")], at=NOW)
    outbox.put([(a_message(), "desk"), (a_message(), "mail")], at=NOW + timedelta(hours=1))

    kept = outbox.waiting()
    assert [(one.target, one.put_at) for one in kept] == [("desk", NOW), ("mail", NOW + timedelta(hours=1))]
    assert all(one.message == a_message() for one in kept)


def test_only_one_of_two_may_send_a_message(outbox: Outbox) -> None:
    outbox.put([(a_message(), "desk")], at=NOW)
    (one,) = outbox.waiting()
    assert [outbox.claim(one.id, at=NOW), outbox.claim(one.id, at=NOW)] == [True, False]
    outbox.note(one.id, SENT, at=NOW)
    assert not outbox.claim(one.id, at=NOW)
    assert outbox.waiting() == []


def test_a_message_in_which_a_run_was_killed_is_unknown_and_waits_no_more(outbox: Outbox) -> None:
    outbox.put([(a_message(), "desk")], at=NOW)
    (one,) = outbox.waiting()
    outbox.claim(one.id, at=NOW)

    outbox.settle(at=NOW)

    assert states(outbox) == [(State.UNKNOWN, "the run was killed in it")]
    assert outbox.waiting() == [] and not outbox.claim(one.id, at=NOW)


def test_what_failed_waits_up_to_a_number_of_attempts_and_what_is_a_day_old_is_dropped(outbox: Outbox) -> None:
    outbox.put([(a_message(), "desk"), (a_message("f2"), "desk")], at=NOW)
    for number in range(MOST_ATTEMPTS):
        assert [one.message.finding for one in outbox.waiting()] == ["f1", "f2"], number
        first = outbox.waiting()[0].id
        outbox.claim(first, at=NOW)
        outbox.note(first, FAILED, at=NOW)
    assert [one.message.finding for one in outbox.waiting()] == ["f2"]

    outbox.drop_old(at=NOW + KEPT_FOR)
    assert {said for state, said in states(outbox) if state is State.DROPPED} == {
        "not sent within a day",
        "not sent within a day: answered 500",
    }


def test_a_digest_holds_its_parts_which_are_what_it_is(outbox: Outbox) -> None:
    outbox.put([(a_message("f1"), "desk"), (a_message("f2"), "desk")], at=NOW)
    digest = outbox.bundle(outbox.waiting(), at=NOW)

    assert [(one.id, one.message.kind, one.message.recipient) for one in outbox.waiting()] == [(digest, Kind.DIGEST, ANN)]
    assert [one.message.finding for one in outbox.parts(digest)] == ["f1", "f2"]
    outbox.claim(digest, at=NOW)
    outbox.settle(at=NOW)
    assert [one.state for one in outbox.of_plan(1)[0]] == [State.UNKNOWN, State.UNKNOWN]


def test_what_somebody_got_lately_is_counted_by_target_and_reader_for_an_hour(outbox: Outbox) -> None:
    room = [Recipient(role="#room", of="hubspot/11"), Recipient(role="#room", of="hubspot/12")]
    outbox.put([(a_message(), "desk"), *((a_message(to=one), "desk") for one in room)], at=NOW)
    for one in outbox.waiting():
        outbox.claim(one.id, at=NOW)
        outbox.note(one.id, SENT, at=NOW)

    later = NOW + timedelta(minutes=59)
    assert outbox.lately("desk", ANN, now=later) == Lately(alone=1, first_at=NOW)
    assert outbox.lately("desk", room[0].reader, now=later) == Lately(alone=2, first_at=NOW)
    assert outbox.lately("mail", ANN, now=later) == Lately()
    assert outbox.lately("desk", ANN, now=NOW + timedelta(hours=1)) == Lately()


def test_a_new_store_has_no_news(outbox: Outbox) -> None:
    untold = outbox.untold()
    assert (untold.steps, untold.trips, untold.upto) == ((), {}, Upto(journal=0, plan=0))
