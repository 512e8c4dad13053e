"""Reports on their days, made from a real store: once, also after a kill, told to whom the agreement names, and about their own time."""

from __future__ import annotations

import csv
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from connectors.records import Owner, Page, RecordKey
from sync.context import Context
from sync.due_reports import ReportGround, make_due_reports, next_report_at
from sync.errors import SyncError
from sync.journal import Entry, Event, Place
from sync.judge.findings import Finding, Judgement, Status
from sync.messages import Kind
from tests.builders import ANN, a_finding, ny
from tests.flow.receiver import Receiver, receiver
from tests.flow.test_post import REASSIGNED, opened, post

READ_AT = ny("2026-12-01 07:59")  # a Tuesday, the first of its month
HEARD_AT = ny("2026-11-20 09:00")
MADE_AT = ny("2026-12-01 08:00")
SEED = ny("2026-11-10 10:00")
DAY = timedelta(days=1)
NAME = "2026-12-01-1000-recap-and-kick-off"
CONFIG = """
[[notify]]
name = "mail"
for  = ["manager"]

[[notify]]
name = "room"
for  = ["ops"]

[reports]
keep = 2
"""
_numbers = count(1)


@pytest.fixture(scope="module")
def to() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


def a_lead(status: Status, due_at: datetime, *, owed: bool = False) -> Judgement:
    """A lead with one promise."""
    key = RecordKey("hubspot", "contact", str(next(_numbers)))
    finding: Finding = replace(
        a_finding("first_touch", due_at - timedelta(hours=2)),
        key=f"f{key.id}",
        lead=str(key),
        records=(key,),
        status=status,
        due_at=due_at,
        settled_at=None if owed else due_at,
        late_by_s=60 if status is Status.BREACHED else None,
        owed=owed,
    )
    return Judgement(lead=str(key), findings=(finding,), next_at=None)


def fill(run: Context) -> None:
    """Note an account that was read, and promises: of November 3 kept and 1 broken, of October 1 broken and owed, and 1 of each kept."""
    owner = Owner(crm="hubspot", id=ANN, user_id=None, email="ann@acme.example", name="Ann Lee", is_queue=False, active=True)
    run.known.mirror.bind_account("hubspot", "62515", pages={"contact": "https://app.hubspot.example/62515/"})
    for page in (
        Page(stream="owners", began_at=READ_AT, owners=(owner,), cursor="o", last=True),
        Page(stream="contacts", began_at=READ_AT, cursor="c", last=True),
    ):
        run.known.mirror.save_page("hubspot", page, seen_at=READ_AT)
    leads = [a_lead(Status.KEPT, SEED + timedelta(days=day)) for day in range(3)]
    leads += [a_lead(Status.BREACHED, SEED), a_lead(Status.BREACHED, ny("2026-10-08 10:00"), owed=True)]
    leads += [a_lead(Status.KEPT, ny("2026-10-09 10:00")), a_lead(Status.RUNNING, ny("2026-12-02 10:00"), owed=True)]
    run_id = run.runs.start("sync", mode="observe", as_of=None, now=READ_AT, agreement_hash=run.known.agreement.hash)
    run.known.findings.save(run_id, leads, judged_at=READ_AT)
    run.runs.finish(run_id, outcome="ok", summary={})


def make(run: Context, now: datetime) -> list[str]:
    """Make what is due; return the names."""
    ground = ReportGround(known=run.known, runs=run.runs, reports=run.reports, outbox=run.outbox)
    return [page.stem for page in make_due_reports(ground, now=now)]


def text_of(run: Context, name: str = NAME) -> str:
    return (run.known.config.reports_folder / f"{name}.html").read_text(encoding="utf-8")


def test_a_report_is_made_before_its_meeting_once_and_told_once(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to, CONFIG, tell='reports = ["ops", "manager"]') as run:
        fill(run)
        assert make(run, HEARD_AT) == []  # from now on it is known of
        assert make(run, MADE_AT - timedelta(seconds=1)) == []
        assert make(run, MADE_AT) == [NAME]
        assert make(run, MADE_AT + timedelta(hours=1)) == []
        post(run, lambda: MADE_AT).deliver()
        post(run, lambda: MADE_AT).deliver()
        page = run.known.config.reports_folder / f"{NAME}.html"

        (told,) = to.take("room")
        assert "The report for Recap and kick-off on Tue 2026-12-01 10:00 EST" in told
        assert "75.0% of 4 promises kept (50.0% before), 1 broken, 1 lead still waits." in told
        assert f"It lies at {page}" in told
        assert len(to.take("mail/maya.chen@example.com")) == 1
    for file in (page, page.with_suffix(".csv")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_it_tells_of_the_time_since_the_meeting_before_and_of_what_is_open(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to, CONFIG) as run:
        fill(run)
        make(run, HEARD_AT)
        make(run, MADE_AT)
        page = text_of(run)
        rows = list(csv.DictReader((run.known.config.reports_folder / f"{NAME}.csv").open(encoding="utf-8")))
    assert "led by <bdi>working managers</bdi>" in page
    assert "from Tue 2026-11-03 08:00 EST<br>to Tue 2026-12-01 08:00 EST" in page
    assert sorted(row["status"] for row in rows) == ["breached", "kept", "kept", "kept", "running"]
    assert 'href="https://app.hubspot.example/62515/' in page, "the lead that still waits since October is explained"
    assert "What leadpact would do" not in page


def test_it_counts_what_leadpact_did_in_its_time_and_read_back(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to, CONFIG) as run:
        fill(run)
        make(run, HEARD_AT)
        run_id = run.runs.start("sync", mode="enforce", as_of=None, now=SEED, agreement_hash="a")
        plan = run.plans.begin(run_id)
        run.plans.add(plan, [replace(REASSIGNED, finding=f"moved{number}") for number in range(5)])
        run.plans.close(plan, {})
        sent = [(0, SEED, Event.VERIFIED), (1, SEED, Event.VERIFIED), (2, SEED, Event.REFUSED), (3, SEED - 30 * DAY, Event.VERIFIED)]
        for position, at, end in sent:
            place = Place(plan, position)
            run.journal.note(run_id, [Entry(place=place, event=event, at=at) for event in (Event.INTENDED, Event.DONE, end)])
        make(run, MADE_AT)
        assert run.journal.done(since=SEED, upto=MADE_AT) == {"reassign": 2}
        assert run.journal.done(since=SEED - 31 * DAY, upto=MADE_AT) == {"reassign": 3}
        assert '<tr role="row" data-key="reassign"><th scope="row" role="rowheader"><bdi>Reassign</bdi>' in text_of(run)


def test_one_that_was_missed_is_made_late_and_of_several_the_last(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to, CONFIG) as run:
        fill(run)
        make(run, HEARD_AT)
        assert make(run, ny("2027-02-10 03:00")) == ["2027-02-02-1000-recap-and-kick-off", "2027-01-15-1000-mid-month-check-in"]
        assert make(run, ny("2027-02-10 03:01")) == []


def test_one_that_was_written_but_not_noted_is_made_again_and_told_once(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to, CONFIG) as run:
        fill(run)
        make(run, HEARD_AT)
        make(run, MADE_AT)
    with closing(sqlite3.connect(tmp_path / "leadpact.db")) as store, store:  # as a kill before the last transaction leaves it
        store.execute("DELETE FROM made_report")
        store.execute("UPDATE regular_report SET done_upto = 0 WHERE title LIKE 'Recap%'")
    with opened(tmp_path, to, CONFIG) as run:
        assert make(run, MADE_AT) == [NAME]
        assert [one.message.kind for one in run.outbox.waiting()] == [Kind.REPORT]
        post(run, lambda: MADE_AT).deliver()
    assert len(to.take("room")) == 1


def test_the_newest_are_kept_and_files_of_other_names_left_alone(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to, CONFIG + 'every = "every day 07:00"\nmeetings = false\n') as run:
        fill(run)
        make(run, HEARD_AT)
        run.known.config.reports_folder.mkdir()
        own = run.known.config.reports_folder / "2026-notes.html"
        own.touch()
        for day in range(1, 6):
            assert len(make(run, HEARD_AT + timedelta(days=day))) == 1
        left = sorted(file.name for file in run.known.config.reports_folder.iterdir())
    days = ("2026-11-24-0700-report", "2026-11-25-0700-report")
    assert left == sorted([*(f"{day}{ending}" for day in days for ending in (".csv", ".html")), own.name])


def test_a_folder_that_cannot_be_written_is_said_and_nothing_is_noted(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to, CONFIG) as run:
        fill(run)
        make(run, HEARD_AT)
        run.known.config.reports_folder.write_text("a file in its way", encoding="utf-8")
        with pytest.raises(SyncError, match=r"the report could not be written to .*reports: File exists") as refused:
            make(run, MADE_AT)
        assert refused.value.fix == "make room, or name another folder: [reports] folder"
        assert run.outbox.waiting() == []
        run.known.config.reports_folder.unlink()
        assert make(run, MADE_AT) == [NAME]


def test_when_the_next_is_due_is_known_without_making_it(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to, CONFIG) as run:
        fill(run)
        config, agreement = run.known.config, run.known.agreement
        assert next_report_at(config, run.reports, agreement, HEARD_AT) == MADE_AT
        make(run, MADE_AT)
        assert next_report_at(config, run.reports, agreement, MADE_AT) == ny("2026-12-15 08:00")


def test_nothing_is_made_of_a_store_that_was_never_filled(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to, CONFIG) as run:
        make(run, HEARD_AT)
        with pytest.raises(SyncError, match="nothing was pulled yet"):
            make(run, MADE_AT)
