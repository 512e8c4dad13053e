"""Rows of CSV as mappings, one at a time. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper


def rows_of_csv(data: bytes) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file (UTF-8, a header line, comma, quotes doubled) by column; line breaks within quotes stay.

    A row that is shorter or longer than the header is no row: ValueError.
    """
    lines = csv.reader(TextIOWrapper(BytesIO(data), encoding="utf-8-sig", newline=""), strict=True)
    try:
        header = next(lines, [])
        for line in lines:
            yield dict(zip(header, line, strict=True))
    except csv.Error as error:
        raise ValueError(str(error)) from None
