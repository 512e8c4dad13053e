"""What a finding shows of the fact that started its promise."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sync.agreement.compiling import calendar_span
from tests.builders import ANN, a_reply, found, mql, ny, owned_by, status, the_practice_agreement, the_terms

HANDOFF = ny("2026-11-02 10:00")
ACCEPTED = HANDOFF + timedelta(hours=1)
REPLIED = HANDOFF + timedelta(hours=2)
NOW = ny("2026-11-20 16:00")
CHANGES = [mql(HANDOFF), owned_by(ANN, HANDOFF), status("IN_PROGRESS", ACCEPTED)]


@pytest.mark.parametrize(
    ("rule", "what", "source"),
    [
        ("decide", "entered SAL", "#hs_lead_status"),
        ("work_the_lead", "entered SAL", "#hs_lead_status"),
        ("answer_reply", "the lead replied", "hubspot/email/"),
        ("recycle_due", "due to go back: stale", ""),
    ],
)
def test_a_finding_shows_the_fact_that_started_its_promise_and_where_it_stands(rule: str, what: str, source: str) -> None:
    terms = the_terms(upto=NOW, agreement=the_practice_agreement())
    for finding in found(CHANGES, [a_reply(REPLIED)], now=NOW, rule=rule, terms=terms):
        began = [one for one in finding.evidence if one.at == finding.started_at and one.what.startswith(what)]
        assert began and source in began[0].source
        break
    else:
        pytest.fail(f"{rule} was not judged")


def test_evidence_stands_in_the_order_in_which_it_happened() -> None:
    terms = the_terms(upto=NOW, agreement=the_practice_agreement())
    for rule in ("decide", "answer_reply", "stale SAL"):
        for finding in found(CHANGES, [a_reply(REPLIED)], now=NOW, rule=rule, terms=terms):
            moments = [one.at for one in finding.evidence if one.at is not None]
            assert moments == sorted(moments)


@pytest.mark.parametrize(("ends", "last"), [(None, date(2033, 12, 31)), (date(2022, 6, 30), date(2027, 12, 31))])
def test_an_agreement_without_an_end_has_calendars_for_twelve_years(ends: date | None, last: date) -> None:
    assert calendar_span(date(2021, 1, 1), ends) == (date(2011, 1, 1), last)
