"""Reads several streams at once, each in a thread of its own, and hands over their pages in the order in which they arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Event, Thread

from connectors.errors import Forbidden
from connectors.records import Page

LOOK_S = 0.1  # how long a reader waits at most before it asks whether anybody still wants its page

Readers = Mapping[str, Callable[[], Iterator[Page]]]  # stream -> begins to read it


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What one stream handed over."""

    stream: str
    page: Page | None = None
    closed: Forbidden | None = None  # the stream is closed to us
    error: Exception | None = None  # nothing more can be read of any


def read_together(readers: Readers, *, at_once: int) -> Iterator[Arrival]:
    """Yield the pages of all streams, those of one stream in order, and of each stream that is closed to us that it is.

    At most `at_once` streams are read at a time, and as many pages wait to be taken. Any other error of a stream ends them all and
    is raised. Whoever stops taking pages ends the readers too: each after the call that it is in.
    """
    arrivals: Queue[Arrival] = Queue(maxsize=at_once)
    todo: Queue[str] = Queue()
    for stream in readers:
        todo.put(stream)
    stopped = Event()
    threads = [
        Thread(target=_work, args=(readers, todo, arrivals, stopped), name=f"reader-{number}", daemon=True)
        for number in range(min(at_once, len(readers)))
    ]
    for thread in threads:
        thread.start()
    try:
        while (arrival := _next(arrivals, threads)) is not None:
            if arrival.error is not None:
                raise arrival.error
            yield arrival
    finally:
        stopped.set()


def _next(arrivals: Queue[Arrival], threads: list[Thread]) -> Arrival | None:
    """Return what arrives next; None once all readers are done and nothing is left to take."""
    while True:
        at_work = any(thread.is_alive() for thread in threads)
        try:
            return arrivals.get(timeout=LOOK_S) if at_work else arrivals.get_nowait()
        except Empty:
            if not at_work:
                return None


def _work(readers: Readers, todo: Queue[str], arrivals: Queue[Arrival], stopped: Event) -> None:
    """Read one stream after the other until none is left."""
    while not stopped.is_set():
        try:
            stream = todo.get_nowait()
        except Empty:
            return
        _read(stream, readers[stream], lambda arrival: _handed_over(arrival, arrivals, stopped))


def _read(stream: str, read: Callable[[], Iterator[Page]], hand_over: Callable[[Arrival], bool]) -> None:
    """Hand over what a stream brings; an error too, to be raised where the pages are taken."""
    try:
        for page in read():
            if not hand_over(Arrival(stream=stream, page=page)):
                return
    except Forbidden as error:
        hand_over(Arrival(stream=stream, closed=error))
    except Exception as error:  # noqa: BLE001 - raised again in the thread that takes the pages
        hand_over(Arrival(stream=stream, error=error))


def _handed_over(arrival: Arrival, arrivals: Queue[Arrival], stopped: Event) -> bool:
    """Wait until the arrival can be taken; False if nobody wants it any more."""
    while not stopped.is_set():
        try:
            arrivals.put(arrival, timeout=LOOK_S)
            return True
        except Full:
            continue
    return False
