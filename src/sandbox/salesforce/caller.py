"""Who makes a call, and the headers that change what it does. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who makes a call, and what its headers ask for."""

    user_id: str  # of the org's User rows; `Org.integration_user` in most cases
    version: str = "62.0"  # of the API; stands in the URLs of answers
    auto_assign: bool | str = True  # Sforce-Auto-Assign; the id of an assignment rule as text
    unmodified_since: datetime | None = None  # If-Unmodified-Since, aware
    allow_duplicates: bool = False  # Sforce-Duplicate-Rule-Header: allowSave=true
    commits_after: timedelta = timedelta()  # how long after its SystemModstamp what it writes is seen: a slow transaction
