"""Where a report goes: the terminal, or a file that only its owner may read."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from sync.errors import SyncError
from sync.private_files import write_whole
from sync.report.audit import Audit
from sync.report.document import audit_json
from sync.report.sheet import findings_csv
from sync.report.spool import Spool
from sync.report.table import audit_table


def write_report(audit: Audit, spool: Spool, *, format: str, output: Path | None) -> None:
    """Write the report to `output`, or to standard output; colour only on a terminal."""
    if output is not None:
        _write_file(output, _chunks(audit, spool, format))
    elif format == "table":
        Console(highlight=False).print(audit_table(audit))
    else:
        sys.stdout.buffer.writelines(_chunks(audit, spool, format))
        sys.stdout.buffer.flush()


def _chunks(audit: Audit, spool: Spool, format: str) -> Iterable[bytes]:
    match format:
        case "json":
            return audit_json(audit, spool)
        case "csv":
            return (line.encode() for line in findings_csv(spool.findings()))
        case _:
            page = io.StringIO()
            Console(file=page, width=120, highlight=False).print(audit_table(audit))
            return [page.getvalue().encode()]


def _write_file(path: Path, chunks: Iterable[bytes]) -> None:
    try:
        write_whole(path, chunks)
    except OSError as error:
        raise SyncError(f"the report could not be written to {path}: {error.strerror}", fix="choose another file with --output") from None
