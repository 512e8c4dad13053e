"""How many rows are live here, and which of them the CRM lists."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.records import Merge
from sync.store.database import Database
from tests.flow.store_values import HOUR, NINE, a_key, a_link, a_mirror, a_page, a_record, an_activity, save


def live(store: Database, kind: str = "contact") -> int:
    return a_mirror(store).live("hubspot", kind)


def test_rows_are_counted_by_kind_once_however_often_they_come(store: Database) -> None:
    for _ in range(2):
        save(store, a_record("contact/1"), a_record("contact/2"), a_record("deal/1"), an_activity("call/1"))

    assert [live(store, kind) for kind in ("contact", "deal", "call", "meeting")] == [2, 1, 1, 0]


def test_a_row_that_only_a_link_names_is_not_counted(store: Database) -> None:
    save(store, an_activity("call/1"), links=(a_link("call/1", "contact/1"),))

    assert live(store) == 0


def test_what_is_archived_gone_or_merged_away_is_not_live_until_it_is_restored(store: Database) -> None:
    save(store, *(a_record(f"contact/{n}") for n in range(1, 5)), an_activity("call/1"))

    save(store, a_record("contact/1", archived_at=NINE + HOUR, changed_at=NINE + HOUR))
    save(store, gone=((a_key("contact/2"), None), (a_key("call/1"), None)))
    save(store, merged=(Merge(gone=a_key("contact/3"), into=a_key("contact/4")),))
    assert (live(store), live(store, "call")) == (1, 0)

    save(store, a_record("contact/1", changed_at=NINE + 2 * HOUR), an_activity("call/1", changed_at=NINE + 2 * HOUR))
    assert (live(store), live(store, "call")) == (2, 1)


DEEDS = st.lists(st.tuples(st.sampled_from(("live", "archived", "gone", "merged", "call", "call gone")), st.integers(1, 4)), max_size=25)


@given(deeds=DEEDS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_count_is_what_counting_finds_whatever_happens_to_the_rows(store: Database, deeds: list[tuple[str, int]]) -> None:
    for step, (deed, number) in enumerate(deeds):
        at, key = NINE + step * HOUR, f"contact/{number}"
        match deed:
            case "live" | "archived":
                save(store, a_record(key, changed_at=at, archived_at=at if deed == "archived" else None), seen_at=at)
            case "gone":
                save(store, gone=((a_key(key), None),), seen_at=at)
            case "merged":
                save(store, merged=(Merge(gone=a_key(key), into=a_key("contact/5"), at=at),), seen_at=at)
            case "call":
                save(store, an_activity(f"call/{number}", changed_at=at), stream="calls", seen_at=at)
            case "call gone":
                save(store, gone=((a_key(f"call/{number}"), at),), stream="calls", seen_at=at)

    with store.snapshot() as tx:
        (contacts,) = tx.execute("SELECT count(*) FROM record WHERE gone_at IS NULL").fetchone()
        (calls,) = tx.execute("SELECT count(*) FROM activity WHERE gone_at IS NULL").fetchone()
    assert (live(store), live(store, "call")) == (contacts, calls)


def test_what_the_crm_does_not_list_and_what_is_not_known_here_are_told_by_id(store: Database) -> None:
    save(store, *(a_record(f"contact/{id_}") for id_ in ("2", "9", "10", "a-1", "7")), a_record("deal/11"))
    save(store, gone=((a_key("contact/7"), None),))

    difference = a_mirror(store).not_among("hubspot", "contact", iter(["10", "7", "7", "11", "b-2", "3", "3"]))

    assert difference == (["2", "9", "a-1"], ["3", "7", "11", "b-2"])
    assert a_mirror(store).not_among("hubspot", "deal", ["11"]) == ([], [])


def test_pages_can_be_saved_while_the_ids_are_listed(store: Database) -> None:
    """A listing takes long: between two of its pages the same store takes in others."""
    save(store, a_record("contact/1"))

    def listed() -> Iterator[str]:
        yield "1"
        a_mirror(store).save_page("hubspot", a_page(a_record("contact/2")), seen_at=NINE)
        yield "2"

    assert a_mirror(store).not_among("hubspot", "contact", listed()) == ([], [])
    assert a_mirror(store).not_among("hubspot", "contact", ["1"]) == (["2"], [])
