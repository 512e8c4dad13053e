"""What those who look after leadpact hear of the agreement: its reviews and its end, each once, and nothing long after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.agreement.load import agreement_of
from sync.messages import Kind, Message
from sync.notices import agreement_notices, crm_is_back, crm_is_down

EXAMPLE = (Path(__file__).parents[2] / "agreement.example.toml").read_text(encoding="utf-8")
AGREEMENT = agreement_of(EXAMPLE, file="agreement.toml")  # of the year 2026, reviewed every six months


def told(day: str) -> list[tuple[Kind, str]]:
    now = datetime.fromisoformat(f"{day}T15:00+00:00")
    return [(notice.kind, notice.rule) for notice in agreement_notices(AGREEMENT, now)]


@pytest.mark.parametrize("day", ["2026-01-01", "2026-06-30", "2026-07-08", "2026-11-30"])
def test_most_days_there_is_nothing_to_tell(day: str) -> None:
    assert told(day) == []


@pytest.mark.parametrize("day", ["2026-07-01", "2026-07-07"])
def test_a_review_is_told_on_its_day_or_within_a_week(day: str) -> None:
    assert told(day) == [(Kind.REVIEW, "2026-07-01")]


@pytest.mark.parametrize(
    ("day", "days"), [("2026-12-01", 30), ("2026-12-16", 30), ("2026-12-17", 14), ("2026-12-24", 7), ("2026-12-30", 1), ("2026-12-31", 1)]
)
def test_of_several_warnings_of_the_end_the_last_is_told(day: str, days: int) -> None:
    assert told(day) == [(Kind.EXPIRES, f"2026-12-31, within {days} days")]


def test_nothing_is_told_of_an_agreement_that_has_ended() -> None:
    assert told("2027-01-01") in ([], [(Kind.REVIEW, "2027-01-01")])


def test_each_outage_is_a_message_of_its_own_at_both_ends() -> None:
    since = datetime(2026, 11, 20, 9, tzinfo=UTC)
    notices: list[Message] = [crm_is_down("hubspot", since), crm_is_back("hubspot", since, since + timedelta(hours=6))]
    notices.append(crm_is_down("hubspot", since + timedelta(days=1)))
    assert len({notice.key for notice in notices}) == 3
