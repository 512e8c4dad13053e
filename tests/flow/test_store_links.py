"""Records of one person in a real store: linked and unlinked by rows, read as one lead or as several, whatever came first."""

from __future__ import annotations

from datetime import datetime
from itertools import permutations
from typing import Any

import pytest

from connectors.records import Merge, Record
from sync.rows import LeadRows
from sync.store.database import Database, open_store
from sync.store.findings import Findings
from sync.store.link import Links
from sync.store.mirror import Mirror
from sync.store.rows_read import LeadReader
from sync.store.runs import Runs
from tests.flow.store_values import (
    BOTH,
    HOUR,
    MINUTE,
    NINE,
    a_judgement,
    a_key,
    a_link,
    a_page,
    a_record,
    an_activity,
    dump,
    read,
    save_in_both,
)

ANN = "ann@x.example"
LONG = "00Q000000000001AAA"  # an id of 18 characters, of which the first 15 name the same
CONTACT, LEAD, SF_CONTACT = "hubspot/contact/1", f"salesforce/Lead/{LONG}", "salesforce/Contact/0031"
LATER = NINE + 3 * HOUR


def contact(id_: str = "1", email: str | None = None, *, at: datetime = NINE, **fields: Any) -> Record:
    return a_record(f"contact/{id_}", {"email": email, **fields}, created_at=NINE, changed_at=at)


def sf_lead(id_: str = LONG, email: str | None = None, *, at: datetime = NINE, **fields: Any) -> Record:
    return a_record(f"salesforce/Lead/{id_}", {"Email": email, **fields}, created_at=NINE, changed_at=at)


def sf_contact(id_: str = "0031", email: str | None = None, *, at: datetime = NINE) -> Record:
    return a_record(f"salesforce/Contact/{id_}", {"Email": email}, created_at=NINE, changed_at=at)


def rows(store: Database, upto: datetime | None = None) -> list[LeadRows]:
    return read(store, upto=upto, words=BOTH.values())


def leads(store: Database, upto: datetime | None = None) -> dict[str, list[str]]:
    """Return the persons of each lead but the first, which names it."""
    return {lead.lead: [str(person.key) for person in lead.people[1:]] for lead in rows(store, upto)}


def change(store: Database, crm: str, *records: Record, at: datetime, **more: Any) -> None:
    """Save what one CRM tells at a moment, and link anew."""
    Mirror(store, BOTH).save_page(crm, a_page(*records, **more), seen_at=at)
    Links(store, BOTH).renew(now=at)


def reader(store: Database) -> LeadReader:
    return LeadReader(store, BOTH.values())


def judge(store: Database) -> None:
    """Note that every lead was judged as it stands."""
    run = Runs(store).start("audit", mode="observe", as_of=None, now=NINE, agreement_hash="abc")
    Findings(store).save(run, [a_judgement(lead=lead) for lead in leads(store)], judged_at=NINE)


# linked and unlinked


@pytest.mark.parametrize("told", [{"salesforceleadid": LONG}, {"salesforceleadid": LONG[:15]}], ids=["whole", "short"])
def test_a_pointer_links_by_the_whole_id_and_by_the_short_one(store: Database, told: dict[str, str]) -> None:
    save_in_both(store, contact(**told), sf_lead())
    assert leads(store) == {CONTACT: [LEAD]}


def test_an_address_links_and_one_of_a_shared_mailbox_does_not(store: Database) -> None:
    save_in_both(store, contact(email=ANN), sf_lead(email=ANN.upper()), shared=[ANN.title()])
    assert leads(store) == {CONTACT: [], LEAD: []}
    Links(store, BOTH).renew(now=NINE)
    assert leads(store) == {CONTACT: [LEAD]}


def test_a_pointer_to_nothing_links_nobody_until_what_it_names_is_there(store: Database) -> None:
    save_in_both(store, contact(salesforceleadid=LONG))
    assert leads(store) == {CONTACT: []}
    change(store, "salesforce", sf_lead(), at=LATER)
    assert leads(store) == {CONTACT: [LEAD]}


def test_a_converted_lead_and_its_contact_are_one_lead(store: Database) -> None:
    save_in_both(store, sf_lead(ConvertedContactId="0031"), sf_contact())
    assert leads(store) == {LEAD: [SF_CONTACT]}


@pytest.mark.parametrize("order", list(permutations(("contact", "lead", "converted"))))
def test_whichever_is_read_first_the_leads_are_the_same(store: Database, order: tuple[str, ...]) -> None:
    told = {"contact": contact(email=ANN), "lead": sf_lead(email=ANN, ConvertedContactId="0031"), "converted": sf_contact()}
    for step, name in enumerate(order):
        save_in_both(store, told[name], at=NINE + step * MINUTE)
    assert leads(store) == {CONTACT: [LEAD, SF_CONTACT]}
    assert leads(store, NINE) == leads(store)


def test_linking_again_changes_nothing(store: Database) -> None:
    save_in_both(store, contact(email=ANN), sf_lead(email=ANN), contact("2", "b@x.example"), contact("3", "b@x.example"))
    before = dump(store)
    Links(store, BOTH).renew(now=LATER)
    assert dump(store) == before


def test_records_that_share_an_address_no_longer_part_and_as_of_before_they_had_not(store: Database) -> None:
    save_in_both(store, contact(email=ANN), sf_lead(email=ANN))
    change(store, "salesforce", sf_lead(email="new@x.example", at=LATER), at=LATER)
    assert leads(store) == leads(store, LATER) == {CONTACT: [], LEAD: []}
    assert leads(store, LATER - MINUTE) == {CONTACT: [LEAD]}


def test_leads_that_were_judged_apart_are_one_from_when_that_was_seen(store: Database) -> None:
    save_in_both(store, contact(email=ANN), sf_lead(email="new@x.example"))
    judge(store)
    change(store, "salesforce", sf_lead(email=ANN, at=LATER), at=LATER)
    assert leads(store) == leads(store, LATER) == {CONTACT: [LEAD]}
    assert leads(store, LATER - MINUTE) == {CONTACT: [], LEAD: []}


def test_before_its_first_record_was_created_the_other_is_the_lead(store: Database) -> None:
    save_in_both(store, a_record("contact/1", {"email": ANN}, created_at=LATER), sf_lead(email=ANN))
    before = LATER - MINUTE
    assert leads(store, before) == {LEAD: []}
    assert reader(store).find(ANN, upto=before) == (LEAD,)
    assert [lead.lead for lead in read(store, upto=before, keys=[LEAD], words=BOTH.values())] == [LEAD]


def test_who_moves_from_one_lead_to_another_is_never_in_both(store: Database) -> None:
    save_in_both(store, contact(email=ANN), sf_lead(email=ANN))
    judge(store)
    change(store, "hubspot", contact(email="b@x.example", at=LATER), contact("2", ANN), at=LATER)
    assert leads(store) == {CONTACT: [], "hubspot/contact/2": [LEAD]}
    assert leads(store, LATER - MINUTE) == {CONTACT: [LEAD], "hubspot/contact/2": []}


# linked by change


def written(store: Database, at: datetime = LATER) -> int:
    """Link, and return how many rows that wrote."""
    with store.snapshot() as tx:
        connection = tx
    before = connection.total_changes
    Links(store, BOTH).renew(now=at)
    return connection.total_changes - before


@pytest.fixture
def many(store: Database) -> Database:
    """Five hundred pairs, linked."""
    contacts = [contact(str(number), f"p{number}@x.example") for number in range(1, 501)]
    sf_leads = [sf_lead(f"00Q{number}", f"p{number}@x.example") for number in range(1, 501)]
    save_in_both(store, *contacts, *sf_leads)
    return store


def test_where_nothing_changed_linking_writes_nothing(many: Database) -> None:
    assert written(many) == 0


def test_a_change_of_what_links_nobody_has_nobody_linked_anew(many: Database) -> None:
    record = contact("7", "p7@x.example", at=LATER, score="5")
    Mirror(many, BOTH).save_page("hubspot", a_page(record), seen_at=LATER)
    assert written(many) == 0


def test_one_change_has_only_those_linked_anew_whom_it_can_reach(many: Database) -> None:
    Mirror(many, BOTH).save_page("hubspot", a_page(contact("7", "p8@x.example", at=LATER)), seen_at=LATER)
    assert 0 < written(many) < 50
    assert doubts(many)["hubspot/contact/7"] == ["hubspot/contact/8", "salesforce/Lead/00Q8"]
    assert len(leads(many)) == 502


def test_a_change_that_was_saved_by_a_process_that_died_before_it_linked_is_linked_by_the_next(many: Database) -> None:
    Mirror(many, BOTH).save_page("hubspot", a_page(contact("7", "new@x.example", at=LATER)), seen_at=LATER)
    many.close()
    with open_store(many.path) as again:
        Links(again, BOTH).renew(now=LATER)
        assert leads(again)["hubspot/contact/7"] == []


def test_where_other_addresses_are_shared_everybody_is_linked_anew(many: Database) -> None:
    Links(many, BOTH).renew(now=LATER, shared=["P7@x.example"])
    assert leads(many)["hubspot/contact/7"] == []
    assert leads(many)["hubspot/contact/8"] == ["salesforce/Lead/00Q8"]
    Links(many, BOTH).renew(now=LATER)
    assert leads(many)["hubspot/contact/7"] == ["salesforce/Lead/00Q7"]


# merged, deleted, erased


def merged(gone: str, into: str) -> tuple[Merge, ...]:
    return (Merge(gone=a_key(gone), into=a_key(into), at=LATER),)


def test_a_pointer_to_a_lead_that_was_merged_away_means_its_survivor(store: Database) -> None:
    save_in_both(store, contact(salesforceleadid=LONG), sf_lead(), sf_lead("00Q2"))
    change(store, "salesforce", sf_lead("00Q2", at=LATER), at=LATER, merged=merged(LEAD, "salesforce/Lead/00Q2"))
    assert leads(store) == {CONTACT: ["salesforce/Lead/00Q2"]}
    assert leads(store, LATER - MINUTE) == {CONTACT: [LEAD], "salesforce/Lead/00Q2": []}


def test_of_a_record_that_was_merged_away_the_lead_knows_into_which_of_its_own(store: Database) -> None:
    save_in_both(store, contact(salesforceleadid=LONG), sf_lead(), sf_lead("00Q2"), sf_lead("00Q3"))
    last = "salesforce/Lead/00Q3"
    told = (*merged(LEAD, "salesforce/Lead/00Q2"), *merged("salesforce/Lead/00Q2", last))
    change(store, "salesforce", sf_lead("00Q3", at=LATER), at=LATER, merged=told)
    (lead,) = rows(store)
    assert lead.merged == {a_key(LEAD): a_key(last), a_key("salesforce/Lead/00Q2"): a_key(last)}
    assert not any(one.merged for one in rows(store, LATER - MINUTE))


def test_when_the_contact_that_named_the_lead_is_merged_away_its_survivor_names_it(store: Database) -> None:
    save_in_both(store, contact(email=ANN), contact("2", "b@x.example"), sf_lead(email=ANN))
    survivor = contact("2", ANN, at=LATER)
    change(store, "hubspot", survivor, at=LATER, merged=merged("contact/1", "contact/2"))
    assert leads(store) == {"hubspot/contact/2": [LEAD]}
    assert leads(store, LATER - MINUTE) == {CONTACT: [LEAD], "hubspot/contact/2": []}


def test_a_deleted_record_follows_the_one_that_named_its_lead_into_its_survivor(store: Database) -> None:
    save_in_both(store, contact(email=ANN), contact("2"), sf_lead(email=ANN))
    change(store, "salesforce", at=LATER, gone=((a_key(LEAD), LATER),))
    change(store, "hubspot", contact("2", at=LATER), at=LATER, merged=merged("contact/1", "contact/2"))
    assert leads(store) == {"hubspot/contact/2": [LEAD]}


@pytest.mark.parametrize("gone", [CONTACT, LEAD])
def test_a_lead_of_which_one_record_is_deleted_remains_one_lead(store: Database, gone: str) -> None:
    save_in_both(store, contact(email=ANN), sf_lead(email=ANN))
    change(store, a_key(gone).crm, at=LATER, gone=((a_key(gone), LATER),))
    (lead,) = rows(store)
    assert (lead.lead, [str(person.key) for person in lead.people]) == (CONTACT, [CONTACT, LEAD])
    assert lead.gone_at == {a_key(gone): LATER}
    assert reader(store).count_leads() == 1


def test_of_an_erased_record_nothing_remains_and_the_other_is_a_lead_by_itself(store: Database) -> None:
    save_in_both(store, contact(email=ANN), sf_lead(email=ANN))
    page = a_page(erased=(a_key(CONTACT),))
    Mirror(store, BOTH).save_page("hubspot", page, seen_at=LATER)
    assert leads(store) == {LEAD: []}
    Links(store, BOTH).renew(now=LATER)
    assert leads(store) == leads(store, NINE) == {LEAD: []}
    assert reader(store).find(ANN) == (LEAD,)


def test_of_an_erased_record_no_hash_of_its_address_stays_and_the_others_that_claim_it_are_linked(store: Database) -> None:
    save_in_both(store, contact(email=ANN), contact("2", ANN), sf_lead(email=ANN))
    Mirror(store, BOTH).save_page("hubspot", a_page(erased=(a_key("contact/2"),)), seen_at=LATER)
    assert ties(store) == {CONTACT: 1, LEAD: 2}  # a Lead has one more: references may name it
    Links(store, BOTH).renew(now=LATER)
    assert (leads(store), ties(store)) == ({CONTACT: [LEAD]}, {CONTACT: 1, LEAD: 2})


def ties(store: Database) -> dict[str, int]:
    with store.snapshot() as tx:
        rows = tx.execute("SELECT crm || '/' || kind || '/' || crm_id, count(*) FROM tie JOIN object ON object.id = person GROUP BY 1")
        return dict(rows.fetchall())


def test_when_the_record_that_named_the_lead_is_erased_the_others_were_one_lead_all_along(store: Database) -> None:
    save_in_both(store, contact(email=ANN), sf_lead(email=ANN, ConvertedContactId="0031"), sf_contact())
    judge(store)
    change(store, "hubspot", at=LATER, erased=(a_key(CONTACT),))
    assert leads(store) == leads(store, NINE) == {LEAD: [SF_CONTACT]}


# doubts


def doubts(store: Database) -> dict[str, list[str]]:
    return {lead.lead: [str(key) for key in lead.doubts] for lead in rows(store) if lead.doubts}


def test_an_address_that_three_claim_is_a_doubt_of_each_until_it_is_mended(store: Database) -> None:
    save_in_both(store, contact(email=ANN), contact("2", ANN), sf_lead(email=ANN))
    second = "hubspot/contact/2"
    assert leads(store) == {CONTACT: [], second: [], LEAD: []}
    assert doubts(store) == {CONTACT: [second, LEAD], second: [CONTACT, LEAD], LEAD: [CONTACT, second]}
    change(store, "hubspot", contact("2", "b@x.example", at=LATER), at=LATER)
    assert (leads(store), doubts(store)) == ({CONTACT: [LEAD], second: []}, {})


def test_a_doubt_about_any_of_its_records_is_one_about_the_lead(store: Database) -> None:
    save_in_both(store, contact(salesforceleadid=LONG), sf_lead(email=ANN), sf_lead("00Q2", ANN))
    assert doubts(store) == {CONTACT: ["salesforce/Lead/00Q2"], "salesforce/Lead/00Q2": [LEAD]}


# what the lead holds


def test_the_calls_and_deals_of_all_its_records_are_the_leads_each_once(store: Database) -> None:
    task, other, deal = "salesforce/Task/00T1", "salesforce/Task/00T2", "salesforce/Opportunity/0061"
    save_in_both(store, contact(email=ANN), sf_lead(email=ANN, ConvertedContactId="0031"), sf_contact())
    links = (a_link(task, LEAD), a_link(task, SF_CONTACT), a_link(other, SF_CONTACT), a_link(deal, SF_CONTACT))
    mirror = Mirror(store, BOTH)
    mirror.save_page("salesforce", a_page(a_record(deal), stream="Opportunity"), seen_at=NINE)
    mirror.save_page("salesforce", a_page(an_activity(task), an_activity(other), stream="Task", links=links), seen_at=NINE)
    mirror.save_page("hubspot", a_page(an_activity("call/5"), stream="calls", links=(a_link("call/5", "contact/1"),)), seen_at=NINE)
    (lead,) = rows(store)
    assert [str(call.key) for call in lead.activities] == ["hubspot/call/5", task, other]
    assert [str(one.key) for one in lead.deals] == [deal]


def test_a_lead_is_found_by_the_address_and_the_id_of_any_of_its_records(store: Database) -> None:
    save_in_both(store, contact(email="b@x.example", salesforceleadid=LONG), sf_lead(email=ANN))
    for text in ("1", CONTACT, LONG, LEAD, ANN, "B@x.example"):
        assert reader(store).find(text) == (CONTACT,)
    assert reader(store).find("nobody@x.example") == ()
    assert reader(store).count_leads() == 1
