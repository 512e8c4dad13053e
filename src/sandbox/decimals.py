"""What a number is in a property: a decimal one in ASCII digits, compared exactly. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


def decimal_of(text: str) -> Decimal:
    """The number that `text` is, exactly. Raises ValueError for anything else, `NaN` and `1_000` among it."""
    if not _NUMBER.fullmatch(text):
        raise ValueError("a decimal number such as 42 or 0.5")
    return Decimal(text)
