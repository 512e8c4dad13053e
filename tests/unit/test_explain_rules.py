"""A rule in the agreement's own words, and one lead explained to the person it blames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.records import ActivityStatus, Direction, FieldChange
from sync.agreement.model import STALE, UNNAMED_RULES, Agreement
from sync.judge.findings import Elapsed, Evidence, Finding, Side, Status
from sync.report.explain import explained
from sync.report.rules import find_clock, keeping_text, rule_text
from sync.timeline import build_timeline
from tests.builders import (
    ANN,
    BEN,
    a_call,
    a_finding,
    a_mail,
    a_reply,
    fits,
    mql,
    ny,
    owned_by,
    raised,
    set_to,
    status,
    the_agreement,
    the_practice_agreement,
    the_roster,
    the_rows,
    the_terms,
    unreachable,
)

PRACTICE = the_practice_agreement()
MQL = "`icp AND buyer AND score >= 60` and email, company, phone filled"
REJECT = "reject_reason says one of: duplicate, bad data, not our market, already in an open deal"
RECYCLE = "recycle_reason says one of: no response, stale, timing, needs nurture"
APART = "at least 4 business hours and at most 3 business days apart"

WORDS = {
    "speed_to_assign": ("15 minutes from handoff to assigned, owed by system", "an owner"),
    "first_touch": ("2 business hours from handoff to touch, owed by owner", "a touch that counts, by the owner"),
    "accept_or_reject": ("24 hours from assigned to stage SAL or rejected, owed by owner", "stage SAL or a later one or the lead rejected"),
    "decide": (
        "15 business days from stage SAL to stage SQL or recycled or disqualified, owed by owner",
        "stage SQL or a later one or the lead recycled or the lead disqualified",
    ),
    "answer_reply": ("4 business hours from reply to answered, owed by owner", "an answer, by the owner"),
    "nurture_returned": ("5 business days from recycled to nurtured, owed by marketing", "any touch, a marketing mail too"),
    "work_the_lead": (
        f"6 attempts within 10 business days of stage SAL, at least 3 calls and 2 e-mails, {APART}",
        f"the next attempt that counts, by the owner, until 6 are made, {APART}",
    ),
    "stale SAL": (
        "something happens at least every 5 business days while the lead stands in SAL",
        "a touch that counts, by the owner, or a reply",
    ),
    "premature_handoff": (f"handed over only with {MQL}", f"handing it over only with {MQL}"),
    "missed_handoff": (f"handed over within 24 hours of {MQL}", "handing it over: stage MQL"),
    "early_pull": ("nobody of pool sdr owns it before it is handed over", "leaving it to Marketing until then"),
    "reject_reason": (REJECT, f"filling in {REJECT.replace(' says one of:', ' with one of:')}"),
    "recycle_reason": (RECYCLE, f"filling in {RECYCLE.replace(' says one of:', ' with one of:')}"),
    "recycle_due": ("a lead that is due to go back is recycled within 1 business day", "recycling it, with its reason"),
    "covered": ("an owner who is there, within 1 business day", "an owner who is there"),
    "not_delivered": ("a lead that is handed over is in the other CRM in time", "the lead in the other CRM"),
    "drift": ("both CRMs show the same stage and the same owner", "the same in both CRMs"),
    "bounce_limit": ("a lead changes hands at most 2 times in a passage", "keeping it with one owner"),
}


@pytest.mark.parametrize("rule", WORDS)
def test_each_rule_and_what_keeps_it_is_told_in_the_agreements_words(rule: str) -> None:
    assert (rule_text(rule, PRACTICE), keeping_text(rule, PRACTICE)) == WORDS[rule]


def test_no_rule_that_the_agreement_states_is_without_words() -> None:
    stated = [*(clock.name for clock in PRACTICE.clocks), *(cadence.name for cadence in PRACTICE.cadences), *UNNAMED_RULES]
    stated += [STALE + stage.name for stage in PRACTICE.stages if stage.stale_after]
    unstated = {"disqualify_reason", "crm_data"}  # the practice agreement names no field for it; nothing promises sound data
    assert {rule for rule in stated if rule_text(rule, PRACTICE) is None} == unstated
    assert {rule for rule in stated if keeping_text(rule, PRACTICE) is None} == unstated


@pytest.mark.parametrize("rule", ["a clock of another age", "stale MQL", "stale"])
def test_a_rule_that_the_agreement_does_not_know_has_no_words(rule: str) -> None:
    assert rule_text(rule, PRACTICE) is None
    assert keeping_text(rule, PRACTICE) is None


def test_a_level_tells_its_own_rule_and_leaves_the_others() -> None:
    assert rule_text("first_touch", PRACTICE, level="Enterprise") == "1 business hour from handoff to touch, owed by owner"
    assert str(rule_text("work_the_lead", PRACTICE, level="Enterprise")).startswith("8 attempts within 10 business days")
    assert "until 8 are made" in str(keeping_text("work_the_lead", PRACTICE, level="Enterprise"))
    assert rule_text("decide", PRACTICE, level="Enterprise") == WORDS["decide"][0]
    assert rule_text("first_touch", PRACTICE, level="of another age") == WORDS["first_touch"][0]
    assert find_clock("work_the_lead", PRACTICE) is None


def by(who: str) -> Agreement:
    return the_agreement(('by       = "owner"', f'by       = "{who}"'))


@pytest.mark.parametrize(("who", "told"), [("owner", "the owner"), ("team", "the owner's team"), ("anyone", "anybody")])
def test_whose_touch_counts_is_told(who: str, told: str) -> None:
    assert keeping_text("first_touch", by(who)) == f"a touch that counts, by {told}"


GAP = 'gap      = { at_least = "4 business hours", at_most = "3 business days" }\nchannels = { call = 3, email = 2 }\n'


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", ""),
        ('gap = { at_least = "2 hours" }\n', ", at least 2 hours apart"),
        ('gap = { at_most = "2 days" }\n', ", at most 2 days apart"),
        ("channels = { meeting = 1, message = 2 }\n", ", at least 1 meetings and 2 messages"),
    ],
)
def test_a_cadence_tells_only_what_it_agrees(words: str, told: str) -> None:
    assert rule_text("work_the_lead", the_agreement((GAP, words))) == f"6 attempts within 10 business days of stage SAL{told}"


def test_a_handoff_that_asks_only_for_fields_names_them_once() -> None:
    asked = ('criteria = "icp AND buyer AND score >= 60"\nrequired = ["email", "company", "phone"]', 'required = ["email", "phone"]')
    own = ('name     = "Marketing to SDR"\nopens_on', 'name     = "Marketing to SDR"\nrequired = ["phone", "title"]\nopens_on')
    missed = ('if_missed    = ["promote"]\n', "")
    agreement = the_practice_agreement(asked, own, missed)
    assert rule_text("premature_handoff", agreement) == "handed over only with email, phone, title filled"
    assert rule_text("missed_handoff", agreement) is None


def test_where_handoffs_differ_the_one_of_the_finding_is_told() -> None:
    pulled = ('opens_on = "stage SQL"\n', 'opens_on = "stage SQL"\nkept_until_handoff = true\nrequired = ["phone"]\n')
    agreement = the_practice_agreement(pulled)
    assert rule_text("early_pull", agreement, handoff="SDR to AE") == "nobody of pool ae owns it before it is handed over"
    assert rule_text("early_pull", agreement, handoff="Marketing to SDR") == WORDS["early_pull"][0]
    assert rule_text("premature_handoff", agreement, handoff="SDR to AE") == "handed over only with phone filled"
    assert rule_text("missed_handoff", agreement, handoff="SDR to AE") is None


# --- one lead explained


OPENED = ny("2026-09-14 10:00")
NOW = ny("2026-09-18 16:00")
HOUR = timedelta(hours=1)
NAMES = {ANN: "Ann Lee", BEN: "Ben Kim"}


def told(
    findings: Sequence[Finding], changes: Sequence[FieldChange] = (), activities: Sequence[object] = (), *, agreement: Agreement = PRACTICE
) -> list[str]:
    rows = the_rows(changes, activities)  # type: ignore[arg-type]
    timeline = build_timeline(rows, agreement, the_terms(upto=NOW, agreement=agreement, roster=the_roster()), now=NOW)
    return list(explained(timeline, findings, agreement, version_of=lambda _: agreement, names=NAMES))


def section(finding: Finding) -> list[str]:
    """Return what is told of one finding, below the headline of its passage."""
    lines = told([finding])
    return lines[next(n for n, line in enumerate(lines) if line.startswith("  ")) :]


@pytest.mark.parametrize("rule", WORDS)
def test_a_finding_of_every_kind_tells_its_rule_and_what_would_have_kept_it(rule: str) -> None:
    finding = a_finding(rule, OPENED)
    lines = section(replace(finding, cycle=replace(finding.cycle, opened_by="score")))
    words, deed = WORDS[rule]
    assert lines == [
        f"  {rule}: broken",
        f"    the rule: {words}",
        "    started Mon 2026-09-14 10:00 EDT, due Mon 2026-09-14 10:00 EDT; responsible: owner, owner Ann Lee",
        f"    what would have kept it: {deed}, by Mon 2026-09-14 10:00 EDT",
    ]


def test_an_oddity_promises_nothing() -> None:
    odd = a_finding("crm_data", OPENED, kind="data", number=0, status=Status.UNKNOWN, side=Side.NONE, owner=None, due_at=None)
    assert section(odd) == [
        "  crm_data: broken",
        "    started Mon 2026-09-14 10:00 EDT, due at an unknown moment; responsible: none",
    ]


def test_a_handoff_is_explained_condition_by_condition_with_the_values_of_that_moment() -> None:
    at_handoff = [*fits(OPENED, score="59.5"), mql(OPENED), set_to("phone", None, OPENED), set_to("hubspotscore", "80", OPENED + HOUR)]
    lines = told([a_finding("premature_handoff", OPENED, kind="handoff")], at_handoff)
    assert [line.strip() for line in lines if line.startswith(("    true:", "    false:", "    not known:", "    blank:"))] == [
        "true: icp (employees 400, industry `COMPUTER_SOFTWARE`)",
        "true: buyer (title `Head of Operations`)",
        "false: score >= 60 (score 59.5)",
        "blank: phone",
    ]


@pytest.mark.parametrize(
    ("status", "owed", "tense"),
    [
        (Status.RUNNING, True, "what would keep it: "),
        (Status.AT_RISK, True, "what would keep it: "),
        (Status.BREACHED, True, "what would have kept it: "),
        (Status.BREACHED, False, "what would have kept it: "),
        (Status.UNKNOWN, False, "what would have kept it: "),
        (Status.KEPT, False, None),
        (Status.EXCUSED, False, None),
    ],
)
def test_what_would_keep_a_promise_is_told_as_long_as_it_matters(status: Status, owed: bool, tense: str | None) -> None:
    lines = section(a_finding("first_touch", OPENED, status=status, owed=owed))
    assert [line.split(": ")[0].strip() + ": " for line in lines if "kept it" in line or "keep it" in line] == ([tense] if tense else [])


def test_the_level_that_spoke_is_named() -> None:
    lines = section(a_finding("first_touch", OPENED, level="Enterprise"))
    assert "    the rule: 1 business hour from handoff to touch, owed by owner (level Enterprise)" in lines


def test_how_the_time_went_leaves_out_what_is_nothing() -> None:
    elapsed = Elapsed(excused_s=0, suspended_s=1800, system_s=600, owner_s=7200, off_hours_s=90_000)
    lines = section(a_finding("first_touch", OPENED, elapsed=elapsed))
    whole = "10 min with nobody, 2 h in the owner's working time, 1 day 1 h off hours, 30 min while a meeting was booked"
    assert f"    the time so far: {whole}" in lines
    nothing = section(a_finding("first_touch", OPENED, elapsed=Elapsed(excused_s=0, suspended_s=0, system_s=0, owner_s=0, off_hours_s=0)))
    assert "    the time so far: none" in nothing


def test_evidence_says_what_counted_and_what_did_not() -> None:
    evidence = (
        Evidence(at=OPENED, what=f"assigned to owner {ANN}", source="hubspot/contact/1#hubspot_owner_id"),
        Evidence(at=OPENED + HOUR, what="call: failed", source="hubspot/call/1", counted=False),
        Evidence(at=None, what="email", source="hubspot/email/2"),
    )
    assert section(a_finding("first_touch", OPENED, evidence=evidence))[3:6] == [
        "    + Mon 2026-09-14 10:00 EDT  assigned to owner Ann Lee  [hubspot/contact/1#hubspot_owner_id]",
        "    - Mon 2026-09-14 11:00 EDT  call: failed  [hubspot/call/1]  does not count",
        "    + at an unknown moment  email  [hubspot/email/2]",
    ]


def headlines(*findings: Finding) -> list[str]:
    return [line for line in told(findings) if line and not line.startswith(" ") and line != "What happened"]


def test_each_passage_has_one_headline_and_what_lies_outside_its_own() -> None:
    first = a_finding("first_touch", OPENED)
    closed = replace(first.cycle, number=2, closed_at=OPENED + HOUR, closed_by="recycled")
    assert headlines(
        replace(first, cycle=closed), first, a_finding("decide", OPENED), a_finding("missed_handoff", OPENED, number=0, kind="handoff")
    ) == [
        "Outside of any passage of Marketing to SDR",
        "Passage 1 of Marketing to SDR: opened Mon 2026-09-14 10:00 EDT by stage MQL, still open",
        "Passage 2 of Marketing to SDR: opened Mon 2026-09-14 10:00 EDT by stage MQL, closed Mon 2026-09-14 11:00 EDT: recycled",
    ]


def test_what_happened_is_told_in_order_whatever_the_order_in_which_it_came() -> None:
    changes = [
        status("UNQUALIFIED", OPENED + 5 * HOUR),
        mql(OPENED),
        owned_by(ANN, OPENED + HOUR),
        owned_by(None, OPENED + 4 * HOUR),
        *raised("Demo request", OPENED - HOUR),
        *unreachable(OPENED + 6 * HOUR),
        set_to("lifecyclestage", "lead", OPENED + 7 * HOUR),
    ]
    activities = [
        a_call(OPENED + 2 * HOUR, ActivityStatus.CONNECTED, seconds=95, direction=Direction.IN),
        replace(a_mail(OPENED + 3 * HOUR, id="3"), marketing=True),
        replace(a_mail(OPENED + 3 * HOUR, id="1", owner="13"), sequence="77"),
        replace(a_reply(OPENED + 3 * HOUR, id="2"), auto_reply=True, archived_at=NOW),
    ]
    happened = [line.split("EDT  ")[1].split("  [")[0] for line in told([], changes, activities) if line.startswith("  ")]
    assert happened == [
        "submitted the form `Demo request`",
        "became MQL",
        "owned by Ann Lee",
        "call that came in, connected, 95 s, by Ann Lee",
        "email, sent, by 13, sequence",
        "email that came in, sent, automatic, deleted",
        "email, sent, by Ann Lee, marketing",
        "owned by nobody",
        "rejected",
        "excused: There is no lawful way to reach this person.",
        "left MQL",
        "fell back below MQL",
    ]


def test_a_lead_out_of_scope_and_one_without_promises_are_told_so() -> None:
    competitor = [mql(OPENED), set_to("industry", "CRM_VENDOR", OPENED, record=mql(OPENED).record._replace(kind="company", id="7"))]
    assert told([], competitor) == ["Out of the agreement's scope: Competitors are no leads."]
    assert told([])[-1] == "It was never handed over, so nothing was promised about it."
