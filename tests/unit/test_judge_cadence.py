"""How often, in which rhythm and by which channels a lead was worked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connectors.records import Activity, ActivityKind, ActivityStatus, FieldChange
from sync.judge.findings import Finding, Side, Status
from sync.terms import Terms
from tests.builders import (
    ANN,
    BEN,
    MS,
    a_call,
    a_mail,
    a_meeting,
    a_reply,
    an_activity,
    found,
    judged,
    mql,
    ny,
    owned_by,
    set_to,
    status,
    the_agreement,
    the_terms,
    unreachable,
    without_stream,
)

START = ny("2026-09-14 10:00")  # a Monday
WHOLE = ny("2026-09-28 10:00")  # 10 business days later
FIRST = ny("2026-09-17 10:00")  # 3 business days later
NOW = ny("2026-10-09 16:00")
WORKED = [mql(START - timedelta(hours=1)), owned_by(ANN, START - timedelta(hours=1)), status("IN_PROGRESS", START)]
HOUR = timedelta(hours=1)

THE_CADENCE = """attempts = 6
within   = "10 business days"
gap      = { at_least = "4 business hours", at_most = "3 business days" }
channels = { call = 3, email = 2 }
then     = "recycle: no response"
"""


def cadence_of(words: str, *, now: datetime = NOW) -> Terms:
    """The example agreement with another cadence."""
    return the_terms(upto=now, agreement=the_agreement((THE_CADENCE, words + "\n")))


PAIR = cadence_of('attempts = 2\nwithin = "2 business days"\ngap = { at_least = "1 business hour" }')


def work(
    activities: Sequence[Activity] = (), *, more: Sequence[FieldChange] = (), now: datetime = NOW, terms: Terms | None = None
) -> Finding:
    return judged([*WORKED, *more], activities, now=now, rule="work_the_lead", terms=terms)


def calls(*moments: datetime) -> list[Activity]:
    return [a_call(at, id=str(number)) for number, at in enumerate(moments)]


def refused(finding: Finding) -> list[tuple[str, str]]:
    """Return (id, why) of what did not count."""
    return [(e.source.rsplit("/", 1)[1], e.what.partition(": ")[2]) for e in finding.evidence if not e.counted]


def counted(finding: Finding) -> list[str]:
    activities = ("hubspot/call/", "hubspot/email/", "hubspot/meeting/", "hubspot/message/")
    made = (e for e in finding.evidence if e.source.startswith(activities) and not e.what.startswith("meeting booked"))
    return [e.source.rsplit("/", 1)[1] for e in made if e.counted]


def days(*at: str) -> list[datetime]:
    """Read days and times of September 2026: `15 09:00`."""
    return [ny(f"2026-09-{text}") for text in at]


ROUND = days("14 11:00", "15 11:00", "16 11:00", "17 11:00", "18 11:00", "21 11:00")


def a_round(kinds: str = "cmcmcc", at: Sequence[datetime] = ROUND) -> list[Activity]:
    """Six attempts on six days: c a call, m a mail, s a message, x a meeting that was held."""
    made = {
        "c": lambda when, id: a_call(when, id=id),
        "m": lambda when, id: a_mail(when, id=id),
        "s": lambda when, id: an_activity(ActivityKind.MESSAGE, when, id=id, outcome=ActivityStatus.SENT),
        "x": lambda when, id: a_meeting(when, booked=when - timedelta(minutes=1), outcome=ActivityStatus.HELD, id=id),
    }
    return [made[kind](when, str(number)) for number, (kind, when) in enumerate(zip(kinds, at, strict=True))]


def test_a_cadence_runs_from_the_first_entry_into_its_stage_and_owes_the_next_attempt() -> None:
    again = [status("NEW", START + HOUR), status("IN_PROGRESS", START + 5 * HOUR)]
    finding = work(more=again, now=START + 6 * HOUR)
    assert (finding.status, finding.started_at, finding.due_at) == (Status.RUNNING, START, FIRST)
    assert (finding.side, finding.owner, finding.kind) == (Side.OWNER, ANN, "cadence")


@pytest.mark.parametrize(
    "changes",
    [
        [mql(START)],
        [mql(START), set_to("lifecyclestage", "opportunity", START + HOUR)],
        [status("IN_PROGRESS", START - HOUR), mql(START)],
        [status("IN_PROGRESS", START)],
    ],
    ids=["never entered", "passed over", "stood before", "no passage"],
)
def test_a_stage_that_was_not_entered_in_the_passage_starts_no_cadence(changes: list[FieldChange]) -> None:
    assert found([*changes, owned_by(ANN, START)], now=NOW, rule="work_the_lead") == []


def test_six_attempts_as_agreed_keep_it_and_it_was_due_at_the_end_of_its_time() -> None:
    finding = work(a_round())
    assert (finding.status, finding.due_at, finding.settled_at) == (Status.KEPT, WHOLE, ROUND[-1])
    assert (counted(finding), refused(finding)) == (list("012345"), [])


def test_five_of_six_are_not_enough() -> None:
    finding = work(a_round()[:5])
    assert (finding.status, finding.settled_at) == (Status.BREACHED, None)


@pytest.mark.parametrize(("late", "expected"), [(timedelta(), Status.KEPT), (MS, Status.BREACHED)])
def test_the_last_attempt_may_come_at_the_end_of_the_time_and_no_later(late: timedelta, expected: Status) -> None:
    end = ny("2026-09-16 10:00")
    finding = work(calls(START, end + late), terms=PAIR)
    assert (finding.status, finding.due_at, finding.settled_at) == (expected, end, end + late)


@pytest.mark.parametrize(("late", "expected"), [(timedelta(), Status.KEPT), (MS, Status.BREACHED)])
def test_each_attempt_may_come_at_most_so_long_after_the_one_before(late: timedelta, expected: Status) -> None:
    terms = cadence_of('attempts = 2\nwithin = "10 business days"\ngap = { at_most = "1 business day" }')
    first = work(calls(START + HOUR, ny("2026-09-15 11:00") + late), terms=terms)
    assert first.status is expected
    assert first.due_at == (WHOLE if expected is Status.KEPT else ny("2026-09-15 11:00"))
    begun = work(calls(ny("2026-09-15 10:00") + late, ny("2026-09-16 09:30")), terms=terms)
    assert begun.status is expected


@pytest.mark.parametrize(
    ("second", "expected"),
    [(START + HOUR - MS, [("1", "too soon after the last")]), (START + HOUR, [])],
    ids=["a millisecond too soon", "exactly so long after"],
)
def test_an_attempt_exactly_the_gap_after_the_last_counts(second: datetime, expected: list[tuple[str, str]]) -> None:
    finding = work(calls(START, second), terms=PAIR)
    assert refused(finding) == expected
    assert (finding.status is Status.KEPT) == (expected == [])


def test_the_gap_is_open_time_of_the_calendar() -> None:
    evening, morning = ny("2026-09-14 17:00"), ny("2026-09-15 09:30")  # the office closes at 17:30 and opens at 9
    assert refused(work(calls(evening, morning), terms=PAIR)) == []
    assert refused(work(calls(evening, morning - MS), terms=PAIR)) == [("1", "too soon after the last")]


def test_what_came_too_soon_moves_no_gap() -> None:
    finding = work(calls(START, START + HOUR - MS, START + HOUR), terms=PAIR)
    assert (finding.status, counted(finding), refused(finding)) == (Status.KEPT, ["0", "2"], [("1", "too soon after the last")])


def test_an_attempt_before_the_stage_was_entered_is_none_of_the_cadence() -> None:
    before = calls(START - MS, START)
    assert counted(work(before, terms=PAIR)) == ["1"]


@pytest.mark.parametrize(
    ("kinds", "wrong"),
    [
        ("cmcmcc", []),  # 3 calls, 2 mails, the free place a call
        ("cmcmcm", []),
        ("cmcmcs", []),  # a channel without a share takes the free place
        ("scmcmc", []),
        ("cmcmcx", []),
        ("mmmcmc", ["4"]),  # the third mail takes the free place, the fourth finds none
        ("ccccmc", ["5"]),
        ("scscmm", ["2"]),
        ("mmmmmm", ["3", "4", "5"]),
    ],
)
def test_a_channel_beyond_its_share_takes_a_free_place_or_does_not_count(kinds: str, wrong: list[str]) -> None:
    finding = work(a_round(kinds))
    assert refused(finding) == [(number, "wrong channel") for number in wrong]
    assert finding.status is (Status.BREACHED if wrong else Status.KEPT)


def test_an_attempt_by_a_wrong_channel_moves_no_gap() -> None:
    terms = cadence_of('attempts = 2\nwithin = "2 business days"\ngap = { at_least = "1 business hour" }\nchannels = { call = 2 }')
    finding = work([a_mail(START + HOUR / 2, id="7"), *calls(START, START + HOUR)], terms=terms)
    assert (finding.status, refused(finding)) == (Status.KEPT, [("7", "too soon after the last")])
    finding = work([a_mail(START + HOUR, id="7"), *calls(START, START + HOUR + MS)], terms=terms)
    assert (finding.status, refused(finding)) == (Status.KEPT, [("7", "wrong channel")])


@pytest.mark.parametrize(
    ("activity", "counts"),
    [
        (replace(a_mail(START + HOUR), sequence="77"), True),
        (a_meeting(START + HOUR, booked=START, outcome=ActivityStatus.NO_SHOW), True),
        (a_call(START + HOUR, owner=BEN), False),
        (a_call(START + HOUR, ActivityStatus.FAILED), False),
        (replace(a_mail(START + HOUR), marketing=True), False),
    ],
    ids=["a sequence mail", "a no-show", "a colleague's call", "a failed call", "marketing"],
)
def test_an_attempt_is_a_touch_that_counts_by_the_owner(activity: Activity, counts: bool) -> None:
    assert (counted(work([activity])) == ["900"]) is counts


def test_a_cadence_is_broken_at_the_first_deadline_missed_and_settled_once_all_were_made_after_all() -> None:
    second = ny("2026-09-17 11:00")  # 3 business days after the first
    assert work(calls(ROUND[0]), now=second).status is Status.RUNNING
    broken = work(calls(ROUND[0]), now=second + MS)
    assert (broken.status, broken.due_at, broken.settled_at) == (Status.BREACHED, second, None)
    late = a_round(at=[ROUND[0], *days("21 11:00", "22 11:00", "23 11:00", "24 11:00", "25 11:00")])
    finding = work(late)
    assert (finding.status, finding.due_at, finding.settled_at) == (Status.BREACHED, second, ny("2026-09-25 11:00"))
    assert finding.late_by_s == 8 * 24 * 3600


def test_the_first_attempt_is_owed_as_soon_after_the_start_as_the_next_after_the_one_before() -> None:
    assert work(now=FIRST).status is Status.RUNNING
    assert work(now=FIRST + MS).status is Status.BREACHED


ENDS = {
    "a reply": (lambda _: [], lambda at: [a_reply(at, id="77")], "the lead replied"),
    "a later stage": (lambda at: [set_to("lifecyclestage", "salesqualifiedlead", at)], lambda _: [], "reached SQL"),
    "an excuse": (unreachable, lambda _: [], "There is no lawful way to reach this person."),
    "the end of the passage": (lambda at: [status("UNQUALIFIED", at)], lambda _: [], "rejected"),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(("late", "expected"), [(timedelta(), Status.EXCUSED), (MS, Status.BREACHED)])
def test_what_ends_a_cadence_excuses_it_up_to_its_deadline(end: str, late: timedelta, expected: Status) -> None:
    changes, activities, why = ENDS[end]
    finding = work(activities(FIRST + late), more=changes(FIRST + late))
    assert finding.status is expected
    assert finding.due_at == (WHOLE if expected is Status.EXCUSED else FIRST)
    assert (why in finding.message) == (expected is Status.EXCUSED)


def test_an_attempt_at_the_very_moment_of_a_reply_still_counts_and_one_after_it_does_not() -> None:
    replied = START + HOUR
    assert work([*calls(START, replied), a_reply(replied, id="77")], terms=PAIR).status is Status.KEPT
    assert work([*calls(START, replied + MS), a_reply(replied, id="77")], terms=PAIR).status is Status.EXCUSED


def test_a_reply_before_the_cadence_began_does_not_end_it() -> None:
    assert work([a_reply(START - MS, id="77")], now=FIRST).status is Status.RUNNING


def test_a_machine_answering_for_the_person_ends_nothing() -> None:
    assert work([replace(a_reply(START + HOUR), auto_reply=True)], now=FIRST).status is Status.RUNNING


def test_a_booked_meeting_suspends_the_deadlines_until_its_end() -> None:
    meeting = a_meeting(ny("2026-09-16 09:30"), booked=START, outcome=ActivityStatus.BOOKED)  # to 10:00 on Wednesday
    finding = work([meeting], now=FIRST + HOUR)
    assert (finding.status, finding.due_at) == (Status.RUNNING, ny("2026-09-21 10:00"))
    assert finding.elapsed is not None
    assert finding.elapsed.suspended_s == 2 * 24 * 3600


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ([owned_by(ANN, FIRST)], Side.OWNER),
        ([owned_by(ANN, FIRST + MS)], Side.SYSTEM),
        ([owned_by(ANN, START - HOUR), owned_by(None, START)], Side.SYSTEM),
        ([owned_by(ANN, START - HOUR), owned_by(None, START + MS)], Side.OWNER),
        ([], Side.SYSTEM),
    ],
    ids=["at the deadline", "after the deadline", "up to the start", "a moment after the start", "never"],
)
def test_a_broken_cadence_is_the_owners_if_anybody_owned_the_lead_in_its_time(owner: list[FieldChange], expected: Side) -> None:
    changes = [mql(START - HOUR), status("IN_PROGRESS", START), *owner]
    finding = judged(changes, now=FIRST + HOUR, rule="work_the_lead")
    assert (finding.status, finding.side) == (Status.BREACHED, expected)


def test_a_running_cadence_of_nobody_is_the_systems() -> None:
    changes = [mql(START - HOUR), status("IN_PROGRESS", START)]
    assert judged(changes, now=START + HOUR, rule="work_the_lead").side is Side.SYSTEM


@pytest.mark.parametrize("stream", ["calls", "emails", "meetings", "communications", "deals", "contacts"])
def test_a_cadence_is_not_called_broken_while_a_stream_was_not_read(stream: str) -> None:
    finding = work(now=FIRST + HOUR, terms=without_stream(the_terms(upto=NOW), stream))
    assert (finding.status, finding.side) == (Status.UNKNOWN, Side.NONE)


def test_a_cadence_counts_in_its_own_calendar_where_it_names_one() -> None:
    words = 'attempts = 1\nwithin = "1 business hour"\ncalendar = "berlin"'
    finding = work(terms=cadence_of(words), now=NOW)  # 10:00 in New York is 16:00 in Berlin, which closes at 18:00
    assert finding.due_at == ny("2026-09-14 11:00")
    evening = [mql(START), owned_by(ANN, START), status("IN_PROGRESS", START + 2 * HOUR)]  # 18:00 in Berlin
    late = judged(evening, now=NOW, rule="work_the_lead", terms=cadence_of(words))
    assert late.due_at == ny("2026-09-15 04:00")


def test_the_next_attempt_of_a_second_passage_is_counted_anew() -> None:
    again = ny("2026-09-21 12:00")
    reopened = set_to("lifecyclestage", "lead", ny("2026-09-21 10:30")), set_to("lifecyclestage", "marketingqualifiedlead", again)
    worked = status("NEW", ny("2026-09-21 10:30")), status("IN_PROGRESS", again)
    findings = found([*WORKED, *reopened, *worked], calls(START, START + HOUR), now=again + HOUR, rule="work_the_lead", terms=PAIR)
    assert [(f.cycle.number, f.status, len(counted(f))) for f in findings] == [(1, Status.KEPT, 2), (2, Status.RUNNING, 0)]
