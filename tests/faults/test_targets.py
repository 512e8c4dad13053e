"""Targets of messages that refuse, hang, break off or are not there: what surely did not arrive is told from what may have."""

from __future__ import annotations

import socket

import pytest

from sync.letter import Answer, Fate, Letter
from sync.notify import AppriseDoor, what_was_said
from tests.flow.receiver import receiver

LETTER = Letter(title="A title", body="One <b>line</b> & *another*\nand the next")


def test_a_letter_arrives_as_it_was_written() -> None:
    with receiver() as to:
        assert AppriseDoor().send(to.url("box"), LETTER, timeout_s=20) == Answer(Fate.SENT)
        (got,) = to.got["/box"]
    assert (got["title"], got["message"]) == (LETTER.title, LETTER.body)


@pytest.mark.parametrize(
    ("status", "fate"), [(404, Fate.FAILED), (429, Fate.FAILED), (500, Fate.FAILED), (502, Fate.UNKNOWN), (504, Fate.UNKNOWN)]
)
def test_a_refusal_has_failed_and_an_answer_that_was_lost_on_the_way_is_unknown(status: int, fate: Fate) -> None:
    with receiver() as to:
        to.status = status
        assert AppriseDoor().send(to.url("box"), LETTER, timeout_s=20) == Answer(fate, f"answered {status}")


def test_a_target_that_hangs_is_left_to_itself_and_may_have_got_it() -> None:
    with receiver() as to:
        to.answers.clear()
        assert AppriseDoor().send(to.url("box"), LETTER, timeout_s=0.5) == Answer(Fate.UNKNOWN, "no answer in time")
        assert len(to.got["/box"]) == 1


def test_a_target_that_is_not_there_has_surely_not_got_it() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"json://127.0.0.1:{nobody.getsockname()[1]}/box"
        assert AppriseDoor().send(url, LETTER, timeout_s=20) == Answer(Fate.FAILED, "cannot be reached")


def test_a_url_of_no_service_is_told_without_it() -> None:
    answer = AppriseDoor().send("carrier-pigeon://secret", LETTER, timeout_s=20)
    assert answer == Answer(Fate.FAILED, "Apprise knows no service with such a URL")


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        (["Socket Exception: (550, b'no such user')"], Answer(Fate.FAILED, "the mail server answered 550")),
        (["Socket Exception: [Errno 111] Connection refused"], Answer(Fate.FAILED, "cannot be reached")),
        (["Socket Exception: Read timed out. (read timeout=10)"], Answer(Fate.UNKNOWN, "no answer in time")),
        ([], Answer(Fate.UNKNOWN, "the answer was lost, or tells nothing")),
    ],
)
def test_what_tells_nothing_certain_is_unknown(lines: list[str], answer: Answer) -> None:
    assert what_was_said(lines) == answer
