"""What a running daemon says about itself: a file beside the store, written whole after each tick, for `status` and the health checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from errno import EDQUOT, ENOSPC
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from sync.private_files import write_over, write_whole


class CrmState(StrEnum):
    """How a CRM answers."""

    OK = "ok"
    DOWN = "down"  # it is asked again after a pause that grows


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmPulse:
    """How one CRM was reached the last time."""

    state: CrmState
    since: datetime  # in this state
    read_at: datetime | None = None  # the CRM's time at the last poll that was read to its end
    said: str | None = None  # what went wrong, a sentence
    fix: str | None = None
    closed: Mapping[str, str] = field(default_factory=dict)  # streams that our credentials may not read, why, and what is unknown by that


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """The state of a daemon at a moment; all times aware, by the daemon's clock."""

    pid: int
    host: str
    version: str
    started_at: datetime
    at: datetime  # of this beat
    ticked_at: datetime | None = None  # end of the last tick
    good_at: datetime | None = None  # end of the last tick that nothing went wrong in
    tick_s: float | None = None  # how long the last one took
    next_at: datetime | None = None  # when a promise, a message or a job of the schedule falls due next
    crms: Mapping[str, CrmPulse] = field(default_factory=dict)
    trouble: str | None = None  # why nothing is judged at the moment: the store is full, or held by another run
    reload_refused: str | None = None  # why the files as they are now are not those it goes by


_BEAT = TypeAdapter(Heartbeat)


def heartbeat_file(store: Path) -> Path:
    """Return where the daemon of a store writes its heartbeat."""
    return store.with_name(f"{store.name}.daemon")


def write_heartbeat(store: Path, beat: Heartbeat) -> None:
    """Write a heartbeat; raises OSError, and the last one stays. A full disk has room for it where the last one stands."""
    file, told = heartbeat_file(store), orjson.dumps(_BEAT.dump_python(beat, mode="json"))
    try:
        write_whole(file, [told])
    except OSError as error:
        if error.errno not in (ENOSPC, EDQUOT):
            raise
        write_over(file, told)


def read_heartbeat(store: Path) -> Heartbeat | None:
    """Return the last heartbeat of a store's daemon; None where there never was one, or it cannot be read."""
    try:
        return _BEAT.validate_json(heartbeat_file(store).read_bytes())
    except (OSError, ValidationError):
        return None


def drop_heartbeat(store: Path) -> None:
    """Take the heartbeat away, as a daemon does that ends because it was told to: nobody is to miss it."""
    heartbeat_file(store).unlink(missing_ok=True)


def beaten_at(store: Path) -> datetime | None:
    """Return when the last heartbeat was written, by this machine's clock; None where there is none."""
    try:
        return datetime.fromtimestamp(heartbeat_file(store).stat().st_mtime, UTC)
    except OSError:
        return None
