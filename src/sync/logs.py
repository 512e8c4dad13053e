"""How events are logged: for people on a terminal, as fields in the journal, as JSON for machines; never to standard output.

docs/reference/logs.md lists every event.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from sync.config import Config
from sync.config_sections import LogSection
from sync.journald import JournalLogger, datagram, is_the_journal, priority_of
from sync.log_safe import Safe


def configure_logs(config: Config) -> None:
    """Send events of at least `[log] level` to standard error or the journal, in the format asked for, without any secret of `config`."""
    settings = config.log
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            Safe(config.secrets),
            _renderer(settings),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_least(settings)),
        logger_factory=_loggers(settings),
        cache_logger_on_first_use=False,
    )
    _hear_libraries()


def _format(settings: LogSection) -> str:
    """Return `console`, `journald`, `json`, or `prefixed`: JSON after syslog's priority, for what is asked for the journal and has none."""
    has_journal = is_the_journal(sys.stderr, os.environ)
    match settings.format:
        case "auto":
            return "console" if sys.stderr.isatty() else "journald" if has_journal else "json"
        case "journald":
            return "journald" if has_journal else "prefixed"
        case asked:
            return asked


def _renderer(settings: LogSection) -> Processor:
    match _format(settings):
        case "console":
            return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        case "journald":
            return datagram
        case "prefixed":
            return _prefixed
        case _:
            return structlog.processors.JSONRenderer()


def _prefixed(logger: Any, method: str, event: EventDict) -> str:
    return f"<{priority_of(event)}>{structlog.processors.JSONRenderer()(logger, method, event)!s}"


def _loggers(settings: LogSection) -> Callable[..., Any]:
    return (lambda *_: JournalLogger()) if _format(settings) == "journald" else structlog.PrintLoggerFactory(file=sys.stderr)


def _least(settings: LogSection) -> int:
    """Return the least level that is told; on a terminal the bars tell what goes well, and only warnings stand between them."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    watched = settings.format == "auto" and sys.stderr.isatty()
    return max(level, logging.WARNING) if watched and level == logging.INFO else level


class _Libraries(logging.Handler):
    """Passes on what libraries warn of, as events of ours: in one format, and as safe."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one line of a library."""
        tell = structlog.get_logger()
        told = tell.error if record.levelno >= logging.ERROR else tell.warning
        told("library_said", library=record.name, said=record.getMessage())


def _hear_libraries() -> None:
    root = logging.getLogger()
    if not any(isinstance(handler, _Libraries) for handler in root.handlers):
        root.addHandler(_Libraries(logging.WARNING))
