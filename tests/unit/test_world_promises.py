"""What the practice company promised is what its agreement says."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.world import promises
from sandbox.world.promises import CALENDARS, PROMISES, PromiseName
from sync.cli.practice import RULES

EXAMPLES = Path(__file__).parents[2] / "src" / "sync" / "examples"
CLOCKS: list[PromiseName] = ["assigned", "touched", "decided", "settled", "answered", "nurtured", "taken over"]


@pytest.fixture(scope="module")
def agreement() -> dict[str, Any]:
    return tomllib.loads((EXAMPLES / "practice.agreement.toml").read_text())


def span(text: str) -> timedelta:
    number, *_, unit = text.split(" ")
    return timedelta(**{unit if unit.endswith("s") else f"{unit}s": int(number)})


def measure(text: str) -> dict[str, Any]:
    if "business day" in text:
        return {"within": timedelta(0), "days": span(text).days, "business": False}
    return {"within": span(text), "days": 0, "business": "business" in text}


def named(tables: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(table for table in tables if table["name"] == name)


@pytest.mark.parametrize("promise", CLOCKS)
def test_each_clock_is_measured_as_the_agreement_says(agreement: dict[str, Any], promise: PromiseName) -> None:
    terms, clock = PROMISES[promise], named(agreement["clock"], RULES[promise])

    assert measure(clock["within"]) == {"within": terms.within, "days": terms.days, "business": terms.business}
    assert clock.get("calendar") == terms.calendar
    assert clock.get("owed_by", "owner") == terms.owed_by
    assert clock.get("warn_at", []) == [f"{share:.0%}" for share in terms.warn_at]


def test_what_is_promised_without_a_clock_is_measured_as_the_agreement_says(agreement: dict[str, Any]) -> None:
    handoff, recycle = agreement["handoff"][0], agreement["recycle"]

    assert span(handoff["hand_over_within"]) == PROMISES["offered"].within
    assert span(named(agreement["stage"], "SAL")["stale_after"]).days == PROMISES["alive"].days
    assert span(recycle["within"]).days == PROMISES["given back"].days
    assert span(agreement["cover"]["within"]).days == PROMISES["covered"].days
    assert span(recycle["cool_off"]).days == promises.COOL_OFF_DAYS
    assert recycle["bounce_limit"] == promises.BOUNCE_LIMIT
    assert list(recycle["reasons"]) == list(promises.RECYCLE_REASONS)
    assert agreement["reject"]["reasons"] == list(promises.REJECT_REASONS)
    assert agreement["timezone"] == promises.AGREEMENT_ZONE


def test_the_effort_and_the_levels_are_those_of_the_agreement(agreement: dict[str, Any]) -> None:
    effort, paid, enterprise = agreement["cadence"][0], *agreement["level"]

    assert (effort["attempts"], effort["channels"]) == (promises.EFFORT.attempts, dict(promises.EFFORT.channels))
    assert (span(effort["within"]).days, span(effort["gap"]["at_most"]).days) == (promises.EFFORT.days, promises.EFFORT.at_most_days)
    assert span(effort["gap"]["at_least"]) == promises.EFFORT.at_least
    assert (paid["source"], span(paid["clock"]["accept_or_reject"]["within"])) == (
        promises.PAID_SEARCH,
        promises.PAID_SEARCH_DECIDED_WITHIN,
    )
    assert enterprise["segment"] == f"employees > {promises.ENTERPRISE_OVER}"
    assert span(enterprise["clock"]["first_touch"]["within"]) == promises.ENTERPRISE_TOUCHED_WITHIN
    assert enterprise["cadence"]["work_the_lead"]["attempts"] == promises.ENTERPRISE_ATTEMPTS


def test_who_qualifies_is_what_the_agreement_says(agreement: dict[str, Any]) -> None:
    define, least, most = agreement["define"], promises.LEAST_EMPLOYEES, promises.MOST_EMPLOYEES
    industries = ", ".join(f"'{name}'" for name in promises.FITTING_INDUSTRIES)

    assert define["icp"]["is"] == f"employees BETWEEN {least} AND {most} AND industry IN ({industries})"
    assert define["buyer"]["is"] == " OR ".join(f"title LIKE '%{word}%'" for word in promises.BUYERS)
    assert named(agreement["stage"], "MQL")["criteria"] == f"icp AND buyer AND score >= {promises.LEAST_SCORE}"


def differences(example: Any, practice: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(example, list) and example and isinstance(example[0], dict) and "name" in example[0]:
        example, practice = ({row["name"]: row for row in rows} for rows in (example, practice))
    if not isinstance(example, dict) or not isinstance(practice, dict):
        if example != practice:
            yield path, "otherwise"
        return
    for key in example.keys() | practice.keys():
        where = f"{path}.{key}".lstrip(".")
        if key not in practice:
            yield where, "missing"
        elif key not in example:
            yield where, "more"
        else:
            yield from differences(example[key], practice[key], where)


def test_the_practice_agreement_states_all_that_the_example_states(agreement: dict[str, Any]) -> None:
    example = tomllib.loads((EXAMPLES / "agreement.example.toml").read_text())
    found = set(differences(example, agreement))

    assert {path for path, how in found if how == "missing"} == set()
    assert {path for path, how in found if how == "otherwise"} == {"handoff.Marketing to SDR.opens_on"}
    assert {path for path, how in found if how == "more"} == {
        "fields.reject_reason",
        "fields.recycle_reason",
        "level",
        "reject.reason",
        "recycle.reason",
        "handoff.SDR to AE",
        *(f"handoff.Marketing to SDR.{key}" for key in ("kept_until_handoff", "if_premature", "if_missed")),
        "clock.ae_takes_over",
        *(f"clock.{RULES[clock]}.handoff" for clock in ("assigned", "touched", "decided", "answered", "nurtured")),
    }


def test_the_calendars_are_those_of_the_agreement(agreement: dict[str, Any]) -> None:
    ours = {
        name: {
            "hours": f"Mo-Fr {hours.opens:%H:%M}-{hours.closes:%H:%M}; PH off",
            "timezone": hours.zone,
            "holidays": f"{hours.country}-{hours.region}" if hours.region else hours.country,
        }
        for name, hours in CALENDARS.items()
    }

    assert agreement["calendar"] == ours


def test_what_counts_as_a_touch_is_measured_as_the_agreement_says(agreement: dict[str, Any]) -> None:
    touches = agreement["touches"]

    assert span(touches["late_logging"]) == promises.LATE_LOGGING
    assert span(touches["shortest_call"]) == promises.SHORTEST_CALL
    assert touches["bulk"] == {"alike": promises.BULK_ALIKE, "within": f"{promises.BULK_WITHIN.seconds // 60} minutes"}
    assert touches["trusted"] == []


def test_stages_forms_and_outcomes_are_those_of_the_agreement(agreement: dict[str, Any]) -> None:
    stages = {stage["name"]: stage for stage in agreement["stage"]}

    assert agreement["handoff"][0]["opens_on"] == [
        "stage MQL",
        "hand-raise: " + ", ".join(promises.HAND_RAISES),
        f"score: score >= {promises.CROSSING_SCORE} AND icp",
    ]
    assert agreement["handoff"][1]["opens_on"] == "stage SQL"
    assert stages["SQL"]["hubspot"]["contact"] == f"lifecyclestage = '{promises.QUALIFIED_STAGE}'"
    assert stages["MQL"]["hubspot"]["contact"] == f"lifecyclestage = '{promises.HANDOFF_STAGE}'"
    assert stages["MQL"]["required"] == list(promises.REQUIRED_FIELDS)
    assert stages["SAL"]["hubspot"]["contact"] == f"hs_lead_status = '{promises.ACCEPTED_STATUS}'"
    assert agreement["reject"]["hubspot"]["contact"] == f"hs_lead_status = '{promises.REJECTED_STATUS}'"
    assert agreement["disqualify"]["hubspot"]["contact"] == f"hs_lead_status = '{promises.DISQUALIFIED_STATUS}'"
    assert agreement["recycle"]["hubspot"]["contact"] == f"hs_lead_status = '{promises.RECYCLED_STATUS}'"


def test_exclusion_and_excuse_are_those_of_the_agreement(agreement: dict[str, Any]) -> None:
    fields = agreement["fields"]

    assert agreement["define"]["competitor"]["is"] == f"industry = '{promises.COMPETITOR_INDUSTRY}'"
    assert fields["industry"]["hubspot"] == "company.industry"
    assert [fields["no_email"]["hubspot"], fields["no_call"]["hubspot"]] == list(promises.OPT_OUTS)
