"""A roster drafted from the owners of one CRM or two."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.hubspot.mapping import VOCABULARY as HUBSPOT
from connectors.records import Account, Owner, Page, Team, Vocabulary
from connectors.salesforce.mapping import VOCABULARY as SALESFORCE
from sync.lint import Facts
from sync.roster_draft import draft_roster
from sync.roster_load import load_roster

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ANN, BO, QUEUE, OURS = "0050000000000A1AAI", "0050000000000B1AAI", "00G000000000001AAA", "0050000000000X1AAI"


def owner(crm: str, id_: str, name: str, email: str | None, *, team: str | None = None, **more: Any) -> Owner:
    return Owner(
        crm=crm, id=id_, user_id=None, email=email, name=name, teams=(team,) if team else (), **{"is_queue": False, "active": True} | more
    )


def staff(words: Vocabulary, *owners: Owner, team: str) -> Facts:
    page = Page(stream="owners", began_at=NOW, owners=owners, teams=(Team(crm=words.crm, id="t", name=team),), cursor=None, last=True)
    return Facts(
        account=Account(crm=words.crm, id="1", time_zone=None, kind="", server_now=NOW), vocabulary=words, pages={"owners": (page,)}
    )


PORTAL = staff(HUBSPOT, owner("hubspot", "1", "Ann", "ann@x.com"), owner("hubspot", "3", "Cy", None, team="t"), team="Marketing")
ORG = staff(
    SALESFORCE,
    owner("salesforce", ANN, "Ann Lee", "ann@x.com", team="t"),
    owner("salesforce", BO, "Bo", "bo@x.com", manager=ANN),
    owner("salesforce", "0050000000000B2AAI", "Bo 2", "bo@x.com", manager="0050000000000D1AAI"),
    owner("salesforce", "0050000000000D1AAI", "Dan", "dan@x.com", active=False),
    owner("salesforce", QUEUE, "Inbound", None, is_queue=True),
    owner("salesforce", OURS, "leadpact", "api@x.com"),
    team="EMEA",
)


def drafted(*facts: Facts, own_users: dict[str, str] | None = None) -> dict[str, Any]:
    return tomllib.loads(draft_roster(facts, pools=["sdr"], own_users=own_users or {}))


def test_owners_of_one_address_are_one_person_with_both_ids() -> None:
    people = {person["name"]: person for person in drafted(PORTAL, ORG)["person"]}

    assert people["Ann"] == {"name": "Ann", "email": "ann@x.com", "hubspot": "1", "salesforce": ANN, "team": "EMEA"}
    assert people["Cy"] == {"name": "Cy", "hubspot": "3", "team": "Marketing"}


def test_a_manager_who_is_in_the_roster_is_named_as_there() -> None:
    people = {person["name"]: person.get("manager") for person in drafted(PORTAL, ORG)["person"]}

    assert people == {"Ann": None, "Bo": "Ann", "Bo 2": None, "Cy": None, "leadpact": None}


def test_queues_leavers_and_leadpact_itself_are_no_people() -> None:
    roster = drafted(PORTAL, ORG, own_users={"salesforce": OURS})

    assert [person["name"] for person in roster["person"]] == ["Ann", "Bo", "Bo 2", "Cy"]
    assert roster["placeholders"] == {"hubspot": [], "salesforce": [OURS]}


def test_two_users_of_one_address_stay_two(tmp_path: Path) -> None:
    path = tmp_path / "roster.toml"
    path.write_text(draft_roster([PORTAL, ORG], pools=["sdr"], own_users={}))

    roster = load_roster(path, agreement=None)

    assert (roster.people["Bo"].email, roster.people["Bo 2"].email) == ("bo@x.com", None)
    assert [member.person for member in roster.members("sdr")] == ["Ann", "Bo", "Bo 2", "Cy", "leadpact"]
