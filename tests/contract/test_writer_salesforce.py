"""Salesforce's connector changes records as the contract of all connectors says, and as Salesforce's own ways ask for."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from simple_salesforce import Salesforce as VendorsClient

from connectors.changes import Change, Fate, NewTask, Outcome
from connectors.errors import ConnectorError, Denied, Exhausted, Forbidden, Misconfigured
from connectors.records import RecordKey
from connectors.salesforce.loopback import Loopback
from tests.contract.practice_salesforce import ANN, BOB, NOW, SECOND, PracticeSalesforce, an_id, connect, line, practice_salesforce
from tests.contract.scripted import Said, scripted
from tests.contract.scripted_salesforce import errors
from tests.contract.writer_suite import WriterContract, WriterRehearsal, fates

FIELDS = [("Employees__c", "double"), ("Called_On__c", "date"), ("Open__c", "boolean"), ("Due_At__c", "datetime"), ("Mail__c", "email")]
FIRST, OTHER, THIRD = (an_id("00Q", number) for number in range(3))
TASK = an_id("00T", 1)
COMPOSITE, COLLECTION = "/composite", "/composite/sobjects"


class WrittenSalesforce(PracticeSalesforce):
    """The org whose writes go wrong."""

    def fault(self, **rule: object) -> None:
        super().fault(**({"path": "*/composite/sobjects"} | rule))


def custom_fields() -> Iterator[dict[str, Any]]:
    for name, type_ in FIELDS:
        yield {"attributes": {"type": "CustomField"}, "object": "Lead", "name": name, "type": type_}


@pytest.fixture
def practice() -> Iterator[PracticeSalesforce]:
    with practice_salesforce(*custom_fields()) as practice:
        yield practice


class TestSalesforceKeepsTheContractOfWriters(WriterContract):
    @pytest.fixture
    def crm(self, practice: PracticeSalesforce) -> WriterRehearsal:
        return WrittenSalesforce(practice.org, practice.url)


class TestSalesforceKeepsTheContractOfWritersWithTheirGuard(WriterContract):
    """The same, with each change sent so that it is refused if the row changed since it was read."""

    @pytest.fixture
    def crm(self, practice: PracticeSalesforce) -> WriterRehearsal:
        guarded = GuardedSalesforce(practice.org, practice.url)
        guarded.most = 25
        return guarded

    def change(self, crm: WriterRehearsal, person: str, **values: str | None) -> Change:
        return Change(record=RecordKey("salesforce", "Lead", person), values=values, unless_changed_since=crm.now)


class GuardedSalesforce(PracticeSalesforce):
    """The org whose composite calls go wrong."""

    def fault(self, **rule: object) -> None:
        super().fault(**({"path": "*/composite"} | rule))


def a_change(id_: str = FIRST, kind: str = "Lead", *, since: datetime | None = None, **values: str | None) -> Change:
    return Change(record=RecordKey("salesforce", kind, id_), values=values or {"OwnerId": ANN}, unless_changed_since=since)


def in_both_ways(practice: PracticeSalesforce, id_: str = FIRST, **values: str | None) -> list[tuple[Fate, str]]:
    """Write a change unguarded and guarded; what each came to."""
    connector = practice.connector()
    outcomes = [connector.write([a_change(id_, since=since, **values)])[0] for since in (None, practice.now)]
    return [(outcome.fate, str(outcome.said)) for outcome in outcomes]


def written(*answers: Said, changes: list[Change]) -> tuple[list[Outcome], list[str]]:
    """Write one batch; its outcomes, and the paths that were called."""
    with scripted(*answers) as server:
        connector = connect(server.url, session_id="sandbox")
        (batch,) = connector.batches(changes)
        return list(connector.write(batch)), [heard.path.removeprefix("/services/data/v62.0") for heard in server.heard]


def items(*told: str | list[dict[str, Any]]) -> Said:
    rows = [{"id": one, "success": True, "errors": []} if isinstance(one, str) else {"success": False, "errors": one} for one in told]
    return Said(body=rows)


def item_error(code: str, message: str = "no", *fields: str) -> list[dict[str, Any]]:
    return [{"statusCode": code, "message": message, "fields": list(fields)}]


def parts(*told: tuple[int, Any]) -> Said:
    rows = [
        {"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": f"change{place}"}
        for place, (status, body) in enumerate(told)
    ]
    return Said(body={"compositeResponse": rows})


# --- what goes out


def test_guarded_changes_are_apart_from_those_that_may_go_over_others(practice: PracticeSalesforce):
    guarded = [a_change(id_, since=SECOND) for id_ in practice.persons[:30]]
    free = [a_change(id_) for id_ in practice.persons[30:]]
    batches = list(practice.connector().batches([*free[:100], *guarded, *free[100:]]))
    assert [len(batch) for batch in batches] == [25, 5, 200]
    assert [change for batch in batches for change in batch] == [*guarded, *free]


def test_a_call_of_two_hundred_holds_at_most_ten_kinds_each_in_a_row(practice: PracticeSalesforce):
    changes = [a_change(an_id("a00", number), f"Kind{number % 12}__c") for number in range(60)]
    batches = [[change.record.kind for change in batch] for batch in practice.connector().batches(changes)]
    assert [len(set(kinds)) for kinds in batches] == [10, 2]
    assert all(kinds == sorted(kinds, key=kinds.index) for kinds in batches)


def test_each_guarded_change_carries_its_own_condition_and_keeps_assignment_rules_off():
    later = SECOND + timedelta(seconds=1, milliseconds=700)
    with scripted(parts((204, None), (204, None))) as server:
        connect(server.url, session_id="sandbox").write([a_change(FIRST, since=SECOND), a_change(OTHER, since=later)])
    (heard,) = server.heard
    assert heard.path == "/services/data/v62.0/composite"
    assert heard.body["allOrNone"] is False
    assert heard.body["compositeRequest"][1] == {
        "method": "PATCH",
        "url": f"/services/data/v62.0/sobjects/Lead/{OTHER}",
        "referenceId": "change1",
        "httpHeaders": {"Sforce-Auto-Assign": "FALSE", "If-Unmodified-Since": "Thu, 19 Nov 2026 09:00:06 GMT"},
        "body": {"OwnerId": ANN},
    }


def test_values_go_out_as_their_fields_types_ask_for_and_as_text_where_these_are_not_known(practice: PracticeSalesforce):
    values = {"Employees__c": "70.5", "Called_On__c": "2026-11-20", "Open__c": "true", "Due_At__c": "2026-11-20T15:00:00.000+0000"}
    told, sent = [], []
    for knows in (True, False):
        connector = practice.connector()
        if knows:
            list(connector.pages("definitions", None))
        outcomes = connector.write([a_change(**values), a_change(OTHER, Employees__c=None, Called_On__c=None, Country=None)])
        sent.append(practice.requests()[-1]["body"]["records"][0])
        told.append(fates(list(outcomes)))
    assert told == [[Fate.DONE, Fate.DONE]] * 2
    assert [{name: row[name] for name in values} for row in sent] == [values | {"Employees__c": 70.5, "Open__c": True}, values]
    row = as_the_vendors_client_reads(practice, FIRST)
    assert {name: row[name] for name in values} == values | {"Employees__c": 70.5, "Open__c": True}


def as_the_vendors_client_reads(practice: PracticeSalesforce, id_: str) -> dict[str, Any]:
    http = requests.Session()
    http.trust_env = False
    http.mount("https://", Loopback(int(practice.url.rpartition(":")[2]), at_once=1))
    row: dict[str, Any] = VendorsClient(session_id="sandbox", instance_url="https://practice.my.salesforce.com", session=http).Lead.get(id_)
    return row


def test_an_assignment_rule_takes_no_lead_back(practice: PracticeSalesforce):
    practice.deed("assignment", entries=[["", BOB]])
    assert in_both_ways(practice, Status="Working - Contacted", OwnerId=ANN) == [(Fate.DONE, "None")] * 2
    assert practice.value_of(FIRST, "OwnerId") == ANN


def test_tasks_are_changed_like_persons(practice: PracticeSalesforce):
    (batch,) = practice.connector().batches([a_change(TASK, "Task", OwnerId=ANN), a_change()])
    assert fates(list(practice.connector().write(batch))) == [Fate.DONE] * 2
    assert practice.call("GET", f"/sobjects/Task/{TASK}?fields=OwnerId")["OwnerId"] == ANN


# --- what the row's own state forbids


def test_what_a_person_changed_since_is_not_written_over(practice: PracticeSalesforce):
    read_at = practice.now
    practice.pass_time(timedelta(seconds=5))
    practice.deed("write", sobject="Lead", id=FIRST, values={"OwnerId": BOB, "Country": "FR"}, user=BOB)
    outcomes = practice.connector().write([a_change(FIRST, since=read_at), a_change(OTHER, since=read_at)])
    assert fates(list(outcomes)) == [Fate.CHANGED, Fate.DONE]
    assert (practice.value_of(FIRST, "OwnerId"), practice.value_of(OTHER, "OwnerId")) == (BOB, ANN)


def test_the_guard_and_the_rules_hold_in_the_session_that_follows_one_that_ended(practice: PracticeSalesforce):
    practice.deed("assignment", entries=[["", BOB]])
    connector = practice.connector()
    connector.account()
    read_at = practice.now
    practice.pass_time(timedelta(seconds=5))
    practice.deed("write", sobject="Lead", id=OTHER, values={"Country": "FR"})
    practice.deed("sessions", revoke=True)
    outcomes = connector.write([a_change(FIRST, since=read_at), a_change(OTHER, since=read_at)])
    practice.deed("sessions", revoke=True)
    free = connector.write([a_change(THIRD)])
    practice.deed("sessions", direct="sandbox")
    assert fates([*outcomes, *free]) == [Fate.DONE, Fate.CHANGED, Fate.DONE]
    assert [practice.value_of(id_, "OwnerId") for id_ in (FIRST, OTHER, THIRD)] == [ANN, BOB, ANN]


def test_a_converted_lead_is_refused(practice: PracticeSalesforce):
    practice.deed("convert", lead=FIRST)
    told = in_both_ways(practice)
    assert [fate for fate, _ in told] == [Fate.REFUSED] * 2
    assert all(said.startswith("CANNOT_UPDATE_CONVERTED_LEAD") and "converted lead" in said for _, said in told)


def test_the_words_of_an_admins_rule_are_kept(practice: PracticeSalesforce):
    practice.deed("validation", sobject="Lead", condition="Country = 'FR'", message="Give a region for this country", field="Country")
    told = in_both_ways(practice, Country="FR")
    assert told == [(Fate.REFUSED, "FIELD_CUSTOM_VALIDATION_EXCEPTION of Country: Give a region for this country")] * 2


def test_a_row_that_somebody_holds_is_for_later(practice: PracticeSalesforce):
    practice.deed("lock", id=FIRST, seconds=60)
    assert [fate for fate, _ in in_both_ways(practice)] == [Fate.LATER] * 2


def test_a_duplicate_rule_refuses(practice: PracticeSalesforce):
    practice.deed("duplicates", sobject="Lead", field="Email", blocks=True)
    told = in_both_ways(practice, Email="p1@example.com")
    assert {(fate, said.partition(":")[0]) for fate, said in told} == {(Fate.REFUSED, "DUPLICATES_DETECTED")}


@pytest.mark.parametrize("purged", [False, True])
def test_a_row_that_is_gone_has_changed(practice: PracticeSalesforce, purged: bool):
    practice.delete(FIRST)
    if purged:
        practice.deed("empty-bin")
    assert [fate for fate, _ in in_both_ways(practice, Country="FR")] == [Fate.CHANGED] * 2


def test_a_field_that_is_hidden_is_refused_for_the_rows_that_set_it(practice: PracticeSalesforce):
    practice.deed("hidden", sobject="Lead", field="Country")
    outcomes = practice.connector().write([a_change(Country="FR"), a_change(OTHER)])
    assert fates(list(outcomes)) == [Fate.REFUSED, Fate.DONE]
    assert "Country" in str(outcomes[0].said)


def test_many_of_which_one_is_held_and_one_refused_are_mapped_by_their_place(practice: PracticeSalesforce):
    practice.deed("lock", id=practice.persons[7], seconds=60)
    practice.deed("convert", lead=practice.persons[13])
    for since in (None, practice.now):
        changes = [a_change(id_, since=since) for id_ in practice.persons[:20]]
        told = fates(list(practice.connector().write(changes)))
        assert [(place, fate) for place, fate in enumerate(told) if fate is not Fate.DONE] == [(7, Fate.LATER), (13, Fate.REFUSED)]


# --- answers that a well-behaved org never gives


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (items(FIRST, OTHER), [Fate.DONE, Fate.DONE]),
        (items(FIRST[:15], OTHER), [Fate.DONE, Fate.DONE]),
        (items(OTHER, FIRST), [Fate.UNKNOWN, Fate.UNKNOWN]),
        (items(FIRST), [Fate.UNKNOWN, Fate.UNKNOWN]),
        (items(FIRST, item_error("UNKNOWN_EXCEPTION")), [Fate.DONE, Fate.UNKNOWN]),
        (items(FIRST, []), [Fate.DONE, Fate.UNKNOWN]),
        (items(FIRST, item_error("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")), [Fate.DONE, Fate.REFUSED]),
        (items(FIRST, item_error("UNABLE_TO_LOCK_ROW") + item_error("REQUIRED_FIELD_MISSING")), [Fate.DONE, Fate.REFUSED]),
        (
            Said(body=[{"id": id_, "success": False, "errors": item_error("ALL_OR_NONE_OPERATION_ROLLED_BACK")} for id_ in (FIRST, OTHER)]),
            [Fate.LATER, Fate.LATER],
        ),
        (Said(body={"hello": 1}), [Fate.UNKNOWN, Fate.UNKNOWN]),
        (Said(body=b"<html>hello</html>"), [Fate.UNKNOWN, Fate.UNKNOWN]),
        (Said(status=500, body=errors("UNKNOWN_EXCEPTION")), [Fate.UNKNOWN, Fate.UNKNOWN]),
        (Said(status=503, body=b"<html>We are down for maintenance.</html>"), [Fate.UNKNOWN, Fate.UNKNOWN]),
        (Said(status=503, body=errors("SERVER_UNAVAILABLE", "server too busy")), [Fate.LATER, Fate.LATER]),
        (Said(status=420, body=b"<html>setting things up</html>"), [Fate.LATER, Fate.LATER]),
        (Said(status=400, body=errors("UNABLE_TO_LOCK_ROW")), [Fate.LATER, Fate.LATER]),
        (Said(status=403, body=errors("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded.")), [Fate.LATER, Fate.LATER]),
        (Said(status=406, body=b""), [Fate.UNKNOWN, Fate.UNKNOWN]),
    ],
)
def test_a_collections_answer_is_read_by_position(answer: Said, expected: list[Fate]):
    outcomes, paths = written(answer, changes=[a_change(FIRST), a_change(OTHER)])
    assert fates(outcomes) == expected
    assert paths == [COLLECTION]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (parts((204, None), (412, errors("PRECONDITION_FAILED"))), [Fate.DONE, Fate.CHANGED]),
        (parts((204, None), (412, None)), [Fate.DONE, Fate.CHANGED]),
        (parts((204, None), (404, errors("ENTITY_IS_DELETED", "entity is deleted"))), [Fate.DONE, Fate.CHANGED]),
        (parts((204, None), (400, errors("ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE"))), [Fate.DONE, Fate.CHANGED]),
        (parts((204, None), (400, errors("ENTITY_IS_LOCKED"))), [Fate.DONE, Fate.REFUSED]),
        (parts((204, None), (400, errors("PROCESSING_HALTED"))), [Fate.DONE, Fate.LATER]),
        (parts((204, None), (500, errors("UNKNOWN_EXCEPTION"))), [Fate.DONE, Fate.UNKNOWN]),
        (parts((204, None)), [Fate.DONE, Fate.UNKNOWN]),
        (Said(body=[]), [Fate.UNKNOWN, Fate.UNKNOWN]),
        (Said(status=500, body=b""), [Fate.UNKNOWN, Fate.UNKNOWN]),
    ],
)
def test_a_composite_answer_is_read_by_reference(answer: Said, expected: list[Fate]):
    outcomes, paths = written(answer, changes=[a_change(FIRST, since=NOW), a_change(OTHER, since=NOW)])
    assert fates(outcomes) == expected
    assert paths == [COMPOSITE]


def test_a_call_that_one_value_spoils_is_halved_until_that_row_is_alone():
    spoiled = Said(status=400, body=errors("JSON_PARSER_ERROR", "Cannot deserialize instance of double from VALUE_STRING value planted"))
    changes = [a_change(FIRST), a_change(OTHER), a_change(THIRD, Employees__c="planted")]
    outcomes, paths = written(spoiled, items(FIRST), spoiled, items(OTHER), spoiled, changes=changes)
    assert fates(outcomes) == [Fate.DONE, Fate.DONE, Fate.REFUSED]
    assert outcomes[2].said == "JSON_PARSER_ERROR: Cannot deserialize instance of double from VALUE_STRING value …"
    assert len(paths) == 5


def test_a_login_that_fails_leaves_the_change_for_later(practice: PracticeSalesforce):
    practice.fault(status=503, path="/services/oauth2/token")
    assert fates(list(practice.connector().write([a_change()]))) == [Fate.LATER]
    assert practice.writes() == 0


# --- what is nobody's own fault


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (Said(status=403, body=errors("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")), Exhausted, "used up"),
        (Said(status=401, body=errors("INVALID_SESSION_ID")), Denied, "session is over"),
        (Said(status=403, body=errors("INSUFFICIENT_ACCESS")), Forbidden, "let this user write /services/data/v62.0/composite/sobjects"),
        (Said(status=400, body=errors("INVALID_FIELD", "No such column 'X__c' on sobject of type Lead")), Misconfigured, "no X__c on Lead"),
        (Said(status=404, body=b"<html></html>"), Misconfigured, "has nothing at"),
    ],
)
def test_a_refusal_that_is_about_no_row_is_raised(answer: Said, kind: type[ConnectorError], words: str):
    with pytest.raises(kind, match=words):
        written(answer, changes=[a_change(FIRST), a_change(OTHER)])


# --- reading back


def test_reading_back_is_one_call_and_goes_on_without_a_history_that_is_closed(practice: PracticeSalesforce):
    connector = practice.connector()
    connector.account()
    keys = [RecordKey("salesforce", "Lead", id_) for id_ in practice.persons]
    whole = list(connector.read_now(keys))
    assert connector.usage().by_purpose["verify"] == 1
    practice.deed("hidden", sobject="LeadHistory")
    without = list(connector.read_now(keys))
    assert [page.stream for page in (*whole, *without)] == ["Lead", "LeadHistory", "Lead"]
    assert {change.record.id for page in whole for change in page.changes} == set(practice.persons)


def test_who_was_merged_away_is_read_as_merged(practice: PracticeSalesforce):
    practice.deed("merge", sobject="Lead", master=FIRST, losers=[OTHER])
    connector = practice.connector()
    pages = list(connector.read_now([RecordKey("salesforce", "Lead", id_) for id_ in (FIRST, OTHER)]))
    assert [(merge.gone.id, merge.into.id) for page in pages for merge in page.merged] == [(OTHER, FIRST)]


def test_leads_and_contacts_are_read_back_together(practice: PracticeSalesforce):
    account, contact = an_id("001", 5), an_id("003", 5)
    practice.control("/records", [line("Account", account, Name="Acme"), line("Contact", contact, LastName="Roe", AccountId=account)])
    keys = [RecordKey("salesforce", "Contact", contact), RecordKey("salesforce", "Lead", FIRST)]
    pages = list(practice.connector().read_now(keys))
    assert [record.key for page in pages for record in page.records] == keys


# --- tasks


def test_a_task_falls_due_on_the_day_of_the_zone_that_its_moment_carries(practice: PracticeSalesforce):
    tokyo = datetime(2026, 11, 21, 0, 30, tzinfo=ZoneInfo("Asia/Tokyo"))  # the evening before in UTC
    task = NewTask(about=RecordKey("salesforce", "Lead", FIRST), owner=ANN, subject="Call", body="Two leads wait", due_at=tokyo)
    created = practice.connector().create_task(task)
    assert created.record is not None
    row = practice.call("GET", f"/sobjects/Task/{created.record.id}")
    told = {name: row[name] for name in ("WhoId", "OwnerId", "Subject", "Description", "ActivityDate", "IsClosed")}
    assert told == {
        "WhoId": FIRST,
        "OwnerId": ANN,
        "Subject": "Call",
        "Description": "Two leads wait",
        "ActivityDate": "2026-11-21",
        "IsClosed": False,
    }


def test_a_task_may_be_about_a_company(practice: PracticeSalesforce):
    account = an_id("001", 5)
    practice.control("/records", [line("Account", account, Name="Acme")])
    task = NewTask(about=RecordKey("salesforce", "Account", account), owner=ANN, subject="Call", due_at=NOW)
    created = practice.connector().create_task(task)
    assert created.record is not None
    assert practice.call("GET", f"/sobjects/Task/{created.record.id}?fields=WhatId")["WhatId"] == account


@pytest.mark.parametrize("body", [{"id": TASK, "success": False, "errors": []}, [], {"success": True}])
def test_a_task_that_no_answer_names_is_unknown(body: Any):
    task = NewTask(about=RecordKey("salesforce", "Lead", FIRST), owner=ANN, subject="Call", due_at=NOW)
    with scripted(Said(status=201, body=body)) as server:
        assert connect(server.url, session_id="sandbox").create_task(task).fate is Fate.UNKNOWN
    assert len(server.heard) == 1
