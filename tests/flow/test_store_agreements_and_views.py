from __future__ import annotations

from dataclasses import replace

from sync.agreement.versions import Version
from sync.store.agreements import Agreements
from sync.store.database import Database
from sync.store.findings import Findings
from sync.store.runs import Runs
from tests.flow.store_values import HOUR, NINE, a_finding, a_judgement, a_link, a_record, an_activity, save

UNSIGNED = Version(hash="abc", text="title = 'SLA'", effective=NINE, expires_at=None, signed_sides=frozenset(), seen_at=NINE)


def test_a_version_of_the_agreement_is_kept_once(store: Database) -> None:
    agreements = Agreements(store)

    told = [agreements.remember(UNSIGNED), agreements.remember(replace(UNSIGNED, seen_at=NINE + HOUR))]

    assert told == [True, False]
    assert agreements.versions() == (UNSIGNED,)


def test_a_signature_that_comes_later_belongs_to_the_same_version(store: Database) -> None:
    agreements = Agreements(store)
    signed = replace(UNSIGNED, text="title = 'SLA' # signed", signed_sides=frozenset({"marketing", "sales"}), seen_at=NINE + HOUR)
    agreements.remember(UNSIGNED)

    assert agreements.remember(signed)

    assert agreements.versions() == (replace(signed, seen_at=NINE),)


def test_versions_come_in_the_order_they_were_first_seen(store: Database) -> None:
    agreements = Agreements(store)
    agreements.remember(replace(UNSIGNED, hash="b", seen_at=NINE + HOUR))
    agreements.remember(replace(UNSIGNED, hash="z"))

    assert [version.hash for version in agreements.versions()] == ["z", "b"]


def test_every_view_tells_a_person_what_there_is(store: Database) -> None:
    run = Runs(store).start("audit", mode="observe", as_of=None, now=NINE, agreement_hash="abc")
    save(
        store,
        a_record("contact/1", {"city": "Bonn"}, history={"city": [("Bonn", NINE)]}),
        an_activity("call/5"),
        links=(a_link("call/5", "contact/1"),),
    )
    Findings(store).save(run, [a_judgement(a_finding(level="enterprise"))], judged_at=NINE)

    def view(name: str, columns: str) -> list[tuple[object, ...]]:
        with store.snapshot() as tx:
            tx.execute(f"SELECT * FROM {name}")
            return tx.execute(f"SELECT {columns} FROM {name}").fetchall()

    nine = "2026-11-20T09:00:00.000Z"
    assert view("v_leads", "lead, created_at, judged_at, next_at, breaches") == [("hubspot/contact/1", nine, nine, None, 1)]
    assert view("v_findings", "lead, status, level, due_at, run") == [
        ("hubspot/contact/1", "breached", "enterprise", "2026-11-20T11:00:00.000Z", run)
    ]
    assert view("v_activities", "activity, happened_at, status, linked_to") == [("hubspot/call/5", nine, "connected", "hubspot/contact/1")]
    assert view("v_field_changes", "record, field, value, at, observed_since") == [("hubspot/contact/1", "city", "Bonn", nine, None)]
    assert view("v_runs", "run, kind, as_of") == [(run, "audit", None)]


def test_every_view_selects_from_an_empty_store(store: Database) -> None:
    with store.snapshot() as tx:
        views = [name for (name,) in tx.execute("SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name")]
        assert [tx.execute(f"SELECT * FROM {view}").fetchall() for view in views] == [[]] * 5
