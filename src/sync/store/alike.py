"""How many look-alikes of an activity were logged within one span."""

from __future__ import annotations

import sqlite3
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from sync.store.keys import as_json

_LONG = 500  # a hash with more look-alikes is kept, for the leads to come will ask for it again


class AlikeCounts:
    """Counts look-alikes by their hash, over the whole mirror, for one reading of leads."""

    def __init__(self, *, within: int, upto: int) -> None:
        """Count in spans of `within` ms what was logged not after `upto` (ms)."""
        self._within = within
        self._upto = upto
        self._long: dict[str, tuple[array[int], array[int]]] = {}

    def of(self, tx: sqlite3.Connection, wanted: Iterable[tuple[int, str, int]]) -> dict[int, int]:
        """Count for each (activity, hash, logged at): the fullest span that contains it, itself included."""
        rows = list(wanted)
        known = self._long | self._read(tx, {alike for _, alike, _ in rows} - self._long.keys())
        counts: dict[int, int] = {}
        for activity, alike, logged_at in rows:
            times, spans = known[alike]
            counts[activity] = spans[bisect_left(times, logged_at)]
        return counts

    def _read(self, tx: sqlite3.Connection, hashes: Iterable[str]) -> dict[str, tuple[array[int], array[int]]]:
        rows = tx.execute(
            """
            SELECT alike, logged_at FROM activity
            WHERE alike IN (SELECT value FROM json_each(?)) AND logged_at <= ? ORDER BY alike, logged_at
            """,
            (as_json(hashes), self._upto),
        )
        found: dict[str, tuple[array[int], array[int]]] = {}
        for alike, group in groupby(rows, key=itemgetter(0)):
            times = array("q", (logged_at for _, logged_at in group))
            found[alike] = (times, array("q", fullest_spans(times, self._within)))
            if len(times) > _LONG:
                self._long[alike] = found[alike]
        return found


def fullest_spans(times: Sequence[int], within: int) -> list[int]:
    """Return for each of the sorted `times` how many of them fit in the fullest span of `within` that contains it.

    A span holds both its ends.
    """
    if times and times[-1] - times[0] <= within:
        return [len(times)] * len(times)
    in_span = _counts_from(times, within)
    best: list[int] = []
    starts: deque[int] = deque()  # starts of spans that contain the current time, by falling count
    for i, time in enumerate(times):
        while starts and in_span[starts[-1]] <= in_span[i]:
            starts.pop()
        starts.append(i)
        while times[starts[0]] < time - within:
            starts.popleft()
        best.append(in_span[starts[0]])
    return best


def _counts_from(times: Sequence[int], within: int) -> list[int]:
    """Count for each of `times` those in the span that begins with it."""
    counts: list[int] = []
    end = 0
    for start, time in enumerate(times):
        while end < len(times) and times[end] <= time + within:
            end += 1
        counts.append(end - start)
    return counts
