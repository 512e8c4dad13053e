"""What waits in a real store goes to real targets on this machine: bounded, to the right address, and again if it failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.records import Owner, Page, RecordKey
from sync.context import Context
from sync.journal import Entry, Event, Place
from sync.judge.findings import Judgement
from sync.known import eras_at, gather_terms
from sync.messages import Kind, Message, Recipient, State
from sync.orders import Offboard
from sync.outbox import Post
from sync.steps import FieldWrite, Step
from sync.telling import post_of
from sync.wiring import open_context
from tests.builders import LEAD, ROOT, a_finding, ny
from tests.flow.enforcing import sign
from tests.flow.receiver import Receiver, receiver

NOW = ny("2026-11-18 10:00")
JONAS = Recipient(role="owner", of="hubspot/1002")  # of Berlin
BOSS_OF_JONAS = Recipient(role="manager", of="hubspot/1002")
STRANGER = Recipient(role="owner", of="hubspot/777")
ROOM = Recipient(role="#new-mqls", of="hubspot/1002")
CONFIG = """
[limits]
reminders_per_owner_and_hour = 2

[[notify]]
name = "mail"
for  = ["owner", "manager"]

[[notify]]
name = "room"
for  = ["#new-mqls"]
"""


@pytest.fixture(scope="module")
def to() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


@contextmanager
def opened(folder: Path, to: Receiver, config: str = CONFIG, *, tell: str = "") -> Iterator[Context]:
    """Open an account of which nothing was read yet, with an agreement that both sides signed; `tell` is its table of that name."""
    if not (folder / "roster.toml").exists():
        (folder / "roster.toml").write_text((ROOT / "roster.example.toml").read_text(encoding="utf-8"), encoding="utf-8")
    text = (ROOT / "agreement.example.toml").read_text(encoding="utf-8")
    sign(folder / "agreement.toml", text.replace("\n[recycle]\n", f"\n[tell]\n{tell}\n\n[recycle]\n", 1))
    (folder / "config.toml").write_text(config, encoding="utf-8")
    env = {"LEADPACT_HUBSPOT__TOKEN": "pat-na1-0", "LEADPACT_LOG__LEVEL": "error"}
    env |= {"LEADPACT_NOTIFY__MAIL": to.url("mail/{email}"), "LEADPACT_NOTIFY__ROOM": to.url("room")} if "notify" in config else {}
    with open_context(folder / "config.toml", tell=lambda _: None, env=env) as run:
        yield run


def post(run: Context, now: Callable[[], datetime] = lambda: NOW) -> Post:
    eras = eras_at(run.known, upto=None)
    return post_of(run, gather_terms(run.known, eras), eras[-1].agreement, now=now)


def given(number: int, recipient: Recipient) -> Message:
    lead = f"hubspot/contact/{number}"
    return Message(kind=Kind.GIVEN, recipient=recipient, rule="first_touch", lead=lead, finding=f"f{number}", rung=1)


def test_a_person_is_reached_by_address_and_who_has_none_is_said(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to) as run:
        post(run).put([given(1, JONAS), given(2, BOSS_OF_JONAS), given(3, STRANGER)])

        posted = post(run).deliver()

        assert (posted.states[State.SENT], posted.states[State.FAILED]) == (2, 1)
        assert posted.failures == [("mail", "no address is known: add `email` in roster.toml")]
        assert "A lead is yours now" in to.take("mail/jonas.weber@example.com")[0]
        assert len(to.take("mail/maya.chen@example.com")) == 1


def test_a_manager_who_is_away_is_stood_in_for_and_one_whom_only_a_crm_knows_is_reached_there(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to) as run:
        away = '"Management"\nmanager  = "Ada Head"\nabsences = [{ from = 2026-11-18, to = 2026-11-18 }]\n\n[[person]]\nname = "Ada Head"'
        roster = (tmp_path / "roster.toml").read_text(encoding="utf-8").replace('"Management"', f'{away}\nemail = "ada@example.com"')
        (tmp_path / "roster.toml").write_text(roster, encoding="utf-8")
        owners = [
            Owner(crm="hubspot", id=id_, user_id=None, email=email, name=id_, is_queue=False, active=True, manager=manager)
            for id_, email, manager in (("777", None, "55"), ("55", "Max@example.com", None))
        ]
        page = Page(stream="owners", began_at=NOW, owners=tuple(owners), cursor=None, last=True)
        run.known.mirror.save_page("hubspot", page, seen_at=NOW)
    with opened(tmp_path, to) as run:
        post(run).put([given(2, BOSS_OF_JONAS), given(3, replace(STRANGER, role="manager"))])

        post(run).deliver()

        assert [len(to.take(f"mail/{name}@example.com")) for name in ("maya.chen", "ada", "max")] == [0, 1, 1]


def test_more_than_an_hour_allows_is_one_digest_and_what_comes_after_it_waits_for_the_next_hour(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to) as run:
        post(run).put([given(number, ROOM) for number in range(1, 6)])
        assert post(run).deliver().states[State.SENT] == 3
        *alone, digest = to.take("room")
        assert [f"contact/{number}" in text for number, text in enumerate(alone, start=1)] == [True, True]
        assert digest.startswith("3 messages about leads") and all(f"hubspot/contact/{number}" in digest for number in (3, 4, 5))

        post(run).put([given(6, ROOM)])
        assert post(run).deliver().states == {State.PENDING: 1}
        later = post(run, lambda: NOW + timedelta(hours=1))
        assert later.deliver().states[State.SENT] == 1
        assert len(to.take("room")) == 1
        assert later.deliver().states[State.SENT] == 0


def test_a_digest_that_failed_is_sent_again_as_one(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to) as run:
        post(run).put([given(number, ROOM) for number in range(1, 6)])
        to.status = 503
        assert post(run).deliver().states[State.FAILED] == 3
        assert len(to.take("room")) == 3
        to.status = 200
        assert post(run).deliver().states[State.SENT] == 0, "it is not tried again at once"
        later = post(run, lambda: NOW + timedelta(minutes=1))
        assert later.deliver().states[State.SENT] == 3
        assert [text.split("\n")[0] for text in to.take("room")].count("3 messages about leads, together as they are many") == 1


def test_a_reminder_of_what_stands_no_more_is_dropped_and_so_is_what_a_target_was_for_that_is_gone(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to) as run:
        post(run).put([replace(given(1, JONAS), kind=Kind.REMINDER), given(2, ROOM)])
    with opened(tmp_path, to, config="") as run:
        assert post(run).deliver().states[State.SENT] == 0
        assert [(one.state, one.said) for one in run.outbox.not_sent(5)] == [
            (State.DROPPED, "the config has no such target any more"),
            (State.DROPPED, "first_touch is not owed any more"),
        ]


def test_a_recipient_without_a_target_is_not_written_down(tmp_path: Path, to: Receiver) -> None:
    with opened(tmp_path, to) as run:
        post(run).put([Message(kind=Kind.TRIP, recipient=Recipient(role="ops"), rule="first_touch", plan=1)])
        assert run.outbox.waiting() == []


def test_a_run_sends_for_two_minutes_and_leaves_the_rest_to_the_next(tmp_path: Path, to: Receiver) -> None:
    moments = iter(NOW + timedelta(seconds=5 * number) for number in range(100))
    with opened(tmp_path, to, config=CONFIG.replace("hour = 2", "hour = 20")) as run:
        post(run).put([given(number, ROOM) for number in range(1, 9)])
        posted = post(run, lambda: next(moments)).deliver()
        assert 0 < posted.states[State.SENT] < 8
        assert posted.states[State.SENT] + posted.states[State.PENDING] == 8
        post(run).deliver()
        assert len(to.take("room")) == 8


def test_a_slow_target_leaves_time_for_the_others(tmp_path: Path, to: Receiver) -> None:
    moments = iter(NOW + timedelta(seconds=5 * number) for number in range(200))
    with opened(tmp_path, to, config=CONFIG.replace("hour = 2", "hour = 20")) as run:
        post(run).put([*(given(number, JONAS) for number in range(1, 21)), given(1, ROOM)])
        post(run, lambda: next(moments)).deliver()
        assert 0 < len(to.take("mail/jonas.weber@example.com")) < 20
        assert len(to.take("room")) == 1


REASSIGNED = Step(
    lead="hubspot/contact/1",
    record=RecordKey("hubspot", "contact", "1"),
    action="reassign",
    fields=(FieldWrite(field="hubspot_owner_id", before="1001", after="1002"),),
    finding="moved",
    rule="first_touch",
    rung=1,
    reason="broken",
    blocked_by=(),
)


def test_of_a_lead_that_stays_with_who_leaves_their_manager_hears(tmp_path: Path, to: Receiver) -> None:
    stays = replace(REASSIGNED, action="escalate", fields=(), rule="offboard", rung=2, reason="owner 1002 leaves; protected: open deal")
    with opened(tmp_path, to) as run:
        run_id = run.runs.start("offboard", mode="enforce", as_of=None, now=NOW, agreement_hash="a")
        plan = run.plans.begin(run_id, Offboard(owner="1002"))
        run.plans.add(plan, [stays])
        run.plans.close(plan, {})
        run.journal.note(run_id, [Entry(place=Place(plan, 0), event=Event.VERIFIED, at=NOW)])

        post(run).gather()

        assert [(one.message.kind, one.message.recipient) for one in run.outbox.waiting()] == [(Kind.ESCALATION, BOSS_OF_JONAS)]
        post(run).deliver()
    (told,) = to.take("mail/maya.chen@example.com")
    assert "Why: owner 1002 leaves; protected: open deal." in told


def test_what_the_journal_and_a_held_plan_tell_is_noted_once(tmp_path: Path, to: Receiver) -> None:
    escalated = replace(REASSIGNED, action="escalate", fields=(), finding="escalated")
    refused = replace(REASSIGNED, finding="refused")
    config = CONFIG.replace('["#new-mqls"]', '["#new-mqls", "ops"]')
    with opened(tmp_path, to, config) as run:
        known, run_id = run.known, run.runs.start("sync", mode="enforce", as_of=None, now=NOW, agreement_hash="a")
        plan = run.plans.begin(run_id)
        run.plans.add(plan, [REASSIGNED, escalated, refused])
        run.plans.close(plan, {"first_touch": "too many", "decide": "too many, and nothing of it would be done"})
        findings = [a_finding("first_touch", NOW, key=key, owner="1002") for key in ("moved", "escalated")]
        known.findings.save(run_id, [Judgement(lead=str(LEAD), findings=tuple(findings), next_at=None)], judged_at=NOW)
        ends = [Event.VERIFIED, Event.VERIFIED, Event.REFUSED]
        run.journal.note(run_id, [Entry(place=Place(plan, position), event=event, at=NOW) for position, event in enumerate(ends)])
        known.held.hold(plan, now=NOW, until=NOW + timedelta(hours=24), ahead=timedelta())

        for _ in range(2):
            post(run).gather()

        assert [(one.message.kind, one.message.recipient, one.target) for one in run.outbox.waiting()] == [
            (Kind.GIVEN, JONAS, "mail"),
            (Kind.GIVEN, ROOM, "room"),
            (Kind.ESCALATION, BOSS_OF_JONAS, "mail"),
            (Kind.FAILED, Recipient(role="ops"), "room"),
            (Kind.TRIP, Recipient(role="ops"), "room"),
        ]
        post(run).deliver()
        (given_to_jonas,) = to.take("mail/jonas.weber@example.com")
        assert "first_touch was due on Wed 2026-11-18 16:00 CET and was not kept" in given_to_jonas, "in the zone of who reads it"
        assert any(f"leadpact apply {plan}" in text and f"leadpact show {run_id}" in text for text in to.take("room"))
        to.got.clear()
