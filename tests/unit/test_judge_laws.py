"""Laws of judging, over random leads."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.records import Activity, ActivityKind, ActivityStatus, Direction, FieldChange, RecordKey, StatusChange
from sync.agreement.spans import parse_span
from sync.judge.findings import Finding, Judgement, Side, Status
from sync.judge.judge import judge, judge_lead, judge_reading
from sync.ladder import MOVES
from sync.outset import find_outset
from sync.plan import Planner, Policy
from sync.route import Routing, Seat
from sync.rows import LeadRows
from sync.terms import Terms
from sync.timeline import build_timeline
from tests.builders import (
    ANN,
    BEN,
    BORN,
    COMPANY,
    DEAL,
    LEAD,
    MS,
    STAGES,
    VOCABULARY,
    a_call,
    a_mail,
    a_meeting,
    a_reply,
    an_activity,
    fits,
    mql,
    ny,
    owned_by,
    raised,
    set_to,
    the_agreement,
    the_practice_agreement,
    the_roster,
    the_rows,
    the_terms,
)

START = ny("2026-11-02 08:00")
NOW = ny("2026-11-13 16:00")
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
SUBMITTING = timedelta(seconds=6)  # a form's date and its name are two writes, and are read as one
DECIDED = (Status.KEPT, Status.BREACHED, Status.EXCUSED)

# Quarters of an hour, so that things fall together, and sometimes a millisecond beside.
MOMENTS = st.builds(
    lambda quarters, beside: START + HOUR + quarters * QUARTER + beside * MS,
    st.integers(0, 11 * 24 * 4),
    st.sampled_from((0, 0, 0, 0, -1, 1)),
)
OWNERS = (ANN, BEN, "13", "90", "91", None)
PEOPLE = st.sampled_from((ANN, ANN, ANN, BEN, "13", None))
VALUES = {
    "lifecyclestage": (*STAGES[1:5], "marketingqualifiedlead", "a value of old", None),
    "hubspot_owner_id": OWNERS,
    "hs_lead_status": ("NEW", "IN_PROGRESS", "IN_PROGRESS", "UNQUALIFIED", "RECYCLED", "DISQUALIFIED", None),
    "hubspotscore": ("12", "75", "98", None),
    "phone": ("+1 555 0100", None),
    "hs_email_optout": ("true", "false"),
    "do_not_call": ("true", "true", "false"),
    "lead_reject_reason": ("duplicate", "no budget", None),
    "lead_recycle_reason": ("Needs_Nurture", "no budget", None),
    "hs_analytics_source": ("PAID_SEARCH", "REFERRALS"),
}
SOURCES = st.sampled_from(("AUTOMATION_PLATFORM", "CRM_UI"))
OUT = (ActivityStatus.NO_ANSWER, ActivityStatus.CONNECTED, ActivityStatus.VOICEMAIL, ActivityStatus.FAILED, None)
MEETINGS = (ActivityStatus.BOOKED, ActivityStatus.HELD, ActivityStatus.NO_SHOW, ActivityStatus.CANCELLED)
LAGS = st.sampled_from((timedelta(), timedelta(), HOUR, timedelta(days=1)))


def _soon_after(moment: datetime) -> st.SearchStrategy[datetime]:
    """Any moment, half of the time one of the seven hours after `moment`: there most is decided."""
    return st.one_of(MOMENTS, st.integers(0, 28).map(lambda quarters: moment + quarters * QUARTER))


def _changes(moments: st.SearchStrategy[datetime]) -> st.SearchStrategy[list[list[FieldChange]]]:
    def of(field: str, values: Sequence[str | None], record: RecordKey = LEAD) -> st.SearchStrategy[list[FieldChange]]:
        one = st.builds(
            lambda value, at, source: set_to(field, value, at, record=record, source=source), st.sampled_from(values), moments, SOURCES
        )
        return one.map(lambda change: [change])

    often = [of(field, VALUES[field]) for field in ("lifecyclestage", "hubspot_owner_id", "hs_lead_status")]
    others = [of(field, values) for field, values in VALUES.items()]
    others += [of("numberofemployees", ("400", "3000", "12"), COMPANY), of("hs_is_closed", ("true", "false"), DEAL)]
    return st.lists(
        st.one_of(*often * 3, *others, st.builds(raised, st.sampled_from(("Demo request", "Newsletter")), moments)), max_size=10
    )


def _history(qualifies: bool, handed_over: list[FieldChange], more: list[list[FieldChange]]) -> list[FieldChange]:
    """Return the changes of a lead, of each field one a moment."""
    changes = [*(fits(BORN) if qualifies else []), *handed_over, *(change for some in more for change in some)]
    return list({(change.record, change.field, change.at): change for change in changes}.values())


def _logged(activity: Activity, lag: timedelta) -> Activity:
    logged = activity.happened_at + lag
    statuses = tuple(replace(change, at=logged) for change in activity.statuses)
    return replace(activity, logged_at=logged, changed_at=logged, statuses=statuses)


@st.composite
def _activities(draw: st.DrawFn, moments: st.SearchStrategy[datetime]) -> Activity:
    at, owner, id = draw(moments), draw(PEOPLE), str(draw(st.integers(1, 10**6)))
    match draw(st.sampled_from(("call", "call", "mail", "reply", "call in", "sequence", "marketing", "message", "meeting"))):
        case "call":
            made = a_call(at, draw(st.sampled_from(OUT)), owner=owner, id=id, seconds=draw(st.sampled_from((None, 5, 95))))
        case "call in":
            made = a_call(at, draw(st.sampled_from((ActivityStatus.MISSED, ActivityStatus.CONNECTED))), id=id, direction=Direction.IN)
        case "mail":
            made = a_mail(at, draw(st.sampled_from((ActivityStatus.SENT, ActivityStatus.BOUNCED))), owner=owner, id=id)
        case "reply":
            made = replace(a_reply(at, id=id), auto_reply=draw(st.booleans()))
        case "sequence":
            made = replace(a_mail(at, owner=owner, id=id), sequence="77")
        case "marketing":
            made = replace(a_mail(at, owner=None, id=id), marketing=True)
        case "message":
            made = an_activity(ActivityKind.MESSAGE, at, outcome=ActivityStatus.SENT, owner=owner, id=id)
        case _:
            return _a_meeting(draw, at, owner, id)
    return _logged(made, draw(LAGS))


def _a_meeting(draw: st.DrawFn, start: datetime, owner: str | None, id: str) -> Activity:
    """A meeting that was booked up to three days before, and got its outcome an hour after it began."""
    booked, told = start - draw(st.integers(0, 12 * 24)) * QUARTER, start + HOUR
    outcome = draw(st.sampled_from(MEETINGS))
    if outcome is ActivityStatus.CANCELLED:
        told = booked + (start - booked) / 2
    meeting = a_meeting(start, booked=booked, owner=owner, id=id)
    return replace(meeting, statuses=(*meeting.statuses, StatusChange(status=outcome, at=told)))


@dataclass(frozen=True, slots=True)
class Story:
    """The rows of a random lead."""

    changes: list[FieldChange]
    activities: list[Activity]

    def upto(self, then: datetime) -> Story:
        """Return what was known of it at `then`."""
        return Story([c for c in self.changes if c.at <= then], self.logged_by(then))

    def logged_by(self, then: datetime) -> list[Activity]:
        known = [a for a in self.activities if a.logged_at <= then]
        return [replace(a, statuses=tuple(change for change in a.statuses if change.at <= then)) for a in known]

    @property
    def rows(self) -> LeadRows:
        return the_rows(self.changes, self.activities)


@st.composite
def _stories(draw: st.DrawFn) -> Story:
    """A lead that was mostly handed over, as mostly qualified, and then went its way."""
    opened, owner = draw(MOMENTS), draw(st.sampled_from((ANN, ANN, BEN, None)))
    moments = _soon_after(opened)
    handed_over = [mql(opened), owned_by(owner, opened)] if draw(st.integers(0, 4)) else []
    changes = _history(bool(draw(st.integers(0, 3))), handed_over, draw(_changes(moments)))
    return Story(changes, draw(st.lists(_activities(moments), max_size=8, unique_by=lambda activity: activity.key)))


STORIES = _stories()
SPARSE = st.builds(lambda fit, more: Story(_history(fit, [], more[:2]), []), st.booleans(), _changes(MOMENTS))


def terms_upto(upto: datetime) -> Terms:
    """The practice agreement, Ann away for two days, the third owner gone since about the start."""
    roster = the_roster(away=[(ANN, ny("2026-11-05 12:00"), ny("2026-11-07 12:00"))], pools={"sdr": [ANN, BEN], "ae": ["13"]})
    names = {ANN: "Ann", BEN: "Ben"}
    return the_terms(
        upto=upto, agreement=the_practice_agreement(), roster=roster, names=names, gone={"13": (START - HOUR, START + HOUR)}, own_app="4711"
    )


TERMS = terms_upto(NOW + timedelta(days=400))


def judge_at(story: Story, now: datetime) -> Judgement:
    return judge_lead(story.rows, TERMS, now)


def of_status(judgement: Judgement, *wanted: Status) -> dict[str, Finding]:
    return {f.key: f for f in judgement.findings if f.status in wanted}


@given(STORIES, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_judging_does_not_depend_on_the_order_in_which_facts_came(story: Story, shuffle: random.Random) -> None:
    expected = judge_at(story, NOW)
    shuffle.shuffle(story.changes)
    shuffle.shuffle(story.activities)
    assert judge_at(story, NOW) == expected


@given(STORIES)
@settings(max_examples=50, deadline=None)
def test_every_finding_has_a_key_of_its_own(story: Story) -> None:
    keys = [finding.key for finding in judge_at(story, NOW).findings]
    assert len(keys) == len(set(keys))


@given(STORIES)
@settings(max_examples=50, deadline=None)
def test_status_moments_and_side_of_a_finding_never_contradict_each_other(story: Story) -> None:
    for f in judge_at(story, NOW).findings:
        assert (f.late_by_s is not None) == (f.status is Status.BREACHED)
        assert (f.side is Side.NONE) == (f.status in (Status.EXCUSED, Status.UNKNOWN))
        assert not f.owed or f.settled_at is None
        if f.status in (Status.RUNNING, Status.AT_RISK):
            assert f.settled_at is None
            assert f.due_at is None or f.due_at >= NOW
        if f.status is Status.KEPT and f.due_at is not None:
            assert f.settled_at is not None
            assert f.started_at is not None
            assert f.started_at <= f.settled_at <= f.due_at
        if f.status is Status.BREACHED and f.due_at is not None:
            assert f.due_at <= NOW
            assert f.settled_at is None or f.settled_at >= f.due_at


@given(STORIES, MOMENTS, st.sampled_from((ANN, BEN)))
@settings(max_examples=50, deadline=None)
def test_a_touch_more_never_turns_a_kept_first_touch_into_a_breach(story: Story, at: datetime, owner: str) -> None:
    def kept(judgement: Judgement) -> set[str]:
        return {key for key, f in of_status(judgement, Status.KEPT).items() if f.rule == "first_touch"}

    before = judge_at(story, NOW)
    after = judge_at(Story(story.changes, [*story.activities, a_call(at, owner=owner, id="9999999")]), NOW)
    assert kept(before) <= kept(after)


FREE = """attempts = 6
within   = "10 business days"
gap      = { at_least = "4 business hours", at_most = "3 business days" }
channels = { call = 3, email = 2 }
"""
ANY_CHANNEL = 'attempts = 3\nwithin = "10 business days"\ngap = { at_least = "4 business hours", at_most = "3 business days" }\n'
MADE = ("hubspot/call/", "hubspot/email/", "hubspot/meeting/", "hubspot/message/")


@given(STORIES, st.sets(MOMENTS, max_size=6), MOMENTS, st.sampled_from((ANN, BEN)))
@settings(max_examples=50, deadline=None)
def test_a_touch_more_never_takes_an_attempt_from_a_cadence_that_is_free_to_choose(
    story: Story, calls: set[datetime], at: datetime, owner: str
) -> None:
    """With shares of channels it may: a call an hour before an agreed e-mail makes that e-mail come too soon."""
    terms = the_terms(upto=TERMS.crms["hubspot"].upto["contacts"], agreement=the_agreement((FREE, ANY_CHANNEL)))

    def attempts(activities: list[Activity]) -> dict[str, tuple[int, bool]]:
        findings = [f for f in judge_lead(the_rows(story.changes, activities), terms, NOW).findings if f.rule == "work_the_lead"]
        made = {f.key: [e for e in f.evidence if e.counted and e.source.startswith(MADE) and "booked" not in e.what] for f in findings}
        return {f.key: (len(made[f.key]), f.status is Status.KEPT) for f in findings}

    worked = [*story.activities, *(a_call(when, id=f"88{n}") for n, when in enumerate(sorted(calls)))]
    before, after = attempts(worked), attempts([*worked, a_call(at, owner=owner, id="9999999")])
    assert all(after[key] >= made for key, made in before.items())


@given(STORIES, MOMENTS, st.integers(0, 40 * 24))
@settings(max_examples=50, deadline=None)
def test_time_alone_never_takes_back_what_was_decided(story: Story, then: datetime, hours: int) -> None:
    known = story.upto(then)
    now = then + QUARTER + MS  # whatever was just left counts as left by now
    before, after = judge_at(known, now), judge_at(known, now + hours * HOUR)
    later = {f.key: f for f in after.findings}
    for key, finding in of_status(before, *DECIDED).items():
        if finding.settled_at is None or finding.settled_at <= now:
            assert (later[key].status, later[key].due_at) == (finding.status, finding.due_at)


def lasting(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings without what grows with the hour."""
    return [replace(finding, late_by_s=None, elapsed=None, message="") for finding in findings]


@given(STORIES, MOMENTS)
@settings(max_examples=50, deadline=None)
def test_nothing_changes_before_the_moment_that_was_named(story: Story, now: datetime) -> None:
    known = story.upto(now)
    first = judge_at(known, now)
    just_before = first.next_at - MS if first.next_at else now + timedelta(days=60)
    assert just_before >= now
    assert lasting(judge_at(known, just_before).findings) == lasting(first.findings)


@given(STORIES, MOMENTS)
@settings(max_examples=50, deadline=None)
def test_looking_back_knows_only_what_was_known_then(story: Story, then: datetime) -> None:
    then += SUBMITTING
    known = story.upto(then)
    assert judge_at(Story(story.changes, known.activities), then).findings == judge_at(known, then).findings


@given(STORIES, st.data())
@settings(max_examples=50, deadline=None)
def test_what_is_said_of_a_change_without_a_known_moment_holds_wherever_in_its_span_it_happened(story: Story, data: st.DataObject) -> None:
    changes = [c for c in story.changes if c.field in ("lifecyclestage", "hubspot_owner_id", "hs_lead_status")]
    assume(changes)
    observed = data.draw(st.sampled_from(changes))
    since = max((c.at for c in changes if c.field == observed.field and c.at < observed.at), default=observed.at - timedelta(days=2))
    at = since + data.draw(st.integers(1, (observed.at - since) // MS)) * MS
    others = [change for change in story.changes if change is not observed]
    seen, placed = replace(observed, since=since), replace(observed, since=since, at=at)
    said = {f.key: f.status for f in judge_lead(the_rows([*others, seen], story.activities), TERMS, NOW).findings}
    true = {f.key: f.status for f in judge_reading(the_rows([*others, placed], story.activities), TERMS, NOW).findings}
    assert {key: status for key, status in said.items() if status not in (true.get(key), Status.UNKNOWN)} == {}


@given(STORIES)
@settings(max_examples=50, deadline=None)
def test_the_parts_of_the_time_are_all_of_it(story: Story) -> None:
    for f in judge_at(story, NOW).findings:
        if f.elapsed is not None and f.started_at is not None:
            parts = (f.elapsed.excused_s, f.elapsed.suspended_s, f.elapsed.system_s, f.elapsed.owner_s, f.elapsed.off_hours_s)
            whole = ((f.settled_at or NOW) - f.started_at).total_seconds()
            assert min(parts) >= 0
            assert sum(parts) <= whole
            assert sum(parts) == int(whole) or not (f.owed or f.settled_at)


@given(STORIES)
@settings(max_examples=50, deadline=None)
def test_one_lead_gets_one_move_at_most_and_no_reminder_beside_one_that_is_made(story: Story) -> None:
    policy = Policy(
        mode_of=lambda _rule, _team: "enforce", not_enforcing=None, max_act_age=parse_span("2 business days"), enforced_since=lambda _: BORN
    )
    seats = {"sdr": (Seat(owner=ANN, weight=1), Seat(owner=BEN, weight=1))}
    planner = Planner(agreement=the_practice_agreement(), terms=TERMS, policy=policy, routing=Routing(seats=seats), now=NOW)
    steps = planner.steps(story.rows, judge_at(story, NOW).findings)
    actions = [(step.action, step.finding if step.action == "remind" else "") for step in steps]
    moves = [step for step in steps if step.action in MOVES]
    assert len(actions) == len(set(actions))
    assert len(moves) <= 1
    assert not (moves and not moves[0].blocked_by and any(step.action == "remind" for step in steps))


@given(st.one_of(STORIES, SPARSE))
@settings(max_examples=50, deadline=None)
def test_a_lead_that_is_passed_over_from_the_outset_would_have_had_no_finding(story: Story) -> None:
    agreement = the_practice_agreement()
    found, _ = judge(build_timeline(story.rows, agreement, TERMS, now=NOW), agreement, TERMS, NOW)
    assert not found or find_outset(agreement, [VOCABULARY], TERMS.roster).allows(story.rows)


def test_a_bounce_told_later_is_the_only_kind_of_news_that_takes_a_touch_back() -> None:
    handed_over = [set_to("lifecyclestage", "marketingqualifiedlead", START), set_to("hubspot_owner_id", ANN, START)]
    mail = a_mail(ny("2026-11-02 09:30"))
    bounced = replace(mail, statuses=(*mail.statuses, replace(mail.statuses[0], status=ActivityStatus.BOUNCED)))
    judged = [judge_at(Story(handed_over, [one]), NOW) for one in (mail, bounced)]
    assert [next(f.status for f in j.findings if f.rule == "first_touch") for j in judged] == [Status.KEPT, Status.BREACHED]
