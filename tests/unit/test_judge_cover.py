"""Owners who are not there, and leads that change hands too often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connectors.records import FieldChange
from sync.judge.findings import Finding, Side, Status
from sync.judge.judge import judge_lead
from sync.terms import Terms
from tests.builders import (
    ANN,
    BEN,
    MS,
    a_call,
    judgement,
    mql,
    ny,
    owned_by,
    set_to,
    status,
    the_agreement,
    the_practice_agreement,
    the_roster,
    the_rows,
    the_terms,
    unreachable,
    without_stream,
)

OPENED = ny("2026-09-14 10:00")  # a Monday
AWAY = ny("2026-09-15 10:00")
DUE = ny("2026-09-16 10:00")  # a business day later
NOW = ny("2026-09-25 16:00")
LEAD = [mql(OPENED), owned_by(ANN, OPENED)]
DAY = timedelta(days=1)


def terms_of(*away: tuple[str, datetime, datetime], upto: datetime = NOW, **crm_terms: object) -> Terms:
    return the_terms(upto=upto, roster=the_roster(away=away), **crm_terms)


def covered(changes: Sequence[FieldChange], terms: Terms, *, now: datetime = NOW) -> list[Finding]:
    return [f for f in judge_lead(the_rows(changes), terms, now).findings if f.rule == "covered"]


def one(changes: Sequence[FieldChange], terms: Terms, *, now: datetime = NOW) -> Finding:
    (finding,) = covered(changes, terms, now=now)
    return finding


ANN_AWAY = terms_of((ANN, AWAY, NOW + DAY))


def test_an_owner_who_is_there_covers_the_lead() -> None:
    assert covered(LEAD, terms_of((BEN, AWAY, NOW + DAY))) == []


@pytest.mark.parametrize(("now", "expected"), [(AWAY, Status.RUNNING), (DUE, Status.RUNNING), (DUE + MS, Status.BREACHED)])
def test_a_lead_of_somebody_away_is_uncovered_after_a_business_day(now: datetime, expected: Status) -> None:
    finding = one(LEAD, ANN_AWAY, now=now)
    assert (finding.status, finding.started_at, finding.due_at, finding.owed) == (expected, AWAY, DUE, True)
    assert (finding.side, finding.owner) == (Side.MANAGER, ANN)


@pytest.mark.parametrize(("late", "expected"), [(timedelta(), Status.KEPT), (MS, Status.BREACHED)])
def test_somebody_else_or_the_owner_back_at_the_deadline_keeps_it_and_later_settles_it(late: timedelta, expected: Status) -> None:
    taken_over = one([*LEAD, owned_by(BEN, DUE + late)], ANN_AWAY)
    assert (taken_over.status, taken_over.settled_at, taken_over.owed) == (expected, DUE + late, False)
    back = one(LEAD, terms_of((ANN, AWAY, DUE + late)))
    assert (back.status, back.settled_at) == (expected, DUE + late)


@pytest.mark.parametrize(("late", "expected"), [(timedelta(), Status.EXCUSED), (MS, Status.BREACHED)])
@pytest.mark.parametrize("end", [lambda at: [status("UNQUALIFIED", at)], unreachable], ids=["closed", "an excuse"])
def test_the_end_of_the_passage_and_an_excuse_excuse_it_up_to_the_deadline(end: object, late: timedelta, expected: Status) -> None:
    finding = one([*LEAD, *end(DUE + late)], ANN_AWAY)  # type: ignore[operator]
    assert (finding.status, finding.settled_at) == (expected, None)


def test_an_absence_that_ended_before_the_passage_or_begins_after_it_is_none_of_its_own() -> None:
    assert covered(LEAD, terms_of((ANN, OPENED - DAY, OPENED))) == []
    closed = [*LEAD, status("UNQUALIFIED", AWAY)]
    assert covered(closed, ANN_AWAY) == []
    assert covered([*LEAD, owned_by(BEN, AWAY)], ANN_AWAY) == []


def test_an_absence_to_come_is_no_finding_yet_and_the_lead_is_judged_again_when_it_begins() -> None:
    terms = terms_of((ANN, AWAY, NOW + DAY), upto=AWAY - MS)
    settled = [*LEAD, status("IN_PROGRESS", OPENED)]
    early = judge_lead(the_rows(settled, [a_call(OPENED)]), terms, AWAY - timedelta(hours=1))
    assert [f for f in early.findings if f.rule == "covered"] == []
    assert early.next_at == AWAY


def test_who_is_away_when_they_get_the_lead_leaves_it_uncovered_from_then_on() -> None:
    terms = terms_of((ANN, OPENED - 3 * DAY, NOW + DAY))
    assert one([owned_by(ANN, OPENED - 2 * DAY), mql(OPENED)], terms).started_at == OPENED
    assert one([*LEAD[:1], owned_by(BEN, OPENED), owned_by(ANN, AWAY)], terms).started_at == AWAY


def test_two_absences_of_one_owner_are_two_stretches() -> None:
    terms = terms_of((ANN, AWAY, AWAY + timedelta(hours=2)), (ANN, DUE, NOW + DAY))
    findings = covered(LEAD, terms)
    assert [(f.started_at, f.status) for f in findings] == [(AWAY, Status.KEPT), (DUE, Status.BREACHED)]


@pytest.mark.parametrize(("gap", "starts"), [(timedelta(), [AWAY]), (MS, [AWAY, DUE + MS])])
def test_stretches_without_a_gap_are_one_that_began_with_the_first(gap: timedelta, starts: list[datetime]) -> None:
    terms = terms_of((ANN, AWAY, DUE), (ANN, DUE + gap, NOW + DAY))
    assert [f.started_at for f in covered(LEAD, terms)] == starts


def test_a_lead_passed_on_to_somebody_away_too_stays_uncovered_and_is_told_of_the_first() -> None:
    passed = AWAY + timedelta(hours=3)
    terms = terms_of((ANN, AWAY, NOW), (BEN, OPENED, DUE + 2 * DAY))
    finding = one([*LEAD, owned_by(BEN, passed)], terms)
    assert (finding.started_at, finding.due_at, finding.settled_at, finding.owner) == (AWAY, DUE, DUE + 2 * DAY, ANN)


def test_an_absence_within_a_longer_one_does_not_shorten_it() -> None:
    terms = terms_of((ANN, AWAY, DUE + DAY), (ANN, AWAY + MS, AWAY + 2 * MS))
    assert one(LEAD, terms).settled_at == DUE + DAY


# --- nobody


def test_a_lead_given_up_to_nobody_is_uncovered_and_the_systems() -> None:
    for nobody in (None, "90", "91"):
        finding = one([*LEAD, owned_by(nobody, AWAY)], terms_of())
        assert (finding.status, finding.started_at, finding.side, finding.owner) == (Status.BREACHED, AWAY, Side.SYSTEM, None)


def test_a_lead_given_up_and_taken_again_in_time_was_covered() -> None:
    finding = one([*LEAD, owned_by(None, AWAY), owned_by(ANN, DUE)], terms_of())
    assert (finding.status, finding.settled_at) == (Status.KEPT, DUE)


def test_before_the_first_owner_the_clock_for_assigning_speaks_alone() -> None:
    assert covered([mql(OPENED)], terms_of()) == []
    assert covered([mql(OPENED), owned_by(ANN, AWAY)], terms_of()) == []


def test_without_a_clock_for_assigning_a_lead_that_nobody_owns_is_uncovered_from_the_start() -> None:
    agreement = the_agreement(('kept_by = "assigned"\nwithin  = "15 minutes"\n', 'kept_by = "touch"\nwithin  = "15 minutes"\n'))
    terms = the_terms(upto=NOW, roster=the_roster(), agreement=agreement)
    finding = one([mql(OPENED)], terms)
    assert (finding.started_at, finding.status, finding.side) == (OPENED, Status.BREACHED, Side.SYSTEM)
    taken = one([mql(OPENED), owned_by(ANN, OPENED + DAY)], terms)
    assert (taken.status, taken.settled_at) == (Status.KEPT, OPENED + DAY)
    assert covered([mql(OPENED), owned_by(ANN, OPENED)], terms) == []


# --- owners who left


def left(seen_active: datetime | None, seen_gone: datetime, *, upto: datetime = NOW) -> Terms:
    return terms_of(upto=upto, gone={ANN: (seen_active, seen_gone)})


def test_where_both_ends_agree_the_day_it_was_due_is_told() -> None:
    finding = one(LEAD, left(AWAY, AWAY))
    assert (finding.status, finding.started_at, finding.due_at, finding.owner) == (Status.BREACHED, AWAY, DUE, ANN)


def test_where_the_status_is_the_same_at_both_ends_and_the_day_is_not_the_day_is_not_told() -> None:
    finding = one(LEAD, left(AWAY, AWAY + timedelta(hours=2)))
    assert (finding.status, finding.started_at, finding.due_at) == (Status.BREACHED, None, None)


@pytest.mark.parametrize(("seen_active", "expected"), [(DUE - DAY, Status.UNKNOWN), (DUE, Status.RUNNING)])
def test_where_the_status_differs_between_the_two_ends_it_is_unknown(seen_active: datetime, expected: Status) -> None:
    now = DUE + timedelta(hours=1)
    assert one(LEAD, left(seen_active, now, upto=now), now=now).status is expected


def test_nobody_left_before_they_got_the_lead_as_far_as_the_lead_is_concerned() -> None:
    finding = one(LEAD, left(None, OPENED - DAY))
    assert (finding.started_at, finding.status) == (OPENED, Status.BREACHED)
    assert one(LEAD, left(OPENED - 3 * DAY, OPENED)).started_at == OPENED
    assert one(LEAD, left(None, AWAY)).started_at is None


@pytest.mark.parametrize(("passed_on", "told"), [(AWAY - MS, False), (AWAY + MS, True)])
def test_a_lead_that_had_passed_on_before_we_saw_its_owner_gone_is_not_told(passed_on: datetime, told: bool) -> None:
    assert bool(covered([*LEAD, owned_by(BEN, passed_on)], left(OPENED, AWAY))) is told
    assert bool(covered([*LEAD, status("UNQUALIFIED", passed_on)], left(OPENED, AWAY))) is told


def test_an_agreement_without_cover_says_nothing_of_absent_owners() -> None:
    agreement = replace(the_agreement(), cover=None)
    terms = the_terms(upto=NOW, roster=the_roster(away=[(ANN, AWAY, NOW)]), agreement=agreement)
    assert covered(LEAD, terms) == []


def test_the_days_are_those_of_the_pools_calendar_not_of_the_absent_owners() -> None:
    pool = '[pool.sdr]\ncalendar = "berlin"\n\n[[handoff]]\nname     = "Marketing to SDR"'
    agreement = the_agreement(
        ('within = "1 business day"\nladder', 'within = "3 business hours"\nladder'),
        ('[[handoff]]\nname     = "Marketing to SDR"', pool),
    )
    terms = the_terms(upto=NOW, roster=the_roster(away=[(ANN, AWAY, NOW)]), agreement=agreement)
    assert one(LEAD, terms).due_at == ny("2026-09-16 04:00")  # 16:00 in Berlin, which closes at 18:00 and opens at 9


def test_a_lead_is_not_called_uncovered_while_the_contacts_were_not_read() -> None:
    assert one(LEAD, without_stream(ANN_AWAY, "contacts")).status is Status.UNKNOWN
    assert one(LEAD, without_stream(ANN_AWAY, "calls")).status is Status.BREACHED


# --- changing hands


HOUR = timedelta(hours=1)


def bounces(*owners: str | None, closed: bool = False, agreement: object = None) -> list[Finding]:
    """A lead whose owner changes every hour of its passage."""
    changes = [mql(OPENED), *(owned_by(owner, OPENED + number * HOUR) for number, owner in enumerate(owners))]
    if closed:
        changes.append(status("UNQUALIFIED", OPENED + len(owners) * HOUR))
    terms = the_terms(upto=NOW, agreement=agreement)  # type: ignore[arg-type]
    return [f for f in judgement(changes, now=NOW, terms=terms).findings if f.rule == "bounce_limit"]


@pytest.mark.parametrize("owners", [(), (ANN,), (ANN, BEN), (ANN, ANN, BEN), (ANN, None, ANN, None, ANN)])
def test_a_lead_that_changed_hands_less_often_than_agreed_is_not_told(owners: tuple[str | None, ...]) -> None:
    assert bounces(*owners) == []


@pytest.mark.parametrize(("closed", "expected"), [(False, Status.AT_RISK), (True, Status.KEPT)])
@pytest.mark.parametrize(("owners", "reached"), [((ANN, BEN, ANN), 2), ((ANN, None, BEN, None, ANN), 4), ((ANN, BEN, BEN, ANN), 3)])
def test_at_the_limit_it_is_at_risk_as_long_as_the_passage_is_open(
    owners: tuple[str | None, ...], reached: int, closed: bool, expected: Status
) -> None:
    (finding,) = bounces(*owners, closed=closed)
    assert (finding.status, finding.started_at, finding.due_at) == (expected, OPENED + reached * HOUR, None)
    assert (finding.side, finding.late_by_s) == (Side.MANAGER, None)


@pytest.mark.parametrize("closed", [False, True])
def test_one_change_too_many_is_a_breach_and_was_due_at_it(closed: bool) -> None:
    (finding,) = bounces(ANN, BEN, ANN, "13", BEN, closed=closed)
    assert (finding.status, finding.started_at, finding.due_at) == (Status.BREACHED, OPENED + 2 * HOUR, OPENED + 3 * HOUR)
    assert "4 times; 2 are agreed" in finding.message


def test_owners_before_the_passage_and_who_is_set_as_it_closes_do_not_count() -> None:
    before = [owned_by(BEN, OPENED - 2 * HOUR), owned_by(ANN, OPENED - HOUR), mql(OPENED), owned_by(BEN, OPENED + HOUR)]
    closing = [status("UNQUALIFIED", OPENED + 2 * HOUR), owned_by(ANN, OPENED + 2 * HOUR)]
    assert [f for f in judgement([*before, *closing], now=NOW).findings if f.rule == "bounce_limit"] == []


def test_a_limit_of_nothing_is_no_limit() -> None:
    agreement = the_agreement(("bounce_limit = 2", "bounce_limit = 0"))
    assert bounces(ANN, BEN, ANN, BEN, agreement=agreement) == []


def test_where_only_the_pool_counts_as_owner_others_between_are_nobody() -> None:
    changes = [
        set_to("lifecyclestage", "salesqualifiedlead", OPENED),
        *(owned_by(owner, OPENED + n * HOUR) for n, owner in enumerate(("21", ANN, "22", BEN, "21"))),
    ]
    roster = the_roster(pools={"ae": ["21", "22"], "sdr": [ANN, BEN]})
    terms = the_terms(upto=NOW, agreement=the_practice_agreement(), roster=roster)
    (finding,) = [f for f in judgement(changes, now=NOW, terms=terms).findings if f.rule == "bounce_limit"]
    assert (finding.cycle.handoff, finding.status, finding.started_at) == ("SDR to AE", Status.AT_RISK, OPENED + 4 * HOUR)


@pytest.mark.parametrize("seen_active", [AWAY - timedelta(hours=2), AWAY + timedelta(hours=1)], ids=["before", "after"])
def test_who_was_away_when_they_left_is_one_stretch_whichever_came_first(seen_active: datetime) -> None:
    terms = terms_of((ANN, AWAY, NOW + DAY), gone={ANN: (seen_active, AWAY + timedelta(hours=2))})
    finding = one(LEAD, terms)
    assert (finding.status, finding.started_at) == (Status.BREACHED, None if seen_active < AWAY else AWAY)
    assert finding.key == one(LEAD, ANN_AWAY).key


def test_who_left_before_an_absence_that_was_planned_is_still_the_one_who_left() -> None:
    gone = {ANN: (AWAY - timedelta(hours=2), AWAY - timedelta(hours=1))}
    assert one(LEAD, terms_of((ANN, AWAY, NOW + DAY), gone=gone)).key == one(LEAD, terms_of(gone=gone)).key
