"""What a daemon makes of signals, sent to this very process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from sync.daemon.events import Event, Reload, Stop
from sync.daemon.signals import Signals, StoppedAtOnce, heard


@pytest.fixture
def events() -> SimpleQueue[Event]:
    return SimpleQueue()


@pytest.fixture
def signals(events: SimpleQueue[Event]) -> Iterator[Signals]:
    one = Signals(put=events.put, stop_within_s=30)
    with heard(one):
        yield one


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)
    time.sleep(0.01)  # it is heard between two instructions


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_request_to_stop_is_an_event_and_the_second_ends_it_at_once(
    signals: Signals, events: SimpleQueue[Event], number: signal.Signals
) -> None:
    send(number)
    assert (events.get_nowait(), signals.is_stopping, signals.is_at_once) == (Stop(), True, False)
    with pytest.raises(StoppedAtOnce):
        send(number)
    assert signals.is_at_once
    assert events.empty()


def test_a_stop_that_takes_too_long_is_ended(events: SimpleQueue[Event]) -> None:
    with heard(Signals(put=events.put, stop_within_s=0.05)), pytest.raises(StoppedAtOnce):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)


def test_a_hangup_asks_for_the_files_anew_as_often_as_it_comes(signals: Signals, events: SimpleQueue[Event]) -> None:
    send(signal.SIGHUP)
    send(signal.SIGHUP)
    assert [events.get_nowait(), events.get_nowait()] == [Reload(), Reload()]
    assert not signals.is_stopping


def test_signals_do_afterwards_what_they_did_before(events: SimpleQueue[Event]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with heard(Signals(put=events.put, stop_within_s=0.05)):
        send(signal.SIGTERM)
    time.sleep(0.1)  # the alarm of the stop is off
    assert signal.getsignal(signal.SIGTERM) == before
