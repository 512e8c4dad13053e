"""Who is told as somebody's manager, who stands in for one who is away, and what check says of those whom nobody reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.records import Owner
from sync.agreement.lint import lint_text
from sync.agreement.promises import Rung
from sync.lint_superiors import superior_remarks
from sync.remarks import Level
from sync.roster import Absence, Person, Roster
from sync.superiors import Superior, above, address_of, id_in, manager_of, superior_in, who_reads
from sync.terms import Terms
from tests.builders import ANN, BEN, CRM, SF, SF_ANN, both_terms, ny, the_agreement, the_terms

NOW = ny("2026-11-18 13:00")
DAY = timedelta(days=1)
AWAY = (Absence(since=NOW - DAY, upto=NOW + DAY, why=None),)
LATER = (Absence(since=NOW + DAY, upto=NOW + 2 * DAY, why=None),)


def a_person(name: str, **told: object) -> Person:
    known: dict[str, object] = {"email": None, "ids": {}, "manager": None, "team": None, "calendar": None, "hours": None, "absences": ()}
    return Person(name=name, **(known | told))  # type: ignore[arg-type]


def a_roster(*people: Person) -> Roster:
    return Roster(
        people={one.name: one for one in people},
        by_id={(crm, id_): one.name for one in people for crm, id_ in one.ids.items()},
    )


def terms_of(*people: Person, **crm_terms: object) -> Terms:
    return the_terms(upto=NOW, roster=a_roster(*people), **crm_terms)


def in_two_crms(*people: Person, managers: Mapping[str, str], emails: Mapping[str, str]) -> Terms:
    terms = both_terms(upto=NOW, roster=a_roster(*people))
    org = terms.crms[SF]
    return replace(terms, crms={**terms.crms, SF: replace(org, managers=managers, emails={**org.emails, **emails})})


ANN_OF_BOSS = a_person("Ann", ids={CRM: ANN}, manager="Boss")
BOSS = a_person("Boss", email="boss@us.example", ids={CRM: "99"}, manager="Head")
HEAD = a_person("Head", email="head@us.example", ids={CRM: "98"}, manager="Boss")


def test_the_roster_names_a_manager_before_a_crm_does() -> None:
    terms = terms_of(ANN_OF_BOSS, BOSS, HEAD, managers={ANN: "55"})
    assert manager_of(terms, ANN, of=CRM) == superior_in(BOSS)
    assert manager_of(terms, BEN, of=CRM) is None


def test_a_manager_whom_only_the_other_crm_knows_is_named_by_it_with_the_address_it_has() -> None:
    terms = in_two_crms(managers={SF_ANN: "005boss"}, emails={"005boss": "boss@us.example"})
    found = manager_of(terms, ANN, of=CRM)
    assert found == Superior(ids={SF: "005boss"}, person=None)
    assert address_of(terms, found) == "boss@us.example"
    assert id_in(terms, found, CRM) is None


def test_that_manager_has_an_id_where_an_owner_has_the_same_address() -> None:
    terms = in_two_crms(managers={SF_ANN: "005boss"}, emails={"005boss": "ben@us.example"})
    found = manager_of(terms, ANN, of=CRM)
    assert found is not None
    assert id_in(terms, found, CRM) == BEN


def test_the_address_of_an_account_that_was_closed_reaches_nobody() -> None:
    terms = terms_of(managers={ANN: "55"}, emails={"55": "boss@us.example"}, gone={"55": (None, NOW)})
    found = manager_of(terms, ANN, of=CRM)
    assert found is not None
    assert address_of(terms, found) is None


def test_above_a_manager_is_theirs_and_nobody_twice() -> None:
    terms = terms_of(ANN_OF_BOSS, BOSS, HEAD)
    assert list(above(terms, superior_in(BOSS))) == [superior_in(HEAD)]


@pytest.mark.parametrize(
    ("boss", "head", "reads"),
    [
        ({}, {}, "Boss"),
        ({"absences": LATER}, {}, "Boss"),
        ({"absences": AWAY}, {}, "Head"),
        ({"absences": AWAY}, {"absences": AWAY}, "Boss"),
        ({"absences": AWAY}, {"email": None, "ids": {}}, "Boss"),
        ({"absences": AWAY, "manager": None}, {}, "Boss"),
    ],
)
def test_a_manager_who_is_away_is_stood_in_for_by_the_next_above_who_is_there(
    boss: dict[str, object], head: dict[str, object], reads: str
) -> None:
    people = (ANN_OF_BOSS, replace(BOSS, **boss), replace(HEAD, **head))  # type: ignore[arg-type]
    terms = terms_of(*people)
    manager = manager_of(terms, ANN, of=CRM)
    assert manager is not None
    told = who_reads(terms, manager, NOW).person
    assert told is not None and told.name == reads


def an_owner(id_: str, email: str | None = None, *, active: bool = True) -> Owner:
    return Owner(crm=CRM, id=id_, user_id=None, email=email, name=id_, is_queue=False, active=active)


@pytest.mark.parametrize(
    ("boss", "owners", "told"),
    [
        ({}, [an_owner("99")], []),
        ({"ids": {}}, [an_owner("7", "Boss@US.example")], []),
        ({"ids": {}}, [], ["is nobody in hubspot: what Ann owe cannot be escalated"]),
        ({}, [an_owner("99", active=False)], ["is nobody in hubspot: what Ann owe cannot be escalated"]),
        ({"email": None}, [an_owner("99")], ["has no e-mail address: no message to a manager reaches them"]),
        ({"email": None}, [an_owner("99", "boss@us.example")], []),
    ],
)
def test_a_manager_whom_nothing_reaches_is_told(boss: dict[str, object], owners: list[Owner], told: list[str]) -> None:
    roster = a_roster(ANN_OF_BOSS, replace(BOSS, manager=None, **boss))  # type: ignore[arg-type]
    found = list(superior_remarks(roster, {CRM: owners}))
    assert [(one.level, one.where, one.what) for one in found] == [(Level.WARNING, "roster.toml: Boss", what) for what in told]


def test_an_escalation_to_somebody_whom_the_roster_does_not_know_is_told_where_it_stands() -> None:
    agreement = the_agreement()
    ladder = (Rung(action="escalate", detail="bos"), Rung(action="escalate", detail=None))
    agreement = replace(
        agreement,
        clocks=tuple(replace(one, ladder=ladder) if one.name == "first_touch" else one for one in agreement.clocks),
        handoffs=tuple(replace(one, if_missed=(Rung(action="escalate", detail="Ops"),)) for one in agreement.handoffs),
    )
    found = [(one.level, one.where.partition(": ")[2], one.what, one.fix) for one in lint_text(agreement, a_roster(BOSS, HEAD))]
    told = [one for one in found if "escalate: " in one[2]]
    assert [one[1].rpartition(".")[2] for one in told] == ["ladder", "if_missed"]
    assert told[0][2:] == ("`escalate: bos` names nobody of the roster: nothing is escalated by it", "did you mean `Boss`?")
    assert not [one for one in lint_text(agreement, Roster()) if "escalate: " in one.what], "no roster is drafted yet"
