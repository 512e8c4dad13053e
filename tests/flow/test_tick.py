"""A tick judges only what changed, and finds what judging every lead would find."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from sync.agreement.load import agreement_of
from sync.begin import Begun, begin
from sync.context import Context
from sync.judge.judge import judge_lead
from sync.known import gather_terms
from sync.run import pull
from sync.store.finding_rows import fingerprint
from sync.terms import Terms
from sync.tick import judge_dirty
from sync.wiring import open_context
from tests.flow.practice import practice_hubspot

LEADS = 60
MAILED = 11  # one more than are bulk
HOUR_S = 3600

TYPE_IDS = {"calls": 194, "emails": 198, "deals": 3}  # from the object to a contact

Told = dict[str, bytes]  # finding's key -> what it says, but for the lateness


class Portal:
    """What people and time do in the practice portal."""

    def __init__(self, base: str) -> None:
        self._base = base
        self.contacts = [contact["id"] for contact in self._ask("POST", "/crm/v3/objects/contacts/search", {"limit": 200})["results"]]
        self.owners = self._ask("GET", "/crm/v3/owners?limit=100")["results"]

    def change(self, kind: str, id_: str, **properties: str) -> None:
        self._ask("PATCH", f"/crm/v3/objects/{kind}/{id_}", {"properties": properties})

    def log(self, kind: str, contact: str, **properties: str) -> None:
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TYPE_IDS[kind]}]
        body = {"properties": properties, "associations": [{"to": {"id": contact}, "types": types}]}
        self._ask("POST", f"/crm/v3/objects/{kind}", body)

    def touch(self, kind: str, contact: str, **properties: str) -> None:
        """Log an activity of the first owner that happens now."""
        now = self._ask("GET", "/_sandbox/clock")["now"]
        self.log(kind, contact, hs_timestamp=now, hubspot_owner_id=self.owners[0]["id"], **properties)

    def company_of(self, contacts: Sequence[str]) -> str:
        """Return the company of the first of `contacts` that has one."""
        links = (self._ask("GET", f"/crm/v4/objects/contacts/{contact}/associations/companies")["results"] for contact in contacts)
        return next(str(found[0]["toObjectId"]) for found in links if found)

    def archive_owner(self, owner: dict[str, Any]) -> None:
        self._ask("POST", "/_sandbox/records", [{**owner, "object": "owners", "archived": True}])

    def wait(self, seconds: int) -> None:
        self._ask("POST", "/_sandbox/clock", {"advance_s": seconds})

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": "Bearer sandbox", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self._base + path, data=data, headers=headers, method=method)) as answer:
            return json.load(answer)


pytestmark = pytest.mark.xdist_group("tick")


@dataclass
class Account:
    """A practice portal, the store that is kept of it, and what was found last."""

    run: Context
    portal: Portal
    found: Told

    def tick(self) -> int:
        """Pull and judge what changed; return how many leads that were. The findings must be those of judging all."""
        begun = begin(self.run, None, kind="tick")
        pull(self.run, begun)
        known = self.run.known
        terms = gather_terms(known, begun.eras)
        ticked = judge_dirty(known, terms, run_id=begun.run_id, now=begun.moment)
        kept = {finding.key: fingerprint(finding) for finding in known.findings.latest()}
        assert kept == self.judged_afresh(begun, terms)
        self.found = kept
        return ticked.judged

    def judged_afresh(self, begun: Begun, terms: Terms) -> Told:
        within = begun.agreement.touches.bulk_within
        known = self.run.known
        leads = known.reader.leads(upto=begun.moment, bulk_within=within)
        return {finding.key: fingerprint(finding) for rows in leads for finding in judge_lead(rows, terms, begun.moment).findings}

    def with_files(self, **files: Any) -> Account:
        """Return the account as it is when other files are read."""
        return replace(self, run=replace(self.run, known=replace(self.run.known, **files)))

    def hand_over(self, contacts: Sequence[str]) -> None:
        """Let leads become MQLs of the first owner, now."""
        for contact in contacts:
            self.portal.change("contacts", contact, lifecyclestage="", hs_lead_status="", hubspot_owner_id=self.portal.owners[0]["id"])
            self.portal.change("contacts", contact, lifecyclestage="marketingqualifiedlead")


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account that was judged once, with eleven leads handed over a moment ago."""
    options = ("--leads", str(LEADS), "--seed", "5", "--now", "2026-11-18T14:00Z")
    with (
        practice_hubspot(tmp_path_factory.mktemp("tick"), *options) as files,
        open_context(files / "config.toml", tell=lambda _: None) as run,
    ):
        assert run.known.config.hubspot is not None
        one = Account(run=run, portal=Portal(run.known.config.hubspot.base_url), found={})
        one.portal.wait(HOUR_S)
        one.hand_over(one.portal.contacts[:MAILED])
        assert one.tick() == LEADS
        yield one


def the_text() -> str:
    return (Path(__file__).parents[2] / "agreement.example.toml").read_text(encoding="utf-8")


def call(account: Account) -> None:
    account.portal.touch("calls", account.portal.contacts[0], hs_call_direction="OUTBOUND", hs_call_status="NO_ANSWER")
    account.portal.wait(60)


def mail_all(account: Account) -> None:
    for contact in account.portal.contacts[1 : MAILED - 1]:
        account.portal.touch("emails", contact, hs_email_direction="EMAIL", hs_email_status="SENT", hs_email_subject="Hello")
    account.portal.wait(60)


def mail_one_more(account: Account) -> None:
    contact = account.portal.contacts[MAILED - 1]
    account.portal.touch("emails", contact, hs_email_direction="EMAIL", hs_email_status="SENT", hs_email_subject="Hello")
    account.portal.wait(60)


def change_owner(account: Account) -> None:
    account.portal.change("contacts", account.portal.contacts[2], hubspot_owner_id=account.portal.owners[1]["id"])


def change_company(account: Account) -> None:
    account.portal.change("companies", account.portal.company_of(account.portal.contacts[3:MAILED]), industry="CRM_VENDOR")


def close_deal(account: Account) -> None:
    account.portal.log("deals", account.portal.contacts[1], dealname="d", pipeline="default", dealstage="closedwon")


def reject(account: Account) -> None:
    account.portal.change("contacts", account.portal.contacts[2], hs_lead_status="UNQUALIFIED")


def pass_a_deadline(account: Account) -> None:
    account.portal.wait(3 * HOUR_S)


def unlist_the_owner(account: Account) -> None:
    account.portal.archive_owner(account.portal.owners[0])
    account.portal.wait(60)


STEPS = (  # what happens, and on how many leads it bears at most
    (call, 1),
    (mail_all, MAILED - 2),
    (mail_one_more, MAILED - 1),  # the mails of the others are bulk now
    (change_owner, 1),
    (change_company, 5),  # and its other contacts
    (close_deal, 1),
    (reject, 1),
)


def test_a_tick_judges_what_changed_and_finds_what_judging_all_finds(account: Account) -> None:
    for happens, most in STEPS:
        before = account.found
        happens(account)

        judged = account.tick()

        assert 0 < judged <= most, happens.__name__
        assert account.found != before, f"{happens.__name__} was to change a finding"
    assert account.tick() == 0


def test_a_tick_judges_what_falls_due(account: Account) -> None:
    before = account.found
    pass_a_deadline(account)

    assert 0 < account.tick() < LEADS / 2
    assert account.found != before


def test_a_tick_after_an_owner_went_judges_their_leads(account: Account) -> None:
    unlist_the_owner(account)

    assert 0 < account.tick() < LEADS


def test_another_roster_or_agreement_has_every_lead_judged_once(account: Account) -> None:
    known = account.run.known
    others = [
        account.with_files(roster=replace(known.roster, pools={pool: () for pool in known.roster.pools}, text="nobody in a pool")),
        account.with_files(agreement=agreement_of(the_text().replace('"2 business hours"', '"3 business hours"'), file="agreement.toml")),
    ]

    for other in others:
        assert other.tick() == LEADS
        assert other.tick() == 0
