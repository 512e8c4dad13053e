"""When somebody went: a CRM does not tell, so the store keeps between which two moments it was."""

from __future__ import annotations

from sync.store.database import Database
from tests.flow.store_values import HOUR, MINUTE, NINE, a_mirror, a_page, an_owner, save, save_owners


def gone(store: Database) -> dict[str, tuple[object, object]]:
    return dict(a_mirror(store).owners_gone("hubspot"))


def test_an_owner_went_between_the_last_moment_active_and_the_first_not(store: Database) -> None:
    save_owners(store, an_owner("77"), an_owner("78"), seen_at=NINE)
    save_owners(store, an_owner("77"), an_owner("78"), seen_at=NINE + HOUR)

    save_owners(store, an_owner("77", active=False), an_owner("78"), seen_at=NINE + 2 * HOUR)
    save_owners(store, an_owner("77", active=False), an_owner("78"), seen_at=NINE + 3 * HOUR)

    assert gone(store) == {"77": (NINE + HOUR, NINE + 2 * HOUR)}


def test_an_owner_who_was_never_seen_active_has_no_first_moment(store: Database) -> None:
    save_owners(store, an_owner("77", active=False), seen_at=NINE)

    assert gone(store) == {"77": (None, NINE)}


def test_an_owner_who_is_active_again_never_went(store: Database) -> None:
    save_owners(store, an_owner("77"), seen_at=NINE)
    save_owners(store, an_owner("77", active=False), seen_at=NINE + HOUR)

    save_owners(store, an_owner("77"), seen_at=NINE + 2 * HOUR)

    assert gone(store) == {}


def test_an_owner_whom_the_whole_list_no_longer_names_is_gone(store: Database) -> None:
    save_owners(store, an_owner("77"), an_owner("78"), seen_at=NINE)

    save_owners(store, an_owner("78"), seen_at=NINE + HOUR)

    assert gone(store) == {"77": (NINE, NINE + HOUR)}
    assert [owner.active for owner in a_mirror(store).owners("hubspot")] == [False, True]


def test_nobody_is_gone_before_the_last_page_of_the_list(store: Database) -> None:
    save_owners(store, an_owner("77"), an_owner("78"), seen_at=NINE)

    save(store, stream="owners", owners=(an_owner("78"),), last=False, seen_at=NINE + HOUR)
    assert gone(store) == {}

    save(store, stream="owners", owners=(an_owner("77"),), last=False, seen_at=NINE + HOUR)
    save(store, stream="owners", seen_at=NINE + HOUR)
    assert gone(store) == {}


def test_a_list_without_anybody_tells_nothing_of_anybody(store: Database) -> None:
    save_owners(store, an_owner("77"), seen_at=NINE)

    save_owners(store, seen_at=NINE + HOUR)

    assert gone(store) == {}


def test_the_owners_of_another_crm_are_not_missed(store: Database) -> None:
    save_owners(store, an_owner("77"), seen_at=NINE)

    a_mirror(store).save_page("salesforce", a_page(stream="owners", owners=(an_owner("9", crm="salesforce"),)), seen_at=NINE + HOUR)

    assert gone(store) == {}


def test_as_of_a_moment_who_was_first_seen_gone_later_was_active(store: Database) -> None:
    save_owners(store, an_owner("77"), seen_at=NINE)
    save_owners(store, an_owner("77", active=False), seen_at=NINE + HOUR)

    mirror = a_mirror(store)
    assert mirror.owners_gone("hubspot", upto=NINE + HOUR - MINUTE) == {}
    assert mirror.owners_gone("hubspot", upto=NINE + HOUR) == {"77": (NINE, NINE + HOUR)}
