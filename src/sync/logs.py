"""How events are logged: for people on a terminal, as JSON for machines; never to standard output."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import Processor

from sync.config_sections import LogSection


def configure_logs(settings: LogSection) -> None:
    """Send events of at least `settings.level` to standard error in the format asked for."""
    as_json = settings.format == "json" or (settings.format == "auto" and not sys.stderr.isatty())
    renderer: Processor = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_least(settings)),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def _least(settings: LogSection) -> int:
    """Return the least level that is told; on a terminal the bars tell what goes well, and only warnings stand between them."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    watched = settings.format == "auto" and sys.stderr.isatty()
    return max(level, logging.WARNING) if watched and level == logging.INFO else level
