"""What the portal says no to, before it is put into an answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson


class AnswerError(Exception):
    """A request that is answered with an error; nothing was changed."""


class Refusal(AnswerError):
    """A request that HubSpot refuses: its HTTP status and what its error body says.

    Nothing was changed. `category` is None where HubSpot sends none.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        category: str | None = "VALIDATION_ERROR",
        context: Mapping[str, Sequence[str]] | None = None,
        errors: Sequence[Mapping[str, Any]] | None = None,
        links: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.category = category
        self.context = context
        self.errors = errors
        self.links = links

    @property
    def members(self) -> dict[str, Any]:
        """The body's members, beside the ones that every error body has."""
        named = {"category": self.category, "context": self.context, "errors": self.errors, "links": self.links}
        return {"message": str(self), **{name: value for name, value in named.items() if value is not None}}


class Missing(AnswerError):
    """No such record: answered with a short HTML page, as by HubSpot."""


def bad_values(problems: Sequence[Mapping[str, Any]]) -> Refusal:
    """Property values that do not fit their definitions; the message embeds them as JSON."""
    return Refusal(f"Property values were not valid: {orjson.dumps(list(problems)).decode()}")


def bad_value(name: str, error: str, message: str) -> dict[str, Any]:
    """One entry of the JSON list in the message of `bad_values`."""
    return {"isValid": False, "message": message, "error": error, "name": name}
