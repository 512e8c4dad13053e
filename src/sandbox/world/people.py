"""The people of the company: teams in three time zones, reps and their habits, queues. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from sandbox.world.names import FIRST_NAMES, LAST_NAMES, ascii_name

COMPANY_DOMAIN = "northgate.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Days on which somebody is away, both included, by their own clock."""

    first: date
    last: date
    why: str

    @property
    def back(self) -> date:
        """The first day on which they are there again."""
        return self.last + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who works here, as a roster would name them."""

    ids: Mapping[str, str]  # CRM -> the id under which they own records there
    name: str
    email: str
    team: str
    manager_name: str | None
    calendar: str
    absences: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How a rep treats leads."""

    name: str
    touch_after: tuple[float, float]  # in spans of the first-touch promise, own open time
    never_touches: float  # share of leads
    accept_after_h: tuple[float, float]  # wall hours since assigned
    never_decides: float  # share of leads


PROMPT = Habit(name="prompt", touch_after=(0.03, 0.7), never_touches=0.02, accept_after_h=(0.3, 14), never_decides=0.03)
STEADY = Habit(name="steady", touch_after=(0.2, 1.1), never_touches=0.05, accept_after_h=(1, 26), never_decides=0.06)
SLOW = Habit(name="slow", touch_after=(0.7, 5.0), never_touches=0.15, accept_after_h=(8, 60), never_decides=0.2)
ABSENT = Habit(name="absent", touch_after=(4.0, 16.0), never_touches=0.6, accept_after_h=(30, 120), never_decides=0.6)
GONE = Habit(name="gone", touch_after=(1.0, 2.0), never_touches=1.0, accept_after_h=(1, 2), never_decides=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team of reps in one time zone."""

    id: str
    name: str
    calendar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rep:
    """A person who owns leads."""

    owner_id: str
    user_id: int
    name: str
    email: str
    team: Team
    habit: Habit
    pool: str | None = None  # sdr, ae; None for managers and for who has left
    absences: tuple[Absence, ...] = ()
    stranger: bool = False  # the CRM lists no such owner

    @property
    def calendar(self) -> str:
        """The name of the calendar that holds for this rep; somebody who left the roster has the default one."""
        return "default" if self.habit is GONE else self.team.calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Everybody who can own a lead, and the two owners that stand for nobody."""

    reps: tuple[Rep, ...]
    managers: tuple[Rep, ...]  # the head of them all first, then one a team
    executives: tuple[Rep, ...]  # who take over what the reps qualified
    queue_id: str = "900"
    placeholder_id: str = "901"

    def active(self) -> tuple[Rep, ...]:
        """The reps who still work here."""
        return tuple(rep for rep in self.reps if rep.habit is not GONE)

    def there(self) -> tuple[Rep, ...]:
        """The reps who still work here and were never away."""
        return tuple(rep for rep in self.active() if not rep.absences)

    def with_habit(self, *habits: Habit) -> tuple[Rep, ...]:
        """The reps who have one of `habits`."""
        return tuple(rep for rep in self.reps if rep.habit in habits)

    def in_calendar(self, calendar: str) -> tuple[Rep, ...]:
        """The active reps whose hours are those of `calendar`."""
        return tuple(rep for rep in self.active() if rep.calendar == calendar)


TEAMS = (
    Team(id="31", name="SDR New York", calendar="default"),
    Team(id="32", name="SDR Berlin", calendar="berlin"),
    Team(id="33", name="SDR San Francisco", calendar="pacific"),
)
LEADERS = Team(id="30", name="Sales leadership", calendar="default")
EXECUTIVES = Team(id="34", name="Account executives", calendar="default")
TEAM_HABITS = (PROMPT, STEADY, SLOW, ABSENT, PROMPT, STEADY, PROMPT)


def make_staff(*, leads: int, today: date, rng: Random) -> Staff:
    """Hire 12 to 25 reps for `leads` leads, and three account executives; one rep of each team has left."""
    size = min(4 + leads // 700, 7)
    names = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    rng.shuffle(names)
    habits = [*TEAM_HABITS[:size], GONE]
    ids = iter(range(1, 1000))
    managers = tuple(_hire(next(ids), names.pop(), team, STEADY) for team in (LEADERS, *TEAMS))
    reps = tuple(_hire(next(ids), names.pop(), team, habit) for team in TEAMS for habit in habits)
    executives = tuple(_hire(next(ids), names.pop(), EXECUTIVES, habit) for habit in (PROMPT, STEADY, SLOW))
    return Staff(
        reps=tuple(replace(_away(rep, today, rng), pool=None if rep.habit is GONE else "sdr") for rep in reps),
        managers=managers,
        executives=tuple(replace(rep, pool="ae") for rep in executives),
    )


def _hire(number: int, name: str, team: Team, habit: Habit) -> Rep:
    first, last = name.split(" ", 1)
    email = f"{ascii_name(first)}.{ascii_name(last)}@{COMPANY_DOMAIN}"
    return Rep(owner_id=str(200 + number), user_id=5000 + number, name=name, email=email, team=team, habit=habit)


def _away(rep: Rep, today: date, rng: Random) -> Rep:
    """Who is absent was so for a week some weeks ago, and is so now."""
    if rep.habit is not ABSENT:
        return rep
    left, leave = today - timedelta(days=rng.randint(20, 30)), today - timedelta(days=rng.randint(2, 5))
    return replace(
        rep,
        absences=(
            Absence(first=left, last=left + timedelta(days=rng.randint(5, 9)), why="leave"),
            Absence(first=leave, last=leave + timedelta(days=rng.randint(9, 14)), why="sick"),
        ),
    )


def people_of(staff: Staff, ids_of: Callable[[str], Mapping[str, str]]) -> list[Person]:
    """Everybody who works here now, managers first; `ids_of` tells the ids that CRMs have for an owner."""
    head = staff.managers[0].name
    bosses = {manager.team.id: manager.name for manager in staff.managers[1:]}
    listed: list[tuple[Rep, str | None]] = [(staff.managers[0], None)]
    listed += [(manager, head) for manager in staff.managers[1:]]
    listed += [(rep, bosses.get(rep.team.id, head)) for rep in (*staff.active(), *staff.executives)]
    return [_person(rep, boss, ids_of(rep.owner_id)) for rep, boss in listed]


def _person(rep: Rep, boss: str | None, ids: Mapping[str, str]) -> Person:
    return Person(
        ids=ids,
        name=rep.name,
        email=rep.email,
        team=rep.team.name,
        manager_name=boss,
        calendar=rep.calendar,
        absences=rep.absences,
    )


def staff_lines(staff: Staff) -> list[dict[str, Any]]:
    """The portal's teams and owners: people, the queue, and a user that stands for nobody."""
    everybody = (*staff.managers, *staff.reps, *staff.executives)
    lines = [_team_line(team, everybody) for team in (LEADERS, *TEAMS, EXECUTIVES)]
    lines += [_owner_line(rep) for rep in everybody]
    queue = {"object": "owners", "id": staff.queue_id, "email": "", "firstName": "Inbound", "lastName": "queue", "type": "QUEUE"}
    nobody = {
        "object": "owners",
        "id": staff.placeholder_id,
        "email": f"marketing-queue@{COMPANY_DOMAIN}",
        "userId": 5901,
        "type": "PERSON",
    }
    lines.append({**queue, "archived": False, "teams": []})
    lines.append({**nobody, "firstName": "Marketing", "lastName": "queue", "archived": False, "teams": []})
    return lines


def _team_line(team: Team, everybody: tuple[Rep, ...]) -> dict[str, Any]:
    members = [str(rep.user_id) for rep in everybody if rep.team is team and rep.habit is not GONE]
    return {"object": "teams", "id": team.id, "name": team.name, "userIds": members, "secondaryUserIds": []}


def _owner_line(rep: Rep) -> dict[str, Any]:
    first, last = rep.name.split(" ", 1)
    gone = rep.habit is GONE
    line = {"object": "owners", "id": rep.owner_id, "email": rep.email, "firstName": first, "lastName": last, "userId": rep.user_id}
    team = {"id": rep.team.id, "name": rep.team.name, "primary": True}
    return {**line, "type": "PERSON", "archived": gone, "teams": [] if gone else [team]}
