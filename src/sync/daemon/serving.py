"""What of a daemon outlives a reload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue

from sync.daemon.crm import Crm
from sync.daemon.events import Event
from sync.daemon.service_manager import Manager
from sync.daemon.signals import Signals
from sync.files import Files
from sync.wiring import machine_clock


@dataclass(slots=True, kw_only=True)
class Serving:
    """What outlives a reload."""

    path: Path | None
    files: Files
    manager: Manager
    events: SimpleQueue[Event]
    signals: Signals
    served: Files | None = None  # the last files by which all could be opened
    refused: str | None = None  # why those that came after them could not
    crms: Mapping[str, Crm] = field(default_factory=dict)  # as they were when it last ended to serve by some files
    started_at: datetime = field(default_factory=machine_clock)
