"""The audit as one page that opens anywhere: no script, nothing from outside, and no value of a CRM that could do harm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sync.history import local_text
from sync.report.audit import Audit, nobody_left, nothing_found
from sync.report.page_figures import done, planned, tables
from sync.report.page_leads import leads
from sync.report.page_words import TEXT_MOST, attainment_text, cut
from sync.version import VERSION

BUFFERED = 200  # pieces of the template that are written together


def audit_page(audit: Audit) -> Iterator[bytes]:
    """Yield the page piece by piece, UTF-8; it holds figures and the worst leads, so its size is bounded however many leads there are."""

    def moment(at: datetime) -> str:
        return local_text(at, audit.agreement.zone)

    stream = (
        _environment()
        .get_template("audit.html")
        .stream(
            audit=audit,
            summary=audit.summary,
            attainment=attainment_text(audit.summary.total),
            as_of=moment(audit.as_of),
            started=moment(audit.started_at),
            effective=audit.agreement.effective.astimezone(audit.agreement.zone).date().isoformat(),
            tables=tuple(tables(audit)) if audit.summary.findings else (),
            nothing=None if audit.summary.findings else nothing_found(audit),
            leads=tuple(leads(audit)),
            planned=planned(audit.summary),
            done=done(audit.kept) if audit.kept is not None else None,
            nobody_left=tuple(nobody_left(audit.summary)),
            moment=moment,
            former=attainment_text(audit.kept.former) if audit.kept is not None else "",
            unread=any(pulled.closed or pulled.behind or pulled.unswept for pulled in audit.pulled),
            version=VERSION,
        )
    )
    stream.enable_buffering(BUFFERED)
    return (piece.encode() for piece in stream)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("sync.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters["cut"] = cut
    environment.filters["number"] = "{:,}".format
    return environment


def _shown(value: object) -> object:
    """Return what the template may show of a value: text made harmless and cut, and what the template itself made as it is."""
    return value if isinstance(value, Markup) else cut(str(value), TEXT_MOST)
