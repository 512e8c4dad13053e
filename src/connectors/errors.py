"""Errors of a CRM, sorted by what the caller does next. Pure.

ConnectorError
    Denied          auth: stop the run, tell whom to ask
    Forbidden       one object or scope is closed to us: go on without it, say what cannot be judged
    Exhausted       quota: stop cleanly, keep what is there, say when it goes on
    Unreachable     transient, retried in vain: stop the run, keep what is there
    Conflict        somebody else changed it: read again
    Rejected        permanent for this record: list it, go on
    Misconfigured   the request itself is wrong for this account: stop the run, name the setting
"""

from __future__ import annotations


class ConnectorError(Exception):
    """A sentence for the user, and what to do about it; never a token, a body or a person's data."""

    def __init__(self, message: str, *, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


class Denied(ConnectorError):
    """The CRM does not accept our credentials."""


class Forbidden(ConnectorError):
    """The credentials lack a scope for one object."""


class Exhausted(ConnectorError):
    """The account's API quota is used up."""


class Unreachable(ConnectorError):
    """The CRM did not answer, or only with server errors, for as long as we may wait."""


class Conflict(ConnectorError):
    """The record changed between our read and our write."""


class Rejected(ConnectorError):
    """The CRM refuses this one record."""


class Misconfigured(ConnectorError):
    """The CRM does not know what we asked for (an object, a property, a path)."""
