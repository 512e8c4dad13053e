"""`[own_fields]` from the config to the CRM: created or told to an administrator, stamped once, and left alone by `undo`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.flow.enforcing import Enforced, enforced
from tests.flow.org_people import OrgPeople
from tests.flow.people import People
from tests.flow.practice import leadpact

PURPOSES = ("recycle_reason", "recycle_count", "return_on", "sla_status", "sla_deadline", "first_touch", "breaches")
NAMES = {
    "hubspot": {purpose: f"leadpact_{purpose}" for purpose in PURPOSES},
    "salesforce": {purpose: f"Leadpact_{purpose.title()}__c" for purpose in PURPOSES},
}
STAMPED = ("sla_status", "sla_deadline", "first_touch", "breaches")


def name_fields(one: Enforced, names: Mapping[str, str], *, crm: str = "") -> None:
    with (one.files / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f"\n[own_fields.{crm or one.world.crm}]\n" + "".join(f'{purpose} = "{name}"\n' for purpose, name in names.items()))


def check(one: Enforced, *options: str, code: int) -> str:
    done = leadpact("check", "--config", str(one.files / "config.toml"), *options)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def shown(one: Enforced, lead: str) -> dict[str, Any]:
    """Return what a lead shows in the fields of our own, by purpose."""
    people, names = one.world.people, NAMES[one.world.crm]
    if isinstance(people, People):
        row = people.ask("GET", f"/crm/v3/objects/contacts/{lead}?properties={','.join(names.values())}")["properties"]
    else:
        row = people.record(lead)
    return {purpose: row.get(name) for purpose, name in names.items()}


def run_in(said: str) -> str:
    return re.findall(r"^run (\S+):", said, re.MULTILINE)[-1]


def stamp_and_undo(one: Enforced, *, runs: int) -> None:
    """Sync until all is stamped, sync again, undo: the stamps are written once and stay, the owners go back."""
    before = one.owners()
    said = one.run("sync")
    assert f"{len(one.leads) + len(one.leads) // runs} written and read back, 0 skipped, 0 failed" in said
    assert all("1 written and read back, 0 skipped, 0 failed" in one.run("sync") for _ in range(runs - 1))
    stamps = {lead: shown(one, lead) for lead in one.leads}
    assert {(row["sla_status"], row["first_touch"], row["recycle_reason"]) for row in stamps.values()} == {("breached", None, None)}
    assert all(float(row["breaches"]) >= 1 and row["sla_deadline"] for row in stamps.values())
    assert all(owner != before[lead] for lead, owner in one.owners().items())
    writes = one.world.writes()

    again = one.run("sync")

    assert ("0 written" in again, one.world.writes()) == (True, writes), again
    one.world.people.rest(60)
    assert f"{len(one.leads)} written and read back, 0 skipped, 0 failed" in one.run("undo", run_in(said))
    assert {lead: shown(one, lead) for lead in one.leads} == stamps
    assert one.owners() == before


def recycle(one: Enforced) -> None:
    """Reject a lead that must then be recycled within a business day; what a recycle notes goes with it."""
    lead, people = one.leads[0], one.world.people
    if isinstance(people, People):
        people.reject(lead)
    else:
        people.write("Lead", {"Status": "Rejected"}, id_=lead)
    people.rest(3 * 86_400 + 5 * 3600)
    assert "0 failed" in one.run("sync")
    row = shown(one, lead)
    assert (float(row["recycle_count"]), bool(row["return_on"]), row["sla_status"]) == (1.0, True, "late")


def test_hubspots_missing_properties_are_created_and_stamped_as_many_a_run_as_the_limit_allows(tmp_path: Path) -> None:
    with enforced("hubspot", tmp_path, leads=2) as one:
        name_fields(one, NAMES["hubspot"])
        refused = one.run("sync", code=78)
        assert "own_fields.hubspot.sla_status: hubspot has no property `leadpact_sla_status` on contact" in refused
        asked = check(one, "--create-fields", code=78)
        assert "contact property leadpact_breaches (SLA breaches): number, shown as number, in the group leadpact" in asked
        assert "nothing was created in hubspot: there is no terminal on which to ask; create them without being asked: --yes" in asked

        made = check(one, "--create-fields", "--yes", code=0)

        assert made.count("created hubspot contact ") == len(PURPOSES)
        with (one.files / "config.toml").open("a", encoding="utf-8") as config:
            config.write("\n[limits]\nstamps_per_run = 1\n")
        stamp_and_undo(one, runs=2)
        recycle(one)


def test_salesforces_administrator_is_told_what_to_add_and_it_is_stamped_once(tmp_path: Path) -> None:
    with enforced("salesforce", tmp_path, leads=2) as one:
        name_fields(one, NAMES["salesforce"])
        said = check(one, "--create-fields", "--yes", code=78)
        assert "salesforce lacks 14 fields; an administrator adds:" in said
        security = "field-level security: read and edit access for leadpact's user"
        assert f"Contact.Leadpact_Recycle_Reason__c (Recycle reason): Text, length 255; {security}" in said
        assert f"Lead.Leadpact_Sla_Deadline__c (SLA deadline): Date/Time; {security}" in said
        assert "created" not in said

        add_fields(one.world.people)

        stamp_and_undo(one, runs=1)
        recycle(one)


def add_fields(people: People | OrgPeople) -> None:
    """Add the fields as an administrator does."""
    types = dict.fromkeys(("sla_deadline", "first_touch"), "datetime") | dict.fromkeys(("breaches", "recycle_count"), "double")
    types |= {"return_on": "date"}
    lines = [
        {"attributes": {"type": "CustomField"}, "object": kind, "name": name, "type": types.get(purpose, "string")}
        for kind in ("Lead", "Contact")
        for purpose, name in NAMES["salesforce"].items()
    ]
    people.ask("POST", "/_sandbox/records", lines)
