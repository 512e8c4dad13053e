"""A practice CRM whose agreement is enforced, with leads that should go back to Marketing: handed over too early, or worked in vain."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.faults.worlds import practice_world
from tests.flow.enforcing import HOUR_S, Enforced, sign
from tests.flow.people import People
from tests.flow.practice import leadpact

NURTURE = "Nurture 2026"
TO_MARKETING = '{ owner = "marketing queue", status = "Recycled", nurture_list = "Nurture 2026" }'
SWAPS = (
    ('criteria = "icp AND buyer AND score >= 60"', "criteria = \"title = 'Buyer'\""),
    ("attempts = 6", "attempts = 1"),
    ("channels = { call = 3, email = 2 }", "channels = { call = 1 }"),
    ('within       = "1 business day"', 'within       = "1 business hour"'),
)
MOVES = "\n[limits]\nmoves_at_least = 10\n"
_FIELDS = ("lifecyclestage", "hs_lead_status", "lead_recycle_reason", "hubspot_owner_id")


@dataclass(kw_only=True)
class GoingBack(Enforced):
    """Its `early` leads were handed over without meeting the criteria; its `worked` ones were accepted, and called in vain."""

    early: list[str] = field(default_factory=list)
    worked: list[str] = field(default_factory=list)
    nurture: str = ""  # the list or campaign, as a field

    def shown(self, lead: str) -> dict[str, str | None]:
        """Return what a lead shows now, and whether it is on the list."""
        people = self.world.people
        if isinstance(people, People):
            row = people.ask("GET", f"/crm/v3/objects/contacts/{lead}?properties={','.join(_FIELDS)}")
            told = {name: row["properties"][name] or None for name in _FIELDS}
            lists = people.ask("GET", f"/crm/v3/lists/records/0-1/{lead}/memberships")["results"]
            return told | {self.nurture: "member" if self.nurture in {f"list:{one['listId']}" for one in lists} else None}
        row = people.record(lead)
        members = [one for one in people.rows("CampaignMember") if one.get("LeadId") == lead and not one.get("IsDeleted")]
        told = {name: row.get(name) for name in ("Status", "Recycle_Reason__c", "OwnerId")}
        return told | {self.nurture: "member" if self.nurture in {f"campaign:{one['CampaignId']}" for one in members} else None}

    def all_shown(self) -> dict[str, dict[str, str | None]]:
        """Return what each lead shows."""
        return {lead: self.shown(lead) for lead in (*self.early, *self.worked)}

    def runs(self, kind: str) -> list[str]:
        """Return the ids of the runs of a kind, the newest first."""
        done = leadpact("runs", "--format", "json", "--config", str(self.files / "config.toml"))
        return [one["id"] for one in json.loads(done.stdout)["runs"] if one["kind"] == kind]

    def told(self, *arguments: str) -> str:
        """Return what a command says on standard output."""
        return leadpact(*arguments, "--config", str(self.files / "config.toml")).stdout

    def call_in_vain(self, lead: str) -> None:
        """Log a call of the lead's owner that nobody answered."""
        people, owner = self.world.people, self.members()[0]
        if isinstance(people, People):
            values: dict[str, Any] = {"hs_timestamp": people.now(), "hubspot_owner_id": owner, "hs_call_direction": "OUTBOUND"}
            values["hs_call_disposition"] = "73a0d17f-1163-4015-bdd5-ec830791da20"
            link = {"to": {"id": lead}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}]}
            people.ask("POST", "/crm/v3/objects/calls", {"properties": values, "associations": [link]})
        else:
            told = {"WhoId": lead, "OwnerId": owner, "TaskSubtype": "Call", "Subject": "Call", "Status": "Completed"}
            people.write("Task", {**told, "CallDisposition": "No answer"})

    def hand_over_to_the_first(self, number: int, *, fits: bool) -> str:
        """Make a lead that is handed over to the first rep now, and meets the criteria or not."""
        return self.hand_over_to(self.members()[0], number, fits=fits)

    def hand_over_to(self, owner: str, number: int, *, fits: bool) -> str:
        """Make a lead that is handed over to `owner` now, and meets the criteria or not; in HubSpot `owner` may be empty."""
        people = self.world.people
        if isinstance(people, People):
            values = {"email": f"back{number}@back.example", "lifecyclestage": "marketingqualifiedlead", "hubspot_owner_id": owner}
            values |= {"company": "Back", "phone": "+1 555 0100", "hs_lead_status": "NEW"} | {"jobtitle": "Buyer" if fits else "Student"}
            return str(people.ask("POST", "/crm/v3/objects/contacts", {"properties": values})["id"])
        row = {"LastName": f"Back {number}", "Company": "Back", "Email": f"back{number}@back.example", "Phone": "+1 555 0100"}
        row |= {"Status": "Marketing Qualified", "OwnerId": owner} | {"Title": "Buyer" if fits else "Student"}
        return people.write("Lead", row)

    def _accept(self, lead: str) -> None:
        people = self.world.people
        if isinstance(people, People):
            people.ask("PATCH", f"/crm/v3/objects/contacts/{lead}", {"properties": {"hs_lead_status": "IN_PROGRESS"}})
        else:
            people.write("Lead", {"Status": "Accepted"}, id_=lead)

    def set_up(self) -> None:
        """Do what the CRM lacks before the first run."""

    def let_it_happen(self, late: int) -> None:
        """Hand over two leads too early, two that are called in vain and some that nobody calls; it is past every deadline then."""
        people = self.world.people
        people.rest(60)
        self.early = [self.hand_over_to_the_first(number, fits=False) for number in range(2)]
        self.worked = [self.hand_over_to_the_first(number, fits=True) for number in range(2, 4)]
        self.leads = [self.hand_over_to_the_first(number, fits=True) for number in range(4, 4 + late)]
        people.rest(60)
        for lead in self.worked:
            self._accept(lead)
        people.rest(60)
        for lead in self.worked:
            self.call_in_vain(lead)
        people.rest(5 * HOUR_S)


Back = TypeVar("Back", bound=GoingBack)


@contextmanager
def going_back(
    crm: str,
    folder: Path,
    *,
    to: str,
    late: int = 0,
    kind: type[Back] = GoingBack,
    swaps: Sequence[tuple[str, str]] = SWAPS,
    config: str = MOVES,
) -> Iterator[Back]:
    """Serve a company whose agreement says where leads go back `to`, and has been enforced since before they were handed over.

    Beside those that go back there are `late` ones, of which each goes to another rep.
    """
    with practice_world(crm, folder, leads=20, seed=5) as world:
        one = kind(world=world)
        one.nurture = "list:1" if crm == "hubspot" else f"campaign:{world.people.write('Campaign', {'Name': NURTURE})}"
        enforce(one, ((TO_MARKETING, to), *swaps), config)
        one.let_it_happen(late)
        yield one


def enforce(one: GoingBack, swaps: Sequence[tuple[str, str]], config: str) -> None:
    """Sign the agreement as `swaps` make it, add `config` to the config, and enforce it from now on."""
    agreement = one.files / "agreement.toml"
    text = agreement.read_text(encoding="utf-8")
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new)
    sign(agreement, text)
    with (one.files / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[mode]\ndefault = "enforce"\n{config}')
    one.set_up()
    one.run("sync", "--dry-run")
    one.run("sync")
