from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.agreement.load import load_agreement
from sync.agreement.model import Agreement
from sync.caps import Caps
from sync.problems import Problem, Problems
from sync.roster import Roster
from sync.roster_load import load_roster

ROOT = Path(__file__).parents[2]
Load = Callable[[str], Roster]


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    return load_agreement(ROOT / "agreement.example.toml")


@pytest.fixture
def load(tmp_path: Path, agreement: Agreement) -> Load:
    def load_text(text: str) -> Roster:
        path = tmp_path / "roster.toml"
        path.write_text(text)
        return load_roster(path, agreement=agreement)

    return load_text


def problems_of(load: Load, text: str) -> dict[str, Problem]:
    with pytest.raises(Problems) as caught:
        load(text)
    return {problem.where: problem for problem in caught.value.problems}


def test_the_example_roster_fits_the_example_agreement(agreement: Agreement) -> None:
    roster = load_roster(ROOT / "roster.example.toml", agreement=agreement)

    assert {handoff.pool for handoff in agreement.handoffs} <= set(roster.pools)
    assert roster.calendar_of("hubspot", "1002", agreement) is agreement.calendars["berlin"]


def test_an_empty_roster_knows_nobody_and_gives_everybody_the_default_hours(load: Load, agreement: Agreement) -> None:
    roster = load("")

    assert roster == Roster()
    assert roster.person_of("hubspot", "1") is None
    assert roster.team_of("hubspot", "1") is None
    assert not roster.is_placeholder("hubspot", "1")
    assert roster.members("sdr") == ()
    assert roster.calendar_of("hubspot", "1", agreement) is agreement.calendars["default"]


def test_an_owner_is_found_by_the_id_of_each_crm(load: Load) -> None:
    roster = load('person = [{ name = "Ana", hubspot = 77, salesforce = "005x", team = "SDR" }]')

    assert roster.person_of("hubspot", "77") is roster.people["Ana"]
    assert roster.team_of("salesforce", "005x") == "SDR"
    assert roster.person_of("salesforce", "77") is None


def test_own_hours_are_laid_over_the_named_calendar(load: Load, agreement: Agreement) -> None:
    roster = load('person = [{ name = "Ana", hubspot = "1", calendar = "berlin", hours = "Mo-We 09:00-12:00; PH off" }]')

    own = roster.calendar_of("hubspot", "1", agreement)

    assert own is roster.people["Ana"].hours
    assert own is not agreement.calendars["berlin"]


def test_an_absence_covers_both_of_its_days_in_the_persons_zone(load: Load) -> None:
    roster = load('person = [{ name = "Jo", calendar = "berlin", absences = [{ from = 2026-12-21, to = 2026-12-22 }] }]')

    moments = [(20, 22, 59), (20, 23, 0), (22, 22, 59), (22, 23, 0)]
    away = [roster.absent("Jo", datetime(2026, 12, day, hour, minute, tzinfo=UTC)) for day, hour, minute in moments]

    assert away == [False, True, True, False]
    assert not roster.absent("nobody", datetime(2026, 12, 21, tzinfo=UTC))


def test_placeholders_and_shared_mailboxes_are_known(load: Load) -> None:
    roster = load('shared_mailboxes = ["Info@Example.com"]\n[placeholders]\nhubspot = [99, "98"]')

    assert roster.is_placeholder("hubspot", "99")
    assert not roster.is_placeholder("salesforce", "99")
    assert roster.shared_mailboxes == {"info@example.com"}


def test_members_keep_their_order_and_weigh_one_unless_said(load: Load) -> None:
    roster = load('person = [{ name = "A" }, { name = "B" }]\npool = [{ name = "sdr", members = ["B", { person = "A", weight = 0.5 }] }]')

    assert [(member.person, member.weight) for member in roster.members("sdr")] == [("B", 1.0), ("A", 0.5)]


TWO_OF_A_POOL = """
[[person]]
name = "Ana"
[[person]]
name = "Jo"
[[pool]]
name = "sdr"
at_most = { owned = 40, day = 12 }
members = [{ person = "Ana", territory = "country IN ('DE', 'AT')", at_most = { day = 5 } }, "Jo"]
"""


def test_a_member_has_a_territory_and_the_caps_of_the_pool_but_for_their_own(load: Load) -> None:
    ana, jo = load(TWO_OF_A_POOL).members("sdr")
    assert ana.territory is not None
    assert (ana.territory.truth({"country": "de"}), ana.territory.truth({"country": "FR"}), jo.territory) == (True, False, None)
    assert (ana.at_most, jo.at_most) == (Caps(owned=40, day=5), Caps(owned=40, day=12))


def test_a_territory_over_what_the_agreement_does_not_read_is_told_with_everything_else(load: Load) -> None:
    wrong = '{ person = "Jo", territory = "country =", at_most = { hour = 0 } }]'
    text = TWO_OF_A_POOL.replace("country IN", "city IN").replace('"Jo"]', wrong)
    found = problems_of(load, text)
    assert found.keys() == {"pool.sdr.members.Ana.territory", "pool.sdr.members[2].at_most.hour", "pool.sdr.members.Jo.territory"}
    problem = found["pool.sdr.members.Ana.territory"]
    assert problem.found == "'city' at character 1 of \"city IN ('DE', 'AT')\""
    assert problem.expected.startswith("a criterion over the agreement's fields, but ")


def test_everything_that_is_wrong_is_told_at_once(load: Load) -> None:
    text = """
        person = [
            { name = "Ana", hubspot = "1", manager = "Mya", calendar = "berlyn", timezone = "Europe/Berln" },
            { name = "Maya", hubspot = "1", email = "maya", absences = [{ from = 2026-02-02, to = 2026-02-01 }] },
            { name = "Ben", manger = "Maya", hubspot = "9", manager = "Ben" },
        ]
        pool = [{ name = "sdr", members = [{ person = "Anna" }, { person = "Ben", weight = 0 }] }]
        placeholders.hubspot = ["9"]
    """

    problems = problems_of(load, text)

    assert set(problems) == {
        "person",
        "person.Ana.manager",
        "person.Ana.calendar",
        "person.Ana.timezone",
        "person.Maya.email",
        "person.Maya.absences[1]",
        "person.Ben.manger",
        "person.Ben.manager",
        "pool.sdr.members",
        "pool.sdr.members[2].weight",
        "placeholders.hubspot",
    }
    assert problems["person"].found == "'hubspot id 1' 2 times"
    assert problems["person.Ana.manager"].fix == "did you mean `Maya`?"
    assert problems["person.Ana.calendar"].fix == "did you mean `berlin`?"
    assert problems["person.Ben.manger"].fix == "did you mean `manager`?"
    assert problems["pool.sdr.members"].fix == "did you mean `Ana`?"


def test_a_slip_in_one_entry_does_not_make_others_wrong(load: Load) -> None:
    problems = problems_of(load, 'person = [{ name = "Maya", hubspot = true }, { name = "Ana", manager = "Maya" }]')

    assert set(problems) == {"person.Maya.hubspot"}


def test_hours_that_cannot_be_worked_out_are_a_problem(load: Load) -> None:
    assert set(problems_of(load, 'person = [{ name = "Ana", hours = "Mo-XX" }]')) == {"person.Ana.hours"}


def test_names_addresses_and_pools_stand_once(load: Load) -> None:
    text = 'person = [{ name = "A", email = "a@x.io" }, { name = "A", email = "A@x.io" }]\npool = [{ name = "p" }, { name = "p" }]'

    with pytest.raises(Problems) as caught:
        load(text)

    assert [problem.found for problem in caught.value.problems] == ["'A' 2 times", "'a@x.io' 2 times", "'p' 2 times"]


def test_without_an_agreement_what_refers_to_one_goes_unchecked(tmp_path: Path) -> None:
    path = tmp_path / "roster.toml"
    path.write_text('person = [{ name = "Ana", calendar = "berlyn", hours = "Mo-Fr 09:00-17:00" }]')

    assert load_roster(path, agreement=None).people["Ana"].hours is not None


def test_a_missing_roster_names_the_command_that_drafts_one(tmp_path: Path) -> None:
    with pytest.raises(Problems) as caught:
        load_roster(tmp_path / "roster.toml", agreement=None)

    assert "leadpact roster --from-crm" in caught.value.problems[0].fix
