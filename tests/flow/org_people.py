"""People who work in a practice Salesforce, past its API, at random but the same for one seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
import urllib3

from tests.flow.people import Deed

EDITED = ("Status", "Country", "Title", "Company")  # fields of a Lead that people edit, with what other Leads hold there
STAGES = ("Prospecting", "Qualification", "Closed Won", "Closed Lost")
FEWEST = 50  # leads that are left over
LATE_S = 240


class OrgPeople:
    """They do things with Leads; none of it is a call of the API."""

    def __init__(self, base_url: str, seed: int) -> None:
        self._base = base_url
        self._pool = urllib3.PoolManager()
        self._rng = random.Random(seed)
        rows = list(self._records())
        leads = [row for row in rows if row["attributes"]["type"] == "Lead" and not row.get("IsConverted")]
        self.leads = sorted(row["Id"] for row in leads)
        self._values = {field: sorted({row[field] for row in leads if row.get(field)}) for field in EDITED}
        at_work = {row["Id"] for row in rows if row["attributes"]["type"] == "User" and row["IsActive"]}
        self._owners = sorted({owner for row in leads if (owner := row["OwnerId"]) in at_work or owner.startswith("00G")})
        self._users = [owner for owner in self._owners if owner in at_work]
        self._contacts = self._ids(rows, "Contact")
        self._tasks, self._deals = self._ids(rows, "Task"), self._ids(rows, "Opportunity")
        self._planned: list[str] = []
        self._deleted: list[str] = []
        self._late: list[str] = []
        self.done: dict[str, int] = {}

    @property
    def restless_deeds(self) -> list[Deed]:
        """All that they do."""
        return [
            *(self.edit,) * 4,
            *(self.pass_on,) * 3,
            *(self.call,) * 3,
            *(self.plan,) * 2,
            *(self.complete,) * 2,
            self.meet,
            *(self.create,) * 2,
            self.create_late,
            *(self.convert,) * 2,
            self.pass_on_a_contact,
            self.move_a_deal,
            *(self.merge,) * 2,
            *(self.delete,) * 2,
            self.undelete,
            *(self.delete_a_task,) * 2,
        ]

    @property
    def settled_deeds(self) -> list[Deed]:
        """The same."""
        return self.restless_deeds

    def rest(self, seconds: float) -> None:
        """Do nothing for a while; what was to be seen by then is."""
        self.ask("POST", "/_sandbox/clock", {"advance_s": seconds})
        if seconds >= LATE_S:
            self.leads += self._late
            self._late = []

    def do(self, deeds: Sequence[Deed]) -> None:
        """Do one of `deeds` now."""
        deed = self._rng.choice(deeds)
        deed(self._rng.choice(self.leads))
        self.done[deed.__name__] = self.done.get(deed.__name__, 0) + 1

    # --- leads

    def edit(self, lead: str) -> None:
        field = self._rng.choice(EDITED)
        self.write("Lead", {field: self._rng.choice(self._values[field])}, id_=lead)

    def pass_on(self, lead: str) -> None:
        self.write("Lead", {"OwnerId": self._rng.choice(self._owners)}, id_=lead)

    def create(self, _: str) -> None:
        self.leads.append(self._new_lead())

    def create_late(self, _: str) -> None:
        """Create a lead in a long transaction: it is seen minutes after the time that it carries."""
        self._late.append(self._new_lead(commits_after_s=LATE_S))

    def convert(self, lead: str) -> None:
        if len(self.leads) < FEWEST:
            return
        deal = {"opportunity_name": "Deal"} if self._rng.random() < 0.5 else {}
        made = self._deed("convert", lead=lead, owner=self._rng.choice(self._users), **deal)
        self.leads.remove(lead)
        self._contacts.append(made["contact_id"])
        self._deals += [made["opportunity_id"]] if made["opportunity_id"] else []

    def merge(self, lead: str) -> None:
        other = self._rng.choice(self.leads)
        if other != lead and len(self.leads) >= FEWEST:
            self._deed("merge", sobject="Lead", master=lead, losers=[other])
            self.leads.remove(other)

    def delete(self, lead: str) -> None:
        if len(self.leads) >= FEWEST:
            self._deed("delete", id=lead)
            self.leads.remove(lead)
            self._deleted.append(lead)

    def undelete(self, _: str) -> None:
        if self._deleted:
            lead = self._deleted.pop(self._rng.randrange(len(self._deleted)))
            self._deed("undelete", id=lead)
            self.leads.append(lead)

    # --- what belongs to them

    def pass_on_a_contact(self, _: str) -> None:
        if self._contacts:
            self.write("Contact", {"OwnerId": self._rng.choice(self._users)}, id_=self._rng.choice(self._contacts))

    def move_a_deal(self, _: str) -> None:
        if self._deals:
            self.write("Opportunity", {"StageName": self._rng.choice(STAGES)}, id_=self._rng.choice(self._deals))

    def call(self, lead: str) -> None:
        self._tasks.append(self._task(lead, Status="Completed"))

    def plan(self, lead: str) -> None:
        self._planned.append(self._task(lead, Status="Not Started"))

    def complete(self, _: str) -> None:
        if self._planned:
            task = self._planned.pop()
            if self._is_there(task):
                self.write("Task", {"Status": "Completed"}, id_=task)
                self._tasks.append(task)

    def meet(self, lead: str) -> None:
        times = {"StartDateTime": self.now(after_s=3600), "EndDateTime": self.now(after_s=5400), "DurationInMinutes": 30}
        self.write("Event", {"WhoId": lead, "OwnerId": self._rng.choice(self._users), "Subject": "Meeting"} | times)

    def delete_a_task(self, _: str) -> None:
        if self._tasks:
            task = self._tasks.pop(self._rng.randrange(len(self._tasks)))
            if self._is_there(task):
                self._deed("delete", id=task)

    def _is_there(self, task: str) -> bool:
        """Whether a task was not deleted with its lead."""
        return not self.record(task).get("IsDeleted")

    # --- the org

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Turn a lever of the practice CRM; AssertionError where it refuses."""
        answer = self._pool.request(method, self._base + path, body=None if body is None else orjson.dumps(body))
        assert answer.status < 300, (method, path, answer.status, answer.data[:300])
        return orjson.loads(answer.data) if answer.data else None

    def write_late(self, lead: str, values: dict[str, Any], *, after_s: float) -> None:
        """Change a lead in a transaction that is seen `after_s` later than its time says."""
        self.write("Lead", values, id_=lead, commits_after_s=after_s)

    def record(self, id_: str) -> dict[str, Any]:
        """Return a row as it is now."""
        return next(row for row in self._records() if row.get("Id") == id_)

    def rows(self, sobject: str) -> list[dict[str, Any]]:
        """Return all rows of an object as they are now."""
        return [row for row in self._records() if row["attributes"]["type"] == sobject]

    def changes(self, lead: str, field: str) -> int:
        """Count the changes of a Lead's field that its history tells by id."""
        rows = [row for row in self._records() if row["attributes"]["type"] == "LeadHistory" and row["LeadId"] == lead]
        return sum(row["Field"] == field and str(row["NewValue"]).startswith(("005", "00G")) for row in rows)

    def all_rows(self) -> Iterator[dict[str, Any]]:
        """Yield every row as it is now."""
        return self._records()

    def _records(self) -> Iterator[dict[str, Any]]:
        answer = self._pool.request("GET", f"{self._base}/_sandbox/salesforce/records")
        assert answer.status == 200, answer.data[:300]
        yield from (orjson.loads(line) for line in answer.data.splitlines())

    def _ids(self, rows: Sequence[dict[str, Any]], sobject: str) -> list[str]:
        return sorted(row["Id"] for row in rows if row["attributes"]["type"] == sobject and not row.get("IsDeleted"))

    def now(self, *, after_s: int = 0) -> str:
        """Return the org's time."""
        now = datetime.fromisoformat(self.ask("GET", "/_sandbox/clock")["now"])
        return (now + timedelta(seconds=after_s)).isoformat().replace("+00:00", "Z")

    def _new_lead(self, *, commits_after_s: float = 0) -> str:
        values = {
            "LastName": "New",
            "Company": "Acme",
            "Email": f"new{self._rng.randrange(10**9)}@example.com",
            "OwnerId": self._rng.choice(self._owners),
        }
        return self.write("Lead", values, commits_after_s=commits_after_s)

    def _task(self, lead: str, **values: str) -> str:
        return self.write(
            "Task", {"WhoId": lead, "OwnerId": self._rng.choice(self._users), "TaskSubtype": "Call", "Subject": "Call"} | values
        )

    def write(self, sobject: str, values: dict[str, Any], *, id_: str | None = None, commits_after_s: float = 0) -> str:
        """Make a row, or change one, as one of the users; return its id."""
        changed = {} if id_ is None else {"id": id_}
        user = self._rng.choice(self._users)
        return str(self._deed("write", sobject=sobject, values=values, user=user, commits_after_s=commits_after_s, **changed)["id"])

    def _deed(self, name: str, **order: Any) -> Any:
        return self.ask("POST", f"/_sandbox/salesforce/{name}", order)
