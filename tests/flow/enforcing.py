"""A practice CRM whose agreement is signed and enforced, with leads that nobody calls."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sync.agreement.load import agreement_of
from tests.faults.worlds import World, practice_world
from tests.flow.org_people import OrgPeople
from tests.flow.people import People
from tests.flow.practice import leadpact

HOUR_S = 3600
LADDER = '["reassign", "reassign", "escalate"]'  # of the first touch


@dataclass(kw_only=True)
class Enforced:
    """Its `leads` are record ids of a rep's leads that were handed over once enforcement had begun, and called by nobody."""

    world: World
    leads: list[str] = field(default_factory=list)
    stray_call: str = ""  # a call of the rep's, soon after the handover, that is linked to nobody

    @property
    def files(self) -> Path:
        """Where config, agreement and store lie."""
        return self.world.files

    def key(self, lead: str) -> str:
        """Return a lead's key."""
        return f"{self.world.crm}/{'contact' if self.world.crm == 'hubspot' else 'Lead'}/{lead}"

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command that must end with `code`; return what it said on standard error, without the log."""
        done = leadpact(*arguments, "--config", str(self.files / "config.toml"))
        said = "\n".join(line for line in done.stderr.splitlines() if not line.startswith("{"))
        assert (done.returncode, "Traceback" in said) == (code, False), done.stderr
        return said

    def run_to_any_end(self, *arguments: str) -> str:
        """Run a command that may find nothing to do, or end with failed writes; return what it said on standard error."""
        done = leadpact(*arguments, "--config", str(self.files / "config.toml"))
        assert done.returncode in (0, 4, 64), done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done.stderr

    def owner(self, lead: str) -> str | None:
        """Return who owns a lead in the CRM now."""
        people = self.world.people
        if isinstance(people, People):
            row = people.ask("GET", f"/crm/v3/objects/contacts/{lead}?properties=hubspot_owner_id")
            return row["properties"]["hubspot_owner_id"]
        return people.record(lead)["OwnerId"]

    def owners(self) -> dict[str, str | None]:
        """Return the owner of each lead."""
        return {lead: self.owner(lead) for lead in self.leads}

    def pass_on(self, lead: str, owner: str) -> None:
        """Give a lead to somebody, as a person does."""
        people = self.world.people
        if isinstance(people, People):
            people.ask("PATCH", f"/crm/v3/objects/contacts/{lead}", {"properties": {"hubspot_owner_id": owner}})
        else:
            people.write("Lead", {"OwnerId": owner}, id_=lead)

    def members(self) -> list[str]:
        """Return the owner ids of the reps of the pool, in the roster's order."""
        roster = tomllib.loads((self.files / "roster.toml").read_text(encoding="utf-8"))
        ids = {person["name"]: str(person[self.world.crm]) for person in roster["person"] if self.world.crm in person}
        (pool,) = [pool for pool in roster["pool"] if pool["name"] == "sdr"]
        return [ids[name] for name in (one if isinstance(one, str) else one["person"] for one in pool["members"]) if name in ids]

    def present(self) -> list[str]:
        """Return those of them who are never away: what another has is given away, because somebody must be there."""
        roster = tomllib.loads((self.files / "roster.toml").read_text(encoding="utf-8"))
        away = {str(person.get(self.world.crm)) for person in roster["person"] if person.get("absences")}
        return [member for member in self.members() if member not in away]

    def queue(self) -> str:
        """Return the owner id of what stands for nobody: the queue of new leads."""
        people = self.world.people
        if isinstance(people, OrgPeople):
            return min(row["Id"] for row in people.rows("Group") if row["Type"] == "Queue")
        return "900"

    def hand_over(self, owner: str, number: int) -> str:
        """Make a lead that is handed over to `owner` now; in HubSpot `owner` may be empty."""
        people = self.world.people
        if isinstance(people, People):
            values = {"email": f"late{number}@late.example", "lifecyclestage": "marketingqualifiedlead", "hubspot_owner_id": owner}
            return str(people.ask("POST", "/crm/v3/objects/contacts", {"properties": values})["id"])
        values = {"LastName": f"Late {number}", "Company": "Late", "Email": f"late{number}@late.example", "Status": "Marketing Qualified"}
        return people.write("Lead", values | {"OwnerId": owner})

    def link(self, lead: str, call: str) -> None:
        """Link a call of before to a lead of HubSpot; nothing is marked as changed by it."""
        people = self.world.people
        assert isinstance(people, People)
        people.ask("PUT", f"/crm/v4/objects/calls/{call}/associations/default/contacts/{lead}")

    def call(self, lead: str | None, owner: str) -> str:
        """Log a call that reached the person, begun and ended now; return its id."""
        people = self.world.people
        if isinstance(people, OrgPeople):
            return people.write("Task", {"WhoId": lead, "OwnerId": owner, "TaskSubtype": "Call", "Subject": "Call", "Status": "Completed"})
        now = people.now()
        values: dict[str, Any] = {
            "hs_timestamp": now,
            "hubspot_owner_id": owner,
            "hs_call_duration": "90000",
            "hs_call_direction": "OUTBOUND",
        }
        values["hs_call_disposition"] = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
        link = {"to": {"id": lead}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}]}
        order = {"properties": values} | ({"associations": [link]} if lead is not None else {})
        return str(people.ask("POST", "/crm/v3/objects/calls", order)["id"])


@dataclass(frozen=True, kw_only=True)
class CrmTask:
    """A task of a lead, as the CRM shows it."""

    id: str
    owner: str
    subject: str
    body: str
    is_open: bool


def tasks_of(one: Enforced, lead: str) -> list[CrmTask]:
    """Return the tasks of a lead, calls that were logged left out."""
    people = one.world.people
    if isinstance(people, OrgPeople):
        rows = [row for row in people.rows("Task") if row.get("WhoId") == lead and row.get("TaskSubtype") != "Call"]
        return [
            CrmTask(
                id=row["Id"], owner=row["OwnerId"], subject=row["Subject"], body=row.get("Description") or "", is_open=not row["IsClosed"]
            )
            for row in rows
            if not row.get("IsDeleted")
        ]
    links = people.ask("GET", f"/crm/v4/objects/contacts/{lead}/associations/tasks?limit=500")["results"]
    asked = "properties=hubspot_owner_id,hs_task_subject,hs_task_body,hs_task_status"
    found = [people.ask("GET", f"/crm/v3/objects/tasks/{link['toObjectId']}?{asked}") for link in links]
    return [_task_in(row["id"], row["properties"]) for row in found]


def _task_in(id_: str, values: dict[str, Any]) -> CrmTask:
    return CrmTask(
        id=str(id_),
        owner=values["hubspot_owner_id"],
        subject=values["hs_task_subject"],
        body=values["hs_task_body"] or "",
        is_open=values["hs_task_status"] != "COMPLETED",
    )


def add_task(one: Enforced, lead: str, owner: str, subject: str) -> str:
    """Give somebody a task about a lead, as a person does; return its id."""
    people = one.world.people
    if isinstance(people, OrgPeople):
        return people.write("Task", {"WhoId": lead, "OwnerId": owner, "Subject": subject, "Status": "Not Started"})
    values = {"hs_timestamp": people.now(), "hubspot_owner_id": owner, "hs_task_subject": subject, "hs_task_status": "NOT_STARTED"}
    link = {"to": {"id": lead}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]}
    return str(people.ask("POST", "/crm/v3/objects/tasks", {"properties": values, "associations": [link]})["id"])


def complete_task(one: Enforced, task: str) -> None:
    """Complete a task, as its owner does."""
    people = one.world.people
    if isinstance(people, OrgPeople):
        people.write("Task", {"Status": "Completed"}, id_=task)
    else:
        people.ask("PATCH", f"/crm/v3/objects/tasks/{task}", {"properties": {"hs_task_status": "COMPLETED"}})


@contextmanager
def enforced(
    crm: str,
    folder: Path,
    *,
    leads: int,
    seed: int = 5,
    has_stray_call: bool = False,
    ladder: str = LADDER,
    tell: str = "tell     =",
    act: str = "",
    hours: float = 6,
) -> Iterator[Enforced]:
    """Serve a company whose agreement is enforced since an hour before `leads` of one rep were handed over, some `hours` ago.

    `ladder` is that of the first touch; `tell` begins the line of the first handoff that names whom it tells, and may put other keys
    before it; `act` are lines of the config's table of that name.
    """
    with practice_world(crm, folder, leads=20, seed=seed) as world:
        one = Enforced(world=world)  # what is handed over too early stays with the rep, so that reassigning is what is due
        agreement = world.files / "agreement.toml"
        text = agreement.read_text(encoding="utf-8").replace('if_premature = ["return"]\n', "").replace(LADDER, ladder)
        sign(agreement, text.replace("tell     =", tell, 1))
        with (world.files / "config.toml").open("a", encoding="utf-8") as config:
            config.write(f'\n[mode]\ndefault = "enforce"\n\n[act]\n{act}\n')
        one.run("sync", "--dry-run")
        one.run("sync")
        world.people.rest(60)
        one.leads = [one.hand_over(one.members()[0], number) for number in range(leads)]
        world.people.rest(60)
        if has_stray_call:
            one.stray_call = one.call(None, one.members()[0])
        world.people.rest(hours * HOUR_S)
        yield one


def sign(agreement: Path, text: str) -> None:
    """Write `text`, signed by both sides."""
    signature = f'name = "N"\nat = 2026-11-01T10:00:00Z\nhash = "{agreement_of(text, file="agreement.toml").hash}"\n'
    agreement.write_text(
        text + "".join(f'\n[[signature]]\nside = "{side}"\n{signature}' for side in ("marketing", "sales")), encoding="utf-8"
    )
