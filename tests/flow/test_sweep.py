"""What vanished from the practice HubSpot is noticed by counting, and found without asking for more than is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from sync.pull import Vanished
from sync.shrunken import PullShrunk, TooManyErased
from sync.store.live import Surplus
from sync.sweep import COUNTED_AFTER
from tests.contract.practice import NOW
from tests.flow.beside import PEOPLE, Kept, kept_beside


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with kept_beside(tmp_path) as kept:
        yield kept


def test_an_idle_pull_costs_a_call_a_stream_and_one_for_the_account(kept: Kept) -> None:
    before = kept.heard()
    kept.pull()
    heard = kept.heard_since(before)
    assert len(heard) == len(kept.connector().streams())
    assert sorted(one for one in heard if "search" in one) == sorted(
        f"POST {kind}/search"
        for kind in ("contacts", "companies", "deals", "calls", "emails", "meetings", "communications", "tasks", "notes")
    )


def test_a_deleted_contact_is_gone_since_it_was_deleted_and_only_the_bin_was_looked_into(kept: Kept) -> None:
    at = kept.portal.clock.now()
    kept.call("DELETE", "/crm/v3/objects/contacts/3")
    kept.later()
    before = kept.heard()
    kept.pull()
    assert kept.gone("contact") == {"3": f"{at:%Y-%m-%dT%H:%M}"}
    assert [one for one in kept.heard_since(before) if one.startswith("GET contacts")] == ["GET contacts"]


def test_an_erased_contact_is_found_by_its_id_and_leaves_nothing(kept: Kept) -> None:
    kept.call("POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": "3"})
    kept.pull()
    with kept.store.snapshot() as tx:
        left = tx.execute(
            "SELECT field_values, erased_at IS NOT NULL FROM record JOIN object USING (id) WHERE kind = 'contact' AND crm_id = '3'"
        )
        assert left.fetchall() == [("{}", 1)]
    files = [file.read_bytes() for file in kept.store.path.parent.iterdir() if file.is_file()]
    assert not any(b"p3@example.com" in file for file in files)
    assert any(b"p4@example.com" in file for file in files)


def test_a_deleted_meeting_is_found_although_no_bin_lists_it(kept: Kept) -> None:
    kept.call("DELETE", "/crm/v3/objects/meetings/3")
    kept.pull()
    assert list(kept.gone("meeting")) == ["3"]


def test_a_contact_that_was_restored_comes_back(kept: Kept) -> None:
    kept.call("DELETE", "/crm/v3/objects/contacts/3")
    kept.pull()
    kept.later()
    kept.call("POST", "/_sandbox/restore", {"kind": "contacts", "id": "3"})
    kept.pull()
    assert kept.gone("contact") == {}


def test_a_call_that_the_index_does_not_count_yet_is_no_reason_to_compare_every_id(kept: Kept) -> None:
    kept.call("POST", "/_sandbox/index", {"lag_s": 60})
    kept.call(
        "POST",
        "/crm/v3/objects/calls",
        {
            "properties": {"hs_timestamp": "2026-11-20T15:30:00Z"},
            "associations": [{"to": {"id": "1"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}]}],
        },
    )
    with closing(kept.connector()) as connector:
        account = connector.account()
        for page in connector.evidence([next(iter(connector.look_up("contacts", ["1"]))).records[0].key]):
            kept.mirror.save_page("hubspot", page, seen_at=account.server_now)
    assert kept.mirror.live("hubspot", "call") == len(PEOPLE) + 1
    before = kept.heard()
    kept.pull()
    assert "GET calls" not in kept.heard_since(before)
    assert kept.gone("call") == {}


def test_a_call_that_was_logged_and_deleted_within_minutes_is_gone_at_once(kept: Kept) -> None:
    kept.call("POST", "/crm/v3/objects/calls", {"properties": {"hs_timestamp": "2026-11-20T15:30:00Z"}})
    kept.pull()
    kept.call("DELETE", f"/crm/v3/objects/calls/{len(PEOPLE) + 1}")
    kept.pull()
    assert list(kept.gone("call")) == [str(len(PEOPLE) + 1)]


def test_a_crm_that_counts_otherwise_than_it_lists_is_compared_again_only_once_that_changes(kept: Kept) -> None:
    kept.mirror.note_surplus("hubspot", "contacts", Surplus(rows=1, since=NOW - COUNTED_AFTER, upto=NOW))
    kept.call("DELETE", "/crm/v3/objects/contacts/3")  # so there is one row more here: as it is known to be
    kept.pull()
    assert kept.gone("contact") == {}
    kept.call("DELETE", "/crm/v3/objects/contacts/4")
    kept.pull()
    assert set(kept.gone("contact")) == {"3", "4"}
    assert kept.mirror.surplus("hubspot", "contacts") == Surplus()
    kept.call("DELETE", "/crm/v3/objects/contacts/5")
    kept.pull()
    assert set(kept.gone("contact")) == {"3", "4", "5"}


def test_what_vanishes_does_not_hide_behind_what_the_index_had_not_counted(kept: Kept) -> None:
    """Every id was compared while the index lagged, so one row more was held than counted; the next one to vanish makes it so again."""
    kept.call("POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": "4"})
    kept.call("POST", "/_sandbox/index", {"lag_s": 60})
    kept.call("POST", "/crm/v3/objects/contacts", {"properties": {"email": "new@example.com"}})
    kept.pull()
    assert kept.mirror.live("hubspot", "contact") == len(PEOPLE)
    kept.call("DELETE", "/crm/v3/objects/contacts/5")
    kept.later(timedelta(seconds=61))
    kept.pull()
    assert set(kept.gone("contact")) == {"4", "5"}


def test_a_crm_that_counts_otherwise_than_it_lists_is_compared_until_it_did_so_for_ten_minutes(kept: Kept) -> None:
    kept.call("POST", "/_sandbox/index", {"lag_s": 86_400})
    uncounted = {"object": "contacts", "id": "900", "createdAt": "2026-11-01T10:00:00Z"}
    kept.call("POST", "/_sandbox/records", uncounted)
    with closing(kept.connector()) as connector:
        account = connector.account()
        for page in connector.look_up("contacts", ["900"]):
            kept.mirror.save_page("hubspot", page, seen_at=account.server_now)
    compared = []
    for minutes in (0, 9, 1, 1, 60):
        kept.later(timedelta(minutes=minutes))
        before = kept.heard()
        kept.pull()
        compared.append("GET contacts" in kept.heard_since(before))
    assert compared == [True, True, True, False, False]


def test_rows_that_never_arrived_are_found_once_the_crm_counts_more_than_we_hold(kept: Kept) -> None:
    """As where the index told of a row only after the overlap."""
    late = {"object": "contacts", "id": "900", "properties": {"email": "late@example.com", "lastmodifieddate": "2026-11-02T10:00:00Z"}}
    kept.call("POST", "/_sandbox/records", {**late, "createdAt": "2026-11-01T10:00:00Z"})
    kept.pull()
    assert kept.mirror.live("hubspot", "contact") == len(PEOPLE) + 1


def test_a_few_that_are_nowhere_are_erased(kept: Kept) -> None:
    for number in range(1, 6):
        kept.call("POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": str(number)})
    assert kept.pull().vanished["contacts"] == Vanished(rows=5, erased=5)


def test_many_that_are_nowhere_are_erased_only_if_somebody_says_so(kept: Kept) -> None:
    more = [{"object": "contacts", "id": str(id_), "createdAt": "2026-11-01T10:00:00Z"} for id_ in range(100, 140)]
    kept.call("POST", "/_sandbox/records", more)
    kept.pull()
    for id_ in range(100, 126):
        kept.call("POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": str(id_)})
    for _ in range(2):
        with pytest.raises(TooManyErased) as refused:
            kept.pull(share=0)
        assert str(refused.value).startswith(
            "26 of 52 rows of hubspot/contacts are neither live, archived nor merged: erased, or hidden from our"
        )
        assert "--accept-shrunken hubspot/contacts" in refused.value.fix
        assert (refused.value.exit_code, kept.gone("contact")) == (3, {})

    assert kept.pull(accepted=("hubspot/contacts",)).vanished["contacts"] == Vanished(rows=26, erased=26)


def test_a_contact_that_was_hidden_from_us_comes_back_with_all_that_it_had(kept: Kept) -> None:
    """A token that sees less for an hour makes us forget, and the CRM makes us remember."""
    portal, hidden = kept.portal, kept.portal.record("contacts", 3)
    portal.remove("contacts", hidden)
    kept.pull()
    assert list(kept.gone("contact")) == ["3"]
    kept.later()
    portal.add("contacts", hidden)
    kept.pull()
    assert kept.gone("contact") == {}
    with kept.store.snapshot() as tx:
        (values,) = tx.execute("SELECT field_values FROM record JOIN object USING (id) WHERE kind = 'contact' AND crm_id = '3'").fetchone()
    assert "p3@example.com" in values


@pytest.mark.parametrize(
    ("status", "said"), [(403, "does not let this token read"), (503, "could not be reached"), (404, "has nothing at")]
)
def test_a_sweep_that_fails_is_told_and_stops_nothing(kept: Kept, status: int, said: str) -> None:
    kept.call("DELETE", "/crm/v3/objects/contacts/3")
    kept.call("POST", "/_sandbox/faults", {"path": "/crm/objects/2026-09/contacts", "method": "GET", "status": status})
    pulled = kept.pull()
    assert said in pulled.unswept["contacts"]
    kept.http.request("DELETE", f"{kept.served.url}/_sandbox/faults")
    assert kept.pull().vanished == {"contacts": Vanished(rows=1)}


def test_without_calls_for_it_a_sweep_is_put_off_and_told(kept: Kept) -> None:
    kept.call("DELETE", "/crm/v3/objects/contacts/3")
    kept.max_share = 14 / 10_000  # an idle pull takes eleven calls, which may be made for sweeps, and thirteen for what changed
    pulled = kept.pull()
    assert kept.gone("contact") == {}
    assert list(pulled.unswept) == ["contacts"]
    assert "for this (sweep) it may make 11 of the account's 10,000" in pulled.unswept["contacts"]

    kept.max_share = 0.2
    assert kept.pull().unswept == {}
    assert list(kept.gone("contact")) == ["3"]


def test_a_pull_of_less_than_half_stops_names_both_figures_and_marks_nothing(kept: Kept) -> None:
    for number in range(1, 8):
        kept.call("DELETE", f"/crm/v3/objects/contacts/{number}")
    for _ in range(2):  # and again, as long as nobody says that it is right
        with pytest.raises(PullShrunk) as refused:
            kept.pull()
        assert str(refused.value).startswith("hubspot/contacts holds 5 rows, and held 12 when it was read last; that is under 50%")
        assert "`leadpact sync --dry-run --accept-shrunken hubspot/contacts`" in refused.value.fix
        assert (refused.value.exit_code, kept.gone("contact")) == (3, {})
    kept.pull(accepted=("hubspot/contacts",))
    assert set(kept.gone("contact")) == {str(number) for number in range(1, 8)}


def test_half_is_not_less_than_half(kept: Kept) -> None:
    for number in range(1, 7):
        kept.call("DELETE", f"/crm/v3/objects/contacts/{number}")
    kept.pull()
    assert len(kept.gone("contact")) == 6


def test_owners_who_vanish_in_numbers_stop_the_pull(kept: Kept) -> None:
    for number in range(1, 8):
        del kept.portal.staff.owners[str(70 + number)]
    with pytest.raises(PullShrunk, match="hubspot/owners holds 5 rows, and held 12"):
        kept.pull()
    kept.pull(accepted=("hubspot/owners",))
    assert sum(owner.active for owner in kept.mirror.owners("hubspot")) == 5
