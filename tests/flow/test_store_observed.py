"""What is kept where the CRM kept no history of a value."""

from __future__ import annotations

from dataclasses import replace

from sync.store.database import Database
from tests.flow.store_values import HOUR, MINUTE, NINE, a_record, changes_of, save

STAGE = "lifecyclestage"


def test_a_value_without_history_was_set_between_creation_and_first_sight(store: Database) -> None:
    save(store, a_record("contact/1", {"city": "Bonn"}, history={"city": []}, created_at=NINE), seen_at=NINE + HOUR)

    assert changes_of(store) == [("Bonn", NINE + HOUR, NINE)]


def test_a_value_that_changed_between_two_pulls_changed_between_them(store: Database) -> None:
    save(store, a_record("contact/1", {"city": None}, history={"city": []}), seen_at=NINE + HOUR)

    save(store, a_record("contact/1", {"city": "Bonn"}, history={"city": []}, changed_at=NINE + 2 * HOUR), seen_at=NINE + 3 * HOUR)

    assert changes_of(store) == [("Bonn", NINE + 3 * HOUR, NINE + HOUR)]


def test_the_same_value_seen_again_does_not_move_the_observation(store: Database) -> None:
    first = a_record("contact/1", {"city": "Bonn"}, history={"city": []})
    save(store, first, seen_at=NINE + HOUR)

    save(store, replace(first, changed_at=NINE + 2 * HOUR), seen_at=NINE + 2 * HOUR)

    assert changes_of(store) == [("Bonn", NINE + HOUR, NINE)]


def test_a_history_that_stops_short_of_the_value_is_completed_from_its_end(store: Database) -> None:
    person = a_record("contact/1", {STAGE: "mql"}, history={STAGE: [("lead", NINE + MINUTE)]})

    save(store, person, seen_at=NINE + HOUR)

    assert changes_of(store) == [("lead", NINE + MINUTE, None), ("mql", NINE + HOUR, NINE + MINUTE)]


def test_a_value_that_was_cleared_unseen_is_observed_too(store: Database) -> None:
    save(store, a_record("contact/1", {"city": "Bonn"}, history={"city": []}), seen_at=NINE + MINUTE)

    save(store, a_record("contact/1", {"city": None}, history={"city": []}, changed_at=NINE + HOUR), seen_at=NINE + HOUR)

    assert [value for value, _, _ in changes_of(store)] == ["Bonn", None]


def test_a_field_asked_for_later_was_never_seen_otherwise(store: Database) -> None:
    save(store, a_record("contact/1", {"city": "Bonn"}), seen_at=NINE + MINUTE)

    save(store, a_record("contact/1", {"city": "Bonn", "icp": "true"}, history={"city": [], "icp": []}), seen_at=NINE + HOUR)

    assert changes_of(store) == [("Bonn", NINE + HOUR, NINE), ("true", NINE + HOUR, NINE)]


def test_blank_fields_and_fields_without_asked_history_are_not_observed(store: Database) -> None:
    save(store, a_record("contact/1", {"city": None, "email": "a@example.com"}, history={"city": []}))

    assert changes_of(store) == []


def test_history_that_comes_later_takes_the_place_of_the_observation(store: Database) -> None:
    save(store, a_record("contact/1", {STAGE: "mql"}, history={STAGE: []}), seen_at=NINE + HOUR)

    save(store, a_record("contact/1", {STAGE: "mql"}, history={STAGE: [("mql", NINE + MINUTE)]}), seen_at=NINE + 2 * HOUR)

    assert changes_of(store) == [("mql", NINE + MINUTE, None)]
