"""What can be wrong with a calendar, and with a question to one. Pure."""

from __future__ import annotations


class CalendarError(ValueError):
    """A calendar that cannot be compiled: str() is the sentence, `fix` says what to write instead."""

    def __init__(self, message: str, *, fix: str, nearest: str | None = None) -> None:
        super().__init__(message)
        self.fix = fix
        self.nearest = nearest  # the known word that was probably meant


class CalendarRangeError(ValueError):
    """A moment outside the years that a calendar was compiled for; str() is the sentence."""

    def __init__(self, message: str, *, fix: str) -> None:
        super().__init__(message)
        self.fix = fix
