"""What is noted about steps: never changed, counted by limits, settled by the next run; and the ledger of turns."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from connectors.records import RecordKey
from sync.journal import Entry, Event, Place
from sync.refused import Refusal
from sync.reversals import Reversed
from sync.route import Given, Seat
from sync.steps import FieldWrite, Step
from sync.store.database import Database, open_store
from sync.store.journal import Journal
from sync.store.ledger import Enforced, Ledger, Turn
from sync.store.plans import Plans
from sync.store.runs import Runs
from tests.flow.released import make_released
from tests.flow.store_values import HOUR, MINUTE, NINE
from tests.flow.test_store_plans import REASSIGN, a_run

FREE = replace(REASSIGN, blocked_by=())
ESCALATE = replace(FREE, action="escalate", fields=(), finding="f2")
UNDO = replace(FREE, action="undo")
TASK = RecordKey("hubspot", "task", "8")


def a_plan(store: Database, *steps: Step) -> tuple[str, int]:
    """Save a plan; return its run and its id."""
    run, plans = a_run(store), Plans(store)
    plan = plans.begin(run)
    plans.add(plan, steps)
    return run, plans.close(plan).id


def note(store: Database, run: str, place: Place, *events: Event, at: datetime = NINE) -> None:
    for event in events:
        values = {"before": {"owner": "77"}, "after": {"owner": "78"}} if event is Event.INTENDED else {}
        Journal(store).note(run, [Entry(place=place, event=event, at=at, **values)])


@pytest.mark.parametrize(
    ("events", "is_open"),
    [
        ([Event.INTENDED], True),
        ([Event.INTENDED, Event.UNKNOWN], True),
        ([Event.INTENDED, Event.DONE], True),
        ([Event.INTENDED, Event.DONE, Event.VERIFIED], False),
        ([Event.INTENDED, Event.REFUSED], False),
        ([Event.INTENDED, Event.LATER], False),
        ([Event.INTENDED, Event.NOT_WRITTEN], False),
        ([Event.SKIPPED], False),
    ],
)
def test_a_write_whose_end_nobody_knows_is_found_by_the_next_run(store: Database, events: list[Event], is_open: bool) -> None:
    run, plan = a_plan(store, FREE)
    note(store, run, Place(plan, 0), *events)
    found = Journal(store).unsettled()
    assert [(one.intent.place, one.intent.before, one.intent.after) for one in found] == (
        [(Place(plan, 0), {"owner": "77"}, {"owner": "78"})] if is_open else []
    )


def test_a_step_of_which_one_part_is_open_is_found_with_all_its_parts(store: Database) -> None:
    run, plan = a_plan(store, FREE, FREE)
    note(store, run, Place(plan, 0, 0), Event.INTENDED, Event.DONE)
    note(store, run, Place(plan, 0, 1), Event.INTENDED, Event.LATER)
    note(store, run, Place(plan, 1), Event.INTENDED, Event.LATER)
    assert [one.intent.place for one in Journal(store).unsettled()] == [Place(plan, 0, 0), Place(plan, 0, 1)]


def test_a_write_that_was_read_back_is_looked_at_again_once(store: Database) -> None:
    run, plan = a_plan(store, FREE, FREE, FREE)
    note(store, run, Place(plan, 0), Event.INTENDED, Event.VERIFIED, at=NINE)
    note(store, run, Place(plan, 1), Event.INTENDED, Event.VERIFIED, Event.STANDS, at=NINE)
    note(store, run, Place(plan, 2), Event.INTENDED, Event.VERIFIED, at=NINE + HOUR)
    journal = Journal(store)
    assert [entry.place.position for entry in journal.verified_once(upto=NINE)] == [0]
    assert [entry.place.position for entry in journal.verified_once(upto=NINE + HOUR)] == [0, 2]
    assert journal.verified_once(upto=NINE - MINUTE) == []


def test_what_takes_a_step_back_is_not_looked_at_again_and_the_step_has_not_fired(store: Database) -> None:
    run, plan = a_plan(store, FREE)
    note(store, run, Place(plan, 0), Event.INTENDED, Event.DONE)
    back = Entry(place=Place(plan, 0, 1), event=Event.INTENDED, at=NINE, before={"owner": "78"}, after={"owner": "79"}, said="why")
    Journal(store).note(run, [back, replace(back, event=Event.VERIFIED, before=None, after=None, said=None)])
    note(store, run, Place(plan, 0), Event.PUT_BACK)
    assert Journal(store).verified_once(upto=NINE) == []
    assert Journal(store).fired() == frozenset()
    assert Journal(store).unsettled() == []


def test_the_newest_write_of_each_field_and_who_set_which_back_is_told(store: Database) -> None:
    run, plan = a_plan(store, FREE, FREE)
    note(store, run, Place(plan, 0), Event.INTENDED, at=NINE)
    note(store, run, Place(plan, 1), Event.INTENDED, at=NINE + HOUR)
    line = Entry(place=Place(plan, 1), event=Event.REVERSED, at=NINE + HOUR, before={"owner": "78"}, after={"owner": "77"}, said="app 7")
    Journal(store).note(run, [line])
    journal = Journal(store)
    assert journal.last_written(NINE) == {(FREE.record, "owner"): Place(plan, 1)}
    assert journal.last_written(NINE + 2 * HOUR) == {}
    assert journal.reversals(NINE) == [Reversed(record=FREE.record, field="owner", by="app 7", at=NINE + HOUR)]
    assert journal.reversals(NINE + HOUR) == []


@pytest.mark.parametrize(
    ("event", "has_fired"),
    [
        (Event.VERIFIED, True),
        (Event.DONE, True),
        (Event.UNKNOWN, True),
        (Event.OVERWRITTEN, True),
        (Event.REVERSED, True),
        (Event.STANDS, True),
        (Event.MOVED_ON, True),
        (Event.PUT_BACK, False),
        (Event.NOT_WRITTEN, False),
        (Event.REFUSED, False),
    ],
)
def test_a_rung_has_fired_once_its_step_reached_the_crm_or_may_have(store: Database, event: Event, has_fired: bool) -> None:
    run, plan = a_plan(store, FREE)
    note(store, run, Place(plan, 0), Event.INTENDED, event)
    assert Journal(store).fired() == (frozenset({(FREE.finding, 1)}) if has_fired else frozenset())


def test_a_warning_is_a_rung_too_and_has_fired_once_it_was_noted(store: Database) -> None:
    run, plan = a_plan(store, replace(FREE, action="remind", rung=-50))
    note(store, run, Place(plan, 0), Event.DONE)
    assert Journal(store).fired() == {(FREE.finding, -50)}


def test_an_offboarding_spends_none_of_the_moves_of_an_hour_and_its_undo_neither(store: Database) -> None:
    leaves = replace(FREE, rule="offboard")
    run, plan = a_plan(store, FREE, leaves, replace(leaves, action="undo"))
    for position in range(3):
        note(store, run, Place(plan, position), Event.INTENDED, Event.DONE)
    assert Journal(store).moves_since(NINE - HOUR) == 1


def test_an_assignment_fires_once_though_it_is_of_no_ladder_and_counts_for_limits_of_its_own(store: Database) -> None:
    first = replace(FREE, action="assign", rung=0)
    run, plan = a_plan(store, first, replace(FREE, action="stamp", rung=0, finding="0" * 16), replace(first, action="undo"))
    for position in range(3):
        note(store, run, Place(plan, position), Event.INTENDED, Event.DONE)
    assert Journal(store).fired() == {(FREE.finding, 0)}
    assert (Journal(store).moves_since(NINE - HOUR), Journal(store).assignments_since(NINE - HOUR)) == (1, 1)
    assert Journal(store).assignments_since(NINE) == 0


def test_what_was_undone_has_fired_all_the_same(store: Database) -> None:
    run, plan = a_plan(store, FREE)
    note(store, run, Place(plan, 0), Event.INTENDED, Event.VERIFIED)
    run, undoing = a_plan(store, UNDO)
    note(store, run, Place(undoing, 0), Event.INTENDED, Event.VERIFIED)
    assert Journal(store).fired() == {(FREE.finding, 1)}


def test_limits_count_the_moves_that_were_sent_whatever_came_of_them(store: Database) -> None:
    run, plan = a_plan(store, FREE, FREE, ESCALATE, UNDO, FREE)
    note(store, run, Place(plan, 0), Event.INTENDED, Event.UNKNOWN, at=NINE)
    note(store, run, Place(plan, 1), Event.INTENDED, at=NINE + HOUR)
    note(store, run, Place(plan, 1, 1), Event.INTENDED, at=NINE + HOUR)
    note(store, run, Place(plan, 2), Event.INTENDED, at=NINE + HOUR)
    note(store, run, Place(plan, 3), Event.INTENDED, at=NINE + HOUR)
    note(store, run, Place(plan, 4), Event.SKIPPED, at=NINE + HOUR)
    assert Journal(store).moves_since(NINE) == 2, "two parts of a step are one move; an escalation is none; what undoes one is"
    assert Journal(store).moves_since(NINE - MINUTE) == 3


def test_a_move_that_was_stopped_right_before_it_was_sent_is_none_and_may_be_tried_again(store: Database) -> None:
    run, plan = a_plan(store, FREE, FREE)
    note(store, run, Place(plan, 0), Event.INTENDED, Event.SKIPPED)
    note(store, run, Place(plan, 1), Event.INTENDED, Event.UNKNOWN)
    assert Journal(store).moves_since(NINE - MINUTE) == 1
    assert Journal(store).fired() == {(FREE.finding, FREE.rung)}
    assert [one.intent.place.position for one in Journal(store).unsettled()] == [1]


def test_a_plan_is_taken_up_once(store: Database) -> None:
    run, plan = a_plan(store, FREE)
    other = a_run(store)
    assert Journal(store).take_up(run, plan, at=NINE) is None
    assert Journal(store).take_up(other, plan, at=NINE) == run


@pytest.mark.parametrize("statement", ["UPDATE journal SET event = 'done'", "DELETE FROM journal"])
def test_nothing_that_was_noted_is_changed_or_deleted(store: Database, statement: str) -> None:
    run, plan = a_plan(store, FREE)
    note(store, run, Place(plan, 0), Event.INTENDED)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.transaction() as tx:
        tx.execute(statement)


def test_the_ledger_tells_what_each_is_owed_of_the_leads_that_they_could_have_got(store: Database) -> None:
    _, plan = a_plan(store, FREE, FREE, FREE)
    both = (Seat(owner="1", weight=1), Seat(owner="2", weight=1))
    for position, (seats, owner) in enumerate([(both, "1"), (both, "2"), ((both[0],), "1")]):
        for _ in range(2):  # noting a turn twice adds nothing
            Ledger(store).enter(
                [Turn(place=Place(plan, position), given=Given(pool="sdr", seats=seats, owner=owner), crm="hubspot", lead=FREE.lead)],
                at=NINE,
            )
    assert Ledger(store).book("hubspot").owed == {"sdr": {"1": 0.0, "2": 0.0}}
    assert Ledger(store).book("salesforce").owed == {}


def test_a_rule_is_enforced_since_its_mode_first_allowed_it_and_anew_after_a_pause(store: Database) -> None:
    enforced = Enforced(store)
    enforced.renew(["a", "b"], now=NINE)
    enforced.renew(["a", "b"], now=NINE + HOUR)
    assert enforced.since() == {"a": NINE, "b": NINE}
    enforced.renew(["a"], now=NINE + HOUR)
    enforced.renew(["a", "b"], now=NINE + 2 * HOUR)
    assert enforced.since() == {"a": NINE, "b": NINE + 2 * HOUR}


def test_a_run_that_looked_at_another_text_or_did_not_end_is_no_first_look(store: Database) -> None:
    runs = Runs(store)
    runs.finish(a_run(store, "abc"), outcome="ok", summary={})
    runs.finish(a_run(store, "def"), outcome="Unreachable", summary={})
    a_run(store, "ghi")
    assert [runs.has_judged(text) for text in ("abc", "def", "ghi")] == [True, False, False]


def test_the_intents_of_a_task_are_found_by_its_mark_with_what_came_of_each(store: Database) -> None:
    run, plan = a_plan(store, ESCALATE, replace(ESCALATE, finding="f3"))
    after = {"task": "[leadpact escalation 3f9a1c2e]", "line": "[0a1b2c3d]", "about": "hubspot/contact/1"}
    intents = [Entry(place=Place(plan, n), event=Event.INTENDED, at=NINE, before={}, after=after, record=TASK) for n in (0, 1)]
    Journal(store).note(run, intents)
    note(store, run, Place(plan, 1), Event.UNKNOWN)

    found = Journal(store).of_task("[leadpact escalation 3f9a1c2e]", since=NINE)

    assert found == [(intents[0], Event.INTENDED), (intents[1], Event.UNKNOWN)]
    assert Journal(store).of_task("[leadpact escalation 3f9a1c2e]", since=NINE + MINUTE) == []
    assert Journal(store).of_task("[leadpact escalation 00000000]", since=NINE) == []
    assert [one.intent.record for one in Journal(store).unsettled()] == [TASK, TASK]


def test_what_went_along_with_a_step_is_what_was_seen_to_stand_of_other_records(store: Database) -> None:
    run, plan = a_plan(store, FREE, UNDO)
    stands, open_, undone = (
        Entry(place=place, event=Event.INTENDED, at=NINE, before={"owner": "77"}, after={"owner": "78"}, record=TASK)
        for place in (Place(plan, 0, 1), Place(plan, 0, 2), Place(plan, 1, 1))
    )
    note(store, run, Place(plan, 0), Event.INTENDED, Event.VERIFIED)
    Journal(store).note(run, [stands, open_, undone])
    for line in (stands, undone):
        note(store, run, line.place, Event.VERIFIED)

    assert Journal(store).went_along(FREE.finding, FREE.rung) == [stands]
    assert Journal(store).went_along(FREE.finding, FREE.rung + 1) == []


def test_a_journal_of_an_earlier_version_keeps_its_lines_and_stays_append_only(tmp_path: Path) -> None:
    path = tmp_path / "leadpact.db"
    make_released(path, "0011_write_back")
    with closing(sqlite3.connect(path)) as old:
        lines = old.execute("SELECT * FROM journal").fetchall()
    with open_store(path) as store, store.transaction() as tx:
        assert tx.execute("SELECT * FROM journal").fetchall() == [(*line, None) for line in lines] != []
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            tx.execute("UPDATE journal SET event = 'done'")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            tx.execute("DELETE FROM journal")
        tx.execute("INSERT INTO journal VALUES (9, 1, 1, 0, 0, 'stands', 301, NULL, NULL, NULL, NULL)")


def test_stamps_that_a_crm_refused_are_told_with_what_they_would_have_written_and_its_words(store: Database) -> None:
    lead = RecordKey("hubspot", "contact", "1")
    stamp = Step(
        lead=str(lead),
        record=lead,
        action="stamp",
        fields=(FieldWrite(field="sla", before=None, after="late"),),
        finding="f",
        rule="stamps",
        rung=0,
        reason="late",
        blocked_by=(),
    )
    run, plan = a_plan(store, stamp, replace(stamp, action="reassign"))
    entries = [Entry(place=Place(plan, position), event=Event.REFUSED, at=NINE, said="VALIDATION: no") for position in (0, 1)]
    Journal(store).note(run, [*entries, Entry(place=Place(plan, 0), event=Event.LATER, at=NINE, said="busy")])
    told = Refusal(record=lead, values=frozenset({("sla", "late")}), said="VALIDATION: no", at=NINE)
    assert Journal(store).refused_stamps(NINE - HOUR) == [told]
    assert Journal(store).refused_stamps(NINE) == []


@pytest.mark.parametrize(
    ("first", "second", "is_open"),
    [
        (Event.VERIFIED, [Event.LATER], True),
        (Event.VERIFIED, [Event.INTENDED, Event.UNKNOWN, Event.NOT_WRITTEN], True),
        (Event.NOT_WRITTEN, [Event.INTENDED, Event.NOT_WRITTEN], False),
        (Event.VERIFIED, [Event.INTENDED, Event.REFUSED], False),
        (Event.VERIFIED, [Event.INTENDED, Event.LATER, Event.SKIPPED], False),
        (Event.VERIFIED, [Event.INTENDED, Event.LATER, Event.VERIFIED], False),
    ],
)
def test_the_second_record_of_a_lead_is_still_due_as_long_as_only_the_first_was_written(
    store: Database, first: Event, second: list[Event], is_open: bool
) -> None:
    main, beside = replace(FREE, action="recycle"), replace(FREE, action="recycle", record=RecordKey("salesforce", "Lead", "00Q1"))
    run, plan = a_plan(store, FREE, main, beside)
    note(store, run, Place(plan, 0), Event.INTENDED, Event.LATER)
    note(store, run, Place(plan, 1), Event.INTENDED, first)
    note(store, run, Place(plan, 2), Event.INTENDED, *second)
    assert [one.intent.place for one in Journal(store).unsettled()] == ([Place(plan, 2)] if is_open else [])
    assert [one.place for one in Journal(store).intents([(plan, 1)])] == [Place(plan, 1)]
