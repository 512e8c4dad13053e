"""Judging and planning ask for one timeline: it is derived once, and judged as one that is derived anew."""

from __future__ import annotations

from sync.derived import Derived
from sync.judge.judge import judge_lead
from sync.timeline import build_timeline
from tests.builders import ANN, BEN, a_call, mql, ny, owned_by, the_agreement, the_rows, the_terms

HANDOFF, NOW = ny("2026-11-18 10:00"), ny("2026-11-18 16:00")
CALLED = the_rows([mql(HANDOFF), owned_by(ANN, HANDOFF)], [a_call(ny("2026-11-18 11:00"))])
WAITING = the_rows([mql(HANDOFF), owned_by(BEN, HANDOFF)])
STRICTER = the_agreement(('"2 business hours"', '"1 business hours"'))


def test_a_timeline_is_derived_once_for_a_lead_and_a_version_and_anew_for_another() -> None:
    derive, terms = Derived(), the_terms(upto=NOW)
    agreement = terms.agreement_at(NOW)

    first = derive(CALLED, agreement, terms, now=NOW)

    assert derive(CALLED, agreement, terms, now=NOW) is first
    assert derive(CALLED, STRICTER, terms, now=NOW) is not first
    assert derive(CALLED, agreement, terms, now=NOW) is first
    assert derive(WAITING, agreement, terms, now=NOW).facts == build_timeline(WAITING, agreement, terms, now=NOW).facts
    assert derive(CALLED, agreement, terms, now=NOW) is not first


def test_leads_are_judged_by_kept_timelines_as_by_new_ones() -> None:
    derive, terms = Derived(), the_terms(upto=NOW)

    for rows in (CALLED, CALLED, WAITING, CALLED):
        derive(rows, terms.agreement_at(NOW), terms, now=NOW)
        assert judge_lead(rows, terms, NOW, derive=derive) == judge_lead(rows, terms, NOW)
