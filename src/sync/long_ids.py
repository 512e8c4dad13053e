"""Salesforce's ids in their long form: pages and reports show 15 letters, the API 18. Pure."""

from __future__ import annotations

import re

_SHORT = re.compile(r"[A-Za-z0-9]{15}")
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_CHUNK = 5


def long_id(text: str) -> str:
    """Return an id of 15 letters with the three that make it safe to compare without case; any other text as it is.

    Source: crm-facts, Salesforce, section 6 (each suffix letter tells which of five letters are capitals).
    """
    if not _SHORT.fullmatch(text):
        return text
    chunks = (text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK))
    return text + "".join(_SUFFIX[_capitals(chunk)] for chunk in chunks)


def _capitals(chunk: str) -> int:
    return sum(1 << place for place, letter in enumerate(chunk) if letter.isascii() and letter.isupper())
