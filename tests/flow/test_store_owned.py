"""Whose a lead is, as its records show it now."""

from __future__ import annotations

from datetime import datetime

from connectors.records import Record
from sync.store.database import Database
from sync.store.rows_read import LeadReader
from tests.flow.store_values import BOTH, HOUR, NINE, SF_WORDS, WORDS, a_record, save, save_in_both

THEIRS, GIVEN, GONE, OTHERS = (f"hubspot/contact/{id_}" for id_ in (1, 2, 3, 4))


def of(owner: str, key: str, *, at: datetime = NINE) -> Record:
    return a_record(key, {"hubspot_owner_id": owner}, changed_at=at)


def test_the_leads_of_an_owner_are_those_that_show_it_now_and_are_there(store: Database) -> None:
    reader = LeadReader(store, (WORDS,))
    save(store, of("7", THEIRS), of("7", GIVEN), of("7", GONE), of("8", OTHERS))
    save(store, of("8", GIVEN, at=NINE + HOUR), gone=((a_record(GONE).key, NINE + HOUR),), seen_at=NINE + HOUR)

    assert reader.owned_by(WORDS, {"7"}) == (THEIRS,)
    assert reader.owned_by(WORDS, {"7", "8"}) == (THEIRS, GIVEN, OTHERS)
    assert reader.owned_by(WORDS, set()) == ()


def test_a_lead_of_two_crms_is_named_as_every_lead_is(store: Database) -> None:
    email = {"email": "eve@eve.example"}
    ours = a_record("salesforce/Lead/00Q1", {"OwnerId": "005", "Email": email["email"]})
    save_in_both(store, a_record(THEIRS, email), ours)

    assert LeadReader(store, BOTH.values()).owned_by(SF_WORDS, {"005"}) == (THEIRS,)
