"""Cuts changes into what one call takes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.changes import Change


def cut(changes: Sequence[Change], *, most: int, kinds: int) -> Iterator[tuple[Change, ...]]:
    """Yield batches of at most `most` changes, of records of at most `kinds` kinds, each kind in a row and each record once.

    Changes of one kind keep their order; kinds come in the order in which they first appear.
    """
    places = {kind: place for place, kind in enumerate(dict.fromkeys(change.record.kind for change in changes))}
    batch = _Batch(most=most, kinds=kinds)
    for change in sorted(changes, key=lambda change: places[change.record.kind]):
        if not batch.takes(change):
            yield tuple(batch.changes)
            batch = _Batch(most=most, kinds=kinds)
        batch.add(change)
    if batch.changes:
        yield tuple(batch.changes)


class _Batch:
    """A batch that is being filled."""

    def __init__(self, *, most: int, kinds: int) -> None:
        self.changes: list[Change] = []
        self._most = most
        self._most_kinds = kinds
        self._records: set[object] = set()
        self._kinds: set[str] = set()

    def takes(self, change: Change) -> bool:
        is_room = len(self.changes) < self._most and len(self._kinds | {change.record.kind}) <= self._most_kinds
        return is_room and change.record not in self._records

    def add(self, change: Change) -> None:
        self.changes.append(change)
        self._records.add(change.record)
        self._kinds.add(change.record.kind)
