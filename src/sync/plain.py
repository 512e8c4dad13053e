"""Values of a CRM made harmless for terminals and files. Pure."""

from __future__ import annotations


def plain(text: str, *, keep_lines: bool = False) -> str:
    """Return `text` without control characters, escape sequences and marks that turn the writing direction."""
    return "".join(letter for letter in text if letter.isprintable() or (keep_lines and letter == "\n"))
