"""A practice Salesforce filled with plain Leads, their history and their Tasks; run as a program it serves one."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from practice_process import NOW, Practice, Requests, running, write_config

from sandbox.salesforce.ids import Mint
from sandbox.salesforce.org import Org
from sandbox.server import serve
from sandbox.world.salesforce.fields import moment
from sandbox.world.salesforce.org import org_lines
from sync.cli.practice_files import PracticeFiles

Line = dict[str, Any]
OWNERS, DATA = 40, "/services/data/"
OLDEST, LATELY = timedelta(days=540), timedelta(days=60)  # how long ago the first Lead was made; within which all were changed
AT_ONCE = 200  # Leads of one write
_STATUSES = ("Marketing Qualified", "Marketing Qualified", "Accepted", "Recycled")
_TASKS = (
    {"TaskSubtype": "Call", "Subject": "Call", "CallType": "Outbound", "CallDurationInSeconds": 90},
    {"TaskSubtype": "Email", "Subject": "Hello"},
    {"Subject": "Follow up"},
)


class _Writer:
    """Lines of Leads with what belongs to them, the same for the same number of Leads."""

    def __init__(self, leads: int, tasks: int) -> None:
        self._leads = leads
        self._tasks = tasks
        self._mint, self._rng = Mint(), Random(1)
        self._owners = [self._mint.new("005") for _ in range(OWNERS)]

    def lines(self) -> Iterator[Line]:
        yield from org_lines(NOW - OLDEST, self._mint, self._rng)
        for number, id_ in enumerate(self._owners, 1):
            email = f"rep{number}@example.com"
            yield _line("User", id_, Username=email, Email=email, FirstName="Ada", LastName=f"Rep {number}", **_stamps(NOW - OLDEST))
        for number in range(self._leads):
            yield from self._lead(number)

    def _lead(self, number: int) -> Iterator[Line]:
        created = NOW - OLDEST + (OLDEST - LATELY) * number / self._leads
        changed = NOW - LATELY * self._rng.random() - timedelta(hours=1)  # long enough ago that no later pull reads it again
        owner, before = self._owners[number % OWNERS], self._owners[(number + 1) % OWNERS]
        status, id_ = _STATUSES[number % len(_STATUSES)], self._mint.new("00Q")
        yield _line(
            "Lead",
            id_,
            FirstName="Ada",
            LastName=f"Person {number}",
            Company=f"Company {number // 20}",
            Email=f"person{number}@company{number // 20}.example",
            Title="Revenue operations",
            Country="US",
            Phone="1",
            NumberOfEmployees=200,
            Industry="COMPUTER_SOFTWARE",
            Lead_Score__c=float(number % 100),
            Status=status,
            OwnerId=owner,
            **_stamps(created, changed),
        )
        for told in (("Status", "New", status), ("Owner", before, owner), ("Owner", "Ada Rep", "Ben Rep")):
            yield self._change(id_, *told, changed)
        for turn in range(self._tasks):
            yield self._task(turn, id_, owner, created + (changed - created) * self._rng.random())

    def _change(self, lead: str, field: str, old: str, new: str, at: datetime) -> Line:
        told = {"LeadId": lead, "Field": field, "OldValue": old, "NewValue": new}
        return _line("LeadHistory", self._mint.new("017"), **told, CreatedDate=moment(at), CreatedById=self._owners[0])

    def _task(self, turn: int, lead: str, owner: str, at: datetime) -> Line:
        done = {"Status": "Completed", "IsClosed": True, "CompletedDateTime": moment(at)}
        return _line("Task", self._mint.new("00T"), WhoId=lead, OwnerId=owner, **_TASKS[turn % len(_TASKS)], **done, **_stamps(at))


def _line(sobject: str, id_: str, **fields: Any) -> Line:
    return {"attributes": {"type": sobject}, "Id": id_, **fields}


def _stamps(created: datetime, changed: datetime | None = None) -> dict[str, str]:
    changed = changed or created
    return {"CreatedDate": moment(created), "LastModifiedDate": moment(changed), "SystemModstamp": moment(changed)}


@contextmanager
def practice(*, leads: int, tasks: int = 0) -> Iterator[Practice]:
    """Serve an org of so many Leads with so many Tasks each, which never runs out of calls."""
    with running([__file__, str(leads), str(tasks)]) as org:
        org.ask("POST", "/_sandbox/salesforce/limits", {"daily": 10_000_000})
        yield org


def data_calls(org: Practice, *, after: int = 0) -> Requests:
    """Return the calls that an org counts: all but those for a token."""
    return [call for call in org.requests(after=after) if call["path"].startswith(DATA)]


def change(org: Practice, leads: int) -> None:
    """Change some Leads, spread over all that it holds, and let a minute pass."""
    held, mint = org.records("Lead"), Mint()
    ids = [mint.new("00Q") for _ in range(held)]
    some = [ids[place * held // leads] for place in range(leads)]
    for start in range(0, leads, AT_ONCE):
        rows = [{"attributes": {"type": "Lead"}, "id": id_, "Title": "Director"} for id_ in some[start : start + AT_ONCE]]
        answer = org.ask("PATCH", f"{DATA}v62.0/composite/sobjects", {"allOrNone": True, "records": rows})
        assert all(row["success"] for row in answer), answer
    org.let_pass(60)


def config_for(org: Practice, folder: Path, *, bulk_above: int) -> Path:
    """Write the files of an account in `folder` that point at the org, of which more rows than `bulk_above` come by a bulk query."""
    files = PracticeFiles(url=org.url, crms=("salesforce",), own_user=_own_user(org), roster="", agreement="agreement.example")
    return write_config(folder, files, more=f"bulk_above = {bulk_above}\n")


def _own_user(org: Practice) -> str:
    query = f"{DATA}v62.0/query?q=SELECT+Id+FROM+User+WHERE+Username='integration@practice.example'"
    return str(org.ask("GET", query)["records"][0]["Id"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("leads", type=int)
    parser.add_argument("tasks", type=int, help="of each Lead")
    asked = parser.parse_args()
    org = Org.from_lines(_Writer(asked.leads, asked.tasks).lines(), now=NOW)
    with serve(org=org) as served, suppress(KeyboardInterrupt):
        print(f"practice Salesforce at {served.url}", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
