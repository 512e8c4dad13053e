"""Serves an account until it is told to stop; new files make a new daemon in the place of the old one."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from queue import SimpleQueue

import structlog

from sync.daemon.daemon import Ended
from sync.daemon.events import Crashed, Event
from sync.daemon.heartbeat import drop_heartbeat
from sync.daemon.opened import opened
from sync.daemon.service_manager import manager_of_this_process
from sync.daemon.serving import Serving
from sync.daemon.signals import Signals, StoppedAtOnce, heard
from sync.errors import SyncError
from sync.files import read_files
from sync.logs import configure_logs
from sync.store.integrity import refuse_if_damaged
from sync.store.lock import hold_daemon

log = structlog.get_logger()
EXIT_AT_ONCE = 143


def serve(path: Path | None) -> int:
    """Serve an account until a signal ends it; return the exit code.

    Raises what stands in the way of starting: files that are wrong, another daemon, a store that is damaged or cannot be opened.
    """
    files = read_files(path)
    configure_logs(files.config)
    manager, events = manager_of_this_process(), SimpleQueue[Event]()
    signals = Signals(put=events.put, stop_within_s=files.config.daemon.stop_within.total_seconds())
    threading.excepthook = lambda told: events.put(Crashed(told.exc_value or RuntimeError("a thread ended")))
    with heard(signals), hold_daemon(files.config.store):
        refuse_if_damaged(files.config.store)
        try:
            _serve(Serving(path=path, files=files, manager=manager, events=events, signals=signals))
        except StoppedAtOnce:
            log.warning("stopped_at_once")
            drop_heartbeat(files.config.store)
            return EXIT_AT_ONCE
        drop_heartbeat(files.config.store)
    return 0


def _serve(serving: Serving) -> None:
    log.info("daemon_started", store=str(serving.files.config.store), pid=os.getpid())
    while (ended := _serve_once(serving)) is not Ended.STOPPED:
        configure_logs(serving.files.config)
        if ended is Ended.RELOADED:
            log.info("reloaded", agreement=serving.files.agreement.hash[:12])
    log.info("daemon_stopped")


def _serve_once(serving: Serving) -> Ended | None:
    """Serve by the files there are; None where new ones cannot be served by, such as a port that is taken: those before stay."""
    try:
        with opened(serving) as daemon:
            serving.served = serving.files
            ended = daemon.run()
            serving.crms = daemon.crms
            if ended is Ended.STOPPED:
                serving.manager.stopping()
            serving.refused = None
            return ended
    except SyncError as error:
        if serving.served is None or serving.served is serving.files:
            raise
        log.error("reload_refused", why=str(error), fix=error.fix)
        serving.files, serving.refused = serving.served, f"{error} {error.fix}"
        return None
