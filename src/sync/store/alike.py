"""How many look-alikes of an activity were logged within one span."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sync.store.keys import as_json


class Window(NamedTuple):
    """A stretch of time in which look-alikes with one hash matter, both ends included (ms)."""

    alike: str
    begins: int
    ends: int
    last: int  # the last of the moments that it is about


class AlikeCounts:
    """Counts look-alikes by their hash, over the whole mirror, for one reading of leads."""

    def __init__(self, *, within: int, upto: int) -> None:
        """Count in spans of `within` ms what was logged not after `upto` (ms)."""
        self._within = within
        self._upto = upto

    def of(self, tx: sqlite3.Connection, wanted: Iterable[tuple[int, str, int]]) -> dict[int, int]:
        """Count for each (activity, hash, logged at): the fullest span that contains it, itself included."""
        rows = list(wanted)
        known = self._read(tx, windows(((alike, logged_at) for _, alike, logged_at in rows), self._within))
        counts: dict[int, int] = {}
        for activity, alike, logged_at in rows:
            times, spans = known[alike]
            counts[activity] = spans[bisect_left(times, logged_at)]
        return counts

    def _read(self, tx: sqlite3.Connection, wanted: Sequence[Window]) -> dict[str, tuple[list[int], list[int]]]:
        """Return the look-alikes near the moments asked for, and what each counts; at the edges of a window that may be too little."""
        rows = tx.execute(
            """
            SELECT one.value ->> 0, other.logged_at FROM json_each(:windows) AS one CROSS JOIN activity AS other
            ON other.alike = one.value ->> 0 AND other.logged_at BETWEEN one.value ->> 1 AND min(one.value ->> 2, :upto)
            ORDER BY one.key, other.logged_at
            """,
            {"windows": as_json(map(tuple, wanted)), "upto": self._upto},
        )
        found: dict[str, tuple[list[int], list[int]]] = {}
        for alike, group in groupby(rows, key=itemgetter(0)):
            times = [logged_at for _, logged_at in group]
            found[alike] = (times, fullest_spans(times, self._within))
        return found


def windows(moments: Iterable[tuple[str, int]], within: int) -> list[Window]:
    """Return the stretches in which anything lies within `within` of one of `moments` (hash, ms); by hash and time, none touch."""
    found: list[Window] = []
    for alike, at in sorted(set(moments)):
        begins = at - within
        if found and found[-1].alike == alike and begins <= found[-1].ends:
            begins = found.pop().begins
        found.append(Window(alike=alike, begins=begins, ends=at + within, last=at))
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
