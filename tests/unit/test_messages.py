"""Who is told what of which step, once, and in which words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.records import RecordKey
from sync.daily import Overview, Owed
from sync.journal import Event
from sync.judge.findings import Finding, Side, Status
from sync.letter import Known, digest_of, letter_of
from sync.messages import Kind, Message, News, Recipient, held, messages_of, nobody_left, recipients, whom_to_remind, why_over
from sync.route import Given
from sync.steps import Step
from tests.builders import a_finding, ny, the_agreement

NOW = ny("2026-11-18 10:00")
ANN = Recipient(role="owner", of="hubspot/11")
TODAY = NOW.date()
BERLIN = ZoneInfo("Europe/Berlin")
MOVED = News(
    plan=3,
    position=0,
    event=Event.VERIFIED,
    action="reassign",
    lead="hubspot/contact/1",
    crm="hubspot",
    finding="f" * 16,
    rule="first_touch",
    rung=1,
    writes={"hubspot_owner_id": "12"},
)


def broken(**more: object) -> Finding:
    return a_finding("first_touch", NOW, **more)  # type: ignore[arg-type]


def told(news: News, finding: Finding | None) -> list[tuple[Kind, str, str]]:
    found = messages_of(
        news,
        finding=finding,
        crm="hubspot",
        owner_field="hubspot_owner_id",
        agreement=the_agreement(),
        team_of=lambda _, owner: "EMEA" if owner else None,
    )
    return [(one.kind, one.recipient.role, one.recipient.of) for one in found]


def test_of_a_new_owner_hear_those_whom_the_handoff_tells() -> None:
    assert told(MOVED, broken()) == [(Kind.GIVEN, "owner", "hubspot/12"), (Kind.GIVEN, "#new-mqls", "hubspot/12")]


def test_of_a_first_owner_hear_those_whom_the_handoff_tells_and_why() -> None:
    first = replace(MOVED, action="assign", rule="speed_to_assign", rung=0)
    kept = replace(broken(), rule="speed_to_assign", status=Status.KEPT)
    assert told(first, kept) == [(Kind.GIVEN, "owner", "hubspot/12"), (Kind.GIVEN, "#new-mqls", "hubspot/12")]
    letter = letter_of(known(a_message(Kind.GIVEN, rung=0), kept), is_shared=False)
    assert (letter.title, letter.body.splitlines()[0]) == (
        "A lead is yours now: hubspot/contact/1",
        "This lead was given to you, because nobody had it.",
    )


def test_of_a_new_owner_hears_the_owner_where_the_promise_stands_no_more() -> None:
    assert told(MOVED, None) == [(Kind.GIVEN, "owner", "hubspot/12")]


@pytest.mark.parametrize("event", [Event.REFUSED, Event.NOT_WRITTEN, Event.OVERWRITTEN])
def test_of_what_does_not_stand_hears_ops_alone(event: Event) -> None:
    assert told(replace(MOVED, event=event), broken()) == [(Kind.FAILED, "ops", "")]


def test_of_an_escalation_hears_the_manager_of_the_owner_who_owed_it() -> None:
    escalated = replace(MOVED, action="escalate", writes={})
    assert told(escalated, broken(owner="11")) == [(Kind.ESCALATION, "manager", "hubspot/11")]
    assert told(escalated, broken(owner=None)) == []


def test_of_a_lead_that_stays_with_who_leaves_hears_their_manager_and_why() -> None:
    stays = replace(MOVED, action="escalate", rule="offboard", rung=2, writes={}, leaver="11")
    assert told(stays, None) == [(Kind.ESCALATION, "manager", "hubspot/11")]
    message = replace(a_message(Kind.ESCALATION, rung=2, to=Recipient(role="manager", of="hubspot/11")), rule="offboard")
    step = replace(a_step(2), action="escalate", rule="offboard", reason="owner 11 leaves; protected: open deal")
    letter = letter_of(Known(message=message, finding=None, zone=BERLIN, name="Ann Lee", step=step, page="https://crm/1"), is_shared=False)
    assert (letter.title, letter.body) == (
        "Escalated: a lead of somebody who leaves: hubspot/contact/1",
        "A lead stays with Ann Lee, who leaves. A task in the CRM lists it.\n"
        "Why: owner 11 leaves; protected: open deal.\nLead: https://crm/1",
    )


@pytest.mark.parametrize("action", ["stamp", "promote", "undo"])
def test_of_other_changes_nobody_hears(action: str) -> None:
    assert told(replace(MOVED, action=action), broken()) == []


@pytest.mark.parametrize(
    ("side", "owner", "expected"),
    [
        (Side.OWNER, "11", Recipient(role="owner", of="hubspot/11")),
        (Side.SYSTEM, "11", Recipient(role="owner", of="hubspot/11")),
        (Side.MANAGER, "11", Recipient(role="manager", of="hubspot/11")),
        (Side.MARKETING, "11", Recipient(role="marketing")),
        (Side.MARKETING, None, Recipient(role="marketing")),
        (Side.OWNER, None, None),
        (Side.MANAGER, None, None),
    ],
)
def test_a_reminder_goes_to_the_side_that_owes_the_promise(side: Side, owner: str | None, expected: Recipient | None) -> None:
    assert whom_to_remind(replace(broken(), side=side, owner=owner), "hubspot") == expected


def a_message(kind: Kind = Kind.REMINDER, *, rung: int = -80, to: Recipient = ANN) -> Message:
    return Message(kind=kind, recipient=to, rule="first_touch", lead="hubspot/contact/1", finding="f" * 16, rung=rung, plan=3, position=0)


def test_a_message_is_the_same_whatever_plan_it_is_of_and_another_for_each_rung_reader_and_kind() -> None:
    assert a_message().key == replace(a_message(), plan=4, position=9).key
    others = [a_message(rung=-50), a_message(to=Recipient(role="ops")), a_message(Kind.FAILED), a_message()]
    assert len({one.key for one in others}) == 4


def test_a_held_plan_is_told_once_a_rule_and_plan() -> None:
    (one,) = held(3, {"first_touch": "too many"})
    assert (one.recipient, one.rule, one.plan) == (Recipient(role="ops"), "first_touch", 3)
    assert one.key != next(iter(held(4, {"first_touch": "too many"}))).key


def a_step(lead: int, *, pool: str | None = "sdr", blocked_by: tuple[str, ...] = ("nobody in pool sdr is left (3 absent)",)) -> Step:
    key = f"hubspot/contact/{lead}"
    return Step(
        lead=key,
        record=RecordKey.parse(key),
        action="reassign",
        fields=(),
        finding=f"f{lead}",
        rule="first_touch",
        rung=1,
        reason="no touch",
        blocked_by=blocked_by,
        nobody_left=pool,
    )


def test_of_a_pool_in_which_nobody_is_left_ops_hear_once_a_day_whatever_the_plan_and_the_lead() -> None:
    today = date(2026, 11, 18)
    steps = [(0, a_step(1, pool=None)), (4, a_step(2)), (5, a_step(3)), (6, a_step(4, pool="ae"))]
    first, other = nobody_left(7, steps, today)
    assert (first.kind, first.recipient, first.rule, first.lead) == (Kind.NOBODY_LEFT, Recipient(role="ops"), "sdr", "hubspot/contact/2")
    assert (first.plan, first.position, other.rule) == (7, 4, "ae")
    again = next(nobody_left(8, steps[2:], today))
    tomorrow = next(nobody_left(8, steps[2:], today + timedelta(days=1)))
    assert (first.key == again.key, first.key == tomorrow.key, first.key == other.key) == (True, False, False)


def test_of_what_is_not_carried_out_anyway_nobody_hears_that_nobody_is_left() -> None:
    observed = a_step(1, blocked_by=("nobody in pool sdr is left (3 absent)", "mode of first_touch is observe (config.toml, [mode])"))
    falls_back = replace(a_step(2, blocked_by=()), given=Given(pool="sdr", seats=(), owner="14", by="fallback"))
    assert list(nobody_left(7, [(0, observed), (1, replace(falls_back, blocked_by=("paused",)))], date(2026, 11, 18))) == []
    (told,) = nobody_left(7, [(0, falls_back)], date(2026, 11, 18))
    letter = letter_of(Known(message=told, finding=None, zone=BERLIN, step=falls_back), is_shared=True)
    assert letter.title == "Nobody of pool sdr is left"
    assert letter.body.startswith("Nobody of pool sdr may get this lead: it goes to the pool's fallback. Others may follow;")
    stays = letter_of(Known(message=told, finding=None, zone=BERLIN, step=a_step(2), run="r-1"), is_shared=True).body
    assert "it stays where it is, and is tried again" in stays
    assert "no touch; nobody in pool sdr is left (3 absent)." in stays
    assert "See each member: leadpact route sdr" in stays and "leadpact show r-1" in stays


def test_a_reminder_that_waited_is_dropped_once_the_promise_is_settled_or_broken() -> None:
    running = replace(broken(), status=Status.AT_RISK)
    assert why_over(a_message(), today=TODAY, finding=running) is None
    assert why_over(a_message(), today=TODAY, finding=broken()) == "first_touch is broken by now"
    assert why_over(a_message(rung=1), today=TODAY, finding=broken()) is None
    assert why_over(a_message(rung=1), today=TODAY, finding=replace(broken(), owed=False)) == "first_touch is not owed any more"
    assert why_over(a_message(), today=TODAY, finding=None) == "first_touch is not owed any more"
    assert why_over(a_message(Kind.GIVEN), None, today=TODAY) is None, "what happened is told however late"


def known(message: Message, finding: Finding | None = None, **more: object) -> Known:
    finding = finding or replace(broken(), due_at=ny("2026-11-18 12:00"))
    return Known(message=message, finding=finding, zone=BERLIN, page="https://crm.example/1", **more)  # type: ignore[arg-type]


def test_a_reminder_names_the_promise_its_deadline_in_the_readers_zone_why_and_where_the_lead_is() -> None:
    letter = letter_of(known(a_message()), is_shared=False)
    assert letter.title == "first_touch is due Wed 2026-11-18 18:00 CET: hubspot/contact/1"
    first, why, where = letter.body.splitlines()
    assert first == "first_touch is due on Wed 2026-11-18 18:00 CET; 80% of its time has passed."
    assert why.startswith("Why: handed over on ") and where == "Lead: https://crm.example/1"


def test_at_a_shared_target_a_message_says_whom_it_is_for() -> None:
    assert letter_of(known(a_message(), name="Ann Lee"), is_shared=True).body.startswith("For Ann Lee:\n")
    boss = replace(a_message(), recipient=Recipient(role="manager", of="hubspot/11"))
    assert letter_of(known(boss, name="Ann Lee"), is_shared=True).body.startswith("For the manager of Ann Lee:\n")
    channel = replace(a_message(Kind.GIVEN), recipient=Recipient(role="#new-mqls", of="hubspot/11"))
    assert letter_of(known(channel, name="Ann Lee"), is_shared=True).body.startswith("This lead was given to Ann Lee, because")


def test_of_a_lead_that_is_given_without_a_broken_promise_none_is_told() -> None:
    letter = letter_of(Known(message=replace(a_message(Kind.GIVEN), rule="offboard"), finding=None, zone=BERLIN), is_shared=False)
    assert letter.body == "This lead was given to you (offboard).\nLead: hubspot/contact/1"


def test_values_of_a_crm_become_text_that_no_target_takes_for_markup_a_mention_or_a_link() -> None:
    evil = "<!channel> <script>x</script> [a](http://evil.example) *b* @here\x1b[31m\n`c`" + "x" * 500
    finding = broken()
    finding = replace(finding, cycle=replace(finding.cycle, opened_by=evil, opened_at=NOW))
    channel = replace(a_message(Kind.GIVEN), recipient=Recipient(role="#new-mqls", of="hubspot/11"))
    body = letter_of(known(channel, finding, name=evil), is_shared=True).body
    assert not set("<>[]*@`\x1b") & set(body)
    assert "http://evil" not in body and len(body) < 1000


def test_a_limit_is_told_with_its_figure_and_the_command_that_lets_the_plan_pass() -> None:
    (one,) = held(7, {"first_touch": "6 moves for first_touch, 5 are allowed"})
    body = letter_of(
        Known(message=one, finding=None, zone=BERLIN, held="6 moves for first_touch, 5 are allowed", run="r-1"), is_shared=True
    ).body
    assert body.splitlines()[:2] == ["6 moves for first_touch, 5 are allowed.", "Let this very plan pass all the same: leadpact apply 7"]
    assert "leadpact show r-1" in body


def test_a_digest_has_a_line_a_message_and_says_what_it_leaves_out() -> None:
    letter = digest_of([known(a_message(), name="Ann")] * 53, is_shared=True)
    lines = letter.body.splitlines()
    assert letter.title == "53 messages about leads, together as they are many"
    assert (lines[0], len(lines)) == ("For Ann:", 52)
    assert lines[1] == "- first_touch is due Wed 2026-11-18 18:00 CET: hubspot/contact/1 https://crm.example/1"
    assert lines[-1].startswith("- and 3 more")


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_message_has_words(kind: Kind) -> None:
    letter = letter_of(known(a_message(kind)), is_shared=False)
    assert letter.title and letter.body


def test_of_a_lead_that_goes_back_hears_marketing_with_the_reason() -> None:
    recycled = replace(MOVED, action="recycle", writes={"hs_lead_status": "RECYCLED"})
    assert told(recycled, broken(owner="11")) == [(Kind.RECYCLED, "marketing", "hubspot/11")]
    assert told(replace(recycled, action="return"), None) == [(Kind.RECYCLED, "marketing", "")]
    message = replace(a_message(Kind.RECYCLED, to=Recipient(role="marketing")), rule="Marketing to SDR", rung=1)
    why = "decide is broken; recycled as `stale`, may come back from 2026-12-18"
    body = letter_of(known(message, why=why), is_shared=True).body
    assert body.splitlines()[:2] == [
        "This lead went back to Marketing.",
        "Reason: decide is broken; recycled as 'stale', may come back from 2026-12-18.",
    ]
    assert body.splitlines()[-1] == "Lead: https://crm.example/1"


def test_a_team_and_a_manager_are_told_by_the_owner_and_nobodys_lead_has_neither() -> None:
    words = ["owner", "team", "#late"]
    of_ann = recipients(words, crm="hubspot", owner="11", team_of=lambda *_: "EMEA")
    assert list(of_ann) == [ANN, Recipient(role="team EMEA", of="hubspot/11"), Recipient(role="#late", of="hubspot/11")]
    assert list(recipients(words, crm="hubspot", owner=None, team_of=lambda *_: None)) == [Recipient(role="#late")]


def test_a_digest_of_the_day_waits_for_no_other_day_and_what_is_broken_by_now_is_at_risk_no_more() -> None:
    daily = Message(kind=Kind.DAILY, recipient=ANN, rule="2026-11-18")
    assert why_over(daily, None, today=TODAY) is None
    assert why_over(daily, None, today=date(2026, 11, 19)) == "its day is over"
    assert why_over(a_message(Kind.AT_RISK), broken(), today=TODAY) == "first_touch is broken by now"
    assert why_over(a_message(Kind.BROKEN), broken(), today=TODAY) is None
    assert why_over(a_message(Kind.BROKEN), None, today=TODAY) == "first_touch is not owed any more"


def test_a_daily_digest_lists_what_there_is_counts_the_rest_and_tells_others_whose_it_is() -> None:
    one = Owed(
        lead="hubspot/contact/1", rule="first_touch", status=Status.RUNNING, side=Side.OWNER, owner="hubspot/11", due_at=NOW, opened_at=None
    )
    daily = Overview(open=40, late=3, today=[one] * 30)
    message = Message(kind=Kind.DAILY, recipient=Recipient(role="#room"), rule="2026-11-18")
    facts = Known(message=message, finding=None, zone=BERLIN, daily=daily, names={"hubspot/11": "Ann <Lee>"})
    letter = letter_of(facts, is_shared=True)
    assert letter.title == "2026-11-18: 40 open, 30 due today, 0 broken since the last digest"
    lines = letter.body.splitlines()
    assert lines[:3] == [
        "40 promises are open, 3 of them broken.",
        "Due today:",
        "- Wed 2026-11-18 16:00 CET first_touch of Ann ‹Lee›: hubspot/contact/1",
    ]
    assert (lines[-1], len(lines)) == ("- and 5 more", 28)
