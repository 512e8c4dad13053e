"""Merges and links that arrive in an order in which they did not happen: streams are read at once, each at its own pace."""

from __future__ import annotations

import pytest

from connectors.records import Merge
from sync.store.database import Database
from sync.store.moments import to_ms
from tests.flow.store_values import HOUR, NINE, a_key, a_link, a_record, an_activity, read, save

MERGED = NINE + HOUR


def a_merge(gone: str, into: str) -> Merge:
    return Merge(gone=a_key(gone), into=a_key(into), at=MERGED)


def calls(store: Database) -> dict[str, list[str]]:
    return {lead.lead: [activity.key.id for activity in lead.activities] for lead in read(store)}


def test_a_link_that_was_read_before_a_merge_and_saved_after_it_is_the_survivors(store: Database) -> None:
    save(store, a_record("contact/1"), a_record("contact/2"), a_record("contact/3"))
    save(store, a_record("contact/2", changed_at=MERGED), merged=(a_merge("contact/1", "contact/2"),))
    save(store, a_record("contact/3", changed_at=MERGED), merged=(a_merge("contact/2", "contact/3"),))

    save(store, an_activity("call/5"), stream="calls", links=(a_link("call/5", "contact/1"),), linked_kinds=frozenset({"contact"}))

    assert calls(store) == {"hubspot/contact/3": ["5"]}


def test_what_was_linked_to_a_record_that_was_made_and_merged_between_two_pulls_is_the_survivors(store: Database) -> None:
    save(store, a_record("contact/2"))
    save(store, an_activity("call/5"), stream="calls", links=(a_link("call/5", "contact/1"),), linked_kinds=frozenset({"contact"}))

    save(store, a_record("contact/2", changed_at=MERGED), merged=(a_merge("contact/1", "contact/2"),), seen_at=MERGED)

    assert calls(store) == {"hubspot/contact/2": ["5"]}


@pytest.mark.parametrize("merge_first", [True, False])
def test_when_a_link_passed_on_does_not_depend_on_what_was_read_first(store: Database, merge_first: bool) -> None:
    save(store, a_record("contact/1"), a_record("contact/2"))
    moves = frozenset({"contact"})
    save(store, an_activity("call/5"), stream="calls", links=(a_link("call/5", "contact/1"),), linked_kinds=moves)
    seen = MERGED + HOUR

    def read_merge() -> None:
        save(store, a_record("contact/2", changed_at=MERGED), merged=(a_merge("contact/1", "contact/2"),), seen_at=seen)

    def read_call() -> None:
        save(store, an_activity("call/5"), stream="calls", links=(a_link("call/5", "contact/2"),), linked_kinds=moves, seen_at=seen)

    for reading in (read_merge, read_call) if merge_first else (read_call, read_merge):
        reading()

    assert calls(store) == {"hubspot/contact/2": ["5"]}
    with store.snapshot() as tx:
        links = tx.execute("SELECT linked_at, unlinked_at, why FROM association ORDER BY id").fetchall()
    assert links == [(None, to_ms(MERGED), "merged"), (to_ms(MERGED), None, None)]
