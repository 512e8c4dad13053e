"""A practice org with some people, as the tests of Salesforce's connector want it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3

from connectors.pacing import RetryPolicy, Waiting
from connectors.records import Page, RecordKey, Wanted
from connectors.salesforce.connector import Salesforce
from connectors.salesforce.mapping import VOCABULARY
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.values import id18
from sandbox.salesforce.org import Org
from sandbox.server import serve
from tests.contract.connector_suite import MANY

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
FIRST = datetime(2026, 11, 18, 9, 0, 5, tzinfo=UTC)
SECOND = FIRST + timedelta(days=1)
WANTED = Wanted(
    fields={"Lead": frozenset({"Status", "Country"}), "Account": frozenset({"Industry"})},
    history={"Lead": frozenset({"Status"})},
)


def an_id(prefix: str, number: int) -> str:
    return id18(f"{prefix}x{number:011}")


ANN, BOB, GONE = (an_id("005", number) for number in (1, 2, 3))
QUEUE = an_id("00G", 1)
ROLE = an_id("00E", 1)


def at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def stamps(created: datetime, changed: datetime | None = None, by: str = ANN) -> dict[str, Any]:
    changed = changed or created
    times = {"CreatedDate": at(created), "LastModifiedDate": at(changed), "SystemModstamp": at(changed)}
    return times | {"CreatedById": by, "LastModifiedById": by}


def line(sobject: str, id_: str, **fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": sobject}, "Id": id_, **fields}


def a_lead(number: int, **fields: Any) -> dict[str, Any]:
    who = {"LastName": f"Doe {number}", "Company": "Acme", "Email": f"p{number}@example.com", "Status": "Open - Not Contacted"}
    return line("Lead", an_id("00Q", number), **who, OwnerId=BOB, Country="US", **(stamps(FIRST, SECOND) | fields))


def owner_changes(number: int, lead: str, old: str, new: str, moment: datetime) -> Iterator[dict[str, Any]]:
    """The two rows of one change of owner."""
    names = {ANN: "Ann Ng", BOB: "Bob Doe"}
    for place, (before, after) in enumerate(((old, new), (names[old], names[new]))):
        row = {"LeadId": lead, "Field": "Owner", "OldValue": before, "NewValue": after, "CreatedDate": at(moment), "CreatedById": BOB}
        yield line("LeadHistory", an_id("017", 2 * number + place), **row)


def lines() -> Iterator[dict[str, Any]]:
    yield line("UserRole", ROLE, Name="SDR", DeveloperName="SDR")
    for id_, name, active in ((ANN, "Ann Ng", True), (BOB, "Bob Doe", True), (GONE, "Cy Gone", False)):
        first, last = name.split()
        email = f"{first.lower()}@example.com"
        person = {"FirstName": first, "LastName": last, "Name": name, "Email": email, "Username": email, "UserType": "Standard"}
        yield line("User", id_, **person, IsActive=active, UserRoleId=ROLE, **stamps(FIRST))
    yield line("Group", QUEUE, Name="Leads, unassigned", DeveloperName="Unassigned", Type="Queue", **stamps(FIRST))
    yield line("QueueSobject", an_id("03g", 1), QueueId=QUEUE, SobjectType="Lead")
    for number in range(MANY):
        yield a_lead(number)
        yield from owner_changes(number, an_id("00Q", number), ANN, BOB, SECOND)
    done = {"Status": "Completed", "IsClosed": True, "CompletedDateTime": at(SECOND), "TaskSubtype": "Call", "Subject": "Call"}
    yield line("Task", an_id("00T", 1), WhoId=an_id("00Q", 0), OwnerId=BOB, **done, **stamps(SECOND, by=BOB))


def connect(url: str, wanted: Wanted = WANTED, slept: list[float] | None = None, **settings: Any) -> Salesforce:
    """Connect to an org on this machine, in a time of its own: waiting passes it and is noted."""
    slept = [] if slept is None else slept
    app = {"consumer_key": "sandbox", "consumer_secret": "sandbox"} if "session_id" not in settings else {}
    given: dict[str, Any] = {"my_domain": "practice.my", "base_url": url} | app | settings
    return Salesforce(SalesforceSettings(**given), wanted, Waiting(monotonic=lambda: sum(slept), sleep=slept.append))


class PracticeSalesforce:
    """The practice org as the suite wants it."""

    def __init__(self, org: Org, url: str) -> None:
        self.vocabulary = VOCABULARY
        self.history_stream: str | None = "LeadHistory"
        self.persons = [an_id("00Q", number) for number in range(MANY)]
        self.owner_history = [(ANN, FIRST), (BOB, SECOND)]
        self.activity = RecordKey("salesforce", "Task", an_id("00T", 1))
        self.activity_stream = "Task"
        self.other_owner, self.left_owner, self.plain_field, self.most = ANN, GONE, "Country", 200
        self.tasks_path, self.closes_a_task = "*/sobjects/Task", {"Status": "Completed"}
        self.org = org
        self.url = url
        self._http = urllib3.PoolManager()
        self.slept: list[float] = []

    @property
    def now(self) -> datetime:
        return self.org.clock.now()

    def connector(self, wanted: Wanted = WANTED, *, lists: frozenset[str] = frozenset(), **settings: Any) -> Salesforce:
        return connect(self.url, replace(wanted, lists=lists), self.slept, **settings)

    def a_list(self, name: str) -> str:
        return f"campaign:{self.call('POST', '/sobjects/Campaign', {'Name': name})['id']}"

    def drop_list(self, field: str) -> None:
        self.call("DELETE", f"/sobjects/Campaign/{field.partition(':')[2]}")

    def connector_with_wrong_token(self) -> Salesforce:
        return self.connector(consumer_secret="wrong")

    def connector_to_nowhere(self) -> Salesforce:
        return self.connector(base_url="http://127.0.0.1:9", retry=RetryPolicy(tries=2))

    def pass_time(self, span: timedelta) -> None:
        self.org.clock.advance(span)

    def reassign(self, persons: list[str]) -> None:
        for start in range(0, len(persons), 200):
            rows = [{"attributes": {"type": "Lead"}, "id": id_, "OwnerId": ANN} for id_ in persons[start : start + 200]]
            answer = self.call("PATCH", "/composite/sobjects", {"allOrNone": True, "records": rows})
            assert all(row["success"] for row in answer), answer

    def delete(self, person: str) -> None:
        self.call("DELETE", f"/sobjects/Lead/{person}")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the API as another integration does."""
        headers = {"Authorization": "Bearer sandbox", "Sforce-Auto-Assign": "FALSE"}
        answer = self._http.request(method, f"{self.url}/services/data/v62.0{path}", json=body, headers=headers)
        assert answer.status < 300, answer.data
        return answer.json() if answer.data else None

    def value_of(self, person: str, field: str) -> str | None:
        """Read one field of a Lead."""
        value = self.call("GET", f"/sobjects/Lead/{person}?fields={field}")[field]
        assert value is None or isinstance(value, str)
        return value

    def writes(self) -> int:
        """Count the calls of several rows that write."""
        queries = ("/query?", "/queryAll?", "/describe")
        parts = [one for one in self.requests() if one["path"].endswith(("/composite", "/composite/sobjects"))]
        return sum(not any(query in str(one["body"]) for query in queries) for one in parts)

    def control(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        """Turn a lever of the practice CRM."""
        answer = self._http.request(method, f"{self.url}/_sandbox{path}", json=body)
        assert answer.status < 300, answer.data
        return answer.json() if answer.data else None

    def fault(self, **rule: Any) -> None:
        """Let calls go wrong."""
        self.control("/faults", [{"crm": "salesforce", **rule}])

    def deed(self, name: str, **order: Any) -> Any:
        """Do what an admin or a person does in the org; no call is counted."""
        return self.control(f"/salesforce/{name}", order)

    def requests(self) -> list[dict[str, Any]]:
        """Give the calls so far, logins too, those of the control path left out."""
        told: list[dict[str, Any]] = self.control("/requests", method="GET")["requests"]
        return told

    def calls(self) -> int:
        """Count the data calls so far."""
        return sum(one["path"].startswith("/services/data/v") for one in self.requests())


def ids(pages: Iterable[Page]) -> list[str]:
    """Name the rows that pages bring, in their order."""
    return [row.key.id for page in pages for row in (*page.records, *page.activities)]


def gone(pages: Iterable[Page]) -> list[str]:
    """Name the rows that pages tell of as gone."""
    return [key.id for page in pages for key, _ in page.gone]


def last_cursor(connector: Salesforce, stream: str) -> str:
    """Read a stream to its end, and tell where that is."""
    cursor = list(connector.pages(stream, None))[-1].cursor
    assert cursor is not None
    return cursor


@contextmanager
def practice_salesforce(*more: dict[str, Any], now: datetime = NOW) -> Iterator[PracticeSalesforce]:
    org = Org.from_lines([*lines(), *more], now=now)
    with serve(org=org, port=0) as served:
        yield PracticeSalesforce(org, served.url)
