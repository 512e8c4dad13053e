"""What check says of Salesforce, and of two CRMs at once."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.hubspot.mapping import VOCABULARY as HUBSPOT
from connectors.records import Account, FieldDefinition, Owner, Page, Team, Vocabulary
from connectors.salesforce.mapping import VOCABULARY as SALESFORCE
from connectors.salesforce.mapping import vocabulary
from sync.agreement.load import agreement_of
from sync.agreement.model import Agreement
from sync.lint import Facts, lint
from sync.lint_recognised import recognition_remarks
from sync.remarks import Level, Remark
from sync.roster import Person, Roster

NOW = datetime(2026, 11, 20, tzinfo=UTC)
BOTH = {"hubspot": HUBSPOT, "salesforce": SALESFORCE}
BASE = """
title     = "Leads"
effective = 2026-01-01
timezone  = "UTC"

[fields]
score = { type = "number", hubspot = "hubspotscore", salesforce = "Score__c" }

[[stage]]
name    = "MQL"
side    = "marketing"
meaning = "Ready."
hubspot.contact = "lifecyclestage = 'marketingqualifiedlead'"
salesforce.Lead = "Status = 'Qualified'"

[[stage]]
name    = "SQL"
side    = "sales"
meaning = "Taken."
salesforce.Lead = "IsConverted"

[calendar.default]
hours    = "Mo-Fr 09:00-17:00"
timezone = "UTC"

[[handoff]]
name     = "to sales"
opens_on = "stage MQL"

[[clock]]
name    = "first_touch"
starts  = "handoff"
kept_by = "touch"
within  = "2 business hours"
"""


def read(more: str = "", *, without: str = "") -> Agreement:
    text = "\n".join(line for line in BASE.splitlines() if not without or not line.startswith(without))
    return agreement_of(f"{text}\n{more}", file="agreement.toml")


def owner(crm: str, id_: str = "1", *, team: str | None = None, is_queue: bool = False) -> Owner:
    return Owner(crm=crm, id=id_, user_id=None, email=None, name=f"O{id_}", is_queue=is_queue, active=True, teams=(team,) if team else ())


def facts(words: Vocabulary, *definitions: FieldDefinition, owners: tuple[Owner, ...] = (), teams: tuple[Team, ...] = ()) -> Facts:
    account = Account(crm=words.crm, id="1", time_zone=None, kind="", server_now=NOW)
    pages = {
        "definitions": (Page(stream="definitions", began_at=NOW, definitions=definitions, cursor=None, last=True),),
        "owners": (Page(stream="owners", began_at=NOW, owners=owners, teams=teams, cursor=None, last=True),),
    }
    return Facts(account=account, vocabulary=words, pages=pages)


def field(name: str, *, tracked: bool = True, kind: str = "Lead", crm: str = "salesforce") -> FieldDefinition:
    return FieldDefinition(crm=crm, kind=kind, name=name, label=name, type="string", tracked=tracked)


LEAD = (field("OwnerId"), field("Email"), field("Status"), field("IsConverted"), field("Score__c"))


def said(remarks: list[Remark], level: Level) -> list[str]:
    return [f"{remark.where}: {remark.what}" for remark in remarks if remark.level is level]


def test_a_field_that_an_org_has_not_or_hides_is_said_in_its_words() -> None:
    (remark,) = [one for one in lint(read(), Roster(), facts(SALESFORCE, *LEAD[:-1])) if one.level is Level.ERROR]

    assert remark.where == "agreement.toml: fields.score"
    assert "shows leadpact's user none, called `Score__c` on Lead" in remark.what
    assert "field-level security" in remark.fix


def test_fields_without_history_are_named_with_the_place_to_turn_it_on() -> None:
    untracked = (field("OwnerId", tracked=False), field("Status", tracked=False), *LEAD[1:2], *LEAD[3:])
    (remark,) = [one for one in lint(read(), Roster(), facts(SALESFORCE, *untracked)) if "history" in one.what]

    assert remark.level is Level.WARNING
    assert "OwnerId, Status on Lead" in remark.what
    assert "Set History Tracking" in remark.fix


def test_a_field_whose_moments_do_not_matter_needs_no_history() -> None:
    lead = (*LEAD[:4], field("Score__c", tracked=False))

    assert not [one for one in lint(read(), Roster(), facts(SALESFORCE, *lead)) if "history" in one.what]


def test_hubspot_keeps_every_history() -> None:
    contact = [field(name, tracked=False, kind="contact", crm="hubspot") for name in ("lifecyclestage", "hubspotscore")]

    assert not [one for one in lint(read(), Roster(), facts(HUBSPOT, *contact)) if "history" in one.what]


def test_the_fields_of_a_form_must_be_there() -> None:
    words = vocabulary(form_date_field="Last_Form_At__c", form_name_field="Last_Form__c")
    lead = (*LEAD, field("Last_Form__c"))
    (error,) = said(lint(read(), Roster(), facts(words, *lead)), Level.ERROR)

    assert error.startswith("config.toml: salesforce.form_date_field")


def test_a_hold_that_nobody_can_set_is_an_error() -> None:
    held = read('[protect]\nwhen = ["hold"]\n')

    assert any("Leadpact_Hold__c" in one for one in said(lint(held, Roster(), facts(SALESFORCE, *LEAD)), Level.ERROR))
    assert said(lint(held, Roster(), facts(SALESFORCE, *LEAD, field("Leadpact_Hold__c"))), Level.ERROR) == []


def test_queues_are_told_as_nobody() -> None:
    org = facts(SALESFORCE, *LEAD, owners=(owner("salesforce", "00G1", is_queue=True),))

    assert any("counts as unassigned: O00G1" in one for one in said(lint(read(), Roster(), org), Level.NOTE))


def test_a_team_may_be_in_either_crm() -> None:
    level = '[[level]]\nname = "one"\nteam = "EMEA"\nclock.first_touch.within = "1 business hour"\n'
    team = Team(crm="salesforce", id="00E1", name="EMEA")
    org = facts(SALESFORCE, *LEAD, owners=(owner("salesforce", team="00E1"),), teams=(team,))
    portal = facts(HUBSPOT, *(field(name, kind="contact", crm="hubspot") for name in ("lifecyclestage", "hubspotscore")))

    assert said(lint(read(level), Roster(), portal, org), Level.ERROR) == []
    assert said(lint(read(level), Roster(), portal), Level.ERROR) != []


def test_a_person_lacks_a_manager_once_and_a_team_only_if_no_crm_has_one() -> None:
    team = Team(crm="salesforce", id="00E1", name="EMEA")
    org = facts(SALESFORCE, *LEAD, owners=(owner("salesforce", "2", team="00E1"),), teams=(team,))
    portal = facts(HUBSPOT, owners=(owner("hubspot", "1"),))
    ann = Person(
        name="Ann",
        email=None,
        ids={"hubspot": "1", "salesforce": "2"},
        manager=None,
        team=None,
        calendar="default",
        hours=None,
        absences=(),
    )
    warnings = said(lint(read(), Roster(people={"Ann": ann}), portal, org), Level.WARNING)

    assert [one for one in warnings if "Ann" in one] == ["roster.toml: without manager (nobody to escalate to): Ann"]


def test_a_crm_that_does_not_name_the_others_records_is_noted() -> None:
    portal, org = facts(HUBSPOT, field("salesforceleadid", kind="contact", crm="hubspot")), facts(SALESFORCE, *LEAD)

    (told,) = [one for one in said(lint(read(), Roster(), portal, org), Level.NOTE) if "by e-mail address alone" in one]

    assert told == "hubspot: it has no salesforcecontactid: records of salesforce are found by e-mail address alone"
    assert not [one for one in lint(read(), Roster(), portal) if "by e-mail address alone" in one.what]


def test_a_stage_that_only_one_of_two_shows_is_noted() -> None:
    remarks = list(recognition_remarks(read(), BOTH))

    assert said(remarks, Level.WARNING) == [
        f"agreement.toml: {way_out}: nothing says how a hubspot contact or salesforce Lead shows it, so it is never seen there"
        for way_out in ("reject", "recycle", "disqualify")
    ]
    assert said(remarks, Level.NOTE) == [
        "agreement.toml: stage.SQL: only salesforce shows it; what hubspot says of a lead is never compared with it"
    ]


def test_a_crm_of_which_no_stage_speaks_is_one_warning() -> None:
    remarks = list(recognition_remarks(read(without="hubspot."), BOTH))

    assert "no stage says how a hubspot contact shows it" in said(remarks, Level.WARNING)[0]
    assert not [one for one in remarks if "only salesforce" in one.what]


def test_a_crm_that_is_alone_is_not_compared() -> None:
    remarks = list(recognition_remarks(read(), {"hubspot": HUBSPOT}))

    assert said(remarks, Level.NOTE) == []
    assert "agreement.toml: stage.SQL: nothing says how a hubspot contact shows it, so it is never seen there" in said(
        remarks, Level.WARNING
    )
