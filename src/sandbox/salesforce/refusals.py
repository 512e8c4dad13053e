"""What a practice Salesforce says no to, before it is put into an answer. Pure."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A call that Salesforce refuses; nothing was changed.

    `code` is its errorCode. `fields` are named where Salesforce names them; None where its answer has no such key.
    `more` are further refusals of the same record.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        fields: tuple[str, ...] | None = None,
        more: tuple[Refused, ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields
        self.more = more

    def body(self) -> list[dict[str, Any]]:
        """The answer of a call for one record: a list of `message`, `errorCode` and, where named, `fields`."""
        return [each._entry("errorCode") for each in (self, *self.more)]

    def item_errors(self) -> list[dict[str, Any]]:
        """The `errors` of one item of a Collections answer: `statusCode`, `message` and always `fields`."""
        return [{"fields": [], **each._entry("statusCode")} for each in (self, *self.more)]

    def _entry(self, code_key: str) -> dict[str, Any]:
        entry: dict[str, Any] = {"message": self.message, code_key: self.code}
        if self.fields is not None:
            entry["fields"] = list(self.fields)
        return entry


def no_such_resource() -> Refused:
    """A path that names no object or record. Source: recorded answer."""
    return Refused("NOT_FOUND", "The requested resource does not exist", status=404)
