"""Two practice CRMs whose agreement is enforced, with a lead in each that was handed over too early and goes back in both."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.worlds import NOW, World
from tests.flow.enforcing import Enforced, sign
from tests.flow.org_people import OrgPeople
from tests.flow.people import People
from tests.flow.practice import base_url, practice_hubspot

SETTLED_S = 45 * 60  # after the handover: a lead that was handed over too early is moved by then
CRITERIA, TITLE = 'criteria = "icp AND buyer AND score >= 60"', "criteria = \"title = 'Buyer'\""
TO = '{ owner = "marketing queue", status = "Recycled", nurture_list = "Nurture 2026" }'
BOTH = '{ owner = "Inbound queue", status = "Recycled", stage = "lead", nurture_list = "Nurture 2026" }'
Shown = dict[str, str | None]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The two records of one person."""

    contact: str
    lead: str


@dataclass(kw_only=True)
class BackInBoth(Enforced):
    """Sales works in Salesforce, where owner and status are written; HubSpot gets the stage, and the list."""

    hubspot: People
    salesforce: OrgPeople

    def rep(self) -> dict[str, str]:
        """Return the owner ids of the first rep of the pool, by CRM."""
        roster = tomllib.loads((self.files / "roster.toml").read_text(encoding="utf-8"))
        (pool,) = [pool for pool in roster["pool"] if pool["name"] == "sdr"]
        first = pool["members"][0]
        (person,) = [one for one in roster["person"] if one["name"] == (first if isinstance(first, str) else first["person"])]
        return {crm: str(person[crm]) for crm in ("hubspot", "salesforce")}

    def hand_over_early(self, number: int) -> Pair:
        """Hand a student over to Sales, and let it be long enough ago."""
        rep, email = self.rep(), f"early{number}@early.example"
        values = {"email": email, "lifecyclestage": "marketingqualifiedlead", "hubspot_owner_id": rep["hubspot"], "jobtitle": "Student"}
        values |= {"company": "Early", "phone": "+1 555 0100", "hs_lead_status": "NEW"}
        contact = str(self.hubspot.ask("POST", "/crm/v3/objects/contacts", {"properties": values})["id"])
        row = {"LastName": f"Early {number}", "Company": "Early", "Email": email, "Phone": "+1 555 0100", "Title": "Student"}
        lead = self.salesforce.write("Lead", row | {"Status": "Marketing Qualified", "OwnerId": rep["salesforce"]})
        self.hubspot.rest(SETTLED_S)
        return Pair(contact=contact, lead=lead)

    def shown(self, pair: Pair) -> Shown:
        """Return what the two records show of where their lead is."""
        asked = f"/crm/v3/objects/contacts/{pair.contact}?properties=lifecyclestage"
        lists = self.hubspot.ask("GET", f"/crm/v3/lists/records/0-1/{pair.contact}/memberships")["results"]
        row = self.salesforce.record(pair.lead)
        return {
            "stage": self.hubspot.ask("GET", asked)["properties"]["lifecyclestage"] or None,
            "list": ",".join(str(one["listId"]) for one in lists) or None,
            "status": row["Status"],
            "owner": row["OwnerId"][:3],
        }

    def fault(self, **rule: object) -> None:
        """Let a call go wrong."""
        self.hubspot.ask("POST", "/_sandbox/faults", [rule])

    def well(self) -> None:
        """Let none go wrong any more."""
        self.hubspot.ask("DELETE", "/_sandbox/faults")


@contextmanager
def going_back_in_both(folder: Path) -> Iterator[BackInBoth]:
    """Serve both CRMs of a company whose agreement has been enforced since before anybody is handed over."""
    with practice_hubspot(folder, "--crm", "both", "--leads", "20", "--seed", "5", "--now", NOW) as files:
        url = base_url(files)
        people = People(url, 5)
        one = BackInBoth(world=World(crm="hubspot", files=files, people=people), hubspot=people, salesforce=OrgPeople(url, 5))
        agreement = files / "agreement.toml"
        text = agreement.read_text(encoding="utf-8")
        assert text.count(CRITERIA) == text.count(TO) == 1
        sign(agreement, text.replace(CRITERIA, TITLE).replace(TO, BOTH))
        with (files / "config.toml").open("a", encoding="utf-8") as config:
            config.write('\n[mode]\ndefault = "enforce"\n')
        one.run("sync", "--dry-run")
        one.run("sync")
        people.rest(60)
        yield one
