"""`leadpact report` from outside, and the daemon that starts it on its days: what stands is told, and nothing of a person."""

from __future__ import annotations

import csv
import io
import random
import re
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.served import Served, serving
from tests.flow import warm
from tests.flow.enforcing import Enforced, enforced
from tests.flow.people import People
from tests.flow.practice import leadpact

pytestmark = [pytest.mark.xdist_group("report"), pytest.mark.usefixtures("served")]  # one world for all, configured by `served`

DAY_S = 24 * 3600
MORE = """
[reports]
every = "every day 07:00"
meetings = false

[[notify]]
name = "nowhere"
for  = ["ops"]
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enforced]:
    with pytest.MonkeyPatch.context() as patch, enforced("hubspot", tmp_path_factory.mktemp("report"), leads=2, hours=1) as one:
        patch.setenv("LEADPACT_NOTIFY__NOWHERE", "json://127.0.0.1:9/nowhere")
        yield one


@pytest.fixture(scope="module")
def served(company: Enforced) -> Iterator[Served]:
    with serving(company, more=MORE) as one:
        yield one


def said(one: Enforced, *arguments: str, code: int = 0) -> str:
    done = leadpact("report", *arguments, "--config", str(one.files / "config.toml"))
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def rows(one: Enforced, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(one.files / "leadpact.db")) as store:
        return store.execute(sql).fetchall()


def pages(one: Enforced) -> list[Path]:
    return sorted((one.files / "reports").glob("*.html"))


def test_the_daemon_makes_a_report_on_its_day_and_one_after_days_on_which_it_slept(company: Enforced, served: Served) -> None:
    served.start()
    served.keep_up()
    served.until(lambda: rows(company, "SELECT 1 FROM regular_report"), "the report was to be heard of")
    assert pages(company) == []
    company.world.people.rest(DAY_S)
    served.until(lambda: rows(company, "SELECT 1 FROM outbox WHERE kind = 'report'"), "a report was to be told")
    assert len(pages(company)) == 1
    served.kill()
    company.world.people.rest(3 * DAY_S)
    served.start()
    served.until(lambda: len(rows(company, "SELECT 1 FROM outbox WHERE kind = 'report'")) == 2, "the next was to be told")
    served.keep_up()
    served.stop()
    assert len(pages(company)) == 2, "three days were slept through, and the last is made up for"
    assert "report_failed" not in "".join(served.said)


def test_it_tells_what_stands_and_for_which_meeting(company: Enforced) -> None:
    everything = said(company)
    assert "Promises" in everything
    assert "API calls" not in everything
    told = said(company, "--meeting", "recap and Kick-off")
    assert "For: Recap and kick-off, Tue 20" in told
    assert "led by working managers" in told
    assert "What fell due from Tue 20" in told


def test_it_refuses_what_is_no_meeting_and_no_day(company: Enforced) -> None:
    assert "the agreement has no meeting `Recap`" in said(company, "--meeting", "Recap", code=64)
    assert "did you mean" in said(company, "--meeting", "Recap and kick", code=64)
    assert "--since: `yesterday` is not a day" in said(company, "--since", "yesterday", code=64)
    assert "is not a day that is past" in said(company, "--since", "2150-01-01", code=64)
    assert "leave out the other options, or --due" in said(company, "--due", "now", "--since", "2026-01-01", code=64)


def test_it_says_when_the_next_one_is_where_none_is_due(company: Enforced) -> None:
    now = company.world.people.now()
    said(company, "--due", now)
    assert re.fullmatch(r"No report is due; the next is on \w{3} [\d-]+ 07:00 \w+\.\n", said(company, "--due", now))


def test_what_lies_in_the_folder_holds_nothing_of_a_persons_record(company: Enforced) -> None:
    people = company.world.people
    assert isinstance(people, People)
    asked = "/crm/v3/objects/contacts?limit=100&properties=email,firstname,lastname,phone,company"
    contacts = people.ask("GET", asked)["results"]
    values = {value for one in contacts for name, value in one["properties"].items() if value and not name.startswith(("hs_", "create"))}
    held = [value for value in values if "@" in value or " " in value]
    files = [file.read_text(encoding="utf-8") for file in (company.files / "reports").iterdir()]
    assert len(contacts) > 20
    assert held
    assert len(files) == 4
    assert [value for value in held if any(value in text for text in files)] == []
    assert any(f"hubspot/contact/{lead}" in text for lead in company.leads for text in files)


def test_a_person_who_is_forgotten_is_in_no_report_that_is_made_afterwards(company: Enforced) -> None:
    lead = company.leads[0]
    before = csv.DictReader(io.StringIO(said(company, "--format", "csv")))
    assert company.key(lead) in {row["lead"] for row in before}
    company.run("forget", "late0@late.example")
    company.run("sync", "--dry-run")
    after = csv.DictReader(io.StringIO(said(company, "--format", "csv")))
    assert company.key(lead) not in {row["lead"] for row in after}


@pytest.mark.campaign
def test_whenever_it_is_killed_a_report_is_told_once_and_its_files_are_whole(company: Enforced, served: Served) -> None:
    """Each report is that of another day, and is killed at other moments until it is through."""
    rng, began = random.Random(7), datetime.fromisoformat(company.world.people.now()) + timedelta(days=30)
    said(company, "--due", began.isoformat())
    for day in range(1, 41):
        order = ["report", "--due", (began + timedelta(days=day)).isoformat(), "--config", str(company.files / "config.toml")]
        for _ in range(3):
            started = warm.start(order)
            time.sleep(rng.uniform(0, 1.2))
            started.send_signal(signal.SIGKILL)
            with started.folder:
                started.wait(60)
        assert leadpact(*order).returncode == 0
        names = [name for (name,) in rows(company, "SELECT name FROM made_report ORDER BY at")]
        assert sorted(rule for (rule,) in rows(company, "SELECT rule FROM outbox WHERE kind = 'report'")) == names
        page = company.files / "reports" / f"{names[-1]}.html"
        assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
        assert [file.name for file in page.parent.iterdir() if file.name.endswith(".new")] == []
