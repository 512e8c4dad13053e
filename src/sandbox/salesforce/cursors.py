"""Query locators: what is left of a query after its first page."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.salesforce.org import Selection
from sandbox.salesforce.refusals import Refused

_LIFE = timedelta(days=2)
_PREFIX = "0r8"
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A query of a user that has further pages."""

    selection: Selection
    user_id: str
    began_at: datetime


class Cursors:
    """The cursors of an org, each by its locator. They live for two days. Source: crm-facts, Salesforce, section 3."""

    def __init__(self, pick: Callable[[str], str] = secrets.choice) -> None:
        self._open: dict[str, Cursor] = {}
        self._pick = pick

    def __len__(self) -> int:
        return len(self._open)

    def keep(self, cursor: Cursor) -> str:
        """Its locator; cursors that are too old are let go."""
        oldest = cursor.began_at - _LIFE
        self._open = {locator: each for locator, each in self._open.items() if each.began_at > oldest}
        locator = _PREFIX + "".join(self._pick(_ALPHABET) for _ in range(15))
        self._open[locator] = cursor
        return locator

    def find(self, locator: str, user_id: str, now: datetime) -> Cursor:
        """The cursor of a user. Raises Refused (INVALID_QUERY_LOCATOR) if it is not there."""
        cursor = self._open.get(locator)
        if cursor is None or cursor.user_id != user_id or now - cursor.began_at >= _LIFE:
            raise lost()
        return cursor

    def lose_all(self) -> int:
        """Forget all cursors; how many there were."""
        count = len(self._open)
        self._open.clear()
        return count


def lost() -> Refused:
    """A locator that leads nowhere."""
    return Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
