"""Who is one person: by what the CRMs say, then by address, and never on a guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.one_person import NEAREST, Grouping, PersonRecord, address_of, group_persons

ANN = "ann@x.example"
HUBSPOT, SALESFORCE = "hubspot", "salesforce"


def contact(id_: int, email: str | None = None, *, refers: Sequence[int] = (), live: bool = True, was: int | None = None) -> PersonRecord:
    """A HubSpot contact; leads are named by it before any other record."""
    return PersonRecord(id_, HUBSPOT, id_, email, tuple(refers), live, was)


def sf_lead(id_: int, email: str | None = None, *, refers: Sequence[int] = (), live: bool = True, was: int | None = None) -> PersonRecord:
    return replace(contact(id_, email, refers=refers, live=live, was=was), crm=SALESFORCE, order=100 + id_)


def sf_contact(id_: int, email: str | None = None) -> PersonRecord:
    return replace(contact(id_, email), crm=SALESFORCE, order=200 + id_)


def leads(*persons: PersonRecord, shared: Sequence[str] = ()) -> dict[int, tuple[int, str]]:
    return group_persons(persons, shared=shared).leads


def doubts(*persons: PersonRecord) -> set[tuple[int, int]]:
    return group_persons(persons).doubts


def both_ways(*pairs: tuple[int, int]) -> set[tuple[int, int]]:
    return {pair for one, other in pairs for pair in ((one, other), (other, one))}


def test_a_contact_that_names_a_lead_is_the_same_person_whatever_their_addresses() -> None:
    assert leads(contact(1, ANN, refers=[11]), sf_lead(11, "other@x.example")) == {11: (1, "reference")}


def test_a_converted_lead_its_contact_and_the_contact_of_the_other_crm_are_one_lead_named_by_the_marketing_crm() -> None:
    persons = [sf_contact(21), sf_lead(11, refers=[21]), contact(1, refers=[11])]
    assert leads(*persons) == {11: (1, "reference"), 21: (1, "reference")}


def test_a_lead_names_before_a_contact_and_the_lower_id_before_the_higher() -> None:
    assert leads(sf_contact(3), sf_lead(12, refers=[3])) == {3: (12, "reference")}
    assert leads(contact(9, refers=[11]), contact(10, refers=[11]), sf_lead(11)) == {10: (9, "reference"), 11: (9, "reference")}


@pytest.mark.parametrize("told", ["ann@x.example", "ANN@X.Example", "  ann@x.example\t"])
def test_an_address_links_one_record_of_each_crm_whatever_its_case_and_blanks(told: str) -> None:
    assert leads(contact(1, ANN), sf_lead(11, told)) == {11: (1, "e-mail")}


def test_one_group_that_holds_an_address_twice_claims_it_once() -> None:
    persons = [sf_lead(11, ANN, refers=[21]), sf_contact(21, ANN), contact(1, ANN)]
    assert leads(*persons) == {11: (1, "e-mail"), 21: (1, "e-mail")}
    assert doubts(*persons) == set()


@pytest.mark.parametrize("told", ["info@x.example", "Sales@x.example", "no-reply@x.example", "", None, "nobody", "@x.example", "ann@"])
def test_an_address_of_an_office_or_none_at_all_links_nobody(told: str | None) -> None:
    persons = [contact(1, told), sf_lead(11, told)]
    assert (leads(*persons), doubts(*persons)) == ({}, set())


def test_a_shared_mailbox_links_nobody_and_leaves_no_doubt() -> None:
    persons = [contact(1, "Front-Desk@x.example"), sf_lead(11, "front-desk@x.example")]
    assert leads(*persons, shared=["front-desk@x.example"]) == {}
    assert leads(*persons) == {11: (1, "e-mail")}


def test_an_office_is_told_by_what_stands_before_the_at_alone() -> None:
    assert address_of("sales.ann@x.example") == "sales.ann@x.example"
    assert address_of("SALES@x.example") is None


def test_of_two_in_one_crm_none_is_linked_and_each_is_in_doubt() -> None:
    persons = [contact(1, ANN), contact(2, ANN)]
    assert (leads(*persons), doubts(*persons)) == ({}, both_ways((1, 2)))


def test_of_three_that_claim_an_address_none_is_linked_and_each_is_in_doubt() -> None:
    persons = [contact(1, ANN), sf_lead(11, ANN), sf_lead(12, ANN)]
    assert (leads(*persons), doubts(*persons)) == ({}, both_ways((1, 11), (1, 12), (11, 12)))


def test_a_pair_by_reference_and_a_third_with_the_same_address_stay_apart() -> None:
    persons = [contact(1, ANN, refers=[11]), sf_lead(11, ANN), sf_lead(12, ANN)]
    assert leads(*persons) == {11: (1, "reference")}
    assert doubts(*persons) == both_ways((1, 12), (11, 12))


def test_a_group_whose_two_addresses_claim_two_persons_is_linked_to_neither() -> None:
    """Otherwise it were chance, the order of the records, which of them it is."""
    persons = [sf_lead(11, "a@x.example", refers=[21]), sf_contact(21, "b@x.example"), contact(1, "a@x.example"), contact(2, "b@x.example")]
    assert leads(*persons) == {21: (11, "reference")}
    assert doubts(*persons) == both_ways((1, 11), (2, 21))


def test_of_very_many_that_claim_an_address_each_is_in_doubt_with_a_few_of_them() -> None:
    persons = [contact(1, ANN), *(sf_lead(id_, ANN) for id_ in range(2, 500))]
    told = Counter(person for person, _ in doubts(*persons))
    assert told == dict.fromkeys(range(1, 500), 2 * NEAREST)
    assert doubts(*persons) == doubts(*reversed(persons))


def test_a_record_that_is_gone_claims_no_address() -> None:
    assert leads(contact(1, ANN), sf_lead(11, ANN, live=False)) == {}
    assert leads(contact(1, ANN), sf_lead(11, ANN, live=False), sf_lead(12, ANN)) == {12: (1, "e-mail")}


def test_a_record_that_is_gone_stays_in_the_lead_in_which_it_was() -> None:
    assert leads(contact(1, ANN), sf_lead(11, ANN, live=False, was=1)) == {11: (1, "e-mail")}


def test_what_was_linked_to_a_record_that_is_gone_stays_with_it() -> None:
    """A lead is deleted only once all its records are."""
    assert leads(contact(1, ANN, live=False), sf_lead(11, ANN, was=1)) == {11: (1, "e-mail")}


def test_who_takes_the_place_of_a_record_that_is_gone_joins_its_lead() -> None:
    persons = [contact(1, ANN, live=False), contact(2, ANN), sf_lead(11, ANN, was=1)]
    assert leads(*persons) == {2: (1, "e-mail"), 11: (1, "e-mail")}


def test_live_records_that_no_longer_share_an_address_part() -> None:
    assert leads(contact(1, ANN), sf_lead(11, "new@x.example", was=1)) == {}


def test_a_reference_to_itself_is_none() -> None:
    assert leads(contact(1, refers=[1])) == {}


ADDRESSES = st.sampled_from([None, "info@x.example", *(f"{name}@x.example" for name in "abcd")])


@st.composite
def some_persons(draw: st.DrawFn) -> list[PersonRecord]:
    contacts = [contact(id_, draw(ADDRESSES), live=draw(st.booleans())) for id_ in range(draw(st.integers(0, 4)))]
    sf_leads = [sf_lead(id_, draw(ADDRESSES), live=draw(st.booleans())) for id_ in range(10, 10 + draw(st.integers(0, 4)))]
    sf_contacts = [
        replace(sf_contact(id_, draw(ADDRESSES)), is_live=draw(st.booleans())) for id_ in range(20, 20 + draw(st.integers(0, 2)))
    ]
    persons = [*contacts, *sf_leads, *sf_contacts]
    before = st.sampled_from([None, *(one.id for one in persons)])
    named = {HUBSPOT: [*sf_leads, *sf_contacts], SALESFORCE: sf_contacts}
    return [replace(one, refers_to=draw(some_of(named[one.crm])), lead_before=draw(before)) for one in persons]


def some_of(persons: Sequence[PersonRecord]) -> st.SearchStrategy[tuple[int, ...]]:
    """Nobody or one of `persons`, as what a record refers to."""
    return st.lists(st.sampled_from([one.id for one in persons]), max_size=1).map(tuple) if persons else st.just(())


def groups(grouping: Grouping, persons: Sequence[PersonRecord]) -> set[frozenset[int]]:
    by_first: dict[int, set[int]] = {}
    for person in persons:
        by_first.setdefault(grouping.leads.get(person.id, (person.id, ""))[0], set()).add(person.id)
    return {frozenset(group) for group in by_first.values()}


@given(some_persons(), st.data())
def test_the_order_of_the_records_does_not_matter(persons: list[PersonRecord], data: st.DataObject) -> None:
    assert group_persons(persons) == group_persons(data.draw(st.permutations(persons)))


@given(some_persons())
def test_grouping_again_changes_nothing(persons: list[PersonRecord]) -> None:
    once = group_persons(persons)
    again = group_persons([replace(one, lead_before=once.leads.get(one.id, (None, ""))[0]) for one in persons])
    assert again == once


def test_a_live_record_does_not_stay_with_what_only_came_with_a_gone_one() -> None:
    """At the first grouping it is kept by the gone contact 2, which contact 1 now names the lead of: grouped again, by nobody."""
    persons = [contact(1, refers=[11]), contact(2, ANN, refers=[11], live=False), sf_lead(11, live=False, was=2), sf_contact(21, ANN)]
    persons[-1] = replace(persons[-1], lead_before=2)
    assert leads(*persons) == {2: (1, "reference"), 11: (1, "reference")}


@given(some_persons(), st.integers(2, 4))
def test_parts_that_nothing_ties_together_are_grouped_as_the_whole(persons: list[PersonRecord], copies: int) -> None:
    def copy(one: PersonRecord, number: int) -> PersonRecord:
        moved = {"refers_to": tuple(id_ + 1000 * number for id_ in one.refers_to), "id": one.id + 1000 * number}
        before = None if one.lead_before is None else one.lead_before + 1000 * number
        return replace(one, email=one.email and f"{number}{one.email}", order=one.order + number, lead_before=before, **moved)

    parts = [[copy(one, number) for one in persons] for number in range(copies)]
    whole = group_persons([one for part in parts for one in part])
    grouped = [group_persons(part) for part in parts]
    assert whole.leads == {person: told for one in grouped for person, told in one.leads.items()}
    assert whole.doubts == {doubt for one in grouped for doubt in one.doubts}


@given(some_persons())
def test_an_address_never_links_two_live_records_of_one_crm(told: list[PersonRecord]) -> None:
    persons = [replace(one, lead_before=None) for one in told]
    by_reference = groups(group_persons([replace(one, email=None) for one in persons]), persons)
    for group in groups(group_persons(persons), persons):
        parts = [part for part in by_reference if part <= group]
        live = [{one.crm for one in persons if one.id in part and one.is_live} for part in parts]
        assert len(parts) == 1 or (len(parts) == 2 and live[0].isdisjoint(live[1]))


@given(some_persons())
def test_a_lead_is_named_by_its_first_record_and_that_by_itself(persons: list[PersonRecord]) -> None:
    order = {one.id: one.order for one in persons}
    grouping = group_persons(persons)
    for person, (first, _) in grouping.leads.items():
        assert order[first] < order[person] and first not in grouping.leads


@given(some_persons())
def test_doubts_are_between_leads_and_mutual(persons: list[PersonRecord]) -> None:
    grouping = group_persons(persons)
    together = groups(grouping, persons)
    for one, other in grouping.doubts:
        assert (other, one) in grouping.doubts
        assert not any({one, other} <= group for group in together)
