"""What `leadpact check` says of where leads go back to: what a CRM does not have, with its line and the nearest name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from connectors.hubspot.mapping import VOCABULARY
from connectors.records import Account, FieldDefinition, Option, Owner
from connectors.salesforce.mapping import VOCABULARY as SF_VOCABULARY
from sync.lint_recycle import Crm, recycle_flaws
from sync.remarks import Level, Remark
from sync.roster import Roster
from tests.builders import BORN, NURTURE, the_practice_agreement

TO = '{ owner = "marketing queue", status = "Recycled", nurture_list = "Nurture 2026" }'
ROSTER = Roster(placeholders={"hubspot": frozenset({"901"})})
NOBODY = Owner(crm="hubspot", id="901", user_id=None, email=None, name="Marketing queue", is_queue=False, active=True)
ANN = replace(NOBODY, id="77", name="Ann Ng")


def picklist(name: str, **labels: str) -> FieldDefinition:
    options = tuple(Option(value=value, label=label, order=place) for place, (value, label) in enumerate(labels.items()))
    return FieldDefinition(crm="hubspot", kind="contact", name=name, label=name, type="enumeration", options=options)


STATUS = picklist("hs_lead_status", NEW="New", RECYCLED="Recycled")
STAGE = picklist("lifecyclestage", lead="Lead", marketingqualifiedlead="MQL")


def told(
    to: str = TO, *, by: str = "status", owners: Sequence[Owner] = (NOBODY, ANN), lists: Sequence[FieldDefinition] = (NURTURE,)
) -> list[Remark]:
    agreement = the_practice_agreement((TO, to + f'\nby = "{by}"'))
    account = Account(crm="hubspot", id="1", time_zone=None, kind="STANDARD", server_now=BORN)
    crm = Crm(account=account, vocabulary=VOCABULARY, definitions=(STATUS, STAGE, *lists), owners=owners)
    return [flaw.remark(agreement.text) for flaw in recycle_flaws(agreement, ROSTER, [crm])]


def test_nothing_is_said_where_the_crm_has_it_all() -> None:
    assert told() == []
    assert told('{ owner = "901", status = "recycled", stage = "Lead", nurture_list = "7" }') == []
    assert told('{ status = "Recycled", stage = "lead" }', by="stage") == []


@pytest.mark.parametrize(
    ("to", "what", "fix"),
    [
        ('{ owner = "marketing qeue" }', "hubspot has no owner `marketing qeue`, so no lead goes back", "did you mean `Marketing queue`?"),
        (
            '{ status = "Recycld" }',
            "`Recycld` is no value and no label of hubspot contact property `hs_lead_status`, so no lead goes back",
            "did you mean `Recycled`?",
        ),
        (
            '{ status = "New" }',
            "`New` does not show a hubspot contact as recycled, so leadpact does not write it",
            "name a value of the criterion of [recycle]: RECYCLED",
        ),
        (
            '{ stage = "Prospect" }',
            "`Prospect` is no value and no label of hubspot contact property `lifecyclestage`, so no lead goes back",
            "use one of Lead, MQL",
        ),
        ('{ nurture_list = "Nurture 2025" }', "hubspot has no list `Nurture 2025`, so no lead goes back", "did you mean `Nurture 2026`?"),
        (
            '{ nurture_list = "Winback" }',
            "hubspot has no list `Winback`, so no lead goes back",
            "make it, or correct the name; leadpact needs the scopes crm.lists.read and crm.lists.write",
        ),
        (
            '{ owner = "Ann Ng" }',
            "`Ann Ng` counts as a person in hubspot: a lead that went back has an owner still",
            "list 77 under [placeholders] in roster.toml, if it stands for nobody",
        ),
    ],
)
def test_what_is_not_there_is_named_with_its_line_and_the_nearest_name(to: str, what: str, fix: str) -> None:
    (remark,) = told(to)
    assert (remark.level, remark.what, remark.fix) == (Level.WARNING, what, fix)
    assert remark.where.startswith("agreement.toml line ")
    assert ": recycle.to." in remark.where


def test_what_is_there_and_takes_no_leads_is_named() -> None:
    (inactive,) = told('{ owner = "Marketing queue" }', owners=[replace(NOBODY, active=False)])
    (several,) = told('{ owner = "Ann Ng" }', owners=[ANN, replace(ANN, id="78")])
    (dynamic,) = told('{ nurture_list = "7" }', lists=[replace(NURTURE, read_only=True)])
    (two,) = told('{ nurture_list = "Nurture 2026" }', lists=[NURTURE, replace(NURTURE, name="list:8")])
    assert inactive.what == "`Marketing queue` is not active, or no queue of leads, so no lead goes back"
    assert several.fix == "name one by its id: 77, 78"
    assert dynamic.what == "hubspot fills the list `7` itself, and nobody can be put on it: no lead goes back"
    assert two.fix == "name one by its id: 7, 8"


def test_a_stage_that_is_to_say_so_must_be_named() -> None:
    (remark,) = told('{ status = "Recycled" }', by="stage")
    assert remark.what == "it does not say which value a hubspot contact gets that goes back, so none does"
    assert remark.fix == "write stage under `to`: one of the CRM"


def test_the_owner_is_looked_for_in_all_crms_and_the_campaign_in_its_own() -> None:
    agreement = the_practice_agreement((TO, '{ owner = "Marketing queue", campaign = "Nurture 2026" }'))
    portal = Account(crm="hubspot", id="1", time_zone=None, kind="STANDARD", server_now=BORN)
    first = Crm(account=portal, vocabulary=VOCABULARY, definitions=(STATUS, NURTURE), owners=[NOBODY])
    second = Crm(account=replace(portal, crm="salesforce"), vocabulary=SF_VOCABULARY, definitions=(), owners=[])
    (remark,) = [flaw.remark(agreement.text) for flaw in recycle_flaws(agreement, ROSTER, [first, second])]
    assert remark.what == "salesforce has no campaign `Nurture 2026`, so no lead goes back"
