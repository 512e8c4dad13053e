"""A practice CRM of either kind with people who work in it, and how often it was called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.flow.org_people import OrgPeople
from tests.flow.people import People
from tests.flow.practice import base_url, practice_hubspot

NOW = "2026-11-20T15:00Z"
PAGE_ROWS = 40  # of a practice Salesforce: so that small objects have many pages


@dataclass(frozen=True, kw_only=True)
class World:
    """Its `files` point at it and have no store yet."""

    crm: str
    files: Path
    people: People | OrgPeople

    def calls(self) -> int:
        """Count the calls that its API was asked."""
        return int(self.people.ask("GET", "/_sandbox/stats")["calls"])

    def writes(self) -> int:
        """Count those that write."""
        return int(self.people.ask("GET", "/_sandbox/stats")["writes"])


@contextmanager
def practice_world(crm: str, folder: Path, *, leads: int, seed: int) -> Iterator[World]:
    """Serve an invented company that stands still but for what its people do."""
    with practice_hubspot(folder, "--crm", crm, "--leads", str(leads), "--seed", str(seed), "--now", NOW) as files:
        url = base_url(files, crm)
        if crm == "hubspot":
            yield World(crm=crm, files=files, people=People(url, seed))
        else:
            people = OrgPeople(url, seed)
            people.ask("POST", "/_sandbox/salesforce/api", {"page_rows": PAGE_ROWS})
            yield World(crm=crm, files=files, people=people)
