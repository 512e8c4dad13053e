"""HubSpot's connector keeps the contract of all connectors, on the practice HubSpot over HTTP."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import urllib3

from connectors.hubspot.connector import HubSpot
from connectors.hubspot.mapping import VOCABULARY
from connectors.hubspot.settings import HubSpotSettings
from connectors.pacing import RetryPolicy, Waiting
from connectors.records import RecordKey, Wanted
from sandbox.portal import Portal
from sandbox.server import serve
from tests.contract.connector_suite import MANY, ConnectorContract, Rehearsal

TOKEN = "sandbox"
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
FIRST = datetime(2026, 11, 18, 9, 0, 0, 250_000, tzinfo=UTC)
SECOND = FIRST + timedelta(days=1)
OWNERS = ("77", "78", "79")


def at(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def lines() -> Iterator[dict[str, Any]]:
    for number, owner in enumerate(OWNERS):
        name = {"firstName": f"Rep {number}", "lastName": "Doe", "email": f"rep{number}@example.com"}
        teams = [{"id": "3", "name": "SDR", "primary": True}]
        yield {"object": "owners", "id": owner, "userId": 1001 + number, "archived": owner == "79", "teams": teams} | name
    yield {"object": "companies", "id": "9", "properties": {"name": "Acme", "industry": "RETAIL", "createdate": at(FIRST)}}
    for number in range(MANY):
        yield a_contact(1_000 + number)
    yield {
        "object": "calls",
        "id": "5000",
        "properties": {"hs_timestamp": at(SECOND), "hs_createdate": at(SECOND), "hubspot_owner_id": "78", "hs_call_direction": "OUTBOUND"},
        "associations": {"contacts": ["1000"]},
    }


def a_contact(id_: int) -> dict[str, Any]:
    versions = [
        {"value": "78", "timestamp": at(SECOND), "sourceType": "CRM_UI", "sourceId": "userId:1002", "updatedByUserId": 1002},
        {"value": "77", "timestamp": at(FIRST), "sourceType": "AUTOMATION_PLATFORM", "sourceId": "12"},
    ]
    return {
        "object": "contacts",
        "id": str(id_),
        "properties": {"email": f"p{id_}@example.com", "createdate": at(FIRST), "country": "US"},
        "history": {"hubspot_owner_id": versions},
        "associations": {"companies": ["9"]},
    }


class PracticeHubSpot:
    """The practice portal as the suite wants it."""

    def __init__(self, portal: Portal, url: str) -> None:
        self.vocabulary = VOCABULARY
        self.history_stream: str | None = None
        self.persons = [str(1_000 + number) for number in range(MANY)]
        self.owner_history = [("77", FIRST), ("78", SECOND)]
        self.activity = RecordKey("hubspot", "call", "5000")
        self.activity_stream = "calls"
        self.other_owner, self.left_owner, self.plain_field, self.most = "77", "79", "country", 100
        self.tasks_path, self.closes_a_task = "*/tasks", {"hs_task_status": "COMPLETED"}
        self._portal = portal
        self.url = url
        self._http = urllib3.PoolManager()

    @property
    def now(self) -> datetime:
        return self._portal.clock.now()

    def connector(self, *, lists: frozenset[str] = frozenset(), **settings: Any) -> HubSpot:
        clock = {"s": 0.0}

        def sleep(seconds: float) -> None:
            clock["s"] += seconds

        given: dict[str, Any] = {"token": TOKEN, "base_url": self.url, "burst_share": 1.0} | settings
        wanted = Wanted(fields={"contact": frozenset({"country"}), "company": frozenset({"industry"})}, history={}, lists=lists)
        return HubSpot(HubSpotSettings(**given), wanted, Waiting(monotonic=lambda: clock["s"], sleep=sleep))

    def connector_with_wrong_token(self) -> HubSpot:
        return self.connector(token="wrong")

    def connector_to_nowhere(self) -> HubSpot:
        return self.connector(base_url="http://127.0.0.1:9", retry=RetryPolicy(tries=2))

    def pass_time(self, span: timedelta) -> None:
        self._portal.clock.advance(span)

    def reassign(self, persons: list[str]) -> None:
        for start in range(0, len(persons), 100):
            inputs = [{"id": id_, "properties": {"hubspot_owner_id": "77"}} for id_ in persons[start : start + 100]]
            self._call("POST", "/crm/v3/objects/contacts/batch/update", {"inputs": inputs})

    def give(self, person: str, owner: str) -> None:
        """Give a person to an owner a moment from now, and let another pass."""
        self.pass_time(timedelta(seconds=1))
        self._call("PATCH", f"/crm/v3/objects/contacts/{person}", {"properties": {"hubspot_owner_id": owner}})
        self.pass_time(timedelta(seconds=1))

    @contextmanager
    def somebody(self, owner: str) -> Iterator[Callable[[], None]]:
        """Let there be one more owner, who leaves when what is yielded is called."""
        owners = self._portal.staff.owners
        owners[owner] = replace(owners["78"], id=owner, user_id=9_000 + int(owner))

        def leaves() -> None:
            owners[owner] = replace(owners[owner], archived=True)

        yield leaves
        del owners[owner]

    def link_an_old_call(self, person: str) -> RecordKey:
        """Associate a call that was there before with a person; its modified time stays as it was."""
        self._call("PUT", f"/crm/v4/objects/calls/{self.activity.id}/associations/default/contacts/{person}")
        return self.activity

    def delete(self, person: str) -> None:
        self._call("DELETE", f"/crm/v3/objects/contacts/{person}")

    def merge(self, person: str, into: str) -> None:
        self._call("POST", "/crm/v3/objects/contacts/merge", {"primaryObjectId": into, "objectIdToMerge": person})

    def value_of(self, person: str, field: str) -> str | None:
        told = self._call("GET", f"/crm/v3/objects/contacts/{person}?properties={field}")["properties"][field]
        assert told is None or isinstance(told, str)
        return told or None

    def fault(self, **rule: Any) -> None:
        self.control("/faults", [{"crm": "hubspot", "path": "*/batch/update", **rule}])

    def a_list(self, name: str, *, processing: str = "MANUAL") -> str:
        made = self._call("POST", "/crm/v3/lists", {"name": name, "objectTypeId": "0-1", "processingType": processing})
        return f"list:{made['list']['listId']}"

    def drop_list(self, field: str) -> None:
        self._call("DELETE", f"/crm/v3/lists/{field.partition(':')[2]}")

    def requests(self) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self.control("/requests", method="GET")["requests"]
        return told

    def writes(self) -> int:
        return sum(one["path"].endswith("/batch/update") for one in self.requests())

    def control(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        answer = self._http.request(method, f"{self.url}/_sandbox{path}", json=body)
        assert answer.status < 300, answer.data
        return answer.json() if answer.data else None

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, self.url + path, json=body, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status < 300, answer.data
        return answer.json() if answer.data else None


@contextmanager
def practice_hubspot(*more: dict[str, Any]) -> Iterator[PracticeHubSpot]:
    portal = Portal.from_lines([*lines(), *more], now=NOW)
    with serve(portal, port=0, token=TOKEN) as served:
        yield PracticeHubSpot(portal, served.url)


@pytest.fixture
def practice() -> Iterator[PracticeHubSpot]:
    with practice_hubspot() as practice:
        yield practice


class TestHubSpotKeepsTheContract(ConnectorContract):
    @pytest.fixture
    def crm(self, practice: PracticeHubSpot) -> Rehearsal:
        return practice


def test_a_contact_names_its_primary_company(practice: PracticeHubSpot):
    page = next(iter(practice.connector().pages("contacts", None)))
    assert {(link.right.id, link.primary) for link in page.links} == {("9", True)}


def test_both_ways_of_reading_tell_the_same_links(practice: PracticeHubSpot):
    connector = practice.connector()
    *_, done = connector.pages("contacts", None)
    practice.pass_time(timedelta(hours=2))
    practice.reassign(practice.persons[:1])
    inline = [link for page in connector.pages("contacts", None) for link in page.links if link.left.id == "1000"]
    by_batch = [link for page in connector.pages("contacts", done.cursor) for link in page.links]
    assert inline == by_batch


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_every_version_of_the_api_tells_the_same(practice: PracticeHubSpot, version: str):
    connector = practice.connector(api_version=version)
    assert connector.account().id == "62515"
    for stream in connector.streams():
        rows = [page.records + page.activities + page.owners + page.definitions for page in connector.pages(stream, None)]
        same = [page.records + page.activities + page.owners + page.definitions for page in practice.connector().pages(stream, None)]
        assert rows == same, stream


def test_the_lifecycle_stages_come_in_their_order(practice: PracticeHubSpot):
    defined = {(one.kind, one.name): one for page in practice.connector().pages("definitions", None) for one in page.definitions}
    stages = [option.value for option in defined["contact", "lifecyclestage"].options]
    assert stages[:4] == ["subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead"]


def test_a_call_that_was_linked_to_its_contact_only_later_is_found_by_association(practice: PracticeHubSpot):
    connector, contact = practice.connector(), RecordKey("hubspot", "contact", "1001")
    before = {activity.key for page in connector.evidence([contact]) if page.stream == "calls" for activity in page.activities}
    linked = practice.link_an_old_call("1001")
    (calls,) = [page for page in connector.evidence([contact]) if page.stream == "calls"]
    assert linked not in before
    assert {activity.key for activity in calls.activities} == before | {linked}
    assert {link.left for link in calls.links} == {contact}
    assert calls.cursor is None


def test_the_portals_teams_are_read(practice: PracticeHubSpot):
    teams = [team.name for page in practice.connector().pages("owners", None) for team in page.teams]
    assert teams == ["SDR"]
