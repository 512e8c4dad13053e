"""When a criterion over the fields of one record turned true and false. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.records import Record
from sync.agreement.criteria import Criterion
from sync.history import RowAt, Track, moments


def turns(record: Record, criterion: Criterion, tracks: Mapping[str, Track], zone: ZoneInfo) -> Iterator[tuple[datetime, bool]]:
    """Yield the moments at which a criterion over a record's own fields turned, from the record's creation on."""
    truth = False
    if not criterion.can_hold(lambda name: tracks[name].ever(criterion.types[name], zone)):
        return
    for at in sorted(moments(tracks.values()) | {record.created_at}):
        holds = criterion.truth(RowAt(tracks, criterion.types, zone, at)) is True
        if holds != truth:
            truth = holds
            yield at, holds
