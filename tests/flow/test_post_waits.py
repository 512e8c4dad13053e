"""What waits: for the hours of its reader, for another attempt, for a target that hangs; and the digest of each day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.records import RecordKey
from sync.context import Context
from sync.delivery import REST
from sync.journal import Entry, Event, Place
from sync.judge.findings import CycleRef, Finding, Judgement, Status
from sync.messages import Kind, Message, Recipient, State
from sync.report.former import message_line
from sync.telling import next_message_at
from tests.builders import a_finding, ny
from tests.flow.receiver import Receiver, receiver
from tests.flow.test_post import BOSS_OF_JONAS, CONFIG, JONAS, REASSIGNED, ROOM, given, opened, post

EVENING = ny("2026-11-18 20:00")  # 02:00 in Berlin, where Jonas works from 9 to 18; closed in New York too
MORNING = ny("2026-11-19 03:00")  # 09:00 in Berlin
REMIND = '\n[mode]\ndefault = "remind"\n'
MANY = CONFIG.replace("hour = 2", "hour = 20").replace('["#new-mqls"]', '["#new-mqls", "ops", "marketing", "team EMEA SDR"]') + REMIND
TRIP = Message(kind=Kind.TRIP, recipient=Recipient(role="ops"), rule="first_touch", plan=1)


@pytest.fixture(scope="module")
def to() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


def at(run: Context, moment: datetime) -> tuple[int, int]:
    """Deliver at a moment; return how many messages were sent, and how many wait."""
    states = post(run, lambda: moment).deliver().states
    return states[State.SENT], states[State.PENDING]


def enforce(run: Context) -> None:
    """Let it be weeks ago that people were first told of anything."""
    run.enforced.renew(list(run.known.agreement.rule_names), now=ny("2026-11-01 09:00"))


def tell(run: Context, moment: datetime) -> datetime | None:
    """Tell people all there is to tell at a moment; return when there is more."""
    office = post(run, lambda: moment)
    office.gather()
    office.deliver()
    return next_message_at(run, moment)


def save(run: Context, now: datetime, *findings: Finding) -> None:
    run_id = run.runs.start("sync", mode="enforce", as_of=None, now=now, agreement_hash="a")
    judged = [Judgement(lead=lead, findings=tuple(one for one in findings if one.lead == lead), next_at=None) for lead in _leads(findings)]
    run.known.findings.save(run_id, judged, judged_at=now)


def _leads(findings: Sequence[Finding]) -> list[str]:
    return sorted({finding.lead for finding in findings})


def of_jonas(number: int, when: datetime, **more: object) -> Finding:
    """A promise of Jonas that was broken at `when` unless said otherwise."""
    lead = RecordKey("hubspot", "contact", str(number))
    return a_finding("first_touch", when, key=f"f{number}", lead=str(lead), records=(lead,), owner="1002", **more)


def test_a_message_waits_for_the_morning_of_its_reader_and_what_is_urgent_does_not(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to, MANY) as run:
        save(run, EVENING, of_jonas(2, EVENING, status=Status.AT_RISK, due_at=EVENING + timedelta(hours=5)))
        urgent = replace(given(2, JONAS), kind=Kind.REMINDER, rung=-80)
        post(run, lambda: EVENING).put([given(1, JONAS), urgent, TRIP])

        assert at(run, EVENING) == (2, 1)
        assert "first_touch is due" in to.take("mail/jonas.weber@example.com")[0] and len(to.take("room")) == 1
        assert post(run, lambda: EVENING).next_at() == MORNING
        (waits,) = run.outbox.not_sent(1)
        assert message_line(waits).endswith("by mail (hubspot/contact/1 for first_touch): pending, not before 2026-11-19 08:00:00 UTC")
        assert at(run, MORNING - timedelta(seconds=1)) == (0, 1)
        assert at(run, MORNING) == (1, 0)
        assert len(to.take("mail/jonas.weber@example.com")) == 1
        assert post(run, lambda: MORNING).next_at() is None


def test_what_waits_turns_urgent_once_a_deadline_before_the_morning_is_known(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to, MANY) as run:
        post(run, lambda: EVENING).put([given(1, JONAS)])
        assert at(run, EVENING) == (0, 1)
        save(run, EVENING, of_jonas(1, EVENING, status=Status.RUNNING, due_at=EVENING + timedelta(minutes=30)))
        assert at(run, EVENING) == (1, 0)
        to.got.clear()


def test_a_weekend_makes_no_message_too_old(tmp_path: Path, to: Receiver) -> None:
    friday, monday = ny("2026-11-20 18:00"), ny("2026-11-23 03:00")
    with opened(tmp_path, to, MANY) as run:
        post(run, lambda: friday).put([given(1, JONAS)])
        assert at(run, friday) == (0, 1)
        assert at(run, friday + timedelta(hours=30)) == (0, 1)
        assert at(run, monday) == (1, 0)
        to.got.clear()


def test_many_that_waited_for_the_morning_come_as_one(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to, MANY) as run:
        post(run, lambda: EVENING).put([given(number, JONAS) for number in range(1, 7)])
        at(run, EVENING)
        post(run, lambda: MORNING).put([given(7, JONAS)])
        assert at(run, MORNING) == (2, 0)
        fresh, together = to.take("mail/jonas.weber@example.com")
        assert "hubspot/contact/7" in fresh and together.startswith("6 messages about leads")


def test_a_target_may_take_messages_at_all_hours(tmp_path: Path, to: Receiver) -> None:
    config = MANY.replace('name = "mail"', 'name = "mail"\nat_all_hours = true')
    with opened(tmp_path, to, config) as run:
        post(run, lambda: EVENING).put([given(1, JONAS), given(1, ROOM)])
        assert at(run, EVENING) == (1, 1)
        to.got.clear()


def test_a_target_without_an_answer_is_left_alone_for_a_while_and_the_others_go_on(tmp_path: Path, to: Receiver) -> None:
    now = ny("2026-11-18 10:00")
    with opened(tmp_path, to, MANY.replace('name = "mail"', 'name = "mail"\ntimeout_s = 0.2')) as run:
        to.status = 502
        post(run, lambda: now).put([given(1, JONAS), given(2, JONAS)])
        assert at(run, now) == (0, 1)
        to.status = 200
        post(run, lambda: now).put([given(1, ROOM)])
        assert at(run, now + timedelta(seconds=30)) == (1, 1)
        assert post(run, lambda: now + timedelta(seconds=30)).next_at() == now + REST
        assert at(run, now + REST) == (1, 0)
        assert [(one.state, one.said) for one in run.outbox.not_sent(9)] == [(State.UNKNOWN, "answered 502")]
        to.got.clear()


def test_what_failed_and_what_goes_beyond_an_hours_limit_say_when_they_are_next(tmp_path: Path, to: Receiver) -> None:
    now = ny("2026-11-18 10:00")
    with opened(tmp_path, to) as run:  # two an hour
        to.status = 500
        post(run, lambda: now).put([given(1, JONAS)])
        at(run, now)
        assert post(run, lambda: now).next_at() == now + timedelta(minutes=1)
        to.status = 200
        post(run, lambda: now).put([given(number, ROOM) for number in range(1, 5)])
        assert at(run, now) == (3, 0)
        post(run, lambda: now).put([given(5, ROOM)])
        assert at(run, now + timedelta(minutes=2)) == (1, 1)
        assert post(run, lambda: now).next_at() == now + timedelta(hours=1)
        to.got.clear()


DAILY = 'daily = ["owner", "manager", "team", "#new-mqls"]\ndaily_at = "08:30"'
EIGHT_THIRTY = ny("2026-11-18 02:30")  # in Berlin
IN_NEW_YORK = ny("2026-11-18 08:30")


def test_the_digest_of_the_day_goes_to_each_once_at_the_agreed_hour_and_to_nobody_who_has_nothing(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to, MANY, tell=DAILY) as run:
        enforce(run)
        due = of_jonas(1, EIGHT_THIRTY, status=Status.RUNNING, due_at=ny("2026-11-18 10:00"))
        backlog, observed = of_jonas(3, ny("2026-10-31 09:00")), replace(of_jonas(4, ny("2026-11-17 12:00")), rule="no rule of ours")
        save(run, EIGHT_THIRTY, due, of_jonas(2, ny("2026-11-17 12:00")), backlog, observed)
        next_at = tell(run, EIGHT_THIRTY - timedelta(seconds=1))
        assert next_at == EIGHT_THIRTY and to.got == {}

        for _ in range(2):
            next_at = tell(run, EIGHT_THIRTY)
        assert next_at == IN_NEW_YORK, "that of his manager, of the team and the channel"
        (mail,) = to.take("mail/jonas.weber@example.com")
        assert mail.splitlines() == [
            "2026-11-18: 2 open, 1 due today, 1 broken since the last digest",
            "2 promises are open, 1 of them broken.",
            "Due today:",
            "- Wed 2026-11-18 16:00 CET first_touch: hubspot/contact/1",
            "Broken since the last digest:",
            "- Tue 2026-11-17 18:00 CET first_touch: hubspot/contact/2",
        ]
        tell(run, IN_NEW_YORK)
        assert {box: len(got) for box, got in to.got.items()} == {"/mail/maya.chen@example.com": 1, "/room": 2}
        to.got.clear()


def test_after_downtime_only_the_newest_digest_comes_and_never_that_of_a_day_that_is_over(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to, MANY, tell='daily = ["owner"]') as run:
        enforce(run)
        save(run, EIGHT_THIRTY, of_jonas(1, EIGHT_THIRTY))
        to.status = 500
        tell(run, EIGHT_THIRTY)
        to.status = 200
        to.got.clear()
        later = ny("2026-11-23 12:00")  # 18:00 in Berlin, where the day's work is over by then
        tell(run, later)
        assert to.got == {}
        assert [one.message.rule for one in run.outbox.waiting()] == ["2026-11-23"]
        tell(run, ny("2026-11-24 02:00"))
        (mail,) = to.take("mail/jonas.weber@example.com")
        assert mail.startswith("2026-11-24: 1 open")
        assert {one.said for one in run.outbox.not_sent(9)} == {"its day is over", "not sent within a day: answered 500"}


def test_what_findings_tell_is_noted_once_and_what_people_did_not_agree_to_be_told_is_not(tmp_path: Path, to: Receiver) -> None:
    now = ny("2026-11-18 10:00")
    config = f'{MANY}[mode.rules]\ndecide = "observe"\n'
    tell = 'at_risk = ["manager"]\nbroken = ["manager", "team"]'
    with opened(tmp_path, to, config, tell=tell) as run:
        run.enforced.renew(list(run.known.agreement.rule_names), now=now - timedelta(hours=5))
        hour = timedelta(hours=1)
        back = CycleRef(
            handoff="Marketing to SDR", number=1, opened_at=now - 2 * hour, opened_by="stage MQL", closed_at=now, closed_by="recycled"
        )
        save(
            run,
            now,
            of_jonas(1, now - hour, status=Status.RUNNING, due_at=now + hour),
            of_jonas(2, now - 3 * hour, status=Status.AT_RISK, started_at=now - 30 * hour, due_at=now + hour),
            of_jonas(3, now - hour),
            replace(of_jonas(4, now - hour), rule="decide"),
            of_jonas(5, now - hour, owed=False, cycle=back),
            of_jonas(6, now - 6 * hour),
        )
        for _ in range(2):
            post(run, lambda: now).gather()
        team = Recipient(role="team EMEA SDR", of="hubspot/1002")
        assert [(one.message.lead, one.message.kind, one.message.recipient) for one in run.outbox.waiting()] == [
            ("hubspot/contact/3", Kind.BROKEN, BOSS_OF_JONAS),
            ("hubspot/contact/3", Kind.BROKEN, team),
            ("hubspot/contact/5", Kind.RECYCLED, Recipient(role="marketing", of="hubspot/1002")),
            ("hubspot/contact/1", Kind.ASSIGNED, JONAS),
            ("hubspot/contact/1", Kind.ASSIGNED, ROOM),
            ("hubspot/contact/2", Kind.AT_RISK, BOSS_OF_JONAS),
        ]
        post(run, lambda: now).deliver()
        rooms = to.take("room")
        assert any("Reason: it was recycled in the CRM on Wed 2026-11-18 10:00 EST." in text for text in rooms)
        assert "first_touch is due on Wed 2026-11-18 17:00 CET" in to.take("mail/jonas.weber@example.com")[0]
        to.got.clear()


def test_nobody_hears_that_a_lead_is_theirs_which_went_back_in_the_same_run(tmp_path: Path, to: Receiver) -> None:
    now = ny("2026-11-18 10:00")
    with opened(tmp_path, to, MANY) as run:
        run.enforced.renew(list(run.known.agreement.rule_names), now=now - timedelta(hours=5))
        hour = timedelta(hours=1)
        save(run, now, *(of_jonas(number, now - hour, status=Status.RUNNING, due_at=now + hour) for number in (1, 2)))
        run_id = run.runs.start("sync", mode="enforce", as_of=None, now=now, agreement_hash="a")
        plan = run.plans.begin(run_id)
        run.plans.add(plan, [replace(REASSIGNED, action="return", finding="f1")])
        run.plans.close(plan)
        run.journal.note(run_id, [Entry(place=Place(plan, 0), event=Event.VERIFIED, at=now)])
        post(run, lambda: now).gather()
        assert {one.message.lead for one in run.outbox.waiting() if one.message.kind is Kind.ASSIGNED} == {"hubspot/contact/2"}
