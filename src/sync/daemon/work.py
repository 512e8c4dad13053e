"""What the loop of a daemon does to store, files and messages, put together."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from sync.context import Context
from sync.daemon.crm import Crm
from sync.daemon.daemon import Work
from sync.daemon.heartbeat import Heartbeat, write_heartbeat
from sync.daemon.jobs import Jobs
from sync.daemon.pace import too_short
from sync.daemon.serving import Serving
from sync.daemon.tick import Memory, News, Ticked, tick
from sync.daemon.watched import Watched
from sync.errors import SyncError
from sync.files import read_files
from sync.lint import refuse_if_misfit
from sync.messages import Message
from sync.store.errors import StoreError
from sync.store.lock import hold_store, this_process
from sync.telling import next_message_at

log = structlog.get_logger()
FOR_A_MOMENT = timedelta(seconds=3)  # as long as a command holds the store that only notes something; a run holds it longer


def work_of(serving: Serving, run: Context, memory: Memory, jobs: Jobs, watched: Watched) -> Work:
    """Return what the loop does on one set of files."""
    store = run.known.config.store

    def tick_held(news: News) -> Ticked:
        with hold_store(store, this_process("leadpact daemon", since=serving.started_at), wait=FOR_A_MOMENT):
            return tick(run, memory, news)

    return Work(
        tick=tick_held,
        ticked=watched.ticked,
        next_at=lambda now: min(filter(None, (run.known.findings.next_at(), next_message_at(run, now))), default=None),
        beat=lambda beat: _write(store, beat),
        may_reload=partial(_may_reload, serving, run),
        notify=partial(_notify, run),
        stretched=partial(_tell_stretched, run),
        jobs=jobs.look,
    )


def _notify(run: Context, message: Message, now: datetime) -> None:
    """Put a message into the outbox, for each target that serves whom it is for; a store that fails is told by the tick."""
    pairs = [(message, target.name) for target in run.known.config.notify if message.recipient.role in target.readers]
    try:
        run.outbox.put(pairs, at=now)
    except StoreError as error:
        log.debug("message_not_put", why=str(error))


def _tell_stretched(run: Context, crm: Crm) -> None:
    """Say that a CRM is polled more seldom, and which promises can no longer be timed."""
    untimed = sorted(too_short(run.known.agreement, timedelta(seconds=crm.interval_s)))
    fix = "raise max_share in config.toml, or find what else uses up the account's calls"
    log.warning("poll_stretched", crm=crm.name, seconds=round(crm.interval_s), cannot_be_timed=untimed, fix=fix)


def _write(store: Path, beat: Heartbeat) -> None:
    try:
        write_heartbeat(store, beat)
    except OSError as error:
        log.debug("heartbeat_not_written", why=error.strerror)  # a full disk is told by the store itself


def _may_reload(serving: Serving, run: Context) -> str | None:
    """Read the files anew, and keep them if they are right; else say why not."""
    try:
        files = read_files(serving.path)
        refuse_if_misfit(files.agreement, files.roster, facts=())
    except SyncError as error:
        return f"{error} {error.fix}".strip()
    if files.config.store != run.known.config.store:
        return "[files] store is another one now: stop the daemon and start it again"
    serving.files = files
    return None
