"""HubSpot's connector changes records as the contract of all connectors says, and as HubSpot's own ways ask for."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.changes import Change, Fate, NewTask, Outcome
from connectors.errors import ConnectorError, Denied, Exhausted, Forbidden, Misconfigured
from connectors.hubspot.connector import HubSpot
from connectors.hubspot.settings import HubSpotSettings
from connectors.pacing import Waiting
from connectors.records import RecordKey, Wanted
from tests.contract.scripted import Said, Script, scripted
from tests.contract.test_connector_hubspot import NOW, PracticeHubSpot, practice_hubspot
from tests.contract.writer_suite import WriterContract, WriterRehearsal, fates

STAGE, OWNER = "lifecyclestage", "hubspot_owner_id"
NAMELESS = {"status": "error", "category": "VALIDATION_ERROR", "message": "CONTACT=3 is not valid"}


@pytest.fixture
def practice() -> Iterator[PracticeHubSpot]:
    with practice_hubspot({"object": "tasks", "id": "70", "properties": {"hs_timestamp": "2026-11-20T12:00:00Z"}}) as practice:
        yield practice


class TestHubSpotKeepsTheContractOfWriters(WriterContract):
    @pytest.fixture
    def crm(self, practice: PracticeHubSpot) -> WriterRehearsal:
        return practice


def a_change(id_: str, kind: str = "contact", **values: str | None) -> Change:
    return Change(record=RecordKey("hubspot", kind, id_), values=values or {OWNER: "77"})


def connect(server: Script, **settings: Any) -> HubSpot:
    waiting = Waiting(monotonic=lambda: 0.0, sleep=lambda _: None)
    return HubSpot(HubSpotSettings(token="t", base_url=server.url, **settings), Wanted(fields={}, history={}), waiting)


def answer_of(*ids: str, errors: list[dict[str, Any]] | None = None, **members: Any) -> Said:
    rows = [{"id": id_, "properties": {OWNER: "77"}} for id_ in ids]
    told = {"status": "COMPLETE", "results": rows} | ({"numErrors": len(errors), "errors": errors} if errors is not None else {})
    return Said(status=207 if errors else 200, body=told | members)


def refusal(category: str | None = "VALIDATION_ERROR", message: str = "no", status: int = 400, **members: Any) -> Said:
    return Said(status=status, body={"status": "error", "message": message, "category": category, **members})


def written(*answers: Said, changes: list[Change], **settings: Any) -> tuple[list[Outcome], list[list[str]]]:
    """Write one batch; its outcomes, and the ids of each call."""
    with scripted(*answers) as server:
        (batch,) = connect(server).batches(changes)
        outcomes = list(connect(server, **settings).write(batch))
        return outcomes, [[row["id"] for row in heard.body["inputs"]] for heard in server.heard]


FOUR = [a_change(str(number)) for number in range(1, 5)]


# --- what goes out


def test_each_row_is_traced_by_its_id_and_an_empty_text_clears():
    with scripted(answer_of("1", "2")) as server:
        connect(server).write([a_change("1", country=None), a_change("2", country="FR")])
    assert [heard.path for heard in server.heard] == ["/crm/objects/2026-09/contacts/batch/update"]
    assert server.heard[0].body == {
        "inputs": [
            {"id": "1", "objectWriteTraceId": "1", "properties": {"country": ""}},
            {"id": "2", "objectWriteTraceId": "2", "properties": {"country": "FR"}},
        ]
    }


def test_objects_of_different_types_are_changed_by_calls_of_their_own(practice: PracticeHubSpot):
    connector = practice.connector()
    changes = [a_change("1000"), a_change("9", "company", industry="RETAIL"), a_change("1001"), a_change("70", "task", **{OWNER: "78"})]
    batches = list(connector.batches(changes))
    assert [[change.record.id for change in batch] for batch in batches] == [["1000", "1001"], ["9"], ["70"]]
    assert {outcome.fate for batch in batches for outcome in connector.write(batch)} == {Fate.DONE}


# --- the forms of a 207


def test_a_record_that_was_merged_away_is_left_out_and_told_as_changed(practice: PracticeHubSpot):
    practice.merge("1001", into="1002")
    outcomes = practice.connector().write([a_change("1000"), a_change("1001")])
    assert fates(list(outcomes)) == [Fate.DONE, Fate.CHANGED]


def test_of_an_error_that_names_nobody_all_that_are_left_out_are_unknown(practice: PracticeHubSpot):
    practice.control("/misses", {"named": False})
    practice.merge("1001", into="1002")
    outcomes = practice.connector().write([a_change("1000"), a_change("999"), a_change("1001"), a_change("1003", **{OWNER: "79"})])
    assert fates(list(outcomes)) == [Fate.DONE, Fate.UNKNOWN, Fate.UNKNOWN, Fate.REFUSED]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (answer_of("1", "2"), [Fate.DONE, Fate.DONE, Fate.CHANGED, Fate.CHANGED]),
        (answer_of("1", errors=[{"category": "OBJECT_NOT_FOUND", "context": {"ids": ["2", "3", "4"]}}]), [Fate.DONE, *[Fate.CHANGED] * 3]),
        (
            answer_of("1", "2", "3", errors=[{"category": "VALIDATION_ERROR", "context": {"objectWriteTraceId": ["4"]}}]),
            [*[Fate.DONE] * 3, Fate.REFUSED],
        ),
        (answer_of("1", "2", "3", errors=[{"category": "RATE_LIMITS", "context": {"ids": ["4"]}}]), [*[Fate.DONE] * 3, Fate.LATER]),
        (answer_of("1", "2", "3", errors=[{"category": "CONFLICT", "context": {"ids": [4]}}]), [*[Fate.DONE] * 3, Fate.REFUSED]),
        (answer_of("1", "2", "3", errors=[{"category": "NEW_SORT", "context": {"ids": ["4"]}}]), [*[Fate.DONE] * 3, Fate.UNKNOWN]),
        (
            answer_of("1", errors=[NAMELESS, {"category": "OBJECT_NOT_FOUND", "context": {"ids": ["2"]}}]),
            [Fate.DONE, Fate.CHANGED, Fate.UNKNOWN, Fate.UNKNOWN],
        ),
        (answer_of("1", "2", errors=[{"category": "CONFLICT", "context": {"ids": ["2"]}}]), [Fate.DONE, Fate.UNKNOWN, *[Fate.CHANGED] * 2]),
        (answer_of("1", numErrors=1), [Fate.DONE, *[Fate.UNKNOWN] * 3]),
        (answer_of("1", status="PENDING"), [Fate.DONE, *[Fate.UNKNOWN] * 3]),
        (answer_of("1", "2", "3", "4", errors=[NAMELESS]), [Fate.DONE] * 4),
        (Said(body={"status": "COMPLETE"}), [Fate.UNKNOWN] * 4),
        (Said(body=[1, 2]), [Fate.UNKNOWN] * 4),
        (Said(body=b"<html>fine</html>"), [Fate.UNKNOWN] * 4),
    ],
)
def test_an_answer_is_read_row_by_row(answer: Said, expected: list[Fate]):
    outcomes, calls = written(answer, changes=FOUR)
    assert fates(outcomes) == expected
    assert len(calls) == 1


# --- a batch that is refused whole


def test_the_rows_that_a_refusal_names_are_refused_and_the_others_sent_again():
    named = refusal(message="Duplicate IDs found in batch input: [2]. IDs must be unique", context={"ids": ["2"]})
    outcomes, calls = written(named, answer_of("1", "3", "4"), changes=FOUR)
    assert fates(outcomes) == [Fate.DONE, Fate.REFUSED, Fate.DONE, Fate.DONE]
    assert calls == [["1", "2", "3", "4"], ["1", "3", "4"]]


def test_a_refusal_that_names_nobody_is_halved_until_one_is_left_and_nothing_done_is_sent_twice():
    answers = (refusal(), answer_of("1", "2"), refusal(), refusal(), answer_of("4"))
    outcomes, calls = written(*answers, changes=FOUR)
    assert fates(outcomes) == [Fate.DONE, Fate.DONE, Fate.REFUSED, Fate.DONE]
    assert calls == [["1", "2", "3", "4"], ["1", "2"], ["3", "4"], ["3"], ["4"]]


def test_a_property_that_nobody_can_set_refuses_those_that_set_it():
    faults = '[{"isValid":false,"message":"Property \\"x\\" does not exist","error":"PROPERTY_DOESNT_EXIST","name":"gone"}]'
    changes = [a_change("1"), a_change("2", gone="1"), a_change("3", gone="2"), a_change("4")]
    outcomes, calls = written(refusal(message=f"Property values were not valid: {faults}"), answer_of("1", "4"), changes=changes)
    assert fates(outcomes) == [Fate.DONE, Fate.REFUSED, Fate.REFUSED, Fate.DONE]
    assert outcomes[1].said == "VALIDATION_ERROR: PROPERTY_DOESNT_EXIST of gone"
    assert calls[1:] == [["1", "4"]]


@pytest.mark.parametrize("failure", [refusal(None, status=403), refusal(None, status=401), Said(status=429), Said(status=400, body=b"no")])
def test_what_ends_the_sending_half_way_leaves_the_rest_for_later(failure: Said):
    outcomes, calls = written(refusal(), answer_of("1", "2"), failure, changes=FOUR)
    assert fates(outcomes) == [Fate.DONE, Fate.DONE, Fate.LATER, Fate.LATER]
    assert len(calls) == 3


def test_an_answer_that_is_lost_half_way_leaves_the_rest_unsent():
    outcomes, calls = written(refusal(), Said(status=502), changes=FOUR)
    assert fates(outcomes) == [Fate.UNKNOWN, Fate.UNKNOWN, Fate.LATER, Fate.LATER]
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refusal("OBJECT_NOT_FOUND", status=404), Fate.CHANGED),
        (refusal("CONFLICT", message="Contact already exists. Existing ID: 5", status=409), Fate.REFUSED),
        (refusal("VALIDATION_ERROR"), Fate.REFUSED),
        (Said(status=423), Fate.LATER),
        (Said(status=477, headers={"Retry-After": "2"}), Fate.LATER),
        (refusal(None, message="overloaded", status=503), Fate.LATER),
        (Said(status=503, body=b"<html>Service Unavailable</html>"), Fate.UNKNOWN),
        (Said(status=524, body=b"<html>A timeout occurred</html>"), Fate.UNKNOWN),
        (Said(status=408), Fate.UNKNOWN),
    ],
)
def test_a_single_change_has_the_fate_that_its_answer_tells(answer: Said, expected: Fate):
    outcomes, calls = written(answer, changes=FOUR[:1])
    assert fates(outcomes) == [expected]
    assert outcomes[0].said
    assert calls == [["1"]]


def test_a_server_that_is_silent_for_too_long_leaves_it_unknown():
    outcomes, calls = written(Said(wait_s=0.5), changes=FOUR[:1], timeout_s=0.1)
    assert fates(outcomes) == [Fate.UNKNOWN]
    assert len(calls) == 1


# --- what is nobody's own fault


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (refusal("INVALID_AUTHENTICATION", status=401), Denied, "does not accept the token"),
        (refusal("MISSING_SCOPES", status=403), Forbidden, "let this token write /crm/objects/2026-09/contacts/batch/update"),
        (refusal(None, status=429, policyName="DAILY"), Exhausted, "used up"),
        (Said(status=404, body=b"<html>Not Found</html>"), Misconfigured, "has nothing at"),
        (refusal(None, message="Unable to infer object type from: x"), Misconfigured, "refuses what we asked"),
    ],
)
def test_a_refusal_that_is_about_no_row_is_raised(answer: Said, kind: type[ConnectorError], words: str):
    with pytest.raises(kind, match=words) as refused:
        written(answer, changes=FOUR)
    assert refused.value.__cause__ is None


def test_words_about_a_person_are_left_out():
    message = "Ada Planted <ada@planted.example>, phone +1 (415) 555-2671, is taken; ask Zoe"
    outcomes, _ = written(refusal(message=message), changes=[a_change("1", firstname="Ada", lastname="Planted", note="Zoe")])
    assert outcomes[0].said == "VALIDATION_ERROR: … … <…>, phone …, is taken; ask …"


# --- the ladder


def test_only_a_step_that_surely_goes_up_the_ladder_is_taken_at_once(practice: PracticeHubSpot):
    connector = practice.connector()
    up, down = a_change("1000", **{STAGE: "opportunity", OWNER: "77"}), a_change("1000", **{STAGE: "lead", OWNER: "77"})
    held = {STAGE: "marketingqualifiedlead"}
    clear = a_change("1000", **{STAGE: None})
    assert connector.in_order(up, held) == (clear, up)  # how the portal orders its stages is not known yet
    definitions = [one for page in practice.connector().pages("definitions", None) for one in page.definitions]
    connector.learn(definitions)
    assert connector.in_order(up, held) == (up,)
    assert connector.in_order(down, held) == (clear, down)
    assert connector.in_order(down, {STAGE: "lead"}) == (down,)
    assert connector.in_order(down, {STAGE: None}) == (down,)
    assert connector.in_order(down, {}) == (clear, down)
    assert connector.in_order(down, {STAGE: "a stage of old"}) == (clear, down)
    assert connector.in_order(clear, held) == (clear,)


def test_a_step_back_is_written_in_two_steps_and_noticed_if_it_was_not(practice: PracticeHubSpot):
    connector = practice.connector()
    list(connector.pages("definitions", None))
    back = a_change("1000", **{STAGE: "lead"})
    connector.write([a_change("1000", **{STAGE: "opportunity"})])
    at_once = connector.write([back])
    with_owner = connector.write([a_change("1000", **{STAGE: "lead", OWNER: "77"})])
    steps = [connector.write([step])[0].fate for step in connector.in_order(back, {STAGE: "opportunity"})]
    assert fates([*at_once, *with_owner]) == [Fate.CHANGED, Fate.UNKNOWN]
    assert steps == [Fate.DONE, Fate.DONE]
    assert practice.value_of("1000", STAGE) == "lead"


# --- reading back


def test_who_was_merged_away_is_read_as_merged(practice: PracticeHubSpot):
    practice.merge("1001", into="1002")
    connector = practice.connector()
    pages = list(connector.read_now([RecordKey("hubspot", "contact", id_) for id_ in ("1000", "1001")]))
    assert [(merge.gone.id, merge.into.id) for page in pages for merge in page.merged] == [("1001", "1002")]
    assert [record.key.id for page in pages for record in page.records] == ["1000"]


def test_reading_back_costs_a_call_for_fifty_and_tells_no_links(practice: PracticeHubSpot):
    connector = practice.connector()
    pages = list(connector.read_now([RecordKey("hubspot", "contact", id_) for id_ in practice.persons[:100]]))
    assert connector.usage().by_purpose == {"verify": 2}
    assert {(page.links, page.linked_kinds) for page in pages} == {((), frozenset())}


# --- tasks


@pytest.mark.parametrize(("kind", "id_", "type_id"), [("contact", "1000", 204), ("company", "9", 192), ("deal", "5", 216)])
def test_a_task_goes_out_with_its_due_time_and_association(kind: str, id_: str, type_id: int):
    berlin = datetime(2026, 11, 21, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    with scripted(Said(status=201, body={"id": "88"})) as server:
        task = NewTask(about=RecordKey("hubspot", kind, id_), owner="77", subject="Call", due_at=berlin)
        assert connect(server).create_task(task).record == RecordKey("hubspot", "task", "88")
    (heard,) = server.heard
    assert heard.path == "/crm/objects/2026-09/tasks"
    assert heard.body["properties"]["hs_timestamp"] == "2026-11-21T08:00:00.000Z"
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
    assert heard.body["associations"] == [{"to": {"id": id_}, "types": types}]


@pytest.mark.parametrize("answer", [Said(status=201), Said(status=201, body=b"<html>made</html>"), Said(status=502)])
def test_a_task_that_no_answer_names_is_unknown(answer: Said):
    task = NewTask(about=RecordKey("hubspot", "contact", "1"), owner="77", subject="Call", due_at=NOW)
    with scripted(answer) as server:
        assert connect(server).create_task(task).fate is Fate.UNKNOWN
    assert len(server.heard) == 1


def test_the_open_tasks_of_many_contacts_cost_a_call_for_the_associations_and_one_for_the_tasks(practice: PracticeHubSpot):
    connector = practice.connector()
    for person in practice.persons[:3]:
        connector.create_task(NewTask(about=RecordKey("hubspot", "contact", person), owner="77", subject="Call", due_at=NOW))
    before = connector.usage().calls
    found = connector.open_tasks([RecordKey("hubspot", "contact", person) for person in practice.persons])
    assert [task.about[0].id for task in found] == practice.persons[:3]
    assert connector.usage().calls - before == 2


# --- what a cleared stage takes along, and lists of HubSpot's own making


def test_the_dates_of_stages_are_read_where_a_stage_is_cleared_and_nowhere_else(practice: PracticeHubSpot):
    connector = practice.connector()
    connector.account()
    list(connector.pages("definitions", None))
    first, second = practice.persons[:2]
    connector.write([a_change(first, **{STAGE: "marketingqualifiedlead"})])
    calls = connector.usage().calls

    assert connector.lost_by([a_change(second, **{STAGE: "lead"}), a_change(second)]) == {}
    assert connector.usage().calls == calls
    told = connector.lost_by([a_change(first, **{STAGE: None}), a_change(second, **{STAGE: None})])

    dates = told[RecordKey("hubspot", "contact", first)]
    assert "hs_lifecyclestage_marketingqualifiedlead_date" in dates
    assert all(dates.values())
    assert connector.usage().calls == calls + 1


def test_a_list_that_hubspot_fills_itself_is_told_as_such_and_refuses_whoever_is_put_on_it(practice: PracticeHubSpot):
    field = practice.a_list("Hot", processing="DYNAMIC")
    connector = practice.connector(lists=frozenset({"Hot"}))
    connector.account()
    (told,) = [one for page in connector.pages("definitions", None) for one in page.definitions if one.name == field]
    (outcome,) = connector.write([a_change(practice.persons[0], **{field: "member"})])
    assert (told.type, told.read_only) == ("DYNAMIC", True)
    assert outcome.fate is Fate.REFUSED
    assert "DYNAMIC" in str(outcome.said)


def test_lists_that_are_closed_to_us_refuse_their_own_and_end_no_run():
    closed = refusal("MISSING_SCOPES", status=403, errors=[{"context": {"requiredGranularScopes": ["crm.lists.write"]}}])
    with scripted(closed) as server:
        (outcome,) = connect(server).write([a_change("1", **{"list:7": "member"})])
    assert outcome.fate is Fate.REFUSED
    assert "crm.lists.write" in str(outcome.said)
    assert [(heard.method, heard.path, heard.body) for heard in server.heard] == [("PUT", "/crm/lists/2026-09/7/memberships/add", ["1"])]
