"""With two CRMs: whose value of a field counts, and when a pointer leads to nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.records import RecordKey
from connectors.salesforce.mapping import VOCABULARY as SALESFORCE
from sync.confusion import find_confusions
from sync.history import History
from sync.rows import LeadRows
from sync.terms import CrmTerms, Terms
from sync.values import Values
from tests.builders import BORN, COMPANY, LEAD, set_to, the_practice_agreement, the_record, the_rows, the_terms

SALES_LEAD = RecordKey("salesforce", "Lead", "00QgK0000000001UAA")
ARRIVED = datetime(2026, 11, 18, tzinfo=UTC)


def rows_of_both(*, company: bool = True, named: str | None = None) -> LeadRows:
    """A contact, known since its creation, and the Lead that was made of it when it was handed over."""
    changes = [set_to("numberofemployees", "400", BORN, record=COMPANY)] if company else []
    changes += [set_to("email", "", BORN), set_to("Email", "eve@example.com", ARRIVED, record=SALES_LEAD)]
    changes.append(set_to("NumberOfEmployees", "70", ARRIVED, record=SALES_LEAD))
    rows = the_rows(changes)
    (contact,) = rows.people
    contact = replace(contact, values={**contact.values, "salesforceleadid": named})
    return replace(rows, people=(contact, the_record(SALES_LEAD, changes, born=ARRIVED)))


def both_terms() -> Terms:
    terms = the_terms(upto=ARRIVED)
    return replace(terms, crms={**terms.crms, "salesforce": CrmTerms(vocabulary=SALESFORCE, upto={"Lead": ARRIVED})})


def value(rows: LeadRows, field: str, at: datetime) -> object:
    return Values(rows, the_practice_agreement(), History(rows)).value(field, at)


def test_marketings_company_is_asked_before_sales_lead_which_knew_nothing_before_it_was_there() -> None:
    rows = rows_of_both()

    assert [value(rows, "employees", at) for at in (ARRIVED - timedelta(days=1), ARRIVED)] == [400, 400]


def test_without_a_company_in_marketings_crm_the_lead_is_asked() -> None:
    assert value(rows_of_both(company=False), "employees", ARRIVED) == 70


def test_a_field_that_is_blank_in_marketings_crm_is_blank() -> None:
    assert value(rows_of_both(), "email", ARRIVED) in (None, "")


@pytest.mark.parametrize("named", [None, SALES_LEAD.id, SALES_LEAD.id[:15]])
def test_who_names_its_own_lead_or_none_points_at_nothing_strange(named: str | None) -> None:
    assert list(find_confusions(rows_of_both(named=named), both_terms())) == []


def test_a_pointer_to_another_lead_than_its_own_points_to_nothing() -> None:
    (told,) = find_confusions(rows_of_both(named="00QgK0000000099UAA"), both_terms())

    assert (told.sort, told.source) == ("pointer to nothing", f"{LEAD}#salesforceleadid")
