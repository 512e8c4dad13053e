"""`python -m sandbox.fill`: a state file with any number of plain contacts, for tests under load.

The same seed, numbers and time give the same portal. Nobody tells a story in it: for that there is `sandbox.world`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import orjson

from sandbox.clock import EPOCH
from sandbox.keeping import begin
from sandbox.portal import Portal
from sandbox.state_file import StateFile, Stored, UnusableState, unlink

OWNERS, COMPANY_SIZE = 40, 20  # reps; contacts of one company
_DAY_S = 86_400
_OLDEST_S, _LATELY_S = 540 * _DAY_S, 60 * _DAY_S  # how long ago the first contact was made; within which all were changed
_CHUNK = 10_000  # contacts that are written at once
_NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gia", "Hugo", "Ida", "Jon", "Kim", "Lea", "Max", "Nia", "Otto", "Pia")
_COUNTRIES = ("US", "CA", "DE", "FR", "GB", "CH", "NL", "SE")
_IMPORTED = ("email", "firstname", "lastname", "country", "jobtitle")  # came with the contact and never changed
_STATUSES = ("NEW", "OPEN", "IN_PROGRESS", "ATTEMPTED_TO_CONTACT", "CONNECTED")
_STAGES = ("marketingqualifiedlead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity")
_ENGAGEMENTS = (
    ("calls", {"hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED", "hs_call_duration": "90000"}),
    ("emails", {"hs_email_direction": "EMAIL", "hs_email_status": "SENT", "hs_email_subject": "Hello"}),
    ("tasks", {"hs_task_subject": "Follow up", "hs_task_status": "COMPLETED", "hs_task_type": "CALL"}),
    ("meetings", {"hs_meeting_title": "Demo", "hs_meeting_outcome": "COMPLETED"}),
    ("notes", {"hs_note_body": "Spoke with them"}),
)
_SECONDS = [f"T{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}Z" for s in range(_DAY_S)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """What to fill a state file with: contacts, and engagements of each (calls, e-mails, tasks, meetings, notes in turn)."""

    contacts: int
    engagements: int
    seed: int
    now: datetime


def fill(path: Path, bulk: Bulk) -> None:
    """Make a state file of `bulk`; it appears once it is whole. Raises UnusableState if it is there already."""
    if path.exists():
        raise UnusableState(f"{path} is there already")
    part = path.with_name(path.name + ".part")
    unlink(part)
    portal = begin(part, lambda kept: Portal.from_lines([_owner(number) for number in range(OWNERS)], now=bulk.now, store=kept))
    portal.close()
    file = StateFile(part)
    try:
        with file.in_bulk():
            _pour(file, bulk)
        file.close()
    except BaseException:
        file.discard()
        raise
    part.replace(path)


def _pour(file: StateFile, bulk: Bulk) -> None:
    writer = _Writer(bulk)
    for first in range(0, bulk.contacts, _CHUNK):
        for number in range(first, min(first + _CHUNK, bulk.contacts)):
            writer.contact(number)
        for kind, rows in writer.rows.items():
            file.insert(kind, rows)
            rows.clear()
        file.hold("contacts", "email", writer.emails)
        writer.emails.clear()
    file.insert("companies", writer.companies())


class _Writer:
    """Rows of contacts with what belongs to them, one contact after the other."""

    def __init__(self, bulk: Bulk) -> None:
        self.rows: dict[str, list[Stored]] = {kind: [] for kind in ("contacts", *(kind for kind, _ in _ENGAGEMENTS))}
        self.emails: list[tuple[str, int]] = []
        self._bulk = bulk
        self._rng = Random(bulk.seed)
        self._now_s = int((bulk.now - EPOCH).total_seconds())
        self._days: dict[int, str] = {}

    def contact(self, number: int) -> None:
        """Add the contact `number`, counted from 0, and its engagements."""
        chance = self._rng.random
        created_s = self._now_s - _OLDEST_S + (_OLDEST_S - _LATELY_S) * number // self._bulk.contacts
        modified_s = self._now_s - int(chance() * _LATELY_S)
        owned_s, staged_s = created_s + int(chance() * _DAY_S), created_s + int(chance() * 30 * _DAY_S)
        owner = str(1 + number % OWNERS)
        stage, status = _STAGES[int(chance() * len(_STAGES))], _STATUSES[int(chance() * len(_STATUSES))]
        links = self._engagements(number, created_s, modified_s, owner)
        owned, staged, created, modified = map(self._text, (owned_s, staged_s, created_s, modified_s))
        email = f"person{number + 1}@company{number // COMPANY_SIZE + 1}.example"
        values = {
            "email": email,
            "firstname": _NAMES[number % len(_NAMES)],
            "lastname": f"Person {number + 1}",
            "country": _COUNTRIES[number % len(_COUNTRIES)],
            "jobtitle": "Manager",
            "hubspotscore": str(number % 100),
            "lifecyclestage": stage,
            "hs_lead_status": status,
            "hubspot_owner_id": owner,
            "hubspot_owner_assigneddate": owned,
            "createdate": created,
            "lastmodifieddate": modified,
            "hs_lastmodifieddate": modified,
            "hs_object_id": str(number + 1),
        }
        history = {name: _versions((values[name], created)) for name in _IMPORTED} | {
            "lifecyclestage": _versions((stage, staged), ("lead", created)),
            "hubspot_owner_id": _versions((owner, owned)),
            "hs_lead_status": _versions((status, modified), ("NEW", created)),
            "hubspotscore": _versions((values["hubspotscore"], created)),
        }
        company = number // COMPANY_SIZE + 1
        ends = {"companies": ([company], [company]), **links}
        self.rows["contacts"].append((number + 1, modified_s * 1000, None, _json(values), _json(history), _json(ends)))
        self.emails.append((email, number + 1))

    def companies(self) -> Iterator[Stored]:
        """The companies of all contacts."""
        moment_s = self._now_s - _OLDEST_S
        moment = self._text(moment_s)
        for id_ in range(1, -(-self._bulk.contacts // COMPANY_SIZE) + 1):
            first = (id_ - 1) * COMPANY_SIZE + 1
            members = list(range(first, min(first + COMPANY_SIZE, self._bulk.contacts + 1)))
            values = {
                "name": f"Company {id_}",
                "domain": f"company{id_}.example",
                "num_associated_contacts": str(len(members)),
                "createdate": moment,
                "hs_lastmodifieddate": moment,
                "hs_object_id": str(id_),
            }
            yield id_, moment_s * 1000, None, _json(values), "{}", _json({"contacts": (members, members)})

    def _engagements(self, number: int, created_s: int, modified_s: int, owner: str) -> dict[str, tuple[list[int], list[int]]]:
        links: dict[str, tuple[list[int], list[int]]] = {}
        of_contact = _json({"contacts": ([number + 1], [])})
        for turn in range(self._bulk.engagements):
            kind, values = _ENGAGEMENTS[turn % len(_ENGAGEMENTS)]
            id_ = number * self._bulk.engagements + turn + 1
            at_s = created_s + int(self._rng.random() * (modified_s - created_s))
            at = self._text(at_s)
            body = {**values, "hs_timestamp": at, "hubspot_owner_id": owner, "hs_createdate": at}
            body |= {"hs_lastmodifieddate": at, "hs_object_id": str(id_)}
            self.rows[kind].append((id_, at_s * 1000, None, _json(body), "{}", of_contact))
            links.setdefault(kind, ([], []))[0].append(id_)
        return links

    def _text(self, at_s: int) -> str:
        """A moment in whole seconds as HubSpot writes it; four times as fast as asking the calendar."""
        day, second = divmod(at_s, _DAY_S)
        if day not in self._days:
            self._days[day] = (EPOCH + timedelta(days=day)).date().isoformat()
        return self._days[day] + _SECONDS[second]


def _versions(*versions: tuple[str, str]) -> str:
    """Versions of a property, newest first, as the JSON text that is served."""
    return _json([{"value": value, "timestamp": at, "sourceType": "CRM_UI", "sourceId": "userId:1"} for value, at in versions])


def _owner(number: int) -> dict[str, Any]:
    return {
        "object": "owners",
        "id": str(number + 1),
        "email": f"rep{number + 1}@example.com",
        "firstName": _NAMES[number % len(_NAMES)],
        "lastName": f"Rep {number + 1}",
        "userId": 1000 + number,
        "type": "PERSON",
        "teams": [{"id": str(1 + number % 4), "name": f"Team {1 + number % 4}", "primary": True}],
    }


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def main(arguments: list[str] | None = None) -> int:
    """Fill a new state file; 0 once it is whole, 2 with a message if it cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.fill", description="A state file full of plain contacts.")
    parser.add_argument("--state", type=Path, required=True, metavar="FILE", help="the file to make")
    parser.add_argument("--contacts", type=int, required=True, help="how many contacts")
    parser.add_argument("--engagements", type=int, default=3, help="of each contact, of five kinds in turn (default 3)")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other stages, statuses and times (default 1)")
    parser.add_argument("--now", type=datetime.fromisoformat, required=True, metavar="ISO", help="the portal's time: 2026-11-20T15:00Z")
    asked = parser.parse_args(arguments)
    if asked.contacts < 0 or asked.engagements < 0:
        parser.error("--contacts and --engagements must not be negative")
    now = asked.now if asked.now.tzinfo else asked.now.replace(tzinfo=UTC)
    try:
        fill(asked.state, Bulk(contacts=asked.contacts, engagements=asked.engagements, seed=asked.seed, now=now))
    except (UnusableState, OSError) as error:
        sys.stderr.write(f"error: {error}\n  fix: name a new file in a folder that can be written\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
