"""Fields of leadpact's own: what the config may name, what a CRM must have, what is written as a lead is recycled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connectors.hubspot.mapping import VOCABULARY as HUBSPOT
from connectors.hubspot.properties import property_line
from connectors.records import FieldDefinition, Option
from connectors.salesforce.mapping import VOCABULARY as SALESFORCE
from connectors.salesforce.new_fields import field_line
from sync.agreement.model import Agreement
from sync.agreement.promises import Rung
from sync.authority import alone
from sync.config import load_config, misfits
from sync.fresh import why_not_now
from sync.ladder import Due
from sync.lint_own_fields import own_field_remarks
from sync.own_fields import PURPOSES, Standing, counted_on, missing_fields, written_word
from sync.problems import Problems
from sync.remedies.asked import Asked, Lead
from sync.remedies.recycle import own_writes, recycling
from sync.route import Routing
from sync.steps import FieldWrite, Step
from sync.timeline import build_timeline
from sync.vendors import vocabularies, wanted
from tests.builders import LEAD, SF, a_finding, ny, set_to, status, the_agreement, the_practice_agreement, the_rows, the_terms

ENV = {"LEADPACT_HUBSPOT__TOKEN": "t"}
OWN = {"recycle_reason": "why", "recycle_count": "times", "return_on": "back"}
NOW = ny("2026-11-18 10:00")


def config_of(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


# --- the config


def test_named_fields_are_read_without_their_history_and_known_to_the_planner(tmp_path: Path) -> None:
    config = load_config(config_of(tmp_path, '[own_fields.hubspot]\nsla_status = "leadpact_sla"\n'), ENV)
    asked = wanted(config, the_agreement(), "hubspot")
    assert "leadpact_sla" in asked.fields["contact"]
    assert "leadpact_sla" not in asked.history["contact"]
    assert dict(vocabularies(config)["hubspot"].own_fields) == {"sla_status": "leadpact_sla"}
    assert misfits(config, the_agreement()) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('hubspot.sla_status = "hs_lead_status"', "a property of your own"),
        ('hubspot.sla_status = "Leadpact SLA"', "the internal name"),
        ('salesforce.sla_status = "Status"', "a custom field"),
        ('hubspot.score = "x"', "one of the known keys"),
    ],
)
def test_a_name_that_cannot_be_ours_is_refused(tmp_path: Path, line: str, expected: str) -> None:
    with pytest.raises(Problems) as caught:
        load_config(config_of(tmp_path, f"[own_fields]\n{line}\n"), ENV)
    (problem,) = caught.value.problems
    assert problem.where.startswith("own_fields.")
    assert expected in problem.expected or line.startswith("hubspot.score")


def test_what_leadpact_judges_by_names_twice_or_cannot_reach_is_refused(tmp_path: Path) -> None:
    text = """
    [own_fields.hubspot]
    recycle_reason = "jobtitle"
    sla_status     = "leadpact_sla"
    breaches       = "leadpact_sla"
    [own_fields.salesforce]
    sla_status     = "SLA__c"
    """
    found = {one.where: one for one in misfits(load_config(config_of(tmp_path, text), ENV), the_agreement())}
    assert set(found) == {"own_fields.hubspot.recycle_reason", "own_fields.hubspot.breaches", "own_fields.salesforce.sla_status"}
    assert "the agreement names" in found["own_fields.hubspot.recycle_reason"].found
    assert "a second time" in found["own_fields.hubspot.breaches"].found
    assert "salesforce is none" in found["own_fields.salesforce.sla_status"].expected


# --- the CRM


def a_field(name: str, type_: str, *, options: tuple[str, ...] = (), read_only: bool = False, kind: str = "contact") -> FieldDefinition:
    listed = tuple(Option(value=f"v{place}", label=label, order=place) for place, label in enumerate(options))
    return FieldDefinition(crm="hubspot", kind=kind, name=name, label=name, type=type_, options=listed, read_only=read_only)


def said_of(purpose: str, *fields: FieldDefinition) -> list[str]:
    known = {(field.kind, field.name): field for field in fields}
    words = replace(HUBSPOT, own_fields={purpose: "ours"})
    return [f"{one.where}: {one.what}; {one.fix}" for one in own_field_remarks(the_agreement(), words, known)]


def test_a_field_that_is_not_there_is_said_with_the_way_to_get_it() -> None:
    (said,) = said_of("breaches", a_field("ours_too", "number"))
    assert said.startswith("config.toml: own_fields.hubspot.breaches: hubspot has no property `ours` on contact; did you mean `ours_too`? ")
    assert said.endswith("`leadpact check --create-fields` creates it")


@pytest.mark.parametrize(
    ("purpose", "field", "said"),
    [
        ("breaches", a_field("ours", "string"), "found contact property `ours` of type string, expected number or double or int"),
        ("sla_deadline", a_field("ours", "date"), "of type date, expected datetime"),
        ("return_on", a_field("ours", "date", read_only=True), "that cannot be written, expected one that leadpact may write"),
        ("sla_status", a_field("ours", "enumeration", options=("On track", "Breached")), "without the values at_risk, excused, kept, late"),
        ("recycle_reason", a_field("ours", "enumeration", options=("Timing",)), "without the values "),
    ],
)
def test_a_field_of_another_make_is_said(purpose: str, field: FieldDefinition, said: str) -> None:
    (remark,) = said_of(purpose, field)
    assert said in remark


def test_what_fits_is_not_talked_about() -> None:
    assert said_of("sla_status", a_field("ours", "enumeration", options=tuple(label for _, label in PURPOSES["sla_status"].words))) == []
    assert said_of("sla_status", a_field("ours", "string")) == []
    assert said_of("recycle_count", a_field("ours", "number")) == []


def test_of_salesforce_each_field_must_be_on_lead_and_contact() -> None:
    words = replace(SALESFORCE, own_fields={"breaches": "SLA_Breaches__c"})
    lead, other = (replace(a_field(name, "double", kind=kind), crm=SF) for name, kind in (("SLA_Breaches__c", "Lead"), ("X", "Contact")))
    only_lead = {("Lead", lead.name): lead}
    assert list(own_field_remarks(the_agreement(), words, only_lead)) == [], "all of Contact is hidden: that is told elsewhere"
    (remark,) = own_field_remarks(the_agreement(), words, only_lead | {("Contact", other.name): other})
    assert "called `SLA_Breaches__c` on Contact" in remark.what
    assert "tells an administrator what to add" in remark.fix


def test_what_is_missing_is_named_with_the_hold_and_told_in_the_words_of_its_crm() -> None:
    named, known = replace(HUBSPOT, own_fields={"sla_status": "sla", "breaches": "broken"}), {("contact", "broken")}
    held = the_agreement(('"owner set by a person"]', '"hold"]'))
    new = missing_fields(named, held, known)
    assert [(one.kind, one.name) for one in new] == [("contact", "sla"), ("contact", "leadpact_hold")]
    assert missing_fields(named, the_agreement(), known) == new[:1], "a box that holds nothing back is not made"
    words = ", ".join(word.value for word in Standing)
    assert property_line(new[0]) == (
        f"contact property sla (SLA status): enumeration, shown as select with the values {words}, in the group leadpact"
    )
    lead, contact, hold = missing_fields(replace(SALESFORCE, own_fields={"sla_status": "SLA__c"}), held, ())
    assert (lead.kind, contact.kind) == ("Lead", "Contact")
    assert field_line(hold) == (
        "Lead.Leadpact_Hold__c (Hold leadpact back): Checkbox, unchecked by default; field-level security: read access for leadpact's user"
    )


# --- recycling


def asked_to_recycle(held: dict[str, str], *, action: str = "recycle", agreement: Agreement | None = None, shows: str = "NEW") -> Asked:
    agreement = agreement or the_agreement()
    terms = the_terms(upto=NOW, agreement=agreement, vocabulary=replace(HUBSPOT, own_fields=OWN))
    rows = the_rows([status(shows, NOW), *(set_to(field, value, NOW) for field, value in held.items())])
    reason = next(iter(agreement.recycle.returns))
    due = Due(finding=a_finding("recycle_due", NOW, kind="recycle", reason=reason), rung=1, remedy=Rung(action=action, detail=reason))
    lead = Lead(rows=rows, timeline=build_timeline(rows, agreement, terms, now=NOW), findings=(due.finding,))
    assert terms.authority == alone("hubspot")
    return Asked(due=due, lead=lead, agreement=agreement, terms=terms, routing=Routing(seats={}), takes_turn=False, now=NOW)


def own_of(asked: Asked) -> dict[str, tuple[str | None, str | None]]:
    (person,) = asked.lead.rows.people
    return {write.field: (write.before, write.after) for write in own_writes(asked, person)}


def test_a_recycled_lead_gets_reason_count_and_day() -> None:
    agreement = the_agreement()
    reason, period = next(iter(agreement.recycle.returns.items()))
    written = own_of(asked_to_recycle({"times": "2.0"}, agreement=agreement))
    day = period.after(NOW.astimezone(agreement.zone).date()).isoformat()
    assert written == {"why": (None, reason), "times": ("2.0", "3"), "back": (None, day)}


def test_the_reason_goes_where_the_agreement_says_if_it_does() -> None:
    assert set(own_of(asked_to_recycle({}, agreement=the_practice_agreement()))) == {"times", "back"}
    assert set(own_of(asked_to_recycle({}))) == {"why", "times", "back"}


def test_a_return_is_no_recycle_and_what_is_recycled_already_is_not_counted_again() -> None:
    assert own_of(asked_to_recycle({}, action="return")) == {}
    asked = asked_to_recycle({"times": "2"}, shows="RECYCLED")
    assert "times" not in {write.field for write in recycling(asked).fields}
    assert "times" in {write.field for write in recycling(asked_to_recycle({"times": "2"})).fields}


def test_a_step_planned_before_midnight_is_carried_out_after_it() -> None:
    def step(day: str, before: str | None = None) -> Step:
        writes = (FieldWrite(field="back", before=before, after=day), FieldWrite(field="times", before=None, after="1"))
        return Step(
            lead=str(LEAD), record=LEAD, action="recycle", fields=writes, finding="f", rule="recycle_due", rung=1, reason="", blocked_by=()
        )

    assert why_not_now(step("2026-12-01"), [step("2026-12-02")], [], moving=("back",)) is None
    assert why_not_now(step("2026-12-01"), [step("2026-12-02")], []) == "back changed since it was planned"
    assert "back changed" in str(why_not_now(step("2026-12-01"), [step("2026-12-02", before="2026-11-30")], [], moving=("back",)))


@pytest.mark.parametrize(("before", "after"), [(None, "1"), ("", "1"), ("1", "2"), ("2.0", "3"), ("many", "1")])
def test_a_count_goes_on_from_what_is_there(before: str | None, after: str) -> None:
    assert counted_on(before) == after


def test_a_word_is_written_as_the_picklist_has_it() -> None:
    assert written_word("at_risk", {"AT-RISK": "x"}) == "AT-RISK"
    assert written_word("at_risk", {"2": "At risk"}) == "2"
    assert written_word("at_risk", {}) == "at_risk"
