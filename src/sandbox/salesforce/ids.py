"""Record ids: 15 characters, 3 of checksum, a prefix that names the object.

Source: crm-facts, Salesforce, section 6.
"""

from __future__ import annotations

import re

_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\Z")
_POD = "gK0"  # the instance's part of an id


def checksum(short: str) -> str:
    """The three characters that follow a 15-character id: which of its letters are capitals."""
    parts = (short[start : start + 5] for start in (0, 5, 10))
    return "".join(_CHECKSUM[sum(1 << bit for bit, char in enumerate(part) if "A" <= char <= "Z")] for part in parts)


def long_id(text: object) -> str | None:
    """The 18-character form of an id of 15 or 18 characters; None for what is no id.

    An 18-character id may come in any case: its checksum says which letters are capitals.
    """
    if not isinstance(text, str) or not _SHAPE.match(text):
        return None
    if len(text) == 15:
        return text + checksum(text)
    short = _with_capitals(text[:15], text[15:].upper())
    return None if short is None else short + text[15:].upper()


def _with_capitals(short: str, sums: str) -> str | None:
    if checksum(short) == sums:
        return short
    if any(char not in _CHECKSUM for char in sums):
        return None
    bits = [_CHECKSUM.index(sums[place // 5]) >> place % 5 & 1 for place in range(15)]
    mended = "".join(char.upper() if bit else char.lower() for char, bit in zip(short, bits, strict=True))
    return mended if checksum(mended) == sums else None


class Mint:
    """Makes ids that were never given out; `taken` ones of planted records are passed over."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def new(self, prefix: str) -> str:
        """The next id of an object with `prefix`."""
        self._last[prefix] = number = self._last.get(prefix, 0) + 1
        short = prefix + _POD + _base62(number).rjust(9, "0")
        return short + checksum(short)

    def taken(self, id_: str) -> None:
        """Give out only ids behind `id_` from now on, if it could be one of ours."""
        prefix, pod, number = id_[:3], id_[3:6], id_[6:15]
        if pod == _POD:
            self._last[prefix] = max(self._last.get(prefix, 0), _number(number))


def _base62(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 62)
        text = _DIGITS[digit] + text
    return text


def _number(text: str) -> int:
    number = 0
    for char in text:
        number = number * 62 + _DIGITS.index(char)
    return number
