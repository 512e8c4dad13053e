"""Record ids: 15 characters, 3 of checksum, a prefix that names the object.

Source: crm-facts, Salesforce, section 6.
"""

from __future__ import annotations

import re

_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\Z")
_IS_CAPITAL = str.maketrans(_DIGITS, "".join("1" if "A" <= char <= "Z" else "0" for char in _DIGITS))
_SUMS = {f"{bits:05b}"[::-1]: char for bits, char in enumerate(_CHECKSUM)}  # the first character of five is the lowest bit
_NUMBER_LENGTH = 9


def checksum(short: str) -> str:
    """The three characters that follow a 15-character id: which of its letters are capitals."""
    capitals = short.translate(_IS_CAPITAL)
    return _SUMS[capitals[:5]] + _SUMS[capitals[5:10]] + _SUMS[capitals[10:]]


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
    """Makes ids that were never given out; those of planted records are passed over."""

    def __init__(self, pod: str = "gK0") -> None:
        self._pod = pod  # the instance's part of an id
        self._last: dict[str, str] = {}  # prefix -> the highest number given out or taken; digits are in the order of ASCII

    def new(self, prefix: str) -> str:
        """The next id of an object with `prefix`."""
        number = _base62(_number(self._last.get(prefix, "")) + 1).rjust(_NUMBER_LENGTH, "0")
        self._last[prefix] = number
        short = prefix + self._pod + number
        return short + checksum(short)

    def taken(self, id_: str) -> None:
        """Give out only ids behind `id_` from now on, if it could be one of ours."""
        if id_[3:6] == self._pod:
            self._last[id_[:3]] = max(self._last.get(id_[:3], ""), id_[6:15])


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
