"""Errors of the engine: a sentence, what to do about it, and the exit code of the program. Pure.

SyncError               1   something went wrong
    UsageError         64   the command line asks for what cannot be
    ConfigurationError 78   a file or a setting is missing or wrong
    LimitReached        3   a safety limit stopped the run
    SomeWritesFailed    4   some writes failed; the others stand
"""

from __future__ import annotations

from typing import ClassVar


class SyncError(Exception):
    """A sentence for the user, and what to do about it; never a secret, a body or a person's data."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


class UsageError(SyncError):
    """The command line asks for something that cannot be done."""

    exit_code = 64


class ConfigurationError(SyncError):
    """A file or a setting is missing or wrong; nothing was done."""

    exit_code = 78


class LimitReached(SyncError):
    """A safety limit stopped the run; what it held back is kept."""

    exit_code = 3


class SomeWritesFailed(SyncError):
    """Some writes to a CRM failed; the others stand."""

    exit_code = 4
