"""Many people who work in a practice portal while it is read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

from tests.flow.people import Deed, People


@contextmanager
def crowd(people: People, deeds: Sequence[Deed], *, per_s: float) -> Iterator[None]:
    """Let them do `deeds` at a steady pace, in a thread of their own, while the block runs; what stops them is raised at its end."""
    stopped = Event()

    def work() -> None:
        due_s = time.monotonic()
        while not stopped.is_set():
            people.do(deeds)
            due_s += 1 / per_s
            time.sleep(max(0.0, due_s - time.monotonic()))

    with ThreadPoolExecutor(1) as thread:
        working = thread.submit(work)
        try:
            yield
        finally:
            stopped.set()
        working.result()
