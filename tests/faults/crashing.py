"""A practice CRM in which the run of each day does all that leadpact can do, what it shows afterwards, and who was told of it."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from json import dumps
from pathlib import Path
from typing import Any

from tests.cli.test_notify import tell
from tests.cli.test_own_fields import NAMES, STAMPED, add_fields, check, name_fields, shown
from tests.cli.test_recycle import BY_STAGE, BY_STATUS
from tests.faults.explained import arrived
from tests.flow.enforcing import HOUR_S, add_task, tasks_of
from tests.flow.going_back import SWAPS, GoingBack, going_back
from tests.flow.org_people import OrgPeople
from tests.flow.people import People
from tests.flow.receiver import Receiver, receiver

TO = {"hubspot": BY_STAGE, "salesforce": BY_STATUS}
ASKED = (
    ('tell     = ["owner", "#new-mqls"]', 'assigned_by = "leadpact"\ntell     = ["owner", "#new-mqls"]'),
    ("expires_on   = 2026-12-31", "expires_on   = 2027-12-31"),
    (
        'within  = "24 hours"\nwarn_at = ["50%", "80%"]\nladder  = ["remind", "escalate"]',
        'within  = "2 hours"\nladder  = ["escalate"]\n\n[[clock]]\nname    = "answer_by_night"\nhandoff = "Marketing to SDR"\n'
        'starts  = "handoff"\nkept_by = ["stage SAL", "rejected"]\nwithin  = "9 hours"\nwarn_at = ["50%"]',
    ),
)
ROOM = """
[limits]
moves_at_least = 20
moves_per_hour = 1000
moves_per_day  = 1000

[act]
move_open_tasks = true
"""
TARGETS = """
[[notify]]
name = "desk"
for  = ["owner", "manager"]

[[notify]]
name = "channel"
for  = ["#new-mqls"]
"""
WRITES = {
    "hubspot": ("*/contacts/batch/update", "*/2026-09/tasks", "*/tasks/batch/update", "*/memberships/add"),
    "salesforce": ("*/composite*", "*/sobjects/Task*"),
}
SLOW_S = 0.3
NEW_S = 30  # so long ago a lead came that nobody has: within a quarter of an hour somebody must
TEN = timedelta(hours=15)  # of the morning in New York, where the reps begin at nine
HOLIDAYS = ("2026-11-26", "2026-12-25", "2027-01-01", "2027-01-18")
SATURDAY = 5
State = dict[str, dict[str, Any]]


@dataclass(kw_only=True)
class Crashing(GoingBack):
    """Each day there are, beside leads that go back, `late` ones, which nobody calls, and `open` ones, called and not answered for.

    A task of their rep's hangs on each late one. The `new` ones have come a moment ago, and nobody has them. The leads are those of today.
    """

    late: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    days: int = 0

    @property
    def all(self) -> list[str]:
        """Every lead that something is to be done about today."""
        return [*self.late, *self.open, *self.early, *self.worked, *self.new]

    @property
    def crms(self) -> tuple[str, ...]:
        """The CRMs that are written to."""
        return (self.world.crm,)

    def set_up(self) -> None:
        """Create the fields that are stamped."""
        name_fields(self, NAMES[self.world.crm])
        if self.world.crm == "hubspot":
            check(self, "--create-fields", "--yes", code=0)
        else:
            add_fields(self.world.people)

    def let_it_happen(self, late: int) -> None:
        """Nothing happens yet; each day brings its own."""

    def another_day(self) -> None:
        """Be done with the leads of yesterday, and hand over today's; it is past every deadline of all but the new ones then."""
        for lead in self.all:
            self._disqualify(lead)
        self._sleep()
        self.days += 1
        numbers, rep, rest = iter(range(100 * self.days, 100 * self.days + 100)), self.members()[0], self.world.people.rest
        many = ("late", 4, True), ("open", 3, True), ("early", 2, False), ("worked", 2, True)
        self.late, self.open, self.early, self.worked = (
            [self.hand_over_to_the_first(next(numbers), fits=fits) for _ in range(count)] for _, count, fits in many
        )
        rest(60)
        for lead in self.late:
            add_task(self, lead, rep, "Call")
        for lead in self.open:
            self.call(lead, rep)
        for lead in self.worked:
            self._accept(lead)
        rest(60)
        for lead in self.worked:
            self.call_in_vain(lead)
        rest(5 * HOUR_S)
        nobody = "" if self.world.crm == "hubspot" else self.queue()
        self.new = [self.hand_over_to(nobody, next(numbers), fits=True) for _ in range(3)]
        rest(NEW_S)

    def _sleep(self) -> None:
        """Let it be ten o'clock of the next working day."""
        today = datetime.fromisoformat(self.world.people.now()).replace(hour=0, minute=0, second=0, microsecond=0)
        nights = (today + timedelta(days=number) for number in range(1, 9))
        day = next(one for one in nights if one.weekday() < SATURDAY and one.date().isoformat() not in HOLIDAYS)
        self.world.people.ask("POST", "/_sandbox/clock", {"now": (day + TEN).isoformat().replace("+00:00", "Z")})

    def _disqualify(self, lead: str) -> None:
        people = self.world.people
        if isinstance(people, People):
            people.ask("PATCH", f"/crm/v3/objects/contacts/{lead}", {"properties": {"hs_lead_status": "DISQUALIFIED"}})
        else:
            people.write("Lead", {"Status": "Disqualified"}, id_=lead)

    def state(self) -> State:
        """Return all that today's leads show, the tasks about them, and whether they are on the list; deadlines apart."""
        people = self.world.people
        return self._state_of_an_org(people) if isinstance(people, OrgPeople) else {lead: self._state_of(lead) for lead in self.all}

    def _state_of(self, lead: str) -> dict[str, Any]:
        own = shown(self, lead)
        tasks = sorted((task.subject, task.owner, task.body, task.is_open) for task in tasks_of(self, lead))
        return {**self.shown(lead), **own, "tasks": tasks}

    def _state_of_an_org(self, people: OrgPeople) -> State:
        """Return it in one reading of the whole org: it shows its records in no other way."""
        found: State = {}
        about: dict[str, list[Any]] = defaultdict(list)
        for row in people.all_rows():
            kind = row["attributes"]["type"]
            if kind == "Lead" and row["Id"] in self.all:
                names = ("Status", "Recycle_Reason__c", "OwnerId")
                found[row["Id"]] = {name: row.get(name) for name in names} | {k: row.get(name) for k, name in NAMES["salesforce"].items()}
            elif kind == "Task" and row.get("TaskSubtype") != "Call" and not row.get("IsDeleted"):
                about[row["WhoId"]].append((row["Subject"], row["OwnerId"], row.get("Description") or "", row["IsClosed"]))
            elif kind == "CampaignMember" and not row.get("IsDeleted"):
                about[row["LeadId"]].append(("member", row["CampaignId"]))
        return {lead: {**found[lead], "about": sorted(about[lead])} for lead in self.all}

    def unknown(self) -> int:
        """Count the messages of which nobody knows whether they arrived."""
        with closing(sqlite3.connect(self.files / "leadpact.db")) as store:
            return int(store.execute("SELECT count(*) FROM outbox WHERE state = 'unknown'").fetchone()[0])


def without_stamps(state: State) -> State:
    """Leave out what is stamped: it tells of a run's moves in the next run only."""
    return {lead: {name: value for name, value in row.items() if name not in STAMPED} for lead, row in state.items()}


def parted(state: State) -> tuple[State, dict[str, datetime | None]]:
    """Tell the deadlines that are stamped from all else."""
    at = {lead: datetime.fromisoformat(text) if (text := row["sla_deadline"]) else None for lead, row in state.items()}
    return {lead: {name: value for name, value in row.items() if name != "sla_deadline"} for lead, row in state.items()}, at


def sent_twice(calls: Iterable[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Return what arrived more than once among some writes of runs: changes of a record, tasks, and who joined a list."""
    found = Counter(written for call in calls if arrived(call) for written in _written(call))
    return [written for written, times in found.items() if times > 1]


def _written(call: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    path, body = call["path"].rpartition("/2026-09/")[2], call["body"]
    match body:
        case {"inputs": [*rows]}:
            yield from ((path, row["id"], dumps(row["properties"])) for row in rows)
        case {"compositeRequest": [*parts]}:
            yield from ((part["url"], dumps(part["body"])) for part in parts)
        case {"records": [*rows]}:
            yield from ((path, dumps(row)) for row in rows)
        case [*ids]:
            yield from ((path, str(id_)) for id_ in ids)
        case {"properties": values}:
            yield path, values["hs_task_subject"]
        case {"Subject": subject}:
            yield path, subject
        case _:
            raise AssertionError(f"the log kept no body of {call['method']} {path}")


def lose_answers(one: Crashing, seed: int) -> None:
    """Let some answers to whatever writes be lost after it was done, and others be slow."""
    lost = {"fault": "reset_after", "probability": 0.3}
    slow = {"fault": "slow", "seconds": SLOW_S, "probability": 0.5}
    paths = [path for crm in one.crms for path in WRITES[crm]]
    rules = [{**rule, "path": path, "seed": seed + n} for rule in (lost, slow) for n, path in enumerate(paths)]
    one.world.people.ask("POST", "/_sandbox/faults", rules)


@contextmanager
def crashing(crm: str, folder: Path) -> Iterator[tuple[Crashing, Receiver]]:
    """Serve it, with somebody who takes its messages."""
    swaps = (*SWAPS, *ASKED)
    with going_back(crm, folder, to=TO[crm], kind=Crashing, swaps=swaps, config=ROOM) as one, receiver() as to:
        tell(one, to, TARGETS)
        yield one, to
