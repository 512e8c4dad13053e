"""Where a report goes: the terminal, or a file that only its owner may read."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from sync.errors import SyncError, UsageError
from sync.private_files import write_whole
from sync.report.audit import Audit
from sync.report.document import audit_json
from sync.report.sheet import findings_csv
from sync.report.spool import Spool
from sync.report.table import audit_table

PLAIN_WIDTH = 160  # columns where nobody watches: long enough that a line stays a line


def write_report(audit: Audit, spool: Spool, *, format: str, output: Path | None, keep: Iterable[Path] = ()) -> None:
    """Write the report to `output`, or to standard output; colour only on a terminal.

    `keep` are files that are never written over. Raises UsageError, SyncError.
    """
    if output is not None and str(output) != "-":
        write_file(output, _chunks(audit, spool, format, width=PLAIN_WIDTH), keep=keep)
    elif format == "table":
        console = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
        console.print(audit_table(audit, width=console.width))
    else:
        sys.stdout.buffer.writelines(_chunks(audit, spool, format, width=PLAIN_WIDTH))
        sys.stdout.buffer.flush()


def _refuse_if_ours(output: Path, keep: Iterable[Path]) -> None:
    if any(path.exists() and output.exists() and output.samefile(path) for path in keep):
        raise UsageError(f"{output} is a file that leadpact needs, not a place for a report", fix="name another file with --output")


def _chunks(audit: Audit, spool: Spool, format: str, *, width: int) -> Iterable[bytes]:
    match format:
        case "json":
            return audit_json(audit, spool)
        case "csv":
            return (line.encode() for line in findings_csv(spool.findings(), audit.names))
        case "html":
            from sync.report.page import audit_page  # Jinja2 is loaded for a page only

            return audit_page(audit)
        case _:
            page = io.StringIO()
            Console(file=page, width=width, highlight=False).print(audit_table(audit, width=width))
            return [page.getvalue().encode()]


def write_file(path: Path, chunks: Iterable[bytes], *, keep: Iterable[Path]) -> None:
    """Write a file whole, behind a link where it is one; what is no file (a device, a pipe) is written to as it is.

    `keep` are files that are never written over. Raises UsageError, SyncError.
    """
    _refuse_if_ours(path, keep)
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as stream:
                stream.writelines(chunks)
        else:
            write_whole(path.resolve(), chunks)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it has no name"
        raise SyncError(f"the report could not be written to {path}: {why}", fix="choose another file with --output") from None
