"""What vanished from the practice HubSpot is noticed by counting, and found without asking for more than is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import urllib3

from connectors.budget import DayShares
from connectors.hubspot.connector import HubSpot
from connectors.hubspot.mapping import VOCABULARY
from connectors.hubspot.settings import HubSpotSettings
from connectors.pacing import Waiting
from connectors.records import Wanted
from sandbox.limits import Limits
from sandbox.portal import Portal
from sandbox.server import Served, serve
from sync.pull import Pulled, known_facts, pull_account, read_facts
from sync.store.database import Database, open_store
from sync.store.mirror import Mirror
from sync.sweep import PullShrunk, refuse_if_owners_shrunken, refuse_if_shrunken, sweep
from tests.contract.practice import NOW

HOUR = timedelta(hours=1)
PEOPLE = range(1, 13)


def lines() -> Iterator[dict[str, Any]]:
    for number in PEOPLE:
        yield {"object": "owners", "id": str(70 + number), "email": f"o{number}@example.com", "userId": number, "type": "PERSON"}
        yield {
            "object": "contacts",
            "id": str(number),
            "properties": {
                "email": f"p{number}@example.com",
                "createdate": "2026-11-01T10:00:00Z",
                "lastmodifieddate": "2026-11-02T10:00:00Z",
            },
        }
        for kind in ("calls", "meetings"):
            yield {
                "object": kind,
                "id": str(number),
                "properties": {"hs_timestamp": "2026-11-03T10:00:00Z", "hs_createdate": "2026-11-03T10:00:00Z"},
                "associations": {"contacts": [str(number)]},
            }


@dataclass
class Kept:
    """A portal and a store that is kept beside it."""

    portal: Portal
    served: Served
    store: Database
    max_share: float = 0.2
    http: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    def __post_init__(self) -> None:
        self.mirror = Mirror(self.store, {"hubspot": VOCABULARY})

    def connector(self) -> HubSpot:
        settings = HubSpotSettings(
            token=self.served.token, base_url=self.served.url, burst_share=1, day=DayShares(max_share=self.max_share, floor=0)
        )
        return HubSpot(settings, Wanted(fields={}, history={}), Waiting(monotonic=count(0, 1).__next__, sleep=lambda _: None))

    def pull(self, *, share: float = 0.5, accepted: tuple[str, ...] = ()) -> Pulled:
        """Read what changed and sweep, as a run does."""
        with closing(self.connector()) as connector:
            account = connector.account()
            facts = known_facts(connector, VOCABULARY, account, self.mirror) or read_facts(connector, VOCABULARY, account)
            refuse_if_owners_shrunken(self.mirror, facts, share=share, accepted=accepted)
            pulled = pull_account(connector, self.mirror, facts, tell=lambda _: None)
            refuse_if_shrunken(self.mirror, pulled, share=share, accepted=accepted)
            sweep(connector, self.mirror, pulled)
            return pulled

    def later(self, by: timedelta = HOUR) -> datetime:
        self.portal.clock.advance(by)
        return self.portal.clock.now()

    def call(self, method: str, path: str, body: object = None) -> None:
        answer = self.http.request(method, self.served.url + path, json=body, headers={"Authorization": f"Bearer {self.served.token}"})
        assert answer.status < 300, answer.data

    def heard_since(self, number: int) -> list[str]:
        """The calls after the first `number`, each as `GET contacts`, its paths without versions and queries."""
        told = self.http.request("GET", f"{self.served.url}/_sandbox/requests?after={number}").json()["requests"]
        return [f"{one['method']} {one['path'].removeprefix('/crm/objects/2026-09/')}" for one in told]

    def heard(self) -> int:
        return int(self.http.request("GET", f"{self.served.url}/_sandbox/stats").json()["calls"])

    def gone(self, kind: str) -> dict[str, datetime | None]:
        """Ids of the rows of a kind that went, with the hour at which they did."""
        with self.store.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT object.crm_id, strftime('%Y-%m-%dT%H:%M', coalesce(record.gone_at, activity.gone_at) / 1000.0, 'unixepoch')
                FROM object LEFT JOIN record USING (id) LEFT JOIN activity USING (id)
                WHERE object.kind = ? AND coalesce(record.gone_at, activity.gone_at) IS NOT NULL
                """,
                (kind,),
            )
            return dict(rows.fetchall())


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    portal = Portal.from_lines(list(lines()), now=NOW)
    with serve(portal, port=0, limits=Limits(daily=10_000)) as served, open_store(tmp_path / "store.db") as store:
        kept = Kept(portal=portal, served=served, store=store)
        kept.pull()
        kept.later()
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


def test_a_crm_that_counts_otherwise_than_it_lists_is_compared_once(kept: Kept) -> None:
    kept.mirror.note_surplus("hubspot", "contacts", 1)
    kept.call("DELETE", "/crm/v3/objects/contacts/3")  # the count of what is listed falls by one: as it is known to
    kept.pull()
    assert kept.gone("contact") == {}
    kept.call("DELETE", "/crm/v3/objects/contacts/4")
    kept.pull()
    assert set(kept.gone("contact")) == {"3", "4"}


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
