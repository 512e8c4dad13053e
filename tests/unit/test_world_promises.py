"""What the practice company promised is what the example agreement says."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.world import promises
from sandbox.world.promises import CALENDARS, PROMISES

RULES = {"assigned": "speed_to_assign", "touched": "first_touch", "decided": "accept_or_reject"}


@pytest.fixture(scope="module")
def agreement() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parents[2] / "agreement.example.toml").read_text())


def span(text: str) -> timedelta:
    number, *_, unit = text.split(" ")
    return timedelta(**{unit: int(number)})


@pytest.mark.parametrize("promise", RULES)
def test_each_promise_is_measured_as_the_example_agreement_says(agreement: dict[str, Any], promise: Any) -> None:
    terms = PROMISES[promise]
    clock = next(clock for clock in agreement["clock"] if clock["name"] == RULES[promise])

    assert span(clock["within"]) == terms.within
    assert ("business" in clock["within"]) == terms.business
    assert clock.get("calendar") == terms.calendar
    assert clock.get("owed_by", "owner") == terms.owed_by
    assert clock["warn_at"] == [f"{share:.0%}" for share in terms.warn_at]


def test_the_calendars_are_those_of_the_example_agreement(agreement: dict[str, Any]) -> None:
    ours = {
        name: {
            "hours": f"Mo-Fr {hours.opens:%H:%M}-{hours.closes:%H:%M}; PH off",
            "timezone": hours.zone,
            "holidays": f"{hours.country}-{hours.region}" if hours.region else hours.country,
        }
        for name, hours in CALENDARS.items()
    }

    assert agreement["calendar"] == ours


def test_what_counts_as_a_touch_is_measured_as_the_example_agreement_says(agreement: dict[str, Any]) -> None:
    touches = agreement["touches"]

    assert span(touches["late_logging"]) == promises.LATE_LOGGING
    assert span(touches["shortest_call"]) == promises.SHORTEST_CALL
    assert touches["bulk"] == {"alike": promises.BULK_ALIKE, "within": f"{promises.BULK_WITHIN.seconds // 60} minutes"}
    assert touches["trusted"] == []


def test_stages_forms_and_outcomes_are_those_of_the_example_agreement(agreement: dict[str, Any]) -> None:
    stages = {stage["name"]: stage for stage in agreement["stage"]}

    assert agreement["handoff"][0]["opens_on"] == ["stage MQL", "hand-raise: " + ", ".join(promises.HAND_RAISES)]
    assert stages["MQL"]["hubspot"]["contact"] == f"lifecyclestage = '{promises.HANDOFF_STAGE}'"
    assert stages["MQL"]["required"] == list(promises.REQUIRED_FIELDS)
    assert stages["SAL"]["hubspot"]["contact"] == f"hs_lead_status = '{promises.ACCEPTED_STATUS}'"
    assert agreement["reject"]["hubspot"]["contact"] == f"hs_lead_status = '{promises.REJECTED_STATUS}'"
    assert agreement["disqualify"]["hubspot"]["contact"] == f"hs_lead_status = '{promises.DISQUALIFIED_STATUS}'"
    assert agreement["recycle"]["hubspot"]["contact"] == f"hs_lead_status = '{promises.RECYCLED_STATUS}'"


def test_exclusion_and_excuse_are_those_of_the_example_agreement(agreement: dict[str, Any]) -> None:
    fields = agreement["fields"]

    assert agreement["define"]["competitor"]["is"] == f"industry = '{promises.COMPETITOR_INDUSTRY}'"
    assert fields["industry"]["hubspot"] == "company.industry"
    assert [fields["no_email"]["hubspot"], fields["no_call"]["hubspot"]] == list(promises.OPT_OUTS)
