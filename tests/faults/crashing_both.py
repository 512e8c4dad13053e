"""Two practice CRMs in which the run of each day does all that leadpact can do: leads go back in both, and are stamped in both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.test_notify import tell
from tests.cli.test_own_fields import NAMES, add_fields, check, name_fields
from tests.faults.crashing import ASKED, ROOM, TARGETS, Crashing, State
from tests.faults.worlds import NOW, World
from tests.flow.going_back import NURTURE, SWAPS, TO_MARKETING, enforce
from tests.flow.org_people import OrgPeople
from tests.flow.people import People
from tests.flow.practice import base_url, practice_hubspot
from tests.flow.receiver import Receiver, receiver

SEED = 5
DELIVERED_S = 8  # after the handover the lead is in Salesforce too
IN_BOTH = '{ owner = "Inbound queue", status = "Recycled", stage = "lead", nurture_list = "Nurture 2026", campaign = "Nurture 2026" }'


@dataclass(kw_only=True)
class CrashingInBoth(Crashing):
    """Its world is Salesforce, where reps work and each lead is a Lead; each was handed over as a contact of HubSpot."""

    marketing: People
    contacts: dict[str, str] = field(default_factory=dict)  # id of a Lead -> of its contact

    @property
    def crms(self) -> tuple[str, ...]:
        """Both are written to."""
        return ("hubspot", "salesforce")

    def set_up(self) -> None:
        """Create the fields that are stamped."""
        for crm in self.crms:
            name_fields(self, NAMES[crm], crm=crm)
        add_fields(self.world.people)
        check(self, "--create-fields", "--yes", code=0)

    def hand_over_to(self, owner: str, number: int, *, fits: bool) -> str:
        """Make a contact that is handed over now, and a moment later its Lead, with its owner."""
        values = {"email": f"back{number}@back.example", "lifecyclestage": "marketingqualifiedlead", "hs_lead_status": "NEW"}
        values |= {"company": "Back", "phone": "+1 555 0100", "jobtitle": "Buyer" if fits else "Student"}
        contact = str(self.marketing.ask("POST", "/crm/v3/objects/contacts", {"properties": values})["id"])
        self.marketing.rest(DELIVERED_S)
        lead = super().hand_over_to(owner, number, fits=fits)
        self.contacts[lead] = contact
        return lead

    def state(self) -> State:
        """Return what both records of today's leads show."""
        contacts = (self.contacts[lead] for lead in self.all)
        return super().state() | {f"contact {id_}": self._of_contact(id_) for id_ in contacts}

    def _of_contact(self, id_: str) -> dict[str, Any]:
        own = NAMES["hubspot"]
        asked = ",".join(("lifecyclestage", "hs_lead_status", "hubspot_owner_id", *own.values()))
        row = self.marketing.ask("GET", f"/crm/v3/objects/contacts/{id_}?properties={asked}")["properties"]
        lists = self.marketing.ask("GET", f"/crm/v3/lists/records/0-1/{id_}/memberships")["results"]
        its = {name: row[name] or None for name in ("lifecyclestage", "hs_lead_status", "hubspot_owner_id")}
        return its | {purpose: row[name] for purpose, name in own.items()} | {"lists": [str(one["listId"]) for one in lists]}


@contextmanager
def crashing_in_both(folder: Path) -> Iterator[tuple[CrashingInBoth, Receiver]]:
    """Serve both, with somebody who takes the messages."""
    options = ("--crm", "both", "--leads", "20", "--seed", str(SEED), "--now", NOW)
    with practice_hubspot(folder, *options) as files, receiver() as to:
        url = base_url(files)
        sales = OrgPeople(url, SEED)
        sales.write("Campaign", {"Name": NURTURE})
        one = CrashingInBoth(world=World(crm="salesforce", files=files, people=sales), marketing=People(url, SEED))
        enforce(one, ((TO_MARKETING, IN_BOTH), *SWAPS, *ASKED), ROOM)
        tell(one, to, TARGETS)
        yield one, to
