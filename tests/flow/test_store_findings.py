from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.records import RecordKey
from sync.judge.findings import CycleRef, Elapsed, Evidence, Judgement, Side, Status
from sync.store.database import Database
from sync.store.findings import Findings, Saved
from sync.store.runs import Runs
from tests.flow.store_values import HOUR, MINUTE, NINE, a_finding, a_judgement


@pytest.fixture
def run(store: Database) -> str:
    return a_run(store)


def a_run(store: Database) -> str:
    return Runs(store).start("audit", mode="observe", as_of=None, now=NINE, agreement_hash="abc")


def save(store: Database, run: str, *judgements: Judgement) -> Saved:
    return Findings(store).save(run, judgements, judged_at=NINE)


def minutes_of_owner(minutes: int) -> Elapsed:
    return Elapsed(excused_s=0, suspended_s=0, system_s=0, owner_s=60 * minutes, off_hours_s=0)


def versions(store: Database, key: str = "f1") -> list[tuple[str, int]]:
    with store.snapshot() as tx:
        return tx.execute("SELECT status, withdrawn FROM finding_version WHERE key = ? ORDER BY id", (key,)).fetchall()


def test_a_finding_comes_back_as_it_was_judged(store: Database, run: str) -> None:
    finding = a_finding(
        records=(RecordKey.parse("hubspot/contact/1"), RecordKey.parse("salesforce/Lead/00Q1")),
        cycle=CycleRef(
            handoff="Marketing to SDR", number=2, opened_at=None, opened_by="hand-raise Demo", closed_at=NINE, closed_by="recycled"
        ),
        status=Status.UNKNOWN,
        side=Side.NONE,
        owner=None,
        started_at=None,
        due_at=None,
        settled_at=NINE,
        late_by_s=None,
        evidence=(Evidence(at=None, what="a call", source="hubspot/call/9", counted=False),),
        level="enterprise",
        elapsed=Elapsed(excused_s=0, suspended_s=60, system_s=30, owner_s=7200, off_hours_s=0),
    )

    saved = save(store, run, a_judgement(finding))

    assert saved == Saved(new=1, withdrawn=0)
    assert list(Findings(store).latest()) == [finding]


def test_a_breach_that_only_grows_older_adds_no_version_and_shows_its_age(store: Database, run: str) -> None:
    save(store, run, a_judgement(a_finding(late_by_s=60, message="1 min late", elapsed=minutes_of_owner(1))))
    older = a_finding(late_by_s=3600, message="1 h late", elapsed=minutes_of_owner(60))

    assert save(store, a_run(store), a_judgement(older)) == Saved(new=0, withdrawn=0)

    assert versions(store) == [("breached", 0)]
    assert list(Findings(store).latest()) == [older]


@pytest.mark.parametrize(
    "news",
    [
        {"status": Status.KEPT},
        {"side": Side.SYSTEM},
        {"owner": "78"},
        {"started_at": NINE + MINUTE},
        {"due_at": NINE + MINUTE},
        {"settled_at": NINE + 3 * HOUR},
        {"evidence": ()},
        {"level": "enterprise"},
        {
            "cycle": CycleRef(
                handoff="Marketing to SDR", number=1, opened_at=NINE, opened_by="stage MQL", closed_at=NINE + HOUR, closed_by="recycled"
            )
        },
    ],
)
def test_whatever_is_new_in_a_finding_is_a_version_of_its_own(store: Database, run: str, news: dict[str, object]) -> None:
    save(store, run, a_judgement(a_finding()))
    changed = replace(a_finding(), **news)

    assert save(store, run, a_judgement(changed)) == Saved(new=1, withdrawn=0)

    assert len(versions(store)) == 2
    assert list(Findings(store).latest()) == [changed]


def test_a_finding_that_vanished_is_withdrawn_and_may_come_back(store: Database, run: str) -> None:
    save(store, run, a_judgement(a_finding("f1"), a_finding("f2")))

    assert save(store, run, a_judgement(a_finding("f2"))) == Saved(new=0, withdrawn=1)
    assert [finding.key for finding in Findings(store).latest()] == ["f2"]
    assert save(store, run, a_judgement(a_finding("f2"))) == Saved(new=0, withdrawn=0)

    assert save(store, run, a_judgement(a_finding("f1"), a_finding("f2"))) == Saved(new=1, withdrawn=0)
    assert versions(store) == [("breached", 0), ("breached", 1), ("breached", 0)]


def test_findings_of_leads_that_were_not_judged_stand(store: Database, run: str) -> None:
    save(store, run, a_judgement(a_finding("f1")))

    save(store, run, a_judgement(lead="hubspot/contact/2"))

    assert [finding.key for finding in Findings(store).latest()] == ["f1"]


def test_a_finding_that_moves_to_another_lead_is_not_withdrawn(store: Database, run: str) -> None:
    save(store, run, a_judgement(a_finding("f1", lead="hubspot/contact/2"), lead="hubspot/contact/2"))
    moved = a_finding("f1", lead="hubspot/contact/1")

    saved = save(store, run, a_judgement(moved), a_judgement(lead="hubspot/contact/2"))

    assert saved == Saved(new=1, withdrawn=0)
    assert list(Findings(store).latest()) == [moved]


def test_findings_come_by_lead_then_rule_then_start_then_key(store: Database, run: str) -> None:
    save(
        store,
        run,
        a_judgement(a_finding("z", "hubspot/contact/10"), lead="hubspot/contact/10"),
        a_judgement(
            a_finding("d", "hubspot/contact/9", started_at=NINE + HOUR),
            a_finding("c", "hubspot/contact/9"),
            a_finding("b", "hubspot/contact/9"),
            a_finding("a", "hubspot/contact/9", started_at=None),
            a_finding("e", "hubspot/contact/9", rule="accept"),
            lead="hubspot/contact/9",
        ),
    )

    assert [finding.key for finding in Findings(store).latest()] == ["e", "a", "b", "c", "d", "z"]


def test_findings_of_more_leads_than_one_chunk_come_once_each(store: Database, run: str) -> None:
    leads = [f"hubspot/contact/{n}" for n in range(1, 1102)]
    save(store, run, *(a_judgement(a_finding(f"f{lead}", lead), lead=lead) for lead in leads))

    assert [finding.lead for finding in Findings(store).latest()] == leads


def test_the_versions_of_findings_are_append_only(store: Database, run: str) -> None:
    save(store, run, a_judgement(a_finding()))

    for statement in ("UPDATE finding_version SET status = 'kept'", "DELETE FROM finding_version"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.transaction() as tx:
            tx.execute(statement)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.transaction() as tx:
        tx.execute("INSERT OR REPLACE INTO finding_version SELECT * FROM finding_version")

    assert versions(store) == [("breached", 0)]


def test_leads_are_due_when_their_judgement_changes_without_news(store: Database, run: str) -> None:
    save(
        store,
        run,
        a_judgement(lead="hubspot/contact/1", next_at=NINE + HOUR),
        a_judgement(lead="hubspot/contact/2", next_at=NINE),
        a_judgement(lead="hubspot/contact/3"),
    )

    findings = Findings(store)
    assert findings.due(NINE - MINUTE) == ()
    assert findings.due(NINE) == ("hubspot/contact/2",)
    assert findings.due(NINE + HOUR) == ("hubspot/contact/2", "hubspot/contact/1")


def test_a_chunk_with_a_finding_that_cannot_be_saved_leaves_nothing(store: Database, run: str) -> None:
    with pytest.raises(KeyError):
        save(store, "20990101T000000Z-0001", a_judgement(a_finding()))
    with pytest.raises(sqlite3.IntegrityError):
        save(store, run, a_judgement(a_finding()), a_judgement(lead="hubspot/contact/"))

    assert list(Findings(store).latest()) == []


# --- runs


def test_run_ids_are_readable_and_sort_by_time(store: Database) -> None:
    runs = Runs(store)
    ids = [
        runs.start("audit", mode="observe", as_of=None, now=datetime(2026, 11, 20, 15, second=second, tzinfo=UTC), agreement_hash="abc")
        for second in (0, 0, 1)
    ]

    assert ids == ["20261120T150000Z-0001", "20261120T150000Z-0002", "20261120T150001Z-0003"]
    assert sorted(ids) == ids


def test_a_run_keeps_how_it_ended(store: Database, run: str) -> None:
    Runs(store).finish(run, outcome="fine", summary={"leads": 3})

    with store.snapshot() as tx:
        assert tx.execute("SELECT outcome, summary, began_at FROM v_runs").fetchall() == [
            ("fine", '{"leads":3}', "2026-11-20T09:00:00.000Z")
        ]


def test_a_run_that_never_began_cannot_end(store: Database) -> None:
    with pytest.raises(KeyError):
        Runs(store).finish("20990101T000000Z-0001", outcome="fine", summary={})
