"""A CRM's own words, without what they may tell of a person. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LONGEST = 200  # characters
_SHORTEST_HIDDEN = 2  # a single letter or digit tells nobody's secret, and stands everywhere
_ADDRESS = re.compile(r"[^\s@<>\"',;:()]+@[^\s@<>\"',;:()]+")
_PHONE = re.compile(r"\+\d[\d ().\-/]{5,}\d|\(?\b\d{2,5}\)?[ .\-/]\d[\d .\-/]{4,}\d\b")
_HIDDEN = "…"


def plain_words(text: object, *, hide: Iterable[str | None] = ()) -> str:
    """Give a message in one line of at most 200 characters.

    E-mail addresses, telephone numbers and the values `hide` (those that were sent: a refusal may repeat them) are left out.
    """
    words = _ADDRESS.sub(_HIDDEN, str(text or ""))
    for value in sorted({value for value in hide if value and len(value) >= _SHORTEST_HIDDEN}, key=len, reverse=True):
        words = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", _HIDDEN, words)
    words = _PHONE.sub(_HIDDEN, words)
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
