"""What was found about a lead holds without judging it again: until it changes, falls due, or is judged by something else."""

from __future__ import annotations

from datetime import datetime

from sync.judge.findings import Finding
from sync.store.database import Database
from sync.store.dirty import Dirty
from sync.store.findings import Findings
from sync.store.runs import Runs
from sync.store.still import JudgedBy
from tests.flow.store_values import HOUR, MINUTE, NINE, WORDS, a_finding, a_judgement, a_record, save

BY = JudgedBy(fingerprint="terms", bulk_within=5 * MINUTE)
ONE, TWO = "hubspot/contact/1", "hubspot/contact/2"
TEN = NINE + HOUR


def judge(store: Database, *, next_at: datetime | None = None) -> tuple[Finding, Finding]:
    """Judge two leads at ten, of which the second has nothing; return what was found of the first."""
    save(store, a_record("contact/1", {}), a_record("contact/2", {}))
    dirty, run = Dirty(store, {"hubspot": WORDS}), Runs(store).start("audit", mode="observe", as_of=None, now=NINE, agreement_hash="abc")
    dirty.refresh(BY.fingerprint, bulk_within=BY.bulk_within)
    found = a_finding("b", rule="a first rule"), a_finding("a", rule="second rule")
    judgements = [a_judgement(*found, next_at=next_at), a_judgement(lead=TWO)]
    Findings(store).save(run, judgements, judged_at=TEN, marked_upto=dirty.newest())
    return found


def still(store: Database, *, by: JudgedBy = BY, now: datetime = TEN) -> dict[str, tuple[Finding, ...]]:
    return Findings(store).still([ONE, TWO, "hubspot/contact/3"], by=by, now=now)


def test_leads_that_did_not_change_are_told_as_they_were_judged(store: Database) -> None:
    found = judge(store)

    assert still(store) == {ONE: found, TWO: ()}


def test_a_lead_that_changed_since_it_was_judged_is_not_told(store: Database) -> None:
    judge(store)
    save(store, a_record("contact/1", {"city": "Bonn"}, changed_at=TEN + MINUTE), seen_at=TEN + MINUTE)

    assert still(store, now=TEN + 2 * MINUTE) == {TWO: ()}


def test_a_lead_is_told_up_to_the_moment_at_which_its_judgement_changes(store: Database) -> None:
    found = judge(store, next_at=TEN + HOUR)

    assert still(store, now=TEN + HOUR - MINUTE) == {ONE: found, TWO: ()}
    assert still(store, now=TEN + HOUR) == {TWO: ()}


def test_nothing_is_told_of_a_moment_before_the_judgement(store: Database) -> None:
    judge(store)

    assert still(store, now=TEN - MINUTE) == {}


def test_nothing_is_told_by_other_terms_than_it_was_judged_by(store: Database) -> None:
    judge(store)

    assert still(store, by=JudgedBy(fingerprint="other terms", bulk_within=BY.bulk_within)) == {}
    assert still(store, by=JudgedBy(fingerprint="terms", bulk_within=6 * MINUTE)) == {}
