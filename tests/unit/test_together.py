"""Several streams at once: in order, none lost, and nobody left behind when it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from threading import Barrier, active_count
from time import monotonic, sleep

import pytest

from connectors.errors import Denied, Forbidden
from connectors.records import Page
from sync.together import Arrival, read_together

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOON_S = 5.0


def a_page(stream: str, number: int) -> Page:
    return Page(stream=stream, began_at=NOON, cursor=str(number), last=False)


def a_stream(name: str, pages: int) -> Callable[[], Iterator[Page]]:
    return lambda: (a_page(name, number) for number in range(pages))


def cursors(arrivals: list[Arrival], stream: str) -> list[str | None]:
    return [arrival.page.cursor for arrival in arrivals if arrival.page is not None and arrival.stream == stream]


def wait_for_threads(most: int) -> None:
    give_up = monotonic() + SOON_S
    while active_count() > most and monotonic() < give_up:
        sleep(0.01)
    assert active_count() <= most


def test_every_page_of_every_stream_arrives_in_its_streams_order() -> None:
    names = [f"stream {number}" for number in range(9)]
    arrivals = list(read_together({name: a_stream(name, 20) for name in names}, at_once=3))
    assert len(arrivals) == 180
    assert all(cursors(arrivals, name) == [str(number) for number in range(20)] for name in names)


def test_as_many_streams_as_are_allowed_are_read_at_once() -> None:
    together = Barrier(3, timeout=SOON_S)

    def read() -> Iterator[Page]:
        together.wait()  # passes only when three have come here
        yield a_page("any", 0)

    assert len(list(read_together({"a": read, "b": read, "c": read}, at_once=3))) == 3


def test_a_stream_that_is_closed_to_us_ends_alone() -> None:
    def closed() -> Iterator[Page]:
        yield a_page("closed", 0)
        raise Forbidden("no scope", fix="give it")

    arrivals = list(read_together({"closed": closed, "open": a_stream("open", 5)}, at_once=2))
    assert [str(arrival.closed) for arrival in arrivals if arrival.closed] == ["no scope"]
    assert len(cursors(arrivals, "closed")) == 1
    assert len(cursors(arrivals, "open")) == 5


@pytest.mark.parametrize("error", [Denied("revoked", fix="renew"), ZeroDivisionError("a slip of ours")])
def test_any_other_error_is_raised_where_the_pages_are_taken_and_ends_all(error: Exception) -> None:
    before = active_count()

    def broken() -> Iterator[Page]:
        yield a_page("broken", 0)
        raise error

    def endless() -> Iterator[Page]:
        while True:
            yield a_page("endless", 0)

    with pytest.raises(type(error), match=str(error)):
        list(read_together({"broken": broken, "endless": endless}, at_once=2))
    wait_for_threads(before)


def test_who_stops_taking_pages_ends_the_readers() -> None:
    before, read = active_count(), []

    def endless() -> Iterator[Page]:
        while True:
            read.append(1)
            yield a_page("endless", 0)

    with closing(read_together({"endless": endless}, at_once=2)) as arrivals:
        next(arrivals)
    wait_for_threads(before)
    assert len(read) < 10  # no more than wait to be taken


def test_no_stream_is_nothing_to_wait_for() -> None:
    assert list(read_together({}, at_once=4)) == []
