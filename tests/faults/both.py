"""Two practice CRMs whose agreement is enforced: leads are handed over in HubSpot, and worked and moved in Salesforce."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.worlds import NOW, World
from tests.flow.enforcing import LADDER, Enforced, sign
from tests.flow.org_people import OrgPeople
from tests.flow.people import People
from tests.flow.practice import base_url, practice_hubspot

DELIVERED_S = 8  # after the handover the lead is in Salesforce too


@dataclass(kw_only=True)
class Both(Enforced):
    """Its world is Salesforce, where reps work; each of its leads is named by its contact in HubSpot."""

    marketing: People
    contacts: dict[str, str] = field(default_factory=dict)  # id of a Lead -> of its contact

    def hand_over(self, owner: str, number: int) -> str:
        """Make a contact that is handed over now, and a moment later its Lead, with its owner."""
        values = {"email": f"late{number}@late.example", "lifecyclestage": "marketingqualifiedlead"}
        contact = str(self.marketing.ask("POST", "/crm/v3/objects/contacts", {"properties": values})["id"])
        self.marketing.rest(DELIVERED_S)
        lead = super().hand_over(owner, number)
        self.contacts[lead] = contact
        return lead

    def named_by(self, lead: str) -> str:
        """Return the id of the record that names the lead of a Lead."""
        return self.contacts[lead]


@contextmanager
def enforced_in_both(folder: Path, *, seed: int, ladder: str) -> Iterator[Both]:
    """Serve both CRMs of a company whose agreement is enforced from now on."""
    with practice_hubspot(folder, "--crm", "both", "--leads", "20", "--seed", str(seed), "--now", NOW) as files:
        url = base_url(files)
        sales = OrgPeople(url, seed)
        one = Both(world=World(crm="salesforce", files=files, people=sales), marketing=People(url, seed))
        agreement = files / "agreement.toml"
        text = agreement.read_text(encoding="utf-8").replace('if_premature = ["return"]\n', "")
        sign(agreement, text.replace(LADDER, ladder))
        with (files / "config.toml").open("a", encoding="utf-8") as config:
            config.write('\n[mode]\ndefault = "enforce"\n')
        one.run("sync", "--dry-run")
        one.run("sync")
        sales.rest(60)
        yield one
